//! Reports of many mail systems, each in its own words. The texts are written after the forms of those systems.

use switchboard_email::machine::{Class, ReportKind};

use super::judge;

struct Case {
    system: &'static str,
    raw: &'static str,
    kind: ReportKind,
    recipient: &'static str,
    status: Option<&'static str>,
    explain: &'static str,
}

const GONE: ReportKind = ReportKind::Failed { permanent: true };
const LATER: ReportKind = ReportKind::Failed { permanent: false };

const CASES: &[Case] = &[
    Case {
        system: "qmail",
        raw: "From: MAILER-DAEMON@q.far.example\nTo: support@shop.example\nSubject: failure notice\n\n\
              Hi. This is the qmail-send program at q.far.example.\nI'm afraid I wasn't able to deliver your message to the \
              following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n\
              <bob@far.example>:\n192.0.2.7 does not like recipient.\nRemote host said: 550 5.1.1 No such user\nGiving up on 192.0.2.7.\n\n\
              --- Below this line is a copy of the message.\n\nReturn-Path: <support@shop.example>\nReceived: (qmail 1 invoked)\n\
              Message-ID: <sent-1@mail.shop.example>\nFrom: support@shop.example\nTo: bob@far.example\n\nHello\n",
        kind: GONE,
        recipient: "bob@far.example",
        status: Some("5.1.1"),
        explain: "no such mailbox",
    },
    Case {
        system: "exim",
        raw: "Return-path: <>\nX-Failed-Recipients: bob@far.example\nAuto-Submitted: auto-replied\n\
              From: Mail Delivery System <Mailer-Daemon@ex.far.example>\nTo: support@shop.example\n\
              Subject: Mail delivery failed: returning message to sender\n\n\
              This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered.\n\n  \
              bob@far.example\n    SMTP error from remote mail server after RCPT TO:<bob@far.example>:\n    \
              host mx.far.example [192.0.2.8]: 552 5.2.2 Over quota\n\n------ This is a copy of the message. ------\n\n\
              Return-path: <support@shop.example>\nMessage-ID: <sent-1@mail.shop.example>\nFrom: support@shop.example\nTo: bob@far.example\n\nHello\n",
        kind: LATER,
        recipient: "bob@far.example",
        status: Some("5.2.2"),
        explain: "full",
    },
    Case {
        system: "exim, a delay",
        raw: "Return-path: <>\nFrom: Mail Delivery System <Mailer-Daemon@ex.far.example>\nTo: support@shop.example\n\
              Subject: Warning: message 1abc delayed 24 hours\n\nA message that you sent has not yet been delivered to one or more \
              of its recipients.\n\n  bob@far.example\n    Delay reason: 451 4.7.1 Greylisting in action\n\nNo action is required.\n",
        kind: ReportKind::Delayed,
        recipient: "bob@far.example",
        status: Some("4.7.1"),
        explain: "limits the rate",
    },
    Case {
        system: "sendmail of old",
        raw: "From: Mail Delivery Subsystem <MAILER-DAEMON@s.far.example>\nTo: support@shop.example\n\
              Subject: Returned mail: Host unknown\n\n   ----- Transcript of session follows -----\n\
              501 bob@nowhere.example... 550 Host unknown\n\n   ----- Unsent message follows -----\n\
              Received: by s.far.example\nMessage-Id: <sent-1@mail.shop.example>\nFrom: support@shop.example\nTo: bob@nowhere.example\n\nHello\n",
        kind: GONE,
        recipient: "bob@nowhere.example",
        status: Some("5.0.0"),
        explain: "DNS",
    },
    Case {
        system: "courier",
        raw: "Return-Path: <>\nFrom: \"Courier mail server at c.far.example\" <postmaster@c.far.example>\nTo: support@shop.example\n\
              Subject: NOTICE: mail delivery status.\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\n\
              This is a delivery status notification. The original message could not be delivered to:\n\n<bob@far.example>:\n\
              >>> RCPT TO:<bob@far.example>\n<<< 550 5.7.1 relaying denied\n\n--c\nContent-Type: text/rfc822-headers\n\n\
              Message-ID: <sent-1@mail.shop.example>\nTo: bob@far.example\n\n--c--\n",
        kind: GONE,
        recipient: "bob@far.example",
        status: Some("5.7.1"),
        explain: "relaying denied",
    },
    Case {
        system: "exchange of 2003",
        raw: "Return-Path: <>\nFrom: System Administrator <postmaster@x.far.example>\nTo: support@shop.example\n\
              Subject: Undeliverable: Your kettle\n\nYour message\n\n  To:      bob@far.example\n  Subject: Your kettle\n\n\
              did not reach the following recipient(s):\n\nbob@far.example on Mon, 2 Mar 2026 09:00:00 +0000\n    \
              The recipient name is not recognized\n",
        kind: GONE,
        recipient: "bob@far.example",
        status: None,
        explain: "no such mailbox",
    },
    Case {
        system: "domino",
        raw: "Return-Path: <MAILER-DAEMON>\nFrom: Postmaster@d.far.example\nTo: support@shop.example\n\
              Subject: DELIVERY FAILURE: User bob (bob@far.example) not listed in Domino Directory\n\nYour message\n\n  Subject: Your kettle\n\n\
              was not delivered to:\n\n  bob@far.example\n\nbecause:\n\n  User bob (bob@far.example) not listed in Domino Directory\n",
        kind: GONE,
        recipient: "bob@far.example",
        status: None,
        explain: "no such mailbox",
    },
    Case {
        system: "gmx",
        raw: "Return-Path: \nFrom: MAILER-DAEMON@g.far.example\nTo: support@shop.example\n\
              Subject: Mail delivery failed: returning message to sender\n\nA message that you sent could not be delivered to one or more of\n\
              its recipients. The following address failed:\n\n\"bob@far.example\":\nSMTP error from remote server after RCPT command:\n\
              host: mx.far.example\n552 5.3.4 message size exceeds limit\n\n--- The header of the original message is following. ---\n\n\
              Received: from here\nMessage-ID: <sent-1@mail.shop.example>\nTo: bob@far.example\nFrom: support@shop.example\n",
        kind: GONE,
        recipient: "bob@far.example",
        status: Some("5.3.4"),
        explain: "larger",
    },
    Case {
        system: "a gateway in Japanese",
        raw: "Return-Path: <>\nFrom: postmaster@jp.far.example\nTo: support@shop.example\nSubject: 送信エラー\n\
              Content-Type: text/plain; charset=utf-8\n\n以下の宛先に送信できませんでした。\n\n<bob@far.example>\nメールボックスが一杯です。\n",
        kind: LATER,
        recipient: "bob@far.example",
        status: None,
        explain: "full",
    },
    Case {
        system: "a security gateway",
        raw: "From: \"InterScan MSS\" <admin@tm.far.example>\nTo: support@shop.example\nSubject: Mail could not be delivered\n\n\
              Sent <<< RCPT TO:<bob@far.example>\nReceived >>> 554 5.7.1 Service unavailable; Client host blocked using Spamhaus\n\
              Unable to deliver message to <bob@far.example>\n",
        kind: GONE,
        recipient: "bob@far.example",
        status: Some("5.7.1"),
        explain: "block list",
    },
    Case {
        system: "a service that sends JSON",
        raw: "From: no-reply@notices.example\nTo: support@shop.example\nSubject: Notification\nx-amz-sns-message-id: 1\n\n\
              {\"notificationType\":\"Bounce\",\"bounce\":{\"bounceType\":\"Permanent\",\"bouncedRecipients\":[{\"emailAddress\":\
              \"bob@far.example\",\"action\":\"failed\",\"status\":\"5.1.1\",\"diagnosticCode\":\"smtp; 550 5.1.1 user unknown\"}]},\
              \"mail\":{\"messageId\":\"x\",\"commonHeaders\":{\"messageId\":\"<sent-1@mail.shop.example>\"}}}\n\n--\nUnsubscribe here\n",
        kind: GONE,
        recipient: "bob@far.example",
        status: Some("5.1.1"),
        explain: "no such mailbox",
    },
];

#[test]
fn each_system_is_understood() {
    for case in CASES {
        let judgement = judge(case.raw);
        assert_eq!(judgement.class, Class::Bounce, "{}: {:?}", case.system, judgement.reasons);
        let report = judgement.report.expect("a bounce reports something");
        assert_eq!(report.kind, case.kind, "{}: {report:?}", case.system);
        let first = report.recipients.first().expect("somebody is named");
        assert_eq!(
            (first.address.as_str(), first.status.as_deref()),
            (case.recipient, case.status),
            "{}: {report:?}",
            case.system
        );
        assert!(report.explain.contains(case.explain), "{}: {}", case.system, report.explain);
        if case.raw.contains("sent-1@") {
            assert_eq!(report.original_message_ids, ["sent-1@mail.shop.example"], "{}", case.system);
        }
    }
}
