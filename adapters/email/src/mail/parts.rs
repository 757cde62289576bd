//! The tree of parts, found line by line in one pass. Bodies are borrowed. A nested mail is one part: nothing here recurses,
//! so depth and number cost nothing but what the limits allow.

use super::encoded::Trouble;
use super::head::{self, Head};
use super::limits::{DEPTH_MAX, PARTS_MAX};

/// One part. Part 0 is the mail itself.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub(super) head: Head,
    /// The body, still in its transport encoding; the whole region for a multipart.
    pub(super) body: &'a [u8],
    pub(super) children: Vec<usize>,
}

/// The parts of a mail.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub(super) parts: Vec<Part<'a>>,
    /// The fields of the mail itself.
    pub(super) fields: &'a [u8],
    /// Parts found, shown or not.
    pub(super) found: usize,
    pub(super) trouble: Trouble,
    /// A multipart was too deep and is one part.
    pub(super) deep: bool,
    /// A multipart didn't end.
    pub(super) unended: bool,
}

/// A multipart whose parts are being read.
struct Open {
    part: usize,
    boundary: Vec<u8>,
    /// Where its region begins.
    start: usize,
}

/// What stands at a delimiter line.
struct Delimiter {
    /// Which of the open multiparts it belongs to.
    level: usize,
    last: bool,
}

/// Reads the tree. `raw` must hold no bare carriage returns as line ends.
pub(super) fn tree(raw: &[u8]) -> Tree<'_> {
    let (fields, body) = split_head(raw, &[]);
    let (head, trouble) = head::read(&raw[..fields]);
    let mut tree = Tree { parts: Vec::new(), fields: &raw[..fields], found: 1, trouble, deep: false, unended: false };
    let mut open: Vec<Open> = Vec::new();
    let mut here = body;
    // The leaf that is being read, and where its body begins.
    let mut leaf = add(&mut tree, &mut open, head, body);
    while here < raw.len() {
        let end = line_end(raw, here);
        let Some(delimiter) = delimiter(&raw[here..end], &open) else {
            here = end;
            continue;
        };
        close_leaf(&mut tree, leaf.take(), raw, here);
        close_multiparts(&mut tree, &mut open, delimiter.level + 1, raw, here, true);
        here = end;
        if delimiter.last {
            close_multiparts(&mut tree, &mut open, delimiter.level, raw, end, false);
            continue;
        }
        tree.found += 1;
        if tree.parts.len() >= PARTS_MAX {
            continue;
        }
        let (fields, body) = split_head(&raw[here..], &open);
        let (mut head, trouble) = head::read(&raw[here..here + fields]);
        tree.trouble.cut |= trouble.cut;
        tree.trouble.eight_bit |= trouble.eight_bit;
        let digest = open.last().is_some_and(|open| tree.parts[open.part].head.is("multipart/digest"));
        if head.media_type.is_empty() && digest {
            // RFC 2046, 5.1.5.
            "message/rfc822".clone_into(&mut head.media_type);
        }
        here += body;
        leaf = add(&mut tree, &mut open, head, here);
    }
    close_leaf(&mut tree, leaf, raw, raw.len());
    close_multiparts(&mut tree, &mut open, 0, raw, raw.len(), true);
    tree
}

/// Adds a part; opens it when it is a multipart, else tells that its body is to be read.
fn add(tree: &mut Tree<'_>, open: &mut Vec<Open>, head: Head, start: usize) -> Option<(usize, usize)> {
    let part = tree.parts.len();
    if let Some(parent) = open.last() {
        tree.parts[parent.part].children.push(part);
    }
    let boundary = head.boundary.clone().filter(|_| head.is_multipart());
    tree.parts.push(Part { head, body: &[], children: Vec::new() });
    match boundary {
        Some(_) if open.len() >= DEPTH_MAX => {
            tree.deep = true;
            Some((part, start))
        }
        Some(boundary) => {
            open.push(Open { part, boundary: boundary.trim_end().as_bytes().to_vec(), start });
            None
        }
        None => Some((part, start)),
    }
}

fn close_leaf<'a>(tree: &mut Tree<'a>, leaf: Option<(usize, usize)>, raw: &'a [u8], end: usize) {
    if let Some((part, start)) = leaf {
        tree.parts[part].body = before_delimiter(raw, start, end);
    }
}

