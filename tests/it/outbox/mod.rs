//! The outbox against a far side that misbehaves: order within a lane, no lane in another's way, leases, outcomes.

mod far;
mod paused;
mod person;
mod postgres;
mod stop;

use std::time::Duration;

use switchboard_contract::{DeliveryError, DeliveryState, InboxId};

use crate::server::START;
use far::{Answer, Far, House, Running, Seen, ensure, open_thread};

fn unavailable() -> Answer {
    Answer::Refuse(DeliveryError::Unavailable { reason: "down".to_owned() })
}

fn attempts(seen: &[Seen], text: &str) -> Vec<u32> {
    seen.iter().filter(|seen| seen.text == text).map(|seen| seen.attempt).collect()
}

#[tokio::test]
async fn a_lane_keeps_its_order_and_stands_in_nobodys_way() {
    let house = House::new(Far::new(true)).await;
    let (slow, fast) = (house.thread("slow").await, house.thread("fast").await);
    house.far.plan("say a", [Answer::Hang]);
    house.say(slow, &["say a", "say b", "say c"]).await;
    house.far.until("the slow one hangs", |seen| seen.iter().any(|seen| seen.text == "say a")).await;
    house.say(fast, &["say d", "say e"]).await;
    house.shows(fast, "say e", DeliveryState::Sent).await;
    assert_eq!(house.far.got("fast"), ["say d", "say e"]);
    assert_eq!(house.far.got("slow"), [""; 0], "nothing overtakes what hangs");
    house.far.open(1);
    house.shows(slow, "say c", DeliveryState::Sent).await;
    assert_eq!(house.far.got("slow"), ["say a", "say b", "say c"]);
}

#[tokio::test]
async fn what_failed_is_tried_again_when_it_is_due_and_what_follows_waits_for_it() {
    let house = House::new(Far::new(true)).await;
    let lane = house.thread("lane").await;
    house.far.plan("say a", [unavailable(), unavailable()]);
    house.say(lane, &["say a", "say b"]).await;
    for attempt in 1..=2 {
        house.far.until("an attempt", |seen| attempts(seen, "say a").len() == attempt).await;
        let words = house.shows(lane, "say a", DeliveryState::Pending).await;
        assert_eq!(
            words.as_deref().unwrap_or("the channel can't be reached: down"),
            "the channel can't be reached: down"
        );
        settled(&house).await;
        house.clock.advance(Duration::from_secs(2));
    }
    house.shows(lane, "say b", DeliveryState::Sent).await;
    assert_eq!(house.far.got("lane"), ["say a", "say b"]);
    assert_eq!(attempts(&house.far.seen(), "say a"), [1, 2, 3]);
    assert_eq!(attempts(&house.far.seen(), "say b"), [1]);
}

/// Waits until nothing is claimed.
async fn settled(house: &House) {
    let mut bell = house.core.store.commits();
    crate::server::in_time("everything is settled", async {
        loop {
            bell.mark_unchanged();
            let mut conn = house.core.store.reader().await.expect("a reader");
            let later = START + Duration::from_hours(24);
            if switchboard::store::outbox::abandoned(&mut conn, later, 1).await.expect("reads").is_empty() {
                return;
            }
            drop(conn);
            bell.changed().await.expect("the store lives");
        }
    })
    .await;
}

#[tokio::test]
async fn a_pause_the_peer_asks_for_is_kept_and_costs_no_attempt() {
    let house = House::new(Far::new(true)).await;
    let lane = house.thread("lane").await;
    let limited = Answer::Refuse(DeliveryError::RateLimited { retry_after: Duration::from_mins(5) });
    house.far.plan("say a", [limited]);
    house.say(lane, &["say a"]).await;
    house.far.until("an attempt", |seen| seen.len() == 1).await;
    settled(&house).await;
    house.clock.advance(Duration::from_secs(299));
    // Another lane shows that the outbox has looked again.
    let other = house.thread("other").await;
    house.say(other, &["say b"]).await;
    house.shows(other, "say b", DeliveryState::Sent).await;
    assert_eq!(attempts(&house.far.seen(), "say a"), [1], "not before its time");
    house.clock.advance(Duration::from_secs(1));
    house.shows(lane, "say a", DeliveryState::Sent).await;
    assert_eq!(attempts(&house.far.seen(), "say a"), [1, 1], "the attempt did not count");
}

#[tokio::test]
async fn an_uncertain_send_is_repeated_only_where_the_channel_recognises_it() {
    let house = House::new(Far::new(true)).await;
    let lane = house.thread("lane").await;
    house.far.plan("say a", [Answer::TakeSilently]);
    house.say(lane, &["say a"]).await;
    house.far.until("an attempt", |seen| seen.len() == 1).await;
    settled(&house).await;
    house.clock.advance(Duration::from_secs(2));
    house.shows(lane, "say a", DeliveryState::Sent).await;
    let seen = house.far.seen();
    assert_eq!((seen.len(), seen[0].id), (2, seen[1].id), "the same id both times");

    let house = House::new(Far::new(false)).await;
    let lane = house.thread("lane").await;
    house.far.plan("say a", [Answer::TakeSilently]);
    house.say(lane, &["say a", "say b"]).await;
    let words = house.shows(lane, "say a", DeliveryState::Uncertain).await;
    assert_eq!(words.as_deref(), Some("perhaps delivered: cut"));
    house.shows(lane, "say b", DeliveryState::Sent).await;
    house.clock.advance(Duration::from_hours(48));
    let other = house.thread("other").await;
    house.say(other, &["say c"]).await;
    house.shows(other, "say c", DeliveryState::Sent).await;
    assert_eq!(attempts(&house.far.seen(), "say a"), [1], "it is a person's decision");
}

