//! Claims what may go now, and begins its attempts. Each target has places of its own: one that hangs takes none of the others'.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use switchboard_contract::{DeliveryError, DeliveryId, StopToken, Timestamp};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::settle::Ended;
use super::{Desk, Outcome};
use crate::limits;
use crate::store::circuits::{self, Circuit};
use crate::store::outbox::{self, Cargo, Target, Ticket};
use crate::store::{Conn, Error, Result};

pub(super) struct Dispatcher {
    desk: Arc<Desk>,
    /// Attempts that may still begin, by target.
    places: BTreeMap<Target, Arc<Semaphore>>,
    /// When it was looked last which targets there are.
    known: Option<Instant>,
    /// When it was looked last for what a dead process left.
    swept: Option<Instant>,
    ends: mpsc::Sender<Ended>,
}

/// What is to be claimed.
#[derive(Default)]
struct Wanted {
    ids: Vec<DeliveryId>,
    /// The one attempt that a paused target gets.
    probes: HashMap<DeliveryId, Target>,
    /// As many were found as were asked for.
    more: bool,
}

/// A claimed delivery.
struct Claimed {
    ticket: Ticket,
    cargo: Cargo,
    probe: bool,
}

impl Dispatcher {
    pub(super) fn new(desk: Arc<Desk>, ends: mpsc::Sender<Ended>) -> Self {
        Self { desk, places: BTreeMap::new(), known: None, swept: None, ends }
    }

    pub(super) async fn run(mut self, stop: StopToken) {
        let (tasks, cut) = (TaskTracker::new(), CancellationToken::new());
        let mut in_trouble = false;
        let mut bell = self.desk.core.store.deliveries_bell();
        while !stop.is_stopped() {
            bell.mark_unchanged();
            match self.claim().await {
                Ok((claimed, more)) => {
                    in_trouble = false;
                    for claimed in claimed {
                        self.begin(&tasks, &cut, claimed).await;
                    }
                    if more {
                        continue;
                    }
                }
                Err(error) => {
                    if !std::mem::replace(&mut in_trouble, true) {
                        tracing::error!(%error, "the outbox can't be read; deliveries wait");
                    }
                    // Trouble is not asked about at once again.
                    tokio::time::sleep(limits::OUTBOX_POLL).await;
                }
            }
            let pause = self.pause();
            // Ends of deliveries ring the bell, so the next one of a lane follows at once.
            tokio::select! {
                () = stop.stopped() => break,
                rung = bell.changed() => if rung.is_err() { break },
                () = tokio::time::sleep(pause) => {}
            }
        }
        tasks.close();
        // What does not end in time is let go of: nobody knows whether it went out.
        if tokio::time::timeout(limits::ATTEMPTS_STOP_BUDGET, tasks.wait()).await.is_err() {
            cut.cancel();
            tasks.wait().await;
        }
    }

    /// How long to wait when nothing happens: until a pace lets the next message go, if that is sooner than the usual look.
    fn pause(&self) -> Duration {
        let now = self.desk.core.now();
        let paced = self.places.keys().filter_map(|target| self.desk.with_pacer(target, |pacer| pacer.wait(now)));
        paced.min().map_or(limits::OUTBOX_POLL, |wait| wait.clamp(Duration::from_millis(1), limits::OUTBOX_POLL))
    }

    async fn begin(&self, tasks: &TaskTracker, cut: &CancellationToken, claimed: Claimed) {
        let Claimed { ticket, cargo, probe } = claimed;
        let Some(places) = self.places.get(&ticket.target).map(Arc::clone) else { return };
        let Ok(place) = places.acquire_owned().await else { return };
        let (desk, ends, cut) = (Arc::clone(&self.desk), self.ends.clone(), cut.clone());
        tasks.spawn(async move {
            let outcome = tokio::select! {
                biased;
                outcome = desk.send(&ticket, &cargo) => outcome,
                () = cut.cancelled() => {
                    let reason = "the program stopped while it was being sent".to_owned();
                    Outcome::from(Err(DeliveryError::Uncertain { reason }))
                }
            };
            drop(place);
            // Without a settler the program ends, and the lease runs out.
            let _ = ends.send(Ended { ticket, outcome, probe }).await;
        });
    }

