//! T7, T8, I1: by what a mail is known when it comes again.

use switchboard_contract::Reading;

use super::{inbound, message, person};

fn id(raw: &str) -> String {
    inbound(raw).external_id.0
}

/// The same mail, as another server keeps it.
fn copy(raw: &str) -> String {
    format!("Return-Path: <ada@customer.example>\nDelivered-To: help@shop.example\nReceived: from a by b\n{raw}\n\n")
        .replace('\n', "\r\n")
}

#[test]
fn a_copy_is_the_same_mail() {
    let raw = person("");
    assert_eq!(id(&raw), id(&copy(&raw)));
    assert!(id(&raw).starts_with("mid:k1@customer.example "), "{}", id(&raw));
    let without = raw.replace("Message-ID: <k1@customer.example>\n", "");
    assert_eq!(id(&without), id(&copy(&without)));
    assert!(id(&without).starts_with("hash:"));
}

#[test]
fn another_encoding_of_the_words_is_the_same_mail() {
    let plain = person("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n")
        .replace("from below", "für immer");
    let encoded = plain.replace("8bit", "quoted-printable").replace("für immer", "f=C3=BCr im=\nmer");
    let html = plain.replace("text/plain", "text/html").replace("It drips", "<p>It <b>drips</b>");
    assert_eq!(id(&plain), id(&encoded));
    assert_eq!(id(&plain), id(&html));
}

#[test]
fn another_mail_under_the_same_message_id_is_another() {
    let raw = person("");
    for (was, is) in [("below", "above"), ("09:00", "09:01"), ("kettle", "pot"), ("Ada@Customer", "eve@evil")] {
        let other = raw.replace(was, is);
        assert_ne!(id(&raw), id(&other), "{is}");
        assert_ne!(message(&raw).thread, message(&other).thread, "nobody joins a thread by a stolen id: {is}");
    }
    assert_eq!(message(&raw).thread, message(&copy(&raw)).thread);
}

#[test]
fn files_tell_mails_without_words_apart() {
    let with = |name: &str| {
        person(&format!("Content-Type: image/png; name={name}\nContent-Disposition: attachment; filename={name}\n"))
    };
    assert_ne!(id(&with("a.png")), id(&with("b.png")));
}

#[test]
fn what_has_no_header_gets_its_id_from_its_bytes() {
    let bare = inbound("Where is my parcel?");
    assert!(bare.external_id.0.is_empty(), "the core makes it of the bytes");
    assert!(matches!(bare.reading, Reading::Unreadable { .. }));
}
