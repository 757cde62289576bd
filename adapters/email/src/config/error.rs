//! What can be wrong with the settings.

use super::{NAMES_MAX, TOKEN_SECRET_BYTES_MIN};
use crate::imap::limits::FOLDERS_MAX;
use crate::outbound::limits::TEMPLATE_CHARS_MAX;

/// What is wrong with the settings, and what mends it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The address is none.
    #[error("`{0}` is not an address; write it like `help@example.org`")]
    NotAnAddress(String),
    /// Nothing to sign in with.
    #[error("set `imap_password`, or `oauth_token_url`, `oauth_client_id` and `oauth_refresh_token`")]
    NoCredentials,
    /// Two ways to sign in.
    #[error("`imap_password` and `oauth_…` are both set: keep the one your provider wants")]
    TwoCredentials,
    /// One of the settings for OAuth is missing.
    #[error("`oauth_{0}` is missing: `oauth_token_url`, `oauth_client_id` and `oauth_refresh_token` go together")]
    OauthIncomplete(&'static str),
    /// Secrets would go out in the clear.
    #[error("`{0}` would send secrets unencrypted: use `tls` or `starttls`, or set `insecure_allowed` if you must")]
    Insecure(&'static str),
    /// No folder, or too many.
    #[error("`folders` lists {0} folders; 1 to {FOLDERS_MAX} are possible")]
    Folders(usize),
    /// A name can't be sent.
    #[error("`{0}` holds a character that can't be sent to a mail server")]
    Unsendable(&'static str),
    /// Mails would be moved to where they are read.
    #[error("`after` moves mails to `{0}`, which is among `folders`")]
    MovesInCircles(String),
    /// Too many names or addresses.
    #[error("`{0}` lists {1} entries; at most {NAMES_MAX} are possible")]
    TooMany(&'static str, usize),
    /// The secret could be guessed.
    #[error("`token_secret` has {0} bytes; at least {TOKEN_SECRET_BYTES_MIN} are needed")]
    SecretShort(usize),
    /// A text asks for something that is not known.
    #[error("`{setting}`: `{{{{{name}}}}}` is not known; `{{{{agent}}}}` and `{{{{inbox}}}}` are")]
    Placeholder {
        /// The setting.
        setting: &'static str,
        /// What it asks for.
        name: String,
    },
    /// A text is too long.
    #[error("`{0}` is longer than {TEMPLATE_CHARS_MAX} characters")]
    Long(&'static str),
    /// Too often or never.
    #[error("`poll_seconds` is {0}; 1 to 86400 are possible")]
    Poll(u64),
}
