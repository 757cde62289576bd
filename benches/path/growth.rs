//! Whether a database that has grown is slower: turns in old conversations of a small one and of a large one, and the start on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, Statement, params, params_from_iter};
use serde_json::{Value, json};
use switchboard::app::{DATABASE, Home};

use crate::Size;
use crate::channel::Channel;
use crate::report::{Section, median, place};
use crate::rows::{Era, Names, Sample, renamed};
use crate::server::Server;

/// Conversations in the small database.
const SMALL: usize = 10_000;
/// Callers that write at once, each time in another old conversation.
const CALLERS: usize = 64;
/// Conversations made in one transaction.
const MADE_AT_ONCE: usize = 10_000;

pub(crate) async fn section(size: Size) -> Section {
    let sample = Sample::take().await;
    let (small, large) = (Grown::of(SMALL, &sample).await, Grown::of(size.conversations, &sample).await);
    let (mut slow, mut fast) = (Vec::new(), Vec::new());
    let (mut starts, mut probes) = (Vec::new(), Vec::new());
    for run in 0..size.runs {
        let folder = tempfile::tempdir_in(place()).expect("a folder");
        fast.push(small.copy(folder.path()).turns(size.messages, run).await);
        slow.push(large.turns(size.messages, run).await);
        large.settle();
        let server = Server::start(&large.folder).await;
        starts.push(server.ready);
        probes.push(server.ready + server.probe().await);
        server.stop();
    }
    let (small_rate, large_rate) = (median(&fast), median(&slow));
    let row = |grown: &Grown, rate: f64, rest: [Value; 3]| {
        [vec![json!(grown.count), json!(grown.megabytes()), json!(rate)], rest.to_vec()].concat()
    };
    let rows = vec![
        row(&small, small_rate, [Value::Null, Value::Null, Value::Null]),
        row(&large, large_rate, [json!(large_rate / small_rate), json!(median(&starts)), json!(median(&probes))]),
    ];
    let columns = &["conversations", "database, MB", "turns/s", "ratio", "start to ready, s", "start to /readyz 200, s"]
        as &[_];
    let about = format!(
        "SQLite; {CALLERS} callers through a bare channel, each message in an old conversation chosen at random. The program is \
         started on the large database after each run."
    );
    Section { name: "growth", about, columns, rows }
}

/// A data folder with many conversations.
struct Grown {
    folder: PathBuf,
    count: usize,
}

impl Grown {
    /// One that is there from an earlier run, or a new one. What it was made for is its name: the count and the schema.
    async fn of(count: usize, sample: &Sample) -> Self {
        let folder = place().join(format!("grown-{count}-{:04}", migration()));
        let grown = Self { folder, count };
        let made = grown.folder.join("made");
        if !made.exists() {
            // It may be there half.
            let _ = fs::remove_dir_all(&grown.folder);
            for entry in fs::read_dir(place()).expect("listed").filter_map(Result::ok) {
                // Of another schema.
                if entry.file_name().to_string_lossy().starts_with(&format!("grown-{count}-")) {
                    fs::remove_dir_all(entry.path()).expect("removed");
                }
            }
            let channel = Channel::open(&Home::at(&grown.folder)).await;
            let inbox = channel.inbox.to_string();
            channel.core.store.close().await;
            make(&grown.folder, &inbox, count, sample);
            fs::write(made, "").expect("written");
        }
        // As on a server that has run for a while: the file is in memory. One that is not waits for the disk, not for us.
        let mut file = fs::File::open(grown.folder.join(DATABASE)).expect("it is there");
        std::io::copy(&mut file, &mut std::io::sink()).expect("read");
        grown
    }

    /// A copy, where it is so small that what a run adds would weigh.
    fn copy(&self, folder: &Path) -> Self {
        fs::copy(self.folder.join(DATABASE), folder.join(DATABASE)).expect("copied");
        Self { folder: folder.to_owned(), count: self.count }
    }

    async fn turns(&self, messages: usize, run: usize) -> f64 {
        let channel = Channel::open(&Home::at(&self.folder)).await;
        let count = self.count;
        // Of this process: the database may know those of others.
        let seed = usize::try_from(std::process::id()).expect("small") + run * 0x1_0000_0000;
        let pick = move |caller: usize, number: usize| thread(scattered(seed + caller * messages + number) % count);
        let driven = channel.drive(CALLERS, messages, Arc::new(pick)).await;
        channel.core.store.close().await;
        driven.rate
    }

    /// Nothing is left to deliver: the start is measured, not the work that waits.
    fn settle(&self) {
        let conn = Connection::open(self.folder.join(DATABASE)).expect("opens");
        conn.execute("UPDATE outbox SET state = 'sent' WHERE state = 'pending'", []).expect("settled");
    }

    fn megabytes(&self) -> f64 {
        let bytes = fs::metadata(self.folder.join(DATABASE)).expect("it is there").len();
        f64::from(u32::try_from(bytes / 1_000_000).expect("no petabytes"))
    }
}

/// The schema's number.
fn migration() -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    fs::read_dir(folder).expect("the migrations").count()
}

/// The thread of a conversation: like those of visitors, in no order.
fn thread(conversation: usize) -> String {
    format!("visitor-{:014}", scattered(conversation) % 100_000_000_000_000)
}

/// A number that looks like chance and is the same each time.
fn scattered(number: usize) -> usize {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Copies of one conversation under other names, written in bulk.
fn make(folder: &Path, inbox: &str, count: usize, sample: &Sample) {
    let conn = Connection::open(folder.join(DATABASE)).expect("opens");
    // It is thrown away when this stops half way.
    let bulk = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -1000000; \
                PRAGMA locking_mode = EXCLUSIVE";
    conn.execute_batch(bulk).expect("set");
    let mut inserts: Vec<Statement<'_>> =
        sample.whole.iter().map(|form| conn.prepare(&form.insert()).expect("prepared")).collect();
    for first in (0..count).step_by(MADE_AT_ONCE) {
        conn.execute_batch("BEGIN").expect("begun");
        for at in first..count.min(first + MADE_AT_ONCE) {
            let other = |id: &str| renamed(id, Era::Before, at);
            let names = Names {
                inbox: inbox.to_owned(),
                thread: thread(at),
                conversation: other(&sample.names.conversation),
                contact: other(&sample.names.contact),
                identity: other(&sample.names.identity),
                rows: Vec::new(),
            };
            let names = sample.others(&names, Era::Before, at * sample.names.rows.len());
            let number = i64::try_from(at + 1).expect("few");
            for (form, insert) in sample.whole.iter().zip(&mut inserts) {
                insert.execute(params_from_iter(&form.make(&names, 0, number))).expect("inserted");
            }
        }
        conn.execute_batch("COMMIT").expect("committed");
    }
    drop(inserts);
    // They are past: delivered, and counted when they came.
    conn.execute("UPDATE outbox SET state = 'sent'", []).expect("settled");
    conn.execute("UPDATE entries SET delivery = 'sent' WHERE delivery = 'pending'", []).expect("settled");
    let counted = "INSERT INTO received (inbox_id, day, lane, count) \
                   SELECT inbox_id, received_at / 86400000, 0, COUNT(*) FROM inbound GROUP BY 1, 2";
    conn.execute(counted, params![]).expect("counted");
    conn.execute_batch("PRAGMA journal_mode = WAL").expect("set");
}
