//! Conversations: the engine's state, guarded by a version, and the columns that lists need.

use switchboard_contract::{AgentId, ContactId, ConversationId, IdentityId, InboxId, Seq, ThreadKey, Timestamp};
use switchboard_engine::{Conversation, Handler};

use super::sql::{self, Rows};
use super::{Conn, Error, Result, from_json, parse, place, seq, stale_or_worse, to_json, word};

/// A conversation as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The engine's state.
    pub state: Conversation,
    /// A short number for people, counted from 1.
    pub number: i64,
    /// Where it takes place.
    pub inbox: InboxId,
    /// With whom.
    pub contact: ContactId,
    /// At which of their addresses.
    pub identity: IdentityId,
    /// The channel's grouping.
    pub thread: ThreadKey,
    /// Counts the writes; a write against an older version is refused.
    pub version: i64,
    /// The last place.
    pub seq: Seq,
    /// The place of the contact's last message.
    pub contact_seq: Seq,
    /// The beginning of the last message.
    pub preview: String,
    /// Who wrote the last message: `contact`, `bot`, `agent` or `system`.
    pub preview_author: String,
    /// When the last message was written.
    pub last_message_at: Timestamp,
}

/// Reads one conversation.
pub async fn get(conn: &mut Conn, id: ConversationId) -> Result<Option<Record>> {
    let row: Option<RecordRow> = sql::query_as(
        "SELECT number, inbox_id, contact_id, identity_id, thread, version, seq, state, contact_seq, preview, preview_author, \
         last_message_at FROM conversations WHERE id = $1",
    )
    .bind(id.to_string())
    .fetch_optional(conn)
    .await?;
    row.map(Record::try_from).transpose()
}

/// Keeps everybody else from writing the conversations of a thread until this transaction ends. SQLite's one writer needs no such
/// thing.
pub async fn hold(conn: &mut Conn, inbox: InboxId, thread: &ThreadKey) -> Result<()> {
    if conn.is_postgres() {
        sql::query("SELECT id FROM conversations WHERE inbox_id = $1 AND thread = $2 ORDER BY number FOR UPDATE")
            .bind(inbox.to_string())
            .bind(&thread.0)
            .execute(conn)
            .await
            .map_err(stale_or_worse)?;
    }
    Ok(())
}

/// Reads the newest conversation of a thread.
pub async fn latest(conn: &mut Conn, inbox: InboxId, thread: &ThreadKey) -> Result<Option<Record>> {
    let row: Option<RecordRow> = sql::query_as(
        "SELECT number, inbox_id, contact_id, identity_id, thread, version, seq, state, contact_seq, preview, preview_author, \
         last_message_at FROM conversations WHERE inbox_id = $1 AND thread = $2 ORDER BY number DESC LIMIT 1",
    )
    .bind(inbox.to_string())
    .bind(&thread.0)
    .fetch_optional(conn)
    .await?;
    row.map(Record::try_from).transpose()
}

/// Reads the newest conversation of each thread.
pub async fn latest_of(
    conn: &mut Conn,
    wanted: impl Iterator<Item = (InboxId, &ThreadKey)>,
) -> Result<Vec<((InboxId, ThreadKey), Result<Record>)>> {
    let rows = wanted.map(|(inbox, thread)| vec![inbox.to_string().into(), (&thread.0).into()]).collect();
    let before = "SELECT c.number, c.inbox_id, c.contact_id, c.identity_id, c.thread, c.version, c.seq, c.state, c.contact_seq, \
                  c.preview, c.preview_author, c.last_message_at FROM (";
    let after = ") AS v CROSS JOIN conversations c WHERE c.number = (SELECT MAX(n.number) FROM conversations n \
                 WHERE n.inbox_id = v.column1 AND n.thread = v.column2)";
    let found: Vec<RecordRow> = Rows { before, rows, after }.fetch_all(conn).await?;
    found
        .into_iter()
        .map(|row| Ok(((parse("inbox id", &row.inbox_id)?, ThreadKey(row.thread.clone())), row.try_into())))
        .collect()
}

/// Numbers for conversations that begin, in order. Numbers that are not used are lost on PostgreSQL, where several may ask at once.
pub async fn next_numbers(conn: &mut Conn, count: usize) -> Result<Vec<i64>> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    if conn.is_postgres() {
        let text = "SELECT nextval('conversation_numbers') FROM generate_series(1, $1)";
        return Ok(sql::query_scalar(text).bind(count).fetch_all(conn).await?);
    }
    let last: i64 = sql::query_scalar("SELECT COALESCE(MAX(number), 0) FROM conversations").fetch_one(conn).await?;
    Ok((last + 1..=last + count).collect())
}

