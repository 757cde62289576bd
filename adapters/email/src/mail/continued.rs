//! Parameters in pieces (RFC 2231, 3 and 4.1), joined before they are decoded: programs break them inside a character.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Pieces of one parameter.
const PIECES_MAX: usize = 500;

/// A field whose parameters in encoded pieces are one encoded parameter each; `None` when it has none.
pub(super) fn join(field: &str) -> Option<String> {
    let name = field.split(':').next()?.trim().to_ascii_lowercase();
    if !matches!(name.as_str(), "content-type" | "content-disposition") || !field.contains("*0*") {
        return None;
    }
    let mut out = String::with_capacity(field.len());
    // By name: the pieces by their number, and whether each is percent-encoded.
    let mut pieces: BTreeMap<String, BTreeMap<usize, (bool, String)>> = BTreeMap::new();
    for (number, parameter) in parameters(field).into_iter().enumerate() {
        match piece(parameter) {
            Some((name, at, encoded, value)) if at < PIECES_MAX => {
                pieces.entry(name).or_default().entry(at).or_insert((encoded, value));
            }
            Some(_) => {}
            None => {
                out.push_str(if number > 0 { ";" } else { "" });
                out.push_str(parameter.trim_end());
            }
        }
    }
    for (name, pieces) in &pieces {
        let _ = write!(out, "; {name}*=");
        let charset = pieces.get(&0).is_some_and(|(encoded, _)| *encoded);
        out.push_str(if charset { "" } else { "utf-8''" });
        for (encoded, value) in pieces.values() {
            if *encoded {
                out.push_str(value);
            } else {
                value.bytes().for_each(|byte| {
                    // Writing to a string can't fail.
                    let _ = write!(out, "%{byte:02X}");
                });
            }
        }
    }
    out.push('\n');
    Some(out)
}

/// The parts of a field between semicolons. A semicolon in quotes parts nothing.
fn parameters(field: &str) -> Vec<&str> {
    let (mut found, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in field.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b';' if !quoted => {
                found.push(&field[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&field[start..]);
    found
}

/// `name*2*=value` or `name*2=value`.
fn piece(parameter: &str) -> Option<(String, usize, bool, String)> {
    let (name, value) = parameter.split_once('=')?;
    let (name, encoded) = name.trim().strip_suffix('*').map_or((name.trim(), false), |name| (name, true));
    let (name, number) = name.split_once('*')?;
    let value = value.trim();
    let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    Some((name.to_ascii_lowercase(), number.parse().ok()?, encoded, bare.replace('\\', "")))
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn pieces_are_joined_in_their_order() {
        let field = "Content-Disposition: attachment; filename*1=\" x;y\"; filename*0*=utf-8''M%C3; size=3";
        assert_eq!(
            join(field).as_deref(),
            Some("Content-Disposition: attachment; size=3; filename*=utf-8''M%C3%20%78%3B%79\n")
        );
        assert_eq!(join("Content-Type: text/plain; name=a"), None);
        assert_eq!(join("Subject: a*0*=b"), None);
    }
}
