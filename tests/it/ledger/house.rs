//! A core with one inbox, a sink for it, and an adapter that can be taught to read.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use switchboard::app::{Home, with_documents};
use switchboard::clock::ManualClock;
use switchboard::core::Core;
use switchboard::intake::InboxSink;
use switchboard::outbox::Adapters;
use switchboard::service::quarantine::{self, Retried};
use switchboard::store::{Conn, Error, Gate, Point, Store, Target, entries, inboxes, ledger, sql};
use switchboard_contract::{
    Accepted, AdapterError, Address, Capabilities, ChannelAdapter, ChannelKind, Content, ConversationId, Delivery,
    DeliveryError, ExternalId, Inbound, InboundMessage, InboundSink, InboxId, KeptInbound, Proof, Reading, Receipt,
    Sender, Seq, StopToken, ThreadKey,
};
use tempfile::TempDir;

use crate::cluster::Cluster;
use crate::server::START;

/// Rereads as it was taught.
type Teaching = Box<dyn Fn(&KeptInbound) -> Option<Reading> + Send + Sync>;

/// An adapter that neither receives nor sends.
pub(super) struct Reader {
    reread: Mutex<Teaching>,
}

impl Reader {
    /// From now on it reads like this.
    pub(super) fn learns(&self, reread: impl Fn(&KeptInbound) -> Option<Reading> + Send + Sync + 'static) {
        *self.reread.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(reread);
    }
}

#[async_trait]
impl ChannelAdapter for Reader {
    fn kind(&self) -> ChannelKind {
        ChannelKind("bare".to_owned())
    }

    fn capabilities(&self) -> &Capabilities {
        panic!("nothing is sent here")
    }

    async fn run(&self, _: Arc<dyn InboundSink>, stop: StopToken) -> Result<(), AdapterError> {
        stop.stopped().await;
        Ok(())
    }

    async fn deliver(&self, _: &Delivery) -> Result<Receipt, DeliveryError> {
        panic!("nothing is sent here")
    }

    fn reread(&self, kept: &KeptInbound) -> Option<Reading> {
        (self.reread.lock().unwrap_or_else(PoisonError::into_inner))(kept)
    }
}

pub(super) struct House {
    pub(super) core: Arc<Core>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) inbox: InboxId,
    pub(super) sink: InboxSink,
    pub(super) reader: Arc<Reader>,
    pub(super) adapters: Adapters,
    power: Arc<Power>,
    target: Target,
    folder: TempDir,
    /// Runs as long as this house stands.
    cluster: Option<Cluster>,
}

/// Lets the power fail.
#[derive(Default)]
struct Power {
    fails_at: Mutex<Option<Point>>,
}

impl Gate for Power {
    fn pass(&self, point: Point) -> bool {
        *self.fails_at.lock().unwrap_or_else(PoisonError::into_inner) != Some(point)
    }
}

