//! One webhook: another program that is told what happens.

use std::collections::BTreeSet;

use toml::Value;

use super::inbox::{Draft, Given};
use super::problem::{Problem, did_you_mean};
use super::raw::shown;
use super::secret::is_secret;
use super::{REDACTED, Shown};
use crate::webhooks::{Key, Kind, Webhook};

/// What the list is called in files and variables.
pub(super) const TABLE: &str = "webhook";
/// The keys one may have.
const KEYS: &[&str] = &["name", "url", "secret", "previous_secret", "events"];
/// What a secret has to look like.
const SECRET: &str = "`whsec_` and base64 of 24 to 64 bytes, as `openssl rand -base64 32` makes it";

/// Reads a draft; what is wrong goes to `problems`.
pub(super) fn read(draft: &Draft, problems: &mut Vec<Problem>) -> Option<Webhook> {
    let before = problems.len();
    for (key, given) in &draft.given {
        if !KEYS.contains(&key.as_str()) {
            let hint = did_you_mean(key, KEYS.iter().copied());
            problems.push(Problem::new(given.key_at.clone(), format!("unknown key `{key}` in [[webhook]]{hint}")));
        }
    }
    let missing = |key: &str| Problem::new(draft.at.clone(), format!("this [[webhook]] has no `{key}`"));
    let wrong = |key: &str, given: &Given, expected: &str| {
        let found = if is_secret(key) { REDACTED.to_owned() } else { shown(&given.value) };
        Problem::new(given.value_at.clone(), format!("`webhook.{key}`: expected {expected}, found {found}"))
    };
    let name = match draft.given.get("name").map(|given| (given, given.raw().slug().map(str::to_owned))) {
        Some((_, Ok(name))) => name,
        Some((given, Err(expected))) => {
            problems.push(wrong("name", given, &expected));
            String::new()
        }
        None => {
            problems.push(missing("name"));
            String::new()
        }
    };
    let url = match draft.given.get("url").map(|given| (given, url(given))) {
        Some((_, Some(url))) => Some(url),
        Some((given, None)) => {
            problems.push(wrong("url", given, "an address such as \"https://crm.example.com/hooks/switchboard\""));
            None
        }
        None => {
            problems.push(missing("url"));
            None
        }
    };
    let mut keys = Vec::new();
    for key in ["secret", "previous_secret"] {
        match draft.given.get(key).filter(|given| given.value.as_str() != Some("")) {
            Some(given) => match given.value.as_str().and_then(Key::parse) {
                Some(key) => keys.push(key),
                None => problems.push(wrong(key, given, SECRET)),
            },
            None if key == "secret" => problems.push(missing(key)),
            None => {}
        }
    }
    let kinds = match draft.given.get("events") {
        None => Kind::WORDS.iter().map(|(_, kind)| *kind).collect(),
        Some(given) => kinds(given, problems),
    };
    let url = url?;
    (problems.len() == before).then_some(Webhook { name, url, keys, kinds })
}

fn url(given: &Given) -> Option<reqwest::Url> {
    let url: reqwest::Url = given.value.as_str()?.parse().ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

fn kinds(given: &Given, problems: &mut Vec<Problem>) -> BTreeSet<Kind> {
    let words: Vec<&str> = match &given.value {
        Value::String(text) if given.is_text => text.split(',').map(str::trim).collect(),
        Value::Array(items) => items.iter().map(|item| item.as_str().unwrap_or_default()).collect(),
        Value::String(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::Table(_) => Vec::new(),
    };
    let mut kinds = BTreeSet::new();
    for word in &words {
        if let Some((_, kind)) = Kind::WORDS.iter().find(|(known, _)| known == word) {
            kinds.insert(*kind);
            continue;
        }
        let hint = did_you_mean(word, Kind::WORDS.iter().map(|(known, _)| *known));
        let message = format!("`webhook.events`: there is no event `{}`{hint}", word.escape_debug());
        problems.push(Problem::new(given.value_at.clone(), message));
    }
    if words.is_empty() {
        let message = "`webhook.events`: expected a list of events such as [\"message.created\"]";
        problems.push(Problem::new(given.value_at.clone(), message));
    }
    kinds
}

/// Every key of a webhook, as it is shown to people. Of the address only the host: the rest may hold a secret.
pub(super) fn shown_keys(webhook: &Webhook) -> impl Iterator<Item = Shown> {
    let kinds: Vec<&str> = webhook.kinds.iter().map(|kind| kind.word()).collect();
    let keys = [
        ("url", format!("{}://{}/…", webhook.url.scheme(), webhook.url.host_str().unwrap_or_default())),
        ("secret", REDACTED.to_owned()),
        ("events", kinds.join(", ")),
    ];
    let name = webhook.name.clone();
    keys.into_iter().map(move |(key, value)| Shown {
        key: format!("{TABLE}.{name}.{key}"),
        value,
        origin: super::Origin::Default,
    })
}
