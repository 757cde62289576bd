//! What email can carry.

use switchboard_contract::{Capabilities, Pace, Support, TextUnit};

use super::limits::TEXT_CHARS_MAX;
use crate::mail::limits::TEXT_BYTES_MAX;

/// What an email inbox can do.
pub fn capabilities() -> Capabilities {
    Capabilities {
        text_max: TEXT_CHARS_MAX,
        text_unit: TextUnit::Chars,
        inbound_text_max: TEXT_BYTES_MAX,
        markup: Support::Full,
        // A list with numbers, answered by number or by words.
        choices: Support::Fallback,
        choices_max: 0,
        choice_label_max: 0,
        attachments: Support::Rejected,
        attachment_bytes_max: 0,
        typing: Support::Dropped,
        receipts: Support::Dropped,
        // A mail sent again has the same Message-ID, by which mailboxes and their programs know it (RFC 1047, RFC 5322 3.6.4).
        // At worst it is there twice, as the same mail in the same thread; a mail that never came would be worse.
        idempotent_send: true,
        context: true,
        pace: Pace::default(),
    }
}
