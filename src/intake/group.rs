//! A group of inbound items worked on together: what they need is read at once, each is stepped in memory on what those before
//! it left, and what follows of all of them is written at once.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use switchboard_contract::{
    Accepted, Address, Anchor, ContactId, ConversationId, Inbound, InboundMessage, InboundSignal, InboxId, Letter,
    MessageId, Reading, Sender, Seq, Signal, ThreadKey, Timestamp,
};
use switchboard_engine::book::Meaning;
use switchboard_engine::{Conversation, Effect, Event, EventKind, Handler, Happening, LogEntry, Status};

use super::place::{self, Placed};
use super::turn::Queues;
use super::{contact, persist, report, turn};
use crate::ids;
use crate::library::Library;
use crate::limits;
use crate::store::changeset::Changeset;
use crate::store::contacts::{self, Identity};
use crate::store::conversations::{self, Record};
use crate::store::entries::{Author, Body, Entry};
use crate::store::letters::{self, Left};
use crate::store::{Conn, Error, Result, panic_text};

/// An item and where it came in.
pub(super) type Arrival<'a> = (InboxId, &'a Inbound);

/// What is known while a group is under way: the database's rows, changed by the items so far.
pub(super) struct Group<'a> {
    library: &'a Library,
    now: Timestamp,
    identities: HashMap<(InboxId, Address), Known<Identity>>,
    threads: HashMap<(InboxId, ThreadKey), Known<Record>>,
    /// Where the anchors of letters point to.
    anchors: HashMap<(InboxId, Anchor), Vec<ThreadKey>>,
    /// Who belongs to threads, besides those whose they are.
    participants: HashSet<(InboxId, ThreadKey, Address)>,
    /// How often the bot has answered those who wrote letters, of late.
    answered: HashMap<ContactId, u32>,
    /// How many wait, once somebody has had to know.
    queues: Option<Queues>,
    /// Numbers for conversations that may begin.
    numbers: Vec<i64>,
    /// What was decided since the last round, but for identities and conversations: those are put here at its end, once each.
    set: Changeset,
}

/// How far an item was worked on.
pub(super) enum Taken {
    /// To its end.
    Done(Accepted),
    /// Not at all: something has to be read first, when everything decided so far is written.
    Lacks(Lack),
}

