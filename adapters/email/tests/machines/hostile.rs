//! Bad input: nothing panics, and nothing takes long.

use std::time::{Duration, Instant};

use mail_parser::MessageParser;
use proptest::prelude::*;
use switchboard_email::identity::{Ground, proof, trusted};
use switchboard_email::machine::classify;
use switchboard_email::thread::token::Secret;
use switchboard_email::thread::{Own, marks, signals};

use super::{ours, person};

/// Generous: a build without optimisation on a busy machine has to keep it, and anything quadratic has not.
const TIME_MAX: Duration = Duration::from_secs(5);

fn everything(raw: &[u8]) {
    let Some(message) = MessageParser::default().parse(raw) else { return };
    classify(&message, raw, &ours());
    let verdicts = trusted(raw, &["mx.shop.example".to_owned()]);
    let known = ["shop.example".to_owned()];
    proof(&message, raw, Ground { verdicts: &verdicts, sealers: &known, known: &known });
    signals(&message, raw, Own { secret: &Secret([1; 32]), domain: "mail.shop.example" });
    marks(&message, raw);
}

fn in_time(what: &str, raw: &str) {
    let begin = Instant::now();
    everything(raw.as_bytes());
    let took = begin.elapsed();
    assert!(took < TIME_MAX, "{what} of {} bytes took {took:?}", raw.len());
}

#[test]
fn large_mails_are_judged_in_time() {
    let many = |line: &str, times: usize| person(&line.repeat(times));
    in_time("10,000 fields", &many("X-Filler: something or other\n", 10_000));
    in_time("10,000 references", &person(&format!("References: {}\n", "<a.b.c@d.example> ".repeat(10_000))));
    in_time("10,000 reference fields", &many("References: <a@b.example>\n", 10_000));
    in_time("10,000 results", &many("Authentication-Results: mx.shop.example; dkim=pass header.d=a.example\n", 10_000));
    in_time(
        "one long result",
        &person(&format!(
            "Authentication-Results: mx.shop.example{}\n",
            "; dkim=pass header.d=a.example".repeat(50_000)
        )),
    );
    in_time("100,000 recipients", &person(&format!("Cc: {}\n", "a@b.example, ".repeat(100_000))));
    in_time(
        "10,000 recipients with tokens",
        &person(&format!("Cc: {}\n", "support+cnv_x.y@shop.example, ".repeat(10_000))),
    );
    in_time("a line of 10 MB", &person(&format!("X-Line: {}\n", "x".repeat(10_000_000))));
    in_time("a folded field of 10 MB", &person(&format!("X-Line: a\n{}", " b\n".repeat(3_000_000))));
    in_time(
        "open brackets",
        &person(&format!("In-Reply-To: {}\nReferences: {}\n", "<".repeat(1_000_000), "(".repeat(1_000_000))),
    );
    in_time("a subject of prefixes", &person("").replace("The kettle leaks", &"Re: ".repeat(100_000)));
    in_time("a subject of brackets", &person("").replace("The kettle leaks", &"[#1".repeat(100_000)));
    in_time("at signs", &format!("{}{}", bounce(), "@".repeat(5_000_000)));
    in_time("addresses", &format!("{}{}", bounce(), "<bob@far.example>\n".repeat(200_000)));
    in_time(
        "different addresses",
        &format!("{}{}", bounce(), (0..100_000).map(|n| format!("<b{n}@far.example>")).collect::<Vec<_>>().join("\n")),
    );
    in_time("codes", &format!("{}{}", bounce(), "550 5.1.1 ".repeat(500_000)));
    in_time("dots", &format!("{}{}", bounce(), ".".repeat(5_000_000)));
    in_time("lines like fields", &format!("{}{}", bounce(), "From: a\nTo: b\nx: y\n".repeat(200_000)));
    in_time(
        "runs of lines like fields",
        &format!("{}{}", bounce(), format!("{}\n", "a: b\n".repeat(59)).repeat(5_000)),
    );
    let status = "Final-Recipient: rfc822; bob@far.example\nAction: failed\nStatus: 5.1.1\n\n".repeat(50_000);
    let report = bounce().replace("\n\n", "\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n");
    in_time("50,000 recipients reported", &format!("{report}{status}\n--b--\n"));
    let json = "From: no-reply@x.example\nx-amz-sns-message-id: 1\n\n";
    in_time("deep JSON", &format!("{json}{}", "{\"a\":".repeat(1_000_000)));
}

fn bounce() -> String {
    "Return-Path: <>\nFrom: MAILER-DAEMON@far.example\nTo: support@shop.example\nSubject: failure notice\n\n".to_owned()
}

#[test]
fn odd_mails_are_judged() {
    for raw in [
        "\n",
        ":\n\n",
        "From\n",
        "From:\n\n",
        "From: <>\n\n",
        "From: @\n\n",
        "From: a@\n\n",
        "Message-ID: <@>\n\n",
        "Subject:\n",
        "Subject: =?utf-8?b?",
        "From: \u{0}@\u{0}\n\n",
        "Content-Type: multipart/report\n\n",
        "Content-Type: message/rfc822\n\n",
        "Content-Type: multipart/report; boundary=\n\n--\n--\n",
        "Content-Type: message/delivery-status\n\n\n\n\n",
        "Return-Path: <>\nContent-Type: message/delivery-status\n\nStatus: .\nAction: \nFinal-Recipient: ;\n",
        "Authentication-Results:\nAuthentication-Results: ;;;\nARC-Seal: i=;\nDKIM-Signature: ;=;l\nFrom: a@b.c\n\n",
    ] {
        everything(raw.as_bytes());
    }
}

#[test]
fn a_real_mail_cut_or_changed_anywhere_is_judged() {
    let whole = "Return-Path: <>\nAuthentication-Results: mx.shop.example; dkim=pass (x) header.d=\"far.example\"\n\
        References: <a@b> (c) <d@e>\nFrom: \"M (x)\" <MAILER-DAEMON@far.example>\nTo: support+cnv_x.y@shop.example\n\
        Subject: =?utf-8?q?Re=3A_=5B=231=5D?= [Ticket#12]\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
        --b\n\n<bob@far.example>: 550 5.1.1 größer\n--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822;bob@far.example\n\
        Action: failed\nStatus: 5.1.1\n\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <x@y>\nTo: z@é.example\n\n--b--\n";
    for at in 0..whole.len() {
        everything(&whole.as_bytes()[..at]);
        for byte in [0, b'\n', b'<', b'@', b'.', b';', 0xff] {
            let mut changed = whole.as_bytes().to_vec();
            changed[at] = byte;
            everything(&changed);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_judged(raw in prop::collection::vec(any::<u8>(), 0..2_000)) {
        everything(&raw);
    }

    #[test]
    fn any_fields_are_judged(
        fields in prop::collection::vec(("(From|To|Cc|Subject|References|In-Reply-To|Message-ID|Return-Path|Authentication-Results|ARC-Seal|DKIM-Signature|Delivered-To|Content-Type)", "\\PC{0,80}"), 0..20),
        body in "(\\PC{0,60}\n){0,20}",
    ) {
        let header = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n");
        everything(format!("{header}\n\n{body}").as_bytes());
        everything(format!("Return-Path: <>\n{header}\n\n{body}").as_bytes());
    }

    #[test]
    fn base_subjects_are_stable(subject in "\\PC{0,80}") {
        let once = switchboard_email::thread::subject::base(&subject);
        prop_assert_eq!(switchboard_email::thread::subject::base(&once.text).text, once.text);
    }
}
