//! Inbound: store the raw bytes, recognise what was seen before, find the conversation, step, keep what follows. One
//! transaction for each batch, one savepoint for each item, and no acknowledgement before the commit.

mod contact;
pub mod persist;
mod sink;
pub mod turn;

pub use sink::InboxSink;

use switchboard_contract::{
    Accepted, ConversationId, ExternalId, Inbound, InboundMessage, InboundSignal, InboxId, MessageId, Reading, Seq,
    Signal, Timestamp,
};
use switchboard_engine::{Conversation, Event, EventKind, Status};

use crate::ids;
use crate::library::Library;
use crate::limits;
use crate::store::conversations::{self, Record};
use crate::store::entries::{Author, Body, Entry};
use crate::store::inbound::{self, Outcome};
use crate::store::{Conn, Error, Result, savepoint};

/// Takes one inbound item inside a transaction. An item that can't be worked on goes to quarantine with its bytes.
///
/// # Errors
/// Only what is wrong with the database itself: then nothing of the batch is kept.
pub async fn take(
    conn: &mut Conn,
    library: &Library,
    inbox: InboxId,
    item: Inbound,
    now: Timestamp,
) -> Result<Accepted> {
    let item = bounded(item);
    inbound::count_received(conn, inbox, now).await?;
    let Some(row) = inbound::insert(conn, inbox, &item, now).await? else {
        return duplicate(conn, inbox, &item, now).await;
    };
    let mut worked = Err(Error::Stale);
    for _ in 0..limits::STEP_ATTEMPTS_MAX {
        worked = savepoint(conn, async |conn| file(conn, library, inbox, &item, now).await).await?;
        // Somebody else wrote the conversation meanwhile: read it again and step on what is true now.
        if !matches!(worked, Err(Error::Stale)) {
            break;
        }
    }
    let accepted = match worked {
        Ok(accepted) => accepted,
        Err(error) if error.is_outage() => return Err(error),
        Err(error) => {
            tracing::error!(%error, inbound.id = row, "an inbound item can't be worked on; it is in quarantine");
            Accepted::Quarantined { error: error.to_string() }
        }
    };
    let (outcome, reason, filed) = match &accepted {
        Accepted::Filed { conversation, message, seq } => (Outcome::Filed, None, Some((*conversation, *message, *seq))),
        Accepted::Filtered { reason } => (Outcome::Filtered, Some(reason.as_str()), None),
        Accepted::Quarantined { error } => (Outcome::Quarantined, Some(error.as_str()), None),
        // Told apart above, before the row was made.
        Accepted::Duplicate { .. } => return Ok(accepted),
    };
    inbound::set_outcome(conn, row, outcome, reason, filed).await?;
    Ok(accepted)
}

/// Cuts what is beyond the limits, so that what follows is bounded; the loss is told by the reading.
fn bounded(mut item: Inbound) -> Inbound {
    if item.raw.len() > limits::INBOUND_BYTES_MAX {
        let error = format!("{} bytes; at most {} are kept", item.raw.len(), limits::INBOUND_BYTES_MAX);
        item.raw.truncate(limits::INBOUND_BYTES_MAX);
        item.reading = Reading::Unreadable { error };
    }
    if item.external_id.0.len() > limits::EXTERNAL_ID_BYTES_MAX {
        item.external_id = ExternalId(format!("sha256:{}", ids::token_hash(&item.external_id.0)));
    }
    item
}

async fn duplicate(conn: &mut Conn, inbox: InboxId, item: &Inbound, now: Timestamp) -> Result<Accepted> {
    let first = inbound::first(conn, inbox, &item.external_id, &item.raw).await?;
    let differing = (!first.same_bytes).then_some(item.raw.as_slice());
    if differing.is_some() {
        tracing::warn!(inbound.id = first.id, "the same external id came again with other bytes; the first stands");
    }
    inbound::add_duplicate(conn, inbox, first.id, differing, now).await?;
    Ok(Accepted::Duplicate { conversation: first.conversation, message: first.entry, seq: first.seq })
}

