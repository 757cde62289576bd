//! A group of inbound items worked on together: what they need is read at once, each is stepped in memory on what those before
//! it left, and what follows of all of them is written at once.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use switchboard_contract::{
    Accepted, Address, ConversationId, Inbound, InboundMessage, InboundSignal, InboxId, MessageId, Reading, Sender,
    Seq, Signal, ThreadKey, Timestamp,
};
use switchboard_engine::{Conversation, Event, EventKind, Status};

use super::turn::Queues;
use super::{contact, persist, turn};
use crate::ids;
use crate::library::Library;
use crate::store::changeset::Changeset;
use crate::store::contacts::{self, Identity};
use crate::store::conversations::{self, Record};
use crate::store::entries::{Author, Body, Entry};
use crate::store::{Conn, Error, Result, panic_text};

/// An item and where it came in.
pub(super) type Arrival<'a> = (InboxId, &'a Inbound);

/// What is known while a group is under way: the database's rows, changed by the items so far.
pub(super) struct Group<'a> {
    library: &'a Library,
    now: Timestamp,
    identities: HashMap<(InboxId, Address), Known<Identity>>,
    threads: HashMap<(InboxId, ThreadKey), Known<Record>>,
    queues: Queues,
    /// Numbers for conversations that may begin.
    numbers: Vec<i64>,
    /// What was decided so far, but for identities and conversations: those are put here at the end, once each.
    set: Changeset,
}

/// A row and what has become of it.
struct Known<T> {
    row: Result<T>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// As it is in the database.
    Read,
    /// Changed since.
    Changed,
    /// Not yet in the database.
    New,
}

impl<T> Known<T> {
    /// The row; what can't be read is an error for everybody who needs it.
    fn get(&self) -> Result<&T> {
        self.row.as_ref().map_err(|error| Error::Corrupt { what: "row", detail: error.to_string() })
    }
}

/// Puts a row that an item left behind in the place of the one before it.
fn keep<K: std::hash::Hash + Eq, T>(rows: &mut HashMap<K, Known<T>>, key: K, row: T) {
    let state = rows.get(&key).map_or(State::New, |known| match known.state {
        State::New => State::New,
        State::Read | State::Changed => State::Changed,
    });
    rows.insert(key, Known { row: Ok(row), state });
}

/// What one item leaves behind, if it goes well.
struct Filed {
    accepted: Accepted,
    identity: ((InboxId, Address), Identity, bool),
    record: Record,
    begins: bool,
    moved: Option<(switchboard_engine::Handler, switchboard_engine::Handler)>,
    set: Changeset,
}

