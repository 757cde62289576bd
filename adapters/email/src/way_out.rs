//! The way out of an inbox.

use async_trait::async_trait;
use switchboard_contract::{Capabilities, Delivery, DeliveryError, Pace, Receipt, Support, TextUnit};

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
