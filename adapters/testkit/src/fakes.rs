//! A core in memory: a ledger that knows duplicates, one conversation for each thread, and faults on demand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use switchboard_contract::{
    Accepted, Content, ConversationId, Cursor, Delivery, DeliveryId, ExternalId, Inbound, InboundSink, InboxId,
    MessageId, PublicAuthor, Reading, ReceiptMark, Seq, Signal, SinkError, ThreadEntry, ThreadHandler, ThreadKey,
    ThreadPage, ThreadReader, ThreadState, Timestamp,
};
use tokio::sync::{Semaphore, watch};

/// Entries on one page of a thread unless a test wants another number.
pub const PAGE: usize = 50;

/// The core as an adapter knows it. It outlives adapters, so a restart is a fresh adapter on the same core.
pub struct FakeCore {
    state: Mutex<State>,
    changed: watch::Sender<()>,
    page: usize,
}

/// A line of the ledger.
#[derive(Debug, Clone)]
pub struct Line {
    /// What came in, the first time.
    pub inbound: Inbound,
    /// How it was taken, the first time.
    pub accepted: Accepted,
    /// How often it came in.
    pub times: u32,
}

/// The account: `received = filed + duplicate + filtered + quarantined`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    /// Everything that came in.
    pub received: u32,
    /// New, and part of a conversation.
    pub filed: u32,
    /// Seen before.
    pub duplicate: u32,
    /// Deliberately not filed.
    pub filtered: u32,
    /// Not understood.
    pub quarantined: u32,
}

/// A receipt an adapter passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noted {
    /// Whose.
    pub conversation: ConversationId,
    /// Up to where.
    pub seq: Seq,
    /// What.
    pub mark: ReceiptMark,
}

#[derive(Default)]
struct State {
    ledger: Vec<Line>,
    threads: BTreeMap<ThreadKey, Conversation>,
    cursor: Option<Cursor>,
    receipts: Vec<Noted>,
    typings: Vec<(ThreadKey, bool)>,
    refuse: Option<SinkError>,
    refuse_reads: Option<SinkError>,
    quarantine: Option<String>,
    heads_lag: u64,
    hold: Option<Arc<Gate>>,
    made: u32,
}

struct Conversation {
    id: ConversationId,
    head: Seq,
    entries: Vec<ThreadEntry>,
    state: ThreadState,
}

struct Gate {
    open: Semaphore,
    reached: watch::Sender<u32>,
}

/// Holds every `accept` back until dropped.
pub struct Hold {
    core: Arc<FakeCore>,
    gate: Arc<Gate>,
}

impl Hold {
    /// Waits until `count` calls of `accept` are held.
    ///
    /// # Panics
    /// When they don't come in time.
    pub async fn reached(&self, count: u32) {
        let mut reached = self.gate.reached.subscribe();
        let arrived = crate::within("an accept", reached.wait_for(|arrived| *arrived >= count)).await;
        drop(arrived);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.core.lock().hold = None;
        self.gate.open.close();
    }
}

impl FakeCore {
    /// An empty core.
    pub fn new() -> Arc<Self> {
        Self::with_page(PAGE)
    }

