//! Where the database is, and how it is reached.

use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqlSafeStr};

use super::conn::{Conn, Link, Reader};
use super::{Error, Result, Trouble};
use crate::limits;

/// The migrations of a SQLite database.
pub(super) static SQLITE: Migrator = sqlx::migrate!("./migrations/sqlite");
/// The same numbers for PostgreSQL.
pub(super) static POSTGRES: Migrator = sqlx::migrate!("./migrations/postgres");

/// Where the database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Target {
    /// A SQLite file, made when it is missing.
    File(PathBuf),
    /// A PostgreSQL database: `postgres://user:password@host:port/name`.
    Postgres(String),
}

impl Target {
    /// A PostgreSQL database by its address; none when the text is no such address.
    pub fn postgres(url: &str) -> Option<Self> {
        let named = url.starts_with("postgres://") || url.starts_with("postgresql://");
        (named && PgConnectOptions::from_str(url).is_ok()).then(|| Self::Postgres(url.to_owned()))
    }
}

/// Without the password: a target is named in logs and errors.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "database {}", file.display()),
            Self::Postgres(url) => match PgConnectOptions::from_str(url) {
                Ok(options) => write!(
                    f,
                    "PostgreSQL database `{}` on {}:{}",
                    options.get_database().unwrap_or_default(),
                    options.get_host(),
                    options.get_port()
                ),
                Err(_) => f.write_str("PostgreSQL database"),
            },
        }
    }
}

/// How a writer is connected, again and again if need be.
#[derive(Clone)]
pub(super) enum Source {
    Sqlite(SqliteConnectOptions),
    Postgres(PgConnectOptions),
}

/// Connections that read.
#[derive(Clone)]
pub(super) enum Readers {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Source {
    pub(super) fn of(target: &Target) -> Result<Self> {
        match target {
            Target::File(file) => Ok(Self::Sqlite(
                SqliteConnectOptions::new()
                    .filename(file)
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(limits::DATABASE_BUSY)
                    // Pages that many commits write are copied into the file once, not every few commits.
                    .pragma("wal_autocheckpoint", limits::WAL_PAGES.to_string())
                    // What a savepoint or a statement of many rows may have to undo is kept in memory, not in a file.
                    .pragma("temp_store", "MEMORY")
                    .pragma("cache_size", format!("-{}", limits::PAGE_CACHE_KIB))
                    .statement_cache_capacity(limits::STATEMENTS_PREPARED)
                    .disable_statement_logging(),
            )),
            Target::Postgres(url) => {
                let millis = |time: Duration| time.as_millis().to_string();
                Ok(Self::Postgres(
                    PgConnectOptions::from_str(url)?
                        .application_name("switchboard")
                        .statement_cache_capacity(limits::STATEMENTS_PREPARED)
                        .options([
                            ("lock_timeout", millis(limits::DATABASE_BUSY)),
                            ("statement_timeout", millis(limits::TRANSACTION_MAX)),
                            ("idle_in_transaction_session_timeout", millis(limits::TRANSACTION_MAX)),
                            // What was promised is on disk, whatever the server's own setting says.
                            ("synchronous_commit", "on".to_owned()),
                        ])
                        .disable_statement_logging(),
                ))
            }
        }
    }

    /// A connection that writes. A file that is gone is not made anew: it would be an empty one.
    pub(super) async fn connect(&self) -> Result<Conn> {
        let connecting = async {
            Ok::<_, sqlx::Error>(Conn::new(match self {
                Self::Sqlite(options) => {
                    Link::Sqlite(Box::new(Box::new(options.clone().create_if_missing(false).connect().await?)))
                }
                Self::Postgres(options) => Link::Postgres(Box::new(Box::new(options.connect().await?))),
            }))
        };
        match tokio::time::timeout(limits::CONNECT_MAX, connecting).await {
            Ok(connected) => Ok(connected?),
            Err(_) => Err(Error::Database(sqlx::Error::PoolTimedOut)),
        }
    }

    /// Brings the database up to date.
    pub(super) async fn migrate(&self) -> Result<()> {
        match self {
            Self::Sqlite(options) => SQLITE.run(&mut options.connect().await?).await?,
            Self::Postgres(options) => POSTGRES.run(&mut options.connect().await?).await?,
        }
        Ok(())
    }

    pub(super) async fn readers(&self) -> Result<Readers> {
        Ok(match self {
            Self::Sqlite(options) => Readers::Sqlite(
                SqlitePoolOptions::new()
                    .max_connections(limits::READERS)
                    .acquire_timeout(limits::READER_WAIT)
                    .connect_with(options.clone().read_only(true).create_if_missing(false))
                    .await?,
            ),
            Self::Postgres(options) => Readers::Postgres(
                PgPoolOptions::new()
                    .max_connections(limits::READERS)
                    .acquire_timeout(limits::READER_WAIT)
                    .connect_with(options.clone().options([("default_transaction_read_only", "on")]))
                    .await?,
            ),
        })
    }

    /// Whether transactions of several connections can be under way at once.
    pub(super) fn writes_side_by_side(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

/// Where the file is that was opened, and which one it is. A server has neither.
#[derive(Clone)]
pub(super) struct Place(Option<(PathBuf, (u64, u64))>);

impl Place {
    pub(super) fn of(source: &Source) -> Self {
        Self(match source {
            Source::Sqlite(options) => {
                let file = options.get_filename().to_owned();
                which(&file).map(|which| (file, which))
            }
            Source::Postgres(_) => None,
        })
    }

    /// An open file can be written even when it was moved, removed or replaced; nobody would ever read it there.
    ///
    /// # Errors
    /// When the file in this place is not the one that was opened.
    pub(super) fn check(&self) -> Result<()> {
        match &self.0 {
            Some((file, known)) if which(file) != Some(*known) => {
                let detail = "put it back where it was, or stop the program first".to_owned();
                Err(Error::Outage { trouble: Trouble::Moved, detail })
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Device and number of a file; none when it is not there.
fn which(file: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(file).ok().map(|file| (file.dev(), file.ino()))
}

impl Readers {
    pub(super) async fn one(&self) -> Result<Reader> {
        Ok(Reader(Conn::new(match self {
            Self::Sqlite(pool) => Link::Sqlite(Box::new(pool.acquire().await?)),
            Self::Postgres(pool) => Link::Postgres(Box::new(pool.acquire().await?)),
        })))
    }

    /// A transaction that sees one commit; it ends when it is dropped.
    pub(super) async fn snapshot(&self) -> Result<Reader> {
        const ONE_COMMIT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ";
        Ok(Reader(Conn::new(match self {
            Self::Sqlite(pool) => Link::Sqlite(Box::new(pool.begin().await?)),
            Self::Postgres(pool) => Link::Postgres(Box::new(pool.begin_with(ONE_COMMIT.into_sql_str()).await?)),
        })))
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}