/// The line break before a delimiter belongs to the delimiter (RFC 2046, 5.1.1).
fn before_delimiter(raw: &[u8], start: usize, end: usize) -> &[u8] {
    let body = raw.get(start..end).unwrap_or_default();
    if end == raw.len() {
        return body;
    }
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    body.strip_suffix(b"\r").unwrap_or(body)
}

fn close_multiparts<'a>(
    tree: &mut Tree<'a>,
    open: &mut Vec<Open>,
    keep: usize,
    raw: &'a [u8],
    end: usize,
    unended: bool,
) {
    while open.len() > keep {
        if let Some(closed) = open.pop() {
            tree.parts[closed.part].body = raw.get(closed.start..end).unwrap_or_default();
            tree.unended |= unended;
        }
    }
}

fn line_end(raw: &[u8], from: usize) -> usize {
    raw[from..].iter().position(|&byte| byte == b'\n').map_or(raw.len(), |at| from + at + 1)
}

fn delimiter(line: &[u8], open: &[Open]) -> Option<Delimiter> {
    let rest = line.strip_prefix(b"--")?;
    open.iter().enumerate().rev().find_map(|(level, open)| {
        let after = rest.strip_prefix(open.boundary.as_slice())?;
        let (last, after) = after.strip_prefix(b"--").map_or((false, after), |after| (true, after));
        after.trim_ascii().is_empty().then_some(Delimiter { level, last })
    })
}

/// Where the fields end and where the body begins. A delimiter ends the fields as well: some parts have no blank line.
fn split_head(raw: &[u8], open: &[Open]) -> (usize, usize) {
    let mut here = 0;
    while here < raw.len() {
        let end = line_end(raw, here);
        let line = &raw[here..end];
        let folded = here > 0 && matches!(line.first(), Some(b' ' | b'\t'));
        if line.trim_ascii().is_empty() && !folded {
            return (here, end);
        }
        if delimiter(line, open).is_some() {
            return (here, here);
        }
        let passed_over = here > 0 && known_field(&raw[end..line_end(raw, end)]);
        if !is_field(line) && !passed_over {
            // Something that is no field ends the fields: the body has begun without a blank line.
            return (here, here);
        }
        here = end;
    }
    (here, here)
}

/// A field that mail really has: one broken line above it doesn't end the fields.
fn known_field(line: &[u8]) -> bool {
    let name = line
        .iter()
        .take(40)
        .position(|&byte| byte == b':')
        .map(|at| String::from_utf8_lossy(&line[..at]).trim().to_ascii_lowercase());
    name.is_some_and(|name| KNOWN.contains(&name.as_str()) || name.starts_with("content-") || name.starts_with("x-"))
}

/// A field, a folded line, or the "From " line of a mailbox file.
fn is_field(line: &[u8]) -> bool {
    match line.first() {
        Some(b' ' | b'\t') => true,
        Some(_) if line.starts_with(b"From ") || line.starts_with(b">From ") => true,
        Some(_) => {
            let name = line.iter().position(|&byte| byte == b':').map_or(&[][..], |at| &line[..at]);
            let name = name.trim_ascii_end();
            !name.is_empty() && name.len() <= 100 && name.iter().all(u8::is_ascii_graphic)
        }
        None => false,
    }
}

/// Fields of which at least one must be there for the beginning of the bytes to be a header.
const KNOWN: &[&str] = &[
    "from",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "received",
    "return-path",
    "mime-version",
    "content-type",
    "delivered-to",
    "reply-to",
    "in-reply-to",
    "references",
    "sender",
    "x-mailer",
    "dkim-signature",
    "content-transfer-encoding",
    "envelope-to",
    "x-original-to",
    "bcc",
    "user-agent",
];

/// Whether the bytes begin with header fields; else they are a body only.
pub(super) fn has_fields(raw: &[u8]) -> bool {
    let (fields, _) = split_head(raw, &[]);
    super::encoded::fields(&raw[..fields]).take(500).any(|field| {
        let name = field
            .iter()
            .position(|&byte| byte == b':')
            .map(|at| String::from_utf8_lossy(&field[..at]).trim().to_ascii_lowercase());
        name.is_some_and(|name| KNOWN.contains(&name.as_str()))
    })
}
