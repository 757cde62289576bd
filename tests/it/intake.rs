//! Intake and outbox against a real database: what is stored, what is recognised, what is refused at commit.

use std::sync::Arc;

use switchboard::app::{Home, open_core};
use switchboard::clock::ManualClock;
use switchboard::core::Core;
use switchboard::intake::{InboxSink, persist, turn};
use switchboard::service::desk;
use switchboard::store::accounts::{self, Agent, Role};
use switchboard::store::conversations::{self, Record};
use switchboard::store::{Error, Target, entries, inboxes, ledger};
use switchboard_contract::{
    Accepted, Address, AgentId, Content, ConversationId, ExternalId, Inbound, InboundMessage, InboundSignal,
    InboundSink, InboxId, Proof, Reading, Sender, Seq, Signal, ThreadKey,
};
use switchboard_engine::{AgentAct, ContactFacts, Event, EventKind, Handler, Status};
use tempfile::TempDir;

use crate::cluster::Cluster;
use crate::server::START;

struct House {
    core: Arc<Core>,
    inbox: InboxId,
    sink: InboxSink,
    _folder: TempDir,
}

async fn house() -> House {
    let folder = tempfile::tempdir().expect("a folder");
    let home = Home::at(folder.path());
    house_at(folder, home).await
}

async fn house_at(folder: TempDir, home: Home) -> House {
    let core = open_core(&home, Arc::new(ManualClock::new(START))).await.expect("opens");
    let inbox = InboxId::from_parts(START, 1);
    core.store
        .write::<_, Error, _>(move |conn| {
            Box::pin(async move { inboxes::ensure(conn, inbox, "bare", "bare", "Bare", START).await })
        })
        .await
        .expect("an inbox");
    House { sink: InboxSink::new(Arc::clone(&core), inbox), core, inbox, _folder: folder }
}

fn message(id: &str, text: &str) -> Inbound {
    let from = Sender {
        address: Address("visitor".to_owned()),
        name: None,
        email: None,
        proof: Proof::Anonymous,
        language: None,
        facts: std::collections::BTreeMap::new(),
    };
    let body = InboundMessage {
        from,
        thread: ThreadKey("visitor".to_owned()),
        content: Content::plain(text),
        choice: None,
        letter: None,
    };
    Inbound {
        external_id: ExternalId(id.to_owned()),
        occurred_at: None,
        raw: text.as_bytes().to_vec(),
        reading: Reading::Message(Box::new(body)),
    }
}

/// The wish for a new conversation.
fn anew(id: &str) -> Inbound {
    let Reading::Message(body) = message(id, "").reading else { panic!("a message") };
    let signal = InboundSignal { from: body.from, thread: body.thread, signal: Signal::StartedAnew };
    Inbound { reading: Reading::Signal(Box::new(signal)), ..message(id, "anew") }
}

async fn accept(house: &House, inbound: Inbound) -> Accepted {
    house.sink.accept(vec![inbound], None).await.expect("accepted").remove(0)
}

async fn account(house: &House) -> ledger::Account {
    let mut conn = house.core.store.reader().await.expect("a reader");
    let all = ledger::accounts(&mut conn, START, START).await.expect("reads");
    all.into_iter().find(|account| account.inbox == house.inbox.to_string()).expect("the inbox")
}

fn conversation(accepted: &Accepted) -> ConversationId {
    let Accepted::Filed { conversation, .. } = accepted else { panic!("filed expected, got {accepted:?}") };
    *conversation
}

async fn agent(house: &House, name: &'static str) -> Agent {
    let agent = Agent {
        id: AgentId::from_parts(START, u128::from(name.as_bytes()[0])),
        email: format!("{name}@example.com"),
        name: name.to_owned(),
        role: Role::Agent,
        disabled: false,
        active: true,
    };
    let added = agent.clone();
    house
        .core
        .store
        .write::<_, Error, _>(move |conn| Box::pin(async move { accounts::add_agent(conn, &added, START).await }))
        .await
        .expect("added");
    agent
}

async fn record(house: &House, id: ConversationId) -> Record {
    let mut conn = house.core.store.reader().await.expect("a reader");
    conversations::get(&mut conn, id).await.expect("reads").expect("exists")
}

async fn message_count(house: &House, id: ConversationId) -> usize {
    let mut conn = house.core.store.reader().await.expect("a reader");
    entries::read(&mut conn, id, entries::Range::After(Seq::default()), true, 1_000).await.expect("reads").len()
}

