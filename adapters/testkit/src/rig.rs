//! What an adapter's tests provide so that the laws can be held against it: the adapter, and a peer on the far side.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use switchboard_contract::{AdapterError, ChannelAdapter, Choice, InboundSink, StopSource, TextFormat, ThreadKey};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::fakes::FakeCore;

/// Something the peer sent, as the rig recognises it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent(pub String);

/// What the channel was told about something the peer sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is taken: the channel will not offer it again.
    Taken,
    /// It was not kept: the channel offers it again, or tells the peer.
    NotTaken(String),
}

/// A message as the peer was shown it, with whatever escaping the channel needs undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The text.
    pub text: String,
    /// How the peer's side was told to read it.
    pub format: TextFormat,
    /// Options that can be pressed.
    pub choices: Vec<Choice>,
}

/// One adapter, its core, and one peer on a thread of its own. Every wait ends in a failed test, never in a hang.
#[async_trait]
pub trait Rig: Send {
    /// The core the adapter hands in to.
    fn core(&self) -> Arc<FakeCore>;

    /// The adapter that runs at present.
    fn adapter(&self) -> Arc<dyn ChannelAdapter>;

    /// The peer's thread.
    fn thread(&self) -> ThreadKey;

    /// The peer writes.
    async fn write(&mut self, text: &str) -> Sent;

    /// The peer presses an option it was shown.
    async fn press(&mut self, choice: &Choice) -> Sent;

    /// The channel offers once more what it offered before, taken or not.
    async fn repeat(&mut self, sent: &Sent);

    /// Waits for what the channel is told about the last offer of `sent`.
    async fn answer(&mut self, sent: &Sent) -> Answer;

    /// The channel offers something nothing can parse; waits until it was refused or handed in, and says which.
    async fn garble(&mut self) -> Answer;

    /// Waits for the next message of ours that the peer is shown.
    async fn shown(&mut self) -> Shown;

    /// The peer has seen everything it was shown.
    async fn look(&mut self);

    /// Ends the adapter, starts a fresh one on the same core, and has the channel offer again what it was not told was taken.
    async fn restart(&mut self);

    /// Stops the adapter and waits for its end.
    async fn stop(&mut self) -> Stopped;
}

/// How a stop went.
#[derive(Debug)]
pub struct Stopped {
    /// How long it took.
    pub took: Duration,
    /// What `run` returned.
    pub result: Result<(), AdapterError>,
}

/// An adapter that runs.
pub struct Running {
    stop: StopSource,
    task: JoinHandle<Result<(), AdapterError>>,
}

impl Running {
    /// Starts an adapter. When this returns, its `run` has gone as far as it can without waiting.
    pub async fn start(adapter: Arc<dyn ChannelAdapter>, sink: Arc<dyn InboundSink>) -> Self {
        let (stop, token) = StopSource::new();
        let mut run = Box::pin(async move { adapter.run(sink, token).await });
        let first = futures_util::poll!(&mut run);
        let task = tokio::spawn(async move {
            match first {
                Poll::Ready(result) => result,
                Poll::Pending => run.await,
            }
        });
        Self { stop, task }
    }

    /// Stops it and waits for its end.
    ///
    /// # Panics
    /// When it does not end in time, or panicked.
    pub async fn stop(mut self) -> Stopped {
        let started = Instant::now();
        self.stop.stop();
        let ended = crate::within("the end of run", self.task).await;
        Stopped { took: started.elapsed(), result: ended.expect("run must not panic") }
    }
}
