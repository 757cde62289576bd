//! What this person wrote now. Quoted history, signatures and forwarded mail are folded, never deleted.
//!
//! | to learn | open |
//! | --- | --- |
//! | the rules for plain text | `plain` |
//! | the marks mail programs leave in HTML | `html` |
//! | "On ... wrote:" in many languages | `intros` |
//! | From, Sent, To, Subject above a quoted mail, and dividers | `headers` |
//! | signatures, closings, "Sent from my ..." | `signatures`, their words in `phrases` |

mod headers;
mod html;
mod intros;
mod line;
mod phrases;
mod plain;
mod signatures;
mod words;

use crate::mail::Mail;

/// Why a piece of a body is folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FoldKind {
    /// An earlier mail, quoted below or between the answers.
    Quoted,
    /// Somebody else's mail, passed on.
    Forwarded,
    /// A signature, a closing with a name, or "Sent from my phone".
    Signature,
    /// Legal text, or the footer of a mailing list.
    Disclaimer,
    /// Blank lines at an end of the text.
    Space,
}

/// A folded piece of a body.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Fold {
    /// Why it is folded.
    pub kind: FoldKind,
    /// The piece, unchanged.
    pub text: String,
    /// Where it stands: a byte offset in [`Visible::text`].
    pub at: usize,
}

/// A body, parted into what this person wrote now and what is folded.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Visible {
    /// What this person wrote now, without blank lines at either end.
    pub text: String,
    /// The folded pieces, in their order.
    pub folds: Vec<Fold>,
    /// Whether answers stand between or below quoted lines: without the quotes they may be hard to understand.
    pub inline_answers: bool,
}

impl Visible {
    /// The body again, every byte of it: the folds put back where they were.
    pub fn whole(&self) -> String {
        let mut whole =
            String::with_capacity(self.text.len() + self.folds.iter().map(|fold| fold.text.len()).sum::<usize>());
        let mut done = 0;
        for fold in &self.folds {
            whole.push_str(self.text.get(done..fold.at).unwrap_or_default());
            whole.push_str(&fold.text);
            done = fold.at;
        }
        whole.push_str(self.text.get(done..).unwrap_or_default());
        whole
    }
}

/// Parts a plain text body.
pub fn split(body: &str) -> Visible {
    plain::split(body)
}

/// Parts an HTML body by the marks of mail programs, then by the rules for plain text. The pieces are the text made of it
/// by [`crate::mail::html_to_text`].
pub fn split_html(html: &str) -> Visible {
    html::split(html)
}

/// Parts the body of a mail: its plain text, or its HTML where the plain text says nothing.
pub fn of_mail(mail: &Mail) -> Visible {
    match &mail.html {
        Some(html) if mail.text.from_html => split_html(html),
        Some(_) | None => split(&mail.text.text),
    }
}

/// What the sender of a raw mail wrote now.
pub fn visible_of_mail(raw: &[u8]) -> String {
    of_mail(&Mail::read(raw)).text
}
