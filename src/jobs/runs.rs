//! Runs the jobs that are due: claim, work and the next date are one transaction.

use std::sync::Arc;

use switchboard_contract::Timestamp;

use super::registry::{Job, Progress};
use super::retry;
use crate::core::Core;
use crate::store::jobs as rows;
use crate::store::{Conn, Error, Result};

/// The jobs and when it is worth looking for them again, so that the table is not read at every commit.
pub(super) struct Calendar {
    jobs: &'static [Job],
    /// When the table was last read, and the first date in it.
    read: Option<(Timestamp, Timestamp)>,
}

/// Gives every job its row; a new one is due at once.
pub(super) async fn ensure(conn: &mut Conn, jobs: &'static [Job], now: Timestamp) -> Result<()> {
    for job in jobs {
        rows::ensure(conn, job.name, now).await?;
    }
    Ok(())
}

impl Calendar {
    pub(super) fn new(jobs: &'static [Job]) -> Self {
        Self { jobs, read: None }
    }

    /// Runs what is due; true when something ran, for then more may be.
    ///
    /// # Errors
    /// The database is in trouble: what has not run runs later.
    pub(super) async fn run_due(&mut self, core: &Arc<Core>) -> Result<bool> {
        let now = core.now();
        // Dates only move away while this program looks elsewhere, so the first one known is early enough.
        if self.read.is_some_and(|(read, first)| (read..first).contains(&now)) {
            return Ok(false);
        }
        let rows = rows::all(&mut *core.store.reader().await?).await?;
        let mut first = Timestamp::from_millis(i64::MAX);
        let (mut ran, mut waits) = (false, false);
        for job in self.jobs {
            let Some(row) = rows.iter().find(|row| row.name == job.name) else { continue };
            if retry::is_due(row.due, job.period, now) {
                let over = run(core, job, row.due, now).await?;
                (ran, waits) = (ran || over, waits || !over);
            } else {
                first = first.min(row.due);
            }
        }
        self.read = (!ran && !waits).then_some((now, first));
        Ok(ran)
    }
}

/// Runs one; false when it has to wait for the next look.
async fn run(core: &Arc<Core>, job: &'static Job, due: Timestamp, now: Timestamp) -> Result<bool> {
    let shared = Arc::clone(core);
    let done = core
        .store
        .write::<_, Error, _>(move |conn| {
            Box::pin(async move {
                if !rows::claim(conn, job.name, due, now + job.period, now).await? {
                    return Ok(());
                }
                match (job.work)(&shared, conn, now).await? {
                    Progress::Done => Ok(()),
                    Progress::More => rows::set_due(conn, job.name, now).await,
                }
            })
        })
        .await;
    match done {
        Ok(()) => Ok(true),
        Err(error) if error.is_outage() => Err(error),
        // Somebody else wrote the same rows at that moment, or the commit it shared failed.
        Err(Error::Stale | Error::NotKept(_)) => Ok(false),
        Err(error) => {
            tracing::warn!(job = job.name, %error, "a job failed; it is tried again");
            let (again, error) = (retry::after_failure(job.period, now), error.to_string());
            core.store
                .write::<_, Error, _>(move |conn| {
                    Box::pin(async move { rows::failed(conn, job.name, due, again, &error).await })
                })
                .await
                .map(|()| true)
        }
    }
}
