//! Our Message-IDs: made of the delivery, so that a mail sent again is the same mail.

use std::str::FromStr;

use switchboard_contract::DeliveryId;

/// The Message-ID of a delivery, without angle brackets: the same on every attempt, so that a mail that was perhaps taken
/// can be sent again (RFC 1047). `secret` makes it unguessable: a stranger can't name another's mail.
pub fn message_id(delivery: DeliveryId, secret: &super::token::Secret, domain: &str) -> String {
    format!("{delivery}.{}@{domain}", secret.mark(b"message id\n", delivery.to_string().as_bytes()))
}

/// The delivery a Message-ID names, where it has the form of ours. The mark in it is not checked: see [`is_ours`].
pub fn delivery_of(id: &str, domain: &str) -> Option<DeliveryId> {
    let (local, host) = id.trim_matches(['<', '>', ' ']).rsplit_once('@')?;
    if domain.is_empty() || !host.eq_ignore_ascii_case(domain) {
        return None;
    }
    let (delivery, _) = local.split_once('.')?;
    DeliveryId::from_str(delivery).ok()
}

/// The delivery of a Message-ID that we really made.
pub fn is_ours(id: &str, secret: &super::token::Secret, domain: &str) -> Option<DeliveryId> {
    let delivery = delivery_of(id, domain)?;
    let given = id.trim_matches(['<', '>', ' ']).rsplit_once('@')?.0;
    let made = message_id(delivery, secret, "");
    let made = made.trim_end_matches('@');
    super::token::same(made.as_bytes(), given.as_bytes()).then_some(delivery)
}
