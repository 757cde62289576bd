//! Which parts are the body, and their text.

use super::html::html_to_text;
use super::limits::{HTML_BYTES_MAX, TEXT_BYTES_MAX};
use super::notes::Notes;
use super::parts::{Part, Tree};
use super::{Mail, Seal, charset, clean, decode, flowed, seal};

/// The text of a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Body {
    /// Plain text, quotes with `>`.
    pub text: String,
    /// Whether it was made of HTML, because no plain text says anything.
    pub from_html: bool,
    /// Whether it was longer than [`super::limits::TEXT_BYTES_MAX`].
    pub cut: bool,
}

/// The body, and the parts it was made of.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    pub(super) text: Body,
    pub(super) html: Option<String>,
    /// The armour of `OpenPGP` in the text.
    pub(super) armour: Option<Seal>,
    /// Parts that are shown; all others are files.
    pub(super) shown: Vec<usize>,
}

/// A piece of a body: the same words as plain text, as HTML, or both.
#[derive(Debug, Default)]
struct Piece {
    plain: Vec<usize>,
    html: Vec<usize>,
}

/// A mail without any header: its bytes are its body.
pub(super) fn bare(raw: &[u8], mut notes: Notes) -> Mail {
    let text = charset::text(raw.get(..TEXT_BYTES_MAX).unwrap_or(raw), None);
    let begins = text.trim_start().get(..1) == Some("<");
    let lower = text.get(..clean::floor(&text, 4_096)).unwrap_or_default().to_ascii_lowercase();
    let is_html =
        begins && ["<html", "<body", "<div", "<p", "<!doctype", "<table", "<br"].iter().any(|tag| lower.contains(tag));
    let (text, html) = if is_html { (html_to_text(&text), Some(text)) } else { (text, None) };
    let (text, cut) = clean::body(&text, TEXT_BYTES_MAX);
    if cut || raw.len() > TEXT_BYTES_MAX {
        notes.add("the text is too long; shown is its beginning");
    }
    Mail { text: Body { text, from_html: is_html, cut }, html, notes: notes.into_list(), ..Mail::default() }
}

/// Chooses the body (RFC 2046, 5.1.3 and 5.1.4).
pub(super) fn choose(tree: &Tree<'_>, notes: &mut Notes) -> Chosen {
    let pieces = pieces(tree, 0, true);
    let mut chosen = Chosen::default();
    let any_html = pieces.iter().any(|piece| !piece.html.is_empty());
    let (mut texts, mut htmls) = (Vec::new(), Vec::new());
    let mut from_html = false;
    for piece in &pieces {
        chosen.shown.extend(&piece.html);
        let plain: Vec<String> = piece.plain.iter().map(|&part| plain_text(&tree.parts[part])).collect();
        let plain = plain.join("\n");
        let html: Vec<(String, String)> = piece.html.iter().map(|&part| html_text(&tree.parts[part])).collect();
        let as_text = html.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n\n");
        let stub = !html.is_empty() && says_nothing(&plain) && !as_text.trim().is_empty();
        from_html |= stub;
        // A plain text that isn't shown stays a file, unless it holds no word.
        if !stub || plain.trim().is_empty() {
            chosen.shown.extend(&piece.plain);
        }
        texts.push(if stub { as_text } else { plain.clone() });
        if any_html {
            htmls.push(if html.is_empty() {
                format!("<pre>{}</pre>", ammonia::clean_text(&plain))
            } else {
                html.into_iter().map(|(html, _)| html).collect::<Vec<_>>().join("<br>")
            });
        }
    }
    let (text, cut) = clean::body(&texts.join("\n"), TEXT_BYTES_MAX);
    let all_html = any_html && pieces.iter().all(|piece| !piece.html.is_empty());
    if cut {
        notes.add("the text is too long; shown is its beginning");
    }
    chosen.armour = seal::armour(&text);
    chosen.text = Body { text: unarmour(text), from_html: from_html && all_html, cut };
    chosen.html = any_html.then(|| htmls.join("<br>")).filter(|html| !html.trim().is_empty());
    chosen
}

/// The pieces under a part. Depth is bounded by the tree.
fn pieces(tree: &Tree<'_>, at: usize, first: bool) -> Vec<Piece> {
    let part = &tree.parts[at];
    if part.children.is_empty() {
        return leaf(part, at, first).into_iter().collect();
    }
    let children: Vec<Vec<Piece>> = part
        .children
        .iter()
        .enumerate()
        .map(|(number, &child)| pieces(tree, child, first && number == 0))
        .filter(|pieces| !pieces.is_empty())
        .collect();
    match part.head.media_type.as_str() {
        "multipart/alternative" => alternative(children),
        "multipart/encrypted" => Vec::new(),
        _ => children.into_iter().flatten().collect(),
    }
}

