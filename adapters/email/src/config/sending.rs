//! The settings of sending: what is usual, and what can't work.

use super::{ConfigError, EmailConfig, Security, given, is_this_machine};
use crate::outbound::limits::TEMPLATE_CHARS_MAX;
use crate::outbound::template;

/// How to sign in for sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignIn<'a> {
    /// Not at all: the server knows this machine.
    No,
    Password(&'a str),
    /// With an access token.
    Oauth,
}

impl EmailConfig {
    /// The submission server, if mail can be sent.
    pub fn smtp_host(&self) -> Option<&str> {
        given(self.smtp_host.as_ref())
    }

    /// Its port, given or usual (RFC 8314, section 7.3; RFC 6409, section 3.1).
    pub fn smtp_port(&self) -> u16 {
        self.smtp_port.unwrap_or(if self.smtp_security == Security::Tls { 465 } else { 587 })
    }

    /// Who signs in there.
    pub fn smtp_user(&self) -> &str {
        given(self.smtp_user.as_ref()).unwrap_or(&self.address)
    }

    pub(crate) fn smtp_sign_in(&self) -> SignIn<'_> {
        match (given(self.smtp_password.as_ref()), given(self.oauth_token_url.as_ref())) {
            (Some(password), _) => SignIn::Password(password),
            (None, Some(_)) => SignIn::Oauth,
            (None, None) => SignIn::No,
        }
    }

    pub(super) fn check_sending(&self) -> Result<(), ConfigError> {
        let templates = [("header", &self.header), ("footer", &self.footer), ("signature", &self.signature)];
        for (setting, text) in templates {
            let Some(text) = given(text.as_ref()) else { continue };
            if text.chars().count() > TEMPLATE_CHARS_MAX {
                return Err(ConfigError::Long(setting));
            }
            if let Some(name) = template::unknown(text) {
                return Err(ConfigError::Placeholder { setting, name });
            }
        }
        let unsendable = |text: Option<&str>| text.is_some_and(|text| text.contains(['\r', '\n', '\0']));
        let lines = [
            ("name", &self.name),
            ("subject", &self.subject),
            ("smtp_host", &self.smtp_host),
            ("smtp_user", &self.smtp_user),
            ("smtp_password", &self.smtp_password),
        ];
        if let Some((setting, _)) = lines.into_iter().find(|(_, text)| unsendable(given(text.as_ref()))) {
            return Err(ConfigError::Unsendable(setting));
        }
        match self.smtp_host() {
            Some(host) if self.smtp_security == Security::None && !self.insecure_allowed && !is_this_machine(host) => {
                Err(ConfigError::Insecure("smtp_security"))
            }
            Some(_) | None => Ok(()),
        }
    }
}
