//! Durable turns a second: accept, ledger, step, reply in the outbox, committed, acknowledged. Beside it, in the same run, the
//! flush of the day and the ceiling: a program that only inserts the same rows in the same group size.
//!
//! `cargo bench --bench turns`, or `make bench`. Prints a table and writes `target/bench/turns.json`.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::expect_used, reason = "a bench that can't go on should stop")]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use switchboard::app::{Home, open_core};
use switchboard::clock::SystemClock;
use switchboard::core::Core;
use switchboard::intake::InboxSink;
use switchboard::store::{Error, inboxes};
use switchboard_contract::{
    Accepted, Address, Content, ExternalId, Inbound, InboundMessage, InboundSink, InboxId, Proof, Reading, Sender,
    ThreadKey,
};

/// Runs of each measurement; the median counts.
const RUNS: usize = 5;
/// Messages of each run.
const MESSAGES: usize = 4_000;
/// Callers that wait for their acknowledgement at once.
const CALLERS: [usize; 3] = [1, 16, 64];
/// Rows that one turn writes: inbound, received, conversation, two entries, a delivery, a change.
const ROWS: usize = 7;

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(run());
}

async fn run() {
    let folder = tempfile::tempdir().expect("a folder");
    let flush = median((0..RUNS).map(|_| flush_cost(folder.path())).collect());
    println!("a flush of 4 KiB costs {:.2} ms today\n", flush * 1e3);
    println!("{:>8} {:>14} {:>14} {:>8} {:>16}", "callers", "turns/s", "ceiling/s", "ratio", "lone turn, ms");
    let mut rows = Vec::new();
    for callers in CALLERS {
        let (mut turns, mut ceilings) = (Vec::new(), Vec::new());
        // Alternating, so that a slow minute of the machine slows both.
        for run in 0..RUNS {
            turns.push(turns_a_second(&folder.path().join(format!("turns-{callers}-{run}")), callers).await);
            ceilings.push(ceiling(&folder.path().join(format!("ceiling-{callers}-{run}.db")), callers).await);
        }
        let (turns, ceiling) = (median(turns), median(ceilings));
        let lone = if callers == 1 { format!("{:.2}", 1e3 / turns) } else { String::new() };
        println!("{callers:>8} {turns:>14.0} {ceiling:>14.0} {:>8.2} {lone:>16}", turns / ceiling);
        rows.push(json!({"callers": callers, "turns_per_second": turns, "ceiling_per_second": ceiling}));
    }
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench");
    std::fs::create_dir_all(&target).expect("the target folder");
    let report =
        json!({"flush_seconds": flush, "rows_per_turn": ROWS, "messages": MESSAGES, "runs": RUNS, "rows": rows});
    std::fs::write(target.join("turns.json"), report.to_string()).expect("the report");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Seconds for appending 4 KiB and fdatasync.
fn flush_cost(folder: &Path) -> f64 {
    const FLUSHES: u32 = 100;
    let mut file = std::fs::File::create(folder.join("flush")).expect("a file");
    let start = Instant::now();
    for _ in 0..FLUSHES {
        file.write_all(&[7; 4096]).expect("written");
        file.sync_data().expect("flushed");
    }
    start.elapsed().as_secs_f64() / f64::from(FLUSHES)
}

/// The whole path through a bare in-process channel: every caller is a contact who waits for each acknowledgement.
async fn turns_a_second(folder: &Path, callers: usize) -> f64 {
    let core = open_core(&Home::at(folder), Arc::new(SystemClock)).await.expect("opens");
    let sink = Arc::new(bare_inbox(&core).await);
    // The first message of a contact makes them and their conversation; what is measured is the life after.
    for caller in 0..callers {
        send(&sink, caller, 0).await;
    }
    let each = MESSAGES / callers / if callers == 1 { 8 } else { 1 };
    let start = Instant::now();
    let work: Vec<_> = (0..callers)
        .map(|caller| {
            let sink = Arc::clone(&sink);
            tokio::spawn(async move {
                for number in 1..=each {
                    send(&sink, caller, number).await;
                }
            })
        })
        .collect();
    for task in work {
        task.await.expect("done");
    }
    let rate = rate(each * callers, start.elapsed());
    core.store.close().await;
    rate
}

async fn bare_inbox(core: &Arc<Core>) -> InboxSink {
    let now = core.now();
    let id = InboxId::from_parts(now, 1);
    core.store
        .write::<_, Error, _>(move |conn| {
            Box::pin(async move { inboxes::ensure(conn, id, "bare", "bare", "Bare", now).await })
        })
        .await
        .expect("an inbox");
    InboxSink::new(Arc::clone(core), id)
}

async fn send(sink: &InboxSink, caller: usize, number: usize) {
    let name = format!("caller {caller}");
    let from = Sender {
        address: Address(name.clone()),
        name: None,
        email: None,
        proof: Proof::Anonymous,
        language: None,
        facts: BTreeMap::new(),
    };
    // A greeting is answered each time, with the menu: one message in, one out.
    let content = Content::plain("hello");
    let message = InboundMessage { from, thread: ThreadKey(name.clone()), content, choice: None };
    let inbound = Inbound {
        external_id: ExternalId(format!("{name} {number}")),
        occurred_at: None,
        raw: br#"{"t":"send","id":"0193f0c0-7a3e-7d5c-9f59-3a0d4c1b2e6f","text":"hello"}"#.to_vec(),
        reading: Reading::Message(Box::new(message)),
    };
    let accepted = sink.accept(vec![inbound], None).await.expect("accepted");
    assert!(matches!(accepted.as_slice(), [Accepted::Filed { .. }]), "{accepted:?}");
}

/// A program that only inserts as many rows of the size in groups of the size, with the same durability.
async fn ceiling(file: &Path, group: usize) -> f64 {
    let mut conn = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging()
        .connect()
        .await
        .expect("opens");
    exec(&mut conn, "CREATE TABLE rows (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b TEXT, c BIGINT)").await;
    let body = "x".repeat(300);
    let messages = MESSAGES / if group == 1 { 8 } else { 1 };
    let (start, mut at) = (Instant::now(), 0_i64);
    for _ in 0..messages / group {
        exec(&mut conn, "BEGIN IMMEDIATE").await;
        for _ in 0..group * ROWS {
            at += 1;
            sqlx::query("INSERT INTO rows (a, b, c) VALUES ($1, $2, $3)")
                .bind(format!("row {at:012}"))
                .bind(&body)
                .bind(at)
                .execute(&mut conn)
                .await
                .expect("inserted");
        }
        exec(&mut conn, "COMMIT").await;
    }
    rate(messages, start.elapsed())
}

async fn exec(conn: &mut SqliteConnection, sql: &'static str) {
    sqlx::query(sql).execute(conn).await.expect("executed");
}

fn rate(count: usize, took: Duration) -> f64 {
    f64::from(u32::try_from(count).expect("a small count")) / took.as_secs_f64()
}
