//! The far side of a channel that does as the test says, and a house without HTTP whose outbox delivers to it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use switchboard::app::{Home, open_core};
use switchboard::clock::ManualClock;
use switchboard::core::Core;
use switchboard::intake::{InboxSink, persist};
use switchboard::outbox::{self, Adapters};
use switchboard::store::entries::{self, Entry, Range};
use switchboard::store::{Error, conversations, inboxes};
use switchboard_contract::{
    AdapterError, Address, Capabilities, ChannelAdapter, ChannelKind, Content, ConversationId, Delivery, DeliveryError,
    DeliveryId, DeliveryState, ExternalId, Inbound, InboundMessage, InboundSink, InboxId, Pace, Proof, Reading,
    Receipt, Sender, Seq, StopSource, StopToken, Support, TextUnit, ThreadKey,
};
use switchboard_engine::{Effect, Speaker};
use tempfile::TempDir;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::server::{START, in_time};

/// What the far side does with an attempt.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// It takes the message.
    Take,
    /// It answers with an error, and has nothing.
    Refuse(DeliveryError),
    /// It takes the message, and the answer is lost.
    TakeSilently,
    /// It says nothing until the test opens the gate; then it takes the message.
    Hang,
}

/// An attempt as the far side saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) thread: String,
    pub(crate) text: String,
    pub(crate) id: DeliveryId,
    pub(crate) attempt: u32,
    pub(crate) taken: bool,
}

pub(crate) struct Far {
    can: Capabilities,
    plan: Mutex<HashMap<String, VecDeque<Answer>>>,
    /// The answer to everything the plan says nothing of.
    otherwise: Mutex<Answer>,
    seen: watch::Sender<Vec<Seen>>,
    gate: Semaphore,
}

impl Far {
    pub(crate) fn new(idempotent: bool) -> Self {
        let can = Capabilities {
            text_max: 4_000,
            text_unit: TextUnit::Chars,
            inbound_text_max: 4_000,
            markup: Support::Full,
            choices: Support::Full,
            choices_max: 10,
            choice_label_max: 40,
            attachments: Support::Rejected,
            attachment_bytes_max: 0,
            typing: Support::Dropped,
            receipts: Support::Dropped,
            idempotent_send: idempotent,
            context: false,
            pace: Pace::default(),
        };
        Self {
            can,
            plan: Mutex::default(),
            otherwise: Mutex::new(Answer::Take),
            seen: watch::Sender::default(),
            gate: Semaphore::new(0),
        }
    }

    /// One that may only be sent to so fast.
    pub(crate) fn paced(pace: Pace) -> Self {
        let far = Self::new(true);
        Self { can: Capabilities { pace, ..far.can }, ..far }
    }

    /// The answers to the next attempts at a text; afterwards it is taken.
    pub(crate) fn plan(&self, text: &str, answers: impl IntoIterator<Item = Answer>) {
        self.plan.lock().expect("not poisoned").insert(text.to_owned(), answers.into_iter().collect());
    }

    /// The answer to everything nothing is planned for.
    pub(crate) fn otherwise(&self, answer: Answer) {
        *self.otherwise.lock().expect("not poisoned") = answer;
    }

    /// Lets this many hanging attempts go on.
    pub(crate) fn open(&self, attempts: usize) {
        self.gate.add_permits(attempts);
    }

    /// The attempts at what tests say; the bot's own words are left out.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.borrow().clone()
    }

    /// The texts a thread has got, in order.
    pub(crate) fn got(&self, thread: &str) -> Vec<String> {
        self.seen().into_iter().filter(|seen| seen.taken && seen.thread == thread).map(|seen| seen.text).collect()
    }

    /// Waits until the attempts are as wanted.
    pub(crate) async fn until(&self, what: &str, wanted: impl Fn(&[Seen]) -> bool) {
        let mut seen = self.seen.subscribe();
        in_time(what, seen.wait_for(|seen| wanted(seen))).await.expect("the far side lives");
    }

    fn see(&self, out: &Delivery, taken: bool) {
        self.seen.send_modify(|seen| {
            seen.push(Seen {
                thread: out.thread.0.clone(),
                text: out.content.text.clone(),
                id: out.id,
                attempt: out.attempt,
                taken,
            });
        });
    }
}

#[async_trait]
impl ChannelAdapter for Far {
    fn kind(&self) -> ChannelKind {
        ChannelKind("far".into())
    }

    fn capabilities(&self) -> &Capabilities {
        &self.can
    }

    async fn run(&self, _: Arc<dyn InboundSink>, stop: StopToken) -> Result<(), AdapterError> {
        stop.stopped().await;
        Ok(())
    }

    async fn deliver(&self, out: &Delivery) -> Result<Receipt, DeliveryError> {
        let receipt = Receipt { external_ids: vec![ExternalId(format!("far-{}", out.id))] };
        if !out.content.text.starts_with(MARK) {
            return Ok(receipt);
        }
        let planned = self.plan.lock().expect("not poisoned").get_mut(&out.content.text).and_then(VecDeque::pop_front);
        let answer = planned.unwrap_or_else(|| self.otherwise.lock().expect("not poisoned").clone());
        match answer {
            Answer::Take => {
                self.see(out, true);
                Ok(receipt)
            }
            Answer::Refuse(error) => {
                self.see(out, false);
                Err(error)
            }
            Answer::TakeSilently => {
                self.see(out, true);
                Err(DeliveryError::Uncertain { reason: "cut".to_owned() })
            }
            Answer::Hang => {
                self.see(out, false);
                self.gate.acquire().await.expect("open").forget();
                self.see(out, true);
                Ok(receipt)
            }
        }
    }
}

