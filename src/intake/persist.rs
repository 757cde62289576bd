//! What a step decided, as rows: state, timers, entries, deliveries, brief, feedback, and the news of it. One transaction with whatever
//! caused it.

use switchboard_contract::{Content, DeliveryId, DeliveryState, MessageId, Timestamp, markup};
use switchboard_engine::{Conversation, Effect, Happening, Speaker};

use crate::ids;
use crate::store::changes::Change;
use crate::store::changeset::{Changeset, Feedback};
use crate::store::conversations::Record;
use crate::store::entries::{Author, Body, Entry};
use crate::store::{Conn, Result, outbox};

/// Characters of the last message shown in lists.
const PREVIEW_CHARS: usize = 140;

/// Gives an entry the next place and keeps the list columns in step.
pub(super) fn add_entry(set: &mut Changeset, record: &mut Record, entry: Entry) -> Entry {
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
    set.entries.push((record.state.id, entry.clone()));
    entry
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
    let mut set = Changeset::default();
    let made = decided(&mut set, record, state, effects, reasons, now);
    set.changed.push(record.clone());
    set.save(conn, now).await?;
    record.version += 1;
    Ok(made)
}

/// Brings a record to a new state and puts what the effects ask for into `set`; the record itself is put there by the caller.
/// Returns the entries that were made.
pub(super) fn decided(
    set: &mut Changeset,
    record: &mut Record,
    state: Conversation,
    effects: Vec<Effect>,
    reasons: &[&str],
    now: Timestamp,
) -> Vec<Entry> {
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
    if state.timers != record.state.timers {
        set.timers.push((record.state.id, record.state.timers.clone(), state.timers.clone()));
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
            made.extend(carry_out(set, record, effect, now));
        }
    }
    record.state.seq = record.seq;
    change.reasons.sort_unstable();
    change.reasons.dedup();
    if !change.reasons.is_empty() || !change.notices.is_empty() {
        set.changes.push(change);
    }
    made
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

fn carry_out(set: &mut Changeset, record: &mut Record, effect: Effect, now: Timestamp) -> Option<Entry> {
    let said = match effect {
        Effect::Say { speaker, content, .. } => return Some(say(set, record, speaker, content, now)),
        Effect::Note { agent, text } => {
            let author = Author::Agent(agent.id.to_string(), agent.name);
            return Some(add_entry(set, record, entry(author, Body::Note(text), now)));
        }
        Effect::Log(log) => {
            let answered = if let Happening::Answered { article, .. } = &log.what { Some(*article) } else { None };
            let entry = add_entry(set, record, entry(Author::System, Body::Log(log), now));
            if let Some(article) = answered {
                set.feedback.push((record.state.id, entry.seq, Feedback::Answer(article)));
            }
            return Some(entry);
        }
        Effect::Brief(brief) => {
            set.briefs.push((record.state.id, record.seq, *brief));
            return None;
        }
        Effect::Voted(shown) => Feedback::Vote(shown),
        Effect::Unanswered { question, language } => Feedback::Unanswered(question, language),
        Effect::Rated { score, comment } => Feedback::Rating(score, comment),
        // Gathered by the caller, and told to whoever asked.
        Effect::Notify(_) | Effect::Refuse(_) => return None,
    };
    set.feedback.push((record.state.id, record.seq, said));
    None
}

/// A message to the contact: an entry and its delivery, in the same transaction as the decision to say it.
fn say(set: &mut Changeset, record: &mut Record, speaker: Speaker, content: Content, now: Timestamp) -> Entry {
    let author = match speaker {
        Speaker::Bot => Author::Bot,
        Speaker::Agent { agent } => Author::Agent(agent.id.to_string(), agent.name),
        Speaker::System => Author::System,
    };
    let message = Entry { delivery: Some(DeliveryState::Pending), ..entry(author, Body::Message(content, None), now) };
    let message = add_entry(set, record, message);
    set.deliveries.push(outbox::Row {
        id: ids::new(DeliveryId::from_parts, now),
        conversation: record.state.id,
        entry: message.id,
        seq: message.seq,
        inbox: record.inbox,
        thread: record.thread.clone(),
    });
    message
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
