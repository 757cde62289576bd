//! What people do with what is in quarantine.

use switchboard::service::quarantine::{self, Error, Retried};
use switchboard::store::Point;
use switchboard_contract::{Accepted, ConversationId, Inbound, Reading};

use super::house::{House, filed, message, unreadable};

/// A message whose conversation can't be read at present, and how to mend that.
async fn poisoned(house: &House) -> (ConversationId, i64) {
    let id = filed(&house.accept(message("m1", "t", "hello")).await);
    house.meddle("UPDATE conversations SET state = 'x' || state").await;
    let accepted = house.accept(message("m2", "t", "my router is broken")).await;
    assert!(matches!(accepted, Accepted::Quarantined { .. }), "{accepted:?}");
    (id, house.quarantine().await[0].id)
}

async fn mend(house: &House) {
    house.meddle("UPDATE conversations SET state = SUBSTR(state, 2)").await;
}

fn count(timeline: &[String], line: &str) -> usize {
    timeline.iter().filter(|entry| *entry == line).count()
}

#[tokio::test]
async fn what_a_fault_kept_out_is_filed_once_it_is_mended() {
    for house in House::on_each().await {
        let (id, number) = poisoned(&house).await;
        assert_eq!(house.counts().await, [1, 0, 0, 1]);
        // As long as the fault is there it stays, with the newest error.
        let Retried::Quarantined(error) = house.retry(number).await.expect("tried") else { panic!("still broken") };
        assert!(error.contains("the stored conversation can't be read"), "{error}");
        assert_eq!(house.counts().await, [1, 0, 0, 1]);
        mend(&house).await;
        // What came meanwhile stands before it: the order is that of filing.
        house.accept(message("m3", "t", "are you there?")).await;
        assert_eq!(house.retry(number).await.expect("tried"), Retried::Filed(id));
        assert_eq!(house.counts().await, [3, 0, 0, 0]);
        let timeline = house.timeline(id).await;
        let place = |line: &str| {
            timeline.iter().position(|entry| entry == line).unwrap_or_else(|| panic!("{line}: {timeline:?}"))
        };
        assert!(place("contact: are you there?") < place("contact: my router is broken"), "{timeline:?}");
        assert_eq!(count(&timeline, "log: filed_later"), 1);
        assert!(timeline.last().is_some_and(|last| last == "log: filed_later"), "{timeline:?}");
        // The bot answered it as it would have.
        assert!(
            timeline[place("contact: my router is broken")..].iter().any(|line| line.starts_with("bot: ")),
            "{timeline:?}"
        );
        // A second click, and a second delivery by the channel.
        let again = house.retry(number).await;
        assert!(matches!(&again, Err(Error::NotInQuarantine(outcome)) if outcome == "filed"), "{again:?}");
        let duplicate = house.accept(message("m2", "t", "my router is broken")).await;
        assert!(
            matches!(duplicate, Accepted::Duplicate { conversation: Some(first), .. } if first == id),
            "{duplicate:?}"
        );
        assert_eq!(house.timeline(id).await, timeline);
        assert_eq!(house.counts().await, [3, 1, 0, 0]);
    }
}

#[tokio::test]
async fn two_who_retry_at_once_file_it_once() {
    for house in House::on_each().await {
        let (id, number) = poisoned(&house).await;
        mend(&house).await;
        let tries = futures_util::future::join_all((0..8).map(|_| house.retry(number))).await;
        let won = tries.iter().filter(|tried| matches!(tried, Ok(Retried::Filed(_)))).count();
        let late = tries.iter().filter(|tried| matches!(tried, Err(Error::NotInQuarantine(_)))).count();
        assert_eq!((won, late), (1, 7), "{tries:?}");
        assert_eq!(count(&house.timeline(id).await, "contact: my router is broken"), 1);
        assert_eq!(house.counts().await, [2, 0, 0, 0]);
    }
}

#[tokio::test]
async fn when_the_power_fails_during_a_retry_it_is_filed_once() {
    for point in [Point::BeforeCommit, Point::AfterCommit] {
        for house in House::on_each().await {
            let (id, number) = poisoned(&house).await;
            mend(&house).await;
            house.power_fails(point);
            let cut = house.retry(number).await;
            assert!(matches!(cut, Err(Error::Store(_))), "nobody hears of it: {cut:?}");
            let house = house.restart().await;
            let (again, counts) = (house.retry(number).await, house.counts().await);
            match point {
                Point::BeforeCommit => assert!(matches!(again, Ok(Retried::Filed(_))), "nothing was kept: {again:?}"),
                Point::AfterCommit => {
                    assert!(matches!(again, Err(Error::NotInQuarantine(_))), "all was kept: {again:?}");
                }
            }
            assert_eq!(counts, [2, 0, 0, 0]);
            let timeline = house.timeline(id).await;
            assert_eq!(count(&timeline, "contact: my router is broken"), 1, "{timeline:?}");
            assert_eq!(count(&timeline, "log: filed_later"), 1, "{timeline:?}");
        }
    }
}

