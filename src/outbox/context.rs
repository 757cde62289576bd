//! What a channel without threads needs besides a message: whom it goes to, what it answers, what came before.

use switchboard_contract::{CHAIN_MAX, Context, Delivery, PublicAuthor, Quote, Timestamp};

use crate::limits;
use crate::store::entries::{self, Author, Body, Range};
use crate::store::{Conn, Error, Result, contacts, conversations, letters};

/// Reads the context of a delivery.
///
/// # Errors
/// When its conversation can't be read.
pub(super) async fn of(conn: &mut Conn, delivery: &Delivery) -> Result<Context> {
    let missing = |what| Error::Corrupt { what, detail: "it is gone".to_owned() };
    let record = conversations::get(conn, delivery.conversation).await?.ok_or_else(|| missing("conversation"))?;
    let identity = contacts::identity_by_id(conn, record.identity).await?.ok_or_else(|| missing("identity"))?;
    let to = contacts::address(conn, record.identity).await?.ok_or_else(|| missing("identity"))?;
    let most = i64::try_from(CHAIN_MAX).unwrap_or(i64::MAX);
    let mut chain = letters::chain(conn, delivery.conversation, delivery.seq, most).await?;
    chain.drain(..chain.len().saturating_sub(CHAIN_MAX));
    // What only agents saw is not among them.
    let before =
        entries::read(conn, delivery.conversation, Range::Before(delivery.seq), true, limits::QUOTED_AMONG).await?;
    let name = identity.name.clone();
    let mut last = None;
    for entry in before {
        if let (Author::Contact, Body::Message(content, _)) = (entry.author, entry.body) {
            last = Some((content, entry.at));
        }
    }
    let subject = last.as_ref().and_then(|(content, _)| content.subject.clone());
    let quote = last.map(|(content, at): (_, Timestamp)| Quote {
        author: content.written_by.or_else(|| name.clone()).unwrap_or_else(|| to.0.clone()),
        at,
        text: content.text.chars().take(limits::QUOTE_CHARS_MAX).collect(),
    });
    let automatic = !matches!(delivery.author, PublicAuthor::Agent { .. });
    Ok(Context { to, name, subject, chain, quote, automatic })
}