/// Adds conversations, each with version 1.
pub async fn insert_all(conn: &mut Conn, records: &[Record]) -> Result<()> {
    let mut rows = Vec::with_capacity(records.len());
    for record in records {
        let columns = Columns::of(&record.state);
        rows.push(vec![
            record.state.id.to_string().into(),
            record.number.into(),
            record.inbox.to_string().into(),
            record.contact.to_string().into(),
            record.identity.to_string().into(),
            (&record.thread.0).into(),
            word(&record.state.status).into(),
            columns.handler.into(),
            columns.team.into(),
            columns.agent.into(),
            word(&record.state.priority).into(),
            (&record.state.language).into(),
            1_i64.into(),
            place(record.seq).into(),
            to_json("conversation", &record.state)?.into(),
            columns.waiting_since.into(),
            place(record.contact_seq).into(),
            (&record.preview).into(),
            (&record.preview_author).into(),
            record.last_message_at.millis().into(),
            record.state.created_at.millis().into(),
        ]);
    }
    let before = "INSERT INTO conversations (id, number, inbox_id, contact_id, identity_id, thread, status, handler, team, \
                  agent_id, priority, language, version, seq, state, waiting_since, contact_seq, preview, preview_author, \
                  last_message_at, created_at)";
    Rows { before, rows, after: "" }.execute(conn).await.map_err(stale_or_worse)?;
    Ok(())
}

/// Writes conversations that were read at `record.version`; the stored version is one more afterwards.
///
/// # Errors
/// [`Error::Stale`] when somebody else wrote one of them since: the caller undoes what was written.
pub async fn update_all(conn: &mut Conn, records: &[Record]) -> Result<()> {
    let mut rows = Vec::with_capacity(records.len());
    for record in records {
        let columns = Columns::of(&record.state);
        rows.push(vec![
            record.state.id.to_string().into(),
            record.version.into(),
            word(&record.state.status).into(),
            columns.handler.into(),
            columns.team.into(),
            columns.agent.into(),
            word(&record.state.priority).into(),
            (&record.state.language).into(),
            place(record.seq).into(),
            to_json("conversation", &record.state)?.into(),
            columns.waiting_since.into(),
            place(record.contact_seq).into(),
            (&record.preview).into(),
            (&record.preview_author).into(),
            record.last_message_at.millis().into(),
        ]);
    }
    let before = "UPDATE conversations SET status = v.column3, handler = v.column4, team = v.column5, agent_id = v.column6, \
                  priority = v.column7, language = v.column8, version = conversations.version + 1, seq = v.column9, \
                  state = v.column10, waiting_since = v.column11, contact_seq = v.column12, preview = v.column13, \
                  preview_author = v.column14, last_message_at = v.column15 FROM (";
    let after = ") AS v WHERE conversations.id = v.column1 AND conversations.version = v.column2";
    let changed = Rows { before, rows, after }.execute(conn).await.map_err(stale_or_worse)?;
    if usize::try_from(changed) == Ok(records.len()) { Ok(()) } else { Err(Error::Stale) }
}

/// How many conversations wait in a team's queue before the one of this number, which has waited since `since`.
pub async fn waiting_before(conn: &mut Conn, team: &str, since: Timestamp, number: i64) -> Result<u32> {
    let count: i64 = sql::query_scalar(
        "SELECT COUNT(*) FROM conversations WHERE handler = 'queue' AND team = $1 \
         AND (waiting_since, number) < ($2, $3)",
    )
    .bind(team)
    .bind(since.millis())
    .bind(number)
    .fetch_one(conn)
    .await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// How many conversations wait in each team's queue.
pub async fn queues(conn: &mut Conn) -> Result<std::collections::BTreeMap<String, u32>> {
    let rows: Vec<(String, i64)> = sql::query_as(
        "SELECT team, COUNT(*) FROM conversations WHERE handler = 'queue' AND team IS NOT NULL GROUP BY team",
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|(team, count)| (team, u32::try_from(count).unwrap_or(u32::MAX))).collect())
}

/// The threads of one inbox that wait in a queue: they are told when their place changes.
pub async fn waiting_threads(conn: &mut Conn, inbox: InboxId, most: u32) -> Result<Vec<ThreadKey>> {
    let rows: Vec<String> = sql::query_scalar(
        "SELECT thread FROM conversations WHERE handler = 'queue' AND inbox_id = $1 ORDER BY waiting_since LIMIT $2",
    )
    .bind(inbox.to_string())
    .bind(most)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(ThreadKey).collect())
}