    /// An empty core whose threads are read in pages of `page` entries.
    pub fn with_page(page: usize) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), changed: watch::Sender::new(()), page })
    }

    /// Refuses everything that comes in with this error, until told otherwise.
    pub fn refuse(&self, with: Option<SinkError>) {
        self.change(|state| state.refuse = with);
    }

    /// Refuses to be read with this error, until told otherwise.
    pub fn refuse_reads(&self, with: Option<SinkError>) {
        self.change(|state| state.refuse_reads = with);
    }

    /// Puts every message that is new into quarantine with this error, until told otherwise.
    pub fn quarantine(&self, with: Option<&str>) {
        self.change(|state| state.quarantine = with.map(str::to_owned));
    }

    /// Shows heads this far behind, as a store does that reads head and entries one after the other.
    pub fn lag_heads(&self, by: u64) {
        self.change(|state| state.heads_lag = by);
    }

    /// Holds every `accept` back, before it keeps anything, until the hold is dropped.
    pub fn hold(self: &Arc<Self>) -> Hold {
        let gate = Arc::new(Gate { open: Semaphore::new(0), reached: watch::Sender::new(0) });
        self.lock().hold = Some(Arc::clone(&gate));
        Hold { core: Arc::clone(self), gate }
    }

    /// Commits an entry of ours, as the outbox would hand it out.
    pub fn say(&self, thread: &ThreadKey, author: PublicAuthor, content: Content) -> Delivery {
        self.change(|state| {
            let delivery = DeliveryId::from_parts(Timestamp::from_millis(1), state.next());
            let (conversation, message, seq) = state.append(thread, author.clone(), content.clone(), None);
            Delivery {
                id: delivery,
                inbox: InboxId::from_parts(Timestamp::from_millis(1), 1),
                thread: thread.clone(),
                conversation,
                message,
                seq,
                attempt: 1,
                author,
                content,
                context: None,
            }
        })
    }

    /// Uses up a place of the conversation with something a contact does not see.
    pub fn note(&self, thread: &ThreadKey) {
        self.change(|state| {
            let conversation = state.conversation(thread);
            conversation.head = conversation.head.next();
        });
    }

    /// Changes who holds the turn, or whether the conversation is resolved.
    pub fn set_state(&self, thread: &ThreadKey, handler: ThreadHandler, resolved: bool) {
        self.change(|state| state.conversation(thread).state = ThreadState { handler, resolved });
    }

    /// Everything that came in, in order of first coming.
    pub fn ledger(&self) -> Vec<Line> {
        self.lock().ledger.clone()
    }

    /// The account of what came in.
    pub fn balance(&self) -> Balance {
        let mut balance = Balance::default();
        for line in &self.lock().ledger {
            balance.received += line.times;
            balance.duplicate += line.times - 1;
            match line.accepted {
                Accepted::Filed { .. } => balance.filed += 1,
                Accepted::Filtered { .. } => balance.filtered += 1,
                Accepted::Quarantined { .. } => balance.quarantined += 1,
                Accepted::Duplicate { .. } => {}
            }
        }
        balance
    }

    /// The texts of everything filed as a message, in order of first coming.
    pub fn texts(&self) -> Vec<String> {
        let text = |line: &Line| match &line.inbound.reading {
            Reading::Message(message) => Some(message.content.text.clone()),
            Reading::Signal(_) | Reading::Report(_) | Reading::Filtered { .. } | Reading::Unreadable { .. } => None,
        };
        self.lock().ledger.iter().filter_map(text).collect()
    }

    /// The entries of the thread's present conversation.
    pub fn transcript(&self, thread: &ThreadKey) -> Vec<ThreadEntry> {
        self.lock().threads.get(thread).map(|conversation| conversation.entries.clone()).unwrap_or_default()
    }

    /// The thread's present conversation.
    pub fn present(&self, thread: &ThreadKey) -> Option<ConversationId> {
        self.lock().threads.get(thread).map(|conversation| conversation.id)
    }

    /// The receipts passed on.
    pub fn receipts(&self) -> Vec<Noted> {
        self.lock().receipts.clone()
    }

    /// The "is writing" passed on.
    pub fn typings(&self) -> Vec<(ThreadKey, bool)> {
        self.lock().typings.clone()
    }

    /// Waits until the core looks as wanted.
    ///
    /// # Panics
    /// When it does not come to that in time.
    pub async fn until(&self, what: &str, wanted: impl Fn(&Self) -> bool) {
        let mut changed = self.changed.subscribe();
        crate::within(what, async {
            // The sender lives as long as `self`, so waiting can't fail.
            while !wanted(self) && changed.changed().await.is_ok() {}
        })
        .await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let result = act(&mut self.lock());
        self.changed.send_replace(());
        result
    }
}

impl State {
    fn check(&self) -> Result<(), SinkError> {
        self.refuse.clone().map_or(Ok(()), Err)
    }

    fn next(&mut self) -> u128 {
        self.made += 1;
        u128::from(self.made)
    }

    fn begin(&mut self, thread: &ThreadKey) -> ConversationId {
        let id = ConversationId::from_parts(Timestamp::from_millis(1), self.next());
        let state = ThreadState { handler: ThreadHandler::Bot, resolved: false };
        self.threads.insert(thread.clone(), Conversation { id, head: Seq(0), entries: Vec::new(), state });
        id
    }

    fn conversation(&mut self, thread: &ThreadKey) -> &mut Conversation {
        if !self.threads.contains_key(thread) {
            self.begin(thread);
        }
        self.threads.get_mut(thread).expect("a thread that was missing was begun above")
    }

    fn append(
        &mut self,
        thread: &ThreadKey,
        author: PublicAuthor,
        content: Content,
        external_id: Option<ExternalId>,
    ) -> (ConversationId, MessageId, Seq) {
        let message = MessageId::from_parts(Timestamp::from_millis(1), self.next());
        let conversation = self.conversation(thread);
        conversation.head = conversation.head.next();
        let (seq, at) = (conversation.head, Timestamp::from_millis(1_795_168_800_000));
        conversation.entries.push(ThreadEntry { seq, message, at, author, content, external_id });
        (conversation.id, message, seq)
    }

