//! Writes what a step decided: state, entries, deliveries, brief, feedback, and the news of it. One transaction with whatever
//! caused it.

use switchboard_contract::{Content, DeliveryId, DeliveryState, MessageId, Timestamp, markup};
use switchboard_engine::{Conversation, Effect, Happening, Speaker};

use crate::ids;
use crate::store::changes::{self, Change};
use crate::store::conversations::{self, Record};
use crate::store::entries::{self, Author, Body, Entry};
use crate::store::{Conn, Result, feedback, outbox};

/// Characters of the last message shown in lists.
const PREVIEW_CHARS: usize = 140;

/// Gives an entry the next place, writes it, and keeps the list columns in step. The record is not yet saved.
pub async fn add_entry(conn: &mut Conn, record: &mut Record, entry: Entry) -> Result<Entry> {
    record.seq = record.seq.next();
    let entry = Entry { seq: record.seq, ..entry };
    if let Body::Message(content, _) = &entry.body {
        // A notice of the desk tells an agent nothing in a list; what was said before it does.
        if entry.author != Author::System || record.preview.is_empty() {
            record.preview = preview(content);
            entry.author.kind().clone_into(&mut record.preview_author);
        }
        record.last_message_at = entry.at;
        if entry.author == Author::Contact {
            record.contact_seq = entry.seq;
        }
    }
    entries::insert(conn, record.state.id, &entry).await?;
    Ok(entry)
}

/// Saves a conversation after a step: the new state guarded by its version, and everything the effects ask for.
/// `reasons` names what the caller itself changed. Returns the entries that were made.
///
/// # Errors
/// [`Error::Stale`](crate::store::Error::Stale) when somebody else wrote the conversation since it was read: a bot message
/// that was under way while an agent took over ends here.
pub async fn persist(
    conn: &mut Conn,
    record: &mut Record,
    state: Conversation,
    effects: Vec<Effect>,
    reasons: &[&str],
    now: Timestamp,
) -> Result<Vec<Entry>> {
    let mut change = Change {
        conversation: record.state.id,
        reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
        notices: Vec::new(),
    };
    if state.handler != record.state.handler {
        change.reasons.push("handler".to_owned());
    }
    if state.status != record.state.status {
        change.reasons.push("status".to_owned());
    }
    record.state = state;
    let mut made = Vec::new();
    for effect in effects {
        if let Some(reason) = reason(&effect) {
            change.reasons.push(reason.to_owned());
        }
        if let Effect::Notify(notice) = effect {
            change.notices.push(notice);
        } else {
            made.extend(carry_out(conn, record, effect, now).await?);
        }
    }
    record.state.seq = record.seq;
    conversations::update(conn, record).await?;
    change.reasons.sort_unstable();
    change.reasons.dedup();
    if !change.reasons.is_empty() || !change.notices.is_empty() {
        changes::add(conn, change, now);
    }
    Ok(made)
}

/// What a console has to look at again after an effect.
fn reason(effect: &Effect) -> Option<&'static str> {
    match effect {
        Effect::Say { .. } => Some("message"),
        Effect::Note { .. } => Some("note"),
        Effect::Log(_) => Some("log"),
        Effect::Brief(_) => Some("brief"),
        Effect::Voted(_) | Effect::Rated { .. } => Some("feedback"),
        Effect::Notify(_) | Effect::Unanswered { .. } | Effect::Refuse(_) => None,
    }
}

async fn carry_out(conn: &mut Conn, record: &mut Record, effect: Effect, now: Timestamp) -> Result<Option<Entry>> {
    let conversation = record.state.id;
    match effect {
        Effect::Say { speaker, content, .. } => say(conn, record, speaker, content, now).await.map(Some),
        Effect::Note { agent, text } => {
            let author = Author::Agent(agent.id.to_string(), agent.name);
            add_entry(conn, record, entry(author, Body::Note(text), now)).await.map(Some)
        }
        Effect::Log(log) => {
            let answered = if let Happening::Answered { article, .. } = &log.what { Some(*article) } else { None };
            let entry = add_entry(conn, record, entry(Author::System, Body::Log(log), now)).await?;
            if let Some(article) = answered {
                feedback::add_answer(conn, conversation, entry.seq, article, now).await?;
            }
            Ok(Some(entry))
        }
        Effect::Brief(brief) => {
            entries::add_brief(conn, conversation, record.seq, &brief).await?;
            Ok(None)
        }
        Effect::Voted(shown) => {
            feedback::add_vote(conn, conversation, record.seq, &shown, now).await?;
            Ok(None)
        }
        Effect::Unanswered { question, language } => {
            feedback::add_unanswered(conn, conversation, &question, &language, now).await?;
            Ok(None)
        }
        Effect::Rated { score, comment } => {
            feedback::set_rating(conn, conversation, record.seq, score, comment.as_deref(), now).await?;
            Ok(None)
        }
        // Gathered by the caller, and told to whoever asked.
        Effect::Notify(_) | Effect::Refuse(_) => Ok(None),
    }
}

/// A message to the contact: an entry and its delivery, in the same transaction as the decision to say it.
async fn say(
    conn: &mut Conn,
    record: &mut Record,
    speaker: Speaker,
    content: Content,
    now: Timestamp,
) -> Result<Entry> {
    let author = match speaker {
        Speaker::Bot => Author::Bot,
        Speaker::Agent { agent } => Author::Agent(agent.id.to_string(), agent.name),
        Speaker::System => Author::System,
    };
    let message = Entry { delivery: Some(DeliveryState::Pending), ..entry(author, Body::Message(content, None), now) };
    let message = add_entry(conn, record, message).await?;
    let delivery = outbox::Row {
        id: ids::new(DeliveryId::from_parts, now),
        conversation: record.state.id,
        entry: message.id,
        seq: message.seq,
        inbox: record.inbox,
        thread: record.thread.clone(),
    };
    outbox::insert_all(conn, &[delivery], now).await?;
    Ok(message)
}

fn entry(author: Author, body: Body, now: Timestamp) -> Entry {
    Entry {
        seq: switchboard_contract::Seq::default(),
        id: ids::new(MessageId::from_parts, now),
        author,
        body,
        external_id: None,
        at: now,
        delivery: None,
        delivery_error: None,
    }
}

fn preview(content: &Content) -> String {
    let plain = match content.format {
        switchboard_contract::TextFormat::Plain => content.text.clone(),
        switchboard_contract::TextFormat::Markdown => markup::to_plain(&content.text),
    };
    plain.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(PREVIEW_CHARS).collect()
}
