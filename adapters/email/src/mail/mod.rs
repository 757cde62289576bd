//! What a mail holds: who wrote to whom, its text, its HTML and its files. Reading never fails and has bounds.
//!
//! | to learn | open |
//! | --- | --- |
//! | the tree of parts | `parts`, its fields in `head`, `encoded` and `continued` |
//! | which text is the body | `body`, with `flowed` and `charset` |
//! | which files there are | `files`, `tnef` for winmail.dat |
//! | people and ids | `address`, `ids` |
//! | HTML that may be shown, and its text | [`safe_html`], [`html_to_text`] |
//! | every bound | [`limits`] |

mod address;
mod body;
mod charset;
pub(crate) mod clean;
mod continued;
mod decode;
mod encoded;
mod files;
mod flowed;
mod head;
pub(crate) mod html;
mod ids;
pub mod limits;
mod notes;
mod parts;
mod seal;
mod tnef;

use std::borrow::Cow;

use mail_parser::{HeaderName, MessageParser};

pub use address::Address;
pub use body::Body;
pub use files::{File, FileKind, file};
pub use html::{SafeHtml, html_to_text, safe_html};
pub use seal::{Seal, Sealed};

use notes::Notes;

/// A mail, read. Words of strangers in it are decoded, bounded and free of control characters; `html` alone is as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Mail {
    /// Who wrote it, as the mail claims. Of several `From` fields the first counts, and a note says so.
    pub from: Option<Address>,
    /// Where answers are wanted.
    pub reply_to: Vec<Address>,
    /// To whom it is addressed.
    pub to: Vec<Address>,
    /// Who got a copy.
    pub cc: Vec<Address>,
    /// Who sent it for the author.
    pub sender: Option<Address>,
    /// The subject; empty where there is none.
    pub subject: String,
    /// When it was written, as the mail claims: milliseconds since 1970.
    pub date: Option<i64>,
    /// Its own id, without angle brackets (RFC 5322, 3.6.4).
    pub message_id: Option<String>,
    /// What it answers.
    pub in_reply_to: Vec<String>,
    /// The mails before it, oldest first.
    pub references: Vec<String>,
    /// The best plain text.
    pub text: Body,
    /// The HTML body as it came, decoded. Never to be shown: [`safe_html`] makes it safe.
    pub html: Option<String>,
    /// Everything else it holds.
    pub files: Vec<File>,
    /// Whether it is signed or encrypted.
    pub sealed: Option<Sealed>,
    /// What was odd, in words for people.
    pub notes: Vec<String>,
}

/// The note on bytes without a header.
const NO_HEADER: &str = "this mail has no header";

impl Mail {
    /// Reads a raw mail. Whatever the bytes are, the result is a mail.
    pub fn read(raw: &[u8]) -> Mail {
        let mut notes = Notes::default();
        let raw = line_ends(raw);
        if !parts::has_fields(&raw) {
            notes.add(NO_HEADER);
            return body::bare(&raw, notes);
        }
        let tree = parts::tree(&raw);
        notes.tree(&tree);
        let mut mail = Mail::default();
        mail.read_fields(tree.fields, &mut notes);
        let chosen = body::choose(&tree, &mut notes);
        let (files, tnef_body) = files::list(&tree, &chosen, &mut notes);
        mail.sealed = seal::of(&tree, chosen.armour, &mut notes);
        (mail.text, mail.html, mail.files) = (chosen.text, chosen.html, files);
        if mail.text.text.trim().is_empty()
            && let Some(text) = tnef_body
        {
            mail.text.text = text;
        }
        mail.notes = notes.into_list();
        mail
    }

    /// Whether it has a header at all.
    pub(crate) fn is_mail(&self) -> bool {
        !self.notes.iter().any(|note| note == NO_HEADER)
    }

    fn read_fields(&mut self, fields: &[u8], notes: &mut Notes) {
        let (mut prepared, _) = encoded::prepare(fields);
        self.message_id = ids::of(&prepared, "message-id").into_iter().next();
        self.in_reply_to = ids::of(&prepared, "in-reply-to");
        self.references = ids::of(&prepared, "references");
        prepared.extend_from_slice(b"\n");
        let Some(message) = MessageParser::default().parse_headers(&prepared) else { return };
        let mut read = |name: HeaderName<'_>| address::of(&message, &name, notes);
        let mut authors = read(HeaderName::From);
        (self.reply_to, self.to, self.cc) = (read(HeaderName::ReplyTo), read(HeaderName::To), read(HeaderName::Cc));
        self.sender = read(HeaderName::Sender).into_iter().next();
        let from_fields = message.headers().iter().filter(|header| header.name == HeaderName::From).count();
        if from_fields > 1 {
            notes.add(format!("this mail has {from_fields} From fields; the first is taken as the author"));
        }
        if authors.len() > 1 {
            notes.add(format!("this mail names {} authors; the first is taken", authors.len()));
        }
        self.from = if authors.is_empty() { None } else { Some(authors.swap_remove(0)) };
        if let Some(author) = &self.from {
            address::suspect(author, notes);
        }
        self.subject =
            message.subject().map(|subject| clean::line(subject, limits::SUBJECT_CHARS_MAX)).unwrap_or_default();
        self.date = message.date().filter(|date| date.is_valid()).map(|date| date.to_timestamp().saturating_mul(1_000));
    }
}

/// Bytes whose lines end with `\r` alone, as old programs write them, get line feeds. All others stay as they are.
pub(crate) fn line_ends(raw: &[u8]) -> Cow<'_, [u8]> {
    if raw.contains(&b'\n') || !raw.contains(&b'\r') {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(raw.iter().map(|&byte| if byte == b'\r' { b'\n' } else { byte }).collect())
}
