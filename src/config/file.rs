//! What a configuration file says.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::de::{DeTable, DeValue, ValueDeserializer};
use toml::{Spanned, Value};

use super::inbox::{self, Draft, Given};
use super::keys::{self, KEYS, Key};
use super::problem::{Problem, did_you_mean, nearest, place};
use super::webhook;

/// What may be listed, each item begun by its name in double brackets.
const LISTS: [&str; 2] = [inbox::TABLE, webhook::TABLE];

/// The values of one file.
#[derive(Default)]
pub(super) struct FileValues {
    pub(super) keys: Vec<(&'static Key, Given)>,
    /// The inboxes, when any are listed.
    pub(super) inboxes: Option<Vec<Draft>>,
    pub(super) webhooks: Vec<Draft>,
}

type Entry<'a, 'i> = (&'a Spanned<std::borrow::Cow<'i, str>>, &'a Spanned<DeValue<'i>>);

struct Reader<'a> {
    path: &'a Path,
    source: &'a str,
    problems: &'a mut Vec<Problem>,
}

/// Takes a file apart; what is wrong goes to `problems`.
pub(super) fn read(path: &Path, source: &str, problems: &mut Vec<Problem>) -> FileValues {
    let (root, errors) = DeTable::parse_recoverable(source);
    for error in &errors {
        let offset = error.span().map_or(0, |span| span.start);
        problems.push(Problem::new(place(path, source, offset), error.message().trim().replace('\n', ", ")));
    }
    // A file that isn't TOML is not searched for wrong keys: what recovery made of it was never written.
    if !errors.is_empty() {
        return FileValues::default();
    }
    let mut reader = Reader { path, source, problems };
    let mut values = FileValues::default();
    for entry in root.get_ref() {
        reader.top(entry, &mut values);
    }
    values
}

impl Reader<'_> {
    fn top(&mut self, (key, value): Entry<'_, '_>, values: &mut FileValues) {
        let name = key.get_ref().as_ref();
        if let Some(list) = LISTS.iter().find(|list| **list == name) {
            let Some(items) = value.get_ref().as_array() else {
                let message = format!("`{list}`: expected a list of tables, each begun by [[{list}]]");
                return self.wrong(value.span().start, message);
            };
            let drafts = items.iter().filter_map(|item| self.item(list, item)).collect();
            if *list == inbox::TABLE {
                values.inboxes = Some(drafts);
            } else {
                values.webhooks = drafts;
            }
        } else if let Some(table) = keys::tables().into_iter().find(|table| *table == name) {
            match value.get_ref().as_table() {
                Some(entries) => values.keys.extend(entries.iter().filter_map(|entry| self.setting(table, entry))),
                None => self.wrong(value.span().start, format!("`{name}`: expected a table, begun by [{name}]")),
            }
        } else {
            self.wrong(key.span().start, unknown_top(name, value.get_ref()));
        }
    }

    fn setting(&mut self, table: &str, (key, value): Entry<'_, '_>) -> Option<(&'static Key, Given)> {
        let name = key.get_ref().as_ref();
        if let Some(found) = keys::find(table, name) {
            return Some((found, self.given(key.span().start, value)?));
        }
        let siblings = KEYS.iter().filter(|key| key.table == table).map(|key| key.name);
        let hint = match (nearest(name, siblings), KEYS.iter().find(|key| key.name == name)) {
            (Some(near), _) => format!("; did you mean `{near}`?"),
            (None, Some(elsewhere)) => format!("; it belongs in [{}]", elsewhere.table),
            (None, None) => String::new(),
        };
        self.wrong(key.span().start, format!("unknown key `{name}` in [{table}]{hint}"));
        None
    }

    fn item(&mut self, list: &'static str, item: &Spanned<DeValue<'_>>) -> Option<Draft> {
        let Some(entries) = item.get_ref().as_table() else {
            self.wrong(item.span().start, format!("`{list}`: expected a table, begun by [[{list}]]"));
            return None;
        };
        let mut given = BTreeMap::new();
        for (key, value) in entries {
            let name = key.get_ref().as_ref();
            if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') || name.is_empty() {
                self.wrong(key.span().start, format!("unknown key `{}` in [[{list}]]", name.escape_debug()));
            } else if let Some(value) = self.given(key.span().start, value) {
                given.insert(name.to_owned(), value);
            }
        }
        Some(Draft { table: list, at: place(self.path, self.source, item.span().start), given })
    }

    fn given(&mut self, key_at: usize, value: &Spanned<DeValue<'_>>) -> Option<Given> {
        let value_at = place(self.path, self.source, value.span().start);
        match Value::deserialize(ValueDeserializer::from(value.clone())) {
            Ok(value) => Some(Given { value, is_text: false, key_at: place(self.path, self.source, key_at), value_at }),
            Err(error) => {
                self.problems.push(Problem::new(value_at, error.message().trim()));
                None
            }
        }
    }

    fn wrong(&mut self, offset: usize, message: impl Into<String>) {
        self.problems.push(Problem::new(place(self.path, self.source, offset), message));
    }
}

fn unknown_top(name: &str, value: &DeValue<'_>) -> String {
    if value.is_table() || value.is_array() {
        let near = nearest(name, keys::tables().into_iter().chain(LISTS.iter().copied()));
        let written = |name: &str| if LISTS.contains(&name) { format!("[[{name}]]") } else { format!("[{name}]") };
        let hint = near.map_or_else(String::new, |near| format!("; did you mean {}?", written(near)));
        return format!("unknown table [{name}]{hint}");
    }
    match KEYS.iter().find(|key| key.name == name) {
        Some(key) => format!("`{name}` stands outside a table; it belongs in [{}]", key.table),
        None => format!("unknown key `{name}`{}", did_you_mean(name, KEYS.iter().map(|key| key.name))),
    }
}
