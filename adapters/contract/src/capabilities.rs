//! What a channel can do, as data. The core reads it and never asks which channel it is.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How well a channel carries a feature. A level rather than a yes or no, so that what is lost can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    /// Asking for it is an error, said to who asked.
    Rejected,
    /// It is left out, and the loss is reported with the rendering.
    Dropped,
    /// It is carried in another shape: choices become a numbered list, markup becomes plain text.
    Fallback,
    /// It is carried in its own shape within the limits beside it.
    Partial,
    /// It is carried as it is.
    Full,
}

/// The unit in which a channel counts the length of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextUnit {
    /// Unicode scalar values.
    Chars,
    /// UTF-16 code units.
    Utf16,
    /// Bytes of UTF-8.
    Bytes,
}

impl TextUnit {
    /// The length of `text` in this unit.
    pub fn len(self, text: &str) -> usize {
        match self {
            Self::Chars => text.chars().count(),
            Self::Utf16 => text.encode_utf16().count(),
            Self::Bytes => text.len(),
        }
    }
}

/// What one inbox can do: a plain record of levels and limits, easy to print and to compare.
///
/// Names: a `…_max` is the largest value that is still sent; a [`Support`] field tells how the feature is carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// The longest text of one part, in `text_unit`. A longer one is split. Never below 64.
    pub text_max: usize,
    /// How `text_max` is counted.
    pub text_unit: TextUnit,
    /// The longest text a contact may send, in `text_unit`.
    pub inbound_text_max: usize,
    /// Bold, italics, code, links and lists.
    pub markup: Support,
    /// Options to pick from. `Fallback` makes a numbered list; `Partial` uses the two limits below.
    pub choices: Support,
    /// The most options shown in their own shape; more become a numbered list.
    pub choices_max: usize,
    /// The longest label of an option, in characters; a longer one is shortened and still resolves.
    pub choice_label_max: usize,
    /// Files that travel with a message.
    pub attachments: Support,
    /// The largest file, in bytes.
    pub attachment_bytes_max: u64,
    /// "Is writing…", shown to the contact.
    pub typing: Support,
    /// The contact's side tells when a message arrived and was seen.
    pub receipts: Support,
    /// A send may be repeated: the channel recognises the delivery's id. Without it an uncertain send is parked.
    pub idempotent_send: bool,
    /// The channel has no threads of its own: each delivery carries its [`Context`](crate::Context).
    #[serde(default)]
    pub context: bool,
    /// How fast the channel may be sent to, by the limits it publishes; none where it has none.
    #[serde(default)]
    pub pace: Pace,
}

/// How fast a channel may be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pace {
    /// Over all threads of the inbox.
    pub in_all: Option<Rate>,
    /// Within each thread.
    pub per_thread: Option<Rate>,
}

/// At most so many messages in any span of this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// How many, at least 1.
    pub count: u32,
    /// In which time.
    pub per: Duration,
}

impl Pace {
    /// Both limits kept: of two rates the slower one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let slower = |one: Option<Rate>, other: Option<Rate>| match (one, other) {
            (Some(one), Some(other)) => Some(if one.interval() >= other.interval() { one } else { other }),
            (rate, None) | (None, rate) => rate,
        };
        Self { in_all: slower(self.in_all, other.in_all), per_thread: slower(self.per_thread, other.per_thread) }
    }
}

impl Rate {
    /// At most `count` messages in any `per`.
    pub const fn new(count: u32, per: Duration) -> Self {
        Self { count, per }
    }

    /// The time between two messages when they are spread evenly.
    pub fn interval(self) -> Duration {
        self.per / self.count.max(1)
    }
}
