//! The account of what came in: for every inbox and span of days, received = filed + duplicate + filtered + quarantined.

use std::collections::BTreeMap;

use serde::Serialize;
use switchboard_contract::Timestamp;
use utoipa::ToSchema;

use super::sql;
use super::{Conn, Result};

/// A day, in milliseconds. Days are counted in UTC.
pub const DAY_MILLIS: i64 = 86_400_000;
/// Days an account covers unless somebody asks for others, the last one included.
pub const DAYS_SHOWN: i64 = 30;

/// Reads a day (`2026-11-20`, its first instant in UTC) or a time as in RFC 3339.
pub fn instant(text: &str) -> Option<Timestamp> {
    let day = text.parse::<jiff::civil::Date>().ok().filter(|_| text.len() == 10);
    let day = day.and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok()).map(|start| start.timestamp());
    let parsed = day.or_else(|| text.parse::<jiff::Timestamp>().ok())?;
    Some(Timestamp::from_millis(parsed.as_millisecond()))
}

/// One inbox's account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Account {
    /// The inbox's id.
    pub inbox: String,
    /// The inbox's short name: unique, as in its address.
    pub slug: String,
    /// The inbox's name.
    pub name: String,
    /// What arrived, counted on arrival.
    pub received: i64,
    /// Part of a conversation.
    pub filed: i64,
    /// Delivered again.
    pub duplicate: i64,
    /// Of the duplicates, those whose bytes differ from the first's: the first stands.
    pub differing: i64,
    /// Deliberately not filed.
    pub filtered: i64,
    /// Kept for a person to look at.
    pub quarantined: i64,
    /// Both sides agree.
    pub balanced: bool,
}

/// Accounts of all inboxes over whole days (UTC), from the day of `from` to the day of `to`, both included.
pub async fn accounts(conn: &mut Conn, from: Timestamp, to: Timestamp) -> Result<Vec<Account>> {
    let (first, last) = (from.millis().div_euclid(DAY_MILLIS), to.millis().div_euclid(DAY_MILLIS));
    let (start, end) = (first.saturating_mul(DAY_MILLIS), last.saturating_add(1).saturating_mul(DAY_MILLIS));
    let received: Vec<(String, String, String, i64)> = sql::query_as(
        "SELECT i.id, i.slug, i.name, CAST(COALESCE((SELECT SUM(r.count) FROM received r \
         WHERE r.inbox_id = i.id AND r.day BETWEEN $1 AND $2), 0) AS BIGINT) FROM inboxes i ORDER BY i.slug",
    )
    .bind(first)
    .bind(last)
    .fetch_all(&mut *conn)
    .await?;
    let outcomes: Vec<(String, String, i64)> = sql::query_as(
        "SELECT inbox_id, outcome, COUNT(*) FROM inbound WHERE received_at >= $1 AND received_at < $2 \
         GROUP BY inbox_id, outcome UNION ALL SELECT inbox_id, 'duplicate', COUNT(*) FROM inbound_duplicates \
         WHERE received_at >= $1 AND received_at < $2 GROUP BY inbox_id \
         UNION ALL SELECT inbox_id, 'differing', COUNT(*) FROM inbound_duplicates \
         WHERE raw IS NOT NULL AND received_at >= $1 AND received_at < $2 GROUP BY inbox_id",
    )
    .bind(start)
    .bind(end)
    .fetch_all(conn)
    .await?;
    let counts: BTreeMap<(String, String), i64> =
        outcomes.into_iter().map(|(inbox, outcome, count)| ((inbox, outcome), count)).collect();
    Ok(received
        .into_iter()
        .map(|(inbox, slug, name, received)| {
            let count = |outcome: &str| counts.get(&(inbox.clone(), outcome.to_owned())).copied().unwrap_or(0);
            let (filed, duplicate) = (count("filed"), count("duplicate"));
            let (filtered, quarantined) = (count("filtered"), count("quarantined"));
            let differing = count("differing");
            let balanced = received == filed + duplicate + filtered + quarantined;
            Account { inbox, slug, name, received, filed, duplicate, differing, filtered, quarantined, balanced }
        })
        .collect())
}

/// An item in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow, ToSchema)]
pub struct Quarantined {
    /// The row.
    pub id: i64,
    /// The inbox's name.
    pub inbox: String,
    /// The channel's id of it.
    pub external_id: String,
    /// When it came, in milliseconds since 1970.
    pub received_at: i64,
    /// What was wrong.
    pub reason: String,
    /// How many bytes it has.
    pub bytes: i64,
}

/// What is in quarantine, newest first.
pub async fn quarantine(conn: &mut Conn, most: u32) -> Result<Vec<Quarantined>> {
    Ok(sql::query_as(
        "SELECT q.id, i.name AS inbox, q.external_id, q.received_at, COALESCE(q.reason, '') AS reason, \
         CAST(LENGTH(q.raw) AS BIGINT) AS bytes FROM inbound q JOIN inboxes i ON i.id = q.inbox_id WHERE q.outcome = 'quarantined' \
         ORDER BY q.received_at DESC, q.id DESC LIMIT $1",
    )
    .bind(i64::from(most))
    .fetch_all(conn)
    .await?)
}
