//! Chores that come back, as rows: when each is due, when it last ran, and why it last failed.

use switchboard_contract::Timestamp;

use super::sql;
use super::{Conn, Result};

/// A job as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// When it is due.
    pub due: Timestamp,
    /// When it last ran to its end.
    pub last_run: Option<Timestamp>,
    /// Why its last run failed; none when it didn't.
    pub last_error: Option<String>,
}

/// Every job there is a row of, also of other versions of the program.
pub async fn all(conn: &mut Conn) -> Result<Vec<Row>> {
    let rows: Vec<(String, i64, Option<i64>, Option<String>)> =
        sql::query_as("SELECT name, due_at, last_run_at, last_error FROM jobs ORDER BY name").fetch_all(conn).await?;
    let row = |(name, due, last_run, last_error): (String, i64, Option<i64>, Option<String>)| Row {
        name,
        due: Timestamp::from_millis(due),
        last_run: last_run.map(Timestamp::from_millis),
        last_error,
    };
    Ok(rows.into_iter().map(row).collect())
}

/// Adds a job that has no row yet, due at `due`.
pub async fn ensure(conn: &mut Conn, name: &str, due: Timestamp) -> Result<()> {
    sql::query("INSERT INTO jobs (name, due_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(name)
        .bind(due.millis())
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes a run that was due at `due`, and sets when the next one is; the work belongs into the same transaction. False when
/// another has taken it.
pub async fn claim(conn: &mut Conn, name: &str, due: Timestamp, next: Timestamp, now: Timestamp) -> Result<bool> {
    let claimed =
        sql::query("UPDATE jobs SET due_at = $3, last_run_at = $4, last_error = NULL WHERE name = $1 AND due_at = $2")
            .bind(name)
            .bind(due.millis())
            .bind(next.millis())
            .bind(now.millis())
            .execute(conn)
            .await?;
    Ok(claimed.rows_affected() > 0)
}

/// Sets a claimed job's next date once more: its work goes on then.
pub async fn set_due(conn: &mut Conn, name: &str, due: Timestamp) -> Result<()> {
    sql::query("UPDATE jobs SET due_at = $2 WHERE name = $1").bind(name).bind(due.millis()).execute(conn).await?;
    Ok(())
}

/// Notes that the run that was due at `due` failed, and when it is tried again.
pub async fn failed(conn: &mut Conn, name: &str, due: Timestamp, again: Timestamp, error: &str) -> Result<()> {
    sql::query("UPDATE jobs SET due_at = $3, last_error = $4 WHERE name = $1 AND due_at = $2")
        .bind(name)
        .bind(due.millis())
        .bind(again.millis())
        .bind(error)
        .execute(conn)
        .await?;
    Ok(())
}
