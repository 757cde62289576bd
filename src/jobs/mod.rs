//! What happens at its time: the timers of conversations, and chores that come back. Both are rows, so they outlive the process;
//! each does its work in the transaction that takes it from the table, so it is done once. What fell due while nobody ran is done
//! late, and once.

mod registry;
mod retry;
mod runs;
mod timers;

use std::sync::Arc;

use switchboard_contract::StopToken;

use crate::core::Core;
use crate::limits;
use crate::store::{Error, Result, timers as rows};

pub use registry::{ALL, Job, Progress, Work};

/// Does what is due, until `stop` fires. Several may run on one database: each timer and each run is taken by one of them.
pub async fn run(core: Arc<Core>, jobs: &'static [Job], stop: StopToken) {
    let mut bell = core.store.commits();
    let mut calendar = None;
    while !stop.is_stopped() {
        bell.mark_unchanged();
        match look(&core, jobs, &mut calendar).await {
            // More is due than was done at once.
            Ok(true) => continue,
            Ok(false) => {}
            Err(Error::Stopping) => break,
            Err(error) => {
                tracing::error!(%error, "timers and jobs can't be read; they wait");
                // Trouble is not asked about at once again, whoever else commits meanwhile.
                tokio::select! {
                    () = stop.stopped() => break,
                    () = tokio::time::sleep(limits::JOBS_POLL) => {}
                }
            }
        }
        tokio::select! {
            () = stop.stopped() => break,
            rung = bell.changed() => if rung.is_err() { break },
            () = tokio::time::sleep(limits::JOBS_POLL) => {}
        }
        // Under load the bell rings for every commit, and nothing here is in such a hurry.
        tokio::select! {
            () = stop.stopped() => break,
            () = tokio::time::sleep(limits::JOBS_PAUSE) => {}
        }
    }
}

/// Does what is due now; true when more is.
async fn look(core: &Arc<Core>, jobs: &'static [Job], calendar: &mut Option<runs::Calendar>) -> Result<bool> {
    let calendar = match calendar {
        Some(calendar) => calendar,
        None => calendar.insert(begin(core, jobs).await?),
    };
    let more_timers = timers::fire_due(core).await?;
    let more_runs = calendar.run_due(core).await?;
    Ok(more_timers || more_runs)
}

/// Gives every job its row, and what an earlier run gave up another chance.
async fn begin(core: &Arc<Core>, jobs: &'static [Job]) -> Result<runs::Calendar> {
    let now = core.now();
    core.store
        .write::<_, Error, _>(move |conn| {
            Box::pin(async move {
                rows::retry_given_up(conn).await?;
                runs::ensure(conn, jobs, now).await
            })
        })
        .await?;
    Ok(runs::Calendar::new(jobs))
}
