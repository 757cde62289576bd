//! Strangers' words and addresses.

use proptest::prelude::*;
use switchboard_contract::{Address, Anchor, Content, DeliveryError, Mark, PublicAuthor, Quote, Timestamp};

use super::super::*;
use super::{T, assert_lines, context, delivery, header, made, own};
use crate::mail::Mail;

#[test]
fn marks_that_could_end_the_line_are_not_written() {
    let mut out = delivery(Content::plain("Hello"));
    let bad = ["a@b>\r\nBcc: x@y", "a b@c", "a@b\u{0}", "ä@b", "nothing", &format!("{}@b", "x".repeat(2_000))];
    context(&mut out).chain = bad.iter().map(|id| Anchor::Mark(Mark(format!("mid:{id}")))).collect();
    let mail = made(&out, &own());
    assert_eq!((header(&mail, "In-Reply-To").len(), header(&mail, "References").len()), (0, 0));
}

#[test]
fn nothing_of_a_stranger_begins_a_field_or_names_another_recipient() {
    let hostile = "x\r\nBcc: victim@example.org\r\n\r\n<b>body</b>\u{2028}\u{85}\u{b}\0=?utf-8?q?=0D=0ABcc:_v?=";
    let mut out = delivery(Content { subject: Some(hostile.into()), ..Content::plain("Hello") });
    out.author = PublicAuthor::Agent { name: hostile.into() };
    context(&mut out).name = Some(format!("{hostile}\" <other@example.org>, \""));
    context(&mut out).subject = Some(hostile.into());
    context(&mut out).quote = Some(Quote { author: hostile.into(), at: T, text: hostile.into() });
    let own = Sending { name: Some(hostile.into()), loop_value: hostile.into(), ..own() };
    let composed = made(&out, &own);
    let mail = Mail::read(&composed.bytes);
    assert_eq!(header(&composed, "Bcc"), Vec::<String>::new());
    assert_eq!(mail.to.iter().map(|to| to.address.as_str()).collect::<Vec<_>>(), ["mara@example.net"]);
    assert_eq!(composed.recipients, ["mara@example.net"]);
    assert!(mail.subject.starts_with("Re: x Bcc: victim@example.org"), "{}", mail.subject);
    // It is shown as it was written, not decoded once more.
    assert!(mail.subject.contains("= ?utf-8?q?=0D=0ABcc:_v?="), "{}", mail.subject);
    let html = mail.html.expect("HTML");
    assert!(!html.contains("<b>body") && html.contains("&lt;b&gt;body"), "{html}");
}

#[test]
fn an_address_that_is_none_is_refused_with_words() {
    for to in
        ["mara@example.net\r\nRCPT TO:<x@y.example>", "", "mara", "a b@example.net", "m@example.net, n@example.net"]
    {
        let mut out = delivery(Content::plain("Hello"));
        context(&mut out).to = Address(to.into());
        let Err(DeliveryError::Rejected { reason }) = compose(&out, &own(), T) else { panic!("{to:?} is taken") };
        assert!(reason.contains("no address"), "{reason}");
    }
    let nowhere = Delivery { context: None, ..delivery(Content::plain("Hello")) };
    assert!(matches!(compose(&nowhere, &own(), T), Err(DeliveryError::Rejected { .. })));
}

#[test]
fn an_address_outside_of_ascii_is_written_as_it_is_and_its_domain_is_not() {
    let mut out = delivery(Content::plain("Hello"));
    context(&mut out).to = Address("mara@bücher.example".into());
    assert_eq!(made(&out, &own()).recipients, ["mara@xn--bcher-kva.example"]);
    context(&mut out).to = Address("jürgen@example.net".into());
    let mail = made(&out, &own());
    assert_eq!(mail.recipients, ["jürgen@example.net"]);
    assert_eq!(Mail::read(&mail.bytes).to[0].address, "jürgen@example.net");
}

#[test]
fn times_no_calendar_has_do_no_harm() {
    let out = delivery(Content::plain("Hello"));
    for now in [i64::MIN, -1, 0, i64::MAX] {
        let mut out = out.clone();
        context(&mut out).quote =
            Some(Quote { author: "Mara".into(), at: Timestamp::from_millis(now), text: "x".into() });
        assert!(compose(&out, &own(), Timestamp::from_millis(now)).is_ok(), "{now}");
    }
}

#[test]
fn lines_end_in_one_way() {
    assert_eq!(lines("a\rb\r\n\rc\n"), "ab\r\nc\r\n");
    assert_eq!(lines(""), "");
}

proptest! {
    #[test]
    fn whatever_is_said_becomes_a_mail_that_says_it(
        name in ".{0,80}", agent in ".{0,80}", subject in ".{0,300}", text in "(?s).{1,400}", quote in "(?s).{0,200}", markdown: bool,
    ) {
        let mut out = delivery(if markdown { Content::markdown(text.clone()) } else { Content::plain(text.clone()) });
        out.author = PublicAuthor::Agent { name: agent };
        context(&mut out).name = Some(name);
        context(&mut out).subject = Some(subject);
        context(&mut out).quote = Some(Quote { author: "Mara".into(), at: T, text: quote });
        match compose(&out, &own(), T) {
            Err(DeliveryError::Unsupported { .. }) => prop_assert!(text.trim().is_empty()),
            Err(other) => prop_assert!(false, "{other}"),
            Ok(composed) => {
                prop_assert!(composed.bytes.is_ascii());
                assert_lines(&composed.bytes);
                let mail = Mail::read(&composed.bytes);
                prop_assert_eq!(mail.to.len(), 1);
                prop_assert_eq!(mail.to[0].address.as_str(), "mara@example.net");
                prop_assert_eq!(mail.from.map(|from| from.address), Some("support@acme.example".to_owned()));
                prop_assert_eq!(mail.message_id, Some(composed.message_id));
                prop_assert!(mail.subject.starts_with("Re: "));
                prop_assert!(mail.files.is_empty());
            }
        }
    }
}
