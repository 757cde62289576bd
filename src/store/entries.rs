//! Entries: the messages, notes and log lines of a conversation, in order.

use std::collections::HashMap;

use switchboard_contract::{
    ChoiceId, Content, ConversationId, DeliveryState, ExternalId, InboxId, MessageId, PublicAuthor, ReceiptMark, Seq,
    ThreadEntry, Timestamp,
};
use switchboard_engine::{HandoffBrief, LogEntry};

use super::sql::{self, Rows};
use super::{Conn, Result, from_json, from_word, parse, place, seq, stale_or_worse, to_json, word};

/// Who wrote an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Author {
    /// The contact.
    Contact,
    /// The bot.
    Bot,
    /// An agent: id and name at the time.
    Agent(String, String),
    /// The desk itself.
    System,
}

impl Author {
    /// The word the author is stored and shown as.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Bot => "bot",
            Self::Agent(..) => "agent",
            Self::System => "system",
        }
    }

    /// The author as a contact may know them.
    pub fn public(&self) -> PublicAuthor {
        match self {
            Self::Contact => PublicAuthor::Contact,
            Self::Bot => PublicAuthor::Bot,
            Self::Agent(_, name) => PublicAuthor::Agent { name: name.clone() },
            Self::System => PublicAuthor::System,
        }
    }
}

/// What an entry holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// A message, seen by the contact. With the option that was pressed, if it was a press.
    Message(Content, Option<ChoiceId>),
    /// A note, seen by agents only.
    Note(String),
    /// Something explained, seen by agents only.
    Log(LogEntry),
}

/// One entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its place.
    pub seq: Seq,
    /// Its id.
    pub id: MessageId,
    /// Who wrote it.
    pub author: Author,
    /// What it holds.
    pub body: Body,
    /// For a contact's message: the channel's id.
    pub external_id: Option<ExternalId>,
    /// When it was committed.
    pub at: Timestamp,
    /// For our messages: how far the delivery has come.
    pub delivery: Option<DeliveryState>,
    /// What went wrong with the delivery.
    pub delivery_error: Option<String>,
}

impl Entry {
    /// The entry as its contact may see it; none for what only agents see.
    pub fn public(self) -> Option<ThreadEntry> {
        let Body::Message(content, _) = self.body else { return None };
        Some(ThreadEntry {
            seq: self.seq,
            message: self.id,
            at: self.at,
            author: self.author.public(),
            content,
            external_id: self.external_id,
        })
    }
}

#[derive(serde::Serialize)]
struct StoredMessageRef<'a> {
    #[serde(flatten)]
    content: &'a Content,
    #[serde(skip_serializing_if = "Option::is_none")]
    chosen: Option<&'a ChoiceId>,
}

#[derive(serde::Deserialize)]
struct StoredMessage {
    #[serde(flatten)]
    content: Content,
    #[serde(default)]
    chosen: Option<ChoiceId>,
}

/// Adds entries.
///
/// # Errors
/// [`Error::Stale`](super::Error::Stale) when a place is taken: somebody else wrote the conversation since it was read.
pub async fn insert_all(conn: &mut Conn, entries: &[(ConversationId, Entry)]) -> Result<()> {
    let mut rows = Vec::with_capacity(entries.len());
    for (conversation, entry) in entries {
        let (kind, body) = match &entry.body {
            Body::Message(content, chosen) => {
                ("message", to_json("message", &StoredMessageRef { content, chosen: chosen.as_ref() })?)
            }
            Body::Note(text) => ("note", to_json("note", text)?),
            Body::Log(log) => ("log", to_json("log entry", log)?),
        };
        let (author_id, author_name) = match &entry.author {
            Author::Agent(id, name) => (Some(id.as_str()), Some(name.as_str())),
            Author::Contact | Author::Bot | Author::System => (None, None),
        };
        rows.push(vec![
            conversation.to_string().into(),
            place(entry.seq).into(),
            entry.id.to_string().into(),
            kind.into(),
            entry.author.kind().into(),
            author_id.into(),
            author_name.into(),
            body.into(),
            entry.external_id.as_ref().map(|id| id.0.as_str()).into(),
            entry.at.millis().into(),
            entry.delivery.map(|state| word(&state)).into(),
        ]);
    }
    let before = "INSERT INTO entries (conversation_id, seq, id, kind, author, author_id, author_name, body, external_id, at, delivery)";
    Rows { before, rows, after: "" }.execute(conn).await.map_err(stale_or_worse)?;
    Ok(())
}

