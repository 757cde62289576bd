//! Ids for what comes in without one: made from its content, by a rule that holds for every channel.

use sha2::{Digest, Sha256};

use crate::inbound::{Address, ExternalId, Inbound, Reading, ThreadKey};
use crate::time::Timestamp;

/// What the text of such an id begins with.
const PREFIX: &str = "content:";

impl ExternalId {
    /// The id of something that its channel gave none, the same each time the same thing comes in.
    ///
    /// The rule: `content:` and, in lower-case hexadecimal, the SHA-256 of these parts in order, each after its length in
    /// bytes as eight bytes, the highest first:
    ///
    /// 1. the thread
    /// 2. the sender's address
    /// 3. when it happened, in milliseconds since 1970 as eight bytes of two's complement, the highest first; no bytes when
    ///    the channel does not say
    /// 4. the bytes as they arrived
    ///
    /// Two things that agree in all four parts count as one that came in twice. So give a time where there is one: without
    /// it a contact's second "yes" is taken for a repetition of the first.
    pub fn of_content(thread: &ThreadKey, sender: &Address, occurred_at: Option<Timestamp>, raw: &[u8]) -> Self {
        let millis = occurred_at.map(|at| at.millis().to_be_bytes());
        let at = millis.as_ref().map_or(&[][..], |bytes| &bytes[..]);
        let mut digest = Sha256::new();
        for part in [thread.0.as_bytes(), sender.0.as_bytes(), at, raw] {
            // A length before each part: what moves over a boundary changes the id.
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let hex = digest.finalize().iter().fold(String::from(PREFIX), |text, byte| format!("{text}{byte:02x}"));
        Self(hex)
    }
}

impl Inbound {
    /// The id [`ExternalId::of_content`] gives this item, with what its reading says of thread and sender. Thread and sender of
    /// what was filtered or not understood are empty: an adapter that knows them makes the id itself.
    pub fn content_id(&self) -> ExternalId {
        let nobody = (ThreadKey(String::new()), Address(String::new()));
        let (thread, sender) = match &self.reading {
            Reading::Message(message) => (&message.thread, &message.from.address),
            Reading::Signal(signal) => (&signal.thread, &signal.from.address),
            Reading::Report(_) | Reading::Filtered { .. } | Reading::Unreadable { .. } => (&nobody.0, &nobody.1),
        };
        ExternalId::of_content(thread, sender, self.occurred_at, &self.raw)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Parts = (String, String, Option<i64>, Vec<u8>);

    fn id((thread, sender, at, raw): &Parts) -> ExternalId {
        let at = at.map(Timestamp::from_millis);
        ExternalId::of_content(&ThreadKey(thread.clone()), &Address(sender.clone()), at, raw)
    }

    /// Computed by another program. The ids are in databases: a change of the rule would let what comes in again pass for new.
    #[test]
    fn the_rule_never_changes() {
        let with_time = ("t".to_owned(), "a".to_owned(), Some(1), b"hi".to_vec());
        let without = ("t".to_owned(), "a".to_owned(), None, b"hi".to_vec());
        assert_eq!(id(&with_time).0, "content:fc7e757c3bac24f0248f0f65998fc47f71a8daf3fa14f0b6a3f38db7579c1d10");
        assert_eq!(id(&without).0, "content:74120461d0188a9432ec7021d7bea424302dac5bdb2a21661d03ce6a5b15539d");
    }

    proptest! {
        #[test]
        fn the_same_content_has_the_same_id_and_other_content_another(
            one in any::<Parts>(),
            other in any::<Parts>(),
        ) {
            prop_assert_eq!(id(&one), id(&one.clone()));
            prop_assert_eq!(id(&one) == id(&other), one == other);
        }

        /// The same bytes in a row, cut into parts at other places, are other content.
        #[test]
        fn boundaries_matter(text in "[ab]{1,12}", cuts in any::<[prop::sample::Index; 4]>()) {
            let cut = |first: &prop::sample::Index, second: &prop::sample::Index| {
                let (first, second) = (first.index(text.len() + 1), second.index(text.len() + 1));
                let (from, to) = (first.min(second), first.max(second));
                (text[..from].to_owned(), text[from..to].to_owned(), None, text.as_bytes()[to..].to_vec())
            };
            let (one, other): (Parts, Parts) = (cut(&cuts[0], &cuts[1]), cut(&cuts[2], &cuts[3]));
            prop_assert_eq!(id(&one) == id(&other), one == other);
        }
    }
}
