//! The writer: one task, one connection, group commit.
//!
//! What is waiting goes into one transaction, so one flush to disk serves all of it. Each job has a savepoint: a job that
//! fails or panics undoes itself alone. Nobody hears of success before the commit.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{mpsc, oneshot, watch};

use super::sql;
use super::{Conn, Error, Result, panic_text};
use crate::limits;

/// A job of any type: runs, then tells its caller how it ended.
trait Job: Send {
    fn run<'c>(&'c mut self, conn: &'c mut Conn) -> BoxFuture<'c, Outcome>;
    fn finish(self: Box<Self>, commit: Result<()>);
}

/// What becomes of a job's savepoint.
enum Outcome {
    Keep,
    Undo,
}

struct TypedJob<T, E, F> {
    work: Option<F>,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job for TypedJob<T, E, F>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
    F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
{
    fn run<'c>(&'c mut self, conn: &'c mut Conn) -> BoxFuture<'c, Outcome> {
        Box::pin(async move {
            let Some(work) = self.work.take() else { return Outcome::Undo };
            let result = match AssertUnwindSafe(work(conn)).catch_unwind().await {
                Ok(result) => result,
                Err(panic) => Err(Error::Panicked(panic_text(&*panic)).into()),
            };
            let outcome = if result.is_ok() { Outcome::Keep } else { Outcome::Undo };
            self.result = Some(result);
            outcome
        })
    }

    fn finish(self: Box<Self>, commit: Result<()>) {
        let result = match (commit, self.result) {
            // A job's own error stands: it had been undone before the commit was tried.
            (_, Some(Err(error))) => Err(error),
            (Err(error), _) => Err(error.into()),
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(Error::Stopping.into()),
        };
        // The caller may have gone away; the work is committed all the same.
        let _ = self.reply.send(result);
    }
}

enum Message {
    Job(Box<dyn Job>),
    Stop(oneshot::Sender<()>),
}

/// Hands jobs to the writer.
#[derive(Clone)]
pub(super) struct Handle {
    jobs: mpsc::Sender<Message>,
}

impl Handle {
    pub(super) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(TypedJob { work: Some(work), result: None, reply });
        self.jobs.send(Message::Job(job)).await.map_err(|_| Error::Stopping)?;
        answer.await.unwrap_or_else(|_| Err(Error::Stopping.into()))
    }

    pub(super) async fn stop(&self) {
        let (done, stopped) = oneshot::channel();
        if self.jobs.send(Message::Stop(done)).await.is_ok() {
            let _ = stopped.await;
        }
    }
}

/// Starts the writer on its connection.
pub(super) fn spawn(connection: SqliteConnection) -> (Handle, watch::Receiver<u64>) {
    let (jobs, queue) = mpsc::channel(limits::WRITE_QUEUE_MAX);
    let (bell, commits) = watch::channel(0);
    tokio::spawn(run(connection, queue, bell));
    (Handle { jobs }, commits)
}

async fn run(mut connection: SqliteConnection, mut queue: mpsc::Receiver<Message>, bell: watch::Sender<u64>) {
    let mut stopping = None;
    while stopping.is_none() {
        let mut waiting = Vec::new();
        if queue.recv_many(&mut waiting, limits::COMMIT_GROUP_MAX).await == 0 {
            break;
        }
        let mut group = Vec::with_capacity(waiting.len());
        for message in waiting {
            match message {
                Message::Job(job) => group.push(job),
                Message::Stop(done) => stopping = Some(done),
            }
        }
        if !group.is_empty() && commit(&mut connection, group).await {
            bell.send_modify(|count| *count += 1);
        }
    }
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the database was not closed cleanly");
    }
    if let Some(done) = stopping {
        let _ = done.send(());
    }
}

/// Runs a group in one transaction and tells everybody; true when it was committed.
async fn commit(connection: &mut SqliteConnection, mut group: Vec<Box<dyn Job>>) -> bool {
    let result = transaction(connection, &mut group).await;
    let committed = result.is_ok();
    let failure = result.err().map(|error| error.to_string());
    if let Some(error) = &failure {
        tracing::error!(error, jobs = group.len(), "a commit failed; nothing of it was kept");
        // Whatever is left of the transaction must not leak into the next one.
        if let Err(error) = exec(connection, "ROLLBACK").await {
            tracing::debug!(%error, "no transaction was left to roll back");
        }
    }
    for job in group {
        job.finish(match &failure {
            None => Ok(()),
            Some(error) => Err(Error::Database(sqlx::Error::Protocol(error.clone()))),
        });
    }
    committed
}

async fn transaction(connection: &mut SqliteConnection, group: &mut [Box<dyn Job>]) -> Result<()> {
    exec(connection, "BEGIN IMMEDIATE").await?;
    for job in group {
        exec(connection, "SAVEPOINT job").await?;
        if let Outcome::Undo = job.run(connection).await {
            exec(connection, "ROLLBACK TO job").await?;
        }
        exec(connection, "RELEASE job").await?;
    }
    exec(connection, "COMMIT").await
}

async fn exec(connection: &mut SqliteConnection, sql: &'static str) -> Result<()> {
    sql::query(sql).execute(connection).await?;
    Ok(())
}
