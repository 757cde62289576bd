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
    let (name, _) = local.split_once('.')?;
    let (prefix, rest) = name.split_at_checked(DeliveryId::PREFIX.len())?;
    let known = prefix.eq_ignore_ascii_case(DeliveryId::PREFIX);
    DeliveryId::from_str(&format!("{}{}", DeliveryId::PREFIX, rest.to_ascii_uppercase())).ok().filter(|_| known)
}

/// The delivery of a Message-ID that we really made.
pub fn is_ours(id: &str, secret: &super::token::Secret, domain: &str) -> Option<DeliveryId> {
    delivery_of(id, domain)?;
    genuine(id.trim_matches(['<', '>', ' ']).rsplit_once('@')?.0, secret)
}

/// The delivery that the part of our Message-ID before the `@` names, where we really made it. It may stand in an address
/// that a report was sent to. Case means nothing: gateways change it in reports.
pub fn genuine(local: &str, secret: &super::token::Secret) -> Option<DeliveryId> {
    let (name, _) = local.split_once('.')?;
    let upper = name.get(DeliveryId::PREFIX.len()..)?.to_ascii_uppercase();
    let delivery = DeliveryId::from_str(&format!("{}{upper}", DeliveryId::PREFIX)).ok()?;
    let made = message_id(delivery, secret, "");
    let (made, given) = (made.trim_end_matches('@').to_ascii_lowercase(), local.to_ascii_lowercase());
    super::token::same(made.as_bytes(), given.as_bytes()).then_some(delivery)
}
