//! When the program stops, every delivery is settled or let go of.

use switchboard::limits;
use switchboard_contract::DeliveryState;

use super::far::{Answer, Far, House};

async fn stop_while_it_hangs(idempotent: bool) -> House {
    let mut house = House::new(Far::new(idempotent)).await;
    let lane = house.thread("lane").await;
    house.far.plan("say a", [Answer::Hang]);
    house.say(lane, &["say a"]).await;
    house.far.until("it hangs", |seen| seen.iter().any(|seen| seen.text == "say a")).await;
    let stopping = tokio::time::timeout(limits::DELIVERY_STOP_BUDGET, house.stop());
    stopping.await.expect("within its budget");
    house
}

#[tokio::test]
async fn what_does_not_end_in_time_is_let_go_of() {
    let mut house = stop_while_it_hangs(true).await;
    let lane = house.thread("lane").await;
    assert_eq!(house.entry(lane, "say a").await.delivery, Some(DeliveryState::Pending));
    // The next start need not wait for a lease, but for the pause after a failed attempt.
    house.clock.advance(limits::DELIVERY_BACKOFF_FIRST);
    house.start();
    house.shows(lane, "say a", DeliveryState::Sent).await;
    assert_eq!(house.far.got("lane"), ["say a"]);
}

#[tokio::test]
async fn what_does_not_end_in_time_is_perhaps_sent_where_nobody_recognises_it_again() {
    let house = stop_while_it_hangs(false).await;
    let lane = house.thread("lane").await;
    let entry = house.entry(lane, "say a").await;
    assert_eq!(entry.delivery, Some(DeliveryState::Uncertain));
    assert!(entry.delivery_error.is_some_and(|words| words.contains("stopped while it was being sent")));
}
