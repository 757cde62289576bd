//! What an agent sees when the bot hands over.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use switchboard_contract::{Seq, Timestamp};

use crate::conversation::{ContactFacts, PathStep, Priority, ShownArticle};

/// Everything the bot knows, for the person who takes over. The transcript stands beside it, up to `transcript_through`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoffBrief {
    /// When.
    pub at: Timestamp,
    /// Why it was handed over.
    pub reason: HandoffReason,
    /// The same in words.
    pub why: String,
    /// The team it went to.
    pub team: String,
    /// How much it matters.
    pub priority: Priority,
    /// The language the contact and the bot used.
    pub language: String,
    /// What the flows filled in.
    pub slots: BTreeMap<String, String>,
    /// The steps taken.
    pub path: Vec<PathStep>,
    /// The articles shown, with votes.
    pub shown: Vec<ShownArticle>,
    /// The open question, verbatim.
    pub open_question: Option<String>,
    /// What is known of the contact: name, address, device, page.
    pub contact: ContactFacts,
    /// The last entry of the transcript that belongs to this brief.
    pub transcript_through: Seq,
}

/// Why the bot handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoffReason {
    /// The contact asked for a person.
    Asked,
    /// The contact took the bot's offer of a person.
    AcceptedOffer,
    /// A flow says so.
    Flow,
    /// The bot did not understand several times in a row.
    NotUnderstood,
    /// A flow's question was not answered after all attempts.
    AttemptsUsedUp,
    /// The subject is one the bot must not handle: danger, law, health, fraud.
    Sensitive,
    /// The flow or step that was running is gone.
    MissingFlow,
    /// The contact wrote after a resolution by an agent.
    Reopened,
    /// An agent sent it to a team or a colleague.
    Transferred,
    /// An agent took it from the bot.
    ClaimedByAgent,
}
