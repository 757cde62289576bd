//! A contact's own view of their thread: what a page shows after a reload, and what a receipt points at.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::adapter::SinkError;
use crate::content::Content;
use crate::ids::{ConversationId, MessageId};
use crate::inbound::{ExternalId, ThreadKey};
use crate::time::Timestamp;

/// An entry's place in its conversation: 1 for the first, without gaps over all entries. A contact, who doesn't see notes,
/// sees gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// The place after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Who wrote an entry, as far as a contact may know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PublicAuthor {
    /// The contact.
    Contact,
    /// The bot.
    Bot,
    /// A person of the desk.
    Agent {
        /// The name shown to contacts.
        name: String,
    },
    /// The desk itself: "a person has joined".
    System,
}

/// Who holds the turn, as far as a contact may know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ThreadHandler {
    /// The bot answers.
    Bot,
    /// Waiting for a person.
    Queue {
        /// How many conversations wait before this one.
        ahead: u32,
    },
    /// A person answers.
    Agent {
        /// The name shown to contacts.
        name: String,
    },
}

/// The state of a thread beside its entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadState {
    /// Who holds the turn.
    pub handler: ThreadHandler,
    /// The conversation is solved; writing opens it again.
    pub resolved: bool,
}

/// One entry a contact may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadEntry {
    /// Its place.
    pub seq: Seq,
    /// Its id.
    pub message: MessageId,
    /// When it was committed.
    pub at: Timestamp,
    /// Who wrote it.
    pub author: PublicAuthor,
    /// What was written.
    pub content: Content,
    /// For the contact's own messages: the channel's id, so a client can pair it with what it still holds.
    pub external_id: Option<ExternalId>,
}

/// A run of entries of a thread's present conversation, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadPage {
    /// The present conversation; none when the contact has not begun one.
    pub conversation: Option<ConversationId>,
    /// The conversation's last place. Never beyond a committed entry that a page without `more` leaves out.
    pub head: Seq,
    /// Entries after the asked place.
    pub entries: Vec<ThreadEntry>,
    /// The state at the time of reading.
    pub state: Option<ThreadState>,
    /// The page is full and there is more after its last entry.
    pub more: bool,
}

/// What one commit added to a thread, as far as its contact may know. A page that has shown everything up to `after` need not
/// read it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadNews {
    /// The thread's present conversation.
    pub conversation: ConversationId,
    /// Its last place before the commit.
    pub after: Seq,
    /// Its last place since the commit.
    pub head: Seq,
    /// The entries between the two that the contact may see, in order.
    pub entries: Vec<ThreadEntry>,
    /// Who holds the turn; none while the contact waits for a person: how many wait before them has to be read.
    pub handler: Option<ThreadHandler>,
    /// The conversation is solved.
    pub resolved: bool,
}

/// Reads what a contact may see of their thread. Only committed entries are seen, in their order.
#[async_trait]
pub trait ThreadReader: Send + Sync + 'static {
    /// Entries of the thread's present conversation after `after`; all of them when `conversation` is not the present one.
    ///
    /// # Errors
    /// [`SinkError::Unavailable`] when the store can't be read.
    async fn read(
        &self,
        thread: &ThreadKey,
        conversation: Option<ConversationId>,
        after: Seq,
    ) -> Result<ThreadPage, SinkError>;
}

/// What the contact's side reports about our messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptMark {
    /// Everything up to the place has arrived.
    Delivered,
    /// Everything up to the place has been seen.
    Seen,
}
