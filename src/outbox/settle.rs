//! How deliveries ended: decided one by one, written many at a time, by one task.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use switchboard_contract::{DeliveryError, Receipt, Timestamp};
use tokio::sync::mpsc;

use super::circuit::{self, Seen, Streak, Turn};
use super::{Desk, Outcome, retry};
use crate::store::changes::{self, Change};
use crate::store::circuits::{self, Circuit};
use crate::store::entries::{self, Progress};
use crate::store::outbox::{self, End, Target, Ticket};
use crate::store::{Conn, Error, Result, conversations};
use crate::webhooks::Webhooks;
use crate::{ids, limits};

/// An attempt that is over.
pub(super) struct Ended {
    pub(super) ticket: Ticket,
    pub(super) outcome: Outcome,
    /// It was the one attempt of a paused target.
    pub(super) probe: bool,
}

/// What is to be written down.
struct Decided {
    ends: Vec<(Ticket, End)>,
    /// Targets whose pause changes: the new one, or none for its end.
    circuits: BTreeMap<Target, Option<Circuit>>,
}

/// Writes down what comes in, until nobody can send anything any more.
pub(super) async fn run(desk: &Desk, mut queue: mpsc::Receiver<Ended>) {
    let (mut waiting, mut streaks) = (Vec::new(), HashMap::new());
    while queue.recv_many(&mut waiting, limits::SETTLED_AT_ONCE).await > 0 {
        let now = desk.core.now();
        let paused = paused(desk).await;
        let decided = Arc::new(decide(desk, waiting.drain(..), &mut streaks, paused, now));
        save(desk, &decided, now).await;
        let mut under_way = desk.under_way();
        for (ticket, _) in &decided.ends {
            under_way.remove(&ticket.id);
        }
    }
}

/// The targets that are paused. When they can't be read, nothing is known to be: the settling itself will find out.
async fn paused(desk: &Desk) -> BTreeMap<Target, Circuit> {
    let read = async { circuits::all(&mut *desk.core.store.reader().await?).await };
    read.await.unwrap_or_else(|error: Error| {
        tracing::warn!(%error, "which inboxes are paused can't be read");
        BTreeMap::new()
    })
}

fn decide(
    desk: &Desk,
    waiting: impl Iterator<Item = Ended>,
    streaks: &mut HashMap<Target, Streak>,
    mut paused: BTreeMap<Target, Circuit>,
    now: Timestamp,
) -> Decided {
    let mut decided = Decided { ends: Vec::new(), circuits: BTreeMap::new() };
    for Ended { mut ticket, outcome, probe } in waiting {
        ticket.unclear |= matches!(outcome.result, Err(DeliveryError::Uncertain { .. }));
        let target = &ticket.target;
        let seen = match &outcome.result {
            Err(error) if outcome.gone => Seen::Gone(error.to_string()),
            result => Seen::of(result),
        };
        let streak = streaks.entry(target.clone()).or_default();
        match circuit::see(streak, paused.get(target), &ticket.lane, probe, seen, now, ids::jitter()) {
            Turn::Same => {}
            Turn::Pause(circuit) => {
                tracing::warn!(%target, error = circuit.error, failures = circuit.failures, "it fails as a whole and is paused");
                paused.insert(target.clone(), circuit.clone());
                decided.circuits.insert(target.clone(), Some(circuit));
            }
            Turn::Close => {
                tracing::info!(%target, "it works again");
                paused.remove(target);
                decided.circuits.insert(target.clone(), None);
            }
        }
        if let Ok(Receipt { external_ids }) = &outcome.result
            && let Some(more) = external_ids.len().checked_sub(1).filter(|more| *more > 0)
        {
            desk.with_pacer(target, |pacer| pacer.count(&ticket.thread, more, now));
        }
        let is_paused = paused.contains_key(target);
        // While its target is paused nothing is given up.
        let attempt = if is_paused { 1 } else { ticket.attempt };
        let end = retry::decide(outcome.result, attempt, desk.idempotent(target), now, ids::jitter());
        let end = if is_paused { retry::while_paused(end) } else { end };
        // Events are told again under the same id, and nobody reads of one that it arrived.
        let end = if ticket.unclear && ticket.entry.is_some() { retry::in_doubt(end) } else { end };
        if let End::Failed(error) | End::Uncertain(error) = &end {
            tracing::warn!(delivery.id = %ticket.id, %target, error, "a delivery needs a person");
        }
        decided.ends.push((ticket, end));
    }
    decided
}

/// Saves the ends. While the database is in trouble they are kept and tried again: what is known to be sent must not be taken
/// for perhaps sent.
async fn save(desk: &Desk, decided: &Arc<Decided>, now: Timestamp) {
    let (mut attempts, deliveries) = (0, decided.ends.len());
    loop {
        attempts += 1;
        let (job, webhooks) = (Arc::clone(decided), desk.core.webhooks.get().cloned());
        let saved = desk
            .core
            .store
            .write::<_, Error, _>(move |conn| {
                Box::pin(async move { settle(conn, webhooks.as_deref(), &job, now).await })
            })
            .await;
        match saved {
            Ok(()) => return,
            Err(error) if may_go_well(&error, attempts) => {
                tracing::warn!(%error, deliveries, "how deliveries ended can't be saved yet");
                tokio::time::sleep(limits::OUTBOX_POLL).await;
            }
            Err(error) => {
                // The leases will run out, and the deliveries are settled as uncertain then.
                tracing::error!(%error, deliveries, "how deliveries ended could not be saved");
                return;
            }
        }
    }
}

/// Whether the same may go well later: the database is in trouble, or somebody else's transaction was in the way.
fn may_go_well(error: &Error, attempts: u32) -> bool {
    match error {
        Error::Stopping | Error::Panicked(_) | Error::Corrupt { .. } => false,
        Error::Database(_) | Error::Outage { .. } | Error::Migrate(_) | Error::Stale | Error::NotKept(_) => {
            error.is_outage() || attempts < limits::STEP_ATTEMPTS_MAX
        }
    }
}

/// Writes ends, what is shown on the messages, and the news of it.
async fn settle(conn: &mut Conn, webhooks: Option<&Webhooks>, decided: &Decided, now: Timestamp) -> Result<()> {
    let settled = outbox::settle(conn, &decided.ends).await?;
    let (mut progress, mut waiting, mut talked) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut events = Vec::new();
    for (ticket, end) in decided.ends.iter().filter(|(ticket, _)| settled.contains(&ticket.id)) {
        if let (Some(webhooks), Some((conversation, _)), End::Failed(_) | End::Uncertain(_)) =
            (webhooks, ticket.entry, end)
            && let Some(record) = conversations::get(conn, conversation).await?
        {
            events.extend(webhooks.stuck(ticket, end, &record, now));
        }
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
    outbox::insert_events(conn, &events, now).await?;
    for conversation in talked {
        let change = Change { conversation, reasons: vec!["delivery".to_owned()], notices: Vec::new() };
        changes::add(conn, change, now);
    }
    for (target, circuit) in &decided.circuits {
        match circuit {
            Some(circuit) => circuits::put(conn, target, circuit).await?,
            None => circuits::close(conn, target).await?,
        }
    }
    Ok(())
}
