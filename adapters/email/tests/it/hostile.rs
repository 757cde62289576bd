//! Hostile mail: bounded time and memory, never a panic. Time is not measured: what is quadratic would not end.

use std::fmt::Write as _;

use proptest::prelude::*;
use switchboard_email::mail::{Mail, file, html_to_text, limits, safe_html};
use switchboard_email::visible::{of_mail, split, split_html};

fn read(raw: impl AsRef<[u8]>) -> Mail {
    let mail = Mail::read(raw.as_ref());
    of_mail(&mail);
    for listed in mail.files.iter().take(3) {
        file(raw.as_ref(), listed.index);
    }
    mail
}

#[test]
fn nesting_is_bounded() {
    let mut raw = String::from("From: a@example.org\nMIME-Version: 1.0\n");
    for depth in 0..20_000 {
        let _ = write!(raw, "Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n");
    }
    raw.push_str("\nthe innermost text\n");
    let mail = read(&raw);
    assert!(mail.notes.iter().any(|note| note.contains("deep")), "{:?}", mail.notes);
    assert!(mail.files.len() < limits::PARTS_MAX);

    let mails = read("Content-Type: message/rfc822\n\n".repeat(100_000) + "From: a@example.org\n\nhello");
    assert_eq!(mails.files.len(), 1);
}

#[test]
fn parts_are_bounded_and_counted() {
    let raw = format!(
        "From: a@example.org\nContent-Type: multipart/mixed; boundary=b\n\n{}--b--\n",
        "--b\n\nx\n".repeat(10_000)
    );
    let mail = read(&raw);
    assert!(
        mail.notes.contains(&format!("this mail has 10001 parts; shown are the first {}", limits::PARTS_MAX)),
        "{:?}",
        mail.notes
    );
}

#[test]
fn headers_are_bounded() {
    assert!(
        read("From: a@example.org\n".to_owned() + &"X-A: b\n".repeat(10_000) + "\ntext").text.text.contains("text")
    );
    let mail = read(format!("Subject: {}\nFrom: a@example.org\n\ntext", "x ".repeat(1 << 19)));
    assert_eq!(
        (mail.text.text.as_str(), mail.from.map(|from| from.address).as_deref()),
        ("text", Some("a@example.org"))
    );
    for field in [
        "From: ",
        "Subject: =?utf-8?Q?a?= ",
        "References: <a",
        "Content-Type: multipart/mixed; boundary=",
        "Content-Type: a; b*0*=",
        "To: \"",
        "To: (",
        "X: <<<<",
    ] {
        read(format!("From: a@example.org\n{field}{}\n\ntext", "(<\"=?utf-8?B?".repeat(20_000)));
    }
}

#[test]
fn a_thousand_recipients_are_read() {
    let to: Vec<String> = (0..1_500).map(|n| format!("N {n} <n{n}@example.org>")).collect();
    let mail = read(format!("From: a@example.org\nTo: {}\n\ntext", to.join(",\n ")));
    assert_eq!(mail.to.len(), limits::ADDRESSES_MAX);
    assert!(mail.notes.iter().any(|note| note.contains("1500 people")), "{:?}", mail.notes);
}

#[test]
fn long_bodies_are_cut_with_a_note() {
    let mail = read(format!("From: a@example.org\n\n{}", "> x\n".repeat(2_000_000)));
    assert!(
        mail.text.cut
            && mail.text.text.len() <= limits::TEXT_BYTES_MAX
            && mail.notes.iter().any(|note| note.contains("too long"))
    );
    for line in [
        "-- \n",
        "Sent from my iPhone\n",
        "Regards,\n",
        "From: a <a@b.c>\n",
        "On 3 May 2021\n",
        "wrote:\n",
        "_____\n",
        "```\n",
        "\n",
        ">\n",
        "a:\n",
    ] {
        let body = line.repeat(100_000);
        assert_eq!(split(&body).whole(), body);
    }
    split(&"x".repeat(1 << 20));
    split_html(&"<div class=gmail_quote><blockquote>x".repeat(50_000));
}

#[test]
fn odd_bytes_are_read() {
    for raw in [
        &b""[..],
        b"\n",
        b"\0",
        b":",
        b"From:",
        b"--",
        b"\r\r\r",
        b"From: a@example.org\rSubject: x\r\rtext",
        b"Content-Type: multipart/mixed; boundary=\"\"\n\n--\n--\n",
        b"Subject: \xff\xfe\n\n\xff",
    ] {
        read(raw);
    }
    assert_eq!(read(b"From: a@example.org\rSubject: old\r\rtext").subject, "old");
}

