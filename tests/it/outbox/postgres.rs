//! The outbox's statements on PostgreSQL: everything it does at least once.

use std::time::Duration;

use switchboard::service::redrive::{self, Decision};
use switchboard::store::deliveries::{self, State, Which};
use switchboard::store::outbox::Target;
use switchboard::store::{self, circuits};
use switchboard::webhooks::{Key, Kind, Webhook};
use switchboard_contract::{DeliveryError, DeliveryState};

use super::far::{Answer, Far, House, Running};
use super::settled;
use crate::cluster::Cluster;

fn webhook() -> Webhook {
    Webhook {
        name: "crm".to_owned(),
        // Nobody listens there.
        url: "http://127.0.0.1:9/".parse().expect("an address"),
        keys: Key::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").into_iter().collect(),
        kinds: Kind::WORDS.iter().map(|(_, kind)| *kind).collect(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_outbox_does_the_same_on_postgresql() {
    let Some(cluster) = Cluster::shared() else { return };
    let target = store::Target::Postgres(cluster.database().await);
    let change = |home| switchboard::app::Home { target, lanes: 4, webhooks: vec![webhook()], ..home };
    let mut house = House::with(Far::new(false), change).await;
    let second = Running::start(&house.core, house.adapters());

    // In order, each once, over two outboxes; a refusal blocks nobody.
    let (one, two) = (house.thread("one").await, house.thread("two").await);
    house.far.plan("say b", [Answer::TakeSilently]);
    house.far.plan("say y", [Answer::Refuse(DeliveryError::Rejected { reason: "blocked".to_owned() })]);
    house.far.plan("say z", [Answer::Refuse(DeliveryError::Unavailable { reason: "down".to_owned() })]);
    house.say(one, &["say a", "say b", "say c"]).await;
    house.say(two, &["say x", "say y", "say z"]).await;
    house.shows(one, "say c", DeliveryState::Sent).await;
    house.shows(one, "say b", DeliveryState::Uncertain).await;
    house.shows(two, "say y", DeliveryState::Failed).await;
    house.far.until("it was tried", |seen| seen.iter().any(|seen| seen.text == "say z")).await;
    settled(&house).await;
    house.clock.advance(Duration::from_secs(2));
    house.shows(two, "say z", DeliveryState::Sent).await;
    assert_eq!(
        (house.far.got("one"), house.far.got("two")),
        (["say a", "say b", "say c"].map(str::to_owned).into(), ["say x", "say z"].map(str::to_owned).into(),)
    );

    // Events stand in lanes of their own, in the order of what they tell.
    let mut conn = house.core.store.reader().await.expect("a reader");
    let open = deliveries::list(&mut conn, Which::Open, None, 200).await.expect("reads");
    let told = |kind: &str| open.iter().filter(|row| row.preview == kind).count();
    assert_eq!(
        (told("conversation.created"), told("delivery.failed"), told("delivery.uncertain")),
        (2, 1, 1),
        "{open:#?}"
    );
    assert!(told("message.created") >= 8, "{open:#?}");

    // What is stuck is listed, counted, sent again and dropped.
    let stuck = deliveries::list(&mut conn, Which::Stuck, None, 10).await.expect("reads");
    let of = |text: &str| stuck.iter().find(|row| row.preview == text).expect("it is stuck").id;
    let tally = deliveries::tallies(&mut conn).await.expect("reads")[&Target::Inbox(house.inbox)];
    assert_eq!((stuck.len(), tally.failed, tally.uncertain), (2, 1, 1));
    drop(conn);
    let retry = Decision::Retry { even_if_delivered: false };
    let refused = redrive::decide(&house.core, "Ana", of("say b"), retry.clone()).await;
    assert!(matches!(refused, Err(redrive::Error::PerhapsDelivered)), "{refused:?}");
    redrive::decide(&house.core, "Ana", of("say y"), retry).await.expect("on its way");
    house.shows(two, "say y", DeliveryState::Sent).await;
    let drop_it = Decision::Drop { reason: "told by phone".to_owned() };
    let dropped = redrive::decide(&house.core, "Ana", of("say b"), drop_it).await.expect("dropped");
    assert_eq!(dropped.state, State::Dropped);

    // The endpoint that nobody answers is paused as a whole, as more than one conversation shows.
    let crm = Target::Webhook("crm".to_owned());
    for _ in 0..60 {
        let paused = circuits::all(&mut house.core.store.reader().await.expect("a reader")).await.expect("reads");
        if paused.contains_key(&crm) {
            second.stop().await;
            house.stop().await;
            return;
        }
        house.clock.advance(Duration::from_mins(1));
        settled(&house).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the webhook is never paused");
}
