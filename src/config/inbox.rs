//! One configured instance of a channel. What its channel makes of the settings is the channel's own business: they are
//! read through the channel's own struct, with the same care for mistakes as everything else.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::problem::{Origin, Problem, did_you_mean};
use super::Shown;
use super::raw::{Raw, shown};
use super::secret::{Secret, is_secret};

/// One value somebody gave for a key, not yet read.
#[derive(Clone)]
pub(super) struct Given {
    pub(super) value: Value,
    /// It is a text only because variables and flags are.
    pub(super) is_text: bool,
    pub(super) key_at: Origin,
    pub(super) value_at: Origin,
}

impl Given {
    pub(super) fn raw(&self) -> Raw<'_> {
        Raw { value: &self.value, is_text: self.is_text }
    }
}

/// The values given for one inbox.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) at: Origin,
    pub(super) given: BTreeMap<String, Given>,
}

impl Draft {
    pub(super) fn slug(&self) -> Option<&str> {
        self.given.get("slug")?.value.as_str()
    }
}

/// One inbox.
#[derive(Debug, Clone, PartialEq)]
pub struct InboxConfig {
    /// How addresses and variables name it.
    pub slug: String,
    /// The kind of channel.
    pub kind: String,
    /// What agents see.
    pub name: String,
    /// The remaining keys, for the channel; without the secrets.
    pub settings: Table,
    /// The keys that hold secrets, as far as they are given. An empty secret is none.
    pub secrets: BTreeMap<String, Secret>,
    /// Where each key came from, by its name.
    pub(super) origins: BTreeMap<String, Origin>,
    /// Where the inbox itself was written.
    pub(super) at: Origin,
}

impl InboxConfig {
    /// The inbox there is when none is listed.
    pub(super) fn web() -> Self {
        let settings = [
            ("allowed_sites".to_owned(), Value::Array(Vec::new())),
            ("require_signed".to_owned(), Value::Boolean(false)),
        ];
        Self {
            slug: "web".to_owned(),
            kind: "webchat".to_owned(),
            name: "Web chat".to_owned(),
            settings: settings.into_iter().collect(),
            secrets: BTreeMap::new(),
            origins: BTreeMap::new(),
            at: Origin::Default,
        }
    }

    /// The default inbox as if it had been written down, for what the environment says about it.
    pub(super) fn draft(&self) -> Draft {
        let words = [("slug", &self.slug), ("kind", &self.kind), ("name", &self.name)];
        let words = words.into_iter().map(|(key, text)| (key.to_owned(), Value::String(text.clone())));
        let settings = self.settings.iter().map(|(key, value)| (key.clone(), value.clone()));
        let given = words.chain(settings).map(|(key, value)| {
            (key, Given { value, is_text: false, key_at: Origin::Default, value_at: Origin::Default })
        });
        Draft { at: Origin::Default, given: given.collect() }
    }

    /// Reads a draft; what is wrong goes to `problems`.
    pub(super) fn read(mut draft: Draft, problems: &mut Vec<Problem>) -> Option<Self> {
        let before = problems.len();
        let mut word = |key: &str, read: fn(&Raw<'_>) -> Result<String, String>| {
            let Some(given) = draft.given.get(key) else {
                problems.push(Problem::new(draft.at.clone(), format!("this [[inbox]] has no `{key}`")));
                return String::new();
            };
            read(&given.raw()).unwrap_or_else(|expected| {
                let message = format!("`inbox.{key}`: expected {expected}, found {}", shown(&given.value));
                problems.push(Problem::new(given.value_at.clone(), message));
                String::new()
            })
        };
        let slug = word("slug", |raw| raw.slug().map(str::to_owned));
        let kind = word("kind", |raw| raw.slug().map(str::to_owned));
        let name = word("name", |raw| raw.text_of(1..=80).map(str::to_owned));

        let mut settings = Table::new();
        let mut secrets = BTreeMap::new();
        let origins = draft.given.iter().map(|(key, given)| (key.clone(), given.value_at.clone())).collect();
        for word in ["slug", "kind", "name"] {
            draft.given.remove(word);
        }
        for (key, given) in draft.given {
            if !is_secret(&key) {
                let value = if given.is_text { guess(&given.value) } else { given.value };
                settings.insert(key, value);
            } else if let Some(text) = given.value.as_str() {
                if !text.is_empty() {
                    secrets.insert(key, Secret::new(text));
                }
            } else {
                problems.push(Problem::new(given.value_at, format!("`inbox.{key}`: expected a text in quotes")));
            }
        }
        (problems.len() == before).then_some(Self { slug, kind, name, settings, secrets, origins, at: draft.at })
    }

