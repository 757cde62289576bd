//! Channels without threads of their own: where messages are placed, what machines write, what is reported, what a delivery is given.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use switchboard::app::{Home, open_core};
use switchboard::clock::{Clock, ManualClock};
use switchboard::core::Core;
use switchboard::intake::InboxSink;
use switchboard::intake::refile::{Later, refile};
use switchboard::outbox::{self, Adapters};
use switchboard::store::deliveries::{self, Which};
use switchboard::store::entries::{self, Author, Body, Entry, Range};
use switchboard::store::{Error, Target, contacts, conversations, inbound, inboxes};
use switchboard_contract::{
    Accepted, AdapterError, Address, Anchor, Capabilities, ChannelAdapter, ChannelKind, Content, Context,
    ConversationId, Delivery, DeliveryError, DeliveryId, DeliveryState, ExternalId, Inbound, InboundMessage,
    InboundReport, InboundSink, InboxId, Letter, Mark, Pace, Participant, Proof, Reading, Receipt, ReportOutcome,
    Sender, Seq, StopSource, StopToken, Support, TextUnit, ThreadKey, ThreadSignal,
};
use switchboard_engine::{Handler, Happening};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::cluster::Cluster;
use crate::server::{START, in_time};

/// A channel that keeps what it is handed, and takes everything.
#[derive(Default)]
struct Post {
    sent: watch::Sender<Vec<Delivery>>,
}

static CAN: LazyLock<Capabilities> = LazyLock::new(|| Capabilities {
    text_max: 100_000,
    text_unit: TextUnit::Chars,
    inbound_text_max: 100_000,
    markup: Support::Full,
    choices: Support::Fallback,
    choices_max: 10,
    choice_label_max: 80,
    attachments: Support::Rejected,
    attachment_bytes_max: 0,
    typing: Support::Dropped,
    receipts: Support::Dropped,
    idempotent_send: true,
    context: true,
    pace: Pace::default(),
});

#[async_trait]
impl ChannelAdapter for Post {
    fn kind(&self) -> ChannelKind {
        ChannelKind("post".into())
    }

    fn capabilities(&self) -> &Capabilities {
        &CAN
    }

    async fn run(&self, _: Arc<dyn InboundSink>, stop: StopToken) -> Result<(), AdapterError> {
        stop.stopped().await;
        Ok(())
    }

    async fn deliver(&self, out: &Delivery) -> Result<Receipt, DeliveryError> {
        self.sent.send_modify(|sent| sent.push(out.clone()));
        Ok(Receipt { external_ids: vec![ExternalId(format!("<{}@post>", out.id))] })
    }
}

struct House {
    core: Arc<Core>,
    sink: InboxSink,
    post: Arc<Post>,
    clock: Arc<ManualClock>,
    _stop: StopSource,
    _folder: TempDir,
}

async fn house(target: Option<Target>) -> House {
    let folder = tempfile::tempdir().expect("a folder");
    let mut home = Home::at(folder.path());
    if let Some(target) = target {
        home.target = target;
    }
    let clock = Arc::new(ManualClock::new(START));
    let core = open_core(&home, Arc::clone(&clock) as Arc<dyn Clock>).await.expect("opens");
    let inbox = InboxId::from_parts(START, 7);
    core.store
        .write::<_, Error, _>(move |conn| {
            Box::pin(async move { inboxes::ensure(conn, inbox, "post", "post", "Post", START).await })
        })
        .await
        .expect("an inbox");
    let (source, stop) = StopSource::new();
    let post = Arc::new(Post::default());
    let adapters: Adapters = BTreeMap::from([(inbox, Arc::clone(&post) as Arc<dyn ChannelAdapter>)]);
    tokio::spawn(outbox::run(Arc::clone(&core), Arc::new(adapters), stop));
    House { sink: InboxSink::new(Arc::clone(&core), inbox), core, post, clock, _stop: source, _folder: folder }
}

/// Both databases.
async fn houses() -> Vec<House> {
    let mut houses = vec![house(None).await];
    if let Some(cluster) = Cluster::shared() {
        houses.push(house(Some(Target::Postgres(cluster.database().await))).await);
    }
    houses
}

fn signal(anchor: Anchor, score: u8) -> ThreadSignal {
    ThreadSignal { anchor, score, why: "it says so".to_owned() }
}

fn mark(text: &str) -> Anchor {
    Anchor::Mark(Mark(text.to_owned()))
}

