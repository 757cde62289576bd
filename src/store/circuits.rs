//! Targets that fail as a whole and are paused. Kept in a table, so that a restart knows.

use std::collections::BTreeMap;

use switchboard_contract::Timestamp;

use super::outbox::Target;
use super::sql;
use super::{Conn, Result, parse};

/// The pause of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circuit {
    /// When it began.
    pub since: Timestamp,
    /// When one delivery is tried.
    pub retry_at: Timestamp,
    /// Failures that led to it, and since.
    pub failures: i64,
    /// How often it was tried in vain since.
    pub pauses: i64,
    /// What is wrong.
    pub error: String,
}

/// Every target that is paused.
pub async fn all(conn: &mut Conn) -> Result<BTreeMap<Target, Circuit>> {
    let rows: Vec<(String, i64, i64, i64, i64, String)> =
        sql::query_as("SELECT target, since, retry_at, failures, pauses, error FROM circuits").fetch_all(conn).await?;
    rows.into_iter()
        .map(|(target, since, retry_at, failures, pauses, error)| {
            let (since, retry_at) = (Timestamp::from_millis(since), Timestamp::from_millis(retry_at));
            Ok((parse("target", &target)?, Circuit { since, retry_at, failures, pauses, error }))
        })
        .collect()
}

/// Pauses a target, or changes its pause.
pub async fn put(conn: &mut Conn, target: &Target, circuit: &Circuit) -> Result<()> {
    sql::query(
        "INSERT INTO circuits (target, since, retry_at, failures, pauses, error) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (target) DO UPDATE SET retry_at = excluded.retry_at, failures = excluded.failures, \
         pauses = excluded.pauses, error = excluded.error",
    )
    .bind(target.to_string())
    .bind(circuit.since.millis())
    .bind(circuit.retry_at.millis())
    .bind(circuit.failures)
    .bind(circuit.pauses)
    .bind(&circuit.error)
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends a pause: the target works.
pub async fn close(conn: &mut Conn, target: &Target) -> Result<()> {
    conn.frees_deliveries();
    sql::query("DELETE FROM circuits WHERE target = $1").bind(target.to_string()).execute(conn).await?;
    Ok(())
}

/// Takes the one attempt after a pause; false when somebody else has it. Should nothing be heard of it, there is another one at
/// `next`.
pub async fn take_probe(conn: &mut Conn, target: &Target, now: Timestamp, next: Timestamp) -> Result<bool> {
    let taken = sql::query("UPDATE circuits SET retry_at = $3 WHERE target = $1 AND retry_at <= $2")
        .bind(target.to_string())
        .bind(now.millis())
        .bind(next.millis())
        .execute(conn)
        .await?;
    Ok(taken.rows_affected() > 0)
}

/// Tries a paused target at once: a person thinks that it works again.
pub async fn hurry(conn: &mut Conn, target: &Target, now: Timestamp) -> Result<()> {
    conn.frees_deliveries();
    sql::query("UPDATE circuits SET retry_at = $2 WHERE target = $1 AND retry_at > $2")
        .bind(target.to_string())
        .bind(now.millis())
        .execute(conn)
        .await?;
    Ok(())
}