#[tokio::test]
async fn the_second_delivery_of_a_message_changes_nothing_and_is_counted() {
    let house = house().await;
    let first = accept(&house, message("m1", "hello")).await;
    let id = conversation(&first);
    let before = message_count(&house, id).await;
    let again = accept(&house, message("m1", "hello")).await;
    assert!(matches!(again, Accepted::Duplicate { conversation: Some(c), seq: Some(_), .. } if c == id), "{again:?}");
    let other_bytes = accept(&house, message("m1", "something else")).await;
    assert!(matches!(other_bytes, Accepted::Duplicate { .. }), "the first stands: {other_bytes:?}");
    assert_eq!(message_count(&house, id).await, before);
    let account = account(&house).await;
    assert_eq!((account.received, account.filed, account.duplicate, account.balanced), (3, 1, 2, true));
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_in_quarantine_and_the_next_one_goes_through() {
    let house = house().await;
    let broken = Inbound { reading: Reading::Unreadable { error: "no letters".to_owned() }, ..message("bad", "???") };
    let filtered = Inbound { reading: Reading::Filtered { reason: "our own".to_owned() }, ..message("own", "echo") };
    let batch = vec![broken, filtered, message("good", "hello")];
    let accepted = house.sink.accept(batch, None).await.expect("accepted");
    assert!(matches!(&accepted[0], Accepted::Quarantined { error } if error == "no letters"), "{accepted:?}");
    assert!(matches!(&accepted[1], Accepted::Filtered { reason } if reason == "our own"), "{accepted:?}");
    assert!(matches!(&accepted[2], Accepted::Filed { .. }), "{accepted:?}");
    let account = account(&house).await;
    assert_eq!((account.received, account.filed, account.filtered, account.quarantined), (3, 1, 1, 1));
    assert!(account.balanced);
    let mut conn = house.core.store.reader().await.expect("a reader");
    let kept = ledger::quarantine(&mut conn, 10).await.expect("reads");
    assert_eq!((kept[0].external_id.as_str(), kept[0].reason.as_str(), kept[0].bytes), ("bad", "no letters", 3));
}

/// Makes a conversation's state unreadable, as a bug or a failing disk would.
async fn poison(conn: &mut switchboard::store::Conn, id: ConversationId) -> Result<(), Error> {
    switchboard::store::sql::query("UPDATE conversations SET state = '{not json' WHERE id = $1")
        .bind(id.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_poisoned_conversation_costs_only_its_own_message() {
    let house = house().await;
    let id = conversation(&accept(&house, message("m1", "hello")).await);
    house
        .core
        .store
        .write::<_, Error, _>(move |conn| Box::pin(async move { poison(conn, id).await }))
        .await
        .expect("written");
    let poisoned = accept(&house, message("m2", "hello again")).await;
    assert!(matches!(poisoned, Accepted::Quarantined { .. }), "{poisoned:?}");
    let account = account(&house).await;
    assert!(account.balanced && account.quarantined == 1, "{account:?}");
}

#[tokio::test]
async fn a_bot_message_under_way_is_refused_at_commit_when_an_agent_takes_over() {
    let house = house().await;
    let id = conversation(&accept(&house, message("m1", "hello")).await);
    let ana = agent(&house, "ana").await;
    // The bot reads the conversation and decides what to say …
    let mut old = record(&house, id).await;
    let event = Event {
        id: Some("m2".to_owned()),
        seq: old.seq,
        kind: EventKind::ContactWrote {
            content: Content::plain("are you there?"),
            choice: None,
            contact: ContactFacts::default(),
            language: None,
        },
    };
    let mut conn = house.core.store.reader().await.expect("a reader");
    let library = house.core.library.get();
    let (decided, effects) = turn::play(&mut conn, &library, &old, &event, START).await.expect("plays");
    drop(conn);
    assert!(!effects.is_empty(), "the bot had something to say");
    // … an agent takes over before that is committed …
    desk::act(&house.core, &ana, id, AgentAct::Claim { from_colleague: false }, None).await.expect("claimed");
    let before = message_count(&house, id).await;
    // … and the commit refuses what the bot decided for a turn that is over.
    let refused = house
        .core
        .store
        .write::<_, Error, _>(move |conn| {
            Box::pin(async move { persist::persist(conn, &mut old, decided, effects, &[], START).await.map(drop) })
        })
        .await;
    assert!(matches!(refused, Err(Error::Stale)), "{refused:?}");
    assert_eq!(message_count(&house, id).await, before, "nothing of it is left");
    // Stepped anew on the present state, the bot is silent.
    accept(&house, message("m2", "are you there?")).await;
    let now = record(&house, id).await;
    assert!(matches!(now.state.handler, Handler::Agent { .. }));
    assert_eq!(message_count(&house, id).await, before + 1, "only the contact's own message was added");
}

#[tokio::test]
async fn strangers_in_one_thread_do_not_see_each_other() {
    let house = house().await;
    let first = conversation(&accept(&house, message("m1", "hello")).await);
    let mut other = message("m2", "hello");
    if let Reading::Message(body) = &mut other.reading {
        body.from.address = Address("somebody else".to_owned());
    }
    assert_ne!(conversation(&accept(&house, other).await), first);
}

#[tokio::test]
async fn the_wish_for_a_new_conversation_puts_no_words_into_a_mouth() {
    let house = house().await;
    let id = conversation(&accept(&house, message("m-1", "can i talk to a person")).await);
    let (before, messages) = (record(&house, id).await, message_count(&house, id).await);
    let Accepted::Filed { conversation: same, message: None, .. } = accept(&house, anew("m-2")).await else {
        panic!("nothing was written, so no message is filed")
    };
    let after = record(&house, id).await;
    assert_eq!((same, message_count(&house, id).await), (id, messages));
    assert_eq!((after.state.handler, after.preview), (before.state.handler, before.preview));

    // Solved, opened again by its contact: it is open, whatever was once said of it.
    let ana = agent(&house, "ana").await;
    for act in [AgentAct::Claim { from_colleague: false }, AgentAct::Resolve] {
        desk::act(&house.core, &ana, id, act, None).await.expect("done");
    }
    assert_eq!(record(&house, id).await.state.status, Status::Resolved);
    accept(&house, message("m-3", "It is broken again.")).await;
    assert_eq!(conversation(&accept(&house, anew("m-4")).await), id);
    desk::act(&house.core, &ana, id, AgentAct::Resolve, None).await.expect("done");
    assert_ne!(conversation(&accept(&house, anew("m-5")).await), id);
}

#[tokio::test]
async fn a_batch_and_its_cursor_are_one() {
    let house = house().await;
    let cursor = switchboard_contract::Cursor("after m1".to_owned());
    house.sink.accept(vec![message("m1", "hello")], Some(cursor.clone())).await.expect("accepted");
    assert_eq!(house.sink.cursor().await.expect("reads"), Some(cursor));
}

#[tokio::test]
async fn jobs_of_one_group_stand_or_fall_alone() {
    let house = house().await;
    let store = &house.core.store;
    let good = store.write::<_, Error, _>(|conn| Box::pin(switchboard::store::settings::set(conn, "a", "1")));
    let bad = store.write::<(), Error, _>(|conn| {
        Box::pin(async move {
            switchboard::store::settings::set(conn, "b", "1").await?;
            Err(Error::Stale)
        })
    });
    let panicking = store.write::<(), Error, _>(|conn| {
        Box::pin(async move {
            switchboard::store::settings::set(conn, "c", "1").await?;
            panic!("a bug")
        })
    });
    let (good, bad, panicking) = tokio::join!(good, bad, panicking);
    assert!(good.is_ok());
    assert!(matches!(bad, Err(Error::Stale)));
    assert!(matches!(panicking, Err(Error::Panicked(why)) if why == "a bug"));
    let mut conn = store.reader().await.expect("a reader");
    let kept = [
        switchboard::store::settings::get(&mut conn, "a").await.expect("reads"),
        switchboard::store::settings::get(&mut conn, "b").await.expect("reads"),
        switchboard::store::settings::get(&mut conn, "c").await.expect("reads"),
    ];
    assert_eq!(kept, [Some("1".to_owned()), None, None]);
}

#[tokio::test]
async fn a_panic_in_a_savepoint_undoes_it_alone() {
    let house = house().await;
    let kept = house
        .core
        .store
        .write::<_, Error, _>(|conn| {
            Box::pin(async move {
                switchboard::store::settings::set(conn, "before", "1").await?;
                let inside = switchboard::store::savepoint::<()>(conn, async |conn| {
                    switchboard::store::settings::set(conn, "inside", "1").await?;
                    panic!("a bug")
                })
                .await?;
                assert!(matches!(inside, Err(Error::Panicked(why)) if why == "a bug"));
                let before = switchboard::store::settings::get(conn, "before").await?;
                Ok((before, switchboard::store::settings::get(conn, "inside").await?))
            })
        })
        .await
        .expect("the rest is kept");
    assert_eq!(kept, (Some("1".to_owned()), None));
}

#[tokio::test]
async fn what_is_asked_for_every_delivery_never_reads_what_is_done() {
    let house = house().await;
    let mut conn = house.core.store.reader().await.expect("a reader");
    for sql in [
        "EXPLAIN QUERY PLAN SELECT o.id FROM outbox o WHERE o.target = 'a' AND o.state = 'pending' AND o.due_at <= 1 AND NOT EXISTS (\
         SELECT 1 FROM outbox b WHERE b.lane = o.lane AND b.position <= o.position AND b.state IN ('pending', 'sending') \
         AND (b.position < o.position OR b.id < o.id)) ORDER BY o.due_at, o.position LIMIT 1",
        "EXPLAIN QUERY PLAN SELECT 1 FROM outbox WHERE state = 'sending' AND lease_until <= 1 ORDER BY lease_until LIMIT 1",
        "EXPLAIN QUERY PLAN UPDATE outbox SET state = 'sending' FROM (VALUES ('a'), ('b')) AS v WHERE outbox.id = v.column1 \
         AND outbox.state = 'pending'",
        "EXPLAIN QUERY PLAN UPDATE outbox SET due_at = 1 FROM (VALUES ('a', 1), ('b', 1)) AS v WHERE outbox.lane = v.column1 \
         AND outbox.position > v.column2 AND outbox.state IN ('pending', 'sending') AND outbox.state = 'pending'",
        "EXPLAIN QUERY PLAN UPDATE entries SET delivery = 'sent' FROM (VALUES ('a', 1), ('b', 1)) AS v \
         WHERE entries.conversation_id = v.column1 AND entries.seq = v.column2",
        "EXPLAIN QUERY PLAN SELECT seq FROM entries WHERE id IN (VALUES ('a'), ('b'))",
        "EXPLAIN QUERY PLAN SELECT team, COUNT(*) FROM conversations WHERE handler = 'queue' AND team IS NOT NULL GROUP BY team",
        "EXPLAIN QUERY PLAN SELECT id FROM conversations v WHERE v.status <> 'resolved' \
         AND (v.last_message_at, v.number) < (1, 1) ORDER BY v.last_message_at DESC, v.number DESC LIMIT 1",
    ] {
        let rows: Vec<(i64, i64, i64, String)> =
            switchboard::store::sql::query_as(sql).fetch_all(&mut conn).await.expect("a plan");
        let plan = rows.into_iter().map(|row| row.3).collect::<Vec<_>>().join("\n");
        let reads_all = |line: &str| line.starts_with("SCAN") && !line.contains("USING");
        // The values themselves are read one by one.
        let indexed = plan.lines().all(|line| !reads_all(line) || line == "SCAN v" || line.contains("VALUES CLAUSE"));
        assert!(indexed && !plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_and_customers_who_write_at_once_on_postgres_are_both_heard() {
    const EACH: usize = 40;
    let Some(cluster) = Cluster::shared() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let home = Home { target: Target::Postgres(cluster.database().await), lanes: 3, ..Home::at(folder.path()) };
    let house = house_at(folder, home).await;
    let Accepted::Filed { conversation, .. } = accept(&house, message("first", "hello")).await else { panic!("filed") };
    let agent = Agent {
        id: AgentId::from_parts(START, 1),
        email: "kim@example.com".to_owned(),
        name: "Kim".to_owned(),
        role: Role::Agent,
        disabled: false,
        active: true,
    };
    let core = Arc::clone(&house.core);
    let noting = tokio::spawn(async move {
        for number in 0..EACH {
            let note = AgentAct::Note { text: format!("note {number}") };
            desk::act(&core, &agent, conversation, note, None).await.expect("noted, whoever writes meanwhile");
        }
    });
    for number in 0..EACH {
        let taken = accept(&house, message(&format!("again {number}"), "hello")).await;
        assert!(matches!(taken, Accepted::Filed { .. }), "{taken:?}");
    }
    noting.await.expect("noted");
    let mut conn = house.core.store.reader().await.expect("a reader");
    let all = entries::read(&mut conn, conversation, entries::Range::After(Seq(0)), false, 500).await.expect("reads");
    let notes = all.iter().filter(|entry| matches!(entry.body, entries::Body::Note(_))).count();
    let written = all.iter().filter(|entry| entry.author == entries::Author::Contact).count();
    assert_eq!((notes, written), (EACH, EACH + 1));
    assert!(all.windows(2).all(|pair| pair[0].seq.next() == pair[1].seq), "every place once");
}
