//! Regular chores: clears away what is over, and notices documents that another process saved.

use switchboard_contract::{StopToken, Timestamp};

use crate::core::Core;
use crate::limits;
use crate::store::{Conn, Result, accounts, changes, documents};

/// Clears away old rows, in the caller's transaction.
pub async fn sweep(conn: &mut Conn, now: Timestamp) -> Result<()> {
    changes::trim(conn).await?;
    accounts::sweep(conn, now, now - limits::IDEMPOTENCY_HOLDS).await
}

/// Reloads the library when the documents in the database have changed: the command line edits them beside a running server.
pub async fn watch_documents(core: &Core, stop: StopToken) {
    let mut known = revision(core).await;
    loop {
        tokio::select! {
            () = stop.stopped() => return,
            () = tokio::time::sleep(limits::LIBRARY_POLL) => {}
        }
        let present = revision(core).await;
        if present.is_some() && present != known {
            match core.library.reload(&core.store).await {
                Ok(()) => known = present,
                Err(error) => tracing::error!(%error, "changed documents can't be loaded; the ones in use stay"),
            }
        }
    }
}

async fn revision(core: &Core) -> Option<(i64, i64)> {
    let mut conn = core.store.reader().await.ok()?;
    documents::revision(&mut conn).await.ok()
}
