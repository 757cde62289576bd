//! The outbox: deliveries in lanes. A lane is one conversation's deliveries in order; only its head may be claimed.

use switchboard_contract::{ConversationId, DeliveryId, InboxId, MessageId, Receipt, Seq, ThreadKey, Timestamp};

use super::sql;
use super::{Conn, Result, parse, place, seq, to_json};

/// A delivery as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The delivery.
    pub id: DeliveryId,
    /// The lane.
    pub conversation: ConversationId,
    /// The entry it carries.
    pub entry: MessageId,
    /// That entry's place.
    pub seq: Seq,
    /// The inbox it leaves by.
    pub inbox: InboxId,
    /// Where it goes.
    pub thread: ThreadKey,
    /// Attempts begun, this one included.
    pub attempts: u32,
}

/// Adds deliveries, due at once.
pub async fn insert_all(conn: &mut Conn, rows: &[Row], now: Timestamp) -> Result<()> {
    for row in rows {
        insert(conn, row, now).await?;
    }
    Ok(())
}

/// Adds a delivery, due at once.
pub async fn insert(conn: &mut Conn, row: &Row, now: Timestamp) -> Result<()> {
    sql::query(
        "INSERT INTO outbox (id, conversation_id, entry_id, entry_seq, inbox_id, thread, state, attempts, due_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, 'pending', 0, $7, $7)",
    )
    .bind(row.id.to_string())
    .bind(row.conversation.to_string())
    .bind(row.entry.to_string())
    .bind(place(row.seq))
    .bind(row.inbox.to_string())
    .bind(&row.thread.0)
    .bind(now.millis())
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether [`claim`] or [`abandoned`] would find anything. (Here and there the open states are named twice: only so is
/// the index of what is open used.) Asked before each, because a claim is a commit and a commit wakes
/// the outbox: without this it would run in circles while something waits for its time.
pub async fn anything_due(conn: &mut Conn, now: Timestamp) -> Result<bool> {
    Ok(sql::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE state IN ('pending', 'sending') AND state = 'sending' AND lease_until <= $1) OR EXISTS (\
         SELECT 1 FROM outbox o WHERE o.state IN ('pending', 'sending') AND o.state = 'pending' AND o.due_at <= $1 AND NOT EXISTS (\
         SELECT 1 FROM outbox b WHERE b.conversation_id = o.conversation_id AND b.entry_seq < o.entry_seq \
         AND b.state IN ('pending', 'sending')))",
    )
    .bind(now.millis())
    .fetch_one(conn)
    .await?)
}

/// Claims the due heads of lanes, at most `most`, until `lease_until`.
pub async fn claim(conn: &mut Conn, now: Timestamp, lease_until: Timestamp, most: usize) -> Result<Vec<Row>> {
    let rows: Vec<ClaimRow> = sql::query_as(
        "UPDATE outbox SET state = 'sending', attempts = attempts + 1, lease_until = $2 WHERE id IN (\
         SELECT o.id FROM outbox o WHERE o.state IN ('pending', 'sending') AND o.state = 'pending' AND o.due_at <= $1 AND NOT EXISTS (\
         SELECT 1 FROM outbox b WHERE b.conversation_id = o.conversation_id AND b.entry_seq < o.entry_seq \
         AND b.state IN ('pending', 'sending')) ORDER BY o.due_at LIMIT $3) \
         RETURNING id, conversation_id, entry_id, entry_seq, inbox_id, thread, attempts",
    )
    .bind(now.millis())
    .bind(lease_until.millis())
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Row::try_from).collect()
}

/// How many deliveries are on their way.
pub async fn count_open(conn: &mut Conn) -> Result<i64> {
    Ok(sql::query_scalar("SELECT COUNT(*) FROM outbox WHERE state IN ('pending', 'sending')").fetch_one(conn).await?)
}

/// When the oldest delivery on its way was made.
pub async fn oldest(conn: &mut Conn) -> Result<Option<Timestamp>> {
    let oldest: Option<i64> =
        sql::query_scalar("SELECT MIN(created_at) FROM outbox WHERE state IN ('pending', 'sending')")
            .fetch_one(conn)
            .await?;
    Ok(oldest.map(Timestamp::from_millis))
}

/// How a claimed delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Taken by the channel.
    Sent(Receipt),
    /// To be tried again then.
    Again(Timestamp, String),
    /// To be tried again then; the attempt doesn't count.
    Postponed(Timestamp, String),
    /// Perhaps delivered: a person decides.
    Uncertain(String),
    /// Given up.
    Failed(String),
}

/// Saves how a claimed delivery ended; false when the claim was over before: another attempt has it then.
pub async fn settle(conn: &mut Conn, id: DeliveryId, attempt: u32, end: &End) -> Result<bool> {
    let (state, due_at, error, receipt, uncounted) = match end {
        End::Sent(receipt) => ("sent", None, None, Some(to_json("receipt", receipt)?), 0),
        End::Again(due, error) => ("pending", Some(due.millis()), Some(error), None, 0),
        End::Postponed(due, error) => ("pending", Some(due.millis()), Some(error), None, 1),
        End::Uncertain(error) => ("uncertain", None, Some(error), None, 0),
        End::Failed(error) => ("failed", None, Some(error), None, 0),
    };
    let settled = sql::query(
        "UPDATE outbox SET state = $2, due_at = COALESCE($3, due_at), error = $4, receipt = $5, attempts = attempts - $6, \
         lease_until = NULL WHERE id = $1 AND state = 'sending' AND attempts = $7",
    )
    .bind(id.to_string())
    .bind(state)
    .bind(due_at)
    .bind(error)
    .bind(receipt)
    .bind(uncounted)
    .bind(attempt)
    .execute(conn)
    .await?;
    Ok(settled.rows_affected() > 0)
}

/// Deliveries whose claimer is gone: their lease is over. Nobody knows whether they went out.
pub async fn abandoned(conn: &mut Conn, now: Timestamp) -> Result<Vec<Row>> {
    let rows: Vec<ClaimRow> = sql::query_as(
        "SELECT id, conversation_id, entry_id, entry_seq, inbox_id, thread, attempts FROM outbox \
         WHERE state IN ('pending', 'sending') AND state = 'sending' AND lease_until <= $1",
    )
    .bind(now.millis())
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Row::try_from).collect()
}

#[derive(sqlx::FromRow)]
struct ClaimRow {
    id: String,
    conversation_id: String,
    entry_id: String,
    entry_seq: i64,
    inbox_id: String,
    thread: String,
    attempts: i64,
}

impl TryFrom<ClaimRow> for Row {
    type Error = super::Error;

    fn try_from(row: ClaimRow) -> Result<Self> {
        Ok(Self {
            id: parse("delivery id", &row.id)?,
            conversation: parse("conversation id", &row.conversation_id)?,
            entry: parse("entry id", &row.entry_id)?,
            seq: seq(row.entry_seq),
            inbox: parse("inbox id", &row.inbox_id)?,
            thread: ThreadKey(row.thread),
            attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
        })
    }
}
