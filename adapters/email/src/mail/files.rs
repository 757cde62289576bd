//! The files of a mail: everything that isn't its body.

use super::body::Chosen;
use super::limits::{PARTS_MAX, SUBJECT_CHARS_MAX, TNEF_MEMBERS_MAX};
use super::notes::Notes;
use super::parts::{self, Part, Tree};
use super::{clean, decode, head, tnef};

/// What a file is to the mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// Somebody attached it.
    Attachment,
    /// A picture shown inside the HTML.
    InlinePicture,
    /// An invitation or an answer to one. It is never accepted by itself.
    Calendar,
    /// A signature of the mail, for programs.
    Signature,
    /// Encrypted data.
    Encrypted,
    /// A mail inside the mail.
    NestedMail,
    /// A file out of a winmail.dat.
    TnefMember,
}

/// A file of a mail.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct File {
    /// A safe name: no folders, no control characters, no changed direction of writing.
    pub name: String,
    /// `type/subtype` as the sender says it. It proves nothing about the bytes.
    pub media_type: String,
    /// Its size in bytes, out of the transport encoding.
    pub size_bytes: usize,
    /// The id that `cid:` addresses in the HTML name.
    pub content_id: Option<String>,
    /// Whether it is shown inside the body.
    pub inline: bool,
    /// What it is.
    pub kind: FileKind,
    /// By which [`file`] gives its bytes.
    pub index: usize,
}

/// The bytes of a file: `index` is that of the [`File`], `raw` the same bytes that were read.
pub fn file(raw: &[u8], index: usize) -> Option<Vec<u8>> {
    let raw = super::line_ends(raw);
    if !parts::has_fields(&raw) {
        return None;
    }
    let tree = parts::tree(&raw);
    match index.checked_sub(PARTS_MAX) {
        None => tree.parts.get(index).filter(|part| part.children.is_empty()).map(bytes),
        Some(member) => {
            let part = tree.parts.get(member / TNEF_MEMBERS_MAX)?;
            tnef::read(&bytes(part))?.members.into_iter().nth(member % TNEF_MEMBERS_MAX).map(|member| member.bytes)
        }
    }
}

fn bytes(part: &Part<'_>) -> Vec<u8> {
    decode::bytes(part.body, part.head.transfer).into_owned()
}

/// The files of a mail, and the text of a winmail.dat.
pub(super) fn list(tree: &Tree<'_>, chosen: &Chosen, notes: &mut Notes) -> (Vec<File>, Option<String>) {
    let mut files = Vec::new();
    let mut text = None;
    let html = chosen.html.as_deref().unwrap_or_default();
    let mut related = vec![false; tree.parts.len()];
    for part in tree.parts.iter().filter(|part| part.head.is("multipart/related")) {
        part.children.iter().for_each(|&child| related[child] = true);
    }
    for (index, part) in tree.parts.iter().enumerate() {
        if !part.children.is_empty() || chosen.shown.contains(&index) {
            continue;
        }
        if is_tnef(part)
            && let Some(mut opened) = tnef::read(&bytes(part))
        {
            text = text.or(opened.text.take());
            files.extend(members(&opened, index));
            if opened.cut {
                notes.add("winmail.dat is damaged or too long; listed is what could be read");
            }
            continue;
        }
        files.push(one(part, index, html, related[index]));
    }
    (files, text)
}

fn is_tnef(part: &Part<'_>) -> bool {
    let named = part
        .head
        .name
        .as_deref()
        .is_some_and(|name| name.eq_ignore_ascii_case("winmail.dat") || name.eq_ignore_ascii_case("win.dat"));
    named || matches!(part.head.media_type.as_str(), "application/ms-tnef" | "application/vnd.ms-tnef")
}

