//! Everything that a group of steps leaves behind, written in a statement or two for each table, however many steps there were.

use std::collections::BTreeMap;

use switchboard_contract::{Address, ArticleId, ConversationId, InboxId, Seq, ThreadHandler, ThreadNews, Timestamp};
use switchboard_engine::{Handler, HandoffBrief, ShownArticle, Status, TimerKind};

use super::changes::{self, Change};
use super::contacts::{self, Identity};
use super::conversations::{self, Record};
use super::entries::{self, Entry};
use super::letters::{self, Left};
use super::{Added, Conn, Result, feedback, outbox, timers};

type Timers = BTreeMap<TimerKind, Timestamp>;

/// What contacts said about answers, and what nothing answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Feedback {
    /// An article was shown.
    Answer(ArticleId),
    /// A shown article helped, or didn't.
    Vote(ShownArticle),
    /// A question that nothing answered, in a language.
    Unanswered(String, String),
    /// A rating, with a comment if there was one.
    Rating(u8, Option<String>),
}

/// What is to be written, in no particular order of tables.
#[derive(Debug, Default)]
pub struct Changeset {
    /// Contacts with their first identity, and its address.
    pub met: Vec<(InboxId, Address, Identity)>,
    /// Identities of which something was learnt.
    pub learnt: Vec<Identity>,
    /// Conversations that begin.
    pub begun: Vec<Record>,
    /// Conversations as they are now; the version is that of which they were read.
    pub changed: Vec<Record>,
    /// Timers of a conversation before and after a step.
    pub timers: Vec<(ConversationId, Timers, Timers)>,
    /// Entries, each with its place.
    pub entries: Vec<(ConversationId, Entry)>,
    /// What messages can be found by later.
    pub left: Vec<Left>,
    /// Deliveries of entries.
    pub deliveries: Vec<outbox::Row>,
    /// Briefs, each at its place.
    pub briefs: Vec<(ConversationId, Seq, HandoffBrief)>,
    /// Feedback, each at its place.
    pub feedback: Vec<(ConversationId, Seq, Feedback)>,
    /// What consoles have to look at again.
    pub changes: Vec<Change>,
}

impl Changeset {
    /// Adds what another one holds.
    pub fn append(&mut self, mut other: Self) {
        self.met.append(&mut other.met);
        self.learnt.append(&mut other.learnt);
        self.begun.append(&mut other.begun);
        self.changed.append(&mut other.changed);
        self.timers.append(&mut other.timers);
        self.entries.append(&mut other.entries);
        self.left.append(&mut other.left);
        self.deliveries.append(&mut other.deliveries);
        self.briefs.append(&mut other.briefs);
        self.feedback.append(&mut other.feedback);
        self.changes.append(&mut other.changes);
    }

    /// Writes everything.
    ///
    /// # Errors
    /// [`Error::Stale`](super::Error::Stale) when somebody else wrote one of the conversations since it was read: the caller
    /// undoes what was written.
    pub async fn save(self, conn: &mut Conn, now: Timestamp) -> Result<()> {
        let events = conn.herald().map_or_else(Vec::new, |herald| herald.events(&self, now));
        contacts::insert_all(conn, &self.met, now).await?;
        for identity in &self.learnt {
            contacts::update(conn, identity).await?;
        }
        conversations::insert_all(conn, &self.begun).await?;
        conversations::update_all(conn, &self.changed).await?;
        for (conversation, before, after) in &self.timers {
            timers::keep(conn, *conversation, before, after).await?;
        }
        entries::insert_all(conn, &self.entries).await?;
        letters::insert_all(conn, &self.left).await?;
        outbox::insert_all(conn, &self.deliveries, now).await?;
        outbox::insert_events(conn, &events, now).await?;
        for (conversation, at, brief) in &self.briefs {
            entries::add_brief(conn, *conversation, *at, brief).await?;
        }
        for (conversation, at, said) in &self.feedback {
            feedback::add(conn, *conversation, *at, said, now).await?;
        }
        for change in self.changes {
            changes::add(conn, change, now);
        }
        show(conn, self.begun, self.changed, self.entries);
        Ok(())
    }
}

/// Has those who show the threads told what is added to them. A conversation that is written twice, because its thread goes on in
/// another one, is told as far as the last record knows.
fn show(conn: &mut Conn, begun: Vec<Record>, changed: Vec<Record>, entries: Vec<(ConversationId, Entry)>) {
    let watched: Vec<Record> =
        begun.into_iter().chain(changed).filter(|record| conn.is_watched(record.inbox)).collect();
    if watched.is_empty() {
        return;
    }
    let mut made: BTreeMap<ConversationId, Vec<Entry>> = BTreeMap::new();
    for (conversation, entry) in entries {
        made.entry(conversation).or_default().push(entry);
    }
    for record in watched {
        let made = made.remove(&record.state.id).unwrap_or_default();
        conn.add(Added { inbox: record.inbox, news: news(&record, made), thread: record.thread });
    }
}

/// What a conversation's contact may know of the entries that were added to it.
fn news(record: &Record, made: Vec<Entry>) -> ThreadNews {
    let first = made.iter().map(|entry| entry.seq).min();
    ThreadNews {
        conversation: record.state.id,
        after: first.map_or(record.seq, |first| Seq(first.0.saturating_sub(1))),
        head: record.seq,
        entries: made.into_iter().filter_map(Entry::public).collect(),
        handler: match &record.state.handler {
            Handler::Bot => Some(ThreadHandler::Bot),
            Handler::Agent { agent, .. } => Some(ThreadHandler::Agent { name: agent.name.clone() }),
            Handler::Queue { .. } => None,
        },
        resolved: record.state.status == Status::Resolved,
    }
}
