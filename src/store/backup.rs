//! Copies of the database, and what shows that a copy is good.

use std::path::Path;

use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use switchboard_contract::Timestamp;

use super::conn::{Conn, Link};
use super::sql;
use super::{Error, Result, Store, ledger, target};

/// What a look through a copy found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// The number of the last migration.
    pub migration: i64,
    /// Conversations in it.
    pub conversations: i64,
    /// Entries in it.
    pub entries: i64,
    /// What is wrong with it; nothing when it is good.
    pub mistakes: Vec<String>,
}

impl Store {
    /// Writes a consistent copy of the database to a file that does not exist yet. The server goes on meanwhile.
    pub async fn backup(&self, to: &Path) -> Result<()> {
        // Bound as a value, so no file name can become SQL. <https://sqlite.org/lang_vacuum.html#vacuuminto>
        sql::query("VACUUM INTO $1")
            .bind(to.to_string_lossy().into_owned())
            .execute(&mut *self.reader().await?)
            .await?;
        Ok(())
    }
}

/// Looks through a copy without changing it: is the file whole, do its rows refer to each other, is it of a version this
/// program knows, and does its ledger balance?
pub async fn verify(file: &Path, now: Timestamp) -> Result<Findings> {
    let options =
        SqliteConnectOptions::new().filename(file).read_only(true).immutable(true).disable_statement_logging();
    let mut conn = Conn::new(Link::Sqlite(Box::new(Box::new(options.connect().await?))));
    look(&mut conn, now).await
}

async fn look(conn: &mut Conn, now: Timestamp) -> Result<Findings> {
    let mut mistakes: Vec<String> = sql::query_scalar("PRAGMA integrity_check(20)").fetch_all(conn).await?;
    mistakes.retain(|line| line != "ok");
    let orphans: Vec<(String,)> =
        sql::query_as("SELECT \"table\" FROM pragma_foreign_key_check").fetch_all(conn).await?;
    if !orphans.is_empty() {
        mistakes.push(format!("{} rows refer to rows that are missing", orphans.len()));
    }
    let migration: i64 = sql::query_scalar("SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations WHERE success")
        .fetch_one(conn)
        .await?;
    let known = target::SQLITE.iter().map(|known| known.version).max().unwrap_or(0);
    if migration > known {
        mistakes.push(format!("it was written by a newer program (migration {migration}; this one knows {known})"));
    }
    let (conversations, entries): (i64, i64) =
        sql::query_as("SELECT (SELECT COUNT(*) FROM conversations), (SELECT COUNT(*) FROM entries)")
            .fetch_one(conn)
            .await?;
    let gaps: i64 = sql::query_scalar(
        "SELECT COUNT(*) FROM conversations v WHERE v.seq <> (SELECT COUNT(*) FROM entries e WHERE e.conversation_id = v.id)",
    )
    .fetch_one(conn)
    .await?;
    if gaps > 0 {
        mistakes.push(format!("{gaps} conversations lack entries"));
    }
    let accounts = ledger::accounts(conn, Timestamp::from_millis(0), now).await?;
    for account in accounts.iter().filter(|account| !account.balanced) {
        mistakes.push(format!("the ledger of the inbox `{}` does not balance", account.slug));
    }
    Ok(Findings { migration, conversations, entries, mistakes })
}

/// A copy that is not a database at all.
pub fn not_a_database(error: &Error) -> bool {
    const NOT_A_DATABASE: &str = "26";
    matches!(error, Error::Database(sqlx::Error::Database(refusal)) if refusal.code().as_deref() == Some(NOT_A_DATABASE))
}