#[tokio::test]
async fn the_work_of_a_killed_process_comes_back_when_its_lease_is_over() {
    for idempotent in [true, false] {
        let mut house = House::new(Far::new(idempotent)).await;
        let lane = house.thread("lane").await;
        house.far.plan("say a", [Answer::Hang]);
        house.say(lane, &["say a", "say b"]).await;
        house.far.until("it hangs", |seen| seen.len() == 1).await;
        house.running.take().expect("running").kill().await;
        house.start();
        let other = house.thread("other").await;
        house.say(other, &["say c"]).await;
        house.shows(other, "say c", DeliveryState::Sent).await;
        assert_eq!(attempts(&house.far.seen(), "say a"), [1], "the lease holds");
        house.stop().await;
        house.clock.advance(Duration::from_secs(61));
        house.start();
        if idempotent {
            settled(&house).await;
            house.clock.advance(Duration::from_secs(2));
            house.shows(lane, "say b", DeliveryState::Sent).await;
            assert_eq!(house.far.got("lane"), ["say a", "say b"]);
            assert_eq!(attempts(&house.far.seen(), "say a"), [1, 2]);
        } else {
            let words = house.shows(lane, "say a", DeliveryState::Uncertain).await.expect("words");
            assert!(words.contains("the program ended while it was being sent"), "{words}");
            house.shows(lane, "say b", DeliveryState::Sent).await;
            assert_eq!(house.far.got("lane"), ["say b"]);
        }
    }
}

#[tokio::test]
async fn a_clock_that_jumps_abandons_nothing_that_is_under_way() {
    let house = House::new(Far::new(false)).await;
    let lane = house.thread("lane").await;
    house.far.plan("say a", [Answer::Hang]);
    house.say(lane, &["say a"]).await;
    house.far.until("it hangs", |seen| seen.len() == 1).await;
    house.clock.advance(Duration::from_hours(2));
    let other = house.thread("other").await;
    house.say(other, &["say b"]).await;
    house.shows(other, "say b", DeliveryState::Sent).await;
    house.far.open(1);
    house.shows(lane, "say a", DeliveryState::Sent).await;
}

#[tokio::test]
async fn two_outboxes_on_one_database_send_everything_once_and_in_order() {
    let mut house = House::new(Far::new(false)).await;
    let second = Running::start(&house.core, house.adapters());
    let mut lanes = Vec::new();
    for lane in 0..12 {
        lanes.push(house.thread(&format!("lane {lane}")).await);
    }
    let texts: Vec<String> = (0..8).map(|text| format!("say {text}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for lane in &lanes {
        house.say(*lane, &texts).await;
    }
    for lane in &lanes {
        house.shows(*lane, "say 7", DeliveryState::Sent).await;
    }
    for lane in 0..lanes.len() {
        assert_eq!(house.far.got(&format!("lane {lane}")), texts, "lane {lane}");
    }
    second.stop().await;
    house.stop().await;
}

#[tokio::test]
async fn an_inbox_that_hangs_takes_no_place_of_another() {
    let mut house = House::new(Far::new(true)).await;
    house.stop().await;
    let other = InboxId::from_parts(START, 2);
    ensure(&house.core, other, "other").await;
    let lively = std::sync::Arc::new(Far::new(true));
    let mut adapters = house.adapters();
    adapters.insert(other, std::sync::Arc::clone(&lively) as _);
    let running = Running::start(&house.core, adapters);
    house.far.otherwise(Answer::Hang);
    let hanging = switchboard::limits::DELIVERIES_AT_ONCE + 20;
    for lane in 0..hanging {
        let lane = house.thread(&format!("lane {lane}")).await;
        house.say(lane, &["say a"]).await;
    }
    house.far.until("as many hang as may", |seen| seen.len() == switchboard::limits::DELIVERIES_AT_ONCE).await;
    let lane = open_thread(&house.core, other, "lane").await;
    house.say(lane, &["say b"]).await;
    house.shows(lane, "say b", DeliveryState::Sent).await;
    house.far.open(hanging);
    house.far.until("all are sent", |seen| seen.iter().filter(|seen| seen.taken).count() == hanging).await;
    running.stop().await;
}

#[tokio::test]
async fn what_belongs_to_an_inbox_that_is_gone_becomes_a_dead_letter() {
    let mut house = House::new(Far::new(true)).await;
    let lane = house.thread("lane").await;
    house.stop().await;
    house.say(lane, &["say a"]).await;
    let running = Running::start(&house.core, switchboard::outbox::Adapters::new());
    let words = house.shows(lane, "say a", DeliveryState::Failed).await.expect("words");
    assert!(words.contains("not configured any more"), "{words}");
    running.stop().await;
}