fn leaf(part: &Part<'_>, at: usize, first: bool) -> Option<Piece> {
    let head = &part.head;
    let attached = head.disposition.as_deref().is_some_and(|disposition| disposition != "inline");
    let named = head.name.is_some();
    if attached || named && !first {
        return None;
    }
    match head.media_type.as_str() {
        "text/html" | "application/xhtml+xml" => Some(Piece { html: vec![at], ..Piece::default() }),
        // A multipart in which no part was found is text.
        "" | "text/plain" => Some(Piece { plain: vec![at], ..Piece::default() }),
        kind if kind.starts_with("multipart/") && kind != "multipart/encrypted" => {
            Some(Piece { plain: vec![at], ..Piece::default() })
        }
        _ => None,
    }
}

/// The last of each kind is the best one. The others stay files.
fn alternative(children: Vec<Vec<Piece>>) -> Vec<Piece> {
    let mut best = Piece::default();
    for pieces in children {
        if pieces.iter().all(|piece| piece.html.is_empty()) {
            best.plain = pieces.into_iter().flat_map(|piece| piece.plain).collect();
        } else {
            best.html = pieces
                .into_iter()
                .flat_map(|piece| if piece.html.is_empty() { piece.plain } else { piece.html })
                .collect();
        }
    }
    if best.plain.is_empty() && best.html.is_empty() { Vec::new() } else { vec![best] }
}

fn plain_text(part: &Part<'_>) -> String {
    let text = decoded(part);
    let text = if part.head.flowed { flowed::unflow(&text, part.head.delsp) } else { text };
    text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text)).to_owned()
}

/// The HTML of a part and its text. UTF-7 could hide tags in ASCII: the tags are read first and the text is decoded after.
fn html_text(part: &Part<'_>) -> (String, String) {
    if matches!(part.head.media_type.as_str(), "text/html" | "application/xhtml+xml") {
        if charset::is_utf7(part.head.charset.as_deref()) {
            let ascii = String::from_utf8_lossy(&decode::bytes(bounded(part), part.head.transfer)).into_owned();
            let text = charset::text(html_to_text(&ascii).as_bytes(), part.head.charset.as_deref());
            return (format!("<pre>{}</pre>", ammonia::clean_text(&text)), text);
        }
        let html = decoded(part).replace('\0', "");
        let text = html_to_text(&html);
        return (html, text);
    }
    let plain = plain_text(part);
    (format!("<pre>{}</pre>", ammonia::clean_text(&plain)), plain)
}

fn decoded(part: &Part<'_>) -> String {
    charset::text(&decode::bytes(bounded(part), part.head.transfer), part.head.charset.as_deref())
}

/// No more of a body than can be shown.
fn bounded<'a>(part: &Part<'a>) -> &'a [u8] {
    part.body.get(..HTML_BYTES_MAX * 3).unwrap_or(part.body)
}

/// Words of plain texts that only point at the HTML.
const STUB: &[&str] = &[
    "view this email in",
    "view this e-mail in",
    "view this message in",
    "view it in html",
    "in html format",
    "html format",
    "html-capable",
    "html enabled",
    "html-enabled",
    "does not support html",
    "doesn't support html",
    "not support html",
    "html email",
    "html e-mail",
    "html message",
    "html mail",
    "enable html",
    "html version",
    "html-version",
    "html-mail",
    "html-format",
    "au format html",
    "en formato html",
    "in formato html",
    "в формате html",
    "html形式",
    "to view this email",
    "view in your browser",
    "view in browser",
    "view online",
    "im browser",
    "dans votre navigateur",
    "en el navegador",
    "nel browser",
    "in je browser",
];
/// Bytes of a plain text that can be such a pointer.
const STUB_BYTES_MAX: usize = 600;

fn says_nothing(plain: &str) -> bool {
    let plain = plain.trim_matches(|sign: char| {
        sign.is_whitespace()
            || sign.is_control()
            || matches!(sign, '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}' | '\u{34f}')
    });
    if plain.is_empty() {
        return true;
    }
    if plain.len() > STUB_BYTES_MAX {
        return false;
    }
    let lower = plain.to_lowercase();
    STUB.iter().any(|words| lower.contains(words))
}

/// Takes the armour off a text signed with `OpenPGP` (RFC 9580, 7): the text is shown, the signature is noted elsewhere.
fn unarmour(text: String) -> String {
    const BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
    const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
    const END: &str = "-----END PGP SIGNATURE-----";
    if !text.starts_with(BEGIN) && !text.contains("\n-----BEGIN PGP SIGNED MESSAGE-----") {
        return text;
    }
    let (mut out, mut headers, mut signature, mut inside) = (String::with_capacity(text.len()), false, false, false);
    for line in text.split_inclusive('\n') {
        match line.trim_end() {
            BEGIN => (headers, inside) = (true, true),
            SIGNATURE if inside => signature = true,
            END if signature => (signature, inside) = (false, false),
            // The headers of the armour end with an empty line.
            "" if headers => headers = false,
            _ if headers || signature => {}
            // A line that begins with a dash was escaped (7.1).
            _ if inside => out.push_str(line.strip_prefix("- ").unwrap_or(line)),
            _ => out.push_str(line),
        }
    }
    out
}