async fn file(conn: &mut Conn, library: &Library, inbox: InboxId, item: &Inbound, now: Timestamp) -> Result<Accepted> {
    match &item.reading {
        Reading::Message(message) => file_message(conn, library, inbox, item, message, now).await,
        Reading::Signal(signal) => file_signal(conn, library, inbox, item, signal, now).await,
        Reading::Filtered { reason } => Ok(Accepted::Filtered { reason: reason.clone() }),
        Reading::Unreadable { error } => Ok(Accepted::Quarantined { error: error.clone() }),
    }
}

async fn file_message(
    conn: &mut Conn,
    library: &Library,
    inbox: InboxId,
    item: &Inbound,
    message: &InboundMessage,
    now: Timestamp,
) -> Result<Accepted> {
    let identity = contact::learn(conn, inbox, &message.from, now).await?;
    let language = message.from.language.clone();
    let mut record = match conversations::latest(conn, inbox, &message.thread).await? {
        // A thread agrees on its correspondent: nobody is shown what another wrote.
        Some(record) if record.identity == identity.id && record.state.continues(now) => record,
        Some(_) | None => begin(conn, library, inbox, &identity, &message.thread, now).await?,
    };
    let entry = persist::add_entry(
        conn,
        &mut record,
        Entry {
            seq: Seq::default(),
            id: ids::new(MessageId::from_parts, now),
            author: Author::Contact,
            body: Body::Message(message.content.clone(), message.choice.clone()),
            external_id: Some(item.external_id.clone()),
            at: now,
            delivery: None,
            delivery_error: None,
        },
    )
    .await?;
    let event = Event {
        id: Some(item.external_id.0.clone()),
        seq: record.seq,
        kind: EventKind::ContactWrote {
            content: message.content.clone(),
            choice: message.choice.clone(),
            contact: contact::facts(&identity),
            language,
        },
    };
    let (state, effects) = turn::play(conn, library, &record, &event, now).await?;
    persist::persist(conn, &mut record, state, effects, &["message"], now).await?;
    Ok(Accepted::Filed { conversation: record.state.id, message: Some(entry.id), seq: entry.seq })
}

async fn file_signal(
    conn: &mut Conn,
    library: &Library,
    inbox: InboxId,
    item: &Inbound,
    signal: &InboundSignal,
    now: Timestamp,
) -> Result<Accepted> {
    let identity = contact::learn(conn, inbox, &signal.from, now).await?;
    let goes_on = |record: &Record| match signal.signal {
        Signal::Opened => record.state.continues(now),
        // What is not solved is not left behind: the bot starts over, and a person keeps what they hold.
        Signal::StartedAnew => record.state.status != Status::Resolved,
    };
    let latest = conversations::latest(conn, inbox, &signal.thread).await?;
    let present = latest.filter(|record| record.identity == identity.id && goes_on(record));
    let starts_over = present.is_some() && signal.signal == Signal::StartedAnew;
    let mut record = match present {
        Some(record) => record,
        None => begin(conn, library, inbox, &identity, &signal.thread, now).await?,
    };
    let (contact, language) = (contact::facts(&identity), signal.from.language.clone());
    let kind = if starts_over {
        EventKind::ContactStartedAnew { contact, language }
    } else {
        EventKind::ContactOpened { contact, language }
    };
    let event = Event { id: Some(item.external_id.0.clone()), seq: record.seq, kind };
    let (state, effects) = turn::play(conn, library, &record, &event, now).await?;
    persist::persist(conn, &mut record, state, effects, &[], now).await?;
    Ok(Accepted::Filed { conversation: record.state.id, message: None, seq: record.seq })
}

async fn begin(
    conn: &mut Conn,
    library: &Library,
    inbox: InboxId,
    identity: &crate::store::contacts::Identity,
    thread: &switchboard_contract::ThreadKey,
    now: Timestamp,
) -> Result<Record> {
    let id = ids::new(ConversationId::from_parts, now);
    let mut record = Record {
        state: Conversation::new(id, now, library.book.default_language()),
        number: conversations::next_number(conn).await?,
        inbox,
        contact: identity.contact,
        identity: identity.id,
        thread: thread.clone(),
        version: 0,
        seq: Seq::default(),
        contact_seq: Seq::default(),
        preview: String::new(),
        preview_author: "contact".to_owned(),
        last_message_at: now,
    };
    conversations::insert(conn, &mut record).await?;
    Ok(record)
}
