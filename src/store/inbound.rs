//! The ledger's rows: everything that came in, once for each external id, with its bytes.

use std::collections::HashSet;

use switchboard_contract::{ConversationId, ExternalId, Inbound, InboxId, MessageId, Seq, Timestamp};

use super::sql::{self, Rows};
use super::{Conn, Result, parse, place, seq, stale_or_worse};
use crate::{ids, limits};

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
    /// The word it is stored as.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Filed => "filed",
            Self::Filtered => "filtered",
            Self::Quarantined => "quarantined",
        }
    }
}

/// Counts what arrived, before anything else is known of it. Each lane of writers counts for itself, so that none waits for another.
pub async fn count_received(
    conn: &mut Conn,
    lane: usize,
    counts: impl Iterator<Item = (InboxId, i64)>,
    now: Timestamp,
) -> Result<()> {
    let day = now.millis().div_euclid(super::ledger::DAY_MILLIS);
    let lane = i64::try_from(lane).unwrap_or(i64::MAX);
    let rows =
        counts.map(|(inbox, count)| vec![inbox.to_string().into(), day.into(), lane.into(), count.into()]).collect();
    let after = " ON CONFLICT (inbox_id, day, lane) DO UPDATE SET count = received.count + excluded.count";
    Rows { before: "INSERT INTO received (inbox_id, day, lane, count)", rows, after }.execute(conn).await?;
    Ok(())
}

/// An item to be kept, and how it ended.
#[derive(Debug)]
pub struct Row<'a> {
    /// Where it came in.
    pub inbox: InboxId,
    /// What came in.
    pub item: &'a Inbound,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it was not filed.
    pub reason: Option<String>,
    /// What it became.
    pub filed: Option<(ConversationId, Option<MessageId>, Seq)>,
}

/// What is kept of an item's bytes: the beginning of what is too large.
pub fn kept(raw: &[u8]) -> &[u8] {
    raw.get(..limits::INBOUND_BYTES_MAX).unwrap_or(raw)
}

/// Stores items with their bytes, [`kept`] as they are.
///
/// # Errors
/// [`Error::Stale`](super::Error::Stale) when one is known by now: somebody else took it at the same moment.
pub async fn insert_all(conn: &mut Conn, items: &[Row<'_>], now: Timestamp) -> Result<()> {
    let rows = items.iter().map(|row| {
        vec![
            row.inbox.to_string().into(),
            (&row.item.external_id.0).into(),
            now.millis().into(),
            row.item.occurred_at.map(Timestamp::millis).into(),
            kept(&row.item.raw).into(),
            row.outcome.word().into(),
            (&row.reason).into(),
            row.filed.map(|(conversation, ..)| conversation.to_string()).into(),
            row.filed.and_then(|(_, entry, _)| entry).map(|entry| entry.to_string()).into(),
            row.filed.map(|(.., at)| place(at)).into(),
        ]
    });
    let before = "INSERT INTO inbound (inbox_id, external_id, received_at, occurred_at, raw, outcome, reason, conversation_id, \
                  entry_id, entry_seq)";
    Rows { before, rows: rows.collect(), after: "" }.execute(conn).await.map_err(stale_or_worse)?;
    Ok(())
}

/// Which of these external ids are known already.
pub async fn known(
    conn: &mut Conn,
    wanted: impl Iterator<Item = (InboxId, &ExternalId)>,
) -> Result<HashSet<(InboxId, ExternalId)>> {
    let rows = wanted.map(|(inbox, id)| vec![inbox.to_string().into(), (&id.0).into()]).collect();
    let after = ") AS v CROSS JOIN inbound i WHERE i.inbox_id = v.column1 AND i.external_id = v.column2";
    let found: Vec<(String, String)> =
        Rows { before: "SELECT i.inbox_id, i.external_id FROM (", rows, after }.fetch_all(conn).await?;
    found.into_iter().map(|(inbox, id)| Ok((parse("inbox id", &inbox)?, ExternalId(id)))).collect()
}

/// The bytes of the message at a place of a conversation; none when it did not come in, or its bytes were dropped at the end of
/// their retention time.
pub async fn original(conn: &mut Conn, conversation: ConversationId, at: Seq) -> Result<Option<Vec<u8>>> {
    let text = "SELECT i.raw FROM entries e CROSS JOIN conversations c CROSS JOIN inbound i WHERE e.conversation_id = $1 \
                AND e.seq = $2 AND c.id = e.conversation_id AND i.inbox_id = c.inbox_id AND i.external_id = e.external_id \
                AND i.raw_dropped_at IS NULL";
    Ok(sql::query_scalar(text).bind(conversation.to_string()).bind(place(at)).fetch_optional(conn).await?)
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
    let row: (i64, Option<String>, Option<String>, Option<i64>, i64, Option<String>) = sql::query_as(
        "SELECT id, conversation_id, entry_id, entry_seq, CAST(CASE WHEN raw = $3 THEN 1 ELSE 0 END AS BIGINT), raw_digest \
         FROM inbound WHERE inbox_id = $1 AND external_id = $2",
    )
    .bind(inbox.to_string())
    .bind(&external_id.0)
    .bind(raw)
    .fetch_one(conn)
    .await?;
    let (id, conversation, entry, at, equal, digest) = row;
    // Where not all bytes of the first are there any more, their digest tells.
    let same_bytes = digest.map_or(equal == 1, |first| first == ids::digest(raw));
    Ok(First {
        id,
        conversation: conversation.map(|id| parse("conversation id", &id)).transpose()?,
        entry: entry.map(|id| parse("entry id", &id)).transpose()?,
        seq: at.map(seq),
        same_bytes,
    })
}

/// Keeps a second delivery: its bytes, [`kept`], only when they differ from the first's.
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
        .bind(differing_raw.map(kept))
        .execute(conn)
        .await?;
    Ok(())
}
