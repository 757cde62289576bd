//! The truth as the tables tell it. The only file of the simulation with SQL.

use std::collections::BTreeSet;

use switchboard::store::entries::{self, Entry, Range};
use switchboard::store::{Conn, Result, sql};
use switchboard_contract::{ConversationId, DeliveryId, Seq, ThreadKey, Timestamp};

use super::peer::contact_of;

/// A row of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sending {
    pub(super) id: DeliveryId,
    pub(super) conversation: ConversationId,
    pub(super) seq: Seq,
    pub(super) state: String,
    pub(super) attempts: u32,
}

impl Sending {
    /// Nothing more happens to it by itself.
    pub(super) fn is_over(&self) -> bool {
        !matches!(self.state.as_str(), "pending" | "sending")
    }
}

/// A row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Received {
    pub(super) inbox: String,
    pub(super) external_id: String,
    pub(super) outcome: String,
    pub(super) raw: Vec<u8>,
    pub(super) conversation: Option<String>,
    pub(super) seq: Option<i64>,
}

pub(super) async fn outbox(conn: &mut Conn) -> Result<Vec<Sending>> {
    let rows: Vec<(String, String, i64, String, i64)> =
        sql::query_as("SELECT id, conversation_id, entry_seq, state, attempts FROM outbox ORDER BY id")
            .fetch_all(conn)
            .await?;
    let row = |(id, conversation, at, state, attempts): (String, String, i64, String, i64)| Sending {
        id: id.parse().expect("a delivery id"),
        conversation: conversation.parse().expect("a conversation id"),
        seq: Seq(u64::try_from(at).expect("a place")),
        state,
        attempts: u32::try_from(attempts).expect("a count"),
    };
    Ok(rows.into_iter().map(row).collect())
}

/// What is claimed, with its attempt.
pub(super) fn claimed(rows: &[Sending]) -> BTreeSet<(DeliveryId, u32)> {
    rows.iter().filter(|row| row.state == "sending").map(|row| (row.id, row.attempts)).collect()
}

pub(super) async fn conversations(conn: &mut Conn) -> Result<Vec<ConversationId>> {
    let rows: Vec<String> = sql::query_scalar("SELECT id FROM conversations ORDER BY number").fetch_all(conn).await?;
    Ok(rows.iter().map(|id| id.parse().expect("a conversation id")).collect())
}

/// Every conversation with its contact and last place.
pub(super) async fn screen(conn: &mut Conn) -> Result<Vec<(ConversationId, usize, Seq)>> {
    let rows: Vec<(String, String, i64)> =
        sql::query_as("SELECT id, thread, seq FROM conversations ORDER BY number").fetch_all(conn).await?;
    let row = |(id, thread, seq): (String, String, i64)| {
        let id = id.parse().expect("a conversation id");
        (id, contact_of(&ThreadKey(thread)), Seq(u64::try_from(seq).expect("a place")))
    };
    Ok(rows.into_iter().map(row).collect())
}

pub(super) async fn received(conn: &mut Conn) -> Result<Vec<Received>> {
    type Row = (String, String, String, Vec<u8>, Option<String>, Option<i64>);
    let rows: Vec<Row> = sql::query_as(
        "SELECT inbox_id, external_id, outcome, raw, conversation_id, entry_seq FROM inbound ORDER BY inbox_id, external_id",
    )
    .fetch_all(conn)
    .await?;
    let row = |(inbox, external_id, outcome, raw, conversation, seq): Row| Received {
        inbox,
        external_id,
        outcome,
        raw,
        conversation,
        seq,
    };
    Ok(rows.into_iter().map(row).collect())
}

pub(super) async fn entries(conn: &mut Conn, conversation: ConversationId) -> Result<Vec<Entry>> {
    entries::read(conn, conversation, Range::After(Seq(0)), false, 100_000).await
}

pub(super) async fn briefs(conn: &mut Conn, conversation: ConversationId) -> Result<i64> {
    Ok(sql::query_scalar("SELECT COUNT(*) FROM briefs WHERE conversation_id = $1")
        .bind(conversation.to_string())
        .fetch_one(conn)
        .await?)
}

/// Every timer, by conversation and kind, with its time.
pub(super) async fn timers(conn: &mut Conn) -> Result<Vec<(ConversationId, Timestamp)>> {
    let rows: Vec<(String, i64)> =
        sql::query_as("SELECT conversation_id, due_at FROM timers ORDER BY conversation_id, kind")
            .fetch_all(conn)
            .await?;
    let row = |(id, due): (String, i64)| (id.parse().expect("a conversation id"), Timestamp::from_millis(due));
    Ok(rows.into_iter().map(row).collect())
}
