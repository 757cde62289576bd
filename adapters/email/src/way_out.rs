//! The way out of an inbox.

use std::sync::Arc;

use async_trait::async_trait;
use switchboard_contract::{Capabilities, Delivery, DeliveryError, Pace, Receipt, Support, TextUnit, Timestamp};

use crate::config::EmailConfig;
use crate::outbound::{self, Sending};
use crate::own::OwnMail;
use crate::smtp::{self, Submission};

use crate::mail::limits::TEXT_BYTES_MAX;

/// What carries the deliveries of an inbox.
#[async_trait]
pub trait WayOut: Send + Sync + 'static {
    /// What a mail that leaves can carry.
    fn capabilities(&self) -> &Capabilities;

    /// Sends one mail.
    ///
    /// # Errors
    /// As each kind of [`DeliveryError`] says.
    async fn send(&self, out: &Delivery) -> Result<Receipt, DeliveryError>;
}

/// Tells the time of day.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The way to a submission server.
pub struct Outgoing {
    submission: Submission,
    sending: Sending,
    now: Now,
    can: Capabilities,
}

impl Outgoing {
    /// Of an inbox; nothing is connected before a mail is sent.
    ///
    /// # Errors
    /// When the settings can't work, in words for an operator.
    pub fn new(config: &EmailConfig, own: &OwnMail, now: Now) -> Result<Self, String> {
        let sending =
            Sending::new(config, own.secret.clone(), own.ours.message_id_domain.clone(), own.ours.loop_value.clone());
        let submission = Submission::new(config.clone(), smtp::Pace::default())?;
        Ok(Self { submission, sending, now, can: outbound::capabilities() })
    }
}

#[async_trait]
impl WayOut for Outgoing {
    fn capabilities(&self) -> &Capabilities {
        &self.can
    }

    async fn send(&self, out: &Delivery) -> Result<Receipt, DeliveryError> {
        self.submission.deliver(out, &self.sending, (self.now)()).await
    }
}

/// No way out: an inbox that only receives. Everything that is to be sent is refused, and an agent is told.
pub struct ReceiveOnly(Capabilities);

impl Default for ReceiveOnly {
    fn default() -> Self {
        Self(Capabilities {
            text_max: TEXT_BYTES_MAX,
            text_unit: TextUnit::Bytes,
            inbound_text_max: TEXT_BYTES_MAX,
            markup: Support::Fallback,
            choices: Support::Fallback,
            choices_max: 0,
            choice_label_max: 0,
            attachments: Support::Rejected,
            attachment_bytes_max: 0,
            typing: Support::Dropped,
            receipts: Support::Dropped,
            idempotent_send: true,
            context: true,
            pace: Pace::default(),
        })
    }
}

#[async_trait]
impl WayOut for ReceiveOnly {
    fn capabilities(&self) -> &Capabilities {
        &self.0
    }

    async fn send(&self, _out: &Delivery) -> Result<Receipt, DeliveryError> {
        Err(DeliveryError::Unsupported { reason: "this inbox receives mail and sends none".to_owned() })
    }
}
