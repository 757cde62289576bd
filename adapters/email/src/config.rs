//! The settings of one email inbox.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::imap::limits::FOLDERS_MAX;

mod after;
mod error;
mod host;
mod sending;

pub use after::After;
pub use error::ConfigError;
use host::host_of;
pub(crate) use host::is_this_machine;
pub(crate) use sending::SignIn;

/// Entries of `aliases` and of `authserv_ids`.
const NAMES_MAX: usize = 100;
/// The shortest `token_secret`, in bytes.
const TOKEN_SECRET_BYTES_MIN: usize = 16;

/// What an operator sets for one inbox.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own, named by the operator")]
pub struct EmailConfig {
    /// The address customers write to.
    pub address: String,
    /// Other addresses whose mail arrives here.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The names under which the own mail server writes what it found out about a sender (`Authentication-Results`, RFC 8601
    /// 2.5). Without one, every sender is a claim.
    #[serde(default)]
    pub authserv_ids: Vec<String>,
    /// What reply tokens and Message-IDs are signed with; unless given, a key that the program makes and keeps.
    #[serde(default)]
    pub token_secret: Option<String>,
    /// The mail server's name.
    pub imap_host: String,
    /// Its port; unless given 993 with `tls`, else 143.
    #[serde(default)]
    pub imap_port: Option<u16>,
    /// How the connection is encrypted.
    #[serde(default)]
    pub imap_security: Security,
    /// Who signs in; unless given, the address.
    #[serde(default)]
    pub imap_user: Option<String>,
    /// The password, unless `oauth_…` is given.
    #[serde(default)]
    pub imap_password: Option<String>,
    /// Where access tokens are fetched.
    #[serde(default)]
    pub oauth_token_url: Option<String>,
    /// The id this program was given there.
    #[serde(default)]
    pub oauth_client_id: Option<String>,
    /// The secret that goes with it; some providers give none.
    #[serde(default)]
    pub oauth_client_secret: Option<String>,
    /// What access tokens are fetched with.
    #[serde(default)]
    pub oauth_refresh_token: Option<String>,
    /// Certificate authorities trusted besides the machine's own, as a PEM file.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Allows a connection that is not encrypted to another machine. Whoever listens reads the password and all mail.
    #[serde(default)]
    pub insecure_allowed: bool,
    /// The folders that are read: names as people see them, or by their use, as `\Junk` (RFC 6154).
    #[serde(default = "inbox")]
    pub folders: Vec<String>,
    /// Seconds between two looks where the server doesn't tell by itself, or there are several folders.
    #[serde(default = "minute")]
    pub poll_seconds: u64,
    /// What is done with a mail afterwards: `leave`, `flag` or `move:Folder`.
    #[serde(default)]
    pub after: After,
    /// What is done with the mails that are there at the beginning: `now`, `all` or `headers`.
    #[serde(default)]
    pub start: Start,
    /// The submission server's name. Without it nothing can be sent.
    #[serde(default)]
    pub smtp_host: Option<String>,
    /// Its port; unless given 465 with `tls`, else 587.
    #[serde(default)]
    pub smtp_port: Option<u16>,
    /// How that connection is encrypted.
    #[serde(default)]
    pub smtp_security: Security,
    /// Who signs in there; unless given, the address.
    #[serde(default)]
    pub smtp_user: Option<String>,
    /// The password there. Without it `oauth_…` is used, and without that nobody signs in.
    #[serde(default)]
    pub smtp_password: Option<String>,
    /// The name contacts see as the sender: the desk's.
    #[serde(default)]
    pub name: Option<String>,
    /// The subject of a mail that answers none.
    #[serde(default)]
    pub subject: Option<String>,
    /// The language of what is written around a message, a BCP 47 tag.
    #[serde(default)]
    pub language: Option<String>,
    /// The host delivers `local+detail@domain` (RFC 5233): answers are asked for at such an address.
    #[serde(default)]
    pub plus_address: bool,
    /// Puts the reply token into the subject as well.
    #[serde(default)]
    pub subject_token: bool,
    /// Sends what only informs with an empty envelope sender (RFC 3834, 3.3). Some servers refuse that.
    #[serde(default)]
    pub notices_without_sender: bool,
    /// What stands above every message. `{{agent}}` and `{{inbox}}` are filled in, here and in the next two.
    #[serde(default)]
    pub header: Option<String>,
    /// What stands below every message.
    #[serde(default)]
    pub footer: Option<String>,
    /// The signature.
    #[serde(default)]
    pub signature: Option<String>,
}

fn inbox() -> Vec<String> {
    vec!["INBOX".to_owned()]
}

fn minute() -> u64 {
    60
}

/// How a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// From the first byte on (RFC 8314).
    #[default]
    Tls,
    /// After a word in the clear. Refused when the server does not offer it.
    Starttls,
    /// Not at all: only to this machine itself, unless `insecure_allowed`.
    None,
}

/// What becomes of the mails that are in a folder when it is read for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    /// They stay unread: only what comes from now on is taken in.
    #[default]
    Now,
    /// They are taken in.
    All,
    /// Their headers go into the ledger, and no conversation begins.
    Headers,
}

