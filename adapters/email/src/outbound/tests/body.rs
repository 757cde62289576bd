//! What stands in the body.

use switchboard_contract::{Attachment, Choice, ChoiceId, Citation, Content, DeliveryError, Quote, choice};

use super::super::*;
use super::{T, context, delivery, made, own};
use crate::mail::{Mail, html_to_text};
use crate::visible;

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
