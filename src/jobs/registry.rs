//! The chores that come back.

use std::time::Duration;

use futures_util::future::BoxFuture;
use switchboard_contract::Timestamp;

use crate::core::Core;
use crate::limits;
use crate::service::housekeeping;
use crate::store::{Conn, Result, retention};

/// A chore that comes back.
#[derive(Debug, Clone, Copy)]
pub struct Job {
    /// Names its row. Once released it stays.
    pub name: &'static str,
    /// The pause between the end of a run and the next one. After a long absence it runs once, not once for each period missed.
    pub period: Duration,
    /// The work, in the transaction that sets the next date. Bounded: a long job does a part and says there is more.
    pub work: Work,
}

/// What a job does. An error undoes it; it is tried again after a pause.
pub type Work = for<'a> fn(&'a Core, &'a mut Conn, Timestamp) -> BoxFuture<'a, Result<Progress>>;

/// How far a run came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing is left until the next period.
    Done,
    /// A part is done; the rest follows in a transaction of its own, at once.
    More,
}

/// Every job of the program.
pub const ALL: &[Job] = &[
    Job { name: "sweep", period: limits::HOUSEKEEPING, work: sweep },
    Job { name: "drop_raw", period: limits::HOUSEKEEPING, work: drop_raw },
];

fn sweep<'a>(_: &'a Core, conn: &'a mut Conn, now: Timestamp) -> BoxFuture<'a, Result<Progress>> {
    Box::pin(async move { housekeeping::sweep(conn, now).await.map(|()| Progress::Done) })
}

/// The bytes of what came in go after the time the operator wants them kept.
fn drop_raw<'a>(core: &'a Core, conn: &'a mut Conn, now: Timestamp) -> BoxFuture<'a, Result<Progress>> {
    Box::pin(async move {
        let Some(keep) = core.keep_raw.get() else { return Ok(Progress::Done) };
        let step = retention::drop_raw(conn, now - *keep, now, limits::RAW_DROPPED_AT_ONCE).await?;
        if step.count > 0 {
            tracing::info!(
                count = step.count,
                "bytes of old inbound items were dropped, as `ledger.keep_raw_days` says"
            );
        }
        Ok(if step.more { Progress::More } else { Progress::Done })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_no_job_runs_without_a_pause() {
        let names: BTreeSet<&str> = ALL.iter().map(|job| job.name).collect();
        assert_eq!(names.len(), ALL.len());
        assert!(ALL.iter().all(|job| job.period >= Duration::from_secs(1)));
    }
}
