//! Words out of what people write: case, apostrophes, punctuation and invisible characters don't matter; emoji do.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The words of a text, in order: NFKC, lower case, apostrophes dropped (`can't` is `cant`), an emoji a word of its own.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut finish = |word: &mut String| {
        if word.chars().any(char::is_alphanumeric) {
            words.push(std::mem::take(word));
        }
        word.clear();
    };
    let mut emoji = Vec::new();
    for c in text.nfkc().flat_map(char::to_lowercase) {
        if is_invisible(c) || is_apostrophe(c) {
            continue;
        }
        if c.is_alphanumeric() || (is_combining_mark(c) && !word.is_empty()) {
            word.push(c);
        } else {
            finish(&mut word);
            if is_emoji(c) {
                emoji.push(c.to_string());
            }
        }
    }
    finish(&mut word);
    words.extend(emoji);
    words
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bc}' | '`' | '\u{b4}')
}

/// Soft hyphens, joiners, direction marks and variation selectors: nobody sees them, so they must not tell words apart.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}' | '\u{2b50}' | '\u{231a}'..='\u{23ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_is_said_and_not_how_it_is_typed() {
        for (text, expected) in [
            ("I can't log in!!", vec!["i", "cant", "log", "in"]),
            ("I can\u{2019}t log in", vec!["i", "cant", "log", "in"]),
            ("WI\u{ad}FI\u{200b} down…", vec!["wifi", "down"]),
            ("ｐａｓｓｗｏｒｄ", vec!["password"]),
            ("Gerät läuft nicht", vec!["gerät", "läuft", "nicht"]),
            ("Gera\u{308}t", vec!["gerät"]),
            ("e-mail", vec!["e", "mail"]),
            ("help 😡🔥", vec!["help", "😡", "🔥"]),
            ("?!… --", vec![]),
            ("", vec![]),
            ("404", vec!["404"]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }
}
