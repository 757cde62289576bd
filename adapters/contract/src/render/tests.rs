use super::*;
use crate::capabilities::{Pace, TextUnit};
use crate::choice::{ChoiceId, resolve};

fn plain_channel() -> Capabilities {
    Capabilities {
        text_max: 64,
        text_unit: TextUnit::Chars,
        inbound_text_max: 64,
        markup: Support::Fallback,
        choices: Support::Fallback,
        choices_max: 0,
        choice_label_max: 0,
        attachments: Support::Rejected,
        attachment_bytes_max: 0,
        typing: Support::Dropped,
        receipts: Support::Dropped,
        idempotent_send: false,
        context: false,
        pace: Pace::default(),
    }
}

fn rich_channel() -> Capabilities {
    Capabilities {
        markup: Support::Full,
        choices: Support::Partial,
        choices_max: 3,
        choice_label_max: 10,
        ..plain_channel()
    }
}

fn choices(labels: &[&str]) -> Vec<Choice> {
    labels
        .iter()
        .enumerate()
        .map(|(index, label)| Choice {
            id: ChoiceId(index.to_string()),
            label: (*label).to_owned(),
            synonyms: Vec::new(),
        })
        .collect()
}

#[test]
fn choices_become_a_numbered_list_where_there_are_no_buttons() {
    let content = Content::plain("Which one?").with_choices(choices(&["Red", "Blue"]));
    let rendered = render(&content, &plain_channel()).expect("renders");
    assert_eq!(rendered.parts[0].text, "Which one?\n\n1. Red\n2. Blue");
    assert!(rendered.parts[0].choices.is_empty());
}

#[test]
fn whatever_happened_to_a_choice_its_answer_resolves() {
    let all = choices(&["A very long label indeed", "Blue"]);
    let content = Content::plain("Which?").with_choices(all.clone());
    let rendered = render(&content, &rich_channel()).expect("renders");
    let shown = &rendered.parts[0].choices[0];
    assert_eq!(shown.label, "A very lo…");
    assert_eq!(shown.id, all[0].id);
    assert_eq!(resolve(&all, "2").map(|c| &c.id), Some(&all[1].id));
    assert_eq!(resolve(&all, "a very long label indeed").map(|c| &c.id), Some(&all[0].id));
}

#[test]
fn more_choices_than_the_channel_shows_become_a_list() {
    let content = Content::plain("Which?").with_choices(choices(&["a", "b", "c", "d"]));
    let rendered = render(&content, &rich_channel()).expect("renders");
    assert!(rendered.parts[0].choices.is_empty() && rendered.parts[0].text.ends_with("4. d"));
}

#[test]
fn markup_is_kept_or_flattened() {
    let content = Content::markdown("**Hi**");
    assert_eq!(render(&content, &rich_channel()).expect("renders").parts[0].text, "**Hi**");
    assert_eq!(render(&content, &plain_channel()).expect("renders").parts[0].text, "Hi");
}

#[test]
fn the_source_is_named_even_in_plain_text() {
    let citation = Some(Citation { title: "Resets".to_owned(), url: Some("https://h.example/r".to_owned()) });
    let content = Content { citation: citation.clone(), ..Content::plain("Do it.") };
    assert_eq!(
        render(&content, &plain_channel()).expect("renders").parts[0].text,
        "Do it.\n\n(Resets: https://h.example/r)"
    );
    assert_eq!(render(&content, &rich_channel()).expect("renders").parts[0].citation, citation);
}

#[test]
fn what_the_channel_rejects_is_an_error_not_a_silence() {
    let file = Attachment {
        name: "a.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        size_bytes: 11,
        key: "k".to_owned(),
    };
    let content = Content { attachments: vec![file], ..Content::plain("see file") };
    assert!(matches!(render(&content, &plain_channel()), Err(RenderError::AttachmentsRejected { .. })));
    let small = Capabilities { attachments: Support::Full, attachment_bytes_max: 10, ..plain_channel() };
    let error = render(&content, &small).expect_err("one byte over the limit");
    assert_eq!(error.to_string(), "`a.pdf` has 11 bytes; this channel carries at most 10");
    assert_eq!(render(&Content::plain("  "), &plain_channel()), Err(RenderError::Empty));
}

#[test]
fn a_long_text_is_split_and_its_options_stand_on_the_last_part() {
    let content = Content::plain("word ".repeat(30)).with_choices(choices(&["Yes"]));
    let rendered = render(&content, &rich_channel()).expect("renders");
    assert!(rendered.parts.len() > 1);
    assert!(rendered.parts.iter().all(|part| part.text.chars().count() <= 64));
    assert!(rendered.parts[0].choices.is_empty() && rendered.parts.last().is_some_and(|p| p.choices.len() == 1));
}
