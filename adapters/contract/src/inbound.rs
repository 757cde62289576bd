//! What comes in, as the adapter understood it, beside the bytes it came in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::choice::ChoiceId;
use crate::content::Content;
use crate::ids::{ConversationId, MessageId};
use crate::letter::{InboundReport, Letter};
use crate::thread::Seq;
use crate::time::Timestamp;

macro_rules! opaque {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

opaque! {
    /// The channel's own id of an inbound item, stable over restarts and unique within its inbox. Only the adapter may
    /// read meaning into it; everybody else compares it.
    ExternalId;
    /// The channel's own grouping: a chat, a mail thread, a visitor. Opaque outside its adapter.
    ThreadKey;
    /// Something a message can be found by later, like its id in the channel. Opaque outside its adapter.
    Mark;
    /// Where a contact is reached on one inbox. Opaque outside its adapter.
    Address;
    /// How far an adapter has read: saved in the transaction that keeps what was read. Opaque outside its adapter.
    Cursor;
    /// The kind of medium, for display and settings only: the core never compares it.
    ChannelKind;
}

/// What shows that a sender is who they say they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Nobody is claimed: a visitor without a name.
    Anonymous,
    /// A name or address was stated, and nothing shows that it is theirs.
    Claimed,
    /// The channel vouches for the account.
    Channel,
    /// A signature by the owner of the inbox vouches for the person.
    Signed,
}

/// Who an inbound item comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// Where this person is reached.
    pub address: Address,
    /// The name they go by, if any: hostile text.
    pub name: Option<String>,
    /// An e-mail address they stated, if any: a claim unless `proof` says more.
    pub email: Option<String>,
    /// What vouches for them.
    pub proof: Proof,
    /// The language they use, a BCP 47 tag as the channel gave it.
    pub language: Option<String>,
    /// What the channel knows besides (device, page, time zone); small, for the agent's eyes.
    pub facts: BTreeMap<String, String>,
}

/// A message of a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundMessage {
    /// Who wrote it.
    pub from: Sender,
    /// Where it belongs.
    pub thread: ThreadKey,
    /// What was written.
    pub content: Content,
    /// The option that was picked, when the message is a press rather than typed words. `content.text` then holds the label.
    pub choice: Option<ChoiceId>,
    /// What it tells besides, on a channel without threads of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letter: Option<Box<Letter>>,
}

/// Something a contact did other than write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// The contact opened the chat and has not written: time for a greeting.
    Opened,
    /// The contact wants to begin anew: a new conversation when the present one is resolved, else the bot starts over in it.
    StartedAnew,
}

/// A [`Signal`] with its sender and thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundSignal {
    /// Who did it.
    pub from: Sender,
    /// Where.
    pub thread: ThreadKey,
    /// What.
    pub signal: Signal,
}

/// What an adapter made of the bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// A message of a contact.
    Message(Box<InboundMessage>),
    /// Something else a contact did.
    Signal(Box<InboundSignal>),
    /// What became of something we sent.
    Report(Box<InboundReport>),
    /// Understood, and deliberately not filed.
    Filtered {
        /// Why, for people.
        reason: String,
    },
    /// Not understood: kept in quarantine with its bytes.
    Unreadable {
        /// What was wrong, for people.
        error: String,
    },
}

/// One thing that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// The channel's id; the same for every delivery of the same thing. Where the channel has none:
    /// [`ExternalId::of_content`]. An empty one is replaced by [`Inbound::content_id`] when the core takes it.
    pub external_id: ExternalId,
    /// When it happened, as the channel says: hostile, for display only.
    pub occurred_at: Option<Timestamp>,
    /// The bytes as they arrived, unchanged.
    pub raw: Vec<u8>,
    /// What the adapter made of them.
    pub reading: Reading,
}

/// An item in quarantine, as it was kept: for an adapter that can read it by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptInbound {
    /// The id it was kept under.
    pub external_id: ExternalId,
    /// When it happened, as the channel said.
    pub occurred_at: Option<Timestamp>,
    /// The bytes as they arrived, unchanged.
    pub raw: Vec<u8>,
    /// Why it is in quarantine, for people.
    pub error: String,
}

/// How the core took one inbound item. In every case the item is on disk when this is returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// New, and part of a conversation.
    Filed {
        /// The conversation.
        conversation: ConversationId,
        /// The entry it became; none for a signal that left no entry.
        message: Option<MessageId>,
        /// The entry's place, the same a duplicate names later; for a signal that left no entry, the conversation's last
        /// place after it.
        seq: Seq,
    },
    /// Seen before; nothing was done again.
    Duplicate {
        /// Where the first one was filed, if it was filed.
        conversation: Option<ConversationId>,
        /// The entry the first one became.
        message: Option<MessageId>,
        /// That entry's sequence.
        seq: Option<Seq>,
    },
    /// Kept in the ledger and deliberately not filed.
    Filtered {
        /// Why, for people.
        reason: String,
    },
    /// Kept in the ledger for a person to look at.
    Quarantined {
        /// What was wrong, for people.
        error: String,
    },
}