impl<'a> Group<'a> {
    /// Reads what the items need.
    pub(super) async fn load(
        conn: &mut Conn,
        library: &'a Library,
        items: &[Arrival<'_>],
        now: Timestamp,
    ) -> Result<Self> {
        let about: Vec<_> =
            items.iter().filter_map(|(inbox, item)| subject(item).map(|found| (*inbox, found))).collect();
        let senders: HashSet<_> = about.iter().map(|(inbox, (from, _))| (*inbox, &from.address)).collect();
        let threads: HashSet<_> = about.iter().map(|(inbox, (_, thread))| (*inbox, *thread)).collect();
        let count = threads.len();
        let known = |row| Known { row, state: State::Read };
        let identities: HashMap<_, _> = contacts::identities(conn, senders.into_iter())
            .await?
            .into_iter()
            .map(|(key, row)| (key, known(row)))
            .collect();
        let threads: HashMap<_, _> = conversations::latest_of(conn, threads.into_iter())
            .await?
            .into_iter()
            .map(|(key, row)| (key, Known { row, state: State::Read }))
            .collect();
        let beginning = count.saturating_sub(threads.len());
        let numbers = if beginning > 0 { numbers(conn, beginning, None).await? } else { Vec::new() };
        let (queues, set) = (Queues::default(), Changeset::default());
        Ok(Self { library, now, identities, threads, queues, numbers, set })
    }

    /// Works on one item. One that can't be worked on leaves nothing behind and is told as quarantined.
    ///
    /// # Errors
    /// Only what is wrong with the database itself, or [`Error::Stale`].
    pub(super) async fn take(&mut self, conn: &mut Conn, inbox: InboxId, item: &Inbound) -> Result<Accepted> {
        let (sender, thread) = match (&item.reading, subject(item)) {
            (_, Some(found)) => found,
            (Reading::Filtered { reason }, None) => return Ok(Accepted::Filtered { reason: reason.clone() }),
            (Reading::Unreadable { error }, None) => return Ok(Accepted::Quarantined { error: error.clone() }),
            (Reading::Message(_) | Reading::Signal(_), None) => {
                return Ok(Accepted::Quarantined { error: "it names neither sender nor thread".to_owned() });
            }
        };
        let worked = match AssertUnwindSafe(self.file(conn, inbox, item, sender, thread)).catch_unwind().await {
            Ok(worked) => worked,
            Err(panic) => Err(Error::Panicked(panic_text(&*panic))),
        };
        match worked {
            Ok(filed) => Ok(self.merge(inbox, thread, filed)),
            Err(error) if error.is_outage() || matches!(error, Error::Stale) => Err(error),
            Err(error) => {
                tracing::error!(%error, "an inbound item can't be worked on; it goes to quarantine");
                Ok(Accepted::Quarantined { error: error.to_string() })
            }
        }
    }

    /// What is to be written.
    pub(super) fn finish(self) -> Changeset {
        let mut set = self.set;
        for ((inbox, address), known) in self.identities {
            match (known.row, known.state) {
                (Ok(identity), State::New) => set.met.push((inbox, address, identity)),
                (Ok(identity), State::Changed) => set.learnt.push(identity),
                (Ok(_) | Err(_), _) => {}
            }
        }
        for (_, known) in self.threads {
            match (known.row, known.state) {
                (Ok(record), State::New) => set.begun.push(record),
                (Ok(record), State::Changed) => set.changed.push(record),
                (Ok(_) | Err(_), _) => {}
            }
        }
        set
    }

    async fn file(
        &mut self,
        conn: &mut Conn,
        inbox: InboxId,
        item: &Inbound,
        sender: &Sender,
        thread: &ThreadKey,
    ) -> Result<Filed> {
        let address = (inbox, sender.address.clone());
        let known = self.identities.get(&address).map(Known::get).transpose()?;
        let identity = contact::learn(known, sender, self.now);
        let is_news = known != Some(&identity);
        let latest = self.threads.get(&(inbox, thread.clone())).map(Known::get).transpose()?;
        // A thread agrees on its correspondent: nobody is shown what another wrote.
        let mut present =
            latest.filter(|record| record.identity == identity.id && goes_on(record, item, self.now)).cloned();
        let starts_over = present.is_some() && is_start_anew(item);
        let begins = present.is_none();
        let mut record = match present.take() {
            Some(record) => record,
            None => self.begin(conn, inbox, &identity, thread).await?,
        };
        let mut set = Changeset::default();
        let message = match &item.reading {
            Reading::Message(message) => Some(self.message_entry(&mut set, &mut record, item, message)),
            Reading::Signal(_) | Reading::Filtered { .. } | Reading::Unreadable { .. } => None,
        };
        let event = event(item, &record, &identity, starts_over);
        let (state, effects) = turn::play(conn, self.library, &mut self.queues, &record, &event, self.now).await?;
        let moved =
            (state.handler != record.state.handler).then(|| (record.state.handler.clone(), state.handler.clone()));
        let reasons: &[&str] = if message.is_some() { &["message"] } else { &[] };
        persist::decided(&mut set, &mut record, state, effects, reasons, self.now);
        let conversation = record.state.id;
        let accepted = match message {
            Some((message, seq)) => Accepted::Filed { conversation, message: Some(message), seq },
            None => Accepted::Filed { conversation, message: None, seq: record.seq },
        };
        Ok(Filed { accepted, identity: (address, identity, is_news), record, begins, moved, set })
    }

    fn message_entry(
        &self,
        set: &mut Changeset,
        record: &mut Record,
        item: &Inbound,
        message: &InboundMessage,
    ) -> (MessageId, Seq) {
        let entry = Entry {
            seq: Seq::default(),
            id: ids::new(MessageId::from_parts, self.now),
            author: Author::Contact,
            body: Body::Message(message.content.clone(), message.choice.clone()),
            external_id: Some(item.external_id.clone()),
            at: self.now,
            delivery: None,
            delivery_error: None,
        };
        let entry = persist::add_entry(set, record, entry);
        (entry.id, entry.seq)
    }

    /// Takes what an item left behind: from here on it is true for those after it.
    fn merge(&mut self, inbox: InboxId, thread: &ThreadKey, filed: Filed) -> Accepted {
        let Filed { accepted, identity: (address, identity, is_news), record, begins, moved, set } = filed;
        if is_news {
            keep(&mut self.identities, address, identity);
        }
        let key = (inbox, thread.clone());
        if begins && let Some(Known { row: Ok(former), state }) = self.threads.remove(&key) {
            // The thread goes on in another conversation; what happened to the one before is written all the same.
            match state {
                State::New => self.set.begun.push(former),
                State::Changed => self.set.changed.push(former),
                State::Read => {}
            }
        }
        keep(&mut self.threads, key, record);
        if let Some((from, to)) = moved {
            self.queues.moved(from, to);
        }
        self.set.append(set);
        accepted
    }

    async fn begin(
        &mut self,
        conn: &mut Conn,
        inbox: InboxId,
        identity: &Identity,
        thread: &ThreadKey,
    ) -> Result<Record> {
        if self.numbers.is_empty() {
            let given = self.threads.values().filter(|known| known.state == State::New);
            let last = given.filter_map(|known| known.row.as_ref().ok()).map(|record| record.number).max();
            let former = self.set.begun.iter().map(|record| record.number).max();
            self.numbers = numbers(conn, 1, last.max(former)).await?;
        }
        let number = self.numbers.pop().unwrap_or_default();
        let id = ids::new(ConversationId::from_parts, self.now);
        Ok(Record {
            state: Conversation::new(id, self.now, self.library.book.default_language()),
            number,
            inbox,
            contact: identity.contact,
            identity: identity.id,
            thread: thread.clone(),
            version: 0,
            seq: Seq::default(),
            contact_seq: Seq::default(),
            preview: String::new(),
            preview_author: "contact".to_owned(),
            last_message_at: self.now,
        })
    }
}

/// Numbers to be popped in order, all above `last`: what this group has given out already is not in the database yet.
async fn numbers(conn: &mut Conn, count: usize, last: Option<i64>) -> Result<Vec<i64>> {
    let mut numbers = conversations::next_numbers(conn, count).await?;
    let behind = last.zip(numbers.first().copied()).map_or(0, |(last, first)| (last + 1 - first).max(0));
    for number in &mut numbers {
        *number += behind;
    }
    numbers.reverse();
    Ok(numbers)
}

/// Who an item is from and where it belongs.
pub(super) fn subject(item: &Inbound) -> Option<(&Sender, &ThreadKey)> {
    match &item.reading {
        Reading::Message(message) => {
            let InboundMessage { from, thread, .. } = &**message;
            Some((from, thread))
        }
        Reading::Signal(signal) => {
            let InboundSignal { from, thread, .. } = &**signal;
            Some((from, thread))
        }
        Reading::Filtered { .. } | Reading::Unreadable { .. } => None,
    }
}

fn is_start_anew(item: &Inbound) -> bool {
    matches!(&item.reading, Reading::Signal(signal) if signal.signal == Signal::StartedAnew)
}

/// Whether an item belongs to the thread's present conversation rather than to a new one.
fn goes_on(record: &Record, item: &Inbound, now: Timestamp) -> bool {
    if is_start_anew(item) {
        // What is not solved is not left behind: the bot starts over, and a person keeps what they hold.
        record.state.status != Status::Resolved
    } else {
        record.state.continues(now)
    }
}

fn event(item: &Inbound, record: &Record, identity: &Identity, starts_over: bool) -> Event {
    let contact = contact::facts(identity);
    let kind = match &item.reading {
        Reading::Message(message) => EventKind::ContactWrote {
            content: message.content.clone(),
            choice: message.choice.clone(),
            contact,
            language: message.from.language.clone(),
        },
        Reading::Signal(signal) if starts_over => {
            EventKind::ContactStartedAnew { contact, language: signal.from.language.clone() }
        }
        Reading::Signal(signal) => EventKind::ContactOpened { contact, language: signal.from.language.clone() },
        // Told apart before.
        Reading::Filtered { .. } | Reading::Unreadable { .. } => EventKind::ContactOpened { contact, language: None },
    };
    Event { id: Some(item.external_id.0.clone()), seq: record.seq, kind }
}