/// Which conversations a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// In a queue, the longest waiting first.
    Waiting,
    /// Held by this agent and not solved.
    Mine(AgentId),
    /// Everything that is not solved.
    Open,
    /// Solved.
    Resolved,
}

/// A row of a list.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ListRow {
    /// The conversation's id.
    pub id: String,
    /// Its number.
    pub number: i64,
    /// The inbox's id.
    pub inbox_id: String,
    /// The inbox's name.
    pub inbox_name: String,
    /// The inbox's kind.
    pub inbox_kind: String,
    /// The contact's id.
    pub contact_id: String,
    /// The contact's name.
    pub contact_name: Option<String>,
    /// The contact's address, if they gave one.
    pub contact_email: Option<String>,
    /// `open`, `waiting` or `resolved`.
    pub status: String,
    /// `bot`, `queue` or `agent`.
    pub handler: String,
    /// The team of the queue.
    pub team: Option<String>,
    /// Who holds it.
    pub agent_id: Option<String>,
    /// Their name.
    pub agent_name: Option<String>,
    /// `low` … `urgent`.
    pub priority: String,
    /// The language.
    pub language: String,
    /// The version.
    pub version: i64,
    /// The last place.
    pub seq: i64,
    /// The beginning of the last message.
    pub preview: String,
    /// Who wrote it.
    pub preview_author: String,
    /// When.
    pub last_message_at: i64,
    /// Waiting since.
    pub waiting_since: Option<i64>,
    /// Began.
    pub created_at: i64,
    /// The last place this agent has read.
    pub read_seq: i64,
    /// The place of the last message of the contact.
    pub contact_seq: i64,
}

macro_rules! list_sql {
    ($rest:literal) => {
        concat!(
            "SELECT v.id, v.number, v.inbox_id, x.name AS inbox_name, x.kind AS inbox_kind, v.contact_id, ",
            "c.name AS contact_name, c.email AS contact_email, v.status, v.handler, v.team, v.agent_id, ",
            "a.name AS agent_name, v.priority, v.language, v.version, v.seq, v.preview, v.preview_author, ",
            "v.last_message_at, v.waiting_since, v.created_at, COALESCE(r.seq, 0) AS read_seq, ",
            "v.contact_seq ",
            "FROM conversations v JOIN inboxes x ON x.id = v.inbox_id JOIN contacts c ON c.id = v.contact_id ",
            "LEFT JOIN agents a ON a.id = v.agent_id LEFT JOIN reads r ON r.conversation_id = v.id AND r.agent_id = $1 ",
            $rest
        )
    };
}

/// One page of a list for an agent: after a row's sort key and number, at most `limit` rows.
pub async fn list(
    conn: &mut Conn,
    agent: AgentId,
    view: View,
    after: Option<(i64, i64)>,
    limit: u32,
) -> Result<Vec<ListRow>> {
    let query = match view {
        View::Waiting => sql::query_as(list_sql!(
            "WHERE v.handler = 'queue' AND (v.waiting_since, v.number) > ($2, $3) \
             ORDER BY v.waiting_since, v.number LIMIT $4"
        )),
        View::Mine(_) => sql::query_as(list_sql!(
            "WHERE v.agent_id = $1 AND v.status <> 'resolved' \
             AND (v.last_message_at, v.number) < ($2, $3) \
             ORDER BY v.last_message_at DESC, v.number DESC LIMIT $4"
        )),
        View::Open => sql::query_as(list_sql!(
            "WHERE v.status <> 'resolved' AND (v.last_message_at, v.number) < ($2, $3) \
             ORDER BY v.last_message_at DESC, v.number DESC LIMIT $4"
        )),
        View::Resolved => sql::query_as(list_sql!(
            "WHERE v.status = 'resolved' AND (v.last_message_at, v.number) < ($2, $3) \
             ORDER BY v.last_message_at DESC, v.number DESC LIMIT $4"
        )),
    };
    let start = match view {
        View::Waiting => (i64::MIN, i64::MIN),
        View::Mine(_) | View::Open | View::Resolved => (i64::MAX, i64::MAX),
    };
    let (key, number) = after.unwrap_or(start);
    Ok(query.bind(agent.to_string()).bind(key).bind(number).bind(limit).fetch_all(conn).await?)
}

/// One conversation as a list would show it to an agent.
pub async fn list_row(conn: &mut Conn, agent: AgentId, id: ConversationId) -> Result<Option<ListRow>> {
    let query = sql::query_as(list_sql!("WHERE v.id = $2"));
    Ok(query.bind(agent.to_string()).bind(id.to_string()).fetch_optional(conn).await?)
}

