//! Quarantine: what came in and could not be filed, with what the adapter had made of it.

use switchboard_contract::{ConversationId, ExternalId, Inbound, InboxId, MessageId, Reading, Seq, Timestamp};

use super::inbound::{self, Outcome};
use super::{Conn, Result, parse, place, retention, to_json};
use super::{from_json, sql};
use crate::ids;

/// A row of the ledger, looked at closely.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The row.
    pub id: i64,
    /// Where it came in.
    pub inbox: InboxId,
    /// That inbox's name.
    pub inbox_name: String,
    /// The channel's id of it.
    pub external_id: ExternalId,
    /// When it came.
    pub received_at: Timestamp,
    /// When it happened, as the channel said.
    pub occurred_at: Option<Timestamp>,
    /// How it ended, in a word; quarantined items are the ones that can be acted on.
    pub outcome: String,
    /// It is in quarantine.
    pub quarantined: bool,
    /// What is wrong, by the newest attempt.
    pub reason: String,
    /// How many bytes are kept.
    pub bytes: i64,
    /// Only the beginning of its bytes is kept, because it was too large.
    pub cut: bool,
    /// When its bytes were dropped, in milliseconds since 1970.
    pub raw_dropped_at: Option<i64>,
    /// What the adapter had made of it, if it was readable and this version still understands that.
    pub reading: Option<Reading>,
}

#[derive(sqlx::FromRow)]
struct ItemRow {
    id: i64,
    inbox_id: String,
    inbox_name: String,
    external_id: String,
    received_at: i64,
    occurred_at: Option<i64>,
    outcome: String,
    reason: String,
    bytes: i64,
    raw_dropped_at: Option<i64>,
    raw_digest: Option<String>,
    reading: Option<String>,
}

/// Keeps what is needed to file an item later: what the adapter made of it (nothing when that was "not understood"), and for
/// one that is too large the digest of all its bytes.
pub async fn keep(conn: &mut Conn, inbox: InboxId, item: &Inbound) -> Result<()> {
    let reading = match &item.reading {
        Reading::Message(_) | Reading::Signal(_) | Reading::Report(_) | Reading::Filtered { .. } => {
            Some(to_json("reading", &item.reading)?)
        }
        Reading::Unreadable { .. } => None,
    };
    let is_cut = inbound::kept(&item.raw).len() < item.raw.len();
    let digest = is_cut.then(|| ids::digest(&item.raw));
    if reading.is_none() && digest.is_none() {
        return Ok(());
    }
    sql::query("UPDATE inbound SET reading = $3, raw_digest = $4 WHERE inbox_id = $1 AND external_id = $2")
        .bind(inbox.to_string())
        .bind(&item.external_id.0)
        .bind(reading)
        .bind(digest)
        .execute(conn)
        .await?;
    Ok(())
}

/// Reads a row of the ledger without its bytes.
pub async fn get(conn: &mut Conn, id: i64) -> Result<Option<Item>> {
    let row: Option<ItemRow> = sql::query_as(
        "SELECT q.id, q.inbox_id, i.name AS inbox_name, q.external_id, q.received_at, q.occurred_at, q.outcome, \
         COALESCE(q.reason, '') AS reason, CAST(LENGTH(q.raw) AS BIGINT) AS bytes, q.raw_dropped_at, q.raw_digest, \
         q.reading FROM inbound q JOIN inboxes i ON i.id = q.inbox_id WHERE q.id = $1",
    )
    .bind(id)
    .fetch_optional(conn)
    .await?;
    row.map(Item::try_from).transpose()
}

impl TryFrom<ItemRow> for Item {
    type Error = super::Error;

    fn try_from(row: ItemRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            inbox: parse("inbox id", &row.inbox_id)?,
            inbox_name: row.inbox_name,
            external_id: ExternalId(row.external_id),
            received_at: Timestamp::from_millis(row.received_at),
            occurred_at: row.occurred_at.map(Timestamp::from_millis),
            quarantined: row.outcome == Outcome::Quarantined.word(),
            outcome: row.outcome,
            reason: row.reason,
            bytes: row.bytes,
            cut: row.raw_digest.is_some() && row.raw_dropped_at.is_none(),
            raw_dropped_at: row.raw_dropped_at,
            // A form that an earlier version wrote and this one does not know is as good as none.
            reading: row.reading.and_then(|reading| from_json("reading", &reading).ok()),
        })
    }
}

/// Reads the bytes of a row of the ledger.
pub async fn raw(conn: &mut Conn, id: i64) -> Result<Vec<u8>> {
    let raw: Option<Vec<u8>> =
        sql::query_scalar("SELECT raw FROM inbound WHERE id = $1").bind(id).fetch_optional(conn).await?;
    Ok(raw.unwrap_or_default())
}

/// The rows in quarantine after one, in the order they came.
pub async fn ids_after(conn: &mut Conn, after: (i64, i64), most: u32) -> Result<Vec<(i64, i64)>> {
    Ok(sql::query_as(
        "SELECT received_at, id FROM inbound WHERE outcome = 'quarantined' AND (received_at, id) > ($1, $2) \
         ORDER BY received_at, id LIMIT $3",
    )
    .bind(after.0)
    .bind(after.1)
    .bind(i64::from(most))
    .fetch_all(conn)
    .await?)
}

/// Takes an item for this transaction, so that of several who act on it at once only one does; false when it is not in
/// quarantine any more.
pub async fn claim(conn: &mut Conn, id: i64) -> Result<bool> {
    // The row is written as it is: a second transaction waits for this one, and then sees what it left.
    let claimed = sql::query("UPDATE inbound SET outcome = outcome WHERE id = $1 AND outcome = 'quarantined'")
        .bind(id)
        .execute(conn)
        .await?;
    Ok(claimed.rows_affected() == 1)
}

/// Ends an item's stay in quarantine.
pub async fn leave(
    conn: &mut Conn,
    item: &Item,
    outcome: Outcome,
    reason: Option<&str>,
    filed: Option<(ConversationId, Option<MessageId>, Seq)>,
) -> Result<()> {
    sql::query(
        "UPDATE inbound SET outcome = $2, reason = $3, conversation_id = $4, entry_id = $5, entry_seq = $6, reading = NULL \
         WHERE id = $1",
    )
    .bind(item.id)
    .bind(outcome.word())
    .bind(reason.map(str::to_owned))
    .bind(filed.map(|(conversation, ..)| conversation.to_string()))
    .bind(filed.and_then(|(_, entry, _)| entry).map(|entry| entry.to_string()))
    .bind(filed.map(|(.., at)| place(at)))
    .execute(&mut *conn)
    .await?;
    retention::look_again_from(conn, item.received_at).await
}

/// Keeps an item in quarantine, with the newest error and, if there is one, the newest reading.
pub async fn stay(conn: &mut Conn, id: i64, error: &str, reading: Option<&Reading>) -> Result<()> {
    let reading = reading.map(|reading| to_json("reading", reading)).transpose()?;
    sql::query("UPDATE inbound SET reason = $2, reading = COALESCE($3, reading) WHERE id = $1")
        .bind(id)
        .bind(error)
        .bind(reading)
        .execute(conn)
        .await?;
    Ok(())
}
