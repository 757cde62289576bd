//! The chores that come back.

use std::time::Duration;

use futures_util::future::BoxFuture;
use switchboard_contract::Timestamp;

use crate::core::Core;
use crate::limits;
use crate::service::housekeeping;
use crate::store::{Conn, Result};

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
pub const ALL: &[Job] = &[Job { name: "sweep", period: limits::HOUSEKEEPING, work: sweep }];

fn sweep<'a>(_: &'a Core, conn: &'a mut Conn, now: Timestamp) -> BoxFuture<'a, Result<Progress>> {
    Box::pin(async move { housekeeping::sweep(conn, now).await.map(|()| Progress::Done) })
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
