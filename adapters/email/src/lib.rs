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
    Reading, Receipt, StopToken, Timestamp,
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

pub use config::{ConfigError, EmailConfig};
pub use own::{House, OwnMail};
pub use thread::token::Secret;

use imap::{HEADERS_ONLY, Health, Pace, ReadMail};
use outbound::Sending;
use session::{Mailboxes, Random};
use smtp::Submission;

/// The mail of one inbox.
pub struct Email {
    own: Arc<OwnMail>,
    mailboxes: Mailboxes,
    /// None: the inbox only receives.
    submission: Option<Submission>,
    sending: Sending,
    can: Capabilities,
    now: Now,
}

/// Tells the time of day.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

impl Email {
    /// Makes the mail of an inbox. It connects to nothing before [`run`](ChannelAdapter::run).
    ///
    /// # Errors
    /// When the settings can't work, in words for an operator.
    pub fn new(config: EmailConfig, house: &House, now: Now, random: Random) -> Result<Arc<Self>, AdapterError> {
        Self::with_pace(config, house, now, random, Pace::default())
    }

    /// The same with time limits of one's own.
    ///
    /// # Errors
    /// When the settings can't work, in words for an operator.
    pub fn with_pace(
        config: EmailConfig,
        house: &House,
        now: Now,
        random: Random,
        pace: Pace,
    ) -> Result<Arc<Self>, AdapterError> {
        let own = Arc::new(OwnMail::of(&config, house));
        let reader = Arc::clone(&own);
        let read: ReadMail = Arc::new(move |raw: &[u8]| inbound::read(raw, &reader));
        let (ours, secret) = (own.ours.clone(), own.secret.clone());
        let sending = Sending::new(&config, secret, ours.message_id_domain, ours.loop_value);
        let sends = config.smtp_host().is_some();
        let mailboxes = Mailboxes::with_pace(config, read, random, pace)?;
        // Both ways share their access tokens: of two who refresh one, the other is left with a token that ended.
        let submission = if sends { Some(mailboxes.submission(smtp::Pace::default())?) } else { None };
        Ok(Arc::new(Self { own, mailboxes, submission, sending, can: outbound::capabilities(), now }))
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
        &self.can
    }

    async fn run(&self, sink: Arc<dyn InboundSink>, stop: StopToken) -> Result<(), AdapterError> {
        self.mailboxes.run(sink, &stop).await;
        Ok(())
    }

    async fn deliver(&self, out: &Delivery) -> Result<Receipt, DeliveryError> {
        match &self.submission {
            Some(submission) => submission.deliver(out, &self.sending, (self.now)()).await,
            None => Err(DeliveryError::Unsupported { reason: "this inbox receives mail and sends none".to_owned() }),
        }
    }

    fn reread(&self, kept: &KeptInbound) -> Option<Reading> {
        // A mail that was not fetched whole would be filed without its text.
        let whole = !kept.raw.is_empty() && !kept.error.contains(HEADERS_ONLY);
        whole.then(|| inbound::read(&kept.raw, &self.own).reading)
    }
}
