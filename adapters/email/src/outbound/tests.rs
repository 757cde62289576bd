//! Mails as they are written, read again.

mod body;
mod hostile;

use switchboard_contract::{
    Address, Anchor, Content, Context, ConversationId, DeliveryId, InboxId, Mark, MessageId, Seq, ThreadKey,
};

use super::*;
use crate::mail::Mail;
use crate::thread::token::{Secret, TOKEN_HEADER};
use crate::thread::{id_mark, token};

const T: Timestamp = Timestamp::from_millis(1_795_000_000_000);

fn own() -> Sending {
    Sending {
        address: "support@acme.example".into(),
        name: Some("Acme Support".into()),
        subject: Some("Your question".into()),
        language: None,
        plus_address: false,
        subject_token: false,
        notices_without_sender: false,
        header: None,
        footer: None,
        signature: None,
        secret: Secret([7; 32]),
        domain: "acme.example".into(),
        loop_value: "desk-1".into(),
    }
}

fn conversation() -> ConversationId {
    ConversationId::from_parts(T, 5)
}

fn delivery(content: Content) -> Delivery {
    Delivery {
        id: DeliveryId::from_parts(T, 1),
        inbox: InboxId::from_parts(T, 1),
        thread: ThreadKey("t".into()),
        conversation: conversation(),
        message: MessageId::from_parts(T, 1),
        seq: Seq(3),
        attempt: 1,
        author: PublicAuthor::Agent { name: "Ana".into() },
        content,
        context: Some(Box::new(Context {
            to: Address("mara@example.net".into()),
            name: Some("Mara".into()),
            subject: Some("AW: Re: My order".into()),
            chain: vec![
                Anchor::Mark(Mark(id_mark("first@example.net"))),
                Anchor::Delivery(DeliveryId::from_parts(T, 9)),
                Anchor::Mark(Mark("hash:00".into())),
                Anchor::Mark(Mark(id_mark("last@example.net"))),
            ],
            quote: None,
            automatic: false,
        })),
    }
}

fn context(delivery: &mut Delivery) -> &mut Context {
    delivery.context.as_mut().expect("a context")
}

fn made(delivery: &Delivery, own: &Sending) -> Composed {
    let composed = compose(delivery, own, T).expect("a mail");
    assert!(composed.bytes.is_ascii() || !composed.recipients[0].is_ascii());
    assert_lines(&composed.bytes);
    composed
}

/// Every line ends with CR LF, there is no other CR or LF, and none is longer than servers take (RFC 5321, 4.5.3.1.6).
#[track_caller]
fn assert_lines(bytes: &[u8]) {
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        assert!(!line.contains(&b'\r') && line.len() <= 998, "{:?}", String::from_utf8_lossy(line));
    }
    let count = |wanted: &[u8]| bytes.windows(wanted.len()).filter(|window| *window == wanted).count();
    assert_eq!(count(b"\r\n"), count(b"\n"));
}

/// The header as it stands there, folded lines joined.
fn header(mail: &Composed, name: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(&mail.bytes).into_owned();
    let head = text.split("\r\n\r\n").next().expect("a header").replace("\r\n ", " ");
    let fields = head.split("\r\n").filter_map(|line| line.split_once(": "));
    fields.filter(|(known, _)| *known == name).map(|(_, value)| value.to_owned()).collect()
}

#[test]
fn an_answer_names_what_it_answers_and_has_an_id_that_stays() {
    let out = delivery(Content::plain("Hello"));
    let (first, again) =
        (made(&out, &own()), compose(&Delivery { attempt: 2, ..out.clone() }, &own(), T).expect("a mail"));
    assert_eq!(first, again);
    let mail = Mail::read(&first.bytes);
    assert_eq!(mail.message_id.as_deref(), Some(first.message_id.as_str()));
    assert_eq!(mail.in_reply_to, ["last@example.net"]);
    let ours = ids::message_id(DeliveryId::from_parts(T, 9), &own().secret, "acme.example");
    assert_eq!(mail.references, ["first@example.net", ours.as_str(), "last@example.net"]);
    assert_eq!((mail.subject.as_str(), mail.date), ("Re: My order", Some(T.millis())));
    assert_eq!(mail.text.text.trim_end(), "Hello");
    assert_eq!(
        (first.envelope_from.as_deref(), first.recipients.as_slice()),
        (Some("support@acme.example"), &["mara@example.net".to_owned()][..])
    );
    let later = compose(&out, &own(), Timestamp::from_millis(T.millis() + 60_000)).expect("a mail");
    assert_eq!(later.message_id, first.message_id);
}

