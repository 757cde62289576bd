//! The email adapter: mail comes in by IMAP and goes out by SMTP.
//!
//! | to learn | open |
//! | --- | --- |
//! | the settings of a mailbox | [`config`] |
//! | what is ours | [`own`] |
//! | what a message becomes as a mail | [`outbound`] |
//! | how mail is sent | [`smtp`] |
//! | how mail is received | [`session`], [`imap`] |
//! | what a mail becomes for the core | [`inbound`] |
//! | what a mail holds: texts, files, pictures | [`mail`] |
//! | what this person wrote now | [`visible`] |
//! | whether a machine wrote it, and what it reports | [`machine`] |
//! | how well its sender is proven | [`identity`] |
//! | whose thread it belongs to | [`thread`] |
//! | trying the servers of an inbox | [`probe`] |
//! | the usual settings of big providers | [`providers`] |
#![warn(missing_docs)]

use std::sync::Arc;

use async_trait::async_trait;
use switchboard_contract::{
    AdapterError, Capabilities, ChannelAdapter, ChannelKind, Delivery, DeliveryError, InboundSink, KeptInbound,
    Reading, Receipt, StopToken,
};
use tokio::sync::watch;

pub mod config;
mod headers;
pub mod identity;
pub mod imap;
pub mod inbound;
pub mod machine;
pub mod mail;
pub mod outbound;
pub mod own;
pub mod probe;
pub mod providers;
pub mod session;
pub mod smtp;
pub mod thread;
pub mod visible;
mod way_out;

pub use config::{ConfigError, EmailConfig};
pub use own::{House, OwnMail};
pub use thread::token::Secret;
pub use way_out::{Now, Outgoing, ReceiveOnly, WayOut};

use imap::{HEADERS_ONLY, Health, Pace, ReadMail};
use session::{Mailboxes, Random};

/// The mail of one inbox.
pub struct Email {
    own: Arc<OwnMail>,
    mailboxes: Mailboxes,
    way_out: Arc<dyn WayOut>,
}

impl Email {
    /// Makes the mail of an inbox. It connects to nothing before [`run`](ChannelAdapter::run).
    ///
    /// # Errors
    /// When the settings can't work, in words for an operator.
    pub fn new(
        config: EmailConfig,
        house: &House,
        way_out: Arc<dyn WayOut>,
        random: Random,
    ) -> Result<Arc<Self>, AdapterError> {
        Self::with_pace(config, house, way_out, random, Pace::default())
    }

    /// The same with time limits of one's own.
    ///
    /// # Errors
    /// When the settings can't work, in words for an operator.
    pub fn with_pace(
        config: EmailConfig,
        house: &House,
        way_out: Arc<dyn WayOut>,
        random: Random,
        pace: Pace,
    ) -> Result<Arc<Self>, AdapterError> {
        let own = Arc::new(OwnMail::of(&config, house));
        let reader = Arc::clone(&own);
        let read: ReadMail = Arc::new(move |raw: &[u8]| inbound::read(raw, &reader));
        let mailboxes = Mailboxes::with_pace(config, read, random, pace)?;
        Ok(Arc::new(Self { own, mailboxes, way_out }))
    }

    /// How the connection to the mailbox is, now and from now on.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.mailboxes.health()
    }
}

#[async_trait]
impl ChannelAdapter for Email {
    fn kind(&self) -> ChannelKind {
        ChannelKind("email".to_owned())
    }

    fn capabilities(&self) -> &Capabilities {
        self.way_out.capabilities()
    }

    async fn run(&self, sink: Arc<dyn InboundSink>, stop: StopToken) -> Result<(), AdapterError> {
        self.mailboxes.run(sink, &stop).await;
        Ok(())
    }

    async fn deliver(&self, out: &Delivery) -> Result<Receipt, DeliveryError> {
        self.way_out.send(out).await
    }

    fn reread(&self, kept: &KeptInbound) -> Option<Reading> {
        // A mail that was not fetched whole would be filed without its text.
        let whole = !kept.raw.is_empty() && !kept.error.contains(HEADERS_ONLY);
        whole.then(|| inbound::read(&kept.raw, &self.own).reading)
    }
}
