//! The outbox: the only place that delivers. It claims the heads of lanes, sends them, and keeps how each attempt ended.
//!
//! A claim is a lease. When the process dies between a claim and its end, nobody knows whether the message went out: after
//! the lease it is sent again where the channel recognises repetitions, else it is shown as perhaps delivered.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use switchboard_contract::{ChannelAdapter, Content, Delivery, DeliveryError, InboxId, Receipt, StopToken, Timestamp};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::core::Core;
use crate::ids;
use crate::limits;
use crate::service::thread::public_author;
use crate::store::changes::{self, Change};
use crate::store::entries::{self, Body};
use crate::store::outbox::{self, End, Row};
use crate::store::{Conn, Error, Result};

pub mod retry;

/// The adapters by the inbox they serve.
pub type Adapters = BTreeMap<InboxId, Arc<dyn ChannelAdapter>>;

/// Delivers what is due, until `stop` fires; then waits for what is under way.
pub async fn run(core: Arc<Core>, adapters: Arc<Adapters>, stop: StopToken) {
    let (tasks, places) = (TaskTracker::new(), Arc::new(Semaphore::new(limits::DELIVERIES_AT_ONCE)));
    let mut bell = core.store.commits();
    while !stop.is_stopped() {
        bell.mark_unchanged();
        let claimed = match claim(&core, &adapters, places.available_permits()).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::error!(%error, "the outbox can't be read; deliveries wait");
                // Trouble is not asked about at once again.
                tokio::time::sleep(limits::OUTBOX_POLL).await;
                Vec::new()
            }
        };
        for (row, delivery) in claimed {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let (core, adapters) = (Arc::clone(&core), Arc::clone(&adapters));
            tasks.spawn(async move {
                attempt(&core, &adapters, row, delivery).await;
                drop(place);
            });
        }
        // Each end of a delivery commits and rings the bell, so the next one of a lane follows at once.
        tokio::select! {
            () = stop.stopped() => break,
            rung = bell.changed() => if rung.is_err() { break },
            () = tokio::time::sleep(limits::OUTBOX_POLL) => {}
        }
    }
    tasks.close();
    tasks.wait().await;
}

/// Claims due heads of lanes, with what they carry. Deliveries abandoned by a dead process are settled first.
async fn claim(core: &Arc<Core>, adapters: &Arc<Adapters>, most: usize) -> Result<Vec<(Row, Delivery)>> {
    let now = core.now();
    if most == 0 || !outbox::anything_due(&mut *core.store.reader().await?, now).await? {
        return Ok(Vec::new());
    }
    let adapters = Arc::clone(adapters);
    core.store
        .write(move |conn| {
            Box::pin(async move {
                for row in outbox::abandoned(conn, now).await? {
                    let gone =
                        DeliveryError::Uncertain { reason: "the program ended while it was being sent".to_owned() };
                    let idempotent = idempotent(&adapters, row.inbox);
                    let end = retry::decide(Err(gone), row.attempts, idempotent, now, 0.0);
                    settle(conn, &row, &end, now).await?;
                }
                let rows = outbox::claim(conn, now, now + limits::DELIVERY_LEASE, most).await?;
                let mut claimed = Vec::with_capacity(rows.len());
                for row in rows {
                    match load(conn, &row).await {
                        Ok(delivery) => claimed.push((row, delivery)),
                        Err(error) if error.is_outage() => return Err(error),
                        // One that can't be read costs only itself.
                        Err(error) => settle(conn, &row, &End::Failed(error.to_string()), now).await?,
                    }
                }
                Ok(claimed)
            })
        })
        .await
}

async fn load(conn: &mut Conn, row: &Row) -> Result<Delivery> {
    let missing = || Error::Corrupt { what: "delivery", detail: format!("{} carries no message", row.id) };
    let entry = entries::get(conn, row.conversation, row.seq).await?.ok_or_else(missing)?;
    let content: Content = match entry.body {
        Body::Message(content, _) => content,
        Body::Note(_) | Body::Log(_) => return Err(missing()),
    };
    Ok(Delivery {
        id: row.id,
        inbox: row.inbox,
        thread: row.thread.clone(),
        conversation: row.conversation,
        message: row.entry,
        seq: row.seq,
        attempt: row.attempts,
        author: public_author(&entry.author),
        content,
    })
}

async fn attempt(core: &Arc<Core>, adapters: &Adapters, row: Row, delivery: Delivery) {
    let outcome = send(adapters, &delivery).await;
    let idempotent = idempotent(adapters, row.inbox);
    let now = core.now();
    let end = retry::decide(outcome, row.attempts, idempotent, now, ids::jitter());
    if let End::Failed(error) | End::Uncertain(error) = &end {
        tracing::warn!(delivery.id = %row.id, conversation.id = %row.conversation, error, "a delivery needs a person");
    }
    let settled =
        core.store.write::<_, Error, _>(move |conn| Box::pin(async move { settle(conn, &row, &end, now).await })).await;
    if let Err(error) = settled {
        // The lease will run out, and the delivery is settled as uncertain then.
        tracing::error!(%error, delivery.id = %delivery.id, "how a delivery ended could not be saved");
    }
}

async fn send(adapters: &Adapters, delivery: &Delivery) -> Result<Receipt, DeliveryError> {
    let Some(adapter) = adapters.get(&delivery.inbox) else {
        return Err(DeliveryError::Rejected {
            reason: "the inbox it belongs to is not configured any more".to_owned(),
        });
    };
    let sending = AssertUnwindSafe(adapter.deliver(delivery)).catch_unwind();
    match tokio::time::timeout(limits::DELIVERY_TIMEOUT, sending).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(DeliveryError::Uncertain { reason: "the adapter failed while it was sending".to_owned() }),
        Err(_) => Err(DeliveryError::Uncertain { reason: "no answer in time".to_owned() }),
    }
}

fn idempotent(adapters: &Adapters, inbox: InboxId) -> bool {
    adapters.get(&inbox).is_some_and(|adapter| adapter.capabilities().idempotent_send)
}

async fn settle(conn: &mut Conn, row: &Row, end: &End, now: Timestamp) -> Result<()> {
    if !outbox::settle(conn, row.id, row.attempts, end).await? {
        return Ok(());
    }
    if let Some((state, error)) = retry::shown(end) {
        entries::set_delivery(conn, row.conversation, row.seq, state, error).await?;
        let change =
            Change { conversation: row.conversation, reasons: vec!["delivery".to_owned()], notices: Vec::new() };
        changes::add(conn, change, now);
    }
    Ok(())
}