#[tokio::test]
async fn an_adapter_that_has_learnt_to_read_is_asked_first() {
    for house in House::on_each().await {
        house.accept(unreadable("m1", "%%%")).await;
        let number = house.quarantine().await[0].id;
        let shown = quarantine::look(&house.core, &house.adapters, number).await.expect("shown");
        assert_eq!((shown.can_retry, shown.text.as_deref()), (false, Some("%%%")));
        assert_eq!(house.retry(number).await.expect("tried"), Retried::Quarantined("no letters".to_owned()));

        house.reader.learns(|kept| {
            let text = String::from_utf8(kept.raw.clone()).expect("UTF-8");
            assert_eq!((kept.external_id.0.as_str(), kept.error.as_str()), ("m1", "no letters"));
            Some(message("", "t", &format!("decoded {text}")).reading)
        });
        let shown = quarantine::look(&house.core, &house.adapters, number).await.expect("shown");
        assert!(shown.can_retry);
        let Retried::Filed(id) = house.retry(number).await.expect("tried") else { panic!("readable now") };
        assert_eq!(count(&house.timeline(id).await, "contact: decoded %%%"), 1);
        assert_eq!(house.counts().await, [1, 0, 0, 0]);
    }
}

#[tokio::test]
async fn an_adapter_may_find_that_there_was_nothing_to_file() {
    for house in House::on_each().await {
        house.accept(unreadable("m1", "%%%")).await;
        let number = house.quarantine().await[0].id;
        house.reader.learns(|_| Some(Reading::Filtered { reason: "a service notice".to_owned() }));
        assert_eq!(house.retry(number).await.expect("tried"), Retried::Filtered("a service notice".to_owned()));
        assert_eq!(house.counts().await, [0, 0, 1, 0]);
    }
}

#[tokio::test]
async fn an_adapter_that_breaks_down_or_reads_less_costs_nothing() {
    for house in House::on_each().await {
        house.accept(unreadable("broken", "%%%")).await;
        let number = house.quarantine().await[0].id;
        house.reader.learns(|_| panic!("a parser that breaks on hostile bytes"));
        let Retried::Quarantined(error) = house.retry(number).await.expect("tried") else { panic!("kept") };
        assert_eq!(error, "the adapter broke down when it read this again");
        assert_eq!(house.quarantine().await[0].reason, error, "the newest error is shown");

        // What an earlier version could read is filed by that reading.
        let (id, number) = poisoned(&house).await;
        mend(&house).await;
        house.reader.learns(|_| Some(Reading::Unreadable { error: "forgotten".to_owned() }));
        assert_eq!(house.retry(number).await.expect("tried"), Retried::Filed(id));
        assert_eq!(house.counts().await, [2, 0, 0, 1]);
    }
}

#[tokio::test]
async fn a_filtered_item_that_a_fault_kept_out_of_nothing_is_no_matter() {
    for house in House::on_each().await {
        let item = Inbound { reading: Reading::Filtered { reason: "our own".to_owned() }, ..message("m1", "t", "x") };
        house.accept(item).await;
        let filtered = house.retry(1).await;
        assert!(matches!(&filtered, Err(Error::NotInQuarantine(outcome)) if outcome == "filtered"), "{filtered:?}");
        assert!(matches!(house.retry(999).await, Err(Error::NotFound)));
    }
}

#[tokio::test]
async fn a_dismissed_item_stays_in_the_ledger_with_who_and_why() {
    for house in House::on_each().await {
        house.accept(unreadable("m1", "%%%")).await;
        let number = house.quarantine().await[0].id;
        for bad in ["", "  ", &"x".repeat(501)] {
            let refused = quarantine::dismiss(&house.core, number, "Ana", bad).await;
            assert!(matches!(refused, Err(Error::BadReason)), "{refused:?}");
        }
        assert_eq!(house.counts().await, [0, 0, 0, 1]);
        let words = quarantine::dismiss(&house.core, number, "Ana", &"x".repeat(500)).await.expect("dismissed");
        assert_eq!(words, format!("dismissed by Ana: {}", "x".repeat(500)));
        assert_eq!(house.counts().await, [0, 0, 1, 0]);
        let again = quarantine::dismiss(&house.core, number, "Ben", "as well").await;
        assert!(matches!(again, Err(Error::NotInQuarantine(_))), "{again:?}");
        assert!(matches!(house.retry(number).await, Err(Error::NotInQuarantine(_))));
        let item = switchboard::store::quarantine::get(&mut *house.conn().await, number).await.expect("reads");
        assert_eq!(item.map(|item| item.reason), Some(words));
        // The channel brings it again: it is known.
        assert!(matches!(house.accept(unreadable("m1", "%%%")).await, Accepted::Duplicate { .. }));
    }
}
