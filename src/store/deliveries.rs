//! Deliveries as people see them: what is stuck, what waits, and what a person decides about one.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use switchboard_contract::{ConversationId, DeliveryId, Seq, Timestamp};

use super::outbox::Target;
use super::sql::{self, Rows, Value};
use super::{Conn, Result, from_json, from_word, parse, seq, word};

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waits for its turn or its time.
    Pending,
    /// An attempt is under way.
    Sending,
    /// Taken by the channel.
    Sent,
    /// Perhaps delivered; a person decides.
    Uncertain,
    /// Given up or refused; a person is told.
    Failed,
    /// A person decided not to send it.
    Dropped,
}

impl State {
    /// A person has to decide: it is a dead letter.
    pub fn is_stuck(self) -> bool {
        matches!(self, Self::Failed | Self::Uncertain)
    }
}

/// Which deliveries are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Failed and uncertain ones.
    Stuck,
    /// Those on their way.
    Open,
    /// Those in one state.
    In(State),
}

/// A delivery as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The delivery.
    pub id: DeliveryId,
    /// How far it has come.
    pub state: State,
    /// Where it leaves by.
    pub target: Target,
    /// The inbox's name; none for a webhook, and for an inbox that is not known any more.
    pub inbox_name: Option<String>,
    /// The conversation, with its number.
    pub conversation: Option<(ConversationId, i64)>,
    /// The entry's place, for a message.
    pub seq: Option<Seq>,
    /// The beginning of what it carries.
    pub preview: String,
    /// Attempts begun.
    pub attempts: i64,
    /// What went wrong last.
    pub error: Option<String>,
    /// When it is tried again, while it is pending.
    pub due_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Characters of what a delivery carries that are shown.
const PREVIEW_CHARS: usize = 140;

macro_rules! shown_sql {
    ($rest:literal) => {
        concat!(
            "SELECT o.id, o.state, o.target, i.name AS inbox_name, o.conversation_id, c.number, o.entry_seq, e.body AS entry, \
             o.body AS event, o.attempts, o.error, o.due_at, o.created_at FROM outbox o \
             LEFT JOIN inboxes i ON i.id = o.target LEFT JOIN conversations c ON c.id = o.conversation_id \
             LEFT JOIN entries e ON e.id = o.entry_id WHERE ",
            $rest
        )
    };
}

/// Deliveries, newest first, older than `before` if it is given.
pub async fn list(conn: &mut Conn, which: Which, before: Option<DeliveryId>, most: u32) -> Result<Vec<Shown>> {
    // The states are written out, so that the index of what is stuck or open is used.
    let query = match which {
        Which::Stuck => shown_sql!("o.state IN ('failed', 'uncertain') AND o.id < $1 ORDER BY o.id DESC LIMIT $2"),
        Which::Open => shown_sql!("o.state IN ('pending', 'sending') AND o.id < $1 ORDER BY o.id DESC LIMIT $2"),
        Which::In(State::Failed) => {
            shown_sql!(
                "o.state IN ('failed', 'uncertain') AND o.state = 'failed' AND o.id < $1 ORDER BY o.id DESC LIMIT $2"
            )
        }
        Which::In(State::Uncertain) => {
            shown_sql!(
                "o.state IN ('failed', 'uncertain') AND o.state = 'uncertain' AND o.id < $1 ORDER BY o.id DESC LIMIT $2"
            )
        }
        Which::In(State::Pending) => shown_sql!("o.state = 'pending' AND o.id < $1 ORDER BY o.id DESC LIMIT $2"),
        Which::In(State::Sending) => shown_sql!("o.state = 'sending' AND o.id < $1 ORDER BY o.id DESC LIMIT $2"),
        Which::In(State::Sent) => shown_sql!("o.state = 'sent' AND o.id < $1 ORDER BY o.id DESC LIMIT $2"),
        Which::In(State::Dropped) => shown_sql!("o.state = 'dropped' AND o.id < $1 ORDER BY o.id DESC LIMIT $2"),
    };
    // Letters are above every id's characters.
    let before = before.map_or_else(|| "dlv_z".to_owned(), |id| id.to_string());
    let rows: Vec<ShownRow> = sql::query_as(query).bind(before).bind(most).fetch_all(conn).await?;
    rows.into_iter().map(Shown::try_from).collect()
}

/// One delivery.
pub async fn get(conn: &mut Conn, id: DeliveryId) -> Result<Option<Shown>> {
    let row: Option<ShownRow> =
        sql::query_as(shown_sql!("o.id = $1")).bind(id.to_string()).fetch_optional(conn).await?;
    row.map(Shown::try_from).transpose()
}

