//! What a report says about a mail of ours: which one, for whom, and how it ended.

use serde::Serialize;

/// A report about a mail that was sent earlier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How it ended; where recipients differ, the worst.
    pub kind: ReportKind,
    /// Each recipient it speaks of.
    pub recipients: Vec<Recipient>,
    /// Message-IDs of the mail it is about, without angle brackets, the most certain first. A forged report names none of
    /// ours: whoever acts on it has to find one of these, or [`verp`](Report::verp), among what was sent.
    pub original_message_ids: Vec<String>,
    /// The detail of the address this report was sent to (`support+DETAIL@host`), where it went to such an address of ours.
    pub verp: Option<String>,
    /// What happened, in words an agent understands.
    pub explain: String,
}

/// What a report tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ReportKind {
    /// Shown to the recipient (RFC 8098).
    Read,
    /// Removed without being shown (RFC 8098).
    Deleted,
    /// Sent on to the members of a list (RFC 3464 2.3.3).
    Expanded,
    /// Handed to a system that reports no further (RFC 3464 2.3.3).
    Relayed,
    /// In the recipient's mailbox.
    Delivered,
    /// Not yet delivered; it is tried again.
    Delayed,
    /// The recipient called it spam (RFC 5965), or wants no more mail.
    Complaint,
    /// Not delivered, and not tried again.
    Failed {
        /// The address will not work later either. Not so for a full mailbox or a server that could not be reached.
        permanent: bool,
    },
}

/// One recipient of the reported mail.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Recipient {
    /// The address, lower case.
    pub address: String,
    /// The enhanced status code `class.subject.detail` (RFC 3463).
    pub status: Option<String>,
    /// What the refusing server said.
    pub diagnostic: Option<String>,
    /// The action field of RFC 3464 2.3.3, lower case.
    pub action: Option<String>,
}
