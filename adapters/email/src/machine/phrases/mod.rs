//! How machines word it, in the languages they do it in. All lower case.

mod absence;
mod subjects;
mod texts;

pub(crate) use absence::{AUTO_PREFIXES, AWAY_WORDS};
pub(crate) use subjects::BOUNCE_SUBJECTS;
pub(crate) use texts::{BOUNCE_TEXTS, DELAY_TEXTS};

/// Whether one of `known` is part of `text` (lower case).
pub(crate) fn any(text: &str, known: &[&str]) -> bool {
    known.iter().any(|word| text.contains(word))
}

/// How many of `known` are part of `text`, counted up to `enough`.
pub(crate) fn count(text: &str, known: &[&str], enough: usize) -> usize {
    known.iter().filter(|word| text.contains(**word)).take(enough).count()
}