/// Leaves the secrets out.
impl std::fmt::Debug for EmailConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmailConfig")
            .field("address", &self.address)
            .field("imap_host", &self.imap_host)
            .field("imap_port", &self.imap_port())
            .field("imap_security", &self.imap_security)
            .field("imap_user", &self.imap_user())
            .field("folders", &self.folders)
            .field("after", &self.after)
            .field("start", &self.start)
            .field("smtp_host", &self.smtp_host)
            .field("smtp_security", &self.smtp_security)
            .finish_non_exhaustive()
    }
}

/// How to sign in.
#[derive(Clone, Copy)]
pub(crate) enum Credentials<'a> {
    Password(&'a str),
    Oauth { token_url: &'a str, client_id: &'a str, client_secret: Option<&'a str>, refresh_token: &'a str },
}

impl EmailConfig {
    /// The port, given or usual.
    pub fn imap_port(&self) -> u16 {
        self.imap_port.unwrap_or(if self.imap_security == Security::Tls { 993 } else { 143 })
    }

    /// Who signs in.
    pub fn imap_user(&self) -> &str {
        self.imap_user.as_deref().unwrap_or(&self.address)
    }

    /// The time between two looks.
    pub fn poll(&self) -> Duration {
        Duration::from_secs(self.poll_seconds)
    }

    pub(crate) fn credentials(&self) -> Result<Credentials<'_>, ConfigError> {
        let oauth =
            [&self.oauth_token_url, &self.oauth_client_id, &self.oauth_refresh_token, &self.oauth_client_secret];
        let wants_oauth = oauth.iter().any(|setting| given(setting.as_ref()).is_some());
        match given(self.imap_password.as_ref()) {
            Some(_) if wants_oauth => Err(ConfigError::TwoCredentials),
            Some(password) => Ok(Credentials::Password(password)),
            None if !wants_oauth => Err(ConfigError::NoCredentials),
            None => Ok(Credentials::Oauth {
                token_url: given(self.oauth_token_url.as_ref()).ok_or(ConfigError::OauthIncomplete("token_url"))?,
                client_id: given(self.oauth_client_id.as_ref()).ok_or(ConfigError::OauthIncomplete("client_id"))?,
                client_secret: given(self.oauth_client_secret.as_ref()),
                refresh_token: given(self.oauth_refresh_token.as_ref())
                    .ok_or(ConfigError::OauthIncomplete("refresh_token"))?,
            }),
        }
    }

    /// Checks what the types can't.
    pub fn check(&self) -> Result<(), ConfigError> {
        if let Some(wrong) = std::iter::once(&self.address).chain(&self.aliases).find(|address| !is_address(address)) {
            return Err(ConfigError::NotAnAddress(wrong.clone()));
        }
        for (setting, count) in [("aliases", self.aliases.len()), ("authserv_ids", self.authserv_ids.len())] {
            if count > NAMES_MAX {
                return Err(ConfigError::TooMany(setting, count));
            }
        }
        if let Some(secret) = self.token_secret.as_ref().filter(|secret| secret.len() < TOKEN_SECRET_BYTES_MIN) {
            return Err(ConfigError::SecretShort(secret.len()));
        }
        let credentials = self.credentials()?;
        if self.imap_security == Security::None && !self.insecure_allowed && !is_this_machine(&self.imap_host) {
            return Err(ConfigError::Insecure("imap_security"));
        }
        if let Credentials::Oauth { token_url, .. } = credentials
            && !self.insecure_allowed
            && !token_url.starts_with("https://")
            && !host_of(token_url).is_some_and(is_this_machine)
        {
            return Err(ConfigError::Insecure("oauth_token_url"));
        }
        if !(1..=FOLDERS_MAX).contains(&self.folders.len()) {
            return Err(ConfigError::Folders(self.folders.len()));
        }
        if !(1..=86_400).contains(&self.poll_seconds) {
            return Err(ConfigError::Poll(self.poll_seconds));
        }
        let unsendable = |text: &str| text.is_empty() || text.contains(['\r', '\n', '\0']);
        if self.folders.iter().any(|folder| unsendable(folder)) {
            return Err(ConfigError::Unsendable("folders"));
        }
        if unsendable(self.imap_user()) {
            return Err(ConfigError::Unsendable("imap_user"));
        }
        if given(self.imap_password.as_ref()).is_some_and(unsendable) {
            return Err(ConfigError::Unsendable("imap_password"));
        }
        if let After::Move(target) = &self.after {
            if unsendable(target) {
                return Err(ConfigError::Unsendable("after"));
            }
            if self.folders.iter().any(|folder| same_folder(folder, target)) {
                return Err(ConfigError::MovesInCircles(target.clone()));
            }
        }
        self.check_sending()
    }
}

fn is_address(text: &str) -> bool {
    let sides = text.split_once('@').filter(|(local, domain)| !local.is_empty() && !domain.is_empty());
    sides.is_some() && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// An empty setting is none.
fn given(setting: Option<&String>) -> Option<&str> {
    setting.map(String::as_str).filter(|text| !text.is_empty())
}

/// INBOX is the same however it is written (RFC 9051, section 5.1).
fn same_folder(one: &str, other: &str) -> bool {
    one == other || (one.eq_ignore_ascii_case("inbox") && other.eq_ignore_ascii_case("inbox"))
}

#[cfg(test)]
mod tests;
