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

#[cfg(test)]
mod tests {
    use super::*;

    fn config(more: &str) -> EmailConfig {
        let base = r#""address":"help@example.org","imap_host":"mail.example.org","imap_password":"pw""#;
        serde_json::from_str(&format!("{{{base}{more}}}")).expect("it reads")
    }

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "so that cases are one line each")]
    fn check(more: &str, result: Result<(), ConfigError>) {
        assert_eq!(config(more).check(), result, "{more}");
    }

    #[test]
    fn what_is_left_out_is_as_usual() {
        let config = config("");
        assert_eq!((config.smtp_host(), config.smtp_port(), config.smtp_user()), (None, 465, "help@example.org"));
        assert_eq!(config.smtp_sign_in(), SignIn::No);
        let submission = self::config(r#","smtp_host":"a.example","smtp_security":"starttls","smtp_password":"x""#);
        assert_eq!((submission.smtp_port(), submission.smtp_sign_in()), (587, SignIn::Password("x")));
    }

    #[test]
    fn settings_of_sending_that_can_not_work_are_refused() {
        let none = |host: &str| format!(r#","smtp_host":"{host}","smtp_security":"none""#);
        check(&none("mail.example.org"), Err(ConfigError::Insecure("smtp_security")));
        check(&none("127.0.0.1"), Ok(()));
        check(&format!(r#"{},"insecure_allowed":true"#, none("mail.example.org")), Ok(()));
        check(r#","name":"a\r\nBcc: b""#, Err(ConfigError::Unsendable("name")));
        check(r#","signature":"{{agent}}\n{{ inbox }}""#, Ok(()));
        let unknown = ConfigError::Placeholder { setting: "footer", name: "team".to_owned() };
        assert!(unknown.to_string().contains("`{{team}}` is not known; `{{agent}}`"), "{unknown}");
        check(r#","footer":"{{team}}""#, Err(unknown));
        let long = "x".repeat(TEMPLATE_CHARS_MAX + 1);
        check(&format!(r#","header":"{long}""#), Err(ConfigError::Long("header")));
    }

    #[test]
    fn the_password_is_never_printed() {
        let shown = format!("{:?}", config(r#","smtp_host":"a.example","smtp_password":"top-secret""#));
        assert!(shown.contains("a.example") && !shown.contains("top-secret"), "{shown}");
    }
}