/// A letter under a mark of its own, in answer to something or to nothing.
fn letter(id: &str, from: &str, answers: Vec<ThreadSignal>) -> Inbound {
    let sender = Sender {
        address: Address(from.to_owned()),
        name: Some(format!("Name of {from}")),
        email: Some(from.to_owned()),
        proof: Proof::Claimed,
        language: None,
        facts: BTreeMap::new(),
    };
    let letter = Letter { signals: answers, marks: vec![Mark(format!("id:{id}"))], ..Letter::default() };
    let body = InboundMessage {
        from: sender,
        thread: ThreadKey(format!("begun by {id}")),
        content: Content { subject: Some("Printer".to_owned()), ..Content::plain(format!("text of {id}")) },
        choice: None,
        letter: Some(Box::new(letter)),
    };
    Inbound {
        external_id: ExternalId(id.to_owned()),
        occurred_at: None,
        raw: id.as_bytes().to_vec(),
        reading: Reading::Message(Box::new(body)),
    }
}

fn change(mut item: Inbound, edit: impl FnOnce(&mut Letter)) -> Inbound {
    let Reading::Message(body) = &mut item.reading else { panic!("a message") };
    edit(body.letter.as_mut().expect("a letter"));
    item
}

fn report(id: &str, about: DeliveryId, outcome: ReportOutcome) -> Inbound {
    let report = InboundReport {
        about: vec![about],
        outcome,
        address: Some(Address("ana@example.com".to_owned())),
        reason: "there is no such mailbox".to_owned(),
    };
    Inbound {
        external_id: ExternalId(id.to_owned()),
        occurred_at: None,
        raw: id.as_bytes().to_vec(),
        reading: Reading::Report(Box::new(report)),
    }
}

fn conversation(accepted: &Accepted) -> ConversationId {
    let Accepted::Filed { conversation, .. } = accepted else { panic!("filed expected, got {accepted:?}") };
    *conversation
}

impl House {
    async fn accept(&self, item: Inbound) -> Accepted {
        self.sink.accept(vec![item], None).await.expect("accepted").remove(0)
    }

    async fn entries(&self, id: ConversationId) -> Vec<Entry> {
        let mut conn = self.core.store.reader().await.expect("a reader");
        entries::read(&mut conn, id, Range::After(Seq::default()), false, 200).await.expect("reads")
    }

    /// The reasons logged for a happening.
    async fn reasons(&self, id: ConversationId, what: &Happening) -> Vec<String> {
        let all = self.entries(id).await.into_iter();
        all.filter_map(|entry| match entry.body {
            Body::Log(log) if log.what == *what => Some(log.why),
            Body::Log(_) | Body::Message(..) | Body::Note(_) => None,
        })
        .collect()
    }

    async fn said_by_bot(&self, id: ConversationId) -> usize {
        self.entries(id).await.iter().filter(|entry| entry.author == Author::Bot).count()
    }

    /// Waits until so many deliveries went out and were settled.
    async fn sent(&self, count: usize) -> Vec<Delivery> {
        let mut sent = self.post.sent.subscribe();
        let all = in_time("deliveries", sent.wait_for(|sent| sent.len() >= count)).await.expect("lives").clone();
        let mut bell = self.core.store.commits();
        for delivery in &all {
            in_time("it is settled", async {
                loop {
                    bell.mark_unchanged();
                    let mut conn = self.core.store.reader().await.expect("a reader");
                    let shown = deliveries::get(&mut conn, delivery.id).await.expect("reads").expect("a delivery");
                    drop(conn);
                    if shown.state == deliveries::State::Sent {
                        break;
                    }
                    bell.changed().await.expect("the store lives");
                }
            })
            .await;
        }
        all
    }
}

#[tokio::test]
async fn an_answer_joins_what_it_names() {
    for house in houses().await {
        let first = conversation(&house.accept(letter("m1", "ana@example.com", vec![])).await);
        let reply = letter("m2", "ana@example.com", vec![signal(mark("id:m1"), 70)]);
        assert_eq!(conversation(&house.accept(reply).await), first);
        assert_eq!(house.reasons(first, &Happening::Placed).await, ["it says so (70 points)"]);
        // In answer to the answer, and to what we said, and by a token.
        let sent = house.sent(1).await;
        for (id, anchor) in
            [("m3", mark("id:m2")), ("m4", Anchor::Delivery(sent[0].id)), ("m5", Anchor::Conversation(first))]
        {
            let reply = letter(id, "ana@example.com", vec![signal(anchor, 90)]);
            assert_eq!(conversation(&house.accept(reply).await), first, "{id}");
        }
        // What names nothing that is known begins a conversation of its own.
        let other = letter("m6", "ana@example.com", vec![signal(mark("id:unknown"), 90)]);
        assert_ne!(conversation(&house.accept(other).await), first);
    }
}

