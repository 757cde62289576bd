//! Options a contact can pick, and how an answer finds its option again.

use serde::{Deserialize, Serialize};

use crate::text::fold;

/// Names an option within its conversation. Opaque to adapters: they carry it and compare it, never read it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChoiceId(pub String);

/// One option of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What comes back when the contact picks it.
    pub id: ChoiceId,
    /// What the contact sees.
    pub label: String,
    /// Other words that mean this option, for channels and people who type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synonyms: Vec<String>,
}

/// Finds the option a typed answer means: its number in the list (from 1), its label, or one of its synonyms.
///
/// Letter case, accents' encoding, surrounding punctuation and spaces do not matter. A text that fits two options fits none.
pub fn resolve<'a>(choices: &'a [Choice], answer: &str) -> Option<&'a Choice> {
    let wanted = fold(answer);
    if wanted.is_empty() {
        return None;
    }
    let numbered = wanted.parse::<usize>().ok().and_then(|number| choices.get(number.checked_sub(1)?));
    let mut named = choices.iter().filter(|choice| names(choice).any(|name| fold(name) == wanted));
    match (named.next(), named.next()) {
        (Some(only), None) => Some(only),
        (Some(_), Some(_)) => None,
        (None, _) => numbered,
    }
}

fn names(choice: &Choice) -> impl Iterator<Item = &str> {
    std::iter::once(choice.label.as_str()).chain(choice.synonyms.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(id: &str, label: &str, synonyms: &[&str]) -> Choice {
        Choice {
            id: ChoiceId(id.into()),
            label: label.into(),
            synonyms: synonyms.iter().map(|s| (*s).to_owned()).collect(),
        }
    }

    #[track_caller]
    fn check(answer: &str, expected: Option<&str>) {
        let choices = [
            choice("off", "All lights off", &["off", "dark"]),
            choice("red", "A red light", &["red"]),
            choice("two", "2 lights", &["both", "red"]),
        ];
        assert_eq!(resolve(&choices, answer).map(|c| c.id.0.as_str()), expected, "{answer:?}");
    }

    #[test]
    fn numbers_labels_and_synonyms_resolve() {
        check("1", Some("off"));
        check(" 2. ", Some("red"));
        check("ALL LIGHTS OFF!", Some("off"));
        check("Dark", Some("off"));
        check("2 lights", Some("two"));
    }

    #[test]
    fn what_fits_none_or_two_resolves_to_none() {
        check("red", None);
        check("0", None);
        check("4", None);
        check("", None);
        check("blinking", None);
        check("99999999999999999999999", None);
    }
}
