//! What the environment says: `SWITCHBOARD_SERVER__LISTEN`, `SWITCHBOARD_INBOX__WEB__REQUIRE_SIGNED`.

use std::collections::BTreeMap;

use toml::Value;

use super::inbox::{self, Draft, Given};
use super::keys::{KEYS, Key};
use super::problem::{Origin, Problem, did_you_mean};
use super::webhook;

/// What the name of every variable of ours begins with.
pub(super) const PREFIX: &str = "SWITCHBOARD_";
/// Names the configuration file; it is no setting itself.
pub(super) const CONFIG: &str = "SWITCHBOARD_CONFIG";

/// The values of the environment; those of inboxes and webhooks by their place among the drafts.
#[derive(Default)]
pub(super) struct EnvValues {
    pub(super) keys: Vec<(&'static Key, Given)>,
    pub(super) listed: BTreeMap<usize, BTreeMap<String, Given>>,
}

/// Sorts the variables that are ours; unknown ones go to `problems`.
pub(super) fn read(env: &[(String, String)], drafts: &[Draft], problems: &mut Vec<Problem>) -> EnvValues {
    let mut values = EnvValues::default();
    for (name, text) in env.iter().filter(|(name, _)| name.starts_with(PREFIX) && name != CONFIG) {
        let at = Origin::Env(name.clone());
        let value = Value::String(text.clone());
        let given = Given { value, is_text: true, key_at: at.clone(), value_at: at.clone() };
        if let Some(key) = KEYS.iter().find(|key| key.variable() == *name) {
            values.keys.push((key, given));
        } else if let Some((item, key)) = of_item(name, drafts) {
            values.listed.entry(item).or_default().insert(key, given);
        } else {
            problems.push(Problem::new(at, unknown(name, drafts)));
        }
    }
    values
}

/// The inbox or webhook, and the key of it, that a variable names.
fn of_item(name: &str, drafts: &[Draft]) -> Option<(usize, String)> {
    drafts.iter().enumerate().find_map(|(at, draft)| {
        let key = name.strip_prefix(&prefix(draft.table, draft.slug()?))?;
        let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let fits = !key.is_empty() && key.chars().all(plain) && key != "SLUG";
        fits.then(|| (at, key.to_lowercase()))
    })
}

fn prefix(table: &str, slug: &str) -> String {
    format!("{PREFIX}{}__{}__", table.to_uppercase(), slug.to_uppercase().replace('-', "_"))
}

fn unknown(name: &str, drafts: &[Draft]) -> String {
    for (table, what) in [(inbox::TABLE, "inbox"), (webhook::TABLE, "webhook")] {
        let list = format!("{PREFIX}{}__", table.to_uppercase());
        if let Some(rest) = name.strip_prefix(&list) {
            let slug = rest.split("__").next().unwrap_or(rest);
            let drafts = drafts.iter().filter(|draft| draft.table == table);
            let prefixes: Vec<String> = drafts.filter_map(|draft| Some(prefix(table, draft.slug()?))).collect();
            let known = prefixes.iter().map(|prefix| &prefix[..prefix.len() - 2]);
            let hint = did_you_mean(&format!("{list}{slug}"), known);
            return format!("no {what} goes by this name{hint}");
        }
    }
    let known: Vec<String> = KEYS.iter().map(Key::variable).collect();
    format!("there is no such setting{}", did_you_mean(name, known.iter().map(String::as_str)))
}
