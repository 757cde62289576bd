//! What counts as an answer, and what a condition says. Pure.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::flow::{Condition, Test};

/// Words with an `@` between them and a dot after it: enough to catch a slip, never so strict as to refuse a real
/// address.
static EMAIL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"[^\s@<>()\[\]"',;:]+@[^\s@<>()\[\]"',;:.]+(?:\.[^\s@<>()\[\]"',;:.]+)+"#).ok());

/// The only e-mail address among the words.
pub(super) fn email(words: &str) -> Option<String> {
    let mut found = EMAIL.as_ref()?.find_iter(words);
    match (found.next(), found.next()) {
        (Some(only), None) if only.as_str().chars().count() <= 254 => Some(only.as_str().to_owned()),
        _ => None,
    }
}

/// A number within bounds, in one form: a point before decimals, no needless zeros, no groups.
///
/// Germans write 1.000,5 and the English 1,000.5. A sign that doesn't group thousands stands before decimals, whatever the
/// language: few people mean anything else by 2,5.
pub(super) fn number(words: &str, language: &str, min: Option<f64>, max: Option<f64>) -> Option<String> {
    let typed = words.trim().trim_end_matches(['.', '!']);
    let (group, point) = if language.split('-').next() == Some("de") { ('.', ',') } else { (',', '.') };
    let digits = ungrouped(typed, group, point).unwrap_or_else(|| typed.to_owned()).replace(',', ".");
    let (whole, decimals) = digits.split_once('.').unwrap_or((&digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.len() <= 15 && part.chars().all(|c| c.is_ascii_digit());
    if !all_digits(whole.strip_prefix(['-', '+']).unwrap_or(whole)) || !all_digits(decimals) {
        return None;
    }
    let value: f64 = digits.parse().ok()?;
    let fits = min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max);
    // Adding zero makes of minus zero a plain one.
    fits.then(|| (value + 0.0).to_string())
}

/// The number without its groups of thousands; none when it isn't grouped: up to three digits, then groups of exactly three,
/// then perhaps decimals.
fn ungrouped(number: &str, group: char, point: char) -> Option<String> {
    let (whole, decimals) = number.split_once(point).map_or((number, None), |(whole, rest)| (whole, Some(rest)));
    let unsigned = whole.strip_prefix(['-', '+']).unwrap_or(whole);
    let (first, rest) = unsigned.split_once(group)?;
    let leads = (1..=3).contains(&first.len()) && !first.starts_with('0');
    let in_threes = rest.split(group).all(|digits| digits.len() == 3);
    let whole = whole.replace(group, "");
    (leads && in_threes).then(|| decimals.map_or_else(|| whole.clone(), |decimals| format!("{whole}{point}{decimals}")))
}

/// Whether a condition holds for these slots.
pub(super) fn holds(condition: &Condition, slots: &BTreeMap<String, String>) -> bool {
    match condition {
        Condition::All(all) => all.iter().all(|inner| holds(inner, slots)),
        Condition::Any(any) => any.iter().any(|inner| holds(inner, slots)),
        Condition::Not(inner) => !holds(inner, slots),
        Condition::Slot { slot, test, .. } => {
            let value = slots.get(slot).filter(|value| !value.is_empty());
            let number = || value.and_then(|value| value.trim().parse::<f64>().ok());
            match test {
                Test::Is(wanted) => value == Some(wanted),
                Test::In(wanted) => value.is_some_and(|value| wanted.contains(value)),
                Test::Filled(filled) => value.is_some() == *filled,
                Test::AtLeast(bound) => number().is_some_and(|number| number >= *bound),
                Test::Below(bound) => number().is_some_and(|number| number < *bound),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_among_words_when_it_is_the_only_one() {
        for (words, found) in [
            ("ada@example.org", Some("ada@example.org")),
            ("It's Ada.L+x@mail.example.co.uk.", Some("Ada.L+x@mail.example.co.uk")),
            ("<ada@example.org>", Some("ada@example.org")),
            ("jürgen@müller.de", Some("jürgen@müller.de")),
            ("a@b.de or c@d.de", None),
            ("ada@example", None),
            ("@example.org", None),
            ("none", None),
        ] {
            assert_eq!(email(words).as_deref(), found, "{words}");
        }
    }

    #[test]
    fn numbers_come_in_one_form() {
        for (words, found) in [
            ("5", Some("5")),
            (" 05 ", Some("5")),
            ("2,50", Some("2.5")),
            ("2.5!", Some("2.5")),
            ("-3", None),
            ("-0", Some("0")),
            ("99", Some("99")),
            ("100", None),
            ("1e5", None),
            ("inf", None),
            ("1.2.3", None),
            ("", None),
            ("9999999999999999999999", None),
        ] {
            assert_eq!(number(words, "en", Some(0.0), Some(99.0)).as_deref(), found, "{words}");
        }
    }

    #[test]
    fn thousands_are_grouped_as_the_language_does_it() {
        for (words, german, english) in [
            ("1.000", Some("1000"), Some("1")),
            ("1,000", Some("1"), Some("1000")),
            ("1.000,5", Some("1000.5"), None),
            ("1,000.5", None, Some("1000.5")),
            ("12.345.678", Some("12345678"), None),
            ("12,345,678", None, Some("12345678")),
            ("-1.000", Some("-1000"), Some("-1")),
            ("2.5", Some("2.5"), Some("2.5")),
            ("2,5", Some("2.5"), Some("2.5")),
            ("1.0000", Some("1"), Some("1")),
            ("1234.567", Some("1234.567"), Some("1234.567")),
            ("0.500", Some("0.5"), Some("0.5")),
            ("1.00.000", None, None),
            ("1..000", None, None),
            ("1.0a0", None, None),
            ("1.000,", None, None),
            (".000", None, None),
        ] {
            assert_eq!(number(words, "de", None, None).as_deref(), german, "{words} in German");
            assert_eq!(number(words, "de-AT", None, None).as_deref(), german, "{words} in Austria");
            assert_eq!(number(words, "en", None, None).as_deref(), english, "{words} in English");
        }
    }

    #[test]
    fn an_empty_slot_fails_every_test_but_one() {
        let slots = BTreeMap::from([("n".to_owned(), "7".to_owned()), ("e".to_owned(), String::new())]);
        let check = |slot: &str, test: Test| {
            holds(&Condition::Slot { slot: slot.into(), test, at: crate::flow::Place::default() }, &slots)
        };
        assert!(check("n", Test::Is("7".into())) && check("n", Test::In(vec!["8".into(), "7".into()])));
        assert!(check("n", Test::AtLeast(7.0)) && !check("n", Test::Below(7.0)) && check("n", Test::Filled(true)));
        for empty in ["e", "missing"] {
            assert!(check(empty, Test::Filled(false)));
            assert!(!check(empty, Test::Is(String::new())) && !check(empty, Test::Below(1.0)));
        }
        assert!(holds(&Condition::Not(Box::new(Condition::Any(Vec::new()))), &slots));
    }
}
