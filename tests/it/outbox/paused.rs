//! Targets that fail as a whole, and targets that may only go so fast.

use std::time::Duration;

use switchboard::store::circuits::{self, Circuit};
use switchboard::store::deliveries;
use switchboard::store::outbox::{self, Target};
use switchboard_contract::{ConversationId, DeliveryError, DeliveryState, Pace, Rate};

use super::far::{Answer, Far, House};
use super::settled;
use crate::server::in_time;

async fn circuit(house: &House) -> Option<Circuit> {
    let mut conn = house.core.store.reader().await.expect("a reader");
    circuits::all(&mut conn).await.expect("reads").remove(&Target::Inbox(house.inbox))
}

/// Waits until the inbox is paused as wanted.
async fn until(house: &House, what: &str, wanted: impl Fn(Option<&Circuit>) -> bool) -> Option<Circuit> {
    let mut bell = house.core.store.commits();
    in_time(what, async {
        loop {
            bell.mark_unchanged();
            let circuit = circuit(house).await;
            if wanted(circuit.as_ref()) {
                return circuit;
            }
            bell.changed().await.expect("the store lives");
        }
    })
    .await
}

fn down() -> Answer {
    Answer::Refuse(DeliveryError::Unavailable { reason: "down".to_owned() })
}

/// The attempts that all deliveries on their way have used up.
async fn used_up(house: &House) -> i64 {
    let mut conn = house.core.store.reader().await.expect("a reader");
    let open = deliveries::list(&mut conn, deliveries::Which::Open, None, 200).await.expect("reads");
    open.iter().map(|row| row.attempts).sum()
}

async fn lanes(house: &House, count: usize) -> Vec<ConversationId> {
    let mut lanes = Vec::new();
    for lane in 0..count {
        lanes.push(house.thread(&format!("lane {lane}")).await);
    }
    lanes
}

#[tokio::test]
async fn an_inbox_that_fails_as_a_whole_is_paused_and_probed_until_it_works() {
    let mut house = House::new(Far::new(true)).await;
    let lanes = lanes(&house, 8).await;
    house.far.otherwise(down());
    for lane in &lanes {
        house.say(*lane, &["say a", "say b"]).await;
    }
    let paused = until(&house, "the pause", |circuit| circuit.is_some()).await.expect("paused");
    assert_eq!((paused.failures, paused.error.as_str()), (5, "the channel can't be reached: down"));
    // A restart knows of it, and nothing is tried before its time. (What was chosen just before the pause still goes.)
    house.stop().await;
    let tried = house.far.seen().len();
    house.start();
    house.clock.advance(paused.retry_at.since(house.core.now()).saturating_sub(Duration::from_millis(1)));
    let other = house.thread("other").await;
    house.say(other, &["say c"]).await;
    house.stop().await;
    house.start();
    assert_eq!(house.far.seen().len(), tried, "nothing is tried during the pause");

    // One probe, and a longer pause.
    let used = used_up(&house).await;
    house.clock.advance(Duration::from_millis(1));
    let longer = until(&house, "a longer pause", |circuit| circuit.is_some_and(|circuit| circuit.pauses == 1)).await;
    let longer = longer.expect("paused");
    assert_eq!(house.far.seen().len(), tried + 1, "one attempt alone");
    settled(&house).await;
    assert_eq!(used_up(&house).await, used, "a probe uses no attempt up");
    assert!(longer.retry_at.since(house.core.now()) >= Duration::from_secs(10), "{longer:?}");

    // It works again: everything goes.
    house.far.otherwise(Answer::Take);
    house.clock.advance(Duration::from_secs(20));
    for lane in &lanes {
        house.shows(*lane, "say b", DeliveryState::Sent).await;
    }
    house.shows(other, "say c", DeliveryState::Sent).await;
    until(&house, "the end of the pause", |circuit| circuit.is_none()).await;
    for lane in 0..lanes.len() {
        assert_eq!(house.far.got(&format!("lane {lane}")), ["say a", "say b"]);
    }
    house.stop().await;
}

#[tokio::test]
async fn one_conversation_that_fails_pauses_nobody() {
    let house = House::new(Far::new(true)).await;
    let dead = house.thread("dead").await;
    house.far.plan("say a", std::iter::repeat_n(down(), 8));
    house.say(dead, &["say a"]).await;
    for attempt in 1..=6 {
        house.far.until("an attempt", |seen| seen.len() >= attempt).await;
        settled(&house).await;
        house.clock.advance(Duration::from_mins(2));
    }
    assert_eq!(circuit(&house).await, None);
}

/// Lets the bot's own words go, at the pace there is, and the time pass in which they count.
async fn quiet(house: &House) {
    let mut bell = house.core.store.commits();
    in_time("the bot is silent", async {
        loop {
            bell.mark_unchanged();
            let mut conn = house.core.store.reader().await.expect("a reader");
            if outbox::count_open(&mut conn).await.expect("reads") == 0 {
                return;
            }
            drop(conn);
            house.clock.advance(Duration::from_secs(1));
            bell.changed().await.expect("the store lives");
        }
    })
    .await;
    house.clock.advance(Duration::from_secs(1));
}

#[tokio::test]
async fn a_pace_holds_one_thread_back_and_not_another() {
    let second = Duration::from_secs(1);
    let pace = Pace { in_all: None, per_thread: Some(Rate::new(2, second)) };
    let house = House::new(Far::paced(pace)).await;
    let (busy, calm) = (house.thread("busy").await, house.thread("calm").await);
    quiet(&house).await;
    house.say(busy, &["say a", "say b", "say c"]).await;
    house.shows(busy, "say b", DeliveryState::Sent).await;
    house.say(calm, &["say d"]).await;
    house.shows(calm, "say d", DeliveryState::Sent).await;
    assert_eq!(house.far.got("busy"), ["say a", "say b"], "two a second");
    house.clock.advance(second);
    house.shows(busy, "say c", DeliveryState::Sent).await;
}

#[tokio::test]
async fn a_pace_over_all_holds_in_every_span() {
    let second = Duration::from_secs(1);
    let house = House::new(Far::paced(Pace { in_all: Some(Rate::new(3, second)), per_thread: None })).await;
    let mut ids = Vec::new();
    for lane in 0..9 {
        ids.push(house.thread(&format!("lane {lane}")).await);
    }
    quiet(&house).await;
    for id in &ids {
        house.say(*id, &["say a"]).await;
    }
    for sent in [3, 6, 9] {
        house.far.until("as many as may", |seen| seen.len() == sent).await;
        settled(&house).await;
        assert_eq!(house.far.seen().len(), sent);
        house.clock.advance(second);
    }
}