/// What every text of these tests begins with.
pub(crate) const MARK: &str = "say ";

/// An outbox that runs.
pub(crate) struct Running {
    stop: StopSource,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(core: &Arc<Core>, adapters: Adapters) -> Self {
        let (stop, token) = StopSource::new();
        Self { stop, task: tokio::spawn(outbox::run(Arc::clone(core), Arc::new(adapters), token)) }
    }

    pub(crate) async fn stop(mut self) {
        self.stop.stop();
        in_time("the outbox stops", self.task).await.expect("it did not fail");
    }

    /// As if the process had died: nobody says how the attempts under way ended.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.is_err_and(|error| error.is_cancelled()));
    }
}

pub(crate) struct House {
    pub(crate) core: Arc<Core>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) inbox: InboxId,
    pub(crate) far: Arc<Far>,
    pub(crate) running: Option<Running>,
    _folder: TempDir,
}

impl House {
    pub(crate) async fn new(far: Far) -> Self {
        Self::with(far, |home| home).await
    }

    /// With another database, or with webhooks.
    pub(crate) async fn with(far: Far, change: impl FnOnce(Home) -> Home) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Arc::new(ManualClock::new(START));
        let home = change(Home::at(folder.path()));
        let core = open_core(&home, Arc::clone(&clock) as _).await.expect("opens");
        let inbox = InboxId::from_parts(START, 1);
        ensure(&core, inbox, "far").await;
        let mut house = Self { core, clock, inbox, far: Arc::new(far), running: None, _folder: folder };
        house.start();
        house
    }

    pub(crate) fn adapters(&self) -> Adapters {
        BTreeMap::from([(self.inbox, Arc::clone(&self.far) as Arc<dyn ChannelAdapter>)])
    }

    pub(crate) fn start(&mut self) {
        self.running = Some(Running::start(&self.core, self.adapters()));
    }

    pub(crate) async fn stop(&mut self) {
        self.running.take().expect("running").stop().await;
    }

    /// Somebody writes in this thread, so that there is a conversation to answer in.
    pub(crate) async fn thread(&self, thread: &str) -> ConversationId {
        open_thread(&self.core, self.inbox, thread).await
    }

    /// The desk says texts in a conversation, in one commit.
    pub(crate) async fn say(&self, conversation: ConversationId, texts: &[&str]) {
        let core = Arc::clone(&self.core);
        let say = |text: &&str| {
            assert!(text.starts_with(MARK), "{text}");
            Effect::Say { speaker: Speaker::System, content: Content::plain(*text), turn: 0 }
        };
        let effects: Vec<Effect> = texts.iter().map(say).collect();
        self.core
            .store
            .write::<_, Error, _>(move |conn| {
                Box::pin(async move {
                    let mut record = conversations::get(conn, conversation).await?.expect("a conversation");
                    let state = record.state.clone();
                    persist::persist(conn, &mut record, state, effects, &[], core.now()).await.map(drop)
                })
            })
            .await
            .expect("said");
    }

    /// The entry with this text.
    pub(crate) async fn entry(&self, conversation: ConversationId, text: &str) -> Entry {
        let mut conn = self.core.store.reader().await.expect("a reader");
        let all =
            entries::read(&mut conn, conversation, Range::After(Seq::default()), true, 1_000).await.expect("reads");
        all.into_iter().find(|entry| said(entry) == Some(text)).expect("it was said")
    }

    /// Waits until the message shows this state; returns the words beside it.
    pub(crate) async fn shows(&self, conversation: ConversationId, text: &str, state: DeliveryState) -> Option<String> {
        let mut bell = self.core.store.commits();
        in_time(&format!("`{text}` is {state:?}"), async {
            loop {
                bell.mark_unchanged();
                let entry = self.entry(conversation, text).await;
                if entry.delivery == Some(state) {
                    return entry.delivery_error;
                }
                bell.changed().await.expect("the store lives");
            }
        })
        .await
    }
}

fn said(entry: &Entry) -> Option<&str> {
    match &entry.body {
        entries::Body::Message(content, _) => Some(&content.text),
        entries::Body::Note(_) | entries::Body::Log(_) => None,
    }
}

/// Makes an inbox.
pub(crate) async fn ensure(core: &Core, inbox: InboxId, slug: &'static str) {
    core.store
        .write::<_, Error, _>(move |conn| {
            Box::pin(async move { inboxes::ensure(conn, inbox, slug, "far", slug, START).await })
        })
        .await
        .expect("an inbox");
}

pub(crate) async fn open_thread(core: &Arc<Core>, inbox: InboxId, thread: &str) -> ConversationId {
    let from = Sender {
        address: Address(thread.to_owned()),
        name: None,
        email: None,
        proof: Proof::Anonymous,
        language: None,
        facts: BTreeMap::new(),
    };
    let body = InboundMessage {
        from,
        thread: ThreadKey(thread.to_owned()),
        content: Content::plain("hello"),
        choice: None,
        letter: None,
    };
    let inbound = Inbound {
        external_id: ExternalId(format!("hello {thread}")),
        occurred_at: None,
        raw: b"hello".to_vec(),
        reading: Reading::Message(Box::new(body)),
    };
    let sink = InboxSink::new(Arc::clone(core), inbox);
    sink.accept(vec![inbound], None).await.expect("accepted");
    let mut conn = core.store.reader().await.expect("a reader");
    let record = conversations::latest(&mut conn, inbox, &ThreadKey(thread.to_owned())).await.expect("reads");
    record.expect("a conversation").state.id
}
