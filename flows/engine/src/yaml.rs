//! Reads YAML so that every mistake keeps its place, and all of them are told at once.
//!
//! Anchors, aliases, tags, duplicate keys and several documents in one file are refused: they save a line and cost the
//! reader the certainty that what stands here is what counts.

#![expect(clippy::wildcard_enum_match_arm, reason = "YAML has more kinds of nodes than our files use")]

use std::collections::BTreeMap;

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

use crate::limits;
use crate::problem::{Place, Problem, did_you_mean};
use crate::text::{LocalText, Pattern};

/// A node of the file with its place.
pub(crate) type Node<'n> = &'n MarkedYaml<'n>;

/// Loads the only document of a source.
pub(crate) fn load<'s>(file: &str, source: &'s str) -> Result<MarkedYaml<'s>, Vec<Problem>> {
    let refuse = |at: Place, message: String| vec![Problem::error(file, at, message)];
    let start = Place { line: 1, column: 1 };
    if source.len() > limits::FLOW_BYTES_MAX {
        return Err(refuse(
            start,
            format!("the file has {} bytes; {} are allowed", source.len(), limits::FLOW_BYTES_MAX),
        ));
    }
    if let Some(line) = source.lines().position(is_nested_too_deeply) {
        let at = Place { line: line + 1, column: 1 };
        return Err(refuse(at, format!("nested deeper than {} columns", limits::NESTING_COLUMNS_MAX)));
    }
    let documents = MarkedYaml::load_from_str(source).map_err(|error| {
        let at = Place { line: error.marker().line(), column: error.marker().col() + 1 };
        refuse(at, format!("not YAML: {}", error.info()))
    })?;
    let mut documents = documents.into_iter();
    let Some(root) = documents.next() else {
        return Err(refuse(start, "the file is empty".to_owned()));
    };
    if let Some(second) = documents.next() {
        return Err(refuse(place(&second), "a second document begins here; a file holds one".to_owned()));
    }
    let chars: Vec<char> = source.chars().collect();
    let mut problems = Vec::new();
    refuse_indirection(file, &chars, &root, &mut problems);
    if problems.is_empty() { Ok(root) } else { Err(problems) }
}

/// Where a node stands.
pub(crate) fn place(node: Node<'_>) -> Place {
    Place { line: node.span.start.line(), column: node.span.start.col() + 1 }
}

/// Flow collections are bounded by the YAML reader; nested blocks are told by what their lines begin with.
fn is_nested_too_deeply(line: &str) -> bool {
    line.chars().take_while(|c| matches!(c, ' ' | '\t' | '-' | '?' | ':')).count() > limits::NESTING_COLUMNS_MAX
}

/// The reader resolves anchors and aliases by itself, but a node's place begins at its mark. Only the text of a block
/// scalar may begin with the same sign, and then its value does too.
fn refuse_indirection(file: &str, source: &[char], node: Node<'_>, problems: &mut Vec<Problem>) {
    let first = source.get(node.span.start.index()).copied();
    let mark = first.filter(|sign| matches!(sign, '&' | '*' | '!')).filter(|sign| match &node.data {
        YamlData::Value(Scalar::String(text)) => !text.starts_with(*sign),
        _ => true,
    });
    let what = match (mark, &node.data) {
        (Some('&'), _) => Some("an anchor (`&…`)"),
        (Some('*'), _) => Some("an alias (`*…`)"),
        (Some('!'), _) | (_, YamlData::Tagged(..)) => Some("a tag (`!…`)"),
        _ => None,
    };
    if let Some(what) = what {
        problems.push(Problem::error(file, place(node), format!("{what} is not allowed; write the value itself")));
        return;
    }
    match &node.data {
        YamlData::Sequence(items) => {
            for item in items {
                refuse_indirection(file, source, item, problems);
            }
        }
        YamlData::Mapping(entries) => {
            for (key, value) in entries {
                refuse_indirection(file, source, key, problems);
                refuse_indirection(file, source, value, problems);
            }
        }
        _ => {}
    }
}

/// What a node is, in words.
pub(crate) fn kind(node: Node<'_>) -> &'static str {
    match &node.data {
        YamlData::Mapping(_) => "a mapping",
        YamlData::Sequence(_) => "a list",
        YamlData::Value(Scalar::Null) => "nothing",
        YamlData::Value(Scalar::Boolean(_)) => "true or false",
        YamlData::Value(Scalar::Integer(_) | Scalar::FloatingPoint(_)) => "a number",
        YamlData::Value(Scalar::String(_)) => "a text",
        _ => "something else",
    }
}

/// A mapping with text keys, in the order of the file.
#[derive(Debug, Clone)]
pub(crate) struct Map<'n> {
    /// Where it stands.
    pub(crate) at: Place,
    entries: Vec<Entry<'n>>,
}

