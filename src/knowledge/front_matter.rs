//! The YAML at the head of an article, with the place of everything in it.
//!
//! Only what an article needs is allowed: anchors, aliases and tags are refused, since a reader can't see what they stand
//! for, and deep nesting is, since the parser below is recursive.

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};
use switchboard_engine::{Place, Problem};

/// How far to the right a line may begin: each block in a block costs a column at least.
const COLUMNS_MAX: usize = 200;

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
    Empty,
    Other(&'static str),
}

/// The head and the body of an article. The head keeps its first line of dashes, so that its places are those of the file.
pub(super) fn split(source: &str) -> Result<(&str, &str), (Place, &'static str)> {
    let begins = source.strip_prefix("---").is_some_and(|rest| rest.starts_with(['\n', '\r']));
    if !begins {
        return Err((
            Place { line: 1, column: 1 },
            "expected `---` as the first line, then the fields, then `---` again",
        ));
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
        one(at, &format!("not YAML: {}", error.info()))
    })?;
    let first = Place { line: 1, column: 1 };
    let [document] = documents.as_slice() else { return Err(one(first, "expected one set of fields")) };
    let chars: Vec<char> = head.chars().collect();
    let mut signs = Vec::new();
    find_signs(document, &chars, &mut signs);
    if !signs.is_empty() {
        let refused =
            "anchors (&), aliases (*) and tags (!) are not allowed here; write the value out, in quotes if need be";
        return Err(signs.into_iter().map(|at| Problem::error(file, at, refused)).collect());
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
    if let YamlData::Sequence(items) = &node.data {
        let texts: Option<Vec<_>> = items.iter().map(|item| Some((scalar(item, chars)?, place(item)))).collect();
        return texts.map_or(Value::Other("a list of something else"), Value::List);
    }
    if let YamlData::Mapping(_) = &node.data {
        return Value::Other("a map");
    }
    scalar(node, chars).map_or(Value::Empty, Value::Text)
}

/// A scalar as it was written: `404` and `true` are texts here as well. None for nothing, and for what is no scalar.
fn scalar(node: &MarkedYaml<'_>, chars: &[char]) -> Option<String> {
    let YamlData::Value(value) = &node.data else { return None };
    match value {
        Scalar::String(text) => Some(text.to_string()),
        Scalar::Null => None,
        Scalar::Boolean(_) | Scalar::Integer(_) | Scalar::FloatingPoint(_) => {
            let written = chars.get(node.span.start.index()..node.span.end.index())?;
            Some(written.iter().collect::<String>().trim().to_owned())
        }
    }
}

fn place(node: &MarkedYaml<'_>) -> Place {
    Place { line: node.span.start.line(), column: node.span.start.col() + 1 }
}

/// Finds anchors, aliases and tags. The loader resolves them silently, but a node's place begins at its sign. Only the text
/// of a block scalar may begin with the same character, and then its value does too.
fn find_signs(node: &MarkedYaml<'_>, chars: &[char], found: &mut Vec<Place>) {
    let first = chars.get(node.span.start.index()).filter(|c| matches!(c, '&' | '*' | '!'));
    let is_text_of =
        |sign: &char| matches!(&node.data, YamlData::Value(Scalar::String(text)) if text.starts_with(*sign));
    if first.is_some_and(|sign| !is_text_of(sign)) || matches!(node.data, YamlData::Tagged(..)) {
        found.push(place(node));
    } else if let YamlData::Sequence(items) = &node.data {
        for item in items {
            find_signs(item, chars, found);
        }
    } else if let YamlData::Mapping(entries) = &node.data {
        for (key, value) in entries {
            find_signs(key, chars, found);
            find_signs(value, chars, found);
        }
    }
}

/// The first line that opens too many blocks or stands too far to the right. The parser itself bounds brackets.
fn too_deep(head: &str) -> Option<usize> {
    let opens = |line: &str| line.chars().take_while(|c| matches!(c, ' ' | '\t' | '-' | '?' | ':')).count();
    head.lines().position(|line| opens(line) > COLUMNS_MAX).map(|at| at + 1)
}
