//! Mail goes out: submission to one server (RFC 6409), over a few connections that are kept.
//!
//! A mail is the server's from the moment its last line, a dot, is written: lost before that, nothing was sent; lost after it,
//! nobody knows. So the stage decides what a failure means, and the library's own `send`, which does not tell it, is not used.
//!
//! | to learn | open |
//! | --- | --- |
//! | one mail from beginning to end | `transaction`, over `pool` |
//! | connecting, TLS, what a server can do | `connect`, over `stream` |
//! | signing in | `auth` |
//! | what a failure means for the delivery | `fault` |
//! | every bound | [`limits`] |

mod auth;
mod connect;
mod fault;
pub mod limits;
mod pool;
mod stream;
mod transaction;

use std::fmt;
use std::sync::Arc;

use switchboard_contract::{Delivery, DeliveryError, ExternalId, Receipt, Timestamp};

pub use limits::Pace;

use crate::config::EmailConfig;
use crate::imap::connect::tls;
use crate::imap::oauth::Tokens;
use crate::outbound::{Composed, Sending, compose};
use crate::thread::id_mark;
use pool::Pool;

/// A line as it is sent. What is in it was checked.
struct Line(String);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\r\n", self.0)
    }
}

/// How a mail was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What the server answered, for people.
    pub answer: String,
    /// To whom it was not sent; the others get it.
    pub refused: Vec<Refused>,
}

/// Somebody a mail was not sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The address.
    pub address: String,
    /// Why, for people.
    pub reason: String,
}

/// One inbox's way to its submission server.
pub struct Submission {
    pool: Pool,
}

impl Submission {
    /// Makes it; nothing is connected before a mail is sent.
    ///
    /// # Errors
    /// When the settings can't work, in words for an operator.
    pub fn new(config: EmailConfig, pace: Pace) -> Result<Self, String> {
        let tokens = Tokens::new(config.ca_file.as_deref(), pace.before)?;
        Self::sharing(config, Arc::new(tokens), pace)
    }

    /// The same with the access tokens of receiving: of two who refresh, one would hold a token that ended.
    pub(crate) fn sharing(config: EmailConfig, tokens: Arc<Tokens>, pace: Pace) -> Result<Self, String> {
        config.check().map_err(|error| error.to_string())?;
        if config.smtp_host().is_none() {
            return Err("`smtp_host` is missing: without it this inbox can't send".to_owned());
        }
        let tls = tls(config.ca_file.as_deref())?;
        Ok(Self { pool: Pool::new(config, tls, tokens, pace) })
    }

    /// Writes the mail of a delivery and sends it.
    ///
    /// # Errors
    /// As [`compose`] and [`send`](Self::send).
    pub async fn deliver(&self, out: &Delivery, own: &Sending, now: Timestamp) -> Result<Receipt, DeliveryError> {
        let mail = compose(out, own, now)?;
        let sent = self.send(&mail).await?;
        for Refused { address, reason } in &sent.refused {
            tracing::warn!(delivery = %out.id, address, reason, "a mail was not sent to one of its recipients");
        }
        Ok(Receipt { external_ids: vec![ExternalId(id_mark(&mail.message_id))] })
    }

    /// Sends a mail. When this is dropped before it ends, the connection goes as well.
    ///
    /// # Errors
    /// [`DeliveryError::Rejected`] when the server refuses for good (class 5), or refuses the first recipient, who is the
    /// contact; then nobody gets it. [`DeliveryError::Unsupported`] when it is too large for the server, or an address can't be
    /// written for it. [`DeliveryError::Uncertain`] when the connection was lost after the last line.
    /// [`DeliveryError::Unavailable`] otherwise: nothing was sent.
    pub async fn send(&self, mail: &Composed) -> Result<Sent, DeliveryError> {
        transaction::send(&self.pool, mail).await
    }

    /// Connects and signs in, and sends nothing: whether the settings work.
    ///
    /// # Errors
    /// [`DeliveryError::Unavailable`] with what was seen, in words for an operator.
    pub async fn probe(&self) -> Result<(), DeliveryError> {
        transaction::probe(&self.pool).await
    }

    /// Why nobody signs in at present: credentials were refused a short while ago, and a person has to mend them.
    pub fn alarm(&self) -> Option<String> {
        self.pool.alarm()
    }

    /// Says goodbye on connections that nobody needs.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
