//! A timer that is due acts on its conversation, as a contact's message or an agent's act does.

use switchboard_contract::Timestamp;
use switchboard_engine::{Event, EventKind, Handler};

use crate::intake::{persist, turn};
use crate::library::Library;
use crate::store::conversations::{self, Record};
use crate::store::timers::{self, Row};
use crate::store::{Conn, Error, Result};

/// Fires a timer in the caller's transaction: its row goes, and what follows is kept. Nothing happens when it was fired before or
/// set anew.
///
/// # Errors
/// The conversation or the timer can't be read, or somebody else writes the conversation
/// ([`Error::Stale`](crate::store::Error::Stale)): the caller undoes everything, and the timer is still there.
pub async fn fire(conn: &mut Conn, library: &Library, row: &Row, now: Timestamp) -> Result<()> {
    if !timers::take(conn, row).await? {
        return Ok(());
    }
    let (conversation, timer, due) = row.read()?;
    let missing = || Error::Corrupt { what: "timer", detail: format!("{row} has no conversation") };
    let mut record = conversations::get(conn, conversation).await?.ok_or_else(missing)?;
    let kind = EventKind::TimerFired { timer, due, ahead: ahead(conn, &record).await? };
    let event = Event { id: None, seq: record.seq, kind };
    let (state, effects) = turn::play(conn, library, &record, &event, now).await?;
    if state == record.state && effects.is_empty() {
        return Ok(());
    }
    persist::persist(conn, &mut record, state, effects, &[], now).await.map(drop)
}

/// How many wait before this conversation in its queue.
async fn ahead(conn: &mut Conn, record: &Record) -> Result<Option<u32>> {
    match &record.state.handler {
        Handler::Queue { team, since } => {
            conversations::waiting_before(conn, team, *since, record.number).await.map(Some)
        }
        Handler::Bot | Handler::Agent { .. } => Ok(None),
    }
}
