//! One configured instance of a channel. What its channel makes of the settings is the channel's own business: they are
//! read through the channel's own struct, with the same care for mistakes as everything else.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use serde::de::DeserializeOwned;
use switchboard_contract::{Pace, Rate};
use toml::{Table, Value};

use super::problem::{Origin, Problem, did_you_mean, sorted};
use super::raw::{Raw, shown};
use super::secret::{Secret, is_secret};
use super::{DEFAULT_FILE, Shown};

/// Messages an inbox sends in a second at most.
const SENDS: &str = "sends_per_second";
/// Messages an inbox sends in a minute at most in each thread.
const THREAD_SENDS: &str = "thread_sends_per_minute";

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

/// What the list of inboxes is called in files and variables.
pub(super) const TABLE: &str = "inbox";

/// The values given for one item of a list: an inbox, a webhook.
#[derive(Clone)]
pub(super) struct Draft {
    /// The list it stands in.
    pub(super) table: &'static str,
    pub(super) at: Origin,
    pub(super) given: BTreeMap<String, Given>,
}

impl Draft {
    /// What it goes by in variables.
    pub(super) fn slug(&self) -> Option<&str> {
        let key = if self.table == TABLE { "slug" } else { "name" };
        self.given.get(key)?.value.as_str()
    }
}

/// One inbox. Two are equal when they mean the same, wherever they were written.
#[derive(Debug, Clone)]
pub struct InboxConfig {
    /// How addresses and variables name it.
    pub slug: String,
    /// The kind of channel.
    pub kind: String,
    /// What agents see.
    pub name: String,
    /// How fast it may send at most; its channel may go slower.
    pub pace: Pace,
    /// The remaining keys, for the channel; without the secrets.
    pub settings: Table,
    /// The keys that hold secrets, as far as they are given. An empty secret is none.
    pub secrets: BTreeMap<String, Secret>,
    /// Where each key and its value came from, by the key's name.
    origins: BTreeMap<String, (Origin, Origin)>,
    /// Where the inbox itself was written.
    at: Origin,
}

impl PartialEq for InboxConfig {
    fn eq(&self, other: &Self) -> bool {
        let meaning = |inbox: &Self| (inbox.slug.clone(), inbox.kind.clone(), inbox.name.clone());
        meaning(self) == meaning(other)
            && self.pace == other.pace
            && self.settings == other.settings
            && self.secrets == other.secrets
    }
}

