//! The outbox: the only place that delivers. It claims the heads of lanes, sends them, and keeps how each attempt ended.
//!
//! A claim is a lease. When the process dies between a claim and its end, nobody knows whether the message went out: after
//! the lease it is sent again where the channel recognises repetitions, else it is shown as perhaps delivered.
//!
//! Claims are made for many lanes in one transaction ([`dispatch`]) and ends are written many at a time ([`settle`]), so a delivery
//! costs few statements. What may go at all is decided by pure functions: [`retry`], [`pace`], [`circuit`].

use std::collections::{BTreeMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use switchboard_contract::{
    ChannelAdapter, Context, Delivery, DeliveryError, DeliveryId, InboxId, Pace, Receipt, StopToken,
};
use tokio::sync::mpsc;

use crate::core::Core;
use crate::limits;
use crate::store::outbox::{Cargo, Target, Ticket};
use crate::webhooks::Answered as Outcome;

pub mod circuit;
mod context;
mod dispatch;
pub mod pace;
pub mod retry;
mod settle;

use dispatch::Dispatcher;
use pace::Pacer;

/// The adapters by the inbox they serve.
pub type Adapters = BTreeMap<InboxId, Arc<dyn ChannelAdapter>>;

/// Delivers what is due, until `stop` fires; then waits for what is under way.
pub async fn run(core: Arc<Core>, adapters: Arc<Adapters>, stop: StopToken) {
    run_paced(core, adapters, BTreeMap::new(), stop).await;
}

/// The same, with inboxes that are to go slower than their channels allow.
pub async fn run_paced(core: Arc<Core>, adapters: Arc<Adapters>, slower: BTreeMap<InboxId, Pace>, stop: StopToken) {
    let pacer = |(inbox, adapter): (&InboxId, &Arc<dyn ChannelAdapter>)| {
        let pace = adapter.capabilities().pace.and(slower.get(inbox).copied().unwrap_or_default());
        (Target::Inbox(*inbox), Pacer::new(pace))
    };
    let pacers = Mutex::new(adapters.iter().map(pacer).collect());
    let (ends, ended) = mpsc::channel(limits::SETTLED_AT_ONCE);
    let desk = Arc::new(Desk { core, adapters, pacers, under_way: Mutex::default() });
    tokio::join!(Dispatcher::new(Arc::clone(&desk), ends).run(stop), settle::run(&desk, ended));
}

/// What dispatcher, attempts and settler share.
struct Desk {
    core: Arc<Core>,
    adapters: Arc<Adapters>,
    pacers: Mutex<BTreeMap<Target, Pacer>>,
    /// What this process claimed and has not settled: a lease that ran out because the clock jumped abandons none of it.
    under_way: Mutex<HashSet<DeliveryId>>,
}

impl Desk {
    fn under_way(&self) -> MutexGuard<'_, HashSet<DeliveryId>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works with a target's pacer; without one a target has no limits.
    fn with_pacer<T>(&self, target: &Target, work: impl FnOnce(&mut Pacer) -> T) -> T {
        let mut pacers = self.pacers.lock().unwrap_or_else(PoisonError::into_inner);
        match pacers.get_mut(target) {
            Some(pacer) => work(pacer),
            None => work(&mut Pacer::default()),
        }
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

    async fn send(&self, ticket: &Ticket, cargo: &Cargo) -> Outcome {
        match cargo {
            Cargo::Message(delivery) => self.deliver(delivery).await.into(),
            Cargo::Event(body) => self.post(ticket, body).await,
            // One that can't be read costs only itself.
            Cargo::Nothing(error) => Err(DeliveryError::Rejected { reason: error.to_string() }).into(),
        }
    }

    async fn post(&self, ticket: &Ticket, body: &str) -> Outcome {
        if let (Some(webhooks), Target::Webhook(name)) = (self.core.webhooks.get(), &ticket.target)
            && let Some(answered) = webhooks.post(name, ticket.id, body, self.core.now()).await
        {
            return answered;
        }
        Err(unknown("webhook")).into()
    }

    async fn deliver(&self, delivery: &Delivery) -> Result<Receipt, DeliveryError> {
        let adapter = self.adapters.get(&delivery.inbox).ok_or_else(|| unknown("inbox"))?;
        let with_context;
        let delivery = if adapter.capabilities().context {
            with_context = Delivery { context: Some(Box::new(self.context(delivery).await?)), ..delivery.clone() };
            &with_context
        } else {
            delivery
        };
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

impl Desk {
    /// What the channel needs besides the message. When the database can't be read now, it is tried again.
    async fn context(&self, delivery: &Delivery) -> Result<Context, DeliveryError> {
        let read = async { context::of(&mut *self.core.store.reader().await?, delivery).await };
        read.await.map_err(|error| DeliveryError::Unavailable { reason: error.to_string() })
    }
}

fn unknown(what: &str) -> DeliveryError {
    DeliveryError::Rejected { reason: format!("the {what} it belongs to is not configured any more") }
}
