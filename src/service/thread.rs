//! A contact's view of their thread: committed messages in order, and who holds the turn.

use switchboard_contract::{ConversationId, InboxId, Seq, ThreadHandler, ThreadKey, ThreadPage, ThreadState};
use switchboard_engine::{Handler, Status};

use crate::limits;
use crate::store::conversations::{self, Record};
use crate::store::entries::{self, Entry, Range};
use crate::store::{Conn, Result};

/// Reads the thread's present conversation after a place; from its beginning when `conversation` is another one.
pub async fn read(
    conn: &mut Conn,
    inbox: InboxId,
    thread: &ThreadKey,
    conversation: Option<ConversationId>,
    after: Seq,
) -> Result<ThreadPage> {
    let Some(record) = conversations::latest(conn, inbox, thread).await? else {
        return Ok(ThreadPage {
            conversation: None,
            head: Seq::default(),
            entries: Vec::new(),
            state: None,
            more: false,
        });
    };
    let id = record.state.id;
    let after = if conversation == Some(id) { after } else { Seq::default() };
    let found = entries::read(conn, id, Range::After(after), true, limits::THREAD_PAGE).await?;
    let more = found.len() >= limits::THREAD_PAGE as usize;
    Ok(ThreadPage {
        conversation: Some(id),
        head: record.seq,
        entries: found.into_iter().filter_map(Entry::public).collect(),
        state: Some(state(conn, &record).await?),
        more,
    })
}

async fn state(conn: &mut Conn, record: &Record) -> Result<ThreadState> {
    let handler = match &record.state.handler {
        Handler::Bot => ThreadHandler::Bot,
        Handler::Queue { team, since } => {
            ThreadHandler::Queue { ahead: conversations::waiting_before(conn, team, *since, record.number).await? }
        }
        Handler::Agent { agent, .. } => ThreadHandler::Agent { name: agent.name.clone() },
    };
    Ok(ThreadState { handler, resolved: record.state.status == Status::Resolved })
}
