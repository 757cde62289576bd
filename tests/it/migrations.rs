//! A database of every earlier number, with data in it, is brought up to date by opening it, and nothing of it is lost.

use std::path::Path;
use std::sync::Arc;

use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use switchboard::app::with_documents;
use switchboard::clock::ManualClock;
use switchboard::store::{Store, Target, backup, conversations, entries, ledger, outbox, sql};
use switchboard_contract::{ContactId, ConversationId, DeliveryId, IdentityId, InboxId, MessageId, Seq, Timestamp};
use switchboard_engine::Conversation;
use tempfile::TempDir;

use crate::cluster::Cluster;
use crate::server::START;

const SQLITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
const POSTGRES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres");
/// A time before the start of the clock, on an earlier day of the ledger.
const THEN: i64 = START.millis() - 86_400_000;

enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    async fn run(&mut self, text: String) {
        let done = match self {
            Self::Sqlite(conn) => sqlx::raw_sql(AssertSqlSafe(text.clone())).execute(conn).await.map(drop),
            Self::Postgres(conn) => sqlx::raw_sql(AssertSqlSafe(text.clone())).execute(conn).await.map(drop),
        };
        done.unwrap_or_else(|error| panic!("{error}: {text}"));
    }

    /// Applies the migrations up to a number and no further.
    async fn migrate(&mut self, through: usize) {
        let folder = if matches!(self, Self::Sqlite(_)) { SQLITE } else { POSTGRES };
        let part = tempfile::tempdir().expect("a folder");
        for file in files(folder).into_iter().take(through) {
            std::fs::copy(Path::new(folder).join(&file), part.path().join(&file)).expect("copied");
        }
        let migrator = Migrator::new(part.path()).await.expect("read");
        match self {
            Self::Sqlite(conn) => migrator.run(conn).await.expect("migrated"),
            Self::Postgres(conn) => migrator.run(conn).await.expect("migrated"),
        }
    }

    /// Bytes as this database writes them.
    fn bytes(&self) -> &'static str {
        if matches!(self, Self::Sqlite(_)) { "X'6869'" } else { "'\\x6869'" }
    }
}

fn files(folder: &str) -> Vec<String> {
    let read = std::fs::read_dir(folder).expect("migrations");
    let mut names: Vec<String> =
        read.map(|file| file.expect("a file").file_name().into_string().expect("a name")).collect();
    names.sort();
    names
}

fn conversation() -> ConversationId {
    ConversationId::from_parts(Timestamp::from_millis(THEN), 1)
}

/// The rows that a program of this number would have written, in the form of this number.
fn rows(number: usize, bytes: &str) -> String {
    let at = Timestamp::from_millis(THEN);
    let (inbox, contact) = (InboxId::from_parts(at, 1), ContactId::from_parts(at, 1));
    let (identity, conversation) = (IdentityId::from_parts(at, 1), conversation());
    let entry = |n| MessageId::from_parts(at, n);
    let delivery = |n| DeliveryId::from_parts(at, n);
    let day = THEN / 86_400_000;
    let mut state = Conversation::new(conversation, at, "en");
    state.seq = Seq(2);
    let state = serde_json::to_string(&state).expect("JSON").replace('\'', "''");
    match number {
        1 => format!(
            "INSERT INTO inboxes VALUES ('{inbox}', 'web', 'webchat', 'Web chat', NULL, {THEN});
             INSERT INTO contacts VALUES ('{contact}', 'Maria', NULL, {THEN});
             INSERT INTO identities VALUES ('{identity}', '{contact}', '{inbox}', 'v_1', 'claimed', '{{}}', {THEN});
             INSERT INTO conversations (id, number, inbox_id, contact_id, identity_id, thread, status, handler, priority, language,
                 version, seq, state, contact_seq, preview, preview_author, last_message_at, created_at)
                 VALUES ('{conversation}', 7, '{inbox}', '{contact}', '{identity}', 'v_1', 'open', 'bot', 'normal', 'en',
                 3, 2, '{state}', 1, 'hi', 'bot', {THEN}, {THEN});
             INSERT INTO entries (conversation_id, seq, id, kind, author, body, external_id, at, delivery) VALUES
                 ('{conversation}', 1, '{}', 'message', 'contact', '{{\"text\":\"hi\"}}', 'v_1:1', {THEN}, NULL),
                 ('{conversation}', 2, '{}', 'message', 'bot', '{{\"text\":\"hello\"}}', NULL, {THEN}, 'pending')",
            entry(1),
            entry(2)
        ),
        2 => format!(
            "INSERT INTO inbound (inbox_id, external_id, received_at, raw, outcome, conversation_id, entry_id, entry_seq)
                 VALUES ('{inbox}', 'v_1:1', {THEN}, {bytes}, 'filed', '{conversation}', '{}', 1);
             INSERT INTO inbound_duplicates (inbound_id, inbox_id, received_at, raw)
                 SELECT id, inbox_id, {THEN}, {bytes} FROM inbound;
             INSERT INTO received VALUES ('{inbox}', {day}, 2);
             INSERT INTO outbox (id, conversation_id, entry_id, entry_seq, inbox_id, thread, state, attempts, due_at, created_at)
                 VALUES ('{}', '{conversation}', '{}', 2, '{inbox}', 'v_1', 'pending', 0, {THEN}, {THEN});
             INSERT INTO changes (conversation_id, body, at)
                 VALUES ('{conversation}', '{{\"conversation\":\"{conversation}\",\"reasons\":[\"message\"]}}', {THEN})",
            entry(1),
            delivery(1),
            entry(2)
        ),
        3 => "INSERT INTO settings VALUES ('kept', 'yes')".to_owned(),
        5 => format!("UPDATE received SET count = count + 1; INSERT INTO received VALUES ('{inbox}', {day}, 1, 1)"),
        6 => format!(
            "INSERT INTO inbound (inbox_id, external_id, received_at, raw, outcome, reason, reading) VALUES
                 ('{inbox}', 'v_1:2', {THEN}, {bytes}, 'quarantined', 'odd', NULL),
                 ('{inbox}', 'v_1:3', {THEN}, {bytes}, 'filtered', 'noise', NULL)"
        ),
        7 => format!("INSERT INTO circuits VALUES ('{inbox}', {THEN}, {THEN}, 5, 1, 'down')"),
        8 => format!("INSERT INTO jobs VALUES ('sweep', {THEN}, {THEN}, NULL)"),
        _ => String::new(),
    }
}

