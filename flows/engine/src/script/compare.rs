//! Compares what was said with what was expected. Pure.

use switchboard_contract::markup::to_plain;

use super::harness::{Heard, Voice};
use super::model::Expected;

/// What stands for any text.
const ANY: char = '…';

/// A text as it is compared: Markdown flattened when it is Markdown, every run of white space one space.
pub(super) fn flat(text: &str, markdown: bool) -> String {
    let plain = if markdown { to_plain(text) } else { text.to_owned() };
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Why something heard isn't what was expected; none when it is.
pub(super) fn difference(expected: &Expected, heard: &Heard) -> Option<String> {
    let voice = if expected.by_bot { Voice::Bot } else { Voice::System };
    if heard.voice != voice {
        return Some(format!("expected {} to speak, but it was {}", name(&voice), name(&heard.voice)));
    }
    if !fits(&expected.text, &flat(&heard.text, heard.markdown)) {
        return Some("the text differs".to_owned());
    }
    let labels: Vec<&str> = heard.choices.iter().map(|choice| choice.label.as_str()).collect();
    if expected.choices.as_ref().is_some_and(|wanted| *wanted != labels) {
        return Some(format!("the options differ: offered were {}", options(&labels)));
    }
    let title = heard.citation.as_ref().map(|citation| citation.title.as_str());
    if expected.citation.is_some() && expected.citation.as_deref() != title {
        return Some(format!("the source differs: it is {}", title.unwrap_or("not named")));
    }
    None
}

pub(super) fn name(voice: &Voice) -> &str {
    match voice {
        Voice::Bot => "bot",
        Voice::System => "system",
        Voice::Agent(name) => name,
    }
}

pub(super) fn options(labels: &[&str]) -> String {
    labels.iter().map(|label| format!("[{label}]")).collect::<Vec<_>>().join(" ")
}

/// Whether a text fits one with wildcards. What is expected is what the customer reads, never Markdown: signs that should
/// have been escaped show.
fn fits(expected: &str, text: &str) -> bool {
    glob(&flat(expected, false), text)
}

/// Whether the pieces between the wildcards stand in the text in their order, the outer ones at its ends.
fn glob(wanted: &str, text: &str) -> bool {
    let pieces: Vec<&str> = wanted.split(ANY).map(str::trim).collect();
    let [first, middle @ .., last] = pieces.as_slice() else { return text == wanted };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for piece in middle {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use switchboard_contract::{Choice, ChoiceId, Citation};

    use super::*;

    #[test]
    fn wildcards_stand_for_any_text() {
        for (wanted, text, same) in [
            ("Hello there", "Hello there", true),
            ("Hello", "Hello there", false),
            ("Hello …", "Hello there", true),
            ("… there", "Hello there", true),
            ("Hello … there", "Hello you there", true),
            ("Hello … there", "Hello there", true),
            ("…", "", true),
            ("a … b … c", "a x b y c", true),
            ("a … b … c", "a x c", false),
            ("ab … ba", "aba", false),
            ("**Bold** _word_", "Bold word", false),
            ("**Bold** _word_", "**Bold** _word_", true),
            ("1. one", "1. one", true),
        ] {
            assert_eq!(fits(wanted, text), same, "{wanted:?} and {text:?}");
        }
    }

    #[test]
    fn speaker_options_and_source_count_too() {
        let choice = |label: &str| Choice { id: ChoiceId(label.into()), label: label.into(), synonyms: Vec::new() };
        let heard = Heard {
            voice: Voice::Bot,
            text: "Hello".into(),
            markdown: true,
            choices: vec![choice("One"), choice("Two")],
            citation: Some(Citation { title: "Title".into(), url: None }),
        };
        let expect = |by_bot, choices: Option<&[&str]>, citation: Option<&str>| Expected {
            by_bot,
            text: "Hello".into(),
            choices: choices.map(|labels| labels.iter().map(|label| (*label).to_owned()).collect()),
            citation: citation.map(str::to_owned),
        };
        for (expected, same) in [
            (expect(true, None, None), true),
            (expect(true, Some(&["One", "Two"]), Some("Title")), true),
            (expect(false, None, None), false),
            (expect(true, Some(&["One"]), None), false),
            (expect(true, Some(&["Two", "One"]), None), false),
            (expect(true, None, Some("Other")), false),
        ] {
            assert_eq!(difference(&expected, &heard).is_none(), same, "{expected:?}");
        }
    }
}