impl House {
    /// One on SQLite.
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self::on(Home::at(folder.path()).target, folder, None).await
    }

    /// One on SQLite, and one on PostgreSQL where there is one to be had.
    pub(super) async fn on_each() -> Vec<Self> {
        let mut houses = vec![Self::new().await];
        if let Some(cluster) = Cluster::shared() {
            let target = Target::Postgres(cluster.database().await);
            houses.push(Self::on(target, tempfile::tempdir().expect("a folder"), Some(cluster)).await);
        }
        houses
    }

    async fn on(target: Target, folder: TempDir, cluster: Option<Cluster>) -> Self {
        let clock = Arc::new(ManualClock::new(START));
        let power = Arc::new(Power::default());
        // Lanes work side by side where the database can.
        let store = Store::open_with(&target, 3, Arc::clone(&power) as _).await.expect("opens");
        let core = with_documents(store, Arc::clone(&clock) as _).await.expect("opens");
        let inbox = InboxId::from_parts(START, 1);
        core.store
            .write::<_, Error, _>(move |conn| {
                Box::pin(async move { inboxes::ensure(conn, inbox, "bare", "bare", "Bare", START).await })
            })
            .await
            .expect("an inbox");
        let reader = Arc::new(Reader { reread: Mutex::new(Box::new(|_| None)) });
        let adapters = Adapters::from([(inbox, Arc::clone(&reader) as Arc<dyn ChannelAdapter>)]);
        let sink = InboxSink::new(Arc::clone(&core), inbox);
        Self { core, clock, inbox, sink, reader, adapters, power, target, folder, cluster }
    }

    /// From the next commit on the power is gone, just before or just after it.
    pub(super) fn power_fails(&self, at: Point) {
        *self.power.fails_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }

    /// Starts again on what is on the disk.
    pub(super) async fn restart(self) -> Self {
        self.core.store.close().await;
        Self::on(self.target, self.folder, self.cluster).await
    }

    pub(super) async fn accept(&self, item: Inbound) -> Accepted {
        self.sink.accept(vec![item], None).await.expect("accepted").remove(0)
    }

    /// Runs SQL as a bug, a failing disk or a repair would.
    pub(super) async fn meddle(&self, statement: &'static str) {
        self.core
            .store
            .write::<_, Error, _>(move |conn| {
                Box::pin(async move { sql::query(statement).execute(conn).await.map(drop).map_err(Error::from) })
            })
            .await
            .expect("meddled");
    }

    pub(super) async fn retry(&self, id: i64) -> Result<Retried, quarantine::Error> {
        quarantine::retry(&self.core, &self.adapters, id, "Ana").await
    }

    /// The account of today, which always balances.
    pub(super) async fn account(&self) -> ledger::Account {
        let now = self.core.now();
        let mut conn = self.core.store.reader().await.expect("a reader");
        let all = ledger::accounts(&mut conn, START, now).await.expect("reads");
        let account = all.into_iter().find(|account| account.inbox == self.inbox.to_string()).expect("the inbox");
        assert!(account.balanced, "{account:?}");
        account
    }

    /// Filed, duplicate, filtered, quarantined.
    pub(super) async fn counts(&self) -> [i64; 4] {
        let account = self.account().await;
        [account.filed, account.duplicate, account.filtered, account.quarantined]
    }

    /// The numbers of what is in quarantine, the newest first.
    pub(super) async fn quarantine(&self) -> Vec<ledger::Quarantined> {
        let mut conn = self.core.store.reader().await.expect("a reader");
        ledger::quarantine(&mut conn, 100).await.expect("reads")
    }

    pub(super) async fn conn(&self) -> impl std::ops::DerefMut<Target = Conn> {
        self.core.store.reader().await.expect("a reader")
    }

    /// Everything in a conversation: the texts of messages, the kinds of log entries.
    pub(super) async fn timeline(&self, id: ConversationId) -> Vec<String> {
        let mut conn = self.conn().await;
        let all = entries::read(&mut conn, id, entries::Range::After(Seq::default()), false, 1_000).await;
        let words = |entry: entries::Entry| match entry.body {
            entries::Body::Message(content, _) => format!("{}: {}", entry.author.kind(), content.text),
            entries::Body::Note(text) => text,
            entries::Body::Log(log) => format!("log: {}", log.what.kind()),
        };
        all.expect("reads").into_iter().map(words).collect()
    }
}

pub(super) fn message(id: &str, thread: &str, text: &str) -> Inbound {
    let from = Sender {
        address: Address(thread.to_owned()),
        name: None,
        email: None,
        proof: Proof::Anonymous,
        language: None,
        facts: std::collections::BTreeMap::new(),
    };
    let body = InboundMessage {
        from,
        thread: ThreadKey(thread.to_owned()),
        content: Content::plain(text),
        choice: None,
        letter: None,
    };
    Inbound {
        external_id: ExternalId(id.to_owned()),
        occurred_at: None,
        raw: text.as_bytes().to_vec(),
        reading: Reading::Message(Box::new(body)),
    }
}

pub(super) fn unreadable(id: &str, raw: &str) -> Inbound {
    Inbound { reading: Reading::Unreadable { error: "no letters".to_owned() }, ..message(id, "t", raw) }
}

pub(super) fn filed(accepted: &Accepted) -> ConversationId {
    let Accepted::Filed { conversation, .. } = accepted else { panic!("filed expected, got {accepted:?}") };
    *conversation
}
