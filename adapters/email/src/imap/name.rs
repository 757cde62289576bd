//! Names of folders on the wire: modified UTF-7 (RFC 3501, section 5.1.3), or UTF-8 where the server takes it (RFC 6855).

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::IMAP_MUTF7, NO_PAD);

/// A folder's name in modified UTF-7.
pub(super) fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut wide: Vec<u8> = Vec::new();
    let close = |wide: &mut Vec<u8>, out: &mut String| {
        if !wide.is_empty() {
            out.push('&');
            out.push_str(&BASE64.encode(&*wide));
            out.push('-');
            wide.clear();
        }
    };
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            close(&mut wide, &mut out);
            out.push(c);
            if c == '&' {
                out.push('-');
            }
        } else {
            wide.extend(c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    close(&mut wide, &mut out);
    out
}

/// A name in modified UTF-7 as people read it. What is not well-formed is left as it is.
pub(super) fn decode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, behind)) = rest.split_once('&') {
        out.push_str(before);
        let Some((inside, after)) = behind.split_once('-') else {
            out.push('&');
            rest = behind;
            continue;
        };
        match (inside, wide(inside)) {
            ("", _) => out.push('&'),
            (_, Some(text)) => out.push_str(&text),
            (_, None) => {
                out.push('&');
                out.push_str(inside);
                out.push('-');
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn wide(inside: &str) -> Option<String> {
    let bytes = BASE64.decode(inside).ok().filter(|bytes| bytes.len() % 2 == 0)?;
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    String::from_utf16(&units).ok()
}

/// A text as a quoted string. None when it holds what no quoted string can (RFC 9051, section 9).
pub(super) fn quote(text: &str) -> Option<String> {
    if text.contains(['\r', '\n', '\0']) {
        return None;
    }
    Some(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, encoded: &str) {
        assert_eq!(encode(name), encoded);
        assert_eq!(decode(encoded), name);
    }

    #[test]
    fn names_are_written_in_modified_utf_7_and_read_back() {
        check("INBOX", "INBOX");
        check("Entwürfe", "Entw&APw-rfe");
        check("R&D", "R&-D");
        check("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
        check("😀", "&2D3eAA-");
    }

    #[test]
    fn what_is_not_well_formed_stays() {
        for text in ["&", "a&b", "&!!-", "&AA-x", "&2D0-"] {
            assert_eq!(decode(text), text);
        }
    }

    #[test]
    fn a_quoted_string_holds_no_end_of_a_line() {
        assert_eq!(quote("a\"b\\c").as_deref(), Some("\"a\\\"b\\\\c\""));
        assert_eq!(quote("a\r\nS2 DELETE x"), None);
    }
}