/// How many conversations each list holds: waiting, mine, open.
pub async fn counts(conn: &mut Conn, agent: AgentId) -> Result<(i64, i64, i64)> {
    Ok(sql::query_as(
        "SELECT (SELECT COUNT(*) FROM conversations WHERE handler = 'queue'), \
         (SELECT COUNT(*) FROM conversations WHERE agent_id = $1 AND status <> 'resolved'), \
         (SELECT COUNT(*) FROM conversations WHERE status <> 'resolved')",
    )
    .bind(agent.to_string())
    .fetch_one(conn)
    .await?)
}

/// An earlier conversation of the same contact.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Earlier {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: i64,
    /// Where it stands.
    pub status: String,
    /// When it began.
    pub created_at: i64,
    /// The beginning of its last message.
    pub preview: String,
}

/// The contact's other conversations before this one, newest first.
pub async fn earlier(conn: &mut Conn, contact: ContactId, before_number: i64, most: u32) -> Result<Vec<Earlier>> {
    Ok(sql::query_as(
        "SELECT id, number, status, created_at, preview FROM conversations WHERE contact_id = $1 AND number < $2 \
         ORDER BY number DESC LIMIT $3",
    )
    .bind(contact.to_string())
    .bind(before_number)
    .bind(most)
    .fetch_all(conn)
    .await?)
}

/// The conversations an agent holds that are not solved, by id.
pub async fn held_by(conn: &mut Conn, agent: AgentId) -> Result<Vec<ConversationId>> {
    let rows: Vec<String> =
        sql::query_scalar("SELECT id FROM conversations WHERE agent_id = $1 AND status <> 'resolved' ORDER BY number")
            .bind(agent.to_string())
            .fetch_all(conn)
            .await?;
    rows.iter().map(|id| parse("conversation id", id)).collect()
}

/// How far an agent has read.
pub async fn read_through(conn: &mut Conn, agent: AgentId, id: ConversationId) -> Result<Seq> {
    let read: Option<i64> = sql::query_scalar("SELECT seq FROM reads WHERE agent_id = $1 AND conversation_id = $2")
        .bind(agent.to_string())
        .bind(id.to_string())
        .fetch_optional(conn)
        .await?;
    Ok(seq(read.unwrap_or(0)))
}

/// Notes how far an agent has read.
pub async fn mark_read(conn: &mut Conn, agent: AgentId, id: ConversationId, through: Seq) -> Result<()> {
    sql::query(
        "INSERT INTO reads (agent_id, conversation_id, seq) VALUES ($1, $2, $3) \
         ON CONFLICT (agent_id, conversation_id) DO UPDATE SET \
         seq = CASE WHEN excluded.seq > reads.seq THEN excluded.seq ELSE reads.seq END",
    )
    .bind(agent.to_string())
    .bind(id.to_string())
    .bind(place(through))
    .execute(conn)
    .await?;
    Ok(())
}

/// What lists and lookups need of a state.
struct Columns {
    handler: &'static str,
    team: Option<String>,
    agent: Option<String>,
    waiting_since: Option<i64>,
}

impl Columns {
    fn of(state: &Conversation) -> Self {
        match &state.handler {
            Handler::Bot => Self { handler: "bot", team: None, agent: None, waiting_since: None },
            Handler::Queue { team, since } => {
                Self { handler: "queue", team: Some(team.clone()), agent: None, waiting_since: Some(since.millis()) }
            }
            Handler::Agent { agent, team } => {
                Self { handler: "agent", team: team.clone(), agent: Some(agent.id.to_string()), waiting_since: None }
            }
        }
    }
}

#[derive(sqlx::FromRow)]
struct RecordRow {
    number: i64,
    inbox_id: String,
    contact_id: String,
    identity_id: String,
    thread: String,
    version: i64,
    seq: i64,
    state: String,
    contact_seq: i64,
    preview: String,
    preview_author: String,
    last_message_at: i64,
}

impl TryFrom<RecordRow> for Record {
    type Error = Error;

    fn try_from(row: RecordRow) -> Result<Self> {
        Ok(Self {
            state: from_json("conversation", &row.state)?,
            number: row.number,
            inbox: parse("inbox id", &row.inbox_id)?,
            contact: parse("contact id", &row.contact_id)?,
            identity: parse("identity id", &row.identity_id)?,
            thread: ThreadKey(row.thread),
            version: row.version,
            seq: seq(row.seq),
            contact_seq: seq(row.contact_seq),
            preview: row.preview,
            preview_author: row.preview_author,
            last_message_at: Timestamp::from_millis(row.last_message_at),
        })
    }
}