/// One key with its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'n> {
    pub(crate) key: String,
    pub(crate) at: Place,
    pub(crate) value: Node<'n>,
}

impl<'n> Map<'n> {
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry<'n>> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    pub(crate) fn get(&self, key: &str) -> Option<Node<'n>> {
        self.entry(key).map(|entry| entry.value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry<'n>> {
        self.entries.iter()
    }
}

/// Takes nodes apart and gathers what is wrong with them. Every method that returns none has told why.
#[derive(Debug)]
pub(crate) struct Reader<'f> {
    file: &'f str,
    problems: Vec<Problem>,
}

impl<'f> Reader<'f> {
    pub(crate) fn new(file: &'f str) -> Self {
        Self { file, problems: Vec::new() }
    }

    pub(crate) fn error(&mut self, at: Place, message: impl Into<String>) {
        self.problems.push(Problem::error(self.file, at, message));
    }

    pub(crate) fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    /// The value when nothing was wrong, else everything that was, in the order of the file.
    pub(crate) fn finish<T>(mut self, value: Option<T>) -> Result<T, Vec<Problem>> {
        match value {
            Some(value) if !self.has_problems() => Ok(value),
            _ => {
                self.problems.sort_by_key(|problem| (problem.line, problem.column));
                self.problems.dedup();
                Err(self.problems)
            }
        }
    }

    fn wrong<T>(&mut self, node: Node<'_>, what: &str, expected: &str) -> Option<T> {
        self.error(place(node), format!("{what}: expected {expected}, found {}", kind(node)));
        None
    }