/// Bytes of a large mail.
const LARGE: usize = 50 << 20;

#[test]
fn a_large_mail_costs_less_than_three_times_its_size() {
    let body = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAx\n".repeat(LARGE / 73);
    let cases = [
        (
            "a file",
            format!("From: a@example.org\nContent-Type: application/zip\nContent-Transfer-Encoding: base64\n\n{body}"),
        ),
        ("a text", format!("From: a@example.org\nContent-Type: text/plain; charset=utf-8\n\n{body}")),
        (
            "a text in base64",
            format!("From: a@example.org\nContent-Type: text/html\nContent-Transfer-Encoding: base64\n\n{body}"),
        ),
        ("a mail in a mail", format!("From: a@example.org\nContent-Type: message/rfc822\n\nSubject: x\n\n{body}")),
        ("a header", format!("From: a@example.org\nSubject: {}\n\ntext", body.replace('\n', " "))),
    ];
    for (what, raw) in cases {
        let mut mail = Mail::default();
        let used = allocation_counter::measure(|| mail = Mail::read(raw.as_bytes()));
        println!("{what} of {} MB: {} MB at most while reading", raw.len() >> 20, used.bytes_max >> 20);
        let whole = usize::try_from(used.bytes_max).expect("fits") + raw.len();
        assert!(whole < 3 * raw.len(), "{what}: {whole}");
        if let Some(listed) = mail.files.first() {
            let used = allocation_counter::measure(|| drop(file(raw.as_bytes(), listed.index)));
            println!("  its bytes again: {} MB", used.bytes_max >> 20);
            assert!(usize::try_from(used.bytes_max).expect("fits") + raw.len() < 3 * raw.len());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_make_it_panic(raw in proptest::collection::vec(any::<u8>(), 0..400)) {
        read(&raw);
    }

    #[test]
    fn no_mail_makes_it_panic(pieces in proptest::collection::vec(proptest::sample::select(vec![
        "From: a@example.org\n", "Subject: =?utf-8?Q?=C3?= =?utf-8?B?vA==?=\n", "Content-Type: multipart/mixed; boundary=b\n", "\n", "--b\n", "--b--\n",
        "Content-Type: text/html; charset=utf-7\n", "Content-Transfer-Encoding: base64\n", "aGVsbG8=\n", "Content-Type: message/rfc822\n", "<p>x</p>\n", "=\n", "=3D\n",
        "Content-Disposition: attachment; filename*0*=utf-8''a%; filename*1=b\n", "Content-Type: application/ms-tnef\n", "\u{202e}\n", "\r", " folded\n", "> q\n",
        "Content-Type: multipart/alternative; boundary=\"c\"\n", "--c\n", "Content-Type: text/plain; format=flowed; delsp=yes\n", "-----BEGIN PGP SIGNED MESSAGE-----\n",
    ]), 0..40)) {
        let raw = pieces.concat();
        let mail = read(&raw);
        prop_assert!(!mail.subject.contains(['\n', '\r', '\0']));
        let seen = of_mail(&mail);
        if !mail.text.from_html {
            prop_assert_eq!(seen.whole(), mail.text.text);
        }
        for listed in &mail.files {
            prop_assert!(!listed.name.is_empty() && !listed.name.contains(['/', '\\', '\n']));
        }
    }

    #[test]
    fn html_is_never_live(pieces in proptest::collection::vec(proptest::sample::select(vec![
        "<script>", "</script>", "<img src=http://x.example/>", "<a href='javascript:a()'>", "<style>", "</style>", "<!--", "-->", "<svg onload=a()>", "<p", ">", "\"", "'",
        "<math><mtext><table><mglyph><style>", "<noscript>", "</noscript>", "<textarea>", "<title>", "<form>", "onerror=a()", "<iframe srcdoc='<script>'>", "text", "<b>", "</b>", "&lt;script&gt;", "<img ",
    ]), 0..20)) {
        let html = pieces.concat();
        let safe = safe_html(&html).html;
        for bad in ["<script", "<style", "<svg", "<form", "<iframe", "<textarea", "href=\"javascript", "<img src=\"http"] {
            prop_assert!(!safe.contains(bad), "{} in {}", bad, safe);
        }
        html_to_text(&html);
        split_html(&html);
    }
}
