//! What is told, and how it is written. Pure.

use serde::Serialize;
use serde_json::{Value, json};
use switchboard_contract::{ConversationId, Timestamp};
use switchboard_engine::Handler;

use crate::store::changeset::Changeset;
use crate::store::conversations::Record;
use crate::store::entries::{Author, Body, Entry};
use crate::store::outbox::{End, Ticket};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)+) => {
        /// What a webhook may be told.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[$doc])* $name,)+
        }

        impl Kind {
            /// All of them, with the words they go by.
            pub const WORDS: &[(&str, Self)] = &[$(($word, Self::$name)),+];

            /// The `type` of its events.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

kinds! {
    /// A conversation began.
    ConversationCreated = "conversation.created";
    /// It went to a team's queue.
    ConversationHandedOff = "conversation.handed_off";
    /// It was solved.
    ConversationResolved = "conversation.resolved";
    /// It was opened again.
    ConversationReopened = "conversation.reopened";
    /// Somebody wrote: the contact, the bot, or an agent.
    MessageCreated = "message.created";
    /// A message was refused or given up.
    DeliveryFailed = "delivery.failed";
    /// A message was perhaps delivered.
    DeliveryUncertain = "delivery.uncertain";
}

/// The body of a request.
#[derive(Serialize)]
struct Payload {
    r#type: &'static str,
    timestamp: String,
    data: Value,
}

fn payload(kind: Kind, now: Timestamp, data: Value) -> String {
    let timestamp = jiff::Timestamp::from_millisecond(now.millis()).map(|at| at.to_string()).unwrap_or_default();
    // Text keys only: this can't fail.
    serde_json::to_string(&Payload { r#type: kind.word(), timestamp, data }).unwrap_or_default()
}

/// What is told of what is about to be written, in order.
pub(super) fn told(set: &Changeset, now: Timestamp) -> Vec<(Kind, ConversationId, String)> {
    let mut told = Vec::new();
    let mut tell = |kind: Kind, record: &Record, mut data: Value| {
        data["conversation"] = conversation(record);
        told.push((kind, record.state.id, payload(kind, now, data)));
    };
    let after = |id: ConversationId| {
        let now = set.changed.iter().rev().find(|record| record.state.id == id);
        now.or_else(|| set.begun.iter().find(|record| record.state.id == id))
    };
    for record in &set.begun {
        tell(Kind::ConversationCreated, after(record.state.id).unwrap_or(record), json!({}));
    }
    for (id, entry) in &set.entries {
        let Some(record) = after(*id) else { continue };
        match &entry.body {
            Body::Message(..) => tell(Kind::MessageCreated, record, json!({"message": message(entry)})),
            Body::Note(_) => {}
            Body::Log(log) => {
                let kind = match log.what.kind() {
                    "handed_off" => Kind::ConversationHandedOff,
                    "resolved" => Kind::ConversationResolved,
                    "reopened" => Kind::ConversationReopened,
                    // The other happenings are the bot's and the desk's own business.
                    _ => continue,
                };
                tell(kind, record, json!({"why": log.why}));
            }
        }
    }
    told
}

/// What is told of a delivery that waits for a person.
pub(super) fn stuck(
    ticket: &Ticket,
    end: &End,
    record: &Record,
    now: Timestamp,
) -> Option<(Kind, ConversationId, String)> {
    let (kind, error) = match end {
        End::Failed(error) => (Kind::DeliveryFailed, error),
        End::Uncertain(error) => (Kind::DeliveryUncertain, error),
        End::Sent(_) | End::Again(..) | End::Postponed(..) => return None,
    };
    let (id, seq) = ticket.entry?;
    let data = json!({
        "conversation": conversation(record),
        "delivery": {"id": ticket.id, "error": error},
        "message": {"seq": seq},
    });
    Some((kind, id, payload(kind, now, data)))
}

fn conversation(record: &Record) -> Value {
    let (handler, team, agent) = match &record.state.handler {
        Handler::Bot => ("bot", None, None),
        Handler::Queue { team, .. } => ("queue", Some(team.clone()), None),
        Handler::Agent { agent, team } => ("agent", team.clone(), Some(json!({"id": agent.id, "name": agent.name}))),
    };
    json!({
        "id": record.state.id, "number": record.number, "inbox": record.inbox, "contact": record.contact,
        "status": record.state.status, "handler": handler, "team": team, "agent": agent,
        "priority": record.state.priority, "language": record.state.language,
    })
}

fn message(entry: &Entry) -> Value {
    let name = match &entry.author {
        Author::Agent(_, name) => Some(name),
        Author::Contact | Author::Bot | Author::System => None,
    };
    let Body::Message(content, chosen) = &entry.body else { return Value::Null };
    json!({
        "id": entry.id, "seq": entry.seq, "author": {"kind": entry.author.kind(), "name": name},
        "text": content.text, "format": content.format, "chosen": chosen,
    })
}