    /// Every key, as it is shown to people.
    pub(super) fn shown(&self) -> impl Iterator<Item = Shown> {
        let words = [("slug", &self.slug), ("kind", &self.kind), ("name", &self.name)];
        let words = words.into_iter().map(|(key, text)| (key.to_owned(), text.clone()));
        let settings = self.settings.iter().map(|(key, value)| (key.clone(), value.to_string()));
        let secrets = self.secrets.iter().map(|(key, secret)| (key.clone(), secret.to_string()));
        words.chain(settings).chain(secrets).map(|(key, value)| Shown {
            origin: self.origins.get(&key).cloned().unwrap_or(Origin::Default),
            key: format!("inbox.{}.{key}", self.slug),
            value,
        })
    }

    /// Reads the settings as a channel's own struct, which should deny unknown fields. Every mistake names its place.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, Vec<Problem>> {
        let mut lines: Vec<(&str, String)> = self.settings.iter().map(|(key, value)| line(key, value)).collect();
        let secrets = self.secrets.iter().map(|(key, secret)| line(key, &Value::String(secret.reveal().to_owned())));
        lines.extend(secrets);
        let mut problems = Vec::new();
        // One mistake is found at a time; without the line that holds it, the next one shows.
        loop {
            let source: String = lines.iter().map(|(_, line)| line.as_str()).collect();
            let error = match toml::from_str::<T>(&source) {
                Ok(settings) if problems.is_empty() => return Ok(settings),
                Ok(_) => return Err(problems),
                Err(error) => error,
            };
            let culprit = error.span().and_then(|span| line_at(&lines, &span));
            let Some(culprit) = culprit else {
                // What is missing may be missing only because its line was taken out above.
                if problems.is_empty() {
                    problems.push(Problem::new(self.at.clone(), self.explain(None, error.message())));
                }
                return Err(problems);
            };
            let (key, _) = lines.remove(culprit);
            let origin = self.origins.get(key).unwrap_or(&self.at).clone();
            problems.push(Problem::new(origin, self.explain(Some(key), error.message())));
        }
    }

    /// A message of the deserialiser in the words of the other messages.
    fn explain(&self, key: Option<&str>, message: &str) -> String {
        let inbox = format!("[[inbox]] `{}` ({})", self.slug, self.kind);
        let message = message.trim().replace('\n', " ");
        let Some(key) = key else {
            return match message.strip_prefix("missing field `").and_then(|rest| rest.split_once('`')) {
                Some((field, _)) => format!("{inbox} has no `{field}`"),
                None => format!("{inbox}: {message}"),
            };
        };
        if let Some((_, expected)) = message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`')) {
            let known = expected.split('`').skip(1).step_by(2);
            return format!("unknown key `{key}` in {inbox}{}", did_you_mean(key, known));
        }
        match message.split_once("expected ") {
            Some((_, expected)) if is_secret(key) => format!("`inbox.{key}` of {inbox}: expected {expected}"),
            None if is_secret(key) => format!("`inbox.{key}` of {inbox} can't be used"),
            Some(_) | None => format!("`inbox.{key}` of {inbox}: {message}"),
        }
    }
}

/// A value that came as a text, as what it looks like: `true`, `12`, `["a", "b"]`, else a text.
fn guess(value: &Value) -> Value {
    let parsed = value.as_str().and_then(|text| text.trim().parse::<Value>().ok());
    parsed.filter(|value| value.is_bool() || value.is_integer() || value.is_array()).unwrap_or_else(|| value.clone())
}

fn line<'a>(key: &'a str, value: &Value) -> (&'a str, String) {
    (key, format!("{key} = {value}\n"))
}

/// Which line a span begins in.
fn line_at(lines: &[(&str, String)], span: &Range<usize>) -> Option<usize> {
    let mut end = 0;
    lines.iter().position(|(_, line)| {
        end += line.len();
        span.start < end && !span.is_empty()
    })
}
