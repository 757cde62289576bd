//! Words of strangers made fit to be shown: no control characters, nothing that turns the direction of writing.

use super::limits::{FILE_NAME_CHARS_MAX, FILE_NAME_CHARS_READ_MAX};

/// Signs that hide or reorder what is read: embeddings, overrides and isolates (UAX 9), separators, signs without width, tags.
fn deceives(sign: char) -> bool {
    matches!(sign, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{200b}' | '\u{feff}' | '\u{61c}' | '\u{e0000}'..='\u{e007f}')
}

/// One line of text: control characters become spaces, deceiving signs go, at most `max` characters.
pub(crate) fn line(text: &str, max: usize) -> String {
    let mut out = String::new();
    for sign in
        text.chars().filter(|&sign| !deceives(sign)).map(|sign| if sign.is_control() { ' ' } else { sign }).take(max)
    {
        if !(sign == ' ' && out.ends_with(' ')) {
            out.push(sign);
        }
    }
    out.trim().to_owned()
}

/// A body: line breaks become `\n`, other control characters go, at most `max` bytes. Tells whether it was cut.
pub(crate) fn body(text: &str, max: usize) -> (String, bool) {
    let cut = text.len() > max;
    let text = text.get(..floor(text, max)).unwrap_or_default();
    let mut out = String::with_capacity(text.len());
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '\r' => {
                if signs.peek() != Some(&'\n') {
                    out.push('\n');
                }
            }
            '\n' | '\t' => out.push(sign),
            '\u{c}' | '\u{b}' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            _ if sign.is_control() || matches!(sign, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {}
            _ => out.push(sign),
        }
    }
    (out, cut)
}

/// The last place at or before `max` where a character begins.
pub(super) fn floor(text: &str, max: usize) -> usize {
    (0..=max.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// A file's name without folders, without signs that a file system or a shell takes as its own, bounded with its ending kept.
pub(super) fn file_name(name: &str) -> Option<String> {
    let name = line(name, FILE_NAME_CHARS_READ_MAX);
    let name = name.rsplit(['/', '\\']).find(|piece| !piece.trim_matches(['.', ' ']).is_empty())?;
    let name: String = name
        .chars()
        .map(|sign| if matches!(sign, ':' | '*' | '?' | '"' | '<' | '>' | '|' | '\0') { '_' } else { sign })
        .collect();
    let name = name.trim().trim_start_matches('.').trim_end_matches(['.', ' ']).to_owned();
    if name.is_empty() {
        return None;
    }
    let count = name.chars().count();
    if count <= FILE_NAME_CHARS_MAX {
        return Some(name);
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending).filter(|ending| ending.len() <= 16);
    let keep = FILE_NAME_CHARS_MAX - ending.map_or(0, |ending| ending.chars().count() + 1);
    let stem: String = name.chars().take(keep).collect();
    Some(ending.map_or(stem.clone(), |ending| format!("{stem}.{ending}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_safe() {
        assert_eq!(file_name("../../etc/passwd").as_deref(), Some("passwd"));
        assert_eq!(file_name("C:\\temp\\a.txt").as_deref(), Some("a.txt"));
        assert_eq!(file_name("invoice\u{202e}fdp.exe").as_deref(), Some("invoicefdp.exe"));
        assert_eq!(file_name("a\r\nb\0.txt").as_deref(), Some("a b .txt"));
        assert_eq!(file_name("..").as_deref(), None);
        let long = file_name(&format!("{}.pdf", "x".repeat(5_000))).expect("a name");
        assert!(long.strip_suffix(".pdf").is_some_and(|stem| stem.chars().count() == FILE_NAME_CHARS_MAX - 4));
    }

    #[test]
    fn lines_hold_no_deceiving_signs() {
        assert_eq!(line("a\r\nBcc: b\u{202e}c\u{0}", 100), "a Bcc: bc");
        assert_eq!(line("ééé", 2), "éé");
    }

    #[test]
    fn bodies_keep_their_lines() {
        assert_eq!(body("a\r\nb\rc\0", 100), ("a\nb\nc".to_owned(), false));
        assert_eq!(body("éé", 3), ("é".to_owned(), true));
    }
}