    fn take(&mut self, mut inbound: Inbound) -> Accepted {
        if inbound.external_id.0.is_empty() {
            inbound.external_id = inbound.content_id();
        }
        if let Some(line) = self.ledger.iter_mut().find(|line| line.inbound.external_id == inbound.external_id) {
            line.times += 1;
            return match line.accepted {
                Accepted::Filed { conversation, message, seq } => {
                    Accepted::Duplicate { conversation: Some(conversation), message, seq: Some(seq) }
                }
                Accepted::Duplicate { .. } | Accepted::Filtered { .. } | Accepted::Quarantined { .. } => {
                    Accepted::Duplicate { conversation: None, message: None, seq: None }
                }
            };
        }
        let accepted = match (&inbound.reading, &self.quarantine) {
            (Reading::Message(_), Some(error)) => Accepted::Quarantined { error: error.clone() },
            _ => self.file(&inbound),
        };
        self.ledger.push(Line { inbound, accepted: accepted.clone(), times: 1 });
        accepted
    }

    fn file(&mut self, inbound: &Inbound) -> Accepted {
        match &inbound.reading {
            Reading::Message(message) => {
                let id = Some(inbound.external_id.clone());
                let (conversation, message, seq) =
                    self.append(&message.thread, PublicAuthor::Contact, message.content.clone(), id);
                Accepted::Filed { conversation, message: Some(message), seq }
            }
            Reading::Signal(signal) => {
                let conversation = match signal.signal {
                    Signal::Opened => self.conversation(&signal.thread).id,
                    Signal::StartedAnew => self.begin(&signal.thread),
                };
                Accepted::Filed { conversation, message: None, seq: self.conversation(&signal.thread).head }
            }
            Reading::Report(_) => Accepted::Filtered { reason: "a report".to_owned() },
            Reading::Filtered { reason } => Accepted::Filtered { reason: reason.clone() },
            Reading::Unreadable { error } => Accepted::Quarantined { error: error.clone() },
        }
    }
}

#[async_trait]
impl InboundSink for FakeCore {
    async fn accept(&self, batch: Vec<Inbound>, cursor: Option<Cursor>) -> Result<Vec<Accepted>, SinkError> {
        let hold = self.lock().hold.clone();
        if let Some(gate) = hold {
            gate.reached.send_modify(|arrived| *arrived += 1);
            // An error means that the gate was opened for good.
            let _ = gate.open.acquire().await;
        }
        self.change(|state| {
            state.check()?;
            let accepted = batch.into_iter().map(|inbound| state.take(inbound)).collect();
            if cursor.is_some() {
                state.cursor = cursor;
            }
            Ok(accepted)
        })
    }

    async fn cursor(&self) -> Result<Option<Cursor>, SinkError> {
        let state = self.lock();
        state.refuse_reads.clone().map_or_else(|| Ok(state.cursor.clone()), Err)
    }

    async fn receipt(&self, conversation: ConversationId, seq: Seq, mark: ReceiptMark) -> Result<(), SinkError> {
        self.change(|state| {
            state.check()?;
            state.receipts.push(Noted { conversation, seq, mark });
            Ok(())
        })
    }

    fn typing(&self, thread: &ThreadKey, on: bool) {
        self.change(|state| state.typings.push((thread.clone(), on)));
    }
}

#[async_trait]
impl ThreadReader for FakeCore {
    async fn read(
        &self,
        thread: &ThreadKey,
        conversation: Option<ConversationId>,
        after: Seq,
    ) -> Result<ThreadPage, SinkError> {
        let state = self.lock();
        if let Some(error) = &state.refuse_reads {
            return Err(error.clone());
        }
        let Some(present) = state.threads.get(thread) else {
            return Ok(ThreadPage { conversation: None, head: Seq(0), entries: Vec::new(), state: None, more: false });
        };
        let after = if conversation == Some(present.id) { after } else { Seq(0) };
        let mut rest = present.entries.iter().filter(|entry| entry.seq > after);
        let entries = rest.by_ref().take(self.page).cloned().collect();
        Ok(ThreadPage {
            conversation: Some(present.id),
            head: Seq(present.head.0.saturating_sub(state.heads_lag)),
            entries,
            state: Some(present.state.clone()),
            more: rest.next().is_some(),
        })
    }
}