    /// A mapping whose keys are all among `keys`.
    pub(crate) fn map<'n>(&mut self, node: Node<'n>, what: &str, keys: &[&str]) -> Option<Map<'n>> {
        let map = self.open_map(node, what)?;
        for entry in map.iter().filter(|entry| !keys.contains(&entry.key.as_str())) {
            let hint = did_you_mean(&entry.key, keys.iter().copied());
            let hint = if hint.is_empty() { format!("; expected one of {}", list(keys)) } else { hint };
            self.error(entry.at, format!("unknown key `{}` in {what}{hint}", entry.key));
        }
        Some(map)
    }

    /// A mapping with any keys.
    pub(crate) fn open_map<'n>(&mut self, node: Node<'n>, what: &str) -> Option<Map<'n>> {
        let YamlData::Mapping(pairs) = &node.data else {
            return self.wrong(node, what, "a mapping");
        };
        let mut entries: Vec<Entry<'n>> = Vec::new();
        for (key, value) in pairs {
            let Some(name) = self.text(key, "a key") else { continue };
            let at = place(key);
            if entries.iter().any(|entry| entry.key == name) {
                self.error(at, format!("the key `{name}` stands here a second time"));
            }
            entries.push(Entry { key: name, at, value });
        }
        Some(Map { at: place(node), entries })
    }

    pub(crate) fn list<'n>(&mut self, node: Node<'n>, what: &str) -> Option<&'n [MarkedYaml<'n>]> {
        match &node.data {
            YamlData::Sequence(items) => Some(items),
            _ => self.wrong(node, what, "a list"),
        }
    }

    /// A key that has to be there.
    pub(crate) fn required<'n>(&mut self, map: &Map<'n>, key: &str, what: &str) -> Option<Node<'n>> {
        let found = map.get(key);
        if found.is_none() {
            self.error(map.at, format!("{what} lacks the key `{key}`"));
        }
        found
    }

    /// A text; numbers and truth values count as the text they look like.
    pub(crate) fn text(&mut self, node: Node<'_>, what: &str) -> Option<String> {
        match &node.data {
            YamlData::Value(Scalar::String(text)) => Some(text.to_string()),
            YamlData::Value(Scalar::Boolean(value)) => Some(value.to_string()),
            YamlData::Value(Scalar::Integer(value)) => Some(value.to_string()),
            YamlData::Value(Scalar::FloatingPoint(value)) => Some(value.0.to_string()),
            _ => self.wrong(node, what, "a text"),
        }
    }

    pub(crate) fn bool(&mut self, node: Node<'_>, what: &str) -> Option<bool> {
        match &node.data {
            YamlData::Value(Scalar::Boolean(value)) => Some(*value),
            _ => self.wrong(node, what, "`true` or `false`"),
        }
    }

    pub(crate) fn number(&mut self, node: Node<'_>, what: &str) -> Option<f64> {
        match &node.data {
            YamlData::Value(Scalar::FloatingPoint(value)) if value.0.is_finite() => Some(value.0),
            #[expect(clippy::cast_precision_loss, reason = "bounds beyond 2^53 mean nothing to a customer")]
            YamlData::Value(Scalar::Integer(value)) => Some(*value as f64),
            _ => self.wrong(node, what, "a number"),
        }
    }

    /// A whole number within bounds.
    pub(crate) fn count(&mut self, node: Node<'_>, what: &str, min: u32, max: u32) -> Option<u32> {
        match &node.data {
            YamlData::Value(Scalar::Integer(value)) => match u32::try_from(*value) {
                Ok(count) if (min..=max).contains(&count) => Some(count),
                _ => {
                    self.error(place(node), format!("{what} is {value}; expected {min} to {max}"));
                    None
                }
            },
            _ => self.wrong(node, what, "a whole number"),
        }
    }

    /// A name of small letters, digits and one kind of joint: `-` in names of things, `_` in slots and values too.
    pub(crate) fn slug(&mut self, node: Node<'_>, what: &str, joints: &str) -> Option<String> {
        let text = self.text(node, what)?;
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || joints.contains(c);
        if text.is_empty() || !text.chars().all(fits) || text.len() > limits::SLUG_CHARS_MAX {
            let signs = joints.chars().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(" and ");
            let message = format!(
                "`{}` is no name for {what}: expected 1 to {} of a-z, 0-9, {signs}",
                crate::text::cut(&text, 60),
                limits::SLUG_CHARS_MAX
            );
            self.error(place(node), message);
            return None;
        }
        Some(text)
    }

    /// A text for all languages, or one by language. Empty texts are mistakes.
    pub(crate) fn local_text(&mut self, node: Node<'_>, what: &str) -> Option<LocalText> {
        let YamlData::Mapping(_) = &node.data else {
            let text = self.text(node, what)?;
            return self.not_blank(text, place(node), what).map(LocalText::Same);
        };
        let map = self.open_map(node, what)?;
        if map.iter().next().is_none() {
            self.error(map.at, format!("{what} has no text in any language"));
            return None;
        }
        let mut texts = BTreeMap::new();
        for entry in map.iter() {
            self.language(entry);
            let text = self.text(entry.value, what);
            if let Some(text) = text.and_then(|text| self.not_blank(text, entry.at, what)) {
                texts.insert(entry.key.clone(), text);
            }
        }
        (!texts.is_empty()).then_some(LocalText::By(texts))
    }

    fn not_blank(&mut self, text: String, at: Place, what: &str) -> Option<String> {
        if text.trim().is_empty() {
            self.error(at, format!("{what} is empty"));
            return None;
        }
        Some(text)
    }

    /// Tells when a key is no language tag.
    pub(crate) fn language(&mut self, entry: &Entry<'_>) {
        if !is_language(&entry.key) {
            self.error(entry.at, format!("`{}` is not a language tag such as `en` or `pt-BR`", entry.key));
        }
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, node: Node<'_>, what: &str) -> Vec<String> {
        let items = self.list(node, what).unwrap_or_default();
        items.iter().filter_map(|item| self.text(item, what)).collect()
    }

    /// Lists of texts by language; a plain list is for all languages and stands under the empty tag.
    pub(crate) fn local_lists(&mut self, node: Node<'_>, what: &str) -> BTreeMap<String, Vec<String>> {
        if let YamlData::Sequence(_) = &node.data {
            return BTreeMap::from([(String::new(), self.texts(node, what))]);
        }
        let Some(map) = self.open_map(node, what) else { return BTreeMap::new() };
        let mut lists = BTreeMap::new();
        for entry in map.iter() {
            self.language(entry);
            lists.insert(entry.key.clone(), self.texts(entry.value, what));
        }
        lists
    }

    /// A pattern that is searched for anywhere.
    pub(crate) fn pattern(&mut self, node: Node<'_>, compile: fn(&str) -> Result<Pattern, String>) -> Option<Pattern> {
        let source = self.text(node, "a pattern")?;
        match compile(&source) {
            Ok(pattern) => Some(pattern),
            Err(why) => {
                self.error(place(node), format!("`{}` is not a pattern: {why}", crate::text::cut(&source, 60)));
                None
            }
        }
    }
}

/// A list of words as people read it: `a`, `b`, `c`.
pub(crate) fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Whether a word can be a language tag: `en`, `pt-BR`, `zh-Hant`.
pub(crate) fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or_default();
    matches!(primary.len(), 2..=3)
        && primary.chars().all(|c| c.is_ascii_lowercase())
        && parts.all(|part| matches!(part.len(), 2..=8) && part.chars().all(|c| c.is_ascii_alphanumeric()))
}
