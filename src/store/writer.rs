//! The writers: group commit.
//!
//! What is waiting goes into one transaction, so one flush to disk serves all of it. Each job has a savepoint: a job that
//! fails or panics undoes itself alone. Nobody hears of success before the commit. SQLite has one writer. On PostgreSQL several
//! write side by side, each in its own lane; the first lane does everything that is not bound to another.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot, watch};

use super::conn::{Ears, Left};
use super::target::{Place, Source};
use super::{Conn, Error, Result, Trouble, panic_text};
use crate::limits;

/// A moment at which a test may let the writer die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Everything is written, nothing is kept yet.
    BeforeCommit,
    /// Everything is kept, nobody has heard of it.
    AfterCommit,
}

/// Lets the writer go on, or die as if the power had failed. Only tests close it.
pub trait Gate: Send + Sync + 'static {
    /// False: the writer ends here without a goodbye.
    fn pass(&self, point: Point) -> bool;
}

/// The gate of every day.
pub struct Open;

impl Gate for Open {
    fn pass(&self, _: Point) -> bool {
        true
    }
}

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

/// Hands jobs to the writers.
#[derive(Clone)]
pub(super) struct Handle {
    lanes: Arc<[mpsc::Sender<Message>]>,
}

impl Handle {
    /// How many jobs may be under way at once.
    pub(super) fn lanes(&self) -> usize {
        self.lanes.len()
    }

    pub(super) async fn write<T, E, F>(&self, lane: usize, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(TypedJob { work: Some(work), result: None, reply });
        let jobs = self.lanes.get(lane % self.lanes.len()).ok_or(Error::Stopping)?;
        jobs.send(Message::Job(job)).await.map_err(|_| Error::Stopping)?;
        answer.await.unwrap_or_else(|_| Err(Error::Stopping.into()))
    }

    pub(super) async fn stop(&self) {
        for jobs in self.lanes.iter() {
            let (done, stopped) = oneshot::channel();
            if jobs.send(Message::Stop(done)).await.is_ok() {
                let _ = stopped.await;
            }
        }
    }
}

/// The bells that ring after commits; each counts.
#[derive(Clone)]
pub(super) struct Bells {
    /// After every one.
    pub(super) commits: watch::Receiver<u64>,
    /// After one with something that consoles have to look at.
    pub(super) changes: watch::Receiver<u64>,
    /// After one since which a delivery may go that could not before.
    pub(super) deliveries: watch::Receiver<u64>,
}

/// The other end of [`Bells`].
struct Ropes {
    commits: watch::Sender<u64>,
    changes: watch::Sender<u64>,
    deliveries: watch::Sender<u64>,
}

impl Ropes {
    fn new() -> (Self, Bells) {
        let ((commits, all), (changes, some), (deliveries, due)) =
            (watch::channel(0), watch::channel(0), watch::channel(0));
        (Self { commits, changes, deliveries }, Bells { commits: all, changes: some, deliveries: due })
    }

    fn pull(rope: &watch::Sender<u64>) {
        rope.send_modify(|count| *count += 1);
    }
}

/// The handle, the bells, and what kept the last commit from being made.
type Started = (Handle, Bells, watch::Receiver<Option<Trouble>>);

/// Starts the writers.
pub(super) fn spawn(source: &Source, lanes: usize, gate: &Arc<dyn Gate>, ears: &Ears) -> Started {
    let (ropes, bells) = Ropes::new();
    let (trouble, told) = watch::channel(None);
    let (ropes, trouble) = (Arc::new(ropes), Arc::new(trouble));
    let place = Place::of(source);
    let lanes = if source.writes_side_by_side() { lanes.max(1) } else { 1 };
    let lanes = (0..lanes).map(|_| {
        let (jobs, queue) = mpsc::channel(limits::WRITE_QUEUE_MAX);
        let (ropes, trouble, ears) = (Arc::clone(&ropes), Arc::clone(&trouble), Arc::clone(ears));
        let (source, gate, place) = (source.clone(), Arc::clone(gate), place.clone());
        let writer = Writer { source, conn: None, ropes, trouble, gate, ears, place };
        tokio::spawn(writer.run(queue));
        jobs
    });
    (Handle { lanes: lanes.collect() }, bells, told)
}

struct Writer {
    source: Source,
    /// None before the first group and after a failure that may have cost the connection.
    conn: Option<Conn>,
    ropes: Arc<Ropes>,
    trouble: Arc<watch::Sender<Option<Trouble>>>,
    gate: Arc<dyn Gate>,
    ears: Ears,
    place: Place,
}

/// How a group ended.
enum Ending {
    /// Whether consoles have something to look at, and what else is told.
    Committed(bool, Left),
    /// The only job failed by itself.
    Undone,
    Failed(Error),
    /// The gate was closed: the writer is dead.
    Died,
}

