//! B1 to B7: reports are read, and matched to what they report.

use switchboard_email::machine::{Class, Report, ReportKind};

use super::{judge, person};

/// A delivery status notification in the form of RFC 3464, by its fields.
fn notification(fields: &str) -> String {
    format!(
        "Return-Path: <>\nDelivered-To: support+b-42@shop.example\nFrom: MAILER-DAEMON@mx.far.example (Mail Delivery System)\n\
         To: support+b-42@shop.example\nSubject: Undelivered Mail Returned to Sender\nAuto-Submitted: auto-replied\n\
         MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"=cut=\"\n\n\
         --=cut=\nContent-Type: text/plain\n\nSorry, it did not work out.\n\n\
         --=cut=\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.far.example\n\n{fields}\n\n\
         --=cut=\nContent-Type: message/rfc822\n\nFrom: support@shop.example\nTo: bob@far.example\n\
         Message-ID: <sent-1@mail.shop.example>\nSubject: Your kettle\n\nHello Bob\n\n--=cut=--\n"
    )
}

fn report(raw: &str) -> Report {
    let judgement = judge(raw);
    assert_eq!(judgement.class, Class::Bounce, "{:?}", judgement.reasons);
    assert!(!judgement.may_answer());
    judgement.report.expect("a bounce reports something")
}

#[test]
fn b1_a_failure_names_the_mail_the_recipient_and_the_reason() {
    let report = report(&notification(
        "Original-Recipient: rfc822;bob@far.example\nFinal-Recipient: rfc822; robert@inside.far.example\nAction: failed\n\
         Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <bob@far.example>... User unknown",
    ));
    assert_eq!(report.kind, ReportKind::Failed { permanent: true });
    assert_eq!(report.original_message_ids, ["sent-1@mail.shop.example"]);
    assert_eq!(report.verp.as_deref(), Some("b-42"));
    let bob = report.recipients.first().expect("one recipient");
    assert_eq!((bob.address.as_str(), bob.status.as_deref()), ("bob@far.example", Some("5.1.1")));
    assert_eq!(bob.diagnostic.as_deref(), Some("550 5.1.1 <bob@far.example>... User unknown"));
    assert!(report.explain.contains("no such mailbox"), "{}", report.explain);
}

#[test]
fn b1_the_worst_of_several_recipients_is_told() {
    let report = report(&notification(
        "Final-Recipient: rfc822; ann@far.example\nAction: delayed\nStatus: 4.4.1\n\n\
         Final-Recipient: rfc822; bob@far.example\nAction: failed\nStatus: 5.2.2\n\n\
         Final-Recipient: rfc822; cid@far.example\nAction: relayed\nStatus: 2.0.0",
    ));
    assert_eq!(report.kind, ReportKind::Failed { permanent: false }, "a full mailbox may be emptied");
    let told: Vec<_> = report.recipients.iter().map(|one| (one.address.as_str(), one.action.as_deref())).collect();
    let wanted = [
        ("ann@far.example", Some("delayed")),
        ("bob@far.example", Some("failed")),
        ("cid@far.example", Some("relayed")),
    ];
    assert_eq!(told, wanted);
    assert!(report.explain.contains("full"), "{}", report.explain);
}

#[test]
fn b1_an_original_message_id_goes_before_the_returned_header() {
    let raw = notification(
        "Original-Message-ID: <sent-0@mail.shop.example>\nFinal-Recipient: rfc822; bob@far.example\nAction: failed\nStatus: 5.0.0",
    );
    assert_eq!(report(&raw).original_message_ids, ["sent-0@mail.shop.example", "sent-1@mail.shop.example"]);
}

#[test]
fn b2_a_delay_is_no_failure() {
    let report = report(&notification("Final-Recipient: rfc822; bob@far.example\nAction: delayed\nStatus: 4.4.1"));
    assert_eq!(report.kind, ReportKind::Delayed);
    assert!(report.explain.contains("goes on trying"), "{}", report.explain);
}

#[test]
fn b3_success_is_only_noted() {
    for (action, kind) in [
        ("delivered", ReportKind::Delivered),
        ("relayed", ReportKind::Relayed),
        ("expanded", ReportKind::Expanded),
        ("Delivered (to mailbox)", ReportKind::Delivered),
    ] {
        let raw = notification(&format!("Final-Recipient: rfc822; bob@far.example\nAction: {action}\nStatus: 2.0.0"));
        assert_eq!(report(&raw).kind, kind, "{action}");
    }
}

