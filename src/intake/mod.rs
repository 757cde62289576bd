//! Inbound: store the raw bytes, recognise what was seen before, find the conversation, step, keep what follows. One
//! transaction for everything that is waiting, and no acknowledgement before the commit.
//!
//! | file | job |
//! | --- | --- |
//! | `sink` | what adapters hand their batches to |
//! | `bounds` | what is kept of an item: limits, and an id for what has none |
//! | `lanes` | gathers what is waiting into groups, one writer for each lane |
//! | `group` | works on a group in memory |
//! | `work` | … in rounds: while one is written, the next is decided |
//! | `turn` | one step of the engine |
//! | `persist` | what a step decided, as rows |
//! | `contact` | who wrote |
//! | `place` | whose thread a message belongs to, where the channel has none |
//! | `report` | what became of something we sent |
//! | `receipts` | gathers what pages report of arrival |
//! | `refile` | the same for an item that was in quarantine |

mod bounds;
mod contact;
mod group;
mod lanes;
pub mod persist;
mod place;
mod receipts;
pub mod refile;
mod report;
mod sink;
pub mod turn;
mod work;

pub use lanes::Lanes;
pub use receipts::Receipts;
pub use sink::InboxSink;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use switchboard_contract::{Accepted, Cursor, Inbound, InboxId, Reading, Timestamp};

use crate::library::Library;
use crate::limits;
use crate::store::inbound;
use crate::store::{Conn, Error, Result, conversations, inboxes, panic_text, savepoint};
use group::{Arrival, Group};
use work::{Later, Next, Work, beside};

/// What an adapter hands in at once: items of one inbox, and the cursor after them.
#[derive(Debug)]
pub struct Offer {
    /// Where they came in.
    pub inbox: InboxId,
    /// The items, in order.
    pub items: Vec<Inbound>,
    /// How far the inbox has been read when all of them are kept.
    pub cursor: Option<Cursor>,
}

/// Takes offers, as the only thing a job of a writer does; the answers stand in their order. `lane` is that of the writer.
///
/// All items are worked on together. When that fails, because somebody else wrote one of the conversations meanwhile or one
/// item can't be written, each is worked on alone, in a savepoint of its own: an item that can't be kept otherwise goes to
/// quarantine with its bytes, and costs only itself.
///
/// # Errors
/// Only what is wrong with the database itself: then nothing of the offers is kept.
pub async fn take(
    conn: &mut Conn,
    library: &Library,
    offers: &[Offer],
    lane: usize,
    now: Timestamp,
) -> Result<Vec<Vec<Accepted>>> {
    let items: Vec<Arrival<'_>> =
        offers.iter().flat_map(|offer| offer.items.iter().map(|item| (offer.inbox, item))).collect();
    count(conn, offers, lane, now).await?;
    let together = AssertUnwindSafe(together(conn, library, &items, now)).catch_unwind().await;
    let accepted = match together.unwrap_or_else(|panic| Err(Error::Panicked(panic_text(&*panic)))) {
        Ok(accepted) => accepted,
        Err(error) if error.is_outage() => return Err(error),
        Err(error) => {
            tracing::debug!(%error, items = items.len(), "a group is worked on one by one");
            conn.undo_job().await?;
            count(conn, offers, lane, now).await?;
            let mut accepted = Vec::with_capacity(items.len());
            for item in &items {
                accepted.push(alone(conn, library, *item, now).await?);
            }
            accepted
        }
    };
    for offer in offers {
        if let Some(cursor) = &offer.cursor {
            inboxes::set_cursor(conn, offer.inbox, cursor).await?;
        }
    }
    let mut accepted = accepted.into_iter();
    Ok(offers.iter().map(|offer| accepted.by_ref().take(offer.items.len()).collect()).collect())
}

