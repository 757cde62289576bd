//! The only place with SQL: one SQLite file, or a PostgreSQL database. Every text serves both.
//!
//! A write is a closure handed to [`Store::write`]; the writer runs what is waiting in one transaction, each closure in a
//! savepoint of its own, and answers only after the commit. Reads take a reader connection by [`Store::reader`].
//! Functions of the submodules take a connection, so that the caller decides which transaction they belong to.

use std::panic::AssertUnwindSafe;
use std::str::FromStr;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::watch;

use crate::limits;

pub mod accounts;
pub mod backup;
pub mod changes;
pub mod changeset;
pub mod circuits;
mod conn;
pub mod contacts;
pub mod conversations;
pub mod deliveries;
pub mod documents;
pub mod entries;
pub mod feedback;
pub mod inbound;
pub mod inboxes;
pub mod jobs;
pub mod ledger;
pub mod letters;
pub mod outbox;
pub mod quarantine;
pub mod retention;
pub mod settings;
pub mod sql;
mod target;
pub mod timers;
mod trouble;
mod writer;

pub use conn::{Added, Audience, Conn, Herald, Reader};
pub use target::Target;
pub use trouble::Trouble;
pub use writer::{Gate, Open, Point};

/// Why the store could not do something.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or can't be reached.
    #[error("the database can't be used: {0}")]
    Database(#[from] sqlx::Error),
    /// The database belongs to another version of the program, or a migration failed.
    #[error("the database can't be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A stored value makes no sense to this version.
    #[error("the stored {what} can't be read: {detail}")]
    Corrupt {
        /// What it is.
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// Somebody else wrote it since it was read.
    #[error("it was changed meanwhile")]
    Stale,
    /// The job panicked; nothing of it was kept.
    #[error("an internal error: {0}")]
    Panicked(String),
    /// The database was in trouble while a job ran, so nothing of its transaction can be trusted.
    #[error("{}: {detail}", trouble.words())]
    Outage {
        /// What kind of trouble.
        trouble: Trouble,
        /// The database's own words.
        detail: String,
    },
    /// The group it was in could not be committed.
    #[error("{0}")]
    NotKept(Arc<Error>),
    /// The writer has stopped.
    #[error("the program is stopping")]
    Stopping,
}

/// The result of store functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    readers: target::Readers,
    writer: writer::Handle,
    bells: writer::Bells,
    trouble: watch::Receiver<Option<Trouble>>,
    ears: conn::Ears,
}

impl Error {
    /// The database itself is in trouble (full, locked, unreadable, gone), so that trying another item makes no sense.
    pub fn is_outage(&self) -> bool {
        Trouble::of(self).is_some()
    }
}

impl Store {
    /// Opens the database, makes the file if it is missing, and brings it up to date.
    pub async fn open(target: &Target) -> Result<Self> {
        Self::open_with(target, 1, Arc::new(writer::Open)).await
    }

    /// The same with so many lanes of writers (SQLite has one whatever is asked), and a gate that each commit has to pass.
    pub async fn open_with(target: &Target, lanes: usize, gate: Arc<dyn Gate>) -> Result<Self> {
        let source = target::Source::of(target)?;
        source.migrate().await?;
        let readers = source.readers().await?;
        let ears = conn::Ears::default();
        let (writer, bells, trouble) = writer::spawn(&source, lanes, &gate, &ears);
        Ok(Self { readers, writer, bells, trouble, ears })
    }

    /// Has events made of everything that is written from now on. Only the first call counts.
    pub fn subscribe(&self, herald: Arc<dyn Herald>) {
        let _ = self.ears.herald.set(herald);
    }

    /// Has an audience told what is added to threads from now on. Only the first call counts.
    pub fn show(&self, audience: Arc<dyn Audience>) {
        let _ = self.ears.audience.set(audience);
    }

    /// Lanes that write side by side.
    pub fn lanes(&self) -> usize {
        self.writer.lanes()
    }