#[test]
fn the_author_stands_in_the_sender() {
    let from = |author: PublicAuthor, own: &Sending| {
        let mail = made(&Delivery { author, ..delivery(Content::plain("Hello")) }, own);
        let from = Mail::read(&mail.bytes).from.expect("a sender");
        assert_eq!(from.address, "support@acme.example");
        from.name.unwrap_or_default()
    };
    let agent = || PublicAuthor::Agent { name: "Ana".into() };
    assert_eq!(from(agent(), &own()), "Ana (Acme Support)");
    assert_eq!(from(PublicAuthor::Bot, &own()), "Acme Support");
    assert_eq!(from(agent(), &Sending { name: None, ..own() }), "Ana");
    assert_eq!(from(PublicAuthor::Agent { name: "Zoë 李\"\\".into() }, &own()), "Zoë 李 (Acme Support)");
}

#[test]
fn what_a_machine_says_is_marked_and_the_loop_header_is_always_there() {
    let mut out = Delivery { author: PublicAuthor::System, ..delivery(Content::plain("We have it.")) };
    let person = made(&out, &own());
    assert_eq!(header(&person, "Auto-Submitted"), Vec::<String>::new());
    assert_eq!(header(&person, crate::machine::LOOP_HEADER), ["desk-1"]);
    context(&mut out).automatic = true;
    let machine = made(&out, &own());
    assert_eq!(header(&machine, "Auto-Submitted"), ["auto-replied"]);
    assert_eq!(header(&machine, "X-Auto-Response-Suppress"), ["All"]);
    assert_eq!(header(&machine, crate::machine::LOOP_HEADER), ["desk-1"]);
    assert!(machine.envelope_from.is_some());
    let own = Sending { notices_without_sender: true, ..own() };
    assert_eq!(made(&out, &own).envelope_from, None);
    // What the bot answers is no pure notice: a bounce of it has to come back.
    assert!(made(&Delivery { author: PublicAuthor::Bot, ..out }, &own).envelope_from.is_some());
}

#[test]
fn the_reply_token_stands_where_the_settings_want_it() {
    let out = delivery(Content::plain("Hello"));
    let token = token::make(conversation(), &own().secret);
    let plain = made(&out, &own());
    assert_eq!(header(&plain, TOKEN_HEADER), [token.as_str()]);
    assert!(Mail::read(&plain.bytes).reply_to.is_empty());
    let plus = Mail::read(&made(&out, &Sending { plus_address: true, ..own() }).bytes);
    assert_eq!(plus.reply_to[0].address, format!("support+{token}@acme.example"));
    // Too long for a local part: the header field is left.
    let long = Sending { plus_address: true, address: format!("{}@acme.example", "s".repeat(40)), ..own() };
    assert!(Mail::read(&made(&out, &long).bytes).reply_to.is_empty());
    let subject = Sending { subject_token: true, ..own() };
    let mail = Mail::read(&made(&out, &subject).bytes);
    assert_eq!(mail.subject, format!("Re: My order [{token}]"));
    // The answer to it has the token once, not twice.
    let mut again = out;
    context(&mut again).subject = Some(format!("Re: {}", mail.subject));
    assert_eq!(Mail::read(&made(&again, &subject).bytes).subject, mail.subject);
}

#[test]
fn a_subject_is_there_whatever_is_missing() {
    let mut out = delivery(Content::plain("Hello"));
    context(&mut out).subject = Some("Re:".into());
    let subject = |out: &Delivery, own: &Sending| Mail::read(&made(out, own).bytes).subject;
    assert_eq!(subject(&out, &own()), "Re: Your question");
    context(&mut out).chain.clear();
    context(&mut out).subject = None;
    assert_eq!(subject(&out, &own()), "Your question");
    assert_eq!(subject(&out, &Sending { subject: None, ..own() }), "Acme Support");
    out.content.subject = Some("Your invoice".into());
    assert_eq!(subject(&out, &own()), "Your invoice");
    context(&mut out).subject = Some("ü".repeat(5_000));
    assert_eq!(subject(&out, &own()).chars().count(), 4 + limits::SUBJECT_CHARS_MAX);
}
