//! What kind of sender a mail names: a mail system, an address nobody reads, or somebody.

use mail_parser::Message;

use crate::headers::{Headers, addresses};

/// The sender as the header names it.
#[derive(Debug, Default)]
pub(crate) struct Sender {
    /// The address in `From`, lower case; empty where there is none.
    pub(crate) address: String,
    /// The display name in `From`, lower case.
    pub(crate) name: String,
    /// Addresses in `From`, more than one when somebody forges or a group writes.
    pub(crate) count: usize,
    /// The envelope sender is empty, or a mail system (RFC 5321 4.5.5). None where no `Return-Path` was written.
    pub(crate) null_path: Option<bool>,
}

impl Sender {
    pub(crate) fn of(message: &Message<'_>, headers: &Headers) -> Self {
        let listed: Vec<_> = message.from().map(|from| from.iter().collect()).unwrap_or_default();
        let first = listed.first();
        let address = first.and_then(|who| who.address()).unwrap_or_default().trim().to_lowercase();
        let name = first.and_then(|who| who.name()).unwrap_or_default().to_lowercase();
        // `MAILER-DAEMON (Mail Delivery System)` without a domain is read as a name.
        let raw = headers.get("from").unwrap_or_default();
        let address = if address.is_empty() { addresses(raw).into_iter().next().unwrap_or_default() } else { address };
        let name = if name.is_empty() { raw.to_lowercase() } else { name };
        let null_path = ["return-path", "eturn-path"].iter().find_map(|field| headers.get(field)).map(is_null);
        Self { address, name, count: listed.len(), null_path }
    }

    /// The local part of the address.
    pub(crate) fn local(&self) -> &str {
        self.address.split_once('@').map_or(self.address.as_str(), |(local, _)| local)
    }

    /// A name by which only mail systems write.
    pub(crate) fn is_daemon(&self) -> bool {
        let local = self.local();
        let known = DAEMONS.iter().any(|daemon| local == *daemon || local.starts_with(&format!("{daemon}-")));
        let exchange = local.starts_with("microsoftexchange") && local.len() > 30;
        let named = DAEMON_NAMES.iter().any(|daemon| self.name.contains(daemon));
        known || exchange || named || self.address.is_empty() && self.name.contains("mailer-daemon")
    }

    /// The address of whoever runs a mail system: a program, or a person.
    pub(crate) fn is_postmaster(&self) -> bool {
        let local = self.local();
        let local = local.split_once('+').map_or(local, |(base, _)| base);
        POSTMASTERS.contains(&local) || POSTMASTER_NAMES.iter().any(|name| self.name.contains(name))
    }

    /// An address that says that nobody reads it.
    pub(crate) fn is_no_reply(&self) -> bool {
        is_no_reply(self.local())
    }
}

const DAEMONS: &[&str] =
    &["mailer-daemon", "mailerdaemon", "mail-daemon", "maildaemon", "mailer_daemon", "mdaemon", "post_master"];
const DAEMON_NAMES: &[&str] = &[
    "mail delivery subsystem",
    "mail delivery system",
    "mail deliver system",
    "mailer-daemon",
    "mailer daemon",
    "mail delivery service",
    "mail delivery agent",
    "interscan mss",
    "interscan notification",
    "internet mail delivery",
    "ndr administrator",
];
const POSTMASTERS: &[&str] = &["postmaster", "post-master", "mail-system", "bounce", "bounces", "mailsystem"];
const POSTMASTER_NAMES: &[&str] =
    &["system administrator", "microsoft exchange", "mail administrator", "mail system", "postmaster", "mail delivery"];

/// Beginnings of local parts nobody reads, without `-`, `_` and `.`.
const NO_REPLY: &[&str] = &[
    "noreply",
    "donotreply",
    "dontreply",
    "noanswer",
    "noresponse",
    "neverreply",
    "nichtantworten",
    "keineantwort",
    "nepasrepondre",
    "nereply",
    "noresponder",
    "naoresponda",
    "nonrispondere",
    "nieodpowiadaj",
    "neodpovidat",
    "neotvechat",
    "autoreply",
    "autoresponder",
    "autoconfirm",
    "unattended",
];

pub(crate) fn is_no_reply(local: &str) -> bool {
    let plain: String = local.to_lowercase().chars().filter(|c| !matches!(c, '-' | '_' | '.')).collect();
    NO_REPLY.iter().any(|name| plain.starts_with(name) || plain.ends_with(name))
}

fn is_null(path: &str) -> bool {
    let path = path.trim().trim_start_matches('<').trim_end_matches('>').trim().to_ascii_lowercase();
    path.is_empty() || path.starts_with("mailer-daemon") || path == "<>"
}