/// Opens what a program of a number left behind, and finds everything.
async fn brought_up_to_date(target: &Target, number: usize, copy: Option<&Path>) {
    let store = Store::open(target).await.unwrap_or_else(|error| panic!("from {number}: {error}"));
    let core = with_documents(store, Arc::new(ManualClock::new(START))).await.expect("opens");
    let mut conn = core.store.reader().await.expect("a reader");
    let record = conversations::get(&mut conn, conversation()).await.expect("reads").expect("the conversation");
    assert_eq!((record.number, record.version, record.seq), (7, 3, Seq(2)), "from {number}");
    let found =
        entries::read(&mut conn, conversation(), entries::Range::After(Seq(0)), false, 10).await.expect("reads");
    assert_eq!(found.len(), 2, "from {number}");
    if number >= 2 {
        assert_eq!(outbox::count_open(&mut conn).await.expect("counts"), 1, "from {number}: it still has to go");
        let account = ledger::accounts(&mut conn, Timestamp::from_millis(THEN), START).await.expect("counts").remove(0);
        // What number 5 counted more came in with number 6.
        let received = if number >= 5 { 4 } else { 2 };
        assert_eq!((account.received, account.filed, account.duplicate), (received, 1, 1), "from {number}");
        assert_eq!(account.balanced, number != 5, "from {number}");
    }
    drop(conn);
    // The next conversation gets the next number, and what waits can be claimed and settled.
    let numbers =
        core.store.write::<_, switchboard::store::Error, _>(|conn| Box::pin(conversations::next_numbers(conn, 1)));
    assert_eq!(numbers.await.expect("numbers"), [8], "from {number}");
    if number >= 2 {
        let id = DeliveryId::from_parts(Timestamp::from_millis(THEN), 1);
        let claim = core.store.write::<_, switchboard::store::Error, _>(move |conn| {
            Box::pin(async move {
                let text = "SELECT COUNT(*) FROM outbox WHERE id = $1 AND lane = $2 AND position = 2";
                let count: i64 = sql::query_scalar(text)
                    .bind(id.to_string())
                    .bind(conversation().to_string())
                    .fetch_one(conn)
                    .await?;
                Ok((count, outbox::claim(conn, &[id], START).await?.len()))
            })
        });
        assert_eq!(claim.await.expect("claims"), (1, 1), "from {number}");
    }
    if let Some(copy) = copy {
        core.store.backup(copy).await.expect("copied");
    }
    core.store.close().await;
}

#[tokio::test]
async fn a_sqlite_database_of_every_earlier_number_keeps_its_data() {
    for number in 1..=files(SQLITE).len() {
        let folder: TempDir = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("old.db");
        let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
        let mut old = Raw::Sqlite(options.connect().await.expect("opens"));
        for step in 1..=number {
            old.migrate(step).await;
            let text = rows(step, old.bytes());
            old.run(text).await;
        }
        let Raw::Sqlite(conn) = old else { panic!("SQLite") };
        conn.close().await.expect("closed");
        let copy = folder.path().join("copy.db");
        brought_up_to_date(&Target::File(file), number, Some(&copy)).await;
        let found = backup::verify(&copy, START).await.expect("looks");
        let mistakes: Vec<_> =
            found.mistakes.iter().filter(|mistake| number != 5 || !mistake.contains("balance")).collect();
        assert!(mistakes.is_empty(), "from {number}: {mistakes:?}");
    }
}

#[tokio::test]
async fn a_postgres_database_of_every_earlier_number_keeps_its_data() {
    let Some(cluster) = Cluster::shared() else { return };
    for number in 1..=files(POSTGRES).len() {
        let url = cluster.database().await;
        let mut old = Raw::Postgres(PgConnection::connect(&url).await.expect("connects"));
        for step in 1..=number {
            old.migrate(step).await;
            let text = rows(step, old.bytes());
            old.run(text).await;
        }
        brought_up_to_date(&Target::Postgres(url), number, None).await;
    }
}

#[test]
fn both_databases_have_the_same_numbers() {
    assert_eq!(files(SQLITE), files(POSTGRES));
}
