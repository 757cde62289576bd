//! The body of a message, the same for every channel.

use serde::{Deserialize, Serialize};

use crate::choice::Choice;

/// How the text of a [`Content`] is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextFormat {
    /// Every character stands for itself. All text from contacts is plain.
    #[default]
    Plain,
    /// The Markdown subset of [`markup`](crate::markup): paragraphs, bold, italics, code, links, lists.
    Markdown,
}

/// Where an answer comes from, shown beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// The article's title in the language of the answer.
    pub title: String,
    /// Where the whole article can be read, when it has a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A file that travels with a message. The bytes are kept by the core under `key`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The file's name as its sender gave it: hostile text, to be escaped where it is shown.
    pub name: String,
    /// The media type as its sender gave it.
    pub media_type: String,
    /// The size in bytes.
    pub size_bytes: u64,
    /// Where the core keeps the bytes.
    pub key: String,
}

/// A channel-neutral body.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Content {
    /// The text. May be empty only when there are attachments.
    pub text: String,
    /// How the text is read.
    #[serde(default)]
    pub format: TextFormat,
    /// Options to pick from, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    /// The article this text was taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citation: Option<Citation>,
    /// Files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// What it is about, on channels that have such a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Who wrote it, when that is not the contact whose conversation it is: hostile text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_by: Option<String>,
    /// What came with it and is not its text: shown folded, never lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folds: Vec<Fold>,
}

/// Text that came with a message and that its author did not write now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    /// What it is.
    pub kind: FoldKind,
    /// The text: plain, and hostile.
    pub text: String,
}

/// What a [`Fold`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FoldKind {
    /// What was quoted of earlier messages.
    Quoted,
    /// A signature.
    Signature,
    /// A message that was passed on.
    Forwarded,
    /// A notice that is below every message.
    Disclaimer,
}

impl Content {
    /// A body of plain text.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A body of Markdown.
    pub fn markdown(text: impl Into<String>) -> Self {
        Self { text: text.into(), format: TextFormat::Markdown, ..Self::default() }
    }

    /// The same body with options to pick from.
    #[must_use]
    pub fn with_choices(mut self, choices: Vec<Choice>) -> Self {
        self.choices = choices;
        self
    }
}
