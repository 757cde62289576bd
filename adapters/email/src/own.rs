//! What is ours, as reading and writing mail need to know it.

use crate::config::EmailConfig;
use crate::identity::Check;
use crate::machine::{Ours, split_detail};
use crate::thread::token::Secret;

/// What the email inboxes of one installation have in common.
#[derive(Debug, Clone)]
pub struct House {
    /// The key of tokens and Message-IDs, unless an inbox has one of its own.
    pub secret: Secret,
    /// The addresses of all inboxes: what one of them writes is no contact's mail for the others.
    pub addresses: Vec<String>,
}

/// All that the reading of a mail depends on, besides its bytes.
#[derive(Debug, Clone)]
pub struct OwnMail {
    /// By what a mail of ours is known.
    pub ours: Ours,
    /// The key of tokens and Message-IDs.
    pub secret: Secret,
    /// Where proof of a sender comes from.
    pub check: Check,
    /// Domains that matter here: a look-alike of one is pointed out.
    pub known: Vec<String>,
}

impl OwnMail {
    /// Of one inbox.
    pub fn of(config: &EmailConfig, house: &House) -> Self {
        let listed = std::iter::once(&config.address).chain(&config.aliases).chain(&house.addresses);
        let mut addresses: Vec<String> = listed.map(|address| split_detail(&address.trim().to_lowercase()).0).collect();
        addresses.sort_unstable();
        addresses.dedup();
        let mut known: Vec<String> = addresses.iter().map(|address| domain(address).to_owned()).collect();
        known.sort_unstable();
        known.dedup();
        let secret = config.token_secret.as_deref().map_or_else(|| house.secret.clone(), Secret::of_text);
        let authserv_ids = config.authserv_ids.clone();
        let check = if authserv_ids.is_empty() { Check::Off } else { Check::TrustedHeader { authserv_ids } };
        let message_id_domain = domain(&config.address.to_lowercase()).to_owned();
        // One value for the whole house: what one inbox sends is known in every other.
        let ours = Ours { addresses, message_id_domain, loop_value: house.secret.loop_value() };
        Self { ours, secret, check, known }
    }

    /// Where no inbox is set up: nothing is ours, and no sender is proven.
    pub fn nobodys(secret: Secret) -> Self {
        Self { ours: Ours::default(), secret, check: Check::Off, known: Vec::new() }
    }
}

fn domain(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}
