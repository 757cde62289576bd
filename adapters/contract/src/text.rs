//! Text handling that every channel needs: folding for comparison, splitting at a limit.

use unicode_segmentation::UnicodeSegmentation;

use crate::capabilities::TextUnit;

/// Folds a text for comparison: lower case, surrounding punctuation gone, runs of white space one space.
pub fn fold(text: &str) -> String {
    let lower = text.to_lowercase();
    let trimmed = lower.trim_matches(|c: char| c.is_whitespace() || (!c.is_alphanumeric() && c.is_ascii_punctuation()));
    trimmed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Splits a text into parts of at most `max` of `unit`, never inside a grapheme, at the best place at hand: the end of a
/// paragraph, a line, a sentence or a word, and only then anywhere.
///
/// A single grapheme longer than `max` (hostile: a letter with a thousand accents) is cut between its scalar values. White
/// space at a cut is dropped; nothing else is. `max` below 4 counts as 4, so that every scalar value fits.
pub fn split(text: &str, max: usize, unit: TextUnit) -> Vec<String> {
    let max = max.max(4);
    let mut parts = Vec::new();
    let mut rest = text.trim_end();
    while unit.len(rest) > max {
        let fitting = fitting_prefix(rest, max, unit);
        let cut = best_cut(&rest[..fitting]).unwrap_or(fitting);
        let (head, tail) = rest.split_at(cut);
        let head = head.trim_end();
        if !head.is_empty() {
            parts.push(head.to_owned());
        }
        rest = tail.trim_start();
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(rest.to_owned());
    }
    parts
}

/// The length in bytes of the longest run of whole graphemes that fits; of scalar values when not even one grapheme does.
fn fitting_prefix(text: &str, max: usize, unit: TextUnit) -> usize {
    let whole = longest(text.graphemes(true), max, unit);
    if whole > 0 { whole } else { longest(text.split_inclusive(|_| true), max, unit) }
}

fn longest<'a>(pieces: impl Iterator<Item = &'a str>, max: usize, unit: TextUnit) -> usize {
    let (mut used, mut bytes) = (0, 0);
    for piece in pieces {
        used += unit.len(piece);
        if used > max {
            break;
        }
        bytes += piece.len();
    }
    bytes
}

/// The end of the last paragraph, line, sentence or word in the second half of `text`.
fn best_cut(text: &str) -> Option<usize> {
    let half = text.len() / 2;
    ["\n\n", "\n", ". ", " "]
        .iter()
        .find_map(|mark| text.rfind(mark).map(|at| at + mark.len()).filter(|cut| *cut > half))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_at_the_limit_stays_whole_and_one_over_is_split() {
        assert_eq!(split(&"a".repeat(10), 10, TextUnit::Chars).len(), 1);
        assert_eq!(split(&"a".repeat(11), 10, TextUnit::Chars), ["a".repeat(10), "a".to_owned()]);
    }

    #[test]
    fn the_cut_falls_between_words_and_drops_only_white_space() {
        assert_eq!(split("one two three four", 10, TextUnit::Chars), ["one two", "three four"]);
    }

    #[test]
    fn a_grapheme_is_not_cut() {
        let family = "👨‍👩‍👧‍👦";
        let parts = split(&family.repeat(3), 12, TextUnit::Utf16);
        assert_eq!(parts, [family, family, family]);
    }

    #[test]
    fn a_monstrous_grapheme_is_cut_between_scalar_values() {
        let zalgo = format!("e{}", "\u{301}".repeat(50));
        let parts = split(&zalgo, 10, TextUnit::Chars);
        assert_eq!(parts.concat(), zalgo);
        assert!(parts.iter().all(|part| part.chars().count() <= 10));
    }

    #[test]
    fn folding_ignores_case_space_and_outer_punctuation() {
        assert_eq!(fold("  «Yes,\n please!» "), "«yes, please!»");
        assert_eq!(fold("...NO!"), "no");
    }
}
