//! What the web chat can show, and what an entry becomes for it. Pure.

use switchboard_contract::{
    Capabilities, Content, Delivery, DeliveryError, ExternalId, Pace, Part, Receipt, Rendered, Support, TextUnit,
    ThreadEntry, render,
};

use crate::frames::{Button, EntryFrame, Source};
use crate::inbound::Visitor;
use crate::instant::rfc3339;
use crate::limits;

/// What a page can show and do.
pub(crate) fn capabilities() -> Capabilities {
    Capabilities {
        text_max: limits::ENTRY_CHARS_MAX,
        text_unit: TextUnit::Chars,
        inbound_text_max: limits::TEXT_CHARS_MAX,
        markup: Support::Full,
        choices: Support::Full,
        choices_max: limits::CHOICES_MAX,
        choice_label_max: limits::CHOICE_LABEL_CHARS_MAX,
        attachments: Support::Rejected,
        attachment_bytes_max: 0,
        typing: Support::Full,
        receipts: Support::Full,
        idempotent_send: true,
        context: false,
        pace: Pace::default(),
    }
}

/// Whether a page can show all of it. One entry is one frame, so what would be split is refused.
pub(crate) fn check(out: &Delivery, capabilities: &Capabilities) -> Result<Receipt, DeliveryError> {
    let unsupported = |reason| DeliveryError::Unsupported { reason };
    let rendered = render(&out.content, capabilities).map_err(|error| unsupported(error.to_string()))?;
    if rendered.parts.len() > 1 {
        let count = capabilities.text_unit.len(&out.content.text);
        let max = capabilities.text_max;
        return Err(unsupported(format!("the message has {count} characters; the web chat shows at most {max}")));
    }
    Ok(Receipt { external_ids: vec![ExternalId(out.message.to_string())] })
}

/// Fits an entry to the page. What [`check`] refuses was told to an agent; here the rest is shown as far as it goes, for a
/// transcript has no holes. None when nothing of it can be shown.
pub(crate) fn entry<'a>(
    entry: &'a ThreadEntry,
    visitor: &Visitor,
    capabilities: &Capabilities,
) -> Option<EntryFrame<'a>> {
    let Part { text, format, choices, citation, .. } = first_part(&entry.content, capabilities)?;
    Some(EntryFrame {
        seq: entry.seq,
        id: entry.message,
        at: rfc3339(entry.at),
        from: &entry.author,
        text,
        format,
        choices: choices.into_iter().map(Button::from).collect(),
        citation: citation.map(Source::from),
        cid: entry.external_id.as_ref().and_then(|id| visitor.client_id(id)),
    })
}

fn first_part(content: &Content, capabilities: &Capabilities) -> Option<Part> {
    let rendered = render(content, capabilities)
        .or_else(|_| render(&Content { attachments: Vec::new(), ..content.clone() }, capabilities));
    let Rendered { parts, .. } = rendered.ok()?;
    let cut = parts.len() > 1;
    let mut part = parts.into_iter().next()?;
    if cut {
        part.text.push_str(" …");
    }
    Some(part)
}

#[cfg(test)]
mod tests {
    use switchboard_contract::{
        Attachment, Choice, ChoiceId, Citation, ConversationId, DeliveryId, InboxId, MessageId, PublicAuthor, Seq,
        TextFormat, ThreadKey, Timestamp,
    };

    use super::*;
    use crate::frames::Hello;

    const T: Timestamp = Timestamp::from_millis(0);

    fn delivery(content: Content) -> Delivery {
        Delivery {
            id: DeliveryId::from_parts(T, 1),
            inbox: InboxId::from_parts(T, 1),
            thread: ThreadKey("v_1".into()),
            conversation: ConversationId::from_parts(T, 1),
            message: MessageId::from_parts(T, 1),
            seq: Seq(1),
            attempt: 1,
            author: PublicAuthor::Bot,
            content,
            context: None,
        }
    }