/// Which run of entries is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// The first ones after this place.
    After(Seq),
    /// The last ones before this place.
    Before(Seq),
}

/// Reads a run of entries, in order. `messages_only` leaves out what a contact may not see.
pub async fn read(
    conn: &mut Conn,
    conversation: ConversationId,
    range: Range,
    messages_only: bool,
    limit: u32,
) -> Result<Vec<Entry>> {
    let (query, from) = match range {
        Range::After(after) => (
            sql::query_as::<EntryRow>(
                "SELECT seq, id, kind, author, author_id, author_name, body, external_id, at, delivery, delivery_error \
                 FROM entries WHERE conversation_id = $1 AND seq > $2 AND (kind = 'message' OR NOT $3) \
                 ORDER BY seq LIMIT $4",
            ),
            after,
        ),
        Range::Before(before) => (
            sql::query_as::<EntryRow>(
                "SELECT seq, id, kind, author, author_id, author_name, body, external_id, at, delivery, delivery_error \
                 FROM entries WHERE conversation_id = $1 AND seq < $2 AND (kind = 'message' OR NOT $3) \
                 ORDER BY seq DESC LIMIT $4",
            ),
            before,
        ),
    };
    let rows =
        query.bind(conversation.to_string()).bind(place(from)).bind(messages_only).bind(limit).fetch_all(conn).await?;
    let mut entries = rows.into_iter().map(Entry::try_from).collect::<Result<Vec<_>>>()?;
    entries.sort_by_key(|entry| entry.seq);
    Ok(entries)
}

/// Reads one entry.
pub async fn get(conn: &mut Conn, conversation: ConversationId, at: Seq) -> Result<Option<Entry>> {
    let row: Option<EntryRow> = sql::query_as(
        "SELECT seq, id, kind, author, author_id, author_name, body, external_id, at, delivery, delivery_error \
         FROM entries WHERE conversation_id = $1 AND seq = $2",
    )
    .bind(conversation.to_string())
    .bind(place(at))
    .fetch_optional(conn)
    .await?;
    row.map(Entry::try_from).transpose()
}

/// Reads entries by their ids, in one statement. One that can't be read costs only itself.
pub async fn by_ids(conn: &mut Conn, ids: &[String]) -> Result<HashMap<String, Result<Entry>>> {
    let before = "SELECT seq, id, kind, author, author_id, author_name, body, external_id, at, delivery, delivery_error \
                  FROM entries WHERE id IN (";
    let rows = ids.iter().map(|id| vec![id.into()]).collect();
    let rows: Vec<EntryRow> = Rows { before, rows, after: ")" }.fetch_all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), Entry::try_from(row))).collect())
}

/// The place of the last message that somebody other than this agent wrote and a reply should have seen: the contact's or
/// another agent's.
pub async fn last_foreign(conn: &mut Conn, conversation: ConversationId, agent: &str) -> Result<Seq> {
    let last: Option<i64> = sql::query_scalar(
        "SELECT MAX(seq) FROM entries WHERE conversation_id = $1 AND kind = 'message' \
         AND (author = 'contact' OR (author = 'agent' AND author_id <> $2))",
    )
    .bind(conversation.to_string())
    .bind(agent)
    .fetch_one(conn)
    .await?;
    Ok(seq(last.unwrap_or(0)))
}

/// How far the delivery of one entry has come, with the words beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The conversation.
    pub conversation: ConversationId,
    /// The entry's place in it.
    pub at: Seq,
    /// How far.
    pub state: DeliveryState,
    /// What went wrong.
    pub error: Option<String>,
}

/// Notes how deliveries went, in one statement. A state that is further along is not set back.
pub async fn set_deliveries(conn: &mut Conn, all: &[Progress]) -> Result<()> {
    let rows = all.iter().map(|progress| {
        vec![
            progress.conversation.to_string().into(),
            place(progress.at).into(),
            word(&progress.state).into(),
            progress.error.as_ref().into(),
        ]
    });
    let after = ") AS v WHERE entries.conversation_id = v.column1 AND entries.seq = v.column2 \
                 AND entries.delivery IN ('pending', 'uncertain', 'failed')";
    let before = "UPDATE entries SET delivery = v.column3, delivery_error = v.column4 FROM (";
    Rows { before, rows: rows.collect(), after }.execute(conn).await?;
    Ok(())
}