    /// Runs `job` in the next group commit and returns its result once that has been committed.
    ///
    /// An error of the job undoes the job alone; the others of its group stand.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    {
        self.writer.write(0, job).await
    }

    /// The same in a lane of its own: what goes into one lane is done in the order it came.
    pub async fn write_in<T, E, F>(&self, lane: usize, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    {
        self.writer.write(lane, job).await
    }

    /// A connection that sees the last commit and can't write.
    pub async fn reader(&self) -> Result<Reader> {
        self.readers.one().await
    }

    /// Several reads that see one and the same commit.
    pub async fn snapshot(&self) -> Result<Reader> {
        self.readers.snapshot().await
    }

    /// A bell that rings after each commit. Only a hint: the truth is in the tables.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.bells.commits.clone()
    }

    /// The same after those commits only that left consoles something to look at.
    pub fn changes_bell(&self) -> watch::Receiver<u64> {
        self.bells.changes.clone()
    }

    /// The same after those commits only since which a delivery may go that could not before.
    pub fn deliveries_bell(&self) -> watch::Receiver<u64> {
        self.bells.deliveries.clone()
    }

    /// What kept the last commit from being made; none when it was made.
    pub fn trouble(&self) -> Option<Trouble> {
        *self.trouble.borrow()
    }

    /// Writes a value and reads it back through a reader: the database works.
    pub async fn probe(&self) -> Result<()> {
        self.write::<_, Error, _>(|conn| Box::pin(settings::set(conn, "probe", "ok"))).await?;
        settings::get(&mut *self.reader().await?, "probe").await.map(drop)
    }

    /// Ends the writers after what is waiting, and closes the database.
    pub async fn close(&self) {
        let closing = async {
            self.writer.stop().await;
            self.readers.close().await;
        };
        // A database that can't be reached, and a reader that is still busy, have no claim to keep the program from ending.
        if tokio::time::timeout(limits::CLOSE_BUDGET, closing).await.is_err() {
            tracing::warn!("the database was not done in time; what it had not kept was acknowledged to nobody");
        }
    }
}

/// Reads a value that is stored as JSON.
fn from_json<T: serde::de::DeserializeOwned>(what: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Error::Corrupt { what, detail: error.to_string() })
}

/// Writes a value as JSON. Our own types have string keys only, so this can't fail.
fn to_json<T: serde::Serialize>(what: &'static str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Corrupt { what, detail: error.to_string() })
}

/// Reads a value that is stored as text: ids.
fn parse<T: FromStr>(what: &'static str, text: &str) -> Result<T>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| Error::Corrupt { what, detail: error.to_string() })
}

/// The word a unit variant is stored as: its serde name.
fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// Reads a unit variant back from its word.
fn from_word<T: serde::de::DeserializeOwned>(what: &'static str, word: &str) -> Result<T> {
    serde_json::from_value(serde_json::Value::String(word.to_owned()))
        .map_err(|error| Error::Corrupt { what, detail: error.to_string() })
}

/// A place in a conversation as the database counts it.
fn place(seq: switchboard_contract::Seq) -> i64 {
    i64::try_from(seq.0).unwrap_or(i64::MAX)
}

/// A place read from the database.
fn seq(place: i64) -> switchboard_contract::Seq {
    switchboard_contract::Seq(u64::try_from(place).unwrap_or(0))
}

/// The words of a panic.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}

/// Runs `work` in a savepoint: its error or panic undoes it alone and is returned inside.
///
/// # Errors
/// When the savepoint itself can't be set or taken back.
pub async fn savepoint<T>(conn: &mut Conn, work: impl AsyncFnOnce(&mut Conn) -> Result<T>) -> Result<Result<T>> {
    let mark = conn.mark();
    conn.run("SAVEPOINT item").await?;
    let result = match AssertUnwindSafe(work(conn)).catch_unwind().await {
        Ok(result) => result,
        Err(panic) => Err(Error::Panicked(panic_text(&*panic))),
    };
    if result.is_err() {
        conn.forget_since(mark);
        conn.run("ROLLBACK TO SAVEPOINT item").await?;
    }
    conn.run("RELEASE SAVEPOINT item").await?;
    Ok(result)
}

/// A refused write of rows that somebody else wrote at the same moment may go well when it is tried again.
fn stale_or_worse(error: sqlx::Error) -> Error {
    if is_conflict(&error) { Error::Stale } else { error.into() }
}

/// Somebody else's transaction was in the way: the same may go well when it is tried again.
fn is_conflict(error: &sqlx::Error) -> bool {
    const SERIALIZATION_FAILURE: &str = "40001";
    const DEADLOCK_DETECTED: &str = "40P01";
    error.as_database_error().is_some_and(|refusal| {
        refusal.is_unique_violation()
            || refusal.code().is_some_and(|code| code == SERIALIZATION_FAILURE || code == DEADLOCK_DETECTED)
    })
}
