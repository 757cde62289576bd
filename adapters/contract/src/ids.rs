//! Identifiers: a ULID each, shown with a prefix that tells what it names (`cnv_…`, `msg_…`).
//!
//! Ids sort by the time they were made. Making one takes the time and 80 random bits as arguments, so the callers that
//! must be reproducible stay so.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use ulid::Ulid;

use crate::time::Timestamp;

/// Why a text is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{input}` is not an id of this kind: expected `{prefix}` and 26 characters of Crockford's base 32")]
pub struct IdError {
    /// The text as it was given, cut to 64 characters.
    pub input: String,
    /// The prefix that was expected, with its underscore.
    pub prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Ulid);

        impl $name {
            /// What the text form begins with.
            pub const PREFIX: &'static str = $prefix;

            /// Makes an id from the time (milliseconds, 48 bits kept) and randomness (80 bits kept).
            pub fn from_parts(at: Timestamp, random: u128) -> Self {
                Self(Ulid::from_parts(u64::try_from(at.millis()).unwrap_or(0), random))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", Self::PREFIX, self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix(Self::PREFIX)
                    .filter(|rest| rest.len() == ulid::ULID_LEN)
                    .and_then(|rest| Ulid::from_string(rest).ok())
                    .map(Self)
                    .ok_or_else(|| IdError { input: text.chars().take(64).collect(), prefix: Self::PREFIX })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// Names a contact: the person we help.
    ContactId = "con_";
    /// Names an identity: a contact's address on one inbox.
    IdentityId = "idn_";
    /// Names an inbox: one configured instance of a channel.
    InboxId = "inb_";
    /// Names a conversation.
    ConversationId = "cnv_";
    /// Names one entry of a conversation: a message, a note or an event.
    MessageId = "msg_";
    /// Names a delivery: one message on its way out.
    DeliveryId = "dlv_";
    /// Names an agent.
    AgentId = "agt_";
    /// Names a team.
    TeamId = "tea_";
    /// Names an article of the knowledge base, the same over its languages and revisions.
    ArticleId = "art_";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_is_prefixed_and_round_trips() {
        let id = ConversationId::from_parts(Timestamp::from_millis(1_700_000_000_000), 7);
        let text = id.to_string();
        assert!(text.starts_with("cnv_") && text.len() == 30, "{text}");
        assert_eq!(text.parse::<ConversationId>().ok(), Some(id));
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let id = MessageId::from_parts(Timestamp::from_millis(1), 1).to_string();
        let error = id.parse::<ConversationId>().expect_err("a message id is not a conversation id");
        assert_eq!(error.prefix, "cnv_");
    }

    #[test]
    fn ids_sort_by_time() {
        let early = MessageId::from_parts(Timestamp::from_millis(5), u128::MAX);
        let late = MessageId::from_parts(Timestamp::from_millis(6), 0);
        assert!(early < late && early.to_string() < late.to_string());
    }
}
