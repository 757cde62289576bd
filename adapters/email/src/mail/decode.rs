//! Bodies out of their transport encoding. Broken encodings give what can be read; nothing is refused.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;

use super::head::Transfer;

/// The bytes of a body.
pub(super) fn bytes(body: &[u8], transfer: Transfer) -> Cow<'_, [u8]> {
    match transfer {
        Transfer::None => Cow::Borrowed(body),
        Transfer::QuotedPrintable => Cow::Owned(quoted_printable(body)),
        Transfer::Base64 => Cow::Owned(base64(body)),
    }
}

/// How many bytes [`bytes`] gives, without making them where that is possible.
pub(super) fn size(body: &[u8], transfer: Transfer) -> usize {
    match transfer {
        Transfer::None => body.len(),
        Transfer::QuotedPrintable => quoted_printable(body).len(),
        Transfer::Base64 => body.iter().filter(|byte| in_alphabet(**byte)).count() * 3 / 4,
    }
}

fn in_alphabet(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/'
}

fn base64(body: &[u8]) -> Vec<u8> {
    if let Some(decoded) = base64_decode(body) {
        return decoded;
    }
    // Signs out of the alphabet are to be ignored (RFC 2045, 6.8).
    let mut known: Vec<u8> = body.iter().copied().filter(|&byte| in_alphabet(byte)).collect();
    if known.len() % 4 == 1 {
        known.pop();
    }
    base64_decode(&known).unwrap_or_else(|| body.to_vec())
}

/// RFC 2045 (6.7). A `=` which begins nothing stays as it is.
fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut at = 0;
    while let Some(&byte) = body.get(at) {
        at += 1;
        match byte {
            b'=' => {
                let hex = body.get(at..at + 2).and_then(|two| std::str::from_utf8(two).ok());
                if let Some(value) =
                    hex.filter(|two| !two.starts_with('+')).and_then(|two| u8::from_str_radix(two, 16).ok())
                {
                    out.push(value);
                    at += 2;
                    continue;
                }
                // A soft break: spaces, then the end of the line.
                let spaces = body[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
                match body.get(at + spaces) {
                    Some(b'\n') => at += spaces + 1,
                    None => at += spaces,
                    Some(_) => out.push(b'='),
                }
            }
            b'\n' => {
                // Spaces at the end of a line were added on the way.
                let crlf = out.last() == Some(&b'\r');
                let end = out.len() - usize::from(crlf);
                let kept = end - out[..end].iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
                out.truncate(kept);
                out.extend_from_slice(if crlf { b"\r\n" } else { b"\n" });
            }
            _ => out.push(byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_encodings_give_what_can_be_read() {
        assert_eq!(bytes(b"aGVs\r\nbG8=", Transfer::Base64).as_ref(), b"hello");
        assert_eq!(bytes(b"aGVs*bG8", Transfer::Base64).as_ref(), b"hello");
        assert_eq!(size(b"aGVs\r\nbG8=", Transfer::Base64), 5);
        assert_eq!(bytes(b"a=3Db =\r\nc=ZZ \r\nd=", Transfer::QuotedPrintable).as_ref(), b"a=b c=ZZ\r\nd");
    }
}
