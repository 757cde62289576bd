//! The outbox: deliveries in lanes. A lane's deliveries go out in order; only its head may be claimed.
//!
//! A message's lane is its conversation; an event's lane belongs to one webhook and one conversation, so that nobody waits for
//! a webhook. Where a state is named in a query as the index on it names it, that index is used: only what is open is read.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use switchboard_contract::{
    Content, ConversationId, Delivery, DeliveryId, IdError, InboxId, MessageId, Receipt, Seq, ThreadKey, Timestamp,
};

use super::entries::{self, Body};
use super::sql::{self, Rows, Value};
use super::{Conn, Error, Result, parse, place, seq, to_json};

/// How the target of a webhook begins.
const WEBHOOK: &str = "webhook:";

/// Where a delivery leaves by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// An inbox, to a contact.
    Inbox(InboxId),
    /// A webhook of that name.
    Webhook(String),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inbox(id) => id.fmt(f),
            Self::Webhook(name) => write!(f, "{WEBHOOK}{name}"),
        }
    }
}

impl FromStr for Target {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text.strip_prefix(WEBHOOK) {
            Some(name) => Ok(Self::Webhook(name.to_owned())),
            None => text.parse().map(Self::Inbox),
        }
    }
}

/// The delivery of a message, to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The delivery.
    pub id: DeliveryId,
    /// The lane.
    pub conversation: ConversationId,
    /// The entry it carries.
    pub entry: MessageId,
    /// That entry's place, and the delivery's place in its lane.
    pub seq: Seq,
    /// The inbox it leaves by.
    pub inbox: InboxId,
    /// Where it goes.
    pub thread: ThreadKey,
}

/// Adds deliveries, due at once.
pub async fn insert_all(conn: &mut Conn, rows: &[Row], now: Timestamp) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    conn.frees_deliveries();
    let rows = rows.iter().map(|row| {
        let conversation = row.conversation.to_string();
        vec![
            Value::from(row.id.to_string()),
            conversation.clone().into(),
            place(row.seq).into(),
            row.inbox.to_string().into(),
            conversation.into(),
            row.entry.to_string().into(),
            place(row.seq).into(),
            (&row.thread.0).into(),
            "pending".into(),
            0_i64.into(),
            now.millis().into(),
            now.millis().into(),
        ]
    });
    let before = "INSERT INTO outbox (id, lane, position, target, conversation_id, entry_id, entry_seq, thread, state, attempts, \
                  due_at, created_at)";
    Rows { before, rows: rows.collect(), after: "" }.execute(conn).await?;
    Ok(())
}

/// An event for a webhook, to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The delivery, and the event's id on the other side.
    pub id: DeliveryId,
    /// The webhook's name.
    pub webhook: String,
    /// The conversation it tells of.
    pub conversation: ConversationId,
    /// The body that is posted.
    pub body: String,
}

/// Adds events, due at once, each at the end of the lane of its webhook and conversation.
pub async fn insert_events(conn: &mut Conn, events: &[Event], now: Timestamp) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    conn.frees_deliveries();
    let rows = events.iter().zip(1_i64..).map(|(event, at)| {
        vec![
            Value::from(event.id.to_string()),
            format!("{} {}", event.webhook, event.conversation).into(),
            at.into(),
            Target::Webhook(event.webhook.clone()).to_string().into(),
            event.conversation.to_string().into(),
            (&event.body).into(),
            now.millis().into(),
        ]
    });
    let before = "INSERT INTO outbox (id, lane, position, target, conversation_id, body, state, attempts, due_at, created_at) \
                  SELECT v.column1, v.column2, v.column3 + COALESCE((SELECT MAX(o.position) FROM outbox o \
                  WHERE o.lane = v.column2 AND o.body IS NOT NULL), 0), v.column4, v.column5, v.column6, 'pending', 0, \
                  v.column7, v.column7 FROM (";
    Rows { before, rows: rows.collect(), after: ") AS v" }.execute(conn).await?;
    Ok(())
}

/// The head of a lane, due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The delivery.
    pub id: DeliveryId,
    /// What its pace is counted by: the thread, or the lane where there is none.
    pub thread: String,
}

/// The due heads of the lanes that leave by a target, those due longest first.
pub async fn heads(conn: &mut Conn, target: &Target, now: Timestamp, most: usize) -> Result<Vec<Head>> {
    let rows: Vec<(String, String)> = sql::query_as(
        "SELECT o.id, COALESCE(o.thread, o.lane) FROM outbox o WHERE o.target = $1 AND o.state = 'pending' AND o.due_at <= $2 AND NOT EXISTS (\
         SELECT 1 FROM outbox b WHERE b.lane = o.lane AND b.position <= o.position AND b.state IN ('pending', 'sending') \
         AND (b.position < o.position OR b.id < o.id)) ORDER BY o.due_at, o.position LIMIT $3",
    )
    .bind(target.to_string())
    .bind(now.millis())
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|(id, thread)| Ok(Head { id: parse("delivery id", &id)?, thread })).collect()
}

