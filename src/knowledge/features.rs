//! What two wordings can have in common: words, pairs of words, and pieces of words. The pieces find `resetting` near
//! `reset` and the parts of German compounds without a dictionary.

use std::collections::HashSet;
use std::sync::LazyLock;

/// The longest word whose pieces are looked at, in characters.
const WORD_CHARS_MAX: usize = 40;
const PIECES: std::ops::RangeInclusive<usize> = 3..=5;

/// One feature with the share it has in its wording, before it is known how rare it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Feature {
    /// Unique over all kinds: `=word`, `=word next`, `piece`.
    pub name: String,
    /// How much it counts.
    pub weight: f32,
}

/// How much each kind counts. A stop word keeps a part of its weight: "not working" and "how long" say something.
#[derive(Debug, Clone, Copy)]
struct Weights {
    word: f32,
    pair: f32,
    pieces: f32,
    stop: f32,
}

const WEIGHTS: Weights = Weights { word: 1.0, pair: 0.5, pieces: 1.3, stop: 0.7 };

/// The features of a wording; the same one may come several times.
pub(super) fn features<S: AsRef<str>>(words: &[S]) -> Vec<Feature> {
    let mut features = Vec::with_capacity(words.len() * 16);
    for word in words {
        let word = word.as_ref();
        let damped = if is_stop_word(word) { WEIGHTS.stop } else { 1.0 };
        features.push(Feature { name: format!("={word}"), weight: WEIGHTS.word * damped });
        pieces(word, WEIGHTS.pieces * damped, &mut features);
    }
    for pair in words.windows(2) {
        let (first, second) = (pair[0].as_ref(), pair[1].as_ref());
        let damped = match (is_stop_word(first), is_stop_word(second)) {
            (true, true) => WEIGHTS.stop,
            (true, false) | (false, true) => f32::midpoint(WEIGHTS.stop, 1.0),
            (false, false) => 1.0,
        };
        features.push(Feature { name: format!("={first} {second}"), weight: WEIGHTS.pair * damped });
    }
    features
}

/// The pieces of one word weigh as much together as a long word's or a short word's would.
fn pieces(word: &str, weight: f32, features: &mut Vec<Feature>) {
    let marked: Vec<char> =
        std::iter::once('<').chain(word.chars().take(WORD_CHARS_MAX)).chain(std::iter::once('>')).collect();
    let begin = features.len();
    for size in PIECES {
        features.extend(marked.windows(size).map(|piece| Feature { name: piece.iter().collect(), weight: 0.0 }));
    }
    let count = u16::try_from(features.len() - begin).unwrap_or(u16::MAX);
    let share = weight / f32::from(count.max(1)).sqrt();
    for piece in &mut features[begin..] {
        piece.weight = share;
    }
}

/// Whether a word says nothing by itself.
pub(super) fn is_stop_word(word: &str) -> bool {
    static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| STOP_WORDS.split_whitespace().collect());
    WORDS.contains(word)
}

/// English and German. Words that carry a question's sense ("not", "no", "off", "out", "nicht", "kein") are not among them.
const STOP_WORDS: &str = "
a about actually after again all also am an and any anybody anyone anything are as ask at be because been being but by can could
did do does doing done dont for from get gets getting give go going got had has have having he hello help her here hey hi him his
how hows i id if ill im in into is isnt it its ive just know let lets like many may maybe me might more most much must my need
needs now of ok okay on one or our ours please possible really say she should so some somebody someone something sorry still
tell than thank thanks that thats the their them then there theres these they thing things think this those to too try trying u
us very want wants was way we were what whats when where wheres which while who whos why will with wont would you your yours youre
aber alle als also am an auch auf aus bei bin bis bitte da damit danke dann das dass dein deine dem den denn der des dich die dies
diese dieser dieses dir doch du ein eine einem einen einer eines er es etwas euch euer eure fuer für gibt ich habe haben hallo hat
hier hilfe ich ihm ihn ihnen ihr ihre ihren im in ist ja jetzt kann kannst können könnte könnt mal man mein meine meinem meinen
meiner mich mir mit moechte muss möchte nach noch nur ob oder schon sehr sein seine sich sie sind so soll sollte und uns unser
unsere vom von vor wann warum was weil welche welcher welches wenn wer werden wie wieso will wir wird wo wurde würde zu zum zur";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wording_has_words_pairs_and_pieces() {
        let names: Vec<_> = features(&["no", "tv"]).into_iter().map(|feature| feature.name).collect();
        assert_eq!(names, ["=no", "<no", "no>", "<no>", "=tv", "<tv", "tv>", "<tv>", "=no tv"]);
    }

    #[test]
    fn the_pieces_of_a_long_word_weigh_no_more_than_those_of_a_short_one() {
        let energy = |word: &str| {
            let pieces = features(&[word]).into_iter().filter(|feature| !feature.name.starts_with('='));
            pieces.map(|piece| piece.weight * piece.weight).sum::<f32>()
        };
        assert!((energy("tv") - energy("internetverbindung")).abs() < 1e-4);
        assert!((energy("tv") - energy(&"x".repeat(10_000))).abs() < 1e-4);
    }
}