impl Writer {
    async fn run(mut self, mut queue: mpsc::Receiver<Message>) {
        // Two transactions that wait for each other's rows would be a deadlock; jobs of one lane on PostgreSQL go one by one.
        let most = if self.source.writes_side_by_side() { 1 } else { limits::COMMIT_GROUP_MAX };
        let mut stopping = None;
        while stopping.is_none() {
            let mut waiting = Vec::new();
            if queue.recv_many(&mut waiting, most).await == 0 {
                break;
            }
            let mut group = Vec::with_capacity(waiting.len());
            for message in waiting {
                match message {
                    Message::Job(job) => group.push(job),
                    Message::Stop(done) => stopping = Some(done),
                }
            }
            if !group.is_empty() && !self.commit(group).await {
                return;
            }
        }
        // The last connection to a SQLite file tidies it up.
        drop(self.conn.take());
        if let Some(done) = stopping {
            let _ = done.send(());
        }
    }

    /// Runs a group in one transaction and tells everybody; false when the writer is dead.
    async fn commit(&mut self, mut group: Vec<Box<dyn Job>>) -> bool {
        let ending = tokio::time::timeout(limits::TRANSACTION_MAX, self.transaction(&mut group)).await;
        let failure = match ending {
            Ok(Ending::Committed(changes, left)) => {
                self.works(changes, left);
                None
            }
            Ok(Ending::Undone) => None,
            Ok(Ending::Died) => return false,
            Ok(Ending::Failed(error)) => Some(Arc::new(error)),
            Err(_) => Some(Arc::new(Error::Database(sqlx::Error::PoolTimedOut))),
        };
        if let Some(error) = &failure {
            self.fails(error, group.len());
        }
        for job in group {
            job.finish(match &failure {
                None => Ok(()),
                Some(error) => Err(Error::NotKept(Arc::clone(error))),
            });
        }
        true
    }

    /// Notes that a commit was made, and tells those who are not its callers.
    fn works(&self, changes: bool, left: Left) {
        if let Some(audience) = self.ears.audience.get() {
            left.added.into_iter().for_each(|added| audience.added(added));
        }
        Ropes::pull(&self.ropes.commits);
        if changes {
            Ropes::pull(&self.ropes.changes);
        }
        if left.freed {
            Ropes::pull(&self.ropes.deliveries);
        }
        if self.trouble.borrow().is_some() {
            self.trouble.send_replace(None);
            tracing::info!("the database works again");
        }
    }

    /// Notes that a commit could not be made. Trouble is told when it begins and not for everything that comes meanwhile: the log
    /// may share the full disk.
    fn fails(&mut self, error: &Error, jobs: usize) {
        // Whatever is left of the transaction must not leak into the next one.
        self.conn = None;
        let trouble = Trouble::of(error);
        let before = self.trouble.send_replace(trouble);
        let why = trouble.map(Trouble::words);
        if trouble.is_some() && trouble == before {
            tracing::debug!(%error, jobs, "a commit failed again");
        } else {
            tracing::error!(%error, why, jobs, "a commit failed; nothing of it was kept");
        }
    }

    async fn transaction(&mut self, group: &mut [Box<dyn Job>]) -> Ending {
        self.attempt(group).await.unwrap_or_else(Ending::Failed)
    }

    /// Begins a transaction. A connection that was cut since it was last used is made anew: nothing was done on it yet.
    async fn begin(&mut self) -> Result<&mut Conn> {
        self.place.check()?;
        if let Some(mut conn) = self.conn.take() {
            match conn.begin().await {
                Ok(()) => return Ok(self.conn.insert(conn)),
                Err(error) if Trouble::of(&error) == Some(Trouble::Unreachable) => {
                    tracing::debug!(%error, "the connection to the database was cut");
                }
                Err(error) => return Err(error),
            }
        }
        let conn = self.conn.insert(self.source.connect().await?.listen(&self.ears));
        conn.begin().await?;
        Ok(conn)
    }

    async fn attempt(&mut self, group: &mut [Box<dyn Job>]) -> Result<Ending> {
        let gate = Arc::clone(&self.gate);
        let conn = self.begin().await?;
        if let [job] = group {
            // Alone, a job needs no savepoint: the whole transaction is its own.
            let outcome = job.run(conn).await;
            conn.sound()?;
            if let Outcome::Undo = outcome {
                conn.rollback().await?;
                return Ok(Ending::Undone);
            }
        } else {
            for job in group {
                conn.begin_job().await?;
                let outcome = job.run(conn).await;
                conn.sound()?;
                if let Outcome::Undo = outcome {
                    conn.undo_job().await?;
                }
                conn.end_job().await?;
            }
        }
        let changes = conn.write_news().await?;
        if !gate.pass(Point::BeforeCommit) {
            return Ok(Ending::Died);
        }
        conn.commit().await?;
        let left = conn.left();
        Ok(if gate.pass(Point::AfterCommit) { Ending::Committed(changes, left) } else { Ending::Died })
    }
}
