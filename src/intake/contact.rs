//! Who wrote: finds or makes the contact, and learns what the channel tells of them.

use std::collections::BTreeMap;

use switchboard_contract::{ContactId, IdentityId, Proof, Sender, Timestamp};
use switchboard_engine::ContactFacts;

use crate::ids;
use crate::limits;
use crate::store::contacts::Identity;

/// The identity a sender writes from, brought up to date with what they told this time. Somebody new gets an identity and a
/// contact.
pub(super) fn learn(known: Option<&Identity>, sender: &Sender, now: Timestamp) -> Identity {
    if let Some(known) = known {
        return merged(known, sender);
    }
    let blank = Identity {
        id: ids::new(IdentityId::from_parts, now),
        contact: ids::new(ContactId::from_parts, now),
        name: None,
        email: None,
        proof: Proof::Anonymous,
        facts: BTreeMap::new(),
    };
    merged(&blank, sender)
}

/// What is known after hearing `sender`. A weaker proof never replaces what a stronger one showed.
fn merged(known: &Identity, sender: &Sender) -> Identity {
    let mut learnt = known.clone();
    if sender.proof >= known.proof {
        learnt.proof = sender.proof;
        learnt.name = sender.name.as_deref().and_then(short).or(learnt.name);
        learnt.email = sender.email.as_deref().and_then(short).or(learnt.email);
    }
    for (name, value) in &sender.facts {
        if (learnt.facts.len() < limits::FACTS_MAX || learnt.facts.contains_key(name))
            && let (Some(name), Some(value)) = (short(name), short(value))
        {
            learnt.facts.insert(name, value);
        }
    }
    learnt
}

fn short(text: &str) -> Option<String> {
    let short: String = text.trim().chars().take(limits::FACT_CHARS_MAX).collect();
    (!short.is_empty()).then_some(short)
}

/// What the engine needs of an identity.
pub(super) fn facts(identity: &Identity) -> ContactFacts {
    ContactFacts { name: identity.name.clone(), email: identity.email.clone(), facts: identity.facts.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchboard_contract::Address;

    fn sender(name: &str, proof: Proof) -> Sender {
        Sender {
            address: Address("a".to_owned()),
            name: Some(name.to_owned()),
            email: None,
            proof,
            language: None,
            facts: (0..50).map(|n| (format!("fact{n}"), "x".repeat(10_000))).collect(),
        }
    }

    fn known(proof: Proof) -> Identity {
        Identity {
            id: IdentityId::from_parts(Timestamp::default(), 1),
            contact: ContactId::from_parts(Timestamp::default(), 1),
            name: Some("Maria".to_owned()),
            email: None,
            proof,
            facts: BTreeMap::new(),
        }
    }

    #[test]
    fn a_claim_does_not_replace_what_a_signature_showed() {
        let learnt = merged(&known(Proof::Signed), &sender("Mallory", Proof::Claimed));
        assert_eq!((learnt.name.as_deref(), learnt.proof), (Some("Maria"), Proof::Signed));
    }

    #[test]
    fn a_stronger_proof_replaces_a_claim() {
        let learnt = merged(&known(Proof::Claimed), &sender("Maria B.", Proof::Signed));
        assert_eq!((learnt.name.as_deref(), learnt.proof), (Some("Maria B."), Proof::Signed));
    }

    #[test]
    fn facts_are_bounded() {
        let learnt = merged(&known(Proof::Anonymous), &sender("x", Proof::Claimed));
        assert_eq!(learnt.facts.len(), limits::FACTS_MAX);
        assert!(learnt.facts.values().all(|value| value.chars().count() <= limits::FACT_CHARS_MAX));
    }
}