/// What may have to be read in the middle.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lack {
    /// A number for a conversation that begins.
    Number,
    /// How many wait in the queues.
    Counts,
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
    thread: ThreadKey,
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
        let letters = || items.iter().filter_map(|(inbox, item)| Some((*inbox, letter(item)?)));
        let named: HashSet<_> = letters()
            .flat_map(|(inbox, letter)| letter.signals.iter().map(move |signal| (inbox, &signal.anchor)))
            .collect();
        let mut anchors: HashMap<_, Vec<ThreadKey>> = HashMap::new();
        for (anchor, thread) in letters::threads(conn, named.into_iter()).await? {
            anchors.entry(anchor).or_default().push(thread);
        }
        let pointed: HashSet<_> =
            anchors.iter().flat_map(|((inbox, _), all)| all.iter().map(|t| (*inbox, t))).collect();
        let participants = letters::participants(conn, pointed.iter().copied()).await?.into_iter().collect();
        let own: HashSet<_> = about.iter().map(|(inbox, (_, thread))| (*inbox, *thread)).collect();
        let threads: HashSet<_> = own.iter().copied().chain(pointed).collect();
        let known = |row| Known { row, state: State::Read };
        let identities: HashMap<_, _> = contacts::identities(conn, senders.into_iter())
            .await?
            .into_iter()
            .map(|(key, row)| (key, known(row)))
            .collect();
        let writers: HashSet<ContactId> = items
            .iter()
            .filter(|(_, item)| letter(item).is_some())
            .filter_map(|(inbox, item)| Some((*inbox, subject(item)?.0.address.clone())))
            .filter_map(|key| Some(identities.get(&key)?.row.as_ref().ok()?.contact))
            .collect();
        let since = Timestamp::from_millis(now.millis().saturating_sub(limits::ANSWERS_SPAN_MILLIS));
        let answered = letters::answered(conn, writers.into_iter(), since).await?.into_iter().collect();
        let threads: HashMap<_, _> = conversations::latest_of(conn, threads.into_iter())
            .await?
            .into_iter()
            .map(|(key, row)| (key, Known { row, state: State::Read }))
            .collect();
        let resolved = threads
            .values()
            .filter_map(|known: &Known<Record>| known.row.as_ref().ok())
            .filter(|record| is_resolved(record));
        let unknown = own.iter().filter(|(inbox, thread)| !threads.contains_key(&(*inbox, (*thread).clone())));
        let beginning = unknown.count() + resolved.count();
        let mut group = Self {
            library,
            now,
            identities,
            threads,
            anchors,
            participants,
            answered,
            queues: None,
            numbers: Vec::new(),
            set: Changeset::default(),
        };
        if beginning > 0 {
            group.number(conn, beginning).await?;
        }
        Ok(group)
    }

    /// Reads what an item lacked. Everything decided before has to be written by now.
    pub(super) async fn supply(&mut self, conn: &mut Conn, lack: Lack) -> Result<()> {
        match lack {
            Lack::Number => self.number(conn, 1).await,
            Lack::Counts => {
                self.queues = Some(conversations::queues(conn).await?);
                Ok(())
            }
        }
    }

    /// Gets numbers, to be popped in order.
    async fn number(&mut self, conn: &mut Conn, count: usize) -> Result<()> {
        self.numbers = conversations::next_numbers(conn, count).await?;
        self.numbers.reverse();
        Ok(())
    }

    /// Works on one item. One that can't be worked on leaves nothing behind and is told as quarantined.
    ///
    /// # Errors
    /// Only what is wrong with the database itself, or [`Error::Stale`].
    pub(super) fn take(&mut self, inbox: InboxId, item: &Inbound) -> Result<Taken> {
        let (sender, thread) = match (&item.reading, subject(item)) {
            (_, Some(found)) => found,
            (Reading::Filtered { reason }, None) => {
                return Ok(Taken::Done(Accepted::Filtered { reason: reason.clone() }));
            }
            (Reading::Unreadable { error }, None) => {
                return Ok(Taken::Done(Accepted::Quarantined { error: error.clone() }));
            }
            // A report is taken elsewhere.
            (Reading::Message(_) | Reading::Signal(_) | Reading::Report(_), None) => {
                let error = "it names neither sender nor thread".to_owned();
                return Ok(Taken::Done(Accepted::Quarantined { error }));
            }
        };
        let worked = catch_unwind(AssertUnwindSafe(|| self.file(inbox, item, sender, thread)))
            .unwrap_or_else(|panic| Err(Error::Panicked(panic_text(&*panic))));
        match worked {
            Ok(Ok(filed)) => Ok(Taken::Done(self.merge(inbox, item, filed))),
            Ok(Err(lack)) => Ok(Taken::Lacks(lack)),
            Err(error) if error.is_outage() || matches!(error, Error::Stale) => Err(error),
            Err(error) => {
                tracing::error!(%error, "an inbound item can't be worked on; it goes to quarantine");
                Ok(Taken::Done(Accepted::Quarantined { error: error.to_string() }))
            }
        }
    }

    /// Ends a round: what was decided since the last one, to be written now. From here on it counts as read.
    pub(super) fn round(&mut self) -> Changeset {
        let mut set = std::mem::take(&mut self.set);
        for ((inbox, address), known) in &mut self.identities {
            let Ok(identity) = &known.row else { continue };
            match known.state {
                State::Read => continue,
                State::New => set.met.push((*inbox, address.clone(), identity.clone())),
                State::Changed => set.learnt.push(identity.clone()),
            }
            known.state = State::Read;
        }
        for known in self.threads.values_mut() {
            let Ok(record) = &mut known.row else { continue };
            match known.state {
                State::Read => continue,
                State::New => set.begun.push(record.clone()),
                State::Changed => set.changed.push(record.clone()),
            }
            record.version += 1;
            known.state = State::Read;
        }
        set
    }

    fn file(
        &self,
        inbox: InboxId,
        item: &Inbound,
        sender: &Sender,
        thread: &ThreadKey,
    ) -> Result<std::result::Result<Filed, Lack>> {
        let address = (inbox, sender.address.clone());
        let known = self.identities.get(&address).map(Known::get).transpose()?;
        let mut identity = contact::learn(known, sender, self.now);
        if letter(item).is_some_and(|letter| letter.unanswered.is_none()) {
            // Who writes is reached again, as far as anybody knows.
            identity.facts.remove(report::UNREACHABLE);
        }
        let is_news = known != Some(&identity);
        let placed = letter(item).and_then(|letter| self.place(inbox, letter, sender, &identity));
        let joined = placed.as_ref().and_then(|placed| placed.thread.as_ref());
        let thread = joined.unwrap_or(thread);
        let latest = self.threads.get(&(inbox, thread.clone())).map(Known::get).transpose()?;
        // A thread agrees on its correspondent: nobody is shown what another wrote.
        let present = latest
            .filter(|record| record.identity == identity.id || joined.is_some())
            .filter(|record| goes_on(record, item, self.now))
            .cloned();
        let starts_over = present.is_some() && is_start_anew(item);
        let begins = present.is_none();
        let mut record = match (present, self.numbers.last()) {
            (Some(record), _) => record,
            (None, Some(number)) => self.begin(inbox, &identity, thread, *number),
            (None, None) => return Ok(Err(Lack::Number)),
        };
        let mut set = Changeset::default();
        let message = match &item.reading {
            Reading::Message(message) => {
                let by_contact = identity.id == record.identity;
                Some(self.message_entry(&mut set, &mut record, item, message, by_contact))
            }
            Reading::Signal(_) | Reading::Report(_) | Reading::Filtered { .. } | Reading::Unreadable { .. } => None,
        };
        let mut event = event(item, &record, &identity, starts_over);
        let answered = self.answered.get(&identity.contact).copied().unwrap_or_default();
        if answered >= limits::ANSWERS_MAX && self.would_be_answered(&record, item) {
            event.kind = EventKind::MachineWrote { why: enough(answered) };
        }
        let stepped = turn::run_counted(self.library, self.queues.as_ref(), &record.state, &event, self.now);
        let Some((state, effects)) = stepped else { return Ok(Err(Lack::Counts)) };
        let moved =
            (state.handler != record.state.handler).then(|| (record.state.handler.clone(), state.handler.clone()));
        let reasons: &[&str] = if message.is_some() { &["message"] } else { &[] };
        let placed_by =
            placed.as_ref().map(|placed| Effect::Log(LogEntry { what: Happening::Placed, why: placed.why.clone() }));
        let effects = placed_by.into_iter().chain(effects).collect();
        persist::decided(&mut set, &mut record, state, effects, reasons, self.now);
        if let (Some(letter), Some((_, seq))) = (letter(item), message) {
            set.left.push(Left {
                inbox,
                thread: thread.clone(),
                conversation: record.state.id,
                seq,
                marks: letter.marks.clone(),
                participants: letter.participants.clone(),
            });
        }
        let conversation = record.state.id;
        let accepted = match message {
            Some((message, seq)) => Accepted::Filed { conversation, message: Some(message), seq },
            None => Accepted::Filed { conversation, message: None, seq: record.seq },
        };
        let thread = thread.clone();
        Ok(Ok(Filed { accepted, identity: (address, identity, is_news), record, thread, begins, moved, set }))
    }

    fn message_entry(
        &self,
        set: &mut Changeset,
        record: &mut Record,
        item: &Inbound,
        message: &InboundMessage,
        by_contact: bool,
    ) -> (MessageId, Seq) {
        let mut content = message.content.clone();
        if !by_contact {
            content.written_by = Some(name_of(&message.from));
        }
        let entry = Entry {
            seq: Seq::default(),
            id: ids::new(MessageId::from_parts, self.now),
            author: Author::Contact,
            body: Body::Message(content, message.choice.clone()),
            external_id: Some(item.external_id.clone()),
            at: self.now,
            delivery: None,
            delivery_error: None,
        };
        let entry = persist::add_entry(set, record, entry);
        (entry.id, entry.seq)
    }

    /// Takes what an item left behind: from here on it is true for those after it.
    fn merge(&mut self, inbox: InboxId, item: &Inbound, filed: Filed) -> Accepted {
        let Filed { accepted, identity: (address, identity, is_news), record, thread, begins, moved, set } = filed;
        if let Some(letter) = letter(item) {
            self.leave(inbox, &thread, &record, letter);
            let said = set.entries.iter().filter(|(_, entry)| entry.author == Author::Bot).count();
            *self.answered.entry(identity.contact).or_default() += u32::try_from(said).unwrap_or(u32::MAX);
        }
        if is_news {
            keep(&mut self.identities, address, identity);
        }
        let key = (inbox, thread);
        if begins && let Some(Known { row: Ok(former), state }) = self.threads.remove(&key) {
            // The thread goes on in another conversation; what happened to the one before is written all the same.
            match state {
                State::New => self.set.begun.push(former),
                State::Changed => self.set.changed.push(former),
                State::Read => {}
            }
        }
        keep(&mut self.threads, key, record);
        if begins {
            self.numbers.pop();
        }
        if let Some((counts, (from, to))) = self.queues.as_mut().zip(moved) {
            turn::pass(counts, &from, &to);
        }
        self.set.append(set);
        accepted
    }

    /// Whether the bot would answer a letter. Who asks for a person gets one, however much was said before.
    fn would_be_answered(&self, record: &Record, item: &Inbound) -> bool {
        let Reading::Message(message) = &item.reading else { return false };
        let wishes = || self.library.book.hears(Meaning::Human, &message.content.text, &record.state.language);
        message.letter.is_some() && record.state.handler == Handler::Bot && wishes().is_none()
    }

    /// The thread a letter belongs to, if it names one that is known.
    fn place(&self, inbox: InboxId, letter: &Letter, sender: &Sender, identity: &Identity) -> Option<Placed> {
        let threads =
            |anchor: &Anchor| self.anchors.get(&(inbox, anchor.clone())).map_or(&[] as &[ThreadKey], Vec::as_slice);
        let belongs = |thread: &ThreadKey| {
            let latest = self.threads.get(&(inbox, thread.clone())).and_then(|known| known.row.as_ref().ok());
            latest.is_some_and(|record| record.identity == identity.id)
                || self.participants.contains(&(inbox, thread.clone(), sender.address.clone()))
        };
        place::place(&letter.signals, threads, belongs)
    }

    /// What comes later in this group may name what this letter left.
    fn leave(&mut self, inbox: InboxId, thread: &ThreadKey, record: &Record, letter: &Letter) {
        let marks = letter.marks.iter().cloned().map(Anchor::Mark);
        for anchor in marks.chain([Anchor::Conversation(record.state.id)]) {
            let known = self.anchors.entry((inbox, anchor)).or_default();
            if !known.contains(thread) {
                known.push(thread.clone());
            }
        }
        let others = letter.participants.iter().map(|one| (inbox, thread.clone(), one.address.clone()));
        self.participants.extend(others);
    }

    fn begin(&self, inbox: InboxId, identity: &Identity, thread: &ThreadKey, number: i64) -> Record {
        let id = ids::new(ConversationId::from_parts, self.now);
        Record {
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
        }
    }
}