/// Counts what arrived, before anything else is known of it.
async fn count(conn: &mut Conn, offers: &[Offer], lane: usize, now: Timestamp) -> Result<()> {
    let mut received: HashMap<InboxId, i64> = HashMap::new();
    for offer in offers {
        *received.entry(offer.inbox).or_default() += i64::try_from(offer.items.len()).unwrap_or(i64::MAX);
    }
    inbound::count_received(conn, lane, received.into_iter(), now).await
}

/// Works on items together: a few statements, however many there are.
async fn together(conn: &mut Conn, library: &Library, items: &[Arrival<'_>], now: Timestamp) -> Result<Vec<Accepted>> {
    let known = inbound::known(conn, items.iter().map(|(inbox, item)| (*inbox, &item.external_id))).await?;
    let is_new = |(inbox, item): &Arrival<'_>| known.is_empty() || !known.contains(&(*inbox, item.external_id.clone()));
    let fresh: Vec<Arrival<'_>> = items.iter().copied().filter(is_new).collect();
    let mut work = Work::new(Group::load(conn, library, &fresh, now).await?, items, &known);
    let (mut outcomes, Later { again, reports }) = loop {
        match work.next()? {
            Next::Write(round) => beside(round.write(conn, now), || work.one()).await?,
            Next::Read(lack) => work.supply(conn, lack).await?,
            Next::Done(outcomes, later) => break (outcomes, later),
        }
    };
    for at in reports {
        if let (Some((inbox, item)), Some(outcome)) = (items.get(at), outcomes.get_mut(at))
            && let Reading::Report(report) = &item.reading
        {
            *outcome = report::take(conn, *inbox, report, now).await?;
            work::insert(conn, &[work::ledger_row(*inbox, item, outcome)], now).await?;
        }
    }
    for at in again {
        if let (Some((inbox, item)), Some(outcome)) = (items.get(at), outcomes.get_mut(at)) {
            *outcome = duplicate(conn, *inbox, item, now).await?;
        }
    }
    Ok(outcomes)
}

/// Works on one item until nobody else is in the way; what can't be worked on is kept in quarantine.
async fn alone(conn: &mut Conn, library: &Library, item: Arrival<'_>, now: Timestamp) -> Result<Accepted> {
    let mut worked = Err(Error::Stale);
    for _ in 0..limits::STEP_ATTEMPTS_MAX {
        worked = savepoint(conn, async |conn| {
            // Who comes second waits here, instead of losing again.
            if let Some((_, thread)) = group::subject(item.1) {
                conversations::hold(conn, item.0, thread).await?;
            }
            together(conn, library, &[item], now).await
        })
        .await?;
        // Somebody else wrote the conversation meanwhile: read it again and step on what is true now.
        if !matches!(worked, Err(Error::Stale)) {
            break;
        }
    }
    let error = match worked {
        Ok(mut accepted) => match accepted.pop() {
            Some(accepted) => return Ok(accepted),
            None => Error::Corrupt { what: "outcome", detail: "there is none".to_owned() },
        },
        Err(error) if error.is_outage() => return Err(error),
        Err(error) => error,
    };
    tracing::error!(%error, "an inbound item can't be worked on; it goes to quarantine");
    let accepted = Accepted::Quarantined { error: error.to_string() };
    let (inbox, item) = item;
    work::insert(conn, &[work::ledger_row(inbox, item, &accepted)], now).await?;
    Ok(accepted)
}

async fn duplicate(conn: &mut Conn, inbox: InboxId, item: &Inbound, now: Timestamp) -> Result<Accepted> {
    let first = inbound::first(conn, inbox, &item.external_id, &item.raw).await?;
    let differing = (!first.same_bytes).then_some(item.raw.as_slice());
    if differing.is_some() {
        tracing::warn!(inbound.id = first.id, "the same external id came again with other bytes; the first stands");
    }
    inbound::add_duplicate(conn, inbox, first.id, differing, now).await?;
    Ok(Accepted::Duplicate { conversation: first.conversation, message: first.entry, seq: first.seq })
}