/// Targets that something pending wants to leave by, whether they are known or not.
pub async fn targets(conn: &mut Conn) -> Result<Vec<Target>> {
    let targets: Vec<String> =
        sql::query_scalar("SELECT DISTINCT target FROM outbox WHERE state = 'pending'").fetch_all(conn).await?;
    targets.iter().map(|target| parse("target", target)).collect()
}

/// Names a claim: nothing that happens to an older one counts for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The delivery.
    pub id: DeliveryId,
    /// Attempts begun, this one included.
    pub attempt: u32,
    /// Until when it is claimed. Attempts may be counted anew; a claim at another time is another claim.
    lease_until: Option<i64>,
    /// An attempt ended and nobody knows whether it arrived.
    pub unclear: bool,
    /// Its lane.
    pub lane: String,
    /// Its place in the lane.
    pub position: i64,
    /// What its pace is counted by: the thread, or the lane where there is none.
    pub thread: String,
    /// Where it leaves by.
    pub target: Target,
    /// The entry whose delivery this is; none for an event.
    pub entry: Option<(ConversationId, Seq)>,
}

/// What a claimed delivery carries.
#[derive(Debug)]
pub enum Cargo {
    /// A message.
    Message(Box<Delivery>),
    /// An event: the body a webhook is sent.
    Event(String),
    /// It can't be read: why.
    Nothing(Error),
}

/// Claims deliveries that are still pending until `lease_until`, with what they carry: two statements, however many.
pub async fn claim(conn: &mut Conn, ids: &[DeliveryId], lease_until: Timestamp) -> Result<Vec<(Ticket, Cargo)>> {
    let rows = ids.iter().map(|id| vec![id.to_string().into(), lease_until.millis().into()]).collect();
    let after = ") AS v WHERE outbox.id = v.column1 AND outbox.state = 'pending' \
                 RETURNING id, lane, position, target, conversation_id, entry_id, entry_seq, thread, body, attempts, unclear, \
                 lease_until";
    let before = "UPDATE outbox SET state = 'sending', attempts = outbox.attempts + 1, lease_until = v.column2 FROM (";
    let rows: Vec<ClaimRow> = Rows { before, rows, after }.fetch_all(&mut *conn).await?;
    let wanted: Vec<String> = rows.iter().filter_map(|row| row.entry_id.clone()).collect();
    let mut entries = entries::by_ids(conn, &wanted).await?;
    rows.into_iter()
        .map(|row| {
            let ticket = row.ticket()?;
            let cargo = match (&row.body, &row.entry_id) {
                (Some(body), _) => Ok(Cargo::Event(body.clone())),
                (None, Some(entry)) => row.message(&ticket, entries.remove(entry)),
                (None, None) => Err(row.empty()),
            };
            Ok((ticket, cargo.unwrap_or_else(Cargo::Nothing)))
        })
        .collect()
}

/// Ends every lease: for a process that is alone with the database, whatever is being sent was being sent by a dead one.
pub async fn end_leases(conn: &mut Conn) -> Result<()> {
    conn.frees_deliveries();
    sql::query("UPDATE outbox SET lease_until = 0 WHERE state = 'sending'").execute(conn).await?;
    Ok(())
}

