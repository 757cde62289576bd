//! Files an item from quarantine as intake would have done when it came.

use switchboard_contract::{Accepted, ConversationId, Inbound, InboxId, Reading, Timestamp};
use switchboard_engine::{Effect, Happening, LogEntry};

use super::group::{Group, Taken};
use super::{bounds, persist, report};
use crate::library::Library;
use crate::limits;
use crate::store::{Conn, Error, Result, conversations, savepoint};

/// Who files something later, and when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Later {
    /// Who, by name.
    pub by: String,
    /// When it came.
    pub received_at: Timestamp,
}

/// Files an item in the caller's transaction; it gets the next place of its conversation, whatever was said since it came.
/// The conversation's log tells who filed it, and when it had come. An item that still can't be worked on is told as quarantined,
/// with nothing of it done.
///
/// # Errors
/// Only what is wrong with the database itself.
pub async fn refile(
    conn: &mut Conn,
    library: &Library,
    inbox: InboxId,
    mut item: Inbound,
    later: &Later,
    now: Timestamp,
) -> Result<Accepted> {
    item.reading = bounds::storable(item.reading);
    let mut worked = Err(Error::Stale);
    for _ in 0..limits::STEP_ATTEMPTS_MAX {
        worked = savepoint(conn, async |conn| file(conn, library, inbox, &item, later, now).await).await?;
        // Somebody else wrote the conversation meanwhile: read it again and step on what is true now.
        if !matches!(worked, Err(Error::Stale)) {
            break;
        }
    }
    match worked {
        Err(error) if !error.is_outage() => {
            tracing::error!(%error, "an item in quarantine can't be worked on");
            Ok(Accepted::Quarantined { error: error.to_string() })
        }
        Ok(accepted) => Ok(accepted),
        Err(error) => Err(error),
    }
}

async fn file(
    conn: &mut Conn,
    library: &Library,
    inbox: InboxId,
    item: &Inbound,
    later: &Later,
    now: Timestamp,
) -> Result<Accepted> {
    let accepted = match &item.reading {
        Reading::Report(report) => report::take(conn, inbox, report, now).await?,
        Reading::Message(_) | Reading::Signal(_) | Reading::Filtered { .. } | Reading::Unreadable { .. } => {
            let mut group = Group::load(conn, library, &[(inbox, item)], now).await?;
            let accepted = loop {
                match group.take(inbox, item)? {
                    Taken::Done(accepted) => break accepted,
                    Taken::Lacks(lack) => group.supply(conn, lack).await?,
                }
            };
            group.round().save(conn, now).await?;
            accepted
        }
    };
    if let Accepted::Filed { conversation, .. } = &accepted {
        explain(conn, *conversation, later, now).await?;
    }
    Ok(accepted)
}

/// A reading as intake would take it: what the database can't keep is told as unreadable.
pub fn storable(reading: Reading) -> Reading {
    bounds::storable(reading)
}

async fn explain(conn: &mut Conn, conversation: ConversationId, later: &Later, now: Timestamp) -> Result<()> {
    let missing = || Error::Corrupt { what: "conversation", detail: format!("{conversation} is gone") };
    let mut record = conversations::get(conn, conversation).await?.ok_or_else(missing)?;
    let came = jiff::Timestamp::from_millisecond(later.received_at.millis()).unwrap_or_default();
    let why = format!(
        "Filed later from quarantine by {}. It came on {}, could not be filed then, and stands at the time of filing.",
        later.by,
        came.strftime("%Y-%m-%d at %H:%M UTC")
    );
    let log = Effect::Log(LogEntry { what: Happening::FiledLater { by: later.by.clone() }, why });
    let state = record.state.clone();
    persist::persist(conn, &mut record, state, vec![log], &[], now).await.map(drop)
}
