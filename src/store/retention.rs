//! How long the bytes of what came in are kept. What they became stays for ever, and their digest with it.

use switchboard_contract::Timestamp;

use super::sql;
use super::{Conn, Result, settings};
use crate::{ids, limits};

/// The setting that tells up to where the ledger has been looked through: everything before was dropped. It spares an index
/// that every message would have to write.
const LOOKED_TO: &str = "raw_looked_to";

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped {
    /// Items and duplicates whose bytes are gone now.
    pub count: u64,
    /// There may be more: take another step.
    pub more: bool,
}

/// Drops the bytes of what came before an instant and was filed or filtered, and those of its duplicates. What is in
/// quarantine keeps them. Looks at `most` rows of each kind and [`limits::RAW_DROPPED_BYTES_MAX`] bytes at most; a step that
/// is repeated does nothing twice.
pub async fn drop_raw(conn: &mut Conn, before: Timestamp, now: Timestamp, most: u32) -> Result<Dropped> {
    let items = drop_items(conn, before, now, most).await?;
    let duplicates = drop_duplicates(conn, before, most).await?;
    Ok(Dropped { count: items.count + duplicates.count, more: items.more || duplicates.more })
}

/// Has the next step begin no later than at an instant: something there has left quarantine.
pub async fn look_again_from(conn: &mut Conn, received_at: Timestamp) -> Result<()> {
    let looked_to = looked_to(conn).await?;
    if received_at.millis() <= looked_to.0 {
        set_looked_to(conn, (received_at.millis(), 0)).await?;
    }
    Ok(())
}

async fn drop_items(conn: &mut Conn, before: Timestamp, now: Timestamp, most: u32) -> Result<Dropped> {
    let from = looked_to(conn).await?;
    let rows: Vec<(i64, i64, i64, i64)> = sql::query_as(
        "SELECT received_at, id, CAST(LENGTH(raw) AS BIGINT), \
         CAST(CASE WHEN raw_dropped_at IS NULL AND outcome <> 'quarantined' THEN 1 ELSE 0 END AS BIGINT) FROM inbound \
         WHERE received_at >= $1 AND received_at < $2 AND (received_at > $1 OR id > $3) ORDER BY received_at, id LIMIT $4",
    )
    .bind(from.0)
    .bind(before.millis())
    .bind(from.1)
    .bind(i64::from(most))
    .fetch_all(&mut *conn)
    .await?;
    let mut more = rows.len() >= most as usize;
    let (mut count, mut bytes, mut reached) = (0, 0_i64, from);
    for (received_at, id, length, droppable) in rows {
        if bytes >= limits::RAW_DROPPED_BYTES_MAX {
            more = true;
            break;
        }
        if droppable == 1 {
            bytes = bytes.saturating_add(length);
            drop_item(conn, id, now).await?;
            count += 1;
        }
        reached = (received_at, id);
    }
    if reached != from {
        set_looked_to(conn, reached).await?;
    }
    Ok(Dropped { count, more })
}

async fn drop_item(conn: &mut Conn, id: i64, now: Timestamp) -> Result<()> {
    let row: (Vec<u8>, Option<String>) =
        sql::query_as("SELECT raw, raw_digest FROM inbound WHERE id = $1").bind(id).fetch_one(&mut *conn).await?;
    let (raw, known) = row;
    // Of what was too large the digest of all its bytes is there already.
    let digest = known.unwrap_or_else(|| ids::digest(&raw));
    sql::query("UPDATE inbound SET raw = $2, raw_digest = $3, raw_dropped_at = $4 WHERE id = $1")
        .bind(id)
        .bind(Vec::<u8>::new())
        .bind(digest)
        .bind(now.millis())
        .execute(conn)
        .await?;
    Ok(())
}

/// Bytes of duplicates are kept only where they differ; an empty value still tells that they did.
async fn drop_duplicates(conn: &mut Conn, before: Timestamp, most: u32) -> Result<Dropped> {
    let dropped = sql::query(
        "UPDATE inbound_duplicates SET raw = $3 WHERE id IN (SELECT d.id FROM inbound_duplicates d \
         JOIN inbound i ON i.id = d.inbound_id WHERE LENGTH(d.raw) > 0 AND d.received_at < $1 \
         AND i.outcome <> 'quarantined' ORDER BY d.received_at, d.id LIMIT $2)",
    )
    .bind(before.millis())
    .bind(i64::from(most))
    .bind(Vec::<u8>::new())
    .execute(conn)
    .await?;
    let count = dropped.rows_affected();
    Ok(Dropped { count, more: count >= u64::from(most) })
}

/// Up to where the rows were looked at: received at, and the row.
async fn looked_to(conn: &mut Conn) -> Result<(i64, i64)> {
    let kept = settings::get(conn, LOOKED_TO).await?;
    let place = kept.as_deref().and_then(|text| text.split_once(' '));
    // Without a readable place it begins at the beginning, which is slow once and never wrong.
    Ok(place.and_then(|(at, id)| Some((at.parse().ok()?, id.parse().ok()?))).unwrap_or((i64::MIN, 0)))
}

async fn set_looked_to(conn: &mut Conn, place: (i64, i64)) -> Result<()> {
    settings::set(conn, LOOKED_TO, &format!("{} {}", place.0, place.1)).await
}