impl InboxConfig {
    /// The inbox there is when none is listed: that of the default file.
    pub(super) fn web() -> Self {
        let mut settings: Table = DEFAULT_FILE.parse().unwrap_or_default();
        let first =
            settings.remove("inbox").and_then(|list| list.as_array().and_then(|all| all.first()?.as_table().cloned()));
        let mut settings = first.unwrap_or_default();
        // A secret that is empty in the default file is none.
        settings.retain(|key, _| !is_secret(key.trim_end_matches("_file")));
        let mut word =
            |key: &str| settings.remove(key).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default();
        Self {
            slug: word("slug"),
            kind: word("kind"),
            name: word("name"),
            pace: Pace::default(),
            settings,
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
        Draft { table: TABLE, at: Origin::Default, given: given.collect() }
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

        let mut rate = |key: &str, span: Duration| {
            let given = draft.given.get(key)?;
            match given.raw().whole(1..=100_000) {
                Ok(count) => Some(Rate::new(count, span)),
                Err(expected) => {
                    let message = format!("`inbox.{key}`: expected {expected}, found {}", shown(&given.value));
                    problems.push(Problem::new(given.value_at.clone(), message));
                    None
                }
            }
        };
        let pace = Pace {
            in_all: rate(SENDS, Duration::from_secs(1)),
            per_thread: rate(THREAD_SENDS, Duration::from_mins(1)),
        };

        let mut settings = Table::new();
        let mut secrets = BTreeMap::new();
        let origin = |given: &Given| (given.key_at.clone(), given.value_at.clone());
        let origins = draft.given.iter().map(|(key, given)| (key.clone(), origin(given))).collect();
        for word in ["slug", "kind", "name", SENDS, THREAD_SENDS] {
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
        (problems.len() == before).then_some(Self { slug, kind, name, pace, settings, secrets, origins, at: draft.at })
    }

    /// Every key, as it is shown to people.
    pub(super) fn shown(&self) -> impl Iterator<Item = Shown> {
        let words = [("slug", &self.slug), ("kind", &self.kind), ("name", &self.name)];
        let words = words.into_iter().map(|(key, text)| (key.to_owned(), text.clone()));
        let rates = [(SENDS, self.pace.in_all), (THREAD_SENDS, self.pace.per_thread)];
        let rates = rates.into_iter().filter_map(|(key, rate)| Some((key.to_owned(), rate?.count.to_string())));
        let settings = self.settings.iter().map(|(key, value)| (key.clone(), value.to_string()));
        let secrets = self.secrets.iter().map(|(key, secret)| (key.clone(), secret.to_string()));
        words.chain(rates).chain(settings).chain(secrets).map(|(key, value)| Shown {
            origin: self.origins.get(&key).map_or(Origin::Default, |(key_at, _)| key_at.clone()),
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
        let failed = loop {
            let source: String = lines.iter().map(|(_, line)| line.as_str()).collect();
            let error = match toml::from_str::<T>(&source) {
                Ok(settings) if problems.is_empty() => return Ok(settings),
                Ok(_) => break problems,
                Err(error) => error,
            };
            let culprit = error.span().and_then(|span| line_at(&lines, &span));
            let Some(culprit) = culprit else {
                // What is missing may be missing only because its line was taken out above.
                if problems.is_empty() {
                    problems.push(Problem::new(self.at.clone(), self.explain_missing(error.message())));
                }
                break problems;
            };
            let (key, _) = lines.remove(culprit);
            problems.push(self.explain(key, error.message()));
        };
        Err(sorted(failed))
    }

    /// A message of the deserialiser about no key in particular, in the words of the other messages.
    fn explain_missing(&self, message: &str) -> String {
        let inbox = format!("[[inbox]] `{}` ({})", self.slug, self.kind);
        match message.strip_prefix("missing field `").and_then(|rest| rest.split_once('`')) {
            Some((field, _)) => format!("{inbox} has no `{field}`"),
            None => format!("{inbox}: {}", message.trim().replace('\n', " ")),
        }
    }

    /// A message of the deserialiser about one key. What it quotes of a secret's value is left out.
    fn explain(&self, key: &str, message: &str) -> Problem {
        let (key_at, value_at) = self.origins.get(key).cloned().unwrap_or((self.at.clone(), self.at.clone()));
        let inbox = format!("[[inbox]] `{}` ({})", self.slug, self.kind);
        let message = message.trim().replace('\n', " ");
        if let Some((_, expected)) = message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`')) {
            let known = expected.split('`').skip(1).step_by(2);
            return Problem::new(key_at, format!("unknown key `{key}` in {inbox}{}", did_you_mean(key, known)));
        }
        let (found, expected) =
            message.rsplit_once(", expected ").map_or((message.as_str(), None), |(found, expected)| {
                let found = found.split_once(": ").map_or(found, |(_, found)| found);
                (found, Some(in_words(expected)))
            });
        let text = match (expected, is_secret(key)) {
            (Some(expected), false) => format!("expected {expected}, found {found}"),
            (Some(expected), true) => format!("expected {expected}"),
            (None, false) => found.to_owned(),
            (None, true) => "it can't be used".to_owned(),
        };
        Problem::new(value_at, format!("`inbox.{key}` of {inbox}: {text}"))
    }
}

/// The names of Rust's numbers mean nothing to an operator.
fn in_words(expected: &str) -> &str {
    match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        other => other,
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