/// What an item tells of its place, where the channel has no threads.
fn letter(item: &Inbound) -> Option<&Letter> {
    match &item.reading {
        Reading::Message(message) => message.letter.as_deref(),
        Reading::Signal(_) | Reading::Report(_) | Reading::Filtered { .. } | Reading::Unreadable { .. } => None,
    }
}

/// Why the bot is silent after many answers.
fn enough(answered: u32) -> String {
    format!(
        "{answered} automatic answers went to this contact within an hour, so a machine may be answering them: the bot says \
         nothing more for now, and a person may"
    )
}

/// How somebody is named who writes in another's conversation.
fn name_of(sender: &Sender) -> String {
    match (&sender.name, &sender.email) {
        (Some(name), Some(email)) => format!("{name} <{email}>"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => sender.address.0.clone(),
    }
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
        Reading::Report(_) | Reading::Filtered { .. } | Reading::Unreadable { .. } => None,
    }
}

/// Why nothing may answer a message, if nothing may.
fn unanswered(message: &InboundMessage) -> Option<&str> {
    message.letter.as_ref()?.unanswered.as_deref()
}

fn is_start_anew(item: &Inbound) -> bool {
    matches!(&item.reading, Reading::Signal(signal) if signal.signal == Signal::StartedAnew)
}

fn is_resolved(record: &Record) -> bool {
    record.state.status == Status::Resolved
}

/// Whether an item belongs to the thread's present conversation rather than to a new one.
fn goes_on(record: &Record, item: &Inbound, now: Timestamp) -> bool {
    if is_start_anew(item) {
        // What is not solved is not left behind: the bot starts over, and a person keeps what they hold.
        !is_resolved(record)
    } else {
        record.state.continues(now)
    }
}

fn event(item: &Inbound, record: &Record, identity: &Identity, starts_over: bool) -> Event {
    let contact = contact::facts(identity);
    let kind = match &item.reading {
        Reading::Message(message) if unanswered(message).is_some() => {
            EventKind::MachineWrote { why: unanswered(message).unwrap_or_default().to_owned() }
        }
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
        Reading::Report(_) | Reading::Filtered { .. } | Reading::Unreadable { .. } => {
            EventKind::ContactOpened { contact, language: None }
        }
    };
    Event { id: Some(item.external_id.0.clone()), seq: record.seq, kind }
}