#[tokio::test]
async fn letters_that_come_together_find_each_other() {
    for house in houses().await {
        let batch = vec![
            letter("m1", "ana@example.com", vec![]),
            letter("m2", "ana@example.com", vec![signal(mark("id:m1"), 70)]),
            letter("m3", "ana@example.com", vec![signal(mark("id:m2"), 70)]),
        ];
        let accepted = house.sink.accept(batch, None).await.expect("accepted");
        let first = conversation(&accepted[0]);
        assert!(accepted.iter().all(|one| conversation(one) == first), "{accepted:?}");
    }
}

#[tokio::test]
async fn a_stranger_who_names_a_conversation_is_shown_nothing_of_it() {
    for house in houses().await {
        let first = conversation(&house.accept(letter("m1", "ana@example.com", vec![])).await);
        let forged = vec![signal(mark("id:m1"), 90), signal(Anchor::Conversation(first), 100)];
        let second = conversation(&house.accept(letter("m2", "mallory@example.net", forged)).await);
        assert_ne!(second, first);
        let why = house.reasons(second, &Happening::Placed).await;
        assert!(matches!(why.as_slice(), [why] if why.contains("nobody of that conversation")), "{why:?}");
    }
}

#[tokio::test]
async fn who_was_written_to_belongs_to_the_thread() {
    for house in houses().await {
        let copy = Participant { address: Address("ben@example.com".to_owned()), name: None };
        let first = change(letter("m1", "ana@example.com", vec![]), |letter| letter.participants = vec![copy]);
        let first = conversation(&house.accept(first).await);
        let reply = letter("m2", "ben@example.com", vec![signal(mark("id:m1"), 70)]);
        assert_eq!(conversation(&house.accept(reply).await), first);
        let entries = house.entries(first).await;
        let writer = entries.iter().find_map(|entry| match &entry.body {
            Body::Message(content, _) if content.text == "text of m2" => Some(content.written_by.clone()),
            Body::Message(..) | Body::Note(_) | Body::Log(_) => None,
        });
        assert_eq!(writer.flatten().as_deref(), Some("Name of ben@example.com <ben@example.com>"));
    }
}

#[tokio::test]
async fn a_machine_is_filed_and_never_answered() {
    for house in houses().await {
        let absent =
            |item| change(item, |letter: &mut Letter| letter.unanswered = Some("an absence notice".to_owned()));
        let alone = conversation(&house.accept(absent(letter("m1", "robot@example.com", vec![]))).await);
        assert_eq!(house.said_by_bot(alone).await, 0);
        assert_eq!(house.reasons(alone, &Happening::Silent).await, ["an absence notice"]);

        let first = conversation(&house.accept(letter("m2", "ana@example.com", vec![])).await);
        let said = house.said_by_bot(first).await;
        assert!(said > 0, "a person is answered");
        let absence = absent(letter("m3", "ana@example.com", vec![signal(mark("id:m2"), 90)]));
        assert_eq!(conversation(&house.accept(absence).await), first);
        assert_eq!(house.said_by_bot(first).await, said, "nothing more is said");
    }
}

#[tokio::test]
async fn two_machines_that_answer_each_other_come_to_an_end() {
    for house in houses().await {
        let mut first = None;
        let mut last = 0;
        for round in 0..60 {
            // Each begins a conversation of its own, as a machine without a memory would.
            let id = conversation(&house.accept(letter(&format!("m{round}"), "robot@example.com", vec![])).await);
            first.get_or_insert(id);
            last = house.said_by_bot(id).await;
            if last == 0 {
                let why = house.reasons(id, &Happening::Silent).await;
                assert!(matches!(why.as_slice(), [why] if why.contains("a machine may be answering")), "{why:?}");
                break;
            }
        }
        assert_eq!(last, 0, "the bot went on and on");
        let first = first.expect("a conversation");
        assert!(house.said_by_bot(first).await > 0, "a person is answered");
        // Who asks for a person gets one all the same.
        let mut asks = letter("asks", "robot@example.com", vec![]);
        let Reading::Message(body) = &mut asks.reading else { panic!("a message") };
        body.content.text = "can I talk to a person?".to_owned();
        let asks = conversation(&house.accept(asks).await);
        let mut conn = house.core.store.reader().await.expect("a reader");
        let record = conversations::get(&mut conn, asks).await.expect("reads").expect("a conversation");
        assert!(matches!(record.state.handler, Handler::Queue { .. }), "{:?}", record.state.handler);
        drop(conn);
        // Somebody else is answered all the same, and so is this one an hour later.
        let other = conversation(&house.accept(letter("other", "ana@example.com", vec![])).await);
        assert!(house.said_by_bot(other).await > 0);
        house.clock.advance(std::time::Duration::from_secs(3_601));
        let later = conversation(&house.accept(letter("later", "robot@example.com", vec![])).await);
        assert!(house.said_by_bot(later).await > 0);
    }
}

