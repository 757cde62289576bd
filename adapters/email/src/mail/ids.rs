//! Ids of mails (RFC 5322, 3.6.4), read leniently: comments, folded lines and missing brackets are common.

use super::encoded;
use super::limits::{ID_BYTES_MAX, IDS_MAX};

/// The ids in the fields of a name, without angle brackets, in their order.
pub(super) fn of(prepared: &[u8], name: &str) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for field in encoded::fields(prepared) {
        let Some(colon) = field.iter().position(|&byte| byte == b':') else { continue };
        if !field[..colon].trim_ascii().eq_ignore_ascii_case(name.as_bytes()) {
            continue;
        }
        ids.extend(read(&String::from_utf8_lossy(&field[colon + 1..])));
    }
    if ids.len() > IDS_MAX {
        // The beginning of a thread and its latest mails say most about it.
        ids.drain(IDS_MAX / 2..ids.len() - IDS_MAX / 2);
    }
    ids
}

fn read(value: &str) -> Vec<String> {
    let bare = without_comments(value);
    let bracketed: Vec<String> =
        bare.split('<').skip(1).filter_map(|rest| rest.split_once('>')).filter_map(|(id, _)| valid(id)).collect();
    if !bracketed.is_empty() {
        return bracketed;
    }
    bare.split([' ', '\t', '\r', '\n', ',', ';', '"', '<', '>'])
        .filter(|word| word.contains('@'))
        .filter_map(valid)
        .collect()
}

/// Folded white space inside an id is no part of it.
fn valid(id: &str) -> Option<String> {
    let id: String = id.chars().filter(|sign| !sign.is_whitespace()).collect();
    let fine =
        !id.is_empty() && id.len() <= ID_BYTES_MAX && !id.chars().any(char::is_control) && !id.contains(['<', '>']);
    fine.then_some(id)
}

fn without_comments(value: &str) -> String {
    let (mut depth, mut bracket) = (0_usize, false);
    value
        .chars()
        .filter(|&sign| {
            match sign {
                '<' if depth == 0 => bracket = true,
                '>' => bracket = false,
                '(' if !bracket => depth += 1,
                ')' if !bracket && depth > 0 => {
                    depth -= 1;
                    return false;
                }
                _ => {}
            }
            depth == 0
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_leniently() {
        let block = b"In-Reply-To: Your message (of Monday <no@no>)\r\n\t<a@x>\r\n <b\r\n @y>\r\nReferences: c@z\r\nMESSAGE-ID : <(odd)$1@h>\r\n";
        assert_eq!(of(block, "in-reply-to"), ["a@x", "b@y"]);
        assert_eq!(of(block, "references"), ["c@z"]);
        assert_eq!(of(block, "message-id"), ["(odd)$1@h"]);
    }

    #[test]
    fn long_chains_keep_both_ends() {
        let block = format!("References: {}\n", (0..1_000).map(|n| format!("<{n}@x>")).collect::<Vec<_>>().join(" "));
        let ids = of(block.as_bytes(), "references");
        assert_eq!((ids.len(), ids[0].as_str(), ids[IDS_MAX - 1].as_str()), (IDS_MAX, "0@x", "999@x"));
    }
}
