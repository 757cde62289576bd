//! What the adapter makes of a mail, for people and programs.

use serde::Serialize;
use switchboard_contract::Reading;

use super::body::part_key;
use super::decide;
use super::examine::{Examined, Told};
use crate::identity::Level;
use crate::machine::{Class, Report};
use crate::mail::FileKind;
use crate::own::OwnMail;
use crate::thread::Signal;
use crate::visible::{Fold, FoldKind};

/// What becomes of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It goes into a conversation, or tells what became of a delivery.
    Filed,
    /// It is kept in the ledger and deliberately not filed.
    Filtered,
    /// It is kept for a person to look at.
    Quarantined,
}

/// What the adapter makes of a mail. Its form is for programs as well: fields are added, never renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// What becomes of it.
    pub outcome: Outcome,
    /// What wrote it: `human`, `bounce`, `auto_reply`, `complaint`, `list` or `receipt`.
    pub class: &'static str,
    /// The subject; empty where there is none.
    pub subject: String,
    /// What its author wrote now.
    pub text: String,
    /// What is folded, in its order: earlier mail, signatures, legal text.
    pub quoted: String,
    /// The same piece by piece.
    pub folds: Vec<Fold>,
    /// Answers stand between quoted lines.
    pub inline_answers: bool,
    /// The files.
    pub attachments: Vec<Listed>,
    /// What it says of its thread, the strongest first. A score of 0: it looks like ours and is not.
    pub thread: Vec<Signal>,
    /// What it can be found by later.
    pub marks: Vec<String>,
    /// Who wrote it; none where nobody is named.
    pub identity: Option<Identity>,
    /// Who else it was written to.
    pub participants: Vec<String>,
    /// What it reports of a mail of ours.
    pub report: Option<Report>,
    /// Why no program may answer it; none where one may.
    pub unanswered: Option<String>,
    /// By what it is known when it comes again.
    pub external_id: String,
    /// Why it is what it is, for people.
    pub reasons: Vec<String>,
}

/// A file, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// A safe name.
    pub name: String,
    /// `type/subtype`, as its sender says.
    pub media_type: String,
    /// Its size in bytes.
    pub size_bytes: usize,
    /// What it is to the mail.
    pub kind: FileKind,
    /// Whether it is shown inside the body.
    pub inline: bool,
    /// Names it within the mail.
    pub key: String,
}

/// Who wrote a mail, with proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// The address, lower case.
    pub address: String,
    /// The name; anybody can claim any.
    pub name: Option<String>,
    /// How well the address is proven.
    pub proof: Level,
    /// What proves it, or why nothing does.
    pub how: Vec<String>,
    /// What a person should know before believing it.
    pub warnings: Vec<String>,
    /// Where answers are asked to go, if elsewhere.
    pub reply_to: Option<String>,
}

/// Looks at a mail as [`read`](super::read) does, and tells everything.
pub fn inspect(raw: &[u8], own: &OwnMail) -> Inspection {
    let examined = Examined::of(raw, own, &own.check.verdicts_at_once(raw));
    let Examined { mail, visible, external_id, told } = examined.clone();
    let reading = decide::reading(examined, own);
    let mut reasons = told.as_ref().map(|told| told.judgement.reasons.clone()).unwrap_or_default();
    let mut participants = Vec::new();
    let mut unanswered = None;
    let outcome = match reading {
        Reading::Message(message) => {
            let letter = message.letter.unwrap_or_default();
            participants = letter.participants.into_iter().map(|person| person.address.0).collect();
            unanswered = letter.unanswered;
            Outcome::Filed
        }
        Reading::Signal(_) => Outcome::Filed,
        Reading::Report(report) => {
            reasons.push(report.reason);
            Outcome::Filed
        }
        Reading::Filtered { reason } => {
            reasons.push(reason);
            Outcome::Filtered
        }
        Reading::Unreadable { error } => {
            reasons.push(error);
            Outcome::Quarantined
        }
    };
    reasons.extend(unanswered.clone());
    reasons.extend(mail.notes);
    let attachments = mail.files.into_iter().map(|file| Listed {
        key: part_key(file.index),
        name: file.name,
        media_type: file.media_type,
        size_bytes: file.size_bytes,
        kind: file.kind,
        inline: file.inline,
    });
    let folded = visible.folds.iter().filter(|fold| fold.kind != FoldKind::Space).map(|fold| fold.text.as_str());
    Inspection {
        outcome,
        class: told.as_ref().map_or(Class::Human, |told| told.judgement.class).word(),
        subject: mail.subject,
        quoted: folded.collect::<Vec<_>>().join("\n"),
        text: visible.text,
        folds: visible.folds,
        inline_answers: visible.inline_answers,
        attachments: attachments.take(super::body::FILES_MAX).collect(),
        thread: told.as_ref().map(|told| told.signals.clone()).unwrap_or_default(),
        marks: told.as_ref().map(|told| told.marks.clone()).unwrap_or_default(),
        identity: told.as_ref().and_then(identity),
        participants,
        report: told.and_then(|told| told.judgement.report),
        unanswered,
        external_id: external_id.0,
        reasons,
    }
}

fn identity(told: &Told) -> Option<Identity> {
    let author = told.author.as_ref()?;
    let proven = &told.proven;
    let is_of_from = proven.address.as_deref() == Some(author.address.as_str());
    Some(Identity {
        address: author.address.clone(),
        name: author.name.clone(),
        proof: if is_of_from { proven.level } else { Level::Claimed },
        how: proven.how.clone(),
        warnings: proven.warnings.clone(),
        reply_to: proven.reply_to.clone(),
    })
}
