//! Fires the timers of conversations: each in a transaction of its own, with all that follows from it.

use std::sync::Arc;

use futures_util::future::try_join_all;
use switchboard_contract::Timestamp;

use super::retry;
use crate::core::Core;
use crate::limits;
use crate::service;
use crate::store::timers::{self, Row};
use crate::store::{Error, Result};

/// Fires what is due, at most [`limits::TIMERS_AT_ONCE`]; true when more may be.
///
/// # Errors
/// The database is in trouble: what has not fired fires later.
pub(super) async fn fire_due(core: &Arc<Core>) -> Result<bool> {
    let now = core.now();
    let rows = timers::due(&mut *core.store.reader().await?, now, limits::TIMERS_AT_ONCE).await?;
    let full = rows.len() == limits::TIMERS_AT_ONCE;
    // Side by side: the writer puts what is waiting into one commit.
    let over = try_join_all(rows.into_iter().map(|row| fire(core, row, now))).await?;
    Ok(full && over.contains(&true))
}

/// Fires one; false when it has to wait for the next look.
async fn fire(core: &Arc<Core>, row: Row, now: Timestamp) -> Result<bool> {
    let (library, fired) = (core.library.get(), row.clone());
    let done = core
        .store
        .write::<_, Error, _>(move |conn| {
            Box::pin(async move { service::timers::fire(conn, &library, &fired, now).await })
        })
        .await;
    match done {
        Ok(()) => Ok(true),
        Err(error) if error.is_outage() => Err(error),
        // Somebody else wrote the conversation at that moment, or the commit it shared failed: that is not its own fault. The
        // next look fires it on what is true then.
        Err(Error::Stale | Error::NotKept(_)) => Ok(false),
        // One that can't fire costs only itself.
        Err(error) => put_off(core, row, error.to_string(), now).await.map(|()| true),
    }
}

async fn put_off(core: &Arc<Core>, row: Row, error: String, now: Timestamp) -> Result<()> {
    let again = retry::again(row.attempts() + 1, now);
    if again.is_some() {
        tracing::warn!(timer = %row, error, "a timer can't fire; it is tried again");
    } else {
        tracing::error!(timer = %row, error, "a timer can't fire and is given up until the next start");
    }
    core.store
        .write::<_, Error, _>(move |conn| Box::pin(async move { timers::put_off(conn, &row, again, &error).await }))
        .await
}