    /// Claims due heads of lanes, with what they carry, and tells whether there may be more than were asked for. What a dead process
    /// left is handed to the settler. It is read before it is written: most looks find nothing.
    async fn claim(&mut self) -> Result<(Vec<Claimed>, bool)> {
        self.look_for_targets().await?;
        let now = self.desk.core.now();
        let mut conn = self.desk.core.store.reader().await?;
        let paused = circuits::all(&mut conn).await?;
        let mut wanted = Wanted::default();
        for target in self.places.keys() {
            self.choose(&mut conn, target, paused.get(target), now, &mut wanted).await?;
        }
        // A lease runs for long, and what ended one is looked for no more often than that.
        let abandoned = if self.swept.is_some_and(|at| at.elapsed() < limits::OUTBOX_POLL) {
            Vec::new()
        } else {
            let abandoned = outbox::abandoned(&mut conn, now, limits::SETTLED_AT_ONCE).await?;
            // A full page is followed by another one.
            self.swept = (abandoned.len() < limits::SETTLED_AT_ONCE).then(Instant::now);
            abandoned
        };
        drop(conn);
        for ticket in abandoned {
            if self.desk.under_way().insert(ticket.id) {
                let reason = "the program ended while it was being sent".to_owned();
                let outcome = Outcome::from(Err(DeliveryError::Uncertain { reason }));
                let _ = self.ends.send(Ended { ticket, outcome, probe: false }).await;
            }
        }
        let more = wanted.more;
        let claimed = if wanted.ids.is_empty() { Vec::new() } else { self.take(wanted, now).await? };
        // When others were quicker with all of them, their ends ring.
        Ok((claimed, more))
    }

    /// Chooses what may go by a target: as many as its places and its pace allow, one when it is paused and its time has come.
    async fn choose(
        &self,
        conn: &mut Conn,
        target: &Target,
        paused: Option<&Circuit>,
        now: Timestamp,
        wanted: &mut Wanted,
    ) -> Result<()> {
        let mut free = self.places.get(target).map_or(0, |places| places.available_permits());
        match paused {
            Some(circuit) if circuit.retry_at > now => return Ok(()),
            Some(_) => free = free.min(1),
            None => {}
        }
        let (free, recent) = self.desk.with_pacer(target, |pacer| (pacer.free(now, free), pacer.recent()));
        if free == 0 {
            return Ok(());
        }
        let heads = outbox::heads(conn, target, now, free + recent.min(limits::PACED_LANES_PASSED)).await?;
        let chosen: Vec<DeliveryId> = self.desk.with_pacer(target, |pacer| {
            let may_go = heads.iter().filter(|head| pacer.take(&head.thread, now));
            may_go.map(|head| head.id).take(free).collect()
        });
        // Of a paused target there is no second one; and with no place left, the end of an attempt is waited for.
        wanted.more |= paused.is_none() && chosen.len() == free;
        if paused.is_some() {
            wanted.probes.extend(chosen.iter().map(|id| (*id, target.clone())));
        }
        wanted.ids.extend(chosen);
        Ok(())
    }

    async fn take(&self, wanted: Wanted, now: Timestamp) -> Result<Vec<Claimed>> {
        let Wanted { ids, probes, more: _ } = wanted;
        self.desk.under_way().extend(&ids);
        let mut mine = ids.clone();
        let claimed = self.desk.core.store.write::<_, Error, _>(move |conn| {
            Box::pin(async move {
                let until = now + limits::DELIVERY_LEASE;
                for (id, target) in &probes {
                    if !circuits::take_probe(conn, target, now, until).await? {
                        mine.retain(|other| other != id);
                    }
                }
                let claimed = outbox::claim(conn, &mine, until).await?;
                let claimed = claimed.into_iter().map(|(ticket, cargo)| {
                    let probe = probes.contains_key(&ticket.id);
                    Claimed { ticket, cargo, probe }
                });
                Ok(claimed.collect::<Vec<_>>())
            })
        });
        let claimed = claimed.await;
        let got: HashSet<DeliveryId> = claimed.iter().flatten().map(|claimed| claimed.ticket.id).collect();
        self.desk.under_way().retain(|id| got.contains(id) || !ids.contains(id));
        claimed
    }

    /// Learns now and then which targets there are: those that are served, and those that rows are left of.
    async fn look_for_targets(&mut self) -> Result<()> {
        if self.known.is_some_and(|at| at.elapsed() < limits::OUTBOX_TARGETS_POLL) {
            return Ok(());
        }
        let left = outbox::targets(&mut *self.desk.core.store.reader().await?).await?;
        let webhooks = self.desk.core.webhooks.get().into_iter().flat_map(|webhooks| webhooks.targets());
        for target in self.desk.adapters.keys().copied().map(Target::Inbox).chain(webhooks).chain(left) {
            self.places.entry(target).or_insert_with(|| Arc::new(Semaphore::new(limits::DELIVERIES_AT_ONCE)));
        }
        self.known = Some(Instant::now());
        Ok(())
    }
}