#[test]
fn malformed_notifications_are_read_all_the_same() {
    let fields = "Final-Recipient: rfc822; bob@far.example\nAction: failed\nStatus: 5.7.1";
    let whole = notification(fields);
    for broken in [
        whole.replace("report-type=delivery-status; ", ""),
        whole.replace("multipart/report; report-type=delivery-status", "multipart/mixed"),
        whole.replace(" boundary=\"=cut=\"", ""),
        whole.replace("--=cut=--\n", ""),
        whole.replace("Reporting-MTA: dns; mx.far.example\n\n", "Reporting-MTA: dns; mx.far.example\n"),
        whole.replace('\n', "\r\n"),
        whole.replace("Return-Path: <>\n", "").replace("Auto-Submitted: auto-replied\n", ""),
    ] {
        let report = report(&broken);
        assert_eq!(report.kind, ReportKind::Failed { permanent: true }, "{broken}");
        assert_eq!(report.recipients.first().map(|one| one.address.as_str()), Some("bob@far.example"), "{broken}");
        assert_eq!(report.original_message_ids, ["sent-1@mail.shop.example"], "{broken}");
    }
}

#[test]
fn a_report_inside_another_part_is_found() {
    let inner = notification("Final-Recipient: rfc822; bob@far.example\nAction: failed\nStatus: 5.1.1");
    let (_, body) = inner.split_once("MIME-Version: 1.0\n").expect("the fixture has it");
    let raw = format!(
        "Return-Path: <>\nFrom: Postmaster@far.example\nTo: support@shop.example\nSubject: Delivery failure\n\
         MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=outer\n\n--outer\n{body}\n--outer\n\
         Content-Type: text/plain\n\nChecked by a scanner.\n--outer--\n"
    );
    assert_eq!(report(&raw).recipients.len(), 1);
}

#[test]
fn b4_a_text_that_nobody_standardised_is_matched_by_its_address() {
    let raw = "Return-Path: <>\nX-Original-To: support+b-77@shop.example\nFrom: postmaster@far.example\n\
               To: support+b-77@shop.example\nSubject: Mail error\n\nWe could not deliver your mail. Mailbox full.\n";
    let report = report(raw);
    assert_eq!(report.verp.as_deref(), Some("b-77"));
    assert_eq!(report.kind, ReportKind::Failed { permanent: false });
}

#[test]
fn b5_a_read_receipt_is_no_message() {
    for (disposition, kind) in [
        ("manual-action/MDN-sent-manually; displayed", ReportKind::Read),
        ("automatic-action/MDN-sent-automatically; deleted", ReportKind::Deleted),
        ("automatic-action/MDN-sent-automatically; displayed/error", ReportKind::Read),
    ] {
        let raw = format!(
            "From: ada@customer.example\nTo: support@shop.example\nSubject: Read: Your kettle\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n\n\
             Your message was read.\n--b\nContent-Type: message/disposition-notification\n\n\
             Final-Recipient: rfc822;ada@customer.example\nOriginal-Message-ID: <sent-1@mail.shop.example>\n\
             Disposition: {disposition}\n\n--b--\n"
        );
        let judgement = judge(&raw);
        assert_eq!((judgement.class, judgement.may_answer()), (Class::Receipt, false));
        let report = judgement.report.expect("a receipt reports something");
        assert_eq!(report.kind, kind, "{disposition}");
        assert_eq!(report.original_message_ids, ["sent-1@mail.shop.example"]);
        assert_eq!(report.recipients.first().map(|one| one.address.as_str()), Some("ada@customer.example"));
    }
}

#[test]
fn b6_a_forged_bounce_names_nothing_of_ours() {
    let raw = notification("Final-Recipient: rfc822; bob@far.example\nAction: failed\nStatus: 5.1.1")
        .replace("support+b-42@", "support@")
        .replace("sent-1@mail.shop.example", "never@sent.example");
    let report = report(&raw);
    assert_eq!(report.verp, None);
    assert_eq!(report.original_message_ids, ["never@sent.example"], "what is looked up is not among what was sent");
}

