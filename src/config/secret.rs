//! A value that must never be seen.

use std::fmt;

use serde::Deserialize;

/// What stands where a secret would.
pub const REDACTED: &str = "[redacted]";

/// A secret. It prints as `[redacted]` and has no serialised form; [`Secret::reveal`] is the only way to its text.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// Whether a key of this name holds a secret. The name alone decides, so that no channel can forget to say so.
pub(super) fn is_secret(key: &str) -> bool {
    ["secret", "token", "password", "private_key"].iter().any(|end| key.ends_with(end))
}
