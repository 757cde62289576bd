//! What consoles have to look at again, in commit order.

use serde::{Deserialize, Serialize};
use switchboard_contract::{ConversationId, Timestamp};
use switchboard_engine::Notice;

use super::sql::{self, Rows};
use super::{Conn, Result, from_json, to_json};
use crate::limits;

/// What changed in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Which conversation.
    pub conversation: ConversationId,
    /// What about it: `message`, `note`, `log`, `handler`, `status`, `brief`, `delivery`, `feedback`.
    pub reasons: Vec<String>,
    /// Whom to tell, and of what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
}

/// Adds a change. It is written just before the commit.
pub fn add(conn: &mut Conn, change: Change, now: Timestamp) {
    conn.tell(change, now);
}

/// Writes what was told in this transaction, as its last act.
pub(super) async fn write(conn: &mut Conn, news: Vec<(Change, Timestamp)>) -> Result<()> {
    if news.is_empty() {
        return Ok(());
    }
    if conn.is_postgres() {
        // Positions are read in order, so they have to be given in the order of the commits: one at a time from here to the commit,
        // which follows at once. SQLite has one writer and no need of it.
        conn.run("SELECT pg_advisory_xact_lock(5359201)").await?;
    }
    let rows = news.into_iter().map(|(change, at)| {
        Ok(vec![change.conversation.to_string().into(), to_json("change", &change)?.into(), at.millis().into()])
    });
    let rows = rows.collect::<Result<_>>()?;
    Rows { before: "INSERT INTO changes (conversation_id, body, at)", rows, after: "" }.execute(conn).await?;
    Ok(())
}

/// The changes after a position, in order, with their positions.
pub async fn after(conn: &mut Conn, position: i64, most: u32) -> Result<Vec<(i64, Change)>> {
    let rows: Vec<(i64, String)> = sql::query_as("SELECT seq, body FROM changes WHERE seq > $1 ORDER BY seq LIMIT $2")
        .bind(position)
        .bind(most)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(|(position, body)| Ok((position, from_json("change", &body)?))).collect()
}

/// The first and the last position that are kept; the last is also right when nothing is kept.
pub async fn span(conn: &mut Conn) -> Result<(i64, i64)> {
    Ok(sql::query_as("SELECT COALESCE(MIN(seq), 0), COALESCE(MAX(seq), 0) FROM changes").fetch_one(conn).await?)
}

/// Clears away all but the newest.
pub async fn trim(conn: &mut Conn) -> Result<()> {
    sql::query("DELETE FROM changes WHERE seq <= (SELECT COALESCE(MAX(seq), 0) FROM changes) - $1")
        .bind(limits::CHANGES_KEPT)
        .execute(conn)
        .await?;
    Ok(())
}
