//! The outbox: the only place that delivers. It claims the heads of lanes, sends them, and keeps how each attempt ended.
//!
//! A claim is a lease. When the process dies between a claim and its end, nobody knows whether the message went out: after
//! the lease it is sent again where the channel recognises repetitions, else it is shown as perhaps delivered.
//!
//! Claims are made for many lanes in one transaction and ends are written many at a time ([`settle`]), so a delivery costs few
//! statements. Each target has places of its own: one that hangs takes none of the others'.

use std::collections::{BTreeMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use switchboard_contract::{ChannelAdapter, Delivery, DeliveryError, DeliveryId, InboxId, Receipt, StopToken};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::core::Core;
use crate::limits;
use crate::store::outbox::{self, Cargo, Target, Ticket};
use crate::store::{Error, Result};

pub mod retry;
mod settle;

use settle::Ended;

/// The adapters by the inbox they serve.
pub type Adapters = BTreeMap<InboxId, Arc<dyn ChannelAdapter>>;

/// Delivers what is due, until `stop` fires; then waits for what is under way.
pub async fn run(core: Arc<Core>, adapters: Arc<Adapters>, stop: StopToken) {
    let (ends, ended) = mpsc::channel(limits::SETTLED_AT_ONCE);
    let desk = Arc::new(Desk { core, adapters, under_way: Mutex::default() });
    let dispatcher = Dispatcher { desk: Arc::clone(&desk), places: BTreeMap::new(), known: None, ends };
    tokio::join!(dispatcher.run(stop), settle::run(&desk, ended));
}

/// What dispatcher, attempts and settler share.
struct Desk {
    core: Arc<Core>,
    adapters: Arc<Adapters>,
    /// What this process claimed and has not settled: a lease that ran out because the clock jumped abandons none of it.
    under_way: Mutex<HashSet<DeliveryId>>,
}

impl Desk {
    fn under_way(&self) -> MutexGuard<'_, HashSet<DeliveryId>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the target recognises a repeated delivery by its id.
    fn idempotent(&self, target: &Target) -> bool {
        match target {
            Target::Inbox(inbox) => {
                self.adapters.get(inbox).is_some_and(|adapter| adapter.capabilities().idempotent_send)
            }
            Target::Webhook(_) => true,
        }
    }

    async fn send(&self, cargo: &Cargo) -> Result<Receipt, DeliveryError> {
        match cargo {
            Cargo::Message(delivery) => self.deliver(delivery).await,
            Cargo::Event(_) => Err(gone("webhook")),
            // One that can't be read costs only itself.
            Cargo::Nothing(error) => Err(DeliveryError::Rejected { reason: error.to_string() }),
        }
    }

    async fn deliver(&self, delivery: &Delivery) -> Result<Receipt, DeliveryError> {
        let adapter = self.adapters.get(&delivery.inbox).ok_or_else(|| gone("inbox"))?;
        let sending = AssertUnwindSafe(adapter.deliver(delivery)).catch_unwind();
        match tokio::time::timeout(limits::DELIVERY_TIMEOUT, sending).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => {
                Err(DeliveryError::Uncertain { reason: "the adapter failed while it was sending".to_owned() })
            }
            Err(_) => Err(DeliveryError::Uncertain { reason: "no answer in time".to_owned() }),
        }
    }
}

fn gone(what: &str) -> DeliveryError {
    DeliveryError::Rejected { reason: format!("the {what} it belongs to is not configured any more") }
}

struct Dispatcher {
    desk: Arc<Desk>,
    /// Attempts that may still begin, by target.
    places: BTreeMap<Target, Arc<Semaphore>>,
    /// When it was looked last which targets there are.
    known: Option<Instant>,
    ends: mpsc::Sender<Ended>,
}

impl Dispatcher {
    async fn run(mut self, stop: StopToken) {
        let tasks = TaskTracker::new();
        let mut bell = self.desk.core.store.commits();
        while !stop.is_stopped() {
            bell.mark_unchanged();
            match self.claim().await {
                Ok(claimed) => {
                    for (ticket, cargo) in claimed {
                        self.begin(&tasks, ticket, cargo).await;
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the outbox can't be read; deliveries wait");
                    // Trouble is not asked about at once again.
                    tokio::time::sleep(limits::OUTBOX_POLL).await;
                }
            }
            // Ends of deliveries are commits and ring the bell, so the next one of a lane follows at once.
            tokio::select! {
                () = stop.stopped() => break,
                rung = bell.changed() => if rung.is_err() { break },
                () = tokio::time::sleep(limits::OUTBOX_POLL) => {}
            }
        }
        tasks.close();
        tasks.wait().await;
    }

    async fn begin(&self, tasks: &TaskTracker, ticket: Ticket, cargo: Cargo) {
        let Some(places) = self.places.get(&ticket.target).map(Arc::clone) else { return };
        let Ok(place) = places.acquire_owned().await else { return };
        let (desk, ends) = (Arc::clone(&self.desk), self.ends.clone());
        tasks.spawn(async move {
            let outcome = desk.send(&cargo).await;
            drop(place);
            // Without a settler the program ends, and the lease runs out.
            let _ = ends.send(Ended { ticket, outcome }).await;
        });
    }

    /// Claims due heads of lanes, with what they carry. What a dead process left is handed to the settler.
    ///
    /// It is read before it is written, because a claim is a commit and a commit wakes the outbox: without that it would run in
    /// circles while something waits for its time.
    async fn claim(&mut self) -> Result<Vec<(Ticket, Cargo)>> {
        self.look_for_targets().await?;
        let now = self.desk.core.now();
        let mut conn = self.desk.core.store.reader().await?;
        let mut due = Vec::new();
        for (target, places) in &self.places {
            let free = places.available_permits();
            if free > 0 {
                due.extend(outbox::heads(&mut conn, target, now, free).await?);
            }
        }
        let abandoned = outbox::abandoned(&mut conn, now, limits::SETTLED_AT_ONCE).await?;
        drop(conn);
        for ticket in abandoned {
            if !self.desk.under_way().contains(&ticket.id) {
                let outcome =
                    Err(DeliveryError::Uncertain { reason: "the program ended while it was being sent".to_owned() });
                self.desk.under_way().insert(ticket.id);
                let _ = self.ends.send(Ended { ticket, outcome }).await;
            }
        }
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<DeliveryId> = due.into_iter().map(|head| head.id).collect();
        self.desk.under_way().extend(&ids);
        let wanted = ids.clone();
        let claimed = self
            .desk
            .core
            .store
            .write::<_, Error, _>(move |conn| {
                Box::pin(async move { outbox::claim(conn, &wanted, now + limits::DELIVERY_LEASE).await })
            })
            .await;
        let mine: HashSet<DeliveryId> = claimed.iter().flatten().map(|(ticket, _)| ticket.id).collect();
        self.desk.under_way().retain(|id| mine.contains(id) || !ids.contains(id));
        claimed
    }

    /// Learns now and then which targets there are: those that are served, and those that rows are left of.
    async fn look_for_targets(&mut self) -> Result<()> {
        if self.known.is_some_and(|at| at.elapsed() < limits::OUTBOX_TARGETS_POLL) {
            return Ok(());
        }
        let left = outbox::targets(&mut *self.desk.core.store.reader().await?).await?;
        for target in self.desk.adapters.keys().copied().map(Target::Inbox).chain(left) {
            self.places.entry(target).or_insert_with(|| Arc::new(Semaphore::new(limits::DELIVERIES_AT_ONCE)));
        }
        self.known = Some(Instant::now());
        Ok(())
    }
}
