//! How deliveries ended: decided one by one, written many at a time, by one task.

use std::collections::BTreeSet;
use std::sync::Arc;

use switchboard_contract::{DeliveryError, Receipt, Timestamp};
use tokio::sync::mpsc;

use super::{Desk, retry};
use crate::store::changes::{self, Change};
use crate::store::entries::{self, Progress};
use crate::store::outbox::{self, End, Ticket};
use crate::store::{Conn, Error, Result};
use crate::{ids, limits};

/// An attempt that is over.
pub(super) struct Ended {
    pub(super) ticket: Ticket,
    pub(super) outcome: Result<Receipt, DeliveryError>,
}

/// Writes down what comes in, until nobody can send anything any more.
pub(super) async fn run(desk: &Desk, mut queue: mpsc::Receiver<Ended>) {
    let mut waiting = Vec::new();
    while queue.recv_many(&mut waiting, limits::SETTLED_AT_ONCE).await > 0 {
        let now = desk.core.now();
        let decided: Vec<(Ticket, End)> = waiting.drain(..).map(|ended| decide(desk, ended, now)).collect();
        let decided = Arc::new(decided);
        save(desk, &decided, now).await;
        let mut under_way = desk.under_way();
        for (ticket, _) in decided.iter() {
            under_way.remove(&ticket.id);
        }
    }
}

fn decide(desk: &Desk, ended: Ended, now: Timestamp) -> (Ticket, End) {
    let Ended { ticket, outcome } = ended;
    let end = retry::decide(outcome, ticket.attempt, desk.idempotent(&ticket.target), now, ids::jitter());
    if let End::Failed(error) | End::Uncertain(error) = &end {
        tracing::warn!(delivery.id = %ticket.id, target = %ticket.target, error, "a delivery needs a person");
    }
    (ticket, end)
}

/// Saves the ends. While the database is in trouble they are kept and tried again: what is known to be sent must not be taken
/// for perhaps sent.
async fn save(desk: &Desk, decided: &Arc<Vec<(Ticket, End)>>, now: Timestamp) {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let job = Arc::clone(decided);
        let saved = desk
            .core
            .store
            .write::<_, Error, _>(move |conn| Box::pin(async move { settle(conn, &job, now).await }))
            .await;
        match saved {
            Ok(()) => return,
            Err(error) if may_go_well(&error, attempts) => {
                tracing::warn!(%error, deliveries = decided.len(), "how deliveries ended can't be saved yet");
                tokio::time::sleep(limits::OUTBOX_POLL).await;
            }
            Err(error) => {
                // The leases will run out, and the deliveries are settled as uncertain then.
                tracing::error!(%error, deliveries = decided.len(), "how deliveries ended could not be saved");
                return;
            }
        }
    }
}

/// Whether the same may go well later: the database is in trouble, or somebody else's transaction was in the way.
fn may_go_well(error: &Error, attempts: u32) -> bool {
    match error {
        Error::Stopping | Error::Panicked(_) | Error::Corrupt { .. } => false,
        Error::Database(_) | Error::Migrate(_) | Error::Stale | Error::NotKept(_) => {
            error.is_outage() || attempts < limits::STEP_ATTEMPTS_MAX
        }
    }
}

/// Writes ends, what is shown on the messages, and the news of it.
async fn settle(conn: &mut Conn, decided: &[(Ticket, End)], now: Timestamp) -> Result<()> {
    let settled = outbox::settle(conn, decided).await?;
    let (mut progress, mut waiting, mut talked) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (ticket, end) in decided.iter().filter(|(ticket, _)| settled.contains(&ticket.id)) {
        if let Some(due) = end.due() {
            waiting.push((ticket, due));
        }
        if let (Some((state, error)), Some((conversation, at))) = (retry::shown(end), ticket.entry) {
            progress.push(Progress { conversation, at, state, error: error.map(str::to_owned) });
            talked.insert(conversation);
        }
    }
    // Always in the same order, so that two transactions never wait for each other's rows.
    progress.sort_unstable_by_key(|progress| (progress.conversation, progress.at));
    outbox::hold_back(conn, &waiting).await?;
    entries::set_deliveries(conn, &progress).await?;
    for conversation in talked {
        let change = Change { conversation, reasons: vec!["delivery".to_owned()], notices: Vec::new() };
        changes::add(conn, change, now);
    }
    Ok(())
}