    fn shown(content: Content, look: impl FnOnce(Option<EntryFrame<'_>>)) {
        let visitor = Visitor::new("v_1".into(), None, &Hello::default());
        let stored = ThreadEntry {
            seq: Seq(1),
            message: MessageId::from_parts(T, 1),
            at: T,
            author: PublicAuthor::Contact,
            content,
            external_id: Some(ExternalId("v_1:abcd-1234".into())),
        };
        look(entry(&stored, &visitor, &capabilities()));
    }

    fn file() -> Attachment {
        Attachment { name: "a.png".into(), media_type: "image/png".into(), size_bytes: 1, key: "k".into() }
    }

    #[test]
    fn a_text_at_the_limit_is_sent_and_one_over_is_refused() {
        let sent = |chars: usize| check(&delivery(Content::plain("ä".repeat(chars))), &capabilities());
        assert_eq!(sent(limits::ENTRY_CHARS_MAX).map(|receipt| receipt.external_ids.len()), Ok(1));
        assert!(matches!(sent(limits::ENTRY_CHARS_MAX + 1), Err(DeliveryError::Unsupported { .. })));
    }

    #[test]
    fn a_file_is_refused_and_its_text_still_shows() {
        let content = Content { attachments: vec![file()], ..Content::plain("look") };
        assert!(matches!(check(&delivery(content.clone()), &capabilities()), Err(DeliveryError::Unsupported { .. })));
        shown(content, |frame| assert_eq!(frame.map(|frame| frame.text), Some("look".into())));
        shown(Content { attachments: vec![file()], ..Content::default() }, |frame| assert_eq!(frame, None));
    }

    #[test]
    fn markup_travels_as_it_is_with_its_format() {
        let hostile = "<img src=x onerror=alert(1)> [a](javascript:alert(1)) **b** \u{202e}";
        shown(Content::markdown(hostile), |frame| {
            let frame = frame.expect("shown");
            assert_eq!((frame.text.as_str(), frame.format), (hostile, TextFormat::Markdown));
            assert_eq!(frame.cid, Some("abcd-1234"));
        });
    }

    #[test]
    fn a_source_with_a_target_that_runs_loses_its_target() {
        let cite = |url: &str| Content {
            citation: Some(Citation { title: "T".into(), url: Some(url.into()) }),
            ..Content::plain("a")
        };
        let target =
            |frame: Option<EntryFrame<'_>>| frame.and_then(|frame| frame.citation).and_then(|source| source.url);
        shown(cite("javascript:alert(1)"), |frame| assert_eq!(target(frame), None));
        shown(cite("https://a.example/"), |frame| assert_eq!(target(frame).as_deref(), Some("https://a.example/")));
    }

    #[test]
    fn more_options_than_buttons_become_a_list() {
        let options = |count: usize| {
            let choice = |n| Choice { id: ChoiceId(format!("c{n}")), label: format!("Option {n}"), synonyms: vec![] };
            Content::plain("Which?").with_choices((1..=count).map(choice).collect())
        };
        shown(options(limits::CHOICES_MAX), |frame| assert_eq!(frame.map(|f| f.choices.len()), Some(25)));
        shown(options(limits::CHOICES_MAX + 1), |frame| {
            let frame = frame.expect("shown");
            assert!(frame.choices.is_empty() && frame.text.ends_with("26. Option 26"), "{}", frame.text);
        });
    }

    #[test]
    fn the_largest_entry_fits_the_write_buffer() {
        let choice = |n| Choice { id: ChoiceId(format!("c{n}")), label: "\u{1}".repeat(200), synonyms: vec![] };
        let text = "\u{1}".repeat(limits::ENTRY_CHARS_MAX);
        shown(Content::plain(text).with_choices((0..25).map(choice).collect()), |frame| {
            let bytes = serde_json::to_string(&frame).map_or(usize::MAX, |json| json.len());
            assert!(bytes < limits::WRITE_BUFFER_BYTES_MAX, "{bytes}");
        });
    }
}
