//! The waist between channels and core: an adapter runs and delivers, a sink accepts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use crate::capabilities::Capabilities;
use crate::delivery::{Delivery, DeliveryError, Receipt};
use crate::ids::ConversationId;
use crate::inbound::{Accepted, ChannelKind, Cursor, Inbound, KeptInbound, Reading, ThreadKey};
use crate::thread::{ReceiptMark, Seq, ThreadNews};

/// A channel's code, bound to one inbox.
///
/// The laws every implementation keeps are held by the test kit: one inbound is one accept with an id stable over
/// restarts; nothing is acknowledged to the channel before `accept` returned; a declared capability works and an undeclared
/// one is refused; a connection cut after the request was written is [`DeliveryError::Uncertain`]; our own messages don't
/// come back as inbound.
#[async_trait]
pub trait ChannelAdapter: Send + Sync + 'static {
    /// The kind of medium, for display.
    fn kind(&self) -> ChannelKind;

    /// What this inbox can do. Pure: no IO, the same answer every time.
    fn capabilities(&self) -> &Capabilities;

    /// Receives until `stop` fires, handing everything to `sink`. Called once; recovers from lost connections by itself.
    ///
    /// # Errors
    /// Only what no retry mends: a refused token, a missing right.
    async fn run(&self, sink: Arc<dyn InboundSink>, stop: StopToken) -> Result<(), AdapterError>;

    /// Sends one message. Called by the outbox only, one at a time for each thread, perhaps at once for different ones.
    ///
    /// # Errors
    /// As each kind of [`DeliveryError`] says.
    async fn deliver(&self, out: &Delivery) -> Result<Receipt, DeliveryError>;

    /// Reads an item from quarantine again: an upgrade may understand what an earlier version did not. None when the bytes
    /// alone don't tell enough; then the reading is used that was kept with it, if there is one. Pure: no IO, and nothing
    /// is known of the channel but the item. Called for an adapter that does not run, too.
    fn reread(&self, _kept: &KeptInbound) -> Option<Reading> {
        None
    }

    /// What this adapter can do besides.
    fn extras(&self) -> Extras<'_> {
        Extras::none()
    }
}

/// Optional abilities of an adapter.
#[derive(Default, Clone, Copy)]
pub struct Extras<'a> {
    /// Shows the contact that somebody is writing.
    pub typing: Option<&'a dyn Typing>,
    /// Shows the contact who holds their conversation and how many wait before them.
    pub watcher: Option<&'a dyn ThreadWatcher>,
}

impl Extras<'_> {
    /// No optional ability.
    pub fn none() -> Self {
        Self::default()
    }
}

/// Shows the contact that somebody is writing. Fleeting: nothing is stored and nothing is promised.
pub trait Typing: Send + Sync {
    /// Tells the thread that `who` started (`on`) or stopped writing. Must not block.
    fn typing(&self, thread: &ThreadKey, who: &str, on: bool);
}

/// Shows the contact the state of their thread, which it reads from its [`ThreadReader`](crate::ThreadReader).
pub trait ThreadWatcher: Send + Sync {
    /// Tells that the state of the thread may have changed. Must not block; telling too often is harmless.
    fn changed(&self, thread: &ThreadKey);

    /// Tells what a commit added to the thread, before anybody hears that it was made. Must not block. A help and no promise: it
    /// may be missed, and news of two commits may come in the wrong order; what the reader gives is the truth.
    fn added(&self, thread: &ThreadKey, news: ThreadNews);
}

/// Where an adapter hands in what it received. Bound to one inbox.
#[async_trait]
pub trait InboundSink: Send + Sync + 'static {
    /// Takes a batch, and the cursor after it, in one transaction. The answers stand in the order of the batch.
    ///
    /// When this returns, everything is on disk; only then may the adapter acknowledge or advance.
    ///
    /// # Errors
    /// [`SinkError`]: nothing of the batch was kept; the adapter keeps its cursor and tries again.
    async fn accept(&self, batch: Vec<Inbound>, cursor: Option<Cursor>) -> Result<Vec<Accepted>, SinkError>;

    /// Reads the cursor saved last.
    ///
    /// # Errors
    /// [`SinkError::Unavailable`] when the store can't be read.
    async fn cursor(&self) -> Result<Option<Cursor>, SinkError>;

    /// Notes that our messages up to `seq` arrived or were seen. Going back is ignored.
    ///
    /// # Errors
    /// [`SinkError::Unavailable`] when the store can't be written.
    async fn receipt(&self, conversation: ConversationId, seq: Seq, mark: ReceiptMark) -> Result<(), SinkError>;

    /// Tells that the contact started (`on`) or stopped writing. Fleeting.
    fn typing(&self, thread: &ThreadKey, on: bool);
}

/// Why the core did not take something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    /// The store can't keep it at present. Try again.
    #[error("can't be kept at present: {0}")]
    Unavailable(String),
    /// The program is stopping.
    #[error("the program is stopping")]
    Stopping,
}

/// Why an adapter stopped running for good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AdapterError(
    /// What is wrong and what mends it, in words for an operator.
    pub String,
);

/// Tells when to stop. Cheap to clone; made by [`StopSource`].
#[derive(Clone)]
pub struct StopToken {
    fired: Arc<AtomicBool>,
    wait: Shared<BoxFuture<'static, ()>>,
}

impl StopToken {
    /// Makes a token that fires when `signal` resolves.
    pub fn new(signal: impl Future<Output = ()> + Send + 'static) -> Self {
        let fired = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&fired);
        let wait = async move {
            signal.await;
            seen.store(true, Ordering::SeqCst);
        };
        Self { fired, wait: wait.boxed().shared() }
    }

    /// Waits until it is time to stop; returns at once when that was before.
    pub async fn stopped(&self) {
        self.wait.clone().await;
    }

    /// Whether somebody already saw it fire.
    pub fn is_stopped(&self) -> bool {
        self.fired.load(Ordering::SeqCst)
    }
}

/// Fires a [`StopToken`] when dropped or asked; for callers without a runtime's own signal.
pub struct StopSource(Option<futures_util::future::AbortHandle>);

impl StopSource {
    /// A source and the token it fires.
    pub fn new() -> (Self, StopToken) {
        let (pending, handle) = futures_util::future::abortable(futures_util::future::pending::<()>());
        (Self(Some(handle)), StopToken::new(async move { pending.await.map_or((), |()| ()) }))
    }

    /// Fires the token.
    pub fn stop(&mut self) {
        if let Some(handle) = self.0.take() {
            handle.abort();
        }
    }
}

impl Drop for StopSource {
    fn drop(&mut self) {
        self.stop();
    }
}
