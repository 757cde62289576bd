//! What becomes of a mail in its mailbox.

use serde::{Deserialize, Deserializer};

/// What is done with a mail once it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum After {
    /// Nothing.
    #[default]
    Leave,
    /// It is flagged, `\Flagged`.
    Flag,
    /// It is moved to this folder.
    Move(String),
}

impl<'de> Deserialize<'de> for After {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match (text.as_str(), text.strip_prefix("move:").map(str::trim)) {
            ("leave", _) => Ok(Self::Leave),
            ("flag", _) => Ok(Self::Flag),
            (_, Some(folder)) if !folder.is_empty() => Ok(Self::Move(folder.to_owned())),
            _ => Err(serde::de::Error::invalid_value(
                serde::de::Unexpected::Str(&text),
                &"`leave`, `flag` or `move:` and a folder",
            )),
        }
    }
}