/// Deliveries whose claimer is gone: their lease is over. Nobody knows whether they went out.
pub async fn abandoned(conn: &mut Conn, now: Timestamp, most: usize) -> Result<Vec<Ticket>> {
    let rows: Vec<ClaimRow> = sql::query_as(
        "SELECT id, lane, position, target, conversation_id, entry_id, entry_seq, thread, body, attempts, unclear, lease_until FROM outbox \
         WHERE state = 'sending' AND lease_until <= $1 ORDER BY lease_until LIMIT $2",
    )
    .bind(now.millis())
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
    .fetch_all(conn)
    .await?;
    rows.iter().map(ClaimRow::ticket).collect()
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

impl End {
    /// When it is tried again, if it is.
    pub fn due(&self) -> Option<Timestamp> {
        match self {
            Self::Again(due, _) | Self::Postponed(due, _) => Some(*due),
            Self::Sent(_) | Self::Uncertain(_) | Self::Failed(_) => None,
        }
    }
}

/// Saves how claimed deliveries ended, in one statement; tells which of them: those whose claim was not over before. Another
/// attempt has the others then.
pub async fn settle(conn: &mut Conn, ended: &[(Ticket, End)]) -> Result<HashSet<DeliveryId>> {
    let mut rows = Vec::with_capacity(ended.len());
    for (ticket, end) in ended {
        let (state, error, receipt, uncounted) = match end {
            End::Sent(receipt) => ("sent", None, Some(to_json("receipt", receipt)?), 0_i64),
            End::Again(_, error) => ("pending", Some(error), None, 0),
            End::Postponed(_, error) => ("pending", Some(error), None, 1),
            End::Uncertain(error) => ("uncertain", Some(error), None, 0),
            End::Failed(error) => ("failed", Some(error), None, 0),
        };
        rows.push(vec![
            Value::from(ticket.id.to_string()),
            ticket.attempt.into(),
            state.into(),
            end.due().map(Timestamp::millis).into(),
            error.into(),
            receipt.into(),
            uncounted.into(),
            i64::from(ticket.unclear).into(),
            ticket.lease_until.into(),
        ]);
    }
    let before = "UPDATE outbox SET state = v.column3, due_at = COALESCE(v.column4, outbox.due_at), error = v.column5, \
                  receipt = v.column6, attempts = outbox.attempts - v.column7, unclear = v.column8, \
                  lease_until = NULL FROM (";
    let after = ") AS v WHERE outbox.id = v.column1 AND outbox.state = 'sending' AND outbox.attempts = v.column2 \
         AND outbox.lease_until = v.column9 RETURNING id";
    // What is next in the lanes may go, and the places are free.
    conn.frees_deliveries();
    let settled: Vec<(String,)> = Rows { before, rows, after }.fetch_all(conn).await?;
    settled.iter().map(|(id,)| parse("delivery id", id)).collect()
}

/// What follows a head that has to wait is due no earlier than it, so that it is not looked at in vain again and again.
pub async fn hold_back(conn: &mut Conn, waiting: &[(&Ticket, Timestamp)]) -> Result<()> {
    let rows = waiting
        .iter()
        .map(|(ticket, due)| vec![(&ticket.lane).into(), ticket.position.into(), due.millis().into()])
        .collect();
    // The open states are named twice, so that the index of lanes is used.
    let after = ") AS v WHERE outbox.lane = v.column1 AND outbox.position > v.column2 \
                 AND outbox.state IN ('pending', 'sending') AND outbox.state = 'pending' AND outbox.due_at < v.column3";
    Rows { before: "UPDATE outbox SET due_at = v.column3 FROM (", rows, after }.execute(conn).await?;
    Ok(())
}

/// How many deliveries are on their way.
pub async fn count_open(conn: &mut Conn) -> Result<i64> {
    let counts: Vec<i64> = sql::query_scalar(
        "SELECT COUNT(*) FROM outbox WHERE state = 'pending' UNION ALL SELECT COUNT(*) FROM outbox WHERE state = 'sending'",
    )
    .fetch_all(conn)
    .await?;
    Ok(counts.iter().sum())
}

/// When the oldest delivery on its way was made.
pub async fn oldest(conn: &mut Conn) -> Result<Option<Timestamp>> {
    let oldest: Option<i64> =
        sql::query_scalar("SELECT MIN(created_at) FROM outbox WHERE state IN ('pending', 'sending')")
            .fetch_one(conn)
            .await?;
    Ok(oldest.map(Timestamp::from_millis))
}

#[derive(sqlx::FromRow)]
struct ClaimRow {
    id: String,
    lane: String,
    position: i64,
    target: String,
    conversation_id: Option<String>,
    entry_id: Option<String>,
    entry_seq: Option<i64>,
    thread: Option<String>,
    body: Option<String>,
    attempts: i64,
    unclear: i64,
    lease_until: Option<i64>,
}

impl ClaimRow {
    fn ticket(&self) -> Result<Ticket> {
        let entry = match (&self.conversation_id, self.entry_seq) {
            (Some(conversation), Some(place)) => Some((parse("conversation id", conversation)?, seq(place))),
            (Some(_) | None, None) | (None, Some(_)) => None,
        };
        Ok(Ticket {
            id: parse("delivery id", &self.id)?,
            attempt: u32::try_from(self.attempts).unwrap_or(u32::MAX),
            lease_until: self.lease_until,
            unclear: self.unclear != 0,
            lane: self.lane.clone(),
            position: self.position,
            thread: self.thread.clone().unwrap_or_else(|| self.lane.clone()),
            target: parse("target", &self.target)?,
            entry,
        })
    }

    fn empty(&self) -> Error {
        Error::Corrupt { what: "delivery", detail: format!("{} carries no message", self.id) }
    }

    fn message(&self, ticket: &Ticket, entry: Option<Result<entries::Entry>>) -> Result<Cargo> {
        let entry = entry.unwrap_or_else(|| Err(self.empty()))?;
        let content: Content = match entry.body {
            Body::Message(content, _) => content,
            Body::Note(_) | Body::Log(_) => return Err(self.empty()),
        };
        let (Target::Inbox(inbox), Some((conversation, seq)), Some(thread)) =
            (&ticket.target, ticket.entry, &self.thread)
        else {
            return Err(self.empty());
        };
        Ok(Cargo::Message(Box::new(Delivery {
            id: ticket.id,
            inbox: *inbox,
            thread: ThreadKey(thread.clone()),
            conversation,
            message: entry.id,
            seq,
            attempt: ticket.attempt,
            author: entry.author.public(),
            content,
            context: None,
        })))
    }
}
