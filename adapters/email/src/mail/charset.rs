//! Bytes to text, with the character set that is named, or the one it must be.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use mail_parser::decoders::charsets::map::charset_decoder;

use super::limits::CHARSET_SAMPLE_BYTES;

/// Whether a label names UTF-7, which can hide markup in plain ASCII.
pub(super) fn is_utf7(label: Option<&str>) -> bool {
    label.is_some_and(|label| {
        matches!(label.to_ascii_lowercase().as_str(), "utf-7" | "utf7" | "unicode-1-1-utf-7" | "csutf7")
    })
}

/// Decodes text. A label that can't be true, or none, is replaced by what the bytes look like. Nothing is dropped.
pub(super) fn text(bytes: &[u8], label: Option<&str>) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let label = label.map(|label| label.trim().trim_matches(['"', '\'']).to_ascii_lowercase()).unwrap_or_default();
    let escapes = bytes.contains(&0x1b);
    if bytes.is_ascii()
        && !escapes
        && !matches!(label.as_str(), l if is_utf7(Some(l)) || l.starts_with("utf-16") || l.starts_with("hz"))
    {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let eight_bit = !(label.starts_with("utf-16") || label.starts_with("iso-2022") || is_utf7(Some(&label)));
    if eight_bit && !bytes.is_ascii() {
        // Bytes above 127 which are valid UTF-8 are UTF-8, whatever the label says: by chance that doesn't happen.
        if let Ok(text) = std::str::from_utf8(bytes) {
            return text.to_owned();
        }
    }
    let weak = matches!(
        label.as_str(),
        "" | "us-ascii" | "ascii" | "utf-8" | "utf8" | "unknown-8bit" | "x-unknown" | "8bit" | "7bit" | "binary"
    );
    match charset_decoder(label.as_bytes()) {
        Some(decode) if !weak => decode(bytes),
        Some(_) | None => guess(bytes),
    }
}

/// Decodes bytes of which nothing is said.
pub(super) fn guess(bytes: &[u8]) -> String {
    // Mostly valid UTF-8 with a broken sign, for example cut in the middle.
    let text = String::from_utf8_lossy(bytes);
    let broken = text.matches(char::REPLACEMENT_CHARACTER).count();
    let fine = text.chars().filter(|sign| !sign.is_ascii()).count().saturating_sub(broken);
    if !bytes.contains(&0x1b) && (broken == 0 || fine > 4 * broken) {
        return text.into_owned();
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes.get(..CHARSET_SAMPLE_BYTES).unwrap_or(bytes), true);
    let (text, _, _) = detector.guess(None, Utf8Detection::Allow).decode(bytes);
    text.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_taken() {
        assert_eq!(text(b"Gr\xfc\xdfe", Some("iso-8859-1")), "Grüße");
        assert_eq!(text(b"\xcf\xf0\xe8\xe2\xe5\xf2", Some("windows-1251")), "Привет");
        assert_eq!(text(b"\xf0\xd2\xc9\xd7\xc5\xd4", Some("KOI8-R")), "Привет");
        assert_eq!(text(b"\xc4\xe3\xba\xc3", Some("gb2312")), "你好");
        assert_eq!(text(b"\x1b$B$3$s\x1b(B", Some("iso-2022-jp")), "こん");
        assert_eq!(text(b"+AGgA6Q-llo", Some("utf-7")), "héllo");
    }

    #[test]
    fn a_wrong_or_missing_label_loses_nothing() {
        assert_eq!(text("Grüße".as_bytes(), Some("us-ascii")), "Grüße");
        assert_eq!(text("Grüße".as_bytes(), Some("iso-8859-1")), "Grüße");
        assert_eq!(text(b"Viele Gr\xfc\xdfe aus K\xf6ln", Some("utf-8")), "Viele Grüße aus Köln");
        assert_eq!(text(b"Viele Gr\xfc\xdfe aus K\xf6ln", Some("no-such-set")), "Viele Grüße aus Köln");
        assert_eq!(text(b"\x1b$B$3$s\x1b(B", None), "こん");
    }
}
