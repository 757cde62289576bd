//! Patterns made of lists of words.

use std::sync::LazyLock;

use regex::Regex;

/// A pattern of this crate: made when first used. One that doesn't compile matches nothing, and a test finds it.
pub(super) struct Pattern(LazyLock<Option<Regex>>);

impl Pattern {
    pub(super) const fn new(make: fn() -> Option<Regex>) -> Pattern {
        Pattern(LazyLock::new(make))
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|pattern| pattern.is_match(text))
    }

    /// The end of the first match.
    pub(super) fn end(&self, text: &str) -> Option<usize> {
        self.0.as_ref().and_then(|pattern| pattern.find(text)).map(|found| found.end())
    }

    #[cfg(test)]
    pub(super) fn compiles(&self) -> bool {
        self.0.is_some()
    }
}

/// Words parted by `|` as alternatives of a pattern, longest first. Spaces stand for any white space.
pub(super) fn any_of(words: &str) -> String {
    let mut words: Vec<String> = words.split('|').map(|word| regex::escape(word.trim()).replace(' ', r"\s+")).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.join("|")
}