#[tokio::test]
async fn a_report_changes_what_is_shown_of_the_message() {
    for house in houses().await {
        let first = conversation(&house.accept(letter("m1", "ana@example.com", vec![])).await);
        let sent = house.sent(1).await.remove(0);
        let delayed = house.accept(report("r1", sent.id, ReportOutcome::Delayed)).await;
        assert_eq!(conversation(&delayed), first);
        let state = async |house: &House| {
            let entries = house.entries(first).await;
            let entry = entries.into_iter().find(|entry| entry.seq == sent.seq).expect("the message");
            (entry.delivery, entry.delivery_error)
        };
        assert_eq!(state(&house).await, (Some(DeliveryState::Sent), None));

        let bounce = report("r2", sent.id, ReportOutcome::Failed);
        assert_eq!(conversation(&house.accept(bounce.clone()).await), first);
        let failed = (Some(DeliveryState::Failed), Some("there is no such mailbox".to_owned()));
        assert_eq!(state(&house).await, failed);
        assert!(matches!(house.accept(bounce).await, Accepted::Duplicate { .. }));
        let reasons = house.reasons(first, &Happening::Reported).await;
        assert_eq!(reasons.len(), 2, "{reasons:?}");
        assert!(reasons[1].contains("did not arrive (ana@example.com): there is no such mailbox"), "{reasons:?}");

        let mut conn = house.core.store.reader().await.expect("a reader");
        let stuck = deliveries::list(&mut conn, Which::In(deliveries::State::Failed), None, 10).await.expect("reads");
        assert!(matches!(stuck.as_slice(), [one] if one.id == sent.id), "{stuck:?}");
        let record = conversations::get(&mut conn, first).await.expect("reads").expect("a conversation");
        let identity = contacts::identity_by_id(&mut conn, record.identity).await.expect("reads").expect("an identity");
        assert_eq!(identity.facts.get("unreachable").map(String::as_str), Some("there is no such mailbox"));
        drop(conn);

        // One that had gone to quarantine is filed the same way, once somebody tries.
        let core = Arc::clone(&house.core);
        let inbox = InboxId::from_parts(START, 7);
        let late = report("r4", sent.id, ReportOutcome::Complaint);
        let later = house.core.store.write::<_, Error, _>(move |conn| {
            Box::pin(async move {
                let later = Later { by: "Ana".to_owned(), received_at: START };
                refile(conn, &core.library.get(), inbox, late, &later, START).await
            })
        });
        assert_eq!(conversation(&later.await.expect("filed")), first);

        // Who writes again is reached again.
        house.accept(letter("m2", "ana@example.com", vec![signal(mark("id:m1"), 70)])).await;
        let mut conn = house.core.store.reader().await.expect("a reader");
        let identity = contacts::identity_by_id(&mut conn, identity.id).await.expect("reads").expect("an identity");
        assert_eq!(identity.facts.get("unreachable"), None);
        let original = inbound::original(&mut conn, first, Seq(1)).await.expect("reads");
        assert_eq!(original.as_deref(), Some(b"m1".as_slice()));
        assert_eq!(inbound::original(&mut conn, first, sent.seq).await.expect("reads"), None, "ours did not come in");
        drop(conn);

        // Anybody can write a report about a delivery that never was.
        let forged = house.accept(report("r3", DeliveryId::from_parts(START, 99), ReportOutcome::Failed)).await;
        assert!(matches!(forged, Accepted::Filtered { .. }), "{forged:?}");
    }
}

#[tokio::test]
async fn a_delivery_is_given_what_came_before_it() {
    for house in houses().await {
        house.accept(letter("m1", "ana@example.com", vec![])).await;
        let greeting = house.sent(1).await.remove(0);
        house.accept(letter("m2", "ana@example.com", vec![signal(mark("id:m1"), 70)])).await;
        let answer = house.sent(2).await.remove(1);
        let Context { to, subject, chain, quote, automatic, .. } = *answer.context.expect("a context");
        assert_eq!((to.0.as_str(), subject.as_deref(), automatic), ("ana@example.com", Some("Printer"), true));
        assert_eq!(chain, [mark("id:m1"), Anchor::Delivery(greeting.id), mark("id:m2")]);
        assert_eq!(quote.map(|quote| quote.text).as_deref(), Some("text of m2"));
    }
}
