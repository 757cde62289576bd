//! What goes out, and the ways it can end.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::ids::{ConversationId, DeliveryId, InboxId, MessageId};
use crate::inbound::{ExternalId, ThreadKey};
use crate::letter::Context;
use crate::thread::{PublicAuthor, Seq};

/// One message on its way to a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Names this delivery; the same on every attempt, so it serves as the channel's idempotency key.
    pub id: DeliveryId,
    /// The inbox it leaves by.
    pub inbox: InboxId,
    /// Where it goes.
    pub thread: ThreadKey,
    /// The conversation it belongs to.
    pub conversation: ConversationId,
    /// The entry it carries.
    pub message: MessageId,
    /// That entry's place in its conversation.
    pub seq: Seq,
    /// 1 on the first attempt.
    pub attempt: u32,
    /// Who speaks, as the contact may know it.
    pub author: PublicAuthor,
    /// What is said.
    pub content: Content,
    /// What the channel needs besides, where [`Capabilities::context`](crate::Capabilities::context) asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Box<Context>>,
}

/// What the channel said when it took a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Receipt {
    /// The channel's ids of what was sent, one for each part, so that an echo is recognised as ours.
    pub external_ids: Vec<ExternalId>,
}

/// Why a delivery did not succeed. The kind decides what happens next; nobody parses the words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// The channel refused it for good (blocked, unknown chat). Becomes a dead letter and the agent is told.
    #[error("refused by the channel: {reason}")]
    Rejected {
        /// Why, in words an agent understands.
        reason: String,
    },
    /// The channel can't carry what was asked. Becomes a dead letter.
    #[error("this channel can't carry it: {reason}")]
    Unsupported {
        /// What can't be carried, in words an agent understands.
        reason: String,
    },
    /// The channel wants a pause. Tried again after it; not counted as a failed attempt.
    #[error("the channel asks to wait {} ms", retry_after.as_millis())]
    RateLimited {
        /// How long the peer asked us to wait.
        retry_after: Duration,
    },
    /// The channel can't be reached, and nothing was sent. Tried again with backoff.
    #[error("the channel can't be reached: {reason}")]
    Unavailable {
        /// What was seen.
        reason: String,
    },
    /// The request was written and no answer came: perhaps delivered. Repeated only where
    /// [`Capabilities::idempotent_send`](crate::Capabilities::idempotent_send) holds.
    #[error("perhaps delivered: {reason}")]
    Uncertain {
        /// What was seen.
        reason: String,
    },
}

/// How far an outgoing message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Committed, not yet sent.
    Pending,
    /// Perhaps delivered; a person decides.
    Uncertain,
    /// Given up or refused; a person is told.
    Failed,
    /// Taken by the channel.
    Sent,
    /// Arrived at the contact's side.
    Delivered,
    /// Seen by the contact.
    Seen,
}
