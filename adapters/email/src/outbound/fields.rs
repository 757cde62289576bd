//! The header of a mail.

use std::time::{Duration, SystemTime};

use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MessageBuilder};
use switchboard_contract::{Context, Delivery, PublicAuthor, Timestamp};

use super::limits::NAME_CHARS_MAX;
use super::{Sending, chain};
use crate::machine::LOOP_HEADER;
use crate::mail::clean;
use crate::thread::token;
use crate::thread::token::TOKEN_HEADER;

/// Milliseconds to the end of the year 9999, beyond which a date can't be written.
const DATE_MILLIS_MAX: u64 = 253_402_300_799_000;

/// What the header is made of.
pub(super) struct Head<'a> {
    pub(super) delivery: &'a Delivery,
    pub(super) context: &'a Context,
    pub(super) own: &'a Sending,
    pub(super) contact: Address,
    pub(super) mailbox: Address,
    pub(super) message_id: &'a str,
    pub(super) subject: &'a str,
}

/// Begins the mail with its header.
pub(super) fn build(head: &Head<'_>, now: Timestamp) -> MessageBuilder {
    let Head { delivery, context, own, .. } = head;
    let millis = u64::try_from(now.millis()).unwrap_or(0).min(DATE_MILLIS_MAX);
    let from = Mailbox::new(sender_name(&delivery.author, own), head.mailbox.clone());
    let to = Mailbox::new(context.name.as_deref().and_then(name), head.contact.clone());
    let chain = chain::of(context, own);
    let mut mail = Message::builder()
        .date(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
        .from(from.clone())
        .to(to)
        .subject(head.subject)
        .message_id(Some(bracketed(head.message_id)));
    if let Some(id) = &chain.in_reply_to {
        mail = mail.in_reply_to(bracketed(id));
    }
    if !chain.references.is_empty() {
        let ids: Vec<String> = chain.references.iter().map(|id| bracketed(id)).collect();
        mail = mail.references(ids.join(" "));
    }
    // Where the local part would be longer than servers take, the field below is what is left.
    let plus = own.plus_address.then(|| token::address(head.mailbox.as_ref(), delivery.conversation, &own.secret));
    if let Some(Ok(address)) = plus.flatten().map(|address| super::address::read(&address)) {
        mail = mail.reply_to(Mailbox::new(from.name, address));
    }
    mail = raw(mail, TOKEN_HEADER, token::make(delivery.conversation, &own.secret));
    if context.automatic {
        // RFC 3834, 5; the second is what Exchange reads.
        mail = raw(mail, "Auto-Submitted", "auto-replied".to_owned());
        mail = raw(mail, "X-Auto-Response-Suppress", "All".to_owned());
    }
    raw(mail, LOOP_HEADER, clean::line(&own.loop_value, NAME_CHARS_MAX))
}

fn raw(mail: MessageBuilder, field: &'static str, value: String) -> MessageBuilder {
    mail.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(field), value))
}

fn bracketed(id: &str) -> String {
    format!("<{id}>")
}

/// Who speaks: `Ana (Acme Support)`.
fn sender_name(author: &PublicAuthor, own: &Sending) -> Option<String> {
    let desk = own.name.as_deref().and_then(name);
    match (author, desk) {
        (PublicAuthor::Agent { name: agent }, desk) => match (name(agent), desk) {
            (Some(agent), Some(desk)) => Some(format!("{agent} ({desk})")),
            (agent, desk) => agent.or(desk),
        },
        (PublicAuthor::Bot | PublicAuthor::System | PublicAuthor::Contact, desk) => desk,
    }
}

/// A name as it may stand in a header. None when nothing is left of it.
pub(super) fn name(text: &str) -> Option<String> {
    let name = harmless(&clean::line(text, NAME_CHARS_MAX)).replace(['"', '\\'], "");
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// Without what a mail program would decode once more (RFC 2047).
pub(super) fn harmless(text: &str) -> String {
    text.replace("=?", "= ?")
}
