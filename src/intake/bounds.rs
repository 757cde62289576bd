//! What is kept of an item before anything is done with it: bounded, with an id, and in characters every database takes.

use switchboard_contract::{Address, Anchor, Content, ExternalId, Inbound, Letter, Mark, Reading, Sender, ThreadKey};

use crate::ids;
use crate::limits;

/// What stands for U+0000, which not every database keeps in a text.
const REPLACEMENT: &str = "\u{fffd}";

/// Tells what is beyond the limits as unreadable: only the beginning of its bytes is kept. What has no id gets one made from its
/// content ([`Inbound::content_id`]).
pub(super) fn bounded(mut item: Inbound) -> Inbound {
    if item.external_id.0.is_empty() {
        item.external_id = item.content_id();
    }
    if item.external_id.0.len() > limits::EXTERNAL_ID_BYTES_MAX || item.external_id.0.contains('\0') {
        item.external_id = ExternalId(format!("sha256:{}", ids::token_hash(&item.external_id.0)));
    }
    if item.raw.len() > limits::INBOUND_BYTES_MAX {
        let error = format!("{} bytes; at most {} are kept", item.raw.len(), limits::INBOUND_BYTES_MAX);
        item.reading = Reading::Unreadable { error };
    }
    item.reading = storable(item.reading);
    item
}

/// A reading whose texts every database takes.
pub(super) fn storable(mut reading: Reading) -> Reading {
    match &mut reading {
        Reading::Message(message) => {
            if let Some(error) = unusable(&message.thread, &message.from) {
                return Reading::Unreadable { error };
            }
            clean(&mut message.content.text);
            clean_sender(&mut message.from);
            clean_content(&mut message.content);
            if let Some(letter) = &mut message.letter {
                clean_letter(letter);
            }
            if let Some(choice) = &mut message.choice {
                clean(&mut choice.0);
            }
        }
        Reading::Signal(signal) => {
            if let Some(error) = unusable(&signal.thread, &signal.from) {
                return Reading::Unreadable { error };
            }
            clean_sender(&mut signal.from);
        }
        Reading::Report(report) => {
            report.about.truncate(limits::REPORTED_MAX);
            clean(&mut report.reason);
            if let Some(Address(address)) = &mut report.address {
                clean(address);
            }
        }
        Reading::Filtered { reason: words } | Reading::Unreadable { error: words } => clean(words),
    }
    reading
}

/// Where an item belongs and whom it is from can't be mended by a replacement: that would name somebody else.
fn unusable(thread: &ThreadKey, from: &Sender) -> Option<String> {
    let Address(address) = &from.address;
    [("thread", &thread.0), ("sender's address", address)]
        .into_iter()
        .find(|(_, text)| text.contains('\0'))
        .map(|(what, _)| format!("the {what} contains U+0000"))
}

fn clean_sender(from: &mut Sender) {
    [&mut from.name, &mut from.email, &mut from.language].into_iter().flatten().for_each(clean);
    if from.facts.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
        let facts = std::mem::take(&mut from.facts).into_iter();
        from.facts = facts.map(|(name, value)| (replaced(&name), replaced(&value))).collect();
    }
}

fn clean_content(content: &mut Content) {
    [&mut content.subject, &mut content.written_by].into_iter().flatten().for_each(clean);
    content.folds.iter_mut().for_each(|fold| clean(&mut fold.text));
    for file in &mut content.attachments {
        clean(&mut file.name);
        clean(&mut file.media_type);
    }
}

/// Bounds what a letter says of its place. What can't be kept as it is says nothing: shortened, it would name something else.
fn clean_letter(letter: &mut Letter) {
    let usable = |text: &str| text.len() <= limits::MARK_BYTES_MAX && !text.contains('\0');
    letter.signals.retain(|signal| match &signal.anchor {
        Anchor::Mark(Mark(mark)) => usable(mark),
        Anchor::Delivery(_) | Anchor::Conversation(_) => true,
    });
    letter.signals.truncate(limits::SIGNALS_MAX);
    letter.signals.iter_mut().for_each(|signal| clean(&mut signal.why));
    letter.marks.retain(|Mark(mark)| usable(mark));
    letter.marks.truncate(limits::MARKS_MAX);
    letter.participants.retain(|one| usable(&one.address.0));
    letter.participants.truncate(limits::PARTICIPANTS_MAX);
    letter.participants.iter_mut().filter_map(|one| one.name.as_mut()).for_each(clean);
    letter.unanswered.iter_mut().for_each(clean);
}

fn clean(text: &mut String) {
    if text.contains('\0') {
        *text = replaced(text);
    }
}

fn replaced(text: &str) -> String {
    text.replace('\0', REPLACEMENT)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use switchboard_contract::{InboundMessage, Proof};

    use super::*;

    fn item(id: &str, raw: Vec<u8>, thread: &str, text: &str) -> Inbound {
        let from = Sender {
            address: Address("a".to_owned()),
            name: Some("Ma\0ria".to_owned()),
            email: None,
            proof: Proof::Claimed,
            language: None,
            facts: BTreeMap::from([("pa\0ge".to_owned(), "\0".to_owned())]),
        };
        let content = Content::plain(text);
        let message =
            InboundMessage { from, thread: ThreadKey(thread.to_owned()), content, choice: None, letter: None };
        let reading = Reading::Message(Box::new(message));
        Inbound { external_id: ExternalId(id.to_owned()), occurred_at: None, raw, reading }
    }

    #[test]
    fn what_has_no_id_gets_that_of_its_content() {
        let given = item("", b"hello".to_vec(), "t", "hello");
        let expected = given.content_id();
        assert_eq!(bounded(given).external_id, expected);
    }

    #[test]
    fn an_id_no_database_takes_is_hashed() {
        for odd in ["x".repeat(limits::EXTERNAL_ID_BYTES_MAX + 1), "a\0b".to_owned()] {
            let id = bounded(item(&odd, Vec::new(), "t", "")).external_id.0;
            assert_eq!(id, format!("sha256:{}", ids::token_hash(&odd)));
        }
        let longest = "x".repeat(limits::EXTERNAL_ID_BYTES_MAX);
        assert_eq!(bounded(item(&longest, Vec::new(), "t", "")).external_id.0, longest);
    }

    #[test]
    fn bytes_at_the_limit_are_read_and_one_more_is_told() {
        let fits = bounded(item("1", vec![7; limits::INBOUND_BYTES_MAX], "t", "x"));
        assert!(matches!(fits.reading, Reading::Message(_)));
        let over = bounded(item("1", vec![7; limits::INBOUND_BYTES_MAX + 1], "t", "x"));
        let Reading::Unreadable { error } = over.reading else { panic!("told") };
        assert_eq!(error, "52428801 bytes; at most 52428800 are kept");
    }

    #[test]
    fn a_zero_character_is_replaced_in_words_and_refused_in_names() {
        let Reading::Message(message) = bounded(item("1", Vec::new(), "t", "a\0b")).reading else {
            panic!("a message")
        };
        assert_eq!(message.content.text, "a\u{fffd}b");
        assert_eq!(message.from.name.as_deref(), Some("Ma\u{fffd}ria"));
        assert_eq!(message.from.facts["pa\u{fffd}ge"], "\u{fffd}");
        let Reading::Unreadable { error } = bounded(item("1", Vec::new(), "t\0", "a")).reading else {
            panic!("unreadable")
        };
        assert_eq!(error, "the thread contains U+0000");
    }
}
