//! The ledger's rows: everything that came in, once for each external id, with its bytes.

use switchboard_contract::{ConversationId, ExternalId, Inbound, InboxId, MessageId, Seq, Timestamp};

use super::sql;
use super::{Conn, Result, parse, place, seq};

/// How an inbound item ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Part of a conversation.
    Filed,
    /// Deliberately not filed.
    Filtered,
    /// Kept for a person to look at.
    Quarantined,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Filed => "filed",
            Self::Filtered => "filtered",
            Self::Quarantined => "quarantined",
        }
    }
}

/// Counts what arrived, before anything else is known of it.
pub async fn count_received(conn: &mut Conn, inbox: InboxId, now: Timestamp) -> Result<()> {
    sql::query(
        "INSERT INTO received (inbox_id, day, count) VALUES ($1, $2, 1) \
         ON CONFLICT (inbox_id, day) DO UPDATE SET count = received.count + 1",
    )
    .bind(inbox.to_string())
    .bind(now.millis().div_euclid(super::ledger::DAY_MILLIS))
    .execute(conn)
    .await?;
    Ok(())
}

/// Stores an item with its bytes; none when its external id is known already. Quarantined until its outcome is set.
pub async fn insert(conn: &mut Conn, inbox: InboxId, inbound: &Inbound, now: Timestamp) -> Result<Option<i64>> {
    Ok(sql::query_scalar(
        "INSERT INTO inbound (inbox_id, external_id, received_at, occurred_at, raw, outcome) \
         VALUES ($1, $2, $3, $4, $5, 'quarantined') ON CONFLICT (inbox_id, external_id) DO NOTHING RETURNING id",
    )
    .bind(inbox.to_string())
    .bind(&inbound.external_id.0)
    .bind(now.millis())
    .bind(inbound.occurred_at.map(Timestamp::millis))
    .bind(inbound.raw.as_slice())
    .fetch_optional(conn)
    .await?)
}

/// Says how an item ended.
pub async fn set_outcome(
    conn: &mut Conn,
    id: i64,
    outcome: Outcome,
    reason: Option<&str>,
    filed: Option<(ConversationId, Option<MessageId>, Seq)>,
) -> Result<()> {
    sql::query(
        "UPDATE inbound SET outcome = $2, reason = $3, conversation_id = $4, entry_id = $5, entry_seq = $6 WHERE id = $1",
    )
    .bind(id)
    .bind(outcome.word())
    .bind(reason)
    .bind(filed.map(|(conversation, ..)| conversation.to_string()))
    .bind(filed.and_then(|(_, entry, _)| entry).map(|entry| entry.to_string()))
    .bind(filed.map(|(.., at)| place(at)))
    .execute(conn)
    .await?;
    Ok(())
}

/// What an earlier item with the same external id became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct First {
    /// The row.
    pub id: i64,
    /// Where it was filed.
    pub conversation: Option<ConversationId>,
    /// As which entry.
    pub entry: Option<MessageId>,
    /// At which place.
    pub seq: Option<Seq>,
    /// The bytes are the same.
    pub same_bytes: bool,
}

/// Finds the item that came first under an external id.
pub async fn first(conn: &mut Conn, inbox: InboxId, external_id: &ExternalId, raw: &[u8]) -> Result<First> {
    let (id, conversation, entry, at, same_bytes): (i64, Option<String>, Option<String>, Option<i64>, bool) =
        sql::query_as(
            "SELECT id, conversation_id, entry_id, entry_seq, raw = $3 FROM inbound WHERE inbox_id = $1 AND external_id = $2",
        )
        .bind(inbox.to_string())
        .bind(&external_id.0)
        .bind(raw)
        .fetch_one(conn)
        .await?;
    Ok(First {
        id,
        conversation: conversation.map(|id| parse("conversation id", &id)).transpose()?,
        entry: entry.map(|id| parse("entry id", &id)).transpose()?,
        seq: at.map(seq),
        same_bytes,
    })
}

/// Keeps a second delivery: its bytes only when they differ from the first's.
pub async fn add_duplicate(
    conn: &mut Conn,
    inbox: InboxId,
    first: i64,
    differing_raw: Option<&[u8]>,
    now: Timestamp,
) -> Result<()> {
    sql::query("INSERT INTO inbound_duplicates (inbound_id, inbox_id, received_at, raw) VALUES ($1, $2, $3, $4)")
        .bind(first)
        .bind(inbox.to_string())
        .bind(now.millis())
        .bind(differing_raw)
        .execute(conn)
        .await?;
    Ok(())
}