/// The deliveries of a run of entries, by the entries' places.
pub async fn of_entries(
    conn: &mut Conn,
    conversation: ConversationId,
    at: &[Seq],
) -> Result<BTreeMap<Seq, DeliveryId>> {
    let lane = conversation.to_string();
    let rows = at.iter().map(|at| vec![Value::from(&lane), super::place(*at).into()]).collect();
    let before = "SELECT o.position, o.id FROM (";
    let after = ") AS v JOIN outbox o ON o.lane = v.column1 AND o.position = v.column2 AND o.body IS NULL";
    let rows: Vec<(i64, String)> = Rows { before, rows, after }.fetch_all(conn).await?;
    rows.into_iter().map(|(at, id)| Ok((seq(at), parse("delivery id", &id)?))).collect()
}

/// Puts a stuck delivery back on its way, due at once and with all its attempts; false when it is not stuck any more.
pub async fn redrive(conn: &mut Conn, id: DeliveryId, was: State, now: Timestamp) -> Result<bool> {
    conn.frees_deliveries();
    let done = sql::query(
        "UPDATE outbox SET state = 'pending', attempts = 0, due_at = $3, error = NULL WHERE id = $1 AND state = $2 \
         AND state IN ('failed', 'uncertain')",
    )
    .bind(id.to_string())
    .bind(word(&was))
    .bind(now.millis())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Gives a stuck delivery up for good; false when it is not stuck any more.
pub async fn drop(conn: &mut Conn, id: DeliveryId, why: &str) -> Result<bool> {
    let done = sql::query(
        "UPDATE outbox SET state = 'dropped', error = $2 WHERE id = $1 AND state IN ('failed', 'uncertain')",
    )
    .bind(id.to_string())
    .bind(why)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Notes that something the channel had taken did not arrive after all.
pub async fn bounced(conn: &mut Conn, id: DeliveryId, why: &str) -> Result<()> {
    sql::query("UPDATE outbox SET state = 'failed', error = $2 WHERE id = $1 AND state IN ('sent', 'uncertain')")
        .bind(id.to_string())
        .bind(why)
        .execute(conn)
        .await?;
    Ok(())
}

/// How many deliveries of a target are in which state; only those that are not over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// On their way.
    pub pending: i64,
    /// Given up or refused.
    pub failed: i64,
    /// Perhaps delivered.
    pub uncertain: i64,
}

/// What is not over, by target.
pub async fn tallies(conn: &mut Conn) -> Result<BTreeMap<Target, Tally>> {
    let rows: Vec<(String, String, i64)> = sql::query_as(
        "SELECT target, 'pending', COUNT(*) FROM outbox WHERE state = 'pending' GROUP BY target UNION ALL \
         SELECT target, 'pending', COUNT(*) FROM outbox WHERE state = 'sending' GROUP BY target UNION ALL \
         SELECT target, state, COUNT(*) FROM outbox WHERE state IN ('failed', 'uncertain') GROUP BY target, state",
    )
    .fetch_all(conn)
    .await?;
    let mut tallies: BTreeMap<Target, Tally> = BTreeMap::new();
    for (target, state, count) in rows {
        let tally = tallies.entry(parse("target", &target)?).or_default();
        match from_word("delivery state", &state)? {
            State::Failed => tally.failed += count,
            State::Uncertain => tally.uncertain += count,
            State::Pending | State::Sending | State::Sent | State::Dropped => tally.pending += count,
        }
    }
    Ok(tallies)
}

#[derive(sqlx::FromRow)]
struct ShownRow {
    id: String,
    state: String,
    target: String,
    inbox_name: Option<String>,
    conversation_id: Option<String>,
    number: Option<i64>,
    entry_seq: Option<i64>,
    entry: Option<String>,
    event: Option<String>,
    attempts: i64,
    error: Option<String>,
    due_at: i64,
    created_at: i64,
}

/// What is shown of a stored message.
#[derive(Deserialize)]
struct Words {
    text: String,
}

/// What is shown of a stored event.
#[derive(Deserialize)]
struct EventName {
    r#type: String,
}

impl TryFrom<ShownRow> for Shown {
    type Error = super::Error;

    fn try_from(row: ShownRow) -> Result<Self> {
        let words = match (&row.entry, &row.event) {
            (Some(entry), _) => from_json::<Words>("message", entry)?.text,
            (None, Some(event)) => from_json::<EventName>("event", event)?.r#type,
            (None, None) => String::new(),
        };
        let conversation = match (&row.conversation_id, row.number) {
            (Some(id), Some(number)) => Some((parse("conversation id", id)?, number)),
            (Some(_) | None, None) | (None, Some(_)) => None,
        };
        let state = from_word("delivery state", &row.state)?;
        Ok(Self {
            id: parse("delivery id", &row.id)?,
            state,
            target: parse("target", &row.target)?,
            inbox_name: row.inbox_name,
            conversation,
            seq: row.entry_seq.map(seq),
            preview: words.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(PREVIEW_CHARS).collect(),
            attempts: row.attempts,
            error: row.error,
            due_at: (state == State::Pending).then(|| Timestamp::from_millis(row.due_at)),
            created_at: Timestamp::from_millis(row.created_at),
        })
    }
}
