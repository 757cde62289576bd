//! What a mail answers (RFC 5322, 3.6.4).

use switchboard_contract::{Anchor, Context};

use super::Sending;
use super::limits::ID_BYTES_MAX;
use crate::thread::{id_mark, ids};

/// Message-IDs without angle brackets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Chain {
    /// The contact's last mail.
    pub(super) in_reply_to: Option<String>,
    /// The mails so far, oldest first.
    pub(super) references: Vec<String>,
}

/// The chain of a mail: the mails of its context that have a Message-ID.
pub(super) fn of(context: &Context, own: &Sending) -> Chain {
    let mut chain = Chain::default();
    for anchor in &context.chain {
        let id = match anchor {
            Anchor::Mark(mark) => {
                let id = message_id(&mark.0);
                chain.in_reply_to = id.clone().or(chain.in_reply_to);
                id
            }
            Anchor::Delivery(delivery) => Some(ids::message_id(*delivery, &own.secret, &own.domain)),
            Anchor::Conversation(_) => None,
        };
        if let Some(id) = id
            && !chain.references.contains(&id)
        {
            chain.references.push(id);
        }
    }
    chain
}

/// The Message-ID that a mark names. Others name a mail that had none; they are not written.
fn message_id(mark: &str) -> Option<String> {
    let id = mark.strip_prefix(&id_mark(""))?;
    let clean = id.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>'));
    (clean && id.contains('@') && id.len() <= ID_BYTES_MAX).then(|| id.to_owned())
}
