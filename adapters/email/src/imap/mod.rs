//! Mail comes in: one inbox's folders on an IMAP server (RFC 9051, RFC 3501).
//!
//! The cursor of an inbox is, for each folder, UIDVALIDITY and the highest UID that was handed in; never a flag and never a
//! date. It is saved by the transaction that keeps the mails, and only then anything is done with them in the mailbox. After
//! a crash at any place the same mails may be handed in again: the ledger knows them by their ids.
//!
//! | to learn | open |
//! | --- | --- |
//! | one connection from beginning to end | `visit` |
//! | how a folder is read | `sync`, over `fetch`; what is fetched together decides `plan` |
//! | where reading goes on | `cursor`, `folder` |
//! | what goes into the core | `intake` |
//! | what is done with a mail afterwards | `after` |
//! | commands and their answers | `wire`, over `guard` and `frame`, which let no response through that can't be read |
//! | connecting and signing in | `connect`, `auth`, `oauth` |
//! | trying a mailbox for whoever sets it up | `probe` |
//! | what goes wrong, and how long to wait then | `trouble` |
//! | every bound | [`limits`] |

mod after;
pub(crate) mod auth;
pub(crate) mod connect;
mod cursor;
mod fetch;
mod folder;
mod frame;
mod guard;
mod health;
mod intake;
pub mod limits;
mod name;
pub(crate) mod oauth;
mod plan;
mod probe;
mod sync;
pub(crate) mod trouble;
mod visit;
mod wire;

use std::sync::Arc;

use rustls::ClientConfig;
use switchboard_contract::{InboundSink, StopToken};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

pub use health::{Health, State};
pub(crate) use intake::HEADERS_ONLY;
pub use intake::ReadMail;
pub use limits::Pace;
pub use probe::{Failed, Step, probe};

use crate::config::EmailConfig;
use intake::Intake;
use oauth::Tokens;
use sync::Suspects;
use trouble::Trouble;
use visit::Visit;

/// One inbox, and what its connections are made with.
pub(crate) struct Inbox {
    config: EmailConfig,
    pace: Pace,
    tls: Arc<ClientConfig>,
    tokens: Arc<Tokens>,
}

impl Inbox {
    /// # Errors
    /// In words for an operator, when the CA file can't be used.
    pub(crate) fn new(config: EmailConfig, pace: Pace) -> Result<Self, String> {
        let ca_file = config.ca_file.as_deref();
        let (tls, tokens) = (connect::tls(ca_file)?, Arc::new(Tokens::new(ca_file, pace.connect)?));
        Ok(Self { config, pace, tls, tokens })
    }

    pub(crate) fn config(&self) -> &EmailConfig {
        &self.config
    }

    /// Where access tokens come from. There is one for each inbox: a server may give a new refresh token with each answer.
    pub(crate) fn tokens(&self) -> Arc<Tokens> {
        Arc::clone(&self.tokens)
    }

    /// Receives until `stop` fires, connecting again whatever happens. `random` spreads the pauses.
    pub(crate) async fn receive(
        &self,
        sink: Arc<dyn InboundSink>,
        read: ReadMail,
        health: watch::Sender<Health>,
        random: &(dyn Fn() -> u128 + Send + Sync),
        stop: &StopToken,
    ) {
        let intake = Arc::new(Intake { sink, read, tracker: TaskTracker::new(), health });
        tokio::select! {
            () = stop.stopped() => {}
            () = self.visits(&intake, random) => stop.stopped().await,
        }
        // What is being handed in may still end well.
        intake.tracker.close();
        if tokio::time::timeout(self.pace.stop, intake.tracker.wait()).await.is_err() {
            tracing::warn!(address = self.config.address, "mails were still being handed in at the end");
        }
    }

    async fn visits(&self, intake: &Arc<Intake>, random: &(dyn Fn() -> u128 + Send + Sync)) {
        let mut suspects = Suspects::new();
        let mut failures = 0_u32;
        loop {
            intake.health.send_modify(|health| health.state = State::Connecting);
            let (before, began) = (intake.health.borrow().handed_in, Instant::now());
            let trouble = self.visit(intake, &mut suspects).await;
            // A group that was cut off by a broken connection is kept before the cursor is read again.
            while !intake.tracker.is_empty() {
                intake.tracker.close();
                intake.tracker.wait().await;
                intake.tracker.reopen();
            }
            if trouble == Trouble::Stopping {
                return;
            }
            // One that works, and breaks from time to time, is no trouble that lasts.
            let went_on = intake.health.borrow().handed_in > before || began.elapsed() > self.pace.retry_max;
            failures = if went_on { 1 } else { failures.saturating_add(1) };
            let pause = trouble.pause(failures, &self.pace, random());
            let state = if trouble.needs_a_person() { State::NeedsHelp } else { State::Paused };
            tracing::warn!(address = self.config.address, %trouble, failures, ?pause, "mail is not received at present");
            intake.health.send_modify(|health| {
                (health.state, health.trouble, health.failures) = (state, Some(trouble.to_string()), failures);
            });
            tokio::time::sleep(pause).await;
        }
    }

    /// One connection; why it ended.
    async fn visit(&self, intake: &Arc<Intake>, suspects: &mut Suspects) -> Trouble {
        let stayed = match Visit::begin(self, intake, suspects).await {
            Ok(mut visit) => visit.stay().await,
            Err(trouble) => Err(trouble),
        };
        stayed.err().unwrap_or_else(|| Trouble::Lost("it ended".to_owned()))
    }
}
