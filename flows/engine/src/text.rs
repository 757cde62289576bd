//! Texts in several languages, patterns, and the folding of words before they are compared.

use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};
use unicode_normalization::UnicodeNormalization;

use crate::limits;

/// A text, the same for all languages or one for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalText {
    /// One text for everybody.
    Same(String),
    /// A text by language tag.
    By(BTreeMap<String, String>),
}

impl LocalText {
    /// The text in `language`, else in `default`, else in any language, else empty.
    pub fn get(&self, language: &str, default: &str) -> &str {
        match self {
            Self::Same(text) => text,
            Self::By(texts) => [language, default]
                .iter()
                .find_map(|tag| texts.get(*tag))
                .or_else(|| texts.values().next())
                .map_or("", String::as_str),
        }
    }

    /// Whether there is a text for `language` without falling back.
    pub fn has(&self, language: &str) -> bool {
        match self {
            Self::Same(_) => true,
            Self::By(texts) => texts.contains_key(language),
        }
    }

    /// Every text with its language; the language is empty for a text that is the same for all.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let (same, by) = match self {
            Self::Same(text) => (Some(("", text.as_str())), None),
            Self::By(texts) => (None, Some(texts)),
        };
        same.into_iter().chain(by.into_iter().flatten().map(|(tag, text)| (tag.as_str(), text.as_str())))
    }
}

/// A regular expression that ignores letter case, with its source.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: String,
    regex: Regex,
}

impl Pattern {
    /// Compiles a pattern that is searched for anywhere in a text.
    ///
    /// # Errors
    /// What is wrong with the pattern, in one line: its syntax, or its size.
    pub fn anywhere(source: &str) -> Result<Self, String> {
        Self::compile(source, source)
    }

    /// Compiles a pattern that has to match a whole text.
    ///
    /// # Errors
    /// As [`Pattern::anywhere`].
    pub fn whole(source: &str) -> Result<Self, String> {
        Self::compile(source, &format!("^(?:{source})$"))
    }

    fn compile(source: &str, full: &str) -> Result<Self, String> {
        if source.len() > limits::PATTERN_BYTES_MAX {
            return Err(format!("a pattern has at most {} bytes", limits::PATTERN_BYTES_MAX));
        }
        RegexBuilder::new(full)
            .case_insensitive(true)
            .size_limit(limits::PATTERN_COMPILED_BYTES_MAX)
            .build()
            .map(|regex| Self { source: source.to_owned(), regex })
            .map_err(|error| {
                let told = error.to_string();
                let last = told.lines().last().unwrap_or_default().trim();
                last.strip_prefix("error: ").unwrap_or(last).to_owned()
            })
    }

    /// The pattern as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether what it matches is the whole text.
    pub fn spans(&self, text: &str) -> bool {
        self.regex.find(text).is_some_and(|found| found.len() == text.len())
    }

    /// Whether it matches.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.regex.as_str() == other.regex.as_str()
    }
}

impl Eq for Pattern {}

/// Folds an utterance for comparison: compatibility forms unified (NFKC), lower case, one kind of apostrophe, invisible
/// characters gone, white space single, outer punctuation gone but for a final question mark.
///
/// A text of nothing but signs stays as it is, so that a thumbs-up is still one.
pub fn fold(text: &str) -> String {
    let unified: String = text
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !is_invisible(*c))
        .map(|c| if matches!(c, '’' | '‘' | 'ʼ' | '´' | '`' | '′') { '\'' } else { c })
        .collect();
    let single = unified.split_whitespace().collect::<Vec<_>>().join(" ");
    let inner = single.trim_matches(|c: char| !c.is_alphanumeric());
    if inner.is_empty() {
        return single;
    }
    let asks = single.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '?').ends_with('?');
    if asks { format!("{inner}?") } else { inner.to_owned() }
}

/// The words of a folded text with single spaces around each, for finding whole words in it.
pub(crate) fn spaced_words(folded: &str) -> String {
    let words = folded.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty());
    let mut out = String::from(" ");
    for word in words {
        out.push_str(word);
        out.push(' ');
    }
    out
}

/// Control, zero-width and bidirectional characters: they hide in words without being seen. White space is not among
/// them.
fn is_invisible(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The first `max` characters of a text.
pub(crate) fn cut(text: &str, max: usize) -> String {
    text.char_indices().nth(max).map_or(text, |(at, _)| &text[..at]).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_unifies_what_people_type_differently() {
        for (typed, folded) in [
            ("  Hello,   World!! ", "hello, world"),
            ("What?!", "what?"),
            ("¿Qué?", "qué?"),
            ("I don’t KNOW…", "i don't know"),
            ("ＦＵＬＬ　ｗｉｄｔｈ", "full width"),
            ("hu\u{200b}man", "human"),
            ("👍", "👍"),
            ("?", "?"),
            ("", ""),
        ] {
            assert_eq!(fold(typed), folded, "{typed:?}");
        }
    }

    #[test]
    fn a_text_falls_back_to_the_default_language_and_then_to_any() {
        let text = LocalText::By([("de", "Hallo"), ("en", "Hello")].map(|(k, v)| (k.to_owned(), v.to_owned())).into());
        assert_eq!(text.get("de", "en"), "Hallo");
        assert_eq!(text.get("fr", "en"), "Hello");
        assert_eq!(text.get("fr", "es"), "Hallo");
        assert_eq!(LocalText::Same("Hi".into()).get("fr", "es"), "Hi");
    }

    #[test]
    fn a_pattern_that_is_too_large_is_refused_before_it_costs_anything() {
        assert!(Pattern::anywhere("(").is_err_and(|why| why.contains("unclosed group")));
        assert!(Pattern::anywhere(&"a".repeat(2_000)).is_err());
        assert!(Pattern::anywhere("((a{1000}){1000}){1000}").is_err());
        assert!(Pattern::whole("a|b").is_ok_and(|p| p.is_match("B") && !p.is_match("ab")));
    }

    #[test]
    fn cutting_counts_characters() {
        assert_eq!(cut("äöü", 2), "äö");
        assert_eq!(cut("äöü", 9), "äöü");
    }
}
