//! What the environment says: `SWITCHBOARD_SERVER__LISTEN`, `SWITCHBOARD_INBOX__WEB__REQUIRE_SIGNED`.

use std::collections::BTreeMap;

use toml::Value;

use super::inbox::{Draft, Given};
use super::keys::{KEYS, Key};
use super::problem::{Origin, Problem, did_you_mean};

/// What the name of every variable of ours begins with.
pub(super) const PREFIX: &str = "SWITCHBOARD_";
/// Names the configuration file; it is no setting itself.
pub(super) const CONFIG: &str = "SWITCHBOARD_CONFIG";

/// The values of the environment; those of inboxes by the inbox's place in the list.
#[derive(Default)]
pub(super) struct EnvValues {
    pub(super) keys: Vec<(&'static Key, Given)>,
    pub(super) inboxes: BTreeMap<usize, BTreeMap<String, Given>>,
}

/// Sorts the variables that are ours; unknown ones go to `problems`.
pub(super) fn read(env: &[(String, String)], inboxes: &[Draft], problems: &mut Vec<Problem>) -> EnvValues {
    let mut values = EnvValues::default();
    for (name, text) in env.iter().filter(|(name, _)| name.starts_with(PREFIX) && name != CONFIG) {
        let at = Origin::Env(name.clone());
        let value = Value::String(text.clone());
        let given = Given { value, is_text: true, key_at: at.clone(), value_at: at.clone() };
        if let Some(key) = KEYS.iter().find(|key| key.variable() == *name) {
            values.keys.push((key, given));
        } else if let Some((inbox, key)) = of_inbox(name, inboxes) {
            values.inboxes.entry(inbox).or_default().insert(key, given);
        } else {
            problems.push(Problem::new(at, unknown(name, inboxes)));
        }
    }
    values
}

/// The inbox and the key of it that a variable names.
fn of_inbox(name: &str, inboxes: &[Draft]) -> Option<(usize, String)> {
    inboxes.iter().enumerate().find_map(|(at, inbox)| {
        let key = name.strip_prefix(&inbox_prefix(inbox.slug()?))?;
        let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let fits = !key.is_empty() && key.chars().all(plain) && key != "SLUG";
        fits.then(|| (at, key.to_lowercase()))
    })
}

fn inbox_prefix(slug: &str) -> String {
    format!("{PREFIX}INBOX__{}__", slug.to_uppercase().replace('-', "_"))
}

fn unknown(name: &str, inboxes: &[Draft]) -> String {
    let prefixes: Vec<String> = inboxes.iter().filter_map(|inbox| Some(inbox_prefix(inbox.slug()?))).collect();
    if let Some(rest) = name.strip_prefix("SWITCHBOARD_INBOX__") {
        let slug = rest.split("__").next().unwrap_or(rest);
        let known = prefixes.iter().map(|prefix| &prefix[..prefix.len() - 2]);
        let hint = did_you_mean(&format!("SWITCHBOARD_INBOX__{slug}"), known);
        return format!("no inbox goes by this name{hint}");
    }
    let known: Vec<String> = KEYS.iter().map(Key::variable).collect();
    format!("there is no such setting{}", did_you_mean(name, known.iter().map(String::as_str)))
}
