//! What was written, and which files came along.

use switchboard_contract::{Attachment, Content, Fold, FoldKind};

use crate::mail::Mail;
use crate::thread::subject;
use crate::visible::{self, Visible};

/// Files of one mail that are listed.
pub(crate) const FILES_MAX: usize = 200;
/// Folded pieces of one mail; the ones above are one piece.
const FOLDS_MAX: usize = 100;
/// What stands for the text of a mail without text and subject.
const NO_TEXT: &str = "(no text)";

/// The body of a mail. Where its author wrote nothing, the subject says what it is about.
pub(super) fn content(mail: &Mail, visible: Visible) -> Content {
    let subject = Some(mail.subject.clone()).filter(|subject| !subject.trim().is_empty());
    let text = if visible.text.trim().is_empty() { instead_of_text(&mail.subject) } else { visible.text };
    Content { subject, folds: folds(visible.folds), attachments: attachments(mail), ..Content::plain(text) }
}

fn instead_of_text(subject: &str) -> String {
    let base = subject::base(subject).text;
    if base.is_empty() { NO_TEXT.to_owned() } else { base }
}

fn folds(found: Vec<visible::Fold>) -> Vec<Fold> {
    let mut folds: Vec<Fold> = Vec::new();
    for fold in found {
        let kind = match fold.kind {
            visible::FoldKind::Quoted => FoldKind::Quoted,
            visible::FoldKind::Forwarded => FoldKind::Forwarded,
            visible::FoldKind::Signature => FoldKind::Signature,
            visible::FoldKind::Disclaimer => FoldKind::Disclaimer,
            visible::FoldKind::Space => continue,
        };
        let full = folds.len() >= FOLDS_MAX;
        match folds.last_mut().filter(|_| full) {
            Some(last) => last.text.push_str(&fold.text),
            None => folds.push(Fold { kind, text: fold.text }),
        }
    }
    folds
}

/// The files of a mail. Their bytes stay in the mail: the key names the part.
fn attachments(mail: &Mail) -> Vec<Attachment> {
    let one = |file: &crate::mail::File| Attachment {
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        size_bytes: file.size_bytes as u64,
        key: part_key(file.index),
    };
    mail.files.iter().take(FILES_MAX).map(one).collect()
}

/// Names a file of a mail; [`crate::mail::file`] gives its bytes by the number.
pub(super) fn part_key(index: usize) -> String {
    format!("part:{index}")
}
