//! Whether a mail may be answered by a program at all (RFC 3834 2).
//!
//! This is about one mail. How often one sender is answered is bounded elsewhere, over all their mails.

use serde::Serialize;

use super::auto;
use super::report::ReportKind;
use super::sender::Sender;
use super::{Class, Ours};
use crate::headers::{Headers, addresses};

/// Whether the bot may answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// Nothing forbids it.
    Allowed,
    /// A rule forbids it.
    Forbidden {
        /// Which.
        rule: Rule,
        /// The same for people, to be shown in the timeline.
        why: String,
    },
}

/// The rules that forbid an automatic answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// It is our own mail that came back.
    OwnMail,
    /// A machine wrote it: a bounce, a complaint, a receipt, an automatic answer, a generated mail.
    Machine,
    /// It came over a list (RFC 3834 2).
    List,
    /// Its envelope sender is empty (RFC 3834 2).
    NullReturnPath,
    /// It asks for no automatic answer (`X-Auto-Response-Suppress`).
    Suppressed,
    /// Nobody reads the sender's address.
    NoReply,
    /// It names no sender, or several.
    NoSender,
    /// The mailbox is not among its `To` and `Cc`: it was a blind copy, or came over a list (RFC 3834 2).
    NotAddressed,
}

/// The first rule that forbids an answer.
pub(crate) fn decide(
    class: Class,
    own: bool,
    headers: &Headers,
    sender: &Sender,
    ours: &Ours,
    kind: Option<ReportKind>,
) -> Answer {
    let forbidden = |rule: Rule, why: String| Answer::Forbidden { rule, why };
    if own {
        return forbidden(Rule::OwnMail, "It is our own mail.".to_owned());
    }
    match class {
        Class::Bounce | Class::Complaint | Class::Receipt | Class::AutoReply | Class::Generated => {
            let what = match (class, kind) {
                (Class::Bounce, Some(ReportKind::Failed { .. })) => "a report that a mail was not delivered",
                (Class::Bounce, _) => "a report about a delivery",
                (Class::Complaint, _) => "a complaint",
                (Class::Receipt, _) => "a read receipt",
                (Class::AutoReply, _) => "an automatic answer",
                _ => "a generated mail",
            };
            return forbidden(Rule::Machine, format!("It is {what}; a machine is not answered."));
        }
        Class::List => return forbidden(Rule::List, "It came over a list.".to_owned()),
        Class::Human => {}
    }
    if sender.null_path == Some(true) {
        return forbidden(Rule::NullReturnPath, "Its envelope sender is empty.".to_owned());
    }
    if let Some(value) = auto::suppresses(headers) {
        let value: String = value.chars().take(40).collect();
        return forbidden(
            Rule::Suppressed,
            format!("It asks for no automatic answer (X-Auto-Response-Suppress: {value})."),
        );
    }
    if sender.is_no_reply() {
        return forbidden(Rule::NoReply, format!("Nobody reads {}.", sender.address));
    }
    if sender.address.is_empty() || sender.count > 1 {
        return forbidden(Rule::NoSender, "It names no sender, or several.".to_owned());
    }
    if !is_addressed(headers, ours) {
        return forbidden(Rule::NotAddressed, "The mailbox is not among its To and Cc.".to_owned());
    }
    Answer::Allowed
}

/// Whether one of our addresses, perhaps with a detail behind `+`, is in `To` or `Cc`.
fn is_addressed(headers: &Headers, ours: &Ours) -> bool {
    ["to", "cc"].iter().flat_map(|field| headers.all(field)).flat_map(addresses).any(|address| ours.is_ours(&address))
}
