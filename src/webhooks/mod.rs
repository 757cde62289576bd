//! Outgoing webhooks as <https://www.standardwebhooks.com> describes them: what happens in conversations, told to other programs.
//!
//! An event is a row of the outbox, made in the transaction of what it tells, in a lane of its webhook and conversation: none is
//! lost, those of one conversation arrive in order, and no customer waits for them. The delivery's id is the `webhook-id`, the
//! same on every attempt, so that the other side recognises a repetition.

mod event;
mod send;
mod sign;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use switchboard_contract::{ConversationId, DeliveryId, Timestamp};

use crate::ids;
use crate::store::Herald;
use crate::store::changeset::Changeset;
use crate::store::conversations::Record;
use crate::store::outbox::{End, Event, Target, Ticket};

pub use event::Kind;
pub use send::Answered;
pub use sign::Key;

/// One webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its name, in the outbox and in variables.
    pub name: String,
    /// Where events are posted.
    pub url: reqwest::Url,
    /// What they are signed with: the present key, and the one before it while the other side changes over.
    pub keys: Vec<Key>,
    /// What it is told.
    pub kinds: BTreeSet<Kind>,
}

/// All webhooks there are.
#[derive(Debug, Default)]
pub struct Webhooks {
    all: Vec<Webhook>,
    /// Made when it is first needed.
    client: OnceLock<Result<reqwest::Client, String>>,
}

impl Webhooks {
    /// These webhooks.
    pub fn new(all: Vec<Webhook>) -> Self {
        Self { all, client: OnceLock::new() }
    }

    /// Nobody is told anything.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Webhook> {
        self.all.iter()
    }

    /// Each as a target of the outbox.
    pub fn targets(&self) -> impl Iterator<Item = Target> {
        self.all.iter().map(|webhook| Target::Webhook(webhook.name.clone()))
    }

    /// Posts an event; none when there is no such webhook any more.
    pub async fn post(&self, name: &str, id: DeliveryId, body: &str, now: Timestamp) -> Option<Answered> {
        let webhook = self.all.iter().find(|webhook| webhook.name == name)?;
        let client = self.client.get_or_init(send::client);
        Some(send::post(client.as_ref(), webhook, id, body, now).await)
    }

    /// What is told of a delivery that waits for a person.
    pub fn stuck(&self, ticket: &Ticket, end: &End, record: &Record, now: Timestamp) -> Vec<Event> {
        event::stuck(ticket, end, record, now).map(|told| self.addressed(&[told], now)).unwrap_or_default()
    }

    /// The same event for each webhook that wants to hear of it.
    fn addressed(&self, told: &[(Kind, ConversationId, String)], now: Timestamp) -> Vec<Event> {
        let of = |(kind, conversation, body): &(Kind, ConversationId, String)| {
            let wanted = self.all.iter().filter(|webhook| webhook.kinds.contains(kind));
            let event = wanted.map(|webhook| Event {
                id: ids::new(DeliveryId::from_parts, now),
                webhook: webhook.name.clone(),
                conversation: *conversation,
                body: body.clone(),
            });
            event.collect::<Vec<_>>()
        };
        told.iter().flat_map(of).collect()
    }
}

impl Herald for Webhooks {
    fn events(&self, set: &Changeset, now: Timestamp) -> Vec<Event> {
        if self.is_empty() { Vec::new() } else { self.addressed(&event::told(set, now), now) }
    }
}