#[test]
fn b7_a_complaint_stops_mail_to_the_address() {
    let raw = "From: feedback@provider.example\nTo: support@shop.example\nSubject: FW: Your kettle\nMIME-Version: 1.0\n\
        Content-Type: multipart/report; report-type=feedback-report; boundary=f\n\n--f\n\nAn abuse report.\n\
        --f\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: Loop/1\nVersion: 1\n\
        Original-Rcpt-To: <ada@customer.example>\n\n--f\nContent-Type: message/rfc822\n\n\
        Message-ID: <sent-1@mail.shop.example>\nTo: hidden@customer.example\nSubject: Your kettle\n\nHello\n--f--\n";
    let judgement = judge(raw);
    assert_eq!((judgement.class, judgement.may_answer()), (Class::Complaint, false));
    let report = judgement.report.expect("a complaint reports something");
    assert_eq!(report.kind, ReportKind::Complaint);
    assert_eq!(report.recipients.first().map(|one| one.address.as_str()), Some("ada@customer.example"));
    assert_eq!(report.original_message_ids, ["sent-1@mail.shop.example"]);
    assert!(report.explain.contains("stop mail"), "{}", report.explain);
}

#[test]
fn b7_a_mail_that_only_unsubscribes_is_no_question() {
    let leave = |subject: &str, body: &str| {
        judge(&person("").replace("The kettle leaks", subject).replace("It drips from below.", body))
    };
    for (subject, body) in [("unsubscribe", ""), ("Unsubscribe", "unsubscribe"), ("unsubscribe: 8a7b", "")] {
        let judgement = leave(subject, body);
        assert_eq!(judgement.class, Class::Complaint, "{subject}");
        let report = judgement.report.expect("it reports a wish");
        assert_eq!(report.recipients.first().map(|one| one.address.as_str()), Some("ada@customer.example"));
    }
    for (subject, body) in [("unsubscribe", "How do I unsubscribe from this?"), ("Unsubscribe does not work", "")] {
        assert_eq!(leave(subject, body).class, Class::Human, "{subject}: {body}");
    }
}

#[test]
fn a_person_who_sends_a_bounce_along_is_no_bounce() {
    let inner = notification("Final-Recipient: rfc822; bob@far.example\nAction: failed\nStatus: 5.1.1");
    let attached = format!(
        "Return-Path: <ada@customer.example>\nFrom: ada@customer.example\nTo: support@shop.example\nSubject: What is this?\n\
         MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m\n\n--m\n\nI got this, is it from you?\n\
         --m\nContent-Type: message/rfc822\n\n{inner}\n--m--\n"
    );
    let pasted = person("Return-Path: <ada@customer.example>\n")
        .replace("The kettle leaks", "Fwd: Undelivered Mail Returned to Sender")
        .replace(
            "It drips from below.",
            "550 5.1.1 User unknown. Your message could not be delivered. Mailbox full.\n> host said",
        );
    let loose =
        "From: ada@customer.example\nTo: support@shop.example\nSubject: details.txt\nMIME-Version: 1.0\n\
         Content-Type: multipart/mixed; boundary=m\n\n--m\n\nThe mail could not be delivered, see the file.\n--m\n\
         Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; bob@far.example\nAction: failed\nStatus: 5.1.1\n\n--m--\n"
        .to_owned();
    let postmaster = person("Return-Path: <postmaster@customer.example>\n")
        .replace("ada@customer.example>\nTo", "postmaster@customer.example>\nTo")
        .replace(
            "It drips from below.",
            "Our mail to you was not delivered: 550 5.7.1 relaying denied. Please look into it.",
        );
    for raw in [attached, pasted, loose, postmaster] {
        let judgement = judge(&raw);
        assert_eq!((judgement.class, judgement.may_answer()), (Class::Human, true), "{raw}\n{:?}", judgement.reasons);
    }
}

#[test]
fn other_reports_and_list_programs_are_no_people() {
    let dmarc =
        person("").replace("The kettle leaks", "Report Domain: shop.example Submitter: far.example Report-ID: <1>");
    assert_eq!(judge(&dmarc).class, Class::Generated);
    let tls = person("MIME-Version: 1.0\nContent-Type: multipart/report; report-type=tlsrpt; boundary=t\n");
    assert_eq!(judge(&tls).class, Class::Generated);
    let list = person("X-MLServer: fml\n").replace("ada@customer.example>\nTo", "kettles-admin@customer.example>\nTo");
    assert_eq!(judge(&list).class, Class::AutoReply);
    assert_eq!(judge(&list.replace("The kettle leaks", "Rejected mail")).class, Class::Bounce);
    assert_eq!(judge(&person("X-MLServer: fml\n")).class, Class::List, "a member wrote it");
    let gateway = person("")
        .replace("The kettle leaks", "Mail could not be delivered")
        .replace("It drips from below.", "Unable to deliver message to <bob@far.example>\n<<< 550 5.1.1 user unknown");
    assert_eq!(judge(&gateway).class, Class::Bounce);
}
