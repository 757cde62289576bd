//! What a message tells where the channel has no threads of its own, or none that can be trusted: by what it can be placed, who
//! else was written to, whether a machine wrote it.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, DeliveryId};
use crate::inbound::{Address, Mark};
use crate::time::Timestamp;

/// What a message tells about its place and its origin.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Letter {
    /// What it says of its thread, the strongest first. A signal may be forged: a thread is joined only by those who belong to it.
    pub signals: Vec<ThreadSignal>,
    /// What it can be found by later. The first one names the message itself.
    pub marks: Vec<Mark>,
    /// Who else was written to.
    pub participants: Vec<Participant>,
    /// A machine wrote it, or for another reason a program must not answer: why, for people. It is filed and never answered.
    pub unanswered: Option<String>,
}

/// Something that points to a thread.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// A mark that an earlier message left.
    Mark(Mark),
    /// One of our deliveries.
    Delivery(DeliveryId),
    /// A conversation, by a token that only we can have made.
    Conversation(ConversationId),
}

/// One thing a message says of its thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadSignal {
    /// Where it points to.
    pub anchor: Anchor,
    /// How much it says, 0 (nothing) to 100 (certain). The scores of what points to one thread add up.
    pub score: u8,
    /// Why, for people.
    pub why: String,
}

/// Somebody a message was written to, besides us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// Where they are reached.
    pub address: Address,
    /// Their name, as the sender wrote it: hostile text.
    pub name: Option<String>,
}

/// What a channel reports of something we sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundReport {
    /// The deliveries it is about.
    pub about: Vec<DeliveryId>,
    /// What became of them.
    pub outcome: ReportOutcome,
    /// Whom it did not reach, if that is known.
    pub address: Option<Address>,
    /// Why, in words an agent understands.
    pub reason: String,
}

/// What became of something we sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportOutcome {
    /// It did not arrive and will not.
    Failed,
    /// It has not arrived yet; the far side goes on trying.
    Delayed,
    /// It arrived.
    Delivered,
    /// Its reader says that they saw it.
    Seen,
    /// Its reader does not want it.
    Complaint,
}

/// What a channel needs besides the message where it has no threads of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// Where the contact is reached.
    pub to: Address,
    /// Their name.
    pub name: Option<String>,
    /// What the conversation is about, as the contact wrote it.
    pub subject: Option<String>,
    /// The messages so far, oldest first: a mark that names the contact's, the delivery of ours. At most [`CHAIN_MAX`].
    pub chain: Vec<Anchor>,
    /// The contact's last message.
    pub quote: Option<Quote>,
    /// No person wrote it.
    pub automatic: bool,
}

/// Messages named in a [`Context`].
pub const CHAIN_MAX: usize = 20;

/// A message as it is quoted in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Who wrote it.
    pub author: String,
    /// When.
    pub at: Timestamp,
    /// What was written.
    pub text: String,
}
