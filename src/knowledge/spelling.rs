//! A little help with spelling: a word nobody has used here is read as the one known word it can only have meant.

use std::collections::{BTreeMap, BTreeSet};

use super::features::is_stop_word;

/// The shortest word that is corrected, in characters.
const SHORT: usize = 4;
/// From this length on two slips are forgiven, before it one.
const LONG: usize = 8;
/// Words of one question that are looked up.
const LOOKUPS_MAX: usize = 12;
/// A word this long at the beginning makes two words akin: `reset` and `resetting`.
const AKIN: usize = 5;

/// The words that the examples use.
#[derive(Debug, Default)]
pub(super) struct Spelling {
    known: BTreeSet<String>,
    /// By the first letter, which people rarely miss.
    by_letter: BTreeMap<char, Vec<String>>,
}

impl Spelling {
    pub(super) fn new(known: BTreeSet<String>) -> Self {
        let mut by_letter: BTreeMap<char, Vec<String>> = BTreeMap::new();
        for word in known.iter().filter(|word| word.chars().count() >= SHORT && !is_stop_word(word)) {
            if let Some(first) = word.chars().next() {
                by_letter.entry(first).or_default().push(word.clone());
            }
        }
        Self { known, by_letter }
    }

    /// Corrects in place; returns what was changed: as written, as read.
    pub(super) fn correct(&self, words: &mut [String]) -> Vec<(String, String)> {
        let unknown = words.iter_mut().filter(|word| !self.known.contains(*word) && !is_stop_word(word));
        let mut corrected = Vec::new();
        for word in unknown.take(LOOKUPS_MAX) {
            if let Some(meant) = self.meant(word) {
                corrected.push((std::mem::replace(word, meant.to_owned()), meant.to_owned()));
            }
        }
        corrected
    }

    /// The known word with the fewest slips; among equals the one that begins the same for longer. None when that is no one
    /// word.
    fn meant(&self, word: &str) -> Option<&str> {
        let length = word.chars().count();
        if length < SHORT || word.chars().any(|c| c.is_ascii_digit()) {
            return None;
        }
        let slips = if length >= LONG { 2 } else { 1 };
        let near = self.by_letter.get(&word.chars().next()?)?.iter().filter_map(|known| {
            let close = known.len().abs_diff(word.len()) <= 2 * slips;
            let far = if close { strsim::osa_distance(word, known) } else { usize::MAX };
            (far <= slips).then_some(((far, usize::MAX - same_beginning(word, known)), known.as_str()))
        });
        let mut near: Vec<_> = near.collect();
        near.sort_unstable();
        match near.as_slice() {
            [(_, only)] => Some(only),
            [(best, word), (second, _), ..] if best < second => Some(word),
            _ => None,
        }
    }

    /// Whether a word is known or begins like a known one.
    pub(super) fn is_akin(&self, word: &str) -> bool {
        if self.known.contains(word) {
            return true;
        }
        let beginning: String = word.chars().take(AKIN).collect();
        let next = self.known.range(beginning.clone()..).next();
        beginning.chars().count() == AKIN && next.is_some_and(|known| known.starts_with(&beginning))
    }
}

/// The bytes two words have in common at the beginning.
fn same_beginning(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_mended_when_only_one_word_can_be_meant() {
        let known = ["account", "amount", "internet", "password", "order", "return", "returns", "wifi"];
        let spelling = Spelling::new(known.iter().map(|word| (*word).to_owned()).collect());
        for (written, read) in [
            ("acount", "account"),
            ("passwrod", "password"),
            ("pasword", "password"),
            ("intrnt", "intrnt"),      // two slips in a short word
            ("intenrett", "internet"), // two in a long one
            ("retur", "return"),
            ("ordre", "order"),
            ("xrder", "xrder"), // people know how a word begins
            ("wfi", "wfi"),     // too short
            ("order", "order"),
            ("orde7", "orde7"), // a number is not a slip
            ("please", "please"),
        ] {
            let mut words = vec![written.to_owned()];
            let corrected = spelling.correct(&mut words);
            assert_eq!(words, [read], "{written}");
            assert_eq!(corrected.is_empty(), written == read);
        }
    }

    #[test]
    fn words_that_begin_alike_are_akin() {
        let spelling = Spelling::new(["reset", "passwort"].iter().map(|word| (*word).to_owned()).collect());
        for (word, akin) in
            [("reset", true), ("resetting", true), ("passwortfrage", true), ("rest", false), ("pass", false)]
        {
            assert_eq!(spelling.is_akin(word), akin, "{word}");
        }
    }
}
