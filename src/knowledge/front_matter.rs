//! The YAML at the head of an article, with the place of everything in it.
//!
//! Only what an article needs is allowed: anchors, aliases and tags are refused, since a reader can't see what they stand
//! for, and deep nesting is, since the parser below is recursive.

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};
use switchboard_engine::{Place, Problem};

/// The largest head of an article, in bytes.
pub(super) const FRONT_MATTER_BYTES_MAX: usize = 1024 * 1024;
/// How deep lists and maps may stand in one another.
const DEPTH_MAX: usize = 16;

/// One key with its value.
pub(super) struct Field {
    pub(super) key: String,
    pub(super) key_at: Place,
    pub(super) value: Value,
    pub(super) value_at: Place,
}

/// A value. An article knows texts and lists of texts; what else stands under a foreign key is kept in the source only.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    List(Vec<(String, Place)>),
    Other(&'static str),
}

/// The head and the body of an article. The head keeps its first line of dashes, so that its places are those of the file.
pub(super) fn split(source: &str) -> Result<(&str, &str), (Place, &'static str)> {
    let begins = source.strip_prefix("---").is_some_and(|rest| rest.starts_with(['\n', '\r']));
    if !begins {
        return Err((Place { line: 1, column: 1 }, "expected `---` as the first line, then the fields, then `---` again"));
    }
    let mut offset = 0;
    for (at, line) in source.split_inclusive('\n').enumerate() {
        if at > 0 && line.trim_end() == "---" {
            return Ok((&source[..offset], &source[offset + line.len()..]));
        }
        offset += line.len();
    }
    Err((Place { line: 1, column: 1 }, "the fields that begin here are never closed; expected a line `---` after them"))
}

/// Reads the head; the fields stand in the order of the file.
pub(super) fn read(file: &str, head: &str) -> Result<Vec<Field>, Vec<Problem>> {
    let one = |at: Place, message: &str| vec![Problem::error(file, at, message)];
    if let Some(line) = too_deep(head) {
        return Err(one(Place { line, column: 1 }, "lists and maps stand too deep in one another here"));
    }
    let documents = MarkedYaml::load_from_str(head).map_err(|error| {
        let at = Place { line: error.marker().line().max(1), column: error.marker().col() + 1 };
        one(at, error.info())
    })?;
    let first = Place { line: 1, column: 1 };
    let [document] = documents.as_slice() else { return Err(one(first, "expected one set of fields")) };
    let chars: Vec<char> = head.chars().collect();
    let mut magic = Vec::new();
    find_magic(document, 0, &chars, &mut magic);
    if !magic.is_empty() {
        let refused = "anchors (&), aliases (*) and tags (!) are not allowed here; write the value out, in quotes if need be";
        return Err(magic.into_iter().map(|at| Problem::error(file, at, refused)).collect());
    }
    let YamlData::Mapping(fields) = &document.data else {
        return Err(one(place(document), "expected fields such as `title: Reset your password`"));
    };
    let text = |node: &MarkedYaml<'_>| scalar(node, &chars);
    let fields = fields.iter().map(|(key, node)| Field {
        key: text(key).unwrap_or_default(),
        key_at: place(key),
        value: value(node, &chars),
        value_at: place(node),
    });
    Ok(fields.collect())
}

fn value(node: &MarkedYaml<'_>, chars: &[char]) -> Value {
    match &node.data {
        YamlData::Sequence(items) => {
            let texts: Option<Vec<_>> = items.iter().map(|item| Some((scalar(item, chars)?, place(item)))).collect();
            texts.map_or(Value::Other("a list of something else"), Value::List)
        }
        YamlData::Mapping(_) => Value::Other("a map"),
        _ => scalar(node, chars).map_or(Value::Other("nothing"), Value::Text),
    }
}

/// A scalar as it was written: `404` and `true` are texts here as well.
fn scalar(node: &MarkedYaml<'_>, chars: &[char]) -> Option<String> {
    match &node.data {
        YamlData::Value(Scalar::String(text)) => Some(text.to_string()),
        YamlData::Value(Scalar::Null) => None,
        YamlData::Value(_) => {
            let written = chars.get(node.span.start.index()..node.span.end.index())?;
            Some(written.iter().collect::<String>().trim().to_owned())
        }
        _ => None,
    }
}

fn place(node: &MarkedYaml<'_>) -> Place {
    Place { line: node.span.start.line(), column: node.span.start.col() + 1 }
}

/// Finds anchors, aliases and tags: the loader resolves them silently, but the signs stand before the node in the source.
fn find_magic(node: &MarkedYaml<'_>, before: usize, chars: &[char], found: &mut Vec<Place>) -> usize {
    let start = node.span.start.index();
    let gap = chars.get(before..start).unwrap_or_default();
    let tagged = matches!(node.data, YamlData::Tagged(..) | YamlData::Alias(_) | YamlData::Representation(..));
    if tagged || chars.get(start).is_some_and(|c| "&*!".contains(*c)) || has_sign(gap) {
        found.push(place(node));
        return node.span.end.index().max(start);
    }
    match &node.data {
        YamlData::Sequence(items) => {
            items.iter().fold(start, |before, item| find_magic(item, before, chars, found));
        }
        YamlData::Mapping(entries) => {
            entries.iter().fold(start, |before, (key, value)| {
                let after_key = find_magic(key, before, chars, found);
                find_magic(value, after_key, chars, found)
            });
        }
        _ => {}
    }
    node.span.end.index().max(start)
}

/// Whether what stands between two nodes holds more than white space, punctuation and comments.
fn has_sign(gap: &[char]) -> bool {
    gap.split(|c| *c == '\n').any(|line| line.iter().take_while(|c| **c != '#').any(|c| "&!".contains(*c)))
}

/// The first line where nesting goes too deep. An estimate on the safe side: brackets within texts count as well.
fn too_deep(head: &str) -> Option<usize> {
    let mut brackets = 0_usize;
    for (at, line) in head.lines().enumerate() {
        for c in line.chars() {
            match c {
                '[' | '{' => brackets += 1,
                ']' | '}' => brackets = brackets.saturating_sub(1),
                _ => {}
            }
            if brackets > DEPTH_MAX * 4 {
                return Some(at + 1);
            }
        }
        let dashes = line.split(' ').take_while(|word| matches!(*word, "" | "-" | "?" | ":")).filter(|word| !word.is_empty());
        let indent = line.chars().take_while(|c| *c == ' ').count();
        if dashes.count() > DEPTH_MAX || indent > DEPTH_MAX * 16 {
            return Some(at + 1);
        }
    }
    None
}
