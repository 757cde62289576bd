use proptest::prelude::*;
use switchboard_contract::{
    Address, Anchor, Attachment, Choice, ChoiceId, Citation, Content, Context, ConversationId, DeliveryId, InboxId,
    Mark, MessageId, Quote, Seq, ThreadKey, choice,
};

use super::*;
use crate::mail::{Mail, html_to_text};
use crate::thread::token::{Secret, TOKEN_HEADER};
use crate::thread::{id_mark, token};
use crate::visible;

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
fn marks_that_could_end_the_line_are_not_written() {
    let mut out = delivery(Content::plain("Hello"));
    let bad = ["a@b>\r\nBcc: x@y", "a b@c", "a@b\u{0}", "ä@b", "nothing", &format!("{}@b", "x".repeat(2_000))];
    context(&mut out).chain = bad.iter().map(|id| Anchor::Mark(Mark(format!("mid:{id}")))).collect();
    let mail = made(&out, &own());
    assert_eq!((header(&mail, "In-Reply-To").len(), header(&mail, "References").len()), (0, 0));
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
    assert!(!mail.subject.contains("=?"), "{}", mail.subject);
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

#[test]
fn options_are_numbered_as_their_answers_are_read_also_below_a_list() {
    let choices: Vec<Choice> = ["Refund", "**Exchange** <b>", "3. Nothing"]
        .iter()
        .enumerate()
        .map(|(n, label)| Choice { id: ChoiceId(n.to_string()), label: (*label).to_owned(), synonyms: vec![] })
        .collect();
    let out = delivery(Content::markdown("Well:\n\n1. a\n2. b").with_choices(choices.clone()));
    let mail = Mail::read(&made(&out, &own()).bytes);
    let shown = [mail.text.text.clone(), html_to_text(&mail.html.expect("HTML"))];
    for text in shown {
        let options = text.split("2. b").nth(1).expect("the options").trim();
        let lines: Vec<&str> = options.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        assert_eq!(lines, ["1. Refund", "2. **Exchange** <b>", "3. 3. Nothing"], "{text}");
    }
    for (number, wanted) in ["1", "2", "3"].iter().zip(&choices) {
        assert_eq!(choice::resolve(&choices, number), Some(wanted));
    }
}

#[test]
fn text_and_html_say_the_same_and_html_is_inert() {
    let text = "# Title\n\nSome **bold**, `code` & <script>alert(1)</script>.\n\n- one\n  - two\n\n```\nlet a = 1;\n\nlet b;\n```\n\n[page](https://acme.example/?a=1&b=\"2) [bad](javascript:alert(1))";
    let mut content = Content::markdown(text);
    content.citation = Some(Citation { title: "How <to>".into(), url: Some("javascript:alert(1)".into()) });
    let mail = Mail::read(&made(&delivery(content), &own()).bytes);
    let html = mail.html.expect("HTML").replace("\r\n", "\n");
    assert!(!html.contains("<script") && !html.contains("javascript:") && !html.contains("<img"), "{html}");
    for wanted in [
        "<b>bold</b>",
        "<code>code</code>",
        "&lt;script&gt;",
        "let a = 1;\n\nlet b;</pre>",
        "How &lt;to&gt;",
        "max-width:600px",
        "light dark",
    ] {
        assert!(html.contains(wanted), "{wanted}: {html}");
    }
    for wanted in ["Title", "• one", "  • two", "<script>alert(1)</script>", "(How <to>)"] {
        assert!(mail.text.text.contains(wanted), "{wanted}: {}", mail.text.text);
    }
}

#[test]
fn plain_text_is_kept_sign_by_sign() {
    let text = "a  b\n\n\n*c* <d> _e_\n.\n.f\n\tg ünï 李";
    let mail = Mail::read(&made(&delivery(Content::plain(text)), &own()).bytes);
    assert_eq!(mail.text.text.trim_end(), text);
}

#[test]
fn texts_of_the_settings_stand_around_the_message() {
    let own = Sending {
        header: Some("Hello from {{inbox}}".into()),
        footer: Some("Acme Ltd <&>".into()),
        signature: Some("{{agent}}\nAcme".into()),
        ..own()
    };
    let mut out = delivery(Content::plain("Body"));
    context(&mut out).quote =
        Some(Quote { author: "Mara".into(), at: T, text: "Where is it?\n\n> old\nThanks".into() });
    let mail = Mail::read(&made(&out, &own).bytes);
    let wanted = "Hello from Acme Support\n\nBody\n\nAcme Ltd <&>\n\n-- \nAna\nAcme\n\nOn 2026-11-18 11:06 UTC, Mara wrote:\n> Where is it?\n>\n>> old\n> Thanks";
    assert_eq!(mail.text.text.trim_end(), wanted);
    let html = mail.html.expect("HTML");
    assert!(html.contains("Acme Ltd &lt;&amp;&gt;") && html.contains("<blockquote type=\"cite\""), "{html}");
}

#[test]
fn a_quote_is_folded_again_in_every_language() {
    for (language, _) in quote::INTROS {
        let mut out = delivery(Content::plain("Here is the answer."));
        context(&mut out).quote = Some(Quote { author: "Mara Lind".into(), at: T, text: "Where is it?".into() });
        let own = Sending { language: Some(format!("{language}-XX")), ..own() };
        let mail = Mail::read(&made(&out, &own).bytes);
        assert_eq!(visible::of_mail(&mail).text, "Here is the answer.", "{language}: {}", mail.text.text);
    }
}

#[test]
fn a_long_quote_is_cut_and_too_long_a_text_is_refused() {
    let mut out = delivery(Content::plain("Short"));
    context(&mut out).quote = Some(Quote { author: "Mara".into(), at: T, text: "ä".repeat(limits::QUOTE_BYTES_MAX) });
    assert!(Mail::read(&made(&out, &own()).bytes).text.text.len() < limits::QUOTE_BYTES_MAX + 200);
    let at = delivery(Content::plain("ä".repeat(limits::TEXT_CHARS_MAX)));
    assert!(compose(&at, &own(), T).is_ok());
    let over = delivery(Content::plain("ä".repeat(limits::TEXT_CHARS_MAX + 1)));
    assert!(matches!(compose(&over, &own(), T), Err(DeliveryError::Unsupported { .. })));
    let file = Attachment { name: "a.png".into(), media_type: "image/png".into(), size_bytes: 1, key: "k".into() };
    let file = delivery(Content { attachments: vec![file], ..Content::plain("look") });
    assert!(matches!(compose(&file, &own(), T), Err(DeliveryError::Unsupported { .. })));
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
