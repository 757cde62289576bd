//! A block of header fields made fit for the parser: bounded, UTF-8, and encoded words that belong together joined.

use std::borrow::Cow;
use std::fmt::Write as _;

use mail_parser::decoders::base64::base64_decode;

use super::limits::{HEADER_BYTES_MAX, HEADER_FIELD_BYTES_MAX, HEADER_FIELDS_MAX};
use super::{charset, clean, continued};

/// What was wrong with a block.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Trouble {
    /// Fields, or bytes of fields, were left out.
    pub(super) cut: bool,
    /// There were bytes above 127 which are no UTF-8.
    pub(super) eight_bit: bool,
}

/// Prepares a block of fields: everything before the blank line.
pub(super) fn prepare(block: &[u8]) -> (Vec<u8>, Trouble) {
    let mut out = Vec::with_capacity(block.len().min(HEADER_BYTES_MAX) + 2);
    let mut trouble = Trouble::default();
    for (count, field) in fields(block).enumerate() {
        if count >= HEADER_FIELDS_MAX || out.len() + field.len().min(HEADER_FIELD_BYTES_MAX) > HEADER_BYTES_MAX {
            trouble.cut = true;
            break;
        }
        let bounded = field.get(..HEADER_FIELD_BYTES_MAX).unwrap_or(field);
        trouble.cut |= bounded.len() < field.len();
        let text = if let Ok(text) = std::str::from_utf8(bounded) {
            Cow::Borrowed(text)
        } else {
            // A cut may have split a sign; a guess keeps the rest.
            trouble.eight_bit |= bounded.len() == field.len();
            Cow::Owned(charset::guess(bounded))
        };
        let text = if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { text };
        let text = continued::join(&text).map_or(text, Cow::Owned);
        out.extend_from_slice(join_words(&text).as_bytes());
        if !out.ends_with(b"\n") {
            out.push(b'\n');
        }
    }
    (out, trouble)
}

/// The fields of a block, each with its folded lines.
pub(super) fn fields(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = block;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut end = 0;
        loop {
            end += rest[end..].iter().position(|&byte| byte == b'\n').map_or(rest.len() - end, |at| at + 1);
            if !matches!(rest.get(end), Some(b' ' | b'\t')) {
                break;
            }
        }
        let (field, after) = rest.split_at(end);
        rest = after;
        Some(field)
    })
}

/// Bytes of an encoded word: RFC 2047 (2) allows 75, many programs write more.
const WORD_BYTES_MAX: usize = 4_096;

struct Word<'a> {
    charset: &'a str,
    base64: bool,
    payload: &'a str,
    /// The bytes of the whole word.
    len: usize,
}

/// The encoded word (RFC 2047, 2) that `text` begins with.
fn word(text: &str) -> Option<Word<'_>> {
    let inner = text.get(..clean::floor(text, WORD_BYTES_MAX))?.strip_prefix("=?")?;
    let (charset, rest) = inner.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let end = rest.find("?=")?;
    let payload = &rest[..end];
    let base64 = match encoding {
        "b" | "B" => true,
        "q" | "Q" => false,
        _ => return None,
    };
    let odd =
        charset.len() > 64 || charset.contains(char::is_whitespace) || payload.contains(char::is_whitespace) && base64;
    (!odd).then(|| Word { charset, base64, payload, len: 2 + charset.len() + 1 + encoding.len() + 1 + end + 2 })
}

fn bytes(word: &Word<'_>) -> Option<Vec<u8>> {
    if word.base64 {
        return base64_decode(word.payload.trim_end_matches('=').as_bytes());
    }
    let mut out = Vec::with_capacity(word.payload.len());
    let (payload, mut at) = (word.payload.as_bytes(), 0);
    while let Some(&sign) = payload.get(at) {
        at += 1;
        match sign {
            b'_' => out.push(b' '),
            b'=' => {
                let rest = payload.get(at..).unwrap_or_default();
                let hex = rest.get(..2).and_then(|two| std::str::from_utf8(two).ok());
                match hex.and_then(|two| u8::from_str_radix(two, 16).ok()) {
                    Some(byte) => {
                        out.push(byte);
                        at += 2;
                    }
                    None => out.push(b'='),
                }
            }
            _ => out.push(sign),
        }
    }
    Some(out)
}

