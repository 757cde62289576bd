//! The settings of one web chat inbox.

use serde::Deserialize;

use crate::limits::{ALLOWED_SITES_MAX, IDENTITY_SECRET_BYTES_MIN};

/// What an operator sets for one inbox.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebChatConfig {
    /// Sites that may show this chat, as origins (`https://www.example.org`); empty lets any.
    pub allowed_sites: Vec<String>,
    /// Lets in signed visitors only.
    pub require_signed: bool,
    /// What the site signs its user ids with. Without it nobody can be signed.
    pub identity_secret: Option<String>,
}

/// Leaves the secret out.
impl std::fmt::Debug for WebChatConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebChatConfig")
            .field("allowed_sites", &self.allowed_sites)
            .field("require_signed", &self.require_signed)
            .field("identity_secret", &self.identity_secret.as_ref().map(|_| "…"))
            .finish()
    }
}

/// What is wrong with the settings, and what mends it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// An entry of `allowed_sites` is no origin.
    #[error("`allowed_sites`: `{0}` is not an origin; write scheme and host only, like `https://www.example.org`")]
    NotAnOrigin(String),
    /// There are too many sites.
    #[error("`allowed_sites` lists {0} sites; at most {ALLOWED_SITES_MAX} are possible")]
    TooManySites(usize),
    /// Signed visitors are demanded and can't be checked.
    #[error("`require_signed` is on and `identity_secret` is missing: set the secret your site signs user ids with")]
    SecretMissing,
    /// The secret could be guessed.
    #[error("`identity_secret` has {0} bytes; at least {IDENTITY_SECRET_BYTES_MIN} are needed")]
    SecretShort(usize),
}

impl WebChatConfig {
    /// Checks what the types can't.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.allowed_sites.len() > ALLOWED_SITES_MAX {
            return Err(ConfigError::TooManySites(self.allowed_sites.len()));
        }
        if let Some(site) = self.allowed_sites.iter().find(|site| !is_origin(site)) {
            return Err(ConfigError::NotAnOrigin(site.clone()));
        }
        match &self.identity_secret {
            Some(secret) if secret.len() < IDENTITY_SECRET_BYTES_MIN => Err(ConfigError::SecretShort(secret.len())),
            None if self.require_signed => Err(ConfigError::SecretMissing),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether a page of `origin` (the header of that name) may show this chat.
    pub(crate) fn allows(&self, origin: Option<&str>) -> bool {
        let listed = |origin: &str| self.allowed_sites.iter().any(|site| bare(site).eq_ignore_ascii_case(origin));
        self.allowed_sites.is_empty() || origin.is_some_and(listed)
    }
}

fn bare(site: &str) -> &str {
    site.strip_suffix('/').unwrap_or(site)
}

fn is_origin(site: &str) -> bool {
    let host = bare(site).strip_prefix("https://").or_else(|| bare(site).strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(sites: &[&str]) -> WebChatConfig {
        WebChatConfig { allowed_sites: sites.iter().map(|s| (*s).to_owned()).collect(), ..WebChatConfig::default() }
    }

    #[track_caller]
    fn check(sites: &[&str], origin: Option<&str>, allowed: bool) {
        assert_eq!(config(sites).allows(origin), allowed, "{sites:?} {origin:?}");
    }

    #[test]
    fn only_listed_sites_are_allowed_and_an_empty_list_allows_all() {
        check(&[], None, true);
        check(&[], Some("https://evil.example"), true);
        check(&["https://shop.example/"], Some("https://SHOP.example"), true);
        check(&["https://shop.example"], Some("http://shop.example"), false);
        check(&["https://shop.example"], Some("https://shop.example.evil.example"), false);
        check(&["https://shop.example"], Some("null"), false);
        check(&["https://shop.example"], None, false);
    }

    #[test]
    fn settings_that_can_not_work_are_refused_with_the_mend() {
        let site = |site: &str| config(&[site]).check();
        assert_eq!(site("https://shop.example:8443"), Ok(()));
        assert_eq!(site("shop.example"), Err(ConfigError::NotAnOrigin("shop.example".into())));
        assert!(site("https://shop.example/path").is_err() && site("https://*.shop.example").is_err());
        let signed = |secret: Option<&str>| WebChatConfig {
            require_signed: true,
            identity_secret: secret.map(str::to_owned),
            ..WebChatConfig::default()
        };
        assert_eq!(signed(None).check(), Err(ConfigError::SecretMissing));
        assert_eq!(signed(Some("short")).check(), Err(ConfigError::SecretShort(5)));
        assert_eq!(signed(Some("0123456789abcdef")).check(), Ok(()));
    }

    #[test]
    fn the_secret_is_never_printed() {
        let config = WebChatConfig { identity_secret: Some("top-secret-value".into()), ..WebChatConfig::default() };
        assert!(!format!("{config:?}").contains("top-secret"));
    }

    #[test]
    fn unknown_settings_are_refused() {
        let error = serde_json::from_str::<WebChatConfig>(r#"{"allowed_site":[]}"#).expect_err("a typo");
        assert!(error.to_string().contains("allowed_site"), "{error}");
    }
}