fn members(opened: &tnef::Opened, index: usize) -> Vec<File> {
    let member = |(number, member): (usize, &tnef::Member)| File {
        name: member.name.as_deref().and_then(clean::file_name).unwrap_or_else(|| format!("file-{}", number + 1)),
        media_type: member.media_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned()),
        size_bytes: member.bytes.len(),
        content_id: member.content_id.clone(),
        inline: false,
        kind: FileKind::TnefMember,
        index: PARTS_MAX + index * TNEF_MEMBERS_MAX + number,
    };
    opened.members.iter().enumerate().map(member).collect()
}

fn one(part: &Part<'_>, index: usize, html: &str, related: bool) -> File {
    let head = &part.head;
    let referenced = head.content_id.as_deref().is_some_and(|id| html.contains(&format!("cid:{id}")));
    let picture = head.media_type.starts_with("image/");
    let kind = match head.media_type.as_str() {
        "text/calendar" | "application/ics" => FileKind::Calendar,
        "message/rfc822" | "message/global" => FileKind::NestedMail,
        "application/pgp-signature" | "application/pkcs7-signature" | "application/x-pkcs7-signature" => {
            FileKind::Signature
        }
        "application/pgp-encrypted" | "application/pkcs7-mime" | "application/x-pkcs7-mime" | "multipart/encrypted" => {
            FileKind::Encrypted
        }
        _ if picture && (referenced || related && head.content_id.is_some()) => FileKind::InlinePicture,
        _ => FileKind::Attachment,
    };
    let attached = head.disposition.as_deref() == Some("attachment");
    File {
        name: name(part, index, kind),
        media_type: if head.media_type.is_empty() { "text/plain".to_owned() } else { head.media_type.clone() },
        size_bytes: decode::size(part.body, head.transfer),
        content_id: head.content_id.clone(),
        inline: referenced
            || kind == FileKind::InlinePicture
            || picture && !attached && head.disposition.as_deref() == Some("inline"),
        kind,
        index,
    }
}

/// Endings for files without a name.
const ENDINGS: &[(&str, &str)] = &[
    ("image/jpeg", "jpg"),
    ("image/png", "png"),
    ("image/gif", "gif"),
    ("image/webp", "webp"),
    ("application/pdf", "pdf"),
    ("text/plain", "txt"),
    ("text/html", "html"),
    ("text/calendar", "ics"),
    ("text/csv", "csv"),
    ("application/zip", "zip"),
    ("text/x-vcard", "vcf"),
    ("text/vcard", "vcf"),
    ("application/pgp-signature", "asc"),
    ("application/pkcs7-signature", "p7s"),
    ("application/x-pkcs7-signature", "p7s"),
    ("application/pkcs7-mime", "p7m"),
    ("audio/mpeg", "mp3"),
    ("video/mp4", "mp4"),
];

fn name(part: &Part<'_>, index: usize, kind: FileKind) -> String {
    if let Some(name) = part.head.name.as_deref().and_then(clean::file_name) {
        return name;
    }
    if kind == FileKind::NestedMail {
        let subject = nested_subject(part).and_then(|subject| clean::file_name(&subject.replace(['/', '\\'], "-")));
        return subject.map_or_else(|| format!("mail-{index}.eml"), |subject| format!("{subject}.eml"));
    }
    let ending = ENDINGS.iter().find(|(kind, _)| *kind == part.head.media_type).map_or("bin", |&(_, ending)| ending);
    format!("file-{index}.{ending}")
}

/// The subject of a nested mail. Only its beginning is decoded.
fn nested_subject(part: &Part<'_>) -> Option<String> {
    let beginning = part.body.get(..64 << 10).unwrap_or(part.body);
    let bytes = decode::bytes(beginning, part.head.transfer);
    let bytes = bytes.trim_ascii_start();
    let tree_head = bytes
        .windows(2)
        .position(|two| two == b"\n\n")
        .or_else(|| bytes.windows(4).position(|four| four == b"\r\n\r\n"));
    let (head, _) = head::read(bytes.get(..tree_head.map_or(bytes.len(), |at| at + 1)).unwrap_or_default());
    head.subject.map(|subject| clean::line(&subject, SUBJECT_CHARS_MAX))
}