/// Joins encoded words that follow each other in one character set, so that a character split between them is whole again.
/// RFC 2047 (5.3) forbids the split, and many programs do it.
fn join_words(field: &str) -> Cow<'_, str> {
    if !field.contains("=?") {
        return Cow::Borrowed(field);
    }
    let mut out = String::with_capacity(field.len());
    let mut rest = field;
    while let Some(at) = rest.find("=?") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(first) = word(rest) else {
            out.push_str("=?");
            rest = &rest[2..];
            continue;
        };
        let mut joined = bytes(&first);
        let (mut count, mut len) = (1, first.len);
        while let Some(so_far) = &mut joined {
            let after = rest[len..].trim_start();
            let gap = rest[len..].len() - after.len();
            let next = word(after).filter(|next| gap > 0 && next.charset.eq_ignore_ascii_case(first.charset));
            match next.as_ref().map(|next| (bytes(next), next.len)) {
                Some((Some(more), more_len)) => {
                    so_far.extend_from_slice(&more);
                    count += 1;
                    len += gap + more_len;
                }
                Some((None, _)) | None => break,
            }
        }
        match joined {
            Some(joined) if count > 1 || !first.charset.is_ascii() || first.charset.contains('*') => {
                let charset = first.charset.split('*').next().unwrap_or_default();
                out.push_str("=?");
                out.push_str(charset);
                out.push_str("?Q?");
                for byte in joined {
                    // Writing to a string can't fail.
                    let _ = write!(out, "={byte:02X}");
                }
                out.push_str("?=");
            }
            Some(_) | None => out.push_str(&rest[..len]),
        }
        rest = &rest[len..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Decodes the encoded words of a parameter, where RFC 2047 (5) forbids them and many programs put them.
pub(super) fn parameter(value: &str) -> String {
    if !value.contains("=?") {
        return value.to_owned();
    }
    let joined = join_words(value);
    let mut out = String::with_capacity(joined.len());
    let mut rest: &str = &joined;
    let mut after_word = false;
    while let Some(at) = rest.find("=?") {
        let before = &rest[..at];
        if !(after_word && before.trim().is_empty()) {
            out.push_str(before);
        }
        rest = &rest[at..];
        if let Some((decoded, found)) = word(rest).and_then(|found| Some((bytes(&found)?, found))) {
            out.push_str(&charset::text(&decoded, Some(found.charset)));
            rest = &rest[found.len..];
            after_word = true;
        } else {
            out.push_str("=?");
            rest = &rest[2..];
            after_word = false;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_character_is_whole_again() {
        // The two bytes of ü stand in two words.
        let field = "Subject: =?utf-8?Q?Gr=C3?=\r\n =?utf-8?Q?=BC=C3=9Fe?=";
        assert_eq!(parameter(&join_words(field)), "Subject: Grüße");
        assert_eq!(parameter("=?utf-8?B?R3LDvMOfZQ==?= =?utf-8?B?LnR4dA==?="), "Grüße.txt");
        assert_eq!(parameter("=?iso-8859-1?Q?Gr=FC=DFe?= (1)"), "Grüße (1)");
    }

    #[test]
    fn what_is_no_encoded_word_stays() {
        for text in ["=?", "=?x", "=?utf-8?Q?never ends", "a =? b ?= c", "=?utf-8?X?what?="] {
            assert_eq!(parameter(text), text);
        }
    }

    #[test]
    fn blocks_are_bounded_and_utf8() {
        let (block, trouble) = prepare(&b"A: b\n".repeat(10_000));
        assert!(trouble.cut && block.len() <= 5 * HEADER_FIELDS_MAX);
        let (block, trouble) = prepare(format!("Subject: {}\n", "x".repeat(1 << 20)).as_bytes());
        assert!(trouble.cut && block.len() <= HEADER_FIELD_BYTES_MAX + 1);
        let (block, trouble) = prepare(b"Subject: Viele Gr\xfc\xdfe aus K\xf6ln\n");
        assert_eq!((std::str::from_utf8(&block), trouble.eight_bit), (Ok("Subject: Viele Grüße aus Köln\n"), true));
    }
}
