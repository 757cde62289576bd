//! What is ours: addresses, the loop header, the domain of our Message-IDs.

use mail_parser::Message;

use super::sender::Sender;
use crate::headers::{Headers, addresses};
use crate::thread::ids;

/// The field every mail we send carries, so that it is known when it comes back.
pub const LOOP_HEADER: &str = "X-Switchboard-Loop";
/// The same in lower case.
const LOOP_FIELD: &str = "x-switchboard-loop";

/// Fields that name the address a mail was delivered to, the most certain first.
pub(crate) const DELIVERY_FIELDS: &[&str] =
    &["delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "to", "cc"];

/// What is ours, as configured.
#[derive(Debug, Clone, Default)]
pub struct Ours {
    /// The addresses of our mailboxes, without a detail, lower case.
    pub addresses: Vec<String>,
    /// The domain of the Message-IDs we make, lower case.
    pub message_id_domain: String,
    /// The value of [`LOOP_HEADER`]: names this installation.
    pub loop_value: String,
}

impl Ours {
    /// Whether an address is one of ours, also with a detail (`support+detail@host`, RFC 5233).
    pub fn is_ours(&self, address: &str) -> bool {
        let (plain, _) = split_detail(address);
        self.addresses.iter().any(|own| own.eq_ignore_ascii_case(&plain))
    }

    /// Why a mail is our own, if it is.
    pub(crate) fn own(&self, message: &Message<'_>, headers: &Headers, sender: &Sender) -> Option<String> {
        let loops = headers.all(LOOP_FIELD).any(|value| !self.loop_value.is_empty() && value.trim() == self.loop_value);
        if loops {
            return Some(format!("it has our field {LOOP_HEADER}"));
        }
        if !sender.address.is_empty() && self.is_ours(&sender.address) {
            return Some(format!("its sender is our own address {}", sender.address));
        }
        let id = message.message_id().unwrap_or_default();
        ids::delivery_of(id, &self.message_id_domain).map(|_| "its Message-ID is one that we made".to_owned())
    }

    /// The detail of our address that a mail went to.
    pub(crate) fn detail(&self, headers: &Headers) -> Option<String> {
        let sent_to = DELIVERY_FIELDS.iter().flat_map(|field| headers.all(field)).flat_map(addresses);
        sent_to.filter(|address| self.is_ours(address)).find_map(|address| split_detail(&address).1)
    }
}

/// `local+detail@host` without its detail, and the detail.
pub(crate) fn split_detail(address: &str) -> (String, Option<String>) {
    let Some((local, host)) = address.rsplit_once('@') else { return (address.to_owned(), None) };
    match local.split_once('+') {
        Some((base, detail)) if !base.is_empty() => (format!("{base}@{host}"), Some(detail.to_owned())),
        _ => (address.to_owned(), None),
    }
}
