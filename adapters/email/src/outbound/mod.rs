//! What a message becomes as a mail. Pure: the same delivery makes the same mail on every attempt, but for its date.
//!
//! Everything is written in ASCII (quoted-printable or base64, RFC 2047), so a server needs neither 8BITMIME nor, unless a local
//! part is not ASCII, SMTPUTF8. Lines end with CR LF and nothing else.
//!
//! | to learn | open |
//! | --- | --- |
//! | what email can carry | [`capabilities`] |
//! | the fields of the header | `fields`, over `subject`, `chain` and `address` |
//! | what stands in the body, in which order | `layout` |
//! | the body as text and as HTML | `plain`, `html` |
//! | "On … wrote:" in the inbox's language | `quote` |
//! | texts of the settings | `template` |
//! | every bound | [`limits`] |

mod address;
mod capabilities;
mod chain;
mod fields;
mod html;
mod layout;
pub mod limits;
mod plain;
mod quote;
mod sending;
mod subject;
pub(crate) mod template;
#[cfg(test)]
mod tests;

use lettre::message::{MultiPart, SinglePart};
use switchboard_contract::{Delivery, DeliveryError, PublicAuthor, Timestamp, render};

pub use capabilities::capabilities;
pub use sending::Sending;

use crate::thread::ids;
use layout::Layout;

/// A mail, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// Where reports of its delivery go (RFC 5321, 3.3); none is the empty path `<>`, to which nobody reports.
    pub envelope_from: Option<String>,
    /// Whom it is sent to. The first one is the contact.
    pub recipients: Vec<String>,
    /// Its Message-ID, without angle brackets; the same on every attempt.
    pub message_id: String,
    /// The mail. Lines end with CR LF.
    pub bytes: Vec<u8>,
}

/// Makes the mail of a delivery. `now` becomes its date.
///
/// # Errors
/// [`DeliveryError::Rejected`] when the address is none, or not known; [`DeliveryError::Unsupported`] when a mail can't carry
/// what was asked for. Both with words for an agent.
pub fn compose(delivery: &Delivery, own: &Sending, now: Timestamp) -> Result<Composed, DeliveryError> {
    let unsupported = |reason: String| DeliveryError::Unsupported { reason };
    let rejected = |reason: String| DeliveryError::Rejected { reason };
    let context = delivery.context.as_deref();
    let context = context.ok_or_else(|| rejected("it is not known where the contact is reached by mail".to_owned()))?;
    let rendered = render(&delivery.content, &capabilities()).map_err(|error| unsupported(error.to_string()))?;
    if rendered.parts.len() > 1 {
        let count = delivery.content.text.chars().count();
        let max = limits::TEXT_CHARS_MAX;
        return Err(unsupported(format!("the message has {count} characters; a mail carries at most {max}")));
    }
    // Never to the Reply-To of a mail that only claims to be theirs: a stranger would be sent what was said before.
    let contact = address::read(&context.to.0).map_err(rejected)?;
    let mailbox = address::read(&own.address).map_err(|why| unsupported(format!("the inbox's own address: {why}")))?;
    let message_id = ids::message_id(delivery.id, &own.secret, &own.domain);
    let subject = subject::of(delivery, context, own);
    let layout = Layout::of(delivery, context, own);
    let recipients = vec![contact.to_string()];
    // What only informs may be sent so that nothing ever answers it, not even a bounce (RFC 3834, 3.3).
    let notice = context.automatic && delivery.author == PublicAuthor::System;
    let envelope_from = (!(notice && own.notices_without_sender)).then(|| mailbox.to_string());

    let head = fields::Head { delivery, context, own, contact, mailbox, message_id: &message_id, subject: &subject };
    // Nothing in the text can be this line: it is signed.
    let boundary = own.secret.mark(b"boundary\n", delivery.id.to_string().as_bytes());
    let text = lines(&plain::write(&layout));
    let html = lines(&html::write(&layout, &subject, own.language.as_deref()));
    let body = MultiPart::alternative()
        .boundary(format!("=_{boundary}"))
        .singlepart(SinglePart::plain(text))
        .singlepart(SinglePart::html(html));
    let mail = fields::build(&head, now).multipart(body);
    let mail = mail.map_err(|error| unsupported(format!("no mail can be made of it: {error}")))?;
    Ok(Composed { envelope_from, recipients, message_id, bytes: mail.formatted() })
}

/// The same text with CR LF at the end of each line, and no CR or LF elsewhere: a server may take either for a line's end.
fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 32);
    for line in text.split('\n') {
        out.extend(line.chars().filter(|c| *c != '\r'));
        out.push_str("\r\n");
    }
    out.truncate(out.len().saturating_sub(2));
    out
}
