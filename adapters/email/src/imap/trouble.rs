//! What can go wrong with a mail server, and how long to wait then. Pure.

use std::time::Duration;

use super::limits::{Pace, SERVER_TEXT_CHARS_MAX};

/// Why a session ended, or a command failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
    /// The connection broke, or there was none.
    #[error("the connection to the mail server is lost: {0}")]
    Lost(String),
    /// The server says what can't be understood.
    #[error("the mail server can't be understood: {0}")]
    Garbled(String),
    /// The credentials are not taken.
    #[error("the mail server refuses the credentials: {0}")]
    Refused(String),
    /// The server can't serve at present (RFC 5530 `UNAVAILABLE`, `INUSE`, `SERVERBUG`; `BYE`).
    #[error("the mail server is not available: {0}")]
    Unavailable(String),
    /// We ask for too much (RFC 5530 `LIMIT`, `OVERQUOTA`).
    #[error("the mail server sets a limit: {0}")]
    Limited(String),
    /// Credentials would go out in the clear.
    #[error("the connection would not be encrypted: {0}")]
    Insecure(String),
    /// The server is not who it should be.
    #[error("the certificate of the mail server is not good: {0}")]
    Certificate(String),
    /// A command was answered with NO or BAD.
    #[error("the mail server refuses: {0}")]
    No(Answer),
    /// Mails can't be kept at present.
    #[error("mails can't be kept at present: {0}")]
    Store(String),
    /// The mail can't be handed in any more: the program stops.
    #[error("the program is stopping")]
    Stopping,
}

/// The end of a command, or what a server says by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Answer {
    /// The response code in upper case (RFC 5530), if there is one.
    pub(crate) code: Option<String>,
    /// For people: short, and without control characters.
    pub(crate) text: String,
}

impl Answer {
    /// Reads `[CODE arguments] text`.
    pub(crate) fn read(text: &str) -> Self {
        let text = text.trim_start();
        let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let code = bracketed.map(|(code, _)| code.split(' ').next().unwrap_or_default().to_ascii_uppercase());
        Self { code: code.filter(|code| !code.is_empty()), text: tidy(text) }
    }

    fn has(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }

    /// What the refusal means, whatever was asked (RFC 5530).
    pub(crate) fn trouble(self) -> Trouble {
        if self.has(&["UNAVAILABLE", "INUSE", "SERVERBUG"]) {
            Trouble::Unavailable(self.text)
        } else if self.has(&["LIMIT", "OVERQUOTA"]) {
            Trouble::Limited(self.text)
        } else if self.has(&["AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED"]) {
            Trouble::Refused(self.text)
        } else {
            Trouble::No(self)
        }
    }

    /// What the refusal of credentials means: without a code that says otherwise, that they are wrong.
    pub(crate) fn refusal(self) -> Trouble {
        self.trouble().where_refused(|answer| Trouble::Refused(answer.text))
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// A server's text as it may be logged and shown: it is hostile.
pub(crate) fn tidy(text: &str) -> String {
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(SERVER_TEXT_CHARS_MAX).collect()
}

impl Trouble {
    /// The same, but for a refusal without a meaning of its own: that means what the caller says.
    pub(crate) fn where_refused(self, means: impl FnOnce(Answer) -> Self) -> Self {
        if let Self::No(answer) = self { means(answer) } else { self }
    }

    /// Whether one mail may be to blame, so that it is asked for alone the next time.
    pub(crate) fn may_be_the_mail(&self) -> bool {
        match self {
            Self::Lost(_) | Self::Garbled(_) | Self::No(_) => true,
            Self::Refused(_)
            | Self::Unavailable(_)
            | Self::Limited(_)
            | Self::Insecure(_)
            | Self::Certificate(_)
            | Self::Store(_)
            | Self::Stopping => false,
        }
    }

    /// Whether only a person can mend it, so that asking often would only annoy the server or lock the account.
    pub(crate) fn needs_a_person(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Insecure(_) | Self::Certificate(_) => true,
            Self::Lost(_)
            | Self::Garbled(_)
            | Self::Unavailable(_)
            | Self::Limited(_)
            | Self::No(_)
            | Self::Store(_)
            | Self::Stopping => false,
        }
    }

    /// How long to wait after the `failures`th trouble in a row (from 1). `random` spreads it between half and the whole.
    pub(crate) fn pause(&self, failures: u32, pace: &Pace, random: u128) -> Duration {
        let (first, most) = if self.needs_a_person() {
            (pace.refused_first, pace.refused_max)
        } else {
            (pace.retry_first, pace.retry_max)
        };
        let doubled = first.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(most);
        let thousandth = u32::try_from(random % 501).unwrap_or(0);
        doubled / 2 + doubled.saturating_mul(thousandth) / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, trouble: &Trouble) {
        assert_eq!(Answer::read(text).trouble(), *trouble, "{text}");
    }

    #[test]
    fn a_code_says_what_a_refusal_means() {
        check("[UNAVAILABLE] later", &Trouble::Unavailable("[UNAVAILABLE] later".into()));
        check("[limit] too many", &Trouble::Limited("[limit] too many".into()));
        check("[OVERQUOTA] full", &Trouble::Limited("[OVERQUOTA] full".into()));
        check("[AUTHENTICATIONFAILED] no", &Trouble::Refused("[AUTHENTICATIONFAILED] no".into()));
        let plain = Answer { code: None, text: "no such folder".into() };
        check("no such folder", &Trouble::No(plain));
        check("[open", &Trouble::No(Answer { code: None, text: "[open".into() }));
        let other = Answer { code: Some("NONEXISTENT".into()), text: "[NONEXISTENT] x".into() };
        check("[NONEXISTENT] x", &Trouble::No(other));
    }

    #[test]
    fn credentials_refused_without_a_code_are_wrong() {
        assert_eq!(Answer::read("bad password").refusal(), Trouble::Refused("bad password".into()));
        assert!(matches!(Answer::read("[UNAVAILABLE] x").refusal(), Trouble::Unavailable(_)));
    }

    #[test]
    fn a_servers_text_is_short_and_harmless() {
        assert_eq!(tidy("a\r\n\u{1b}[31mb"), "a   [31mb");
        assert_eq!(tidy(&"x".repeat(5_000)).chars().count(), SERVER_TEXT_CHARS_MAX);
    }

    #[test]
    fn pauses_double_to_a_bound_and_are_spread() {
        let pace = Pace::default();
        let lost = Trouble::Lost(String::new());
        assert_eq!(lost.pause(1, &pace, 500), Duration::from_secs(1));
        assert_eq!(lost.pause(1, &pace, 0), Duration::from_millis(500));
        assert_eq!(lost.pause(4, &pace, 500), Duration::from_secs(8));
        assert_eq!(lost.pause(u32::MAX, &pace, 500), pace.retry_max);
        assert_eq!(Trouble::Refused(String::new()).pause(1, &pace, 500), pace.refused_first);
        assert_eq!(Trouble::Refused(String::new()).pause(99, &pace, u128::MAX).max(pace.refused_max), pace.refused_max);
    }
}
