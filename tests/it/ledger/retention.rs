//! How long bytes are kept.

use std::sync::Arc;
use std::time::Duration;

use switchboard::service::quarantine::Retried;
use switchboard::store::jobs as rows;
use switchboard::store::retention::Dropped;
use switchboard::store::{Error, retention, sql};
use switchboard::{jobs, limits};
use switchboard_contract::{Accepted, Inbound, Reading, StopSource};

use super::house::{House, message, unreadable};
use crate::server::in_time;

const DAY: Duration = Duration::from_hours(24);

/// The ids of everything whose bytes are kept.
async fn kept(house: &House) -> Vec<String> {
    sql::query_scalar("SELECT external_id FROM inbound WHERE LENGTH(raw) > 0 ORDER BY id")
        .fetch_all(&mut *house.conn().await)
        .await
        .expect("reads")
}

async fn step(house: &House, keep: Duration, most: u32) -> Dropped {
    let now = house.core.now();
    let step =
        house.core.store.write::<_, Error, _>(move |conn| Box::pin(retention::drop_raw(conn, now - keep, now, most)));
    step.await.expect("a step")
}

/// Drops everything older; tells how much that was.
async fn sweep(house: &House, keep: Duration) -> u64 {
    let mut count = 0;
    loop {
        let dropped = step(house, keep, limits::RAW_DROPPED_AT_ONCE).await;
        count += dropped.count;
        if !dropped.more {
            return count;
        }
    }
}

#[tokio::test]
async fn old_bytes_go_and_what_they_became_stays() {
    for house in House::on_each().await {
        house.accept(message("old", "t", "hello")).await;
        house.accept(message("old", "t", "other bytes")).await;
        house
            .accept(Inbound { reading: Reading::Filtered { reason: "ours".to_owned() }, ..message("echo", "t", "x") })
            .await;
        house.accept(unreadable("stuck", "%%%")).await;
        house.accept(unreadable("stuck", "%%")).await;
        house.clock.advance(DAY * 20);
        house.accept(message("new", "t", "hello again")).await;
        let before = house.counts().await;
        house.clock.advance(DAY * 11);
        // Not a day too early.
        assert_eq!(sweep(&house, DAY * 32).await, 0);
        assert_eq!(sweep(&house, DAY * 30).await, 3);
        assert_eq!(kept(&house).await, ["stuck", "new"], "quarantined items keep theirs");
        let duplicates: Vec<i64> =
            sql::query_scalar("SELECT CAST(COALESCE(LENGTH(raw), -1) AS BIGINT) FROM inbound_duplicates ORDER BY id")
                .fetch_all(&mut *house.conn().await)
                .await
                .expect("reads");
        assert_eq!(duplicates, [0, 2]);
        assert_eq!(sweep(&house, DAY * 30).await, 0, "nothing is dropped twice");
        assert_eq!((house.counts().await, house.account().await.differing), (before, 2));

        // A late duplicate is still compared.
        let same = house.accept(message("old", "t", "hello")).await;
        assert!(matches!(same, Accepted::Duplicate { conversation: Some(_), .. }), "{same:?}");
        assert_eq!(house.account().await.differing, 2);
        house.accept(message("old", "t", "other bytes")).await;
        assert_eq!(house.account().await.differing, 3);

        // What leaves quarantine late loses its bytes with the next sweep.
        house.reader.learns(|_| Some(message("", "t", "decoded").reading));
        let number = house.quarantine().await[0].id;
        assert!(matches!(house.retry(number).await, Ok(Retried::Filed(_))));
        assert_eq!(sweep(&house, DAY * 30).await, 2, "it and its duplicate");
        assert_eq!(kept(&house).await, ["new"]);
        house.clock.advance(DAY * 31);
        assert_eq!(sweep(&house, DAY * 30).await, 2, "the new one, and the late duplicate");
        assert!(kept(&house).await.is_empty());
    }
}

#[tokio::test]
async fn each_step_is_small_and_goes_on_where_the_last_one_stopped() {
    for house in House::on_each().await {
        for number in 0..5 {
            house.accept(message(&format!("m{number}"), "t", "hello")).await;
        }
        house.clock.advance(DAY * 10);
        let (mut left, mut steps) = (5, 0);
        loop {
            let dropped = step(&house, DAY, 2).await;
            left -= dropped.count;
            steps += 1;
            assert!(dropped.count <= 2, "{dropped:?}");
            assert_eq!(kept(&house).await.len() as u64, left);
            if !dropped.more {
                break;
            }
        }
        assert_eq!((left, steps), (0, 3));
    }
}

/// The bytes that are kept once a run of the jobs has been committed.
async fn kept_after_the_jobs(house: &House) -> Vec<String> {
    let (mut source, stop) = StopSource::new();
    let jobs = tokio::spawn(jobs::run(Arc::clone(&house.core), jobs::ALL, stop));
    let ran = async {
        let mut bell = house.core.store.commits();
        loop {
            bell.mark_unchanged();
            let rows = rows::all(&mut *house.conn().await).await.expect("reads");
            if rows.iter().any(|row| row.name == "drop_raw" && row.due > house.core.now()) {
                return;
            }
            bell.changed().await.expect("a commit");
        }
    };
    in_time("a run of the job", ran).await;
    source.stop();
    jobs.await.expect("it stops");
    kept(house).await
}

#[tokio::test]
async fn the_job_does_it_as_the_operator_says() {
    for house in House::on_each().await {
        house.accept(message("m1", "t", "hello")).await;
        house.clock.advance(DAY * 400);
        assert_eq!(kept_after_the_jobs(&house).await, ["m1"], "for ever, unless somebody says how long");
        house.core.keep_raw.set(DAY * 399).expect("new");
        house.clock.advance(DAY);
        assert!(kept_after_the_jobs(&house).await.is_empty());
    }
}

#[tokio::test]
async fn what_is_dropped_is_found_without_reading_what_was() {
    let house = House::new().await;
    for statement in [
        "EXPLAIN QUERY PLAN SELECT received_at, id FROM inbound \
         WHERE received_at >= 1 AND received_at < 2 AND (received_at > 1 OR id > 3) ORDER BY received_at, id LIMIT 4",
        "EXPLAIN QUERY PLAN SELECT d.id FROM inbound_duplicates d \
         JOIN inbound i ON i.id = d.inbound_id WHERE LENGTH(d.raw) > 0 AND d.received_at < 1 \
         AND i.outcome <> 'quarantined' ORDER BY d.received_at, d.id LIMIT 2",
        "EXPLAIN QUERY PLAN SELECT inbox_id, COUNT(*) FROM inbound_duplicates \
         WHERE raw IS NOT NULL AND received_at >= 1 AND received_at < 2 GROUP BY inbox_id",
        "EXPLAIN QUERY PLAN SELECT received_at, id FROM inbound WHERE outcome = 'quarantined' \
         AND (received_at, id) > (1, 1) ORDER BY received_at, id LIMIT 1",
    ] {
        let rows: Vec<(i64, i64, i64, String)> =
            sql::query_as(statement).fetch_all(&mut *house.conn().await).await.expect("a plan");
        let plan = rows.into_iter().map(|row| row.3).collect::<Vec<_>>().join("\n");
        let indexed = plan.lines().all(|line| !line.starts_with("SCAN") || line.contains("USING"));
        assert!(indexed, "{statement}\n{plan}");
    }
}
