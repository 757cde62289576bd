//! What one check found: the common form of a trusted header and of our own checks.

use serde::Serialize;

/// A way of proving a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The server may send for the envelope sender's domain (RFC 7208).
    Spf,
    /// A domain signed the mail (RFC 6376).
    Dkim,
    /// SPF or DKIM, aligned, by the policy of the domain in `From` (RFC 7489).
    Dmarc,
    /// A chain of servers that passed the mail on (RFC 8617).
    Arc,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Proven.
    Pass,
    /// Disproven.
    Fail,
    /// Neither: no record, no signature, an error, a soft or a guessed result.
    Other,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The check.
    pub method: Method,
    /// How it ended.
    pub outcome: Outcome,
    /// The domain it speaks of, lower case: of the envelope sender, of the signature, of `From`. Empty where it names none.
    pub domain: String,
    /// The selector of a signature, where it is told.
    pub selector: Option<String>,
    /// Who says so, for people: `mx.example.com`, or our own check.
    pub by: String,
}
