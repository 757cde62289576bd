//! The timers of conversations as rows, and what becomes of those that can't fire.

use std::collections::BTreeMap;

use switchboard_contract::{ConversationId, Timestamp};
use switchboard_engine::TimerKind;

use super::sql;
use super::{Conn, Result, from_word, parse, word};

/// A timer as it is stored. Read by [`Row::read`], so that one that this version doesn't know costs only itself.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Row {
    conversation_id: String,
    kind: String,
    due_at: i64,
    attempts: i64,
}

impl Row {
    /// Whose it is, which, and when it was due.
    ///
    /// # Errors
    /// [`Error::Corrupt`](super::Error::Corrupt) when this version doesn't know it.
    pub fn read(&self) -> Result<(ConversationId, TimerKind, Timestamp)> {
        let conversation = parse("conversation id", &self.conversation_id)?;
        Ok((conversation, from_word("timer", &self.kind)?, Timestamp::from_millis(self.due_at)))
    }

    /// How often it has failed.
    pub fn attempts(&self) -> u32 {
        u32::try_from(self.attempts).unwrap_or(u32::MAX)
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.kind, self.conversation_id)
    }
}

/// Keeps the rows of a conversation equal to the timers of its state. Where nothing differs nothing is written.
pub async fn keep(
    conn: &mut Conn,
    conversation: ConversationId,
    before: &BTreeMap<TimerKind, Timestamp>,
    after: &BTreeMap<TimerKind, Timestamp>,
) -> Result<()> {
    for kind in before.keys().filter(|kind| !after.contains_key(kind)) {
        sql::query("DELETE FROM timers WHERE conversation_id = $1 AND kind = $2")
            .bind(conversation.to_string())
            .bind(word(kind))
            .execute(&mut *conn)
            .await?;
    }
    for (kind, due) in after.iter().filter(|(kind, due)| before.get(kind) != Some(due)) {
        sql::query(
            "INSERT INTO timers (conversation_id, kind, due_at, try_at, attempts) VALUES ($1, $2, $3, $3, 0) \
             ON CONFLICT (conversation_id, kind) DO UPDATE SET due_at = excluded.due_at, try_at = excluded.try_at, \
             attempts = 0, error = NULL",
        )
        .bind(conversation.to_string())
        .bind(word(kind))
        .bind(due.millis())
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// The timers that are due, the first due first, at most `most`.
pub async fn due(conn: &mut Conn, now: Timestamp, most: usize) -> Result<Vec<Row>> {
    Ok(sql::query_as(
        "SELECT conversation_id, kind, due_at, attempts FROM timers WHERE try_at <= $1 \
         ORDER BY try_at, conversation_id LIMIT $2",
    )
    .bind(now.millis())
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
    .fetch_all(conn)
    .await?)
}

/// Takes a timer out, for whoever fires it in this transaction; false when it is no longer there as it was read: another has
/// fired it, or it was set anew.
pub async fn take(conn: &mut Conn, row: &Row) -> Result<bool> {
    let taken = sql::query("DELETE FROM timers WHERE conversation_id = $1 AND kind = $2 AND due_at = $3")
        .bind(&row.conversation_id)
        .bind(&row.kind)
        .bind(row.due_at)
        .execute(conn)
        .await?;
    Ok(taken.rows_affected() > 0)
}

/// Notes that a timer could not fire: it is tried again at `again`, or given up when there is none. Nothing happens when it is
/// no longer there as it was read.
pub async fn put_off(conn: &mut Conn, row: &Row, again: Option<Timestamp>, error: &str) -> Result<()> {
    sql::query(
        "UPDATE timers SET attempts = attempts + 1, try_at = $5, error = $6 \
         WHERE conversation_id = $1 AND kind = $2 AND due_at = $3 AND attempts = $4",
    )
    .bind(&row.conversation_id)
    .bind(&row.kind)
    .bind(row.due_at)
    .bind(row.attempts)
    .bind(again.map(Timestamp::millis))
    .bind(error)
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives those that were given up another chance: a newer program may know what to do with them.
pub async fn retry_given_up(conn: &mut Conn) -> Result<()> {
    sql::query("UPDATE timers SET attempts = 0, try_at = due_at WHERE try_at IS NULL").execute(conn).await?;
    Ok(())
}

/// How many were given up.
pub async fn count_given_up(conn: &mut Conn) -> Result<i64> {
    Ok(sql::query_scalar("SELECT COUNT(*) FROM timers WHERE try_at IS NULL").fetch_one(conn).await?)
}