/// Notes what a channel reported of a message it had taken. Seen stays seen.
pub async fn set_reported(conn: &mut Conn, progress: &Progress) -> Result<()> {
    sql::query(
        "UPDATE entries SET delivery = $3, delivery_error = $4 WHERE conversation_id = $1 AND seq = $2 \
         AND delivery IN ('pending', 'uncertain', 'sent', 'delivered', 'failed')",
    )
    .bind(progress.conversation.to_string())
    .bind(place(progress.at))
    .bind(word(&progress.state))
    .bind(&progress.error)
    .execute(conn)
    .await?;
    Ok(())
}

/// Up to where a contact's side has our messages of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Through {
    /// The conversation.
    pub conversation: ConversationId,
    /// The inbox that says so; one that the conversation does not belong to says nothing.
    pub inbox: InboxId,
    /// The place.
    pub seq: Seq,
}

/// Notes that our messages arrived or were seen, in one statement; returns the conversations that was news for, which may be named
/// more than once.
pub async fn set_receipts(conn: &mut Conn, all: &[Through], mark: ReceiptMark) -> Result<Vec<ConversationId>> {
    let rows = all.iter().map(|through| {
        vec![through.conversation.to_string().into(), place(through.seq).into(), through.inbox.to_string().into()]
    });
    let (before, states) = match mark {
        ReceiptMark::Delivered => {
            ("UPDATE entries SET delivery = 'delivered' FROM (", "('pending', 'uncertain', 'sent')")
        }
        ReceiptMark::Seen => {
            ("UPDATE entries SET delivery = 'seen' FROM (", "('pending', 'uncertain', 'sent', 'delivered')")
        }
    };
    let after = format!(
        ") AS v WHERE entries.conversation_id = v.column1 AND entries.seq <= v.column2 AND entries.delivery IN {states} \
         AND EXISTS (SELECT 1 FROM conversations c WHERE c.id = v.column1 AND c.inbox_id = v.column3) \
         RETURNING entries.conversation_id"
    );
    let changed: Vec<(String,)> = Rows { before, rows: rows.collect(), after: &after }.fetch_all(conn).await?;
    changed.iter().map(|(id,)| parse("conversation id", id)).collect()
}

/// Adds a brief.
pub async fn add_brief(conn: &mut Conn, conversation: ConversationId, at: Seq, brief: &HandoffBrief) -> Result<()> {
    sql::query("INSERT INTO briefs (conversation_id, seq, body) VALUES ($1, $2, $3)")
        .bind(conversation.to_string())
        .bind(place(at))
        .bind(to_json("brief", brief)?)
        .execute(conn)
        .await?;
    Ok(())
}

/// The latest brief.
pub async fn brief(conn: &mut Conn, conversation: ConversationId) -> Result<Option<HandoffBrief>> {
    let body: Option<String> =
        sql::query_scalar("SELECT body FROM briefs WHERE conversation_id = $1 ORDER BY seq DESC LIMIT 1")
            .bind(conversation.to_string())
            .fetch_optional(conn)
            .await?;
    body.map(|body| from_json("brief", &body)).transpose()
}

#[derive(sqlx::FromRow)]
struct EntryRow {
    seq: i64,
    id: String,
    kind: String,
    author: String,
    author_id: Option<String>,
    author_name: Option<String>,
    body: String,
    external_id: Option<String>,
    at: i64,
    delivery: Option<String>,
    delivery_error: Option<String>,
}

impl TryFrom<EntryRow> for Entry {
    type Error = super::Error;

    fn try_from(row: EntryRow) -> Result<Self> {
        let body = match row.kind.as_str() {
            "note" => Body::Note(from_json("note", &row.body)?),
            "log" => Body::Log(from_json("log entry", &row.body)?),
            _ => {
                let StoredMessage { content, chosen } = from_json("message", &row.body)?;
                Body::Message(content, chosen)
            }
        };
        let author = match row.author.as_str() {
            "contact" => Author::Contact,
            "bot" => Author::Bot,
            "agent" => Author::Agent(row.author_id.unwrap_or_default(), row.author_name.unwrap_or_default()),
            _ => Author::System,
        };
        Ok(Self {
            seq: seq(row.seq),
            id: parse("entry id", &row.id)?,
            author,
            body,
            external_id: row.external_id.map(ExternalId),
            at: Timestamp::from_millis(row.at),
            delivery: row.delivery.map(|state| from_word("delivery state", &state)).transpose()?,
            delivery_error: row.delivery_error,
        })
    }
}
