//! The ceilings on SQLite: programs that only insert.

use std::path::Path;
use std::time::Instant;

use rusqlite::{Connection, Statement, params, params_from_iter};
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use switchboard::app::{DATABASE, Home};

use crate::channel::Channel;
use crate::report::rate;
use crate::rows::{Cell, Era, Names, Sample};

/// What one turn inserts, table by table, and the conversation as it is afterwards.
pub(crate) struct Turn {
    pub(crate) inserts: Vec<Vec<Cell>>,
    pub(crate) conversation: Vec<Cell>,
}

/// Greetings of the conversations that a database holds, one conversation after the other and again from the first.
pub(crate) fn turns(sample: &Sample, places: &[(Names, i64)], messages: usize) -> Vec<Turn> {
    let conversation = sample.conversation.clone().without_fixed();
    (0..messages)
        .map(|count| {
            let (names, seq) = &places[count % places.len()];
            let before = i64::try_from(count / places.len()).expect("few") * sample.step;
            let further = seq - sample.seq + before;
            let names = sample.others(names, Era::After, count * sample.names.rows.len());
            Turn {
                inserts: sample.turn.iter().map(|form| form.make(&names, further, 0)).collect(),
                conversation: conversation.make(&names, further, 0),
            }
        })
        .collect()
}

/// The conversations of a database: their names, and the last place of each.
pub(crate) const PLACES: &str =
    "SELECT inbox_id, thread, id, contact_id, identity_id, seq FROM conversations ORDER BY number";

/// Makes a database with so many conversations, by the real path.
async fn prepare(folder: &Path, callers: usize) -> Connection {
    let channel = Channel::open(&Home::at(folder)).await;
    channel.begin(callers).await;
    channel.core.store.close().await;
    let conn = Connection::open(folder.join(DATABASE)).expect("opens");
    // As the program has it; constraints are part of the schema.
    conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON").expect("set");
    conn
}

/// Messages a second of one thread that has nothing to do but insert the rows of a turn into our schema, `group` turns a commit,
/// one prepared statement for each table.
pub(crate) async fn ceiling(folder: &Path, sample: &Sample, messages: usize, callers: usize, group: usize) -> f64 {
    let conn = prepare(folder, callers).await;
    let mut places = conn.prepare(PLACES).expect("prepared");
    let places: Vec<(Names, i64)> = places
        .query_map([], |row| {
            let names = Names {
                inbox: row.get(0)?,
                thread: row.get(1)?,
                conversation: row.get(2)?,
                contact: row.get(3)?,
                identity: row.get(4)?,
                rows: Vec::new(),
            };
            Ok((names, row.get(5)?))
        })
        .expect("queried")
        .map(|place| place.expect("a conversation"))
        .collect();
    let turns = turns(sample, &places, messages);
    let day: i64 = conn.query_row("SELECT MAX(day) FROM received", [], |row| row.get(0)).expect("a day");
    let prepare = |sql: &str| conn.prepare(sql).expect("prepared");
    let mut received = prepare("UPDATE received SET count = count + $1 WHERE inbox_id = $2 AND day = $3 AND lane = 0");
    let mut inserts: Vec<Statement<'_>> = sample.turn.iter().map(|form| prepare(&form.insert())).collect();
    // To SQLite `$2` is a name and `?2` a number.
    let mut update = prepare(&sample.conversation.clone().without_fixed().update().replace('$', "?"));
    let (mut begin, mut commit) = (prepare("BEGIN IMMEDIATE"), prepare("COMMIT"));
    let start = Instant::now();
    for group in turns.chunks(group) {
        begin.execute([]).expect("begun");
        let count = i64::try_from(group.len()).expect("few");
        assert_eq!(received.execute(params![count, places[0].0.inbox, day]).expect("counted"), 1);
        for (at, insert) in inserts.iter_mut().enumerate() {
            for turn in group {
                insert.execute(params_from_iter(&turn.inserts[at])).expect("inserted");
            }
        }
        for turn in group {
            assert_eq!(update.execute(params_from_iter(&turn.conversation)).expect("updated"), 1);
        }
        commit.execute([]).expect("committed");
    }
    rate(messages, start.elapsed().as_secs_f64())
}

/// The ceiling of earlier reports: as many rows of the mean size, in one narrow table, through the same library as the program.
pub(crate) async fn narrow_ceiling(file: &Path, rows: usize, messages: usize, group: usize) -> f64 {
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
    let (start, mut at) = (Instant::now(), 0_i64);
    for _ in 0..messages / group {
        exec(&mut conn, "BEGIN IMMEDIATE").await;
        for _ in 0..group * rows {
            at += 1;
            let insert = sqlx::query("INSERT INTO rows (a, b, c) VALUES ($1, $2, $3)");
            let insert = insert.bind(format!("row {at:012}")).bind(&body).bind(at);
            insert.execute(&mut conn).await.expect("inserted");
        }
        exec(&mut conn, "COMMIT").await;
    }
    rate(messages / group * group, start.elapsed().as_secs_f64())
}

async fn exec(conn: &mut SqliteConnection, sql: &'static str) {
    sqlx::query(sql).execute(conn).await.expect("executed");
}
