//! Own mails, one rule each.

use switchboard_email::mail::{Address, FileKind, Mail, Seal, file, safe_html};
use switchboard_email::visible::{FoldKind, of_mail};

fn raw(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/mails/{name}.eml", env!("CARGO_MANIFEST_DIR"))).expect("a fixture")
}

fn mail(name: &str) -> Mail {
    Mail::read(&raw(name))
}

fn visible(name: &str) -> String {
    of_mail(&mail(name)).text
}

fn files(mail: &Mail) -> Vec<(&str, FileKind)> {
    mail.files.iter().map(|file| (file.name.as_str(), file.kind)).collect()
}

#[test]
fn flowed_text_is_joined_and_its_quotes_keep_their_depth() {
    assert_eq!(mail("flowed_delsp").text.text, "> the parcel came late\nThat is right.\nFrom here on.\n-- \nMara");
    assert_eq!(visible("flowed_delsp"), "That is right.\nFrom here on.");
}

#[test]
fn the_header_block_of_outlook_begins_the_old_mail() {
    assert_eq!(visible("outlook_html"), "The blue one, please.");
    assert!(mail("outlook_html").text.from_html);
}

#[test]
fn inline_answers_are_kept() {
    let seen = of_mail(&mail("inline_answers"));
    assert_eq!(seen.text.split_whitespace().collect::<Vec<_>>(), ["Medium.", "Blue."]);
    assert!(seen.inline_answers && seen.folds.iter().any(|fold| fold.kind == FoldKind::Signature));
}

#[test]
fn a_plain_text_that_points_at_the_html_is_not_the_text() {
    assert_eq!(visible("view_in_html"), "The real text.");
    // It is kept as a file: no word of a mail is lost.
    assert_eq!(files(&mail("view_in_html")), [("file-1.txt", FileKind::Attachment)]);
}

#[test]
fn utf7_is_text_and_never_markup() {
    let mail = mail("utf7");
    assert_eq!(mail.text.text, "<script>alert(1)</script>");
    assert!(!safe_html(mail.html.as_deref().unwrap_or_default()).html.contains("<script"));
}

#[test]
fn character_sets_are_decoded_also_without_a_name() {
    assert_eq!(mail("charset_koi8").text.text, "Привет");
    assert_eq!(mail("charset_gb18030").text.text, "你好");
    assert_eq!(mail("charset_jis").text.text, "こんにちは");
    assert_eq!(mail("charset_unnamed").text.text, "Здравствуйте, когда придёт моя посылка?");
}

#[test]
fn encoded_names_and_subjects_are_readable() {
    let mail = mail("split_words");
    assert_eq!(mail.subject, "Grüße aus Köln\"");
    assert_eq!(
        mail.from,
        Some(Address { name: Some("Mära Lind".to_owned()), address: "mara@customer.example".to_owned() })
    );
    assert_eq!(files(&mail), [("Rechnung März.pdf", FileKind::Attachment), ("ä.png", FileKind::Attachment)]);
    assert_eq!(self::mail("raw_utf8").subject, "Grüße aus Köln");
}

#[test]
fn a_picture_of_the_html_is_shown_in_place() {
    let mail = mail("cid_picture");
    assert_eq!(files(&mail), [("file-2.png", FileKind::InlinePicture), ("logo.gif", FileKind::Attachment)]);
    assert!(mail.files[0].inline && safe_html(mail.html.as_deref().unwrap_or_default()).html.contains("cid:pic@x"));
}

#[test]
fn files_are_listed_safely() {
    let mail = mail("odd_names");
    let expected = [
        ("passwd", FileKind::Attachment),
        ("billfdp.exe", FileKind::Attachment),
        ("file-4.zip", FileKind::Attachment),
        ("The old mail.eml", FileKind::NestedMail),
    ];
    assert_eq!(files(&mail), expected);
    assert_eq!(visible("odd_names"), "See the files.");
    assert_eq!(file(&raw("odd_names"), mail.files[2].index).as_deref(), Some(&b"PK\x03\x04"[..]));
    assert_eq!(mail.files[2].size_bytes, 4);
}

#[test]
fn an_invitation_is_a_file() {
    let mail = mail("invitation");
    assert_eq!((mail.text.text.as_str(), files(&mail)), ("Can we meet?", vec![("file-2.ics", FileKind::Calendar)]));
}

#[test]
fn signed_mail_is_shown_and_encrypted_mail_is_said_so() {
    let seal = |name: &str| mail(name).sealed.map(|sealed| (sealed.seal, sealed.label));
    assert_eq!(seal("signed"), Some((Seal::Signed, "signed (OpenPGP)".to_owned())));
    assert_eq!((visible("signed").as_str(), mail("signed").files[0].kind), ("Signed words.", FileKind::Signature));
    assert_eq!(seal("signed_inline"), Some((Seal::Signed, "signed (OpenPGP)".to_owned())));
    assert_eq!(visible("signed_inline"), "Signed words.");
    assert_eq!(seal("encrypted"), Some((Seal::Encrypted, "encrypted (OpenPGP)".to_owned())));
    assert_eq!(seal("smime_encrypted"), Some((Seal::Encrypted, "encrypted (S/MIME)".to_owned())));
    assert_eq!(mail("smime_encrypted").files[0].kind, FileKind::Encrypted);
}

#[test]
fn broken_mail_has_one_author_and_its_text() {
    let mail = mail("two_authors");
    assert_eq!(mail.from.as_ref().map(|from| from.address.as_str()), Some("mara@customer.example"));
    assert!(mail.notes.iter().any(|note| note.contains("2 From fields")), "{:?}", mail.notes);
    assert_eq!((mail.subject.as_str(), mail.text.text.as_str()), ("ab", "no end here"));
    assert_eq!(visible("unended"), "Grüße!");
    assert_eq!(visible("no_header"), "Where is my parcel?\n\nMara");
}

#[test]
fn all_pieces_of_a_body_are_its_text() {
    let mail = mail("lists_of_text");
    assert_eq!(mail.text.text, "first\nsecond");
    assert_eq!(files(&mail), [("a.jpg", FileKind::Attachment), ("log.txt", FileKind::Attachment)]);
}

#[test]
fn a_winmail_dat_is_opened() {
    let mail = mail("winmail");
    assert_eq!(
        (mail.text.text.as_str(), files(&mail)),
        ("Words in winmail.", vec![("Übersicht.txt", FileKind::TnefMember)])
    );
    assert_eq!(file(&raw("winmail"), mail.files[0].index).as_deref(), Some(&b"the bytes"[..]));
}
