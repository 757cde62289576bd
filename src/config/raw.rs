//! Reading one value as what a setting expects.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

use toml::Value;

use super::network::Network;
use super::secret::Secret;
use crate::store::Target;

/// A value as it was given. Variables and flags are texts, whatever is expected of them.
pub(super) struct Raw<'a> {
    pub(super) value: &'a Value,
    pub(super) is_text: bool,
}

/// What was expected, when it is not what was found.
pub(super) type Expected = String;

impl Raw<'_> {
    pub(super) fn text(&self) -> Result<&str, Expected> {
        self.value.as_str().ok_or_else(|| "a text in quotes".to_owned())
    }

    pub(super) fn text_of(&self, length: RangeInclusive<usize>) -> Result<&str, Expected> {
        let text = self.text()?;
        let fits = length.contains(&text.chars().count());
        fits.then_some(text).ok_or_else(|| format!("{} to {} characters", length.start(), length.end()))
    }

    pub(super) fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, Expected> {
        let given = self.value.as_str();
        words.iter().find(|(word, _)| given == Some(word)).map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            let near = given.map(|given| super::problem::did_you_mean(given, self::inner(&words)));
            format!("one of {}{}", words.join(", "), near.unwrap_or_default())
        })
    }

    pub(super) fn whole(&self, range: RangeInclusive<u32>) -> Result<u32, Expected> {
        let number = match self.value {
            Value::String(text) if self.is_text => text.trim().parse().ok(),
            Value::Integer(number) => u32::try_from(*number).ok(),
            Value::String(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Array(_)
            | Value::Table(_) => None,
        };
        let fits = number.filter(|number| range.contains(number));
        fits.ok_or_else(|| format!("a whole number from {} to {}", range.start(), range.end()))
    }

    pub(super) fn address(&self) -> Result<SocketAddr, Expected> {
        let address = self.value.as_str().and_then(|text| text.parse().ok());
        address.ok_or_else(|| "an address and port such as \"127.0.0.1:8080\"".to_owned())
    }

    pub(super) fn networks(&self) -> Result<Vec<Network>, Expected> {
        self.list().ok_or_else(|| "a list of addresses or networks such as [\"10.0.0.0/8\", \"::1\"]".to_owned())
    }

    /// A list; in a text the items stand between commas.
    fn list<T: FromStr>(&self) -> Option<Vec<T>> {
        match self.value {
            Value::String(text) if self.is_text => {
                text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(|item| item.parse().ok()).collect()
            }
            Value::Array(items) => items.iter().map(|item| item.as_str()?.parse().ok()).collect(),
            Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Table(_) => None,
        }
    }

    /// Empty, or `https://host[:port]` without a path; a slash at the end is dropped.
    pub(super) fn base_url(&self) -> Result<Option<String>, Expected> {
        let expected = || "an address such as \"https://help.example.com\", without a path".to_owned();
        let text = self.value.as_str().ok_or_else(expected)?.trim_end_matches('/');
        if text.is_empty() {
            return Ok(None);
        }
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or_else(expected)?;
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | ':' | '[' | ']');
        let fits = host.starts_with(|c: char| c.is_alphanumeric() || c == '[') && host.chars().all(plain);
        fits.then(|| Some(text.to_owned())).ok_or_else(expected)
    }

    /// Empty, or the address of a PostgreSQL database. Never shown: it may hold a password.
    pub(super) fn database_url(&self) -> Result<Option<Secret>, Expected> {
        let expected = || "an address such as \"postgres://switchboard@db.example.com/switchboard\"".to_owned();
        let text = self.value.as_str().ok_or_else(expected)?;
        if text.is_empty() {
            return Ok(None);
        }
        Target::postgres(text).ok_or_else(expected)?;
        Ok(Some(Secret::new(text)))
    }

    /// A level, or levels by part: `info,switchboard::outbox=debug`.
    pub(super) fn levels(&self) -> Result<&str, Expected> {
        let level = |word: &str| ["off", "error", "warn", "info", "debug", "trace"].contains(&word);
        let directive = |part: &str| {
            let (target, word) = part.split_once('=').unwrap_or(("-", part));
            !target.is_empty() && target.chars().all(|c| c.is_alphanumeric() || "_-:".contains(c)) && level(word)
        };
        let text = self.value.as_str().filter(|text| text.split(',').all(|part| directive(part.trim())));
        text.ok_or_else(|| "`error`, `warn`, `info`, `debug` or `trace`, also by part: \"info,sqlx=warn\"".to_owned())
    }

    /// A short name for addresses and variables.
    pub(super) fn slug(&self) -> Result<&str, Expected> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let fits = |text: &&str| {
            (1..=40).contains(&text.len()) && text.chars().all(plain) && !text.starts_with('-') && !text.ends_with('-')
        };
        let expected = || "1 to 40 characters of a-z, 0-9 and `-`, with `-` only inside".to_owned();
        self.value.as_str().filter(fits).ok_or_else(expected)
    }
}

fn inner(quoted: &[String]) -> impl Iterator<Item = &str> {
    quoted.iter().map(|word| word.trim_matches('`'))
}

/// A value as an error message shows it, short and without anything that could be a secret of another key.
pub(super) fn shown(value: &Value) -> String {
    let text = value.to_string();
    let mut cut: String = text.chars().take(60).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}
