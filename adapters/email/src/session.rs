//! The life of an inbox's connection, as the adapter and its operator see it.

use std::sync::Arc;

use switchboard_contract::{AdapterError, InboundSink, StopToken};
use tokio::sync::watch;

use crate::config::EmailConfig;
use crate::imap::{Health, Inbox, Pace, ReadMail};
use crate::smtp::Submission;

/// Draws random bits that spread pauses.
pub type Random = Arc<dyn Fn() -> u128 + Send + Sync>;

/// The mailboxes of one inbox.
pub struct Mailboxes {
    inbox: Inbox,
    read: ReadMail,
    random: Random,
    health: watch::Sender<Health>,
}

impl Mailboxes {
    /// Makes the session of an inbox; it does nothing before [`run`](Self::run).
    ///
    /// # Errors
    /// When the settings can't work, in words for an operator.
    pub fn new(config: EmailConfig, read: ReadMail, random: Random) -> Result<Self, AdapterError> {
        Self::with_pace(config, read, random, Pace::default())
    }

    /// The same with time limits of one's own.
    ///
    /// # Errors
    /// When the settings can't work, in words for an operator.
    pub fn with_pace(config: EmailConfig, read: ReadMail, random: Random, pace: Pace) -> Result<Self, AdapterError> {
        config.check().map_err(|error| AdapterError(error.to_string()))?;
        let inbox = Inbox::new(config, pace).map_err(AdapterError)?;
        Ok(Self { inbox, read, random, health: watch::Sender::default() })
    }

    /// Sends by the same inbox.
    ///
    /// # Errors
    /// When the settings can't work, in words for an operator.
    pub fn submission(&self, pace: crate::smtp::Pace) -> Result<Submission, AdapterError> {
        Submission::sharing(self.inbox.config().clone(), self.inbox.tokens(), pace).map_err(AdapterError)
    }

    /// How it is, now and from now on.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    /// Receives until `stop` fires. Connections that break are made anew; credentials that are refused are tried again from
    /// time to time, since a person may have mended them on the server.
    pub async fn run(&self, sink: Arc<dyn InboundSink>, stop: &StopToken) {
        self.inbox.receive(sink, Arc::clone(&self.read), self.health.clone(), &*self.random, stop).await;
    }
}
