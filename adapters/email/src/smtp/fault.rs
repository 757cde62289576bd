//! What went wrong in a conversation with a server, and what becomes of the delivery then. Pure.

use std::error::Error as _;

use switchboard_contract::DeliveryError;

use super::limits::SERVER_TEXT_CHARS_MAX;
use crate::machine::status::{Cause, cause, find_status, sentence};

/// How far it had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Before the server knows anything of a mail.
    Hello,
    /// Signing in.
    SignIn,
    /// MAIL: our own address and the size.
    From,
    /// RCPT: the recipient.
    To,
    /// DATA, and the mail up to its last line. What is not finished is thrown away (RFC 5321, 4.1.1.4).
    Data,
    /// The last line, a dot, is written: from now on the mail may be the server's.
    End,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The server answered with a code of class 4 or 5.
    Reply {
        /// The code.
        code: u16,
        /// The server's words: hostile.
        text: String,
    },
    /// The connection is gone, or there was none.
    Lost(String),
    /// What the server says can't be understood.
    Garbled(String),
    /// No answer in time.
    Silent,
    /// The connection would not be safe.
    Insecure(String),
    /// Nobody can sign in as things are.
    Credentials(String),
}

impl From<lettre::transport::smtp::Error> for Fault {
    fn from(error: lettre::transport::smtp::Error) -> Self {
        let text = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        match error.status() {
            Some(code) => Self::Reply { code: code.into(), text },
            None if error.is_response() => Self::Garbled(tidy(&text)),
            None => Self::Lost(tidy(&text)),
        }
    }
}

impl Fault {
    /// Whether the connection can still be used after it.
    pub(super) fn leaves_connection(&self) -> bool {
        matches!(self, Self::Reply { code, .. } if *code != 421)
    }

    /// Whether it means that this inbox may not sign in, or has to and did not (RFC 4954, 6).
    pub(super) fn refuses_credentials(&self, stage: Stage) -> bool {
        match self {
            Self::Reply { code, .. } => {
                stage < Stage::Data && matches!(code, 530 | 534 | 535 | 538)
                    || stage == Stage::SignIn && (500..600).contains(code)
            }
            Self::Credentials(_) => true,
            Self::Lost(_) | Self::Garbled(_) | Self::Silent | Self::Insecure(_) => false,
        }
    }

    /// Whether a connection that had been idle may be to blame.
    pub(super) fn may_be_stale(&self) -> bool {
        match self {
            Self::Lost(_) | Self::Garbled(_) | Self::Reply { code: 421, .. } => true,
            Self::Reply { .. } | Self::Silent | Self::Insecure(_) | Self::Credentials(_) => false,
        }
    }
}

/// What becomes of the delivery.
pub(super) fn outcome(stage: Stage, fault: &Fault) -> DeliveryError {
    let unavailable = |reason: String| DeliveryError::Unavailable { reason };
    let broken = |what: String| {
        if stage == Stage::End {
            DeliveryError::Uncertain { reason: format!("{what} after the whole mail was written") }
        } else {
            unavailable(format!("{what}; nothing was sent"))
        }
    };
    match fault {
        Fault::Reply { code, text } if fault.refuses_credentials(stage) => {
            unavailable(credentials(&format!("it answers {}", answer(*code, text))))
        }
        // What the server refuses before it knows of a mail is not the mail's fault.
        Fault::Reply { code, text } if stage <= Stage::SignIn => {
            unavailable(format!("the mail server takes no mail at present: {}", answer(*code, text)))
        }
        Fault::Reply { code, text } if (500..600).contains(code) => {
            DeliveryError::Rejected { reason: refusal(stage, *code, text) }
        }
        Fault::Reply { code, text } => unavailable(refusal(stage, *code, text)),
        Fault::Lost(how) => broken(format!("the connection to the mail server was lost ({how})")),
        Fault::Garbled(how) => broken(format!("the mail server could not be understood ({how})")),
        Fault::Silent => broken("the mail server did not answer in time".to_owned()),
        Fault::Insecure(how) => unavailable(format!("nothing was sent, for the connection would not be safe: {how}")),
        Fault::Credentials(how) => unavailable(credentials(how)),
    }
}

/// The alarm: deliveries wait until a person has mended it.
fn credentials(how: &str) -> String {
    format!(
        "the mail server refuses to let this inbox sign in: {how}. Mend `smtp_user`, `smtp_password` or `oauth_…`; until then its \
         mail waits"
    )
}

/// Why a server takes no mail, for an agent: a sentence where the cause is known, and the server's own words.
pub(super) fn refusal(stage: Stage, code: u16, text: &str) -> String {
    let answer = answer(code, text);
    let cause = known_cause(stage, code, text);
    // What is not known here is clearer in the server's words alone, and a mailbox that is missing for now may be greylisting.
    if cause == Cause::Unknown || cause == Cause::NoSuchUser && code < 500 {
        return format!("The server answers {answer}");
    }
    format!("{} The server answers {answer}", sentence(cause))
}

fn known_cause(stage: Stage, code: u16, text: &str) -> Cause {
    let known = cause(find_status(text, false).as_deref(), text);
    if known != Cause::Unknown {
        return known;
    }
    // Where there is no better code and no word (RFC 5321, 4.2.2).
    match (stage, code) {
        (_, 552) => Cause::TooLarge,
        (Stage::From, 500..600) => Cause::Sender,
        (Stage::To, 550 | 551 | 553) => Cause::NoSuchUser,
        _ => Cause::Unknown,
    }
}

fn answer(code: u16, text: &str) -> String {
    format!("{code} {}", tidy(text)).trim_end().to_owned()
}

/// A server's words as they may be shown.
pub(super) fn tidy(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(SERVER_TEXT_CHARS_MAX).collect()
}

#[cfg(test)]
#[path = "fault_tests.rs"]
mod tests;
