//! What channels and strangers hand in.

use std::time::Duration;

use switchboard::limits;
use switchboard::store::quarantine as store;
use switchboard_contract::{Accepted, Content, Inbound, InboundSink, Reading, Timestamp};

use super::house::{House, filed, message, unreadable};
use crate::server::START;

#[tokio::test]
async fn a_duplicate_with_other_bytes_is_kept_and_reported_and_the_first_stands() {
    for house in House::on_each().await {
        let id = filed(&house.accept(message("m1", "t", "the first")).await);
        let before = house.timeline(id).await;
        house.accept(message("m1", "t", "the first")).await;
        let other = house.accept(message("m1", "t", "something else")).await;
        assert!(matches!(other, Accepted::Duplicate { conversation: Some(first), .. } if first == id), "{other:?}");
        assert_eq!(house.timeline(id).await, before);
        let account = house.account().await;
        assert_eq!((account.filed, account.duplicate, account.differing), (1, 2, 1));
        let kept: Vec<(Vec<u8>, Option<Vec<u8>>)> = switchboard::store::sql::query_as(
            "SELECT i.raw, d.raw FROM inbound i JOIN inbound_duplicates d ON d.inbound_id = i.id ORDER BY d.id",
        )
        .fetch_all(&mut *house.conn().await)
        .await
        .expect("reads");
        let first = b"the first".to_vec();
        assert_eq!(kept, [(first.clone(), None), (first, Some(b"something else".to_vec()))]);
    }
}

#[tokio::test]
async fn what_claims_to_be_from_another_time_is_filed_when_it_comes() {
    for house in House::on_each().await {
        let times = [Some(i64::MAX), Some(i64::MIN), Some(0), Some(START.millis() + 86_400_000 * 400), None];
        let mut expected = Vec::new();
        let mut last = None;
        for (number, at) in times.into_iter().enumerate() {
            let text = format!("message {number}");
            let item = message(&format!("m{number}"), "t", &text);
            let accepted = house.accept(Inbound { occurred_at: at.map(Timestamp::from_millis), ..item }).await;
            last = Some(filed(&accepted));
            expected.push(format!("contact: {text}"));
            house.clock.advance(Duration::from_secs(1));
        }
        let timeline = house.timeline(last.expect("filed")).await;
        let written: Vec<_> = timeline.into_iter().filter(|line| line.starts_with("contact")).collect();
        assert_eq!(written, expected, "the order is that of coming in");
        assert_eq!(house.counts().await, [5, 0, 0, 0]);
        // One that can't be read is shown with its time, whatever that is.
        let odd = Inbound { occurred_at: Some(Timestamp::from_millis(i64::MIN)), ..unreadable("odd", "?") };
        house.accept(odd).await;
        let number = house.quarantine().await[0].id;
        let item = store::get(&mut *house.conn().await, number).await.expect("reads").expect("there");
        assert_eq!(item.occurred_at, Some(Timestamp::from_millis(i64::MIN)));
        assert_eq!(item.received_at, house.core.now(), "when it came is ours to say");
    }
}

#[tokio::test]
async fn what_has_no_id_is_told_apart_by_its_content() {
    for house in House::on_each().await {
        let at = |millis, item: Inbound| Inbound { occurred_at: Some(Timestamp::from_millis(millis)), ..item };
        let first = message("", "t", "yes");
        filed(&house.accept(at(1, first.clone())).await);
        filed(&house.accept(at(2, first.clone())).await);
        filed(&house.accept(at(1, message("", "another thread", "yes"))).await);
        let again = house.accept(at(1, first.clone())).await;
        assert!(matches!(again, Accepted::Duplicate { .. }), "{again:?}");
        // What nobody could read is kept as well, each once.
        for raw in ["?", "??", "?"] {
            house.accept(unreadable("", raw)).await;
        }
        assert_eq!(house.counts().await, [3, 2, 0, 2]);
        let ids: Vec<_> = house.quarantine().await.into_iter().map(|item| item.external_id).collect();
        assert!(ids.iter().all(|id| id.starts_with("content:")), "{ids:?}");
        assert_eq!(ids[1], unreadable("", "?").content_id().0);
    }
}

#[tokio::test]
async fn one_byte_over_the_limit_is_told_and_at_the_limit_everything_is_kept() {
    // On one database only: what is large is slow in a test, and nothing here is SQL but the bytes.
    let house = House::new().await;
    let large = |size: usize, last: u8| {
        let mut raw = vec![b'x'; size];
        *raw.last_mut().expect("not empty") = last;
        raw
    };
    let most = limits::INBOUND_BYTES_MAX;
    let item = |id: &str, raw: Vec<u8>| Inbound { raw, ..message(id, "t", "see the attachment") };
    filed(&house.accept(item("fits", large(most, b'a'))).await);
    let over = house.accept(item("over", large(most + 1, b'a'))).await;
    let Accepted::Quarantined { error } = over else { panic!("{over:?}") };
    assert_eq!(error, "52428801 bytes; at most 52428800 are kept");
    filed(&house.accept(message("next", "t", "the next one")).await);
    assert_eq!(house.counts().await, [2, 0, 0, 1]);
    // All its bytes are compared, though only the beginning is kept.
    house.accept(item("over", large(most + 1, b'a'))).await;
    assert_eq!(house.account().await.differing, 0);
    house.accept(item("over", large(most + 1, b'b'))).await;
    house.accept(item("over", large(most, b'a'))).await;
    house.accept(item("fits", large(most, b'b'))).await;
    house.accept(item("fits", large(most + 1, b'a'))).await;
    let account = house.account().await;
    assert_eq!((account.duplicate, account.differing), (5, 4));
    // Its beginning is not it: nobody reads it again as if it were.
    house.reader.learns(|_| Some(message("", "t", "half of it").reading));
    let kept = house.quarantine().await;
    assert_eq!((kept.len(), kept[0].bytes), (1, 52_428_800));
    let shown = switchboard::service::quarantine::look(&house.core, &house.adapters, kept[0].id).await.expect("shown");
    assert!(!shown.can_retry && shown.text_cut && shown.item.cut);
    assert_eq!(shown.text.map(|text| text.len()), Some(limits::QUARANTINE_TEXT_BYTES_MAX));
    let retried = house.retry(kept[0].id).await.expect("tried");
    assert_eq!(retried, switchboard::service::quarantine::Retried::Quarantined(error));
    assert_eq!(house.counts().await, [2, 5, 0, 1]);
}

#[tokio::test]
async fn a_zero_character_is_no_reason_to_lose_anything() {
    for house in House::on_each().await {
        let mut item = message("a\0b", "t", "hello\0there");
        let Reading::Message(body) = &mut item.reading else { panic!("a message") };
        body.from.name = Some("Ma\0ria".to_owned());
        body.content = Content::plain("hello\0there");
        let id = filed(&house.accept(item.clone()).await);
        assert!(house.timeline(id).await.contains(&"contact: hello\u{fffd}there".to_owned()));
        assert!(matches!(house.accept(item).await, Accepted::Duplicate { .. }));
        let nowhere = house.accept(message("m2", "t\0", "hello")).await;
        assert!(matches!(nowhere, Accepted::Quarantined { .. }), "{nowhere:?}");
        assert_eq!(house.counts().await, [1, 1, 0, 1]);
    }
}

#[tokio::test]
async fn a_step_that_fails_every_time_costs_its_own_message_only() {
    for house in House::on_each().await {
        filed(&house.accept(message("m1", "broken", "hello")).await);
        // Every attempt finds its place in the conversation taken.
        house.meddle("UPDATE conversations SET seq = 0").await;
        let batch = vec![
            message("m2", "whole", "hello"),
            message("m3", "broken", "hello again"),
            message("m4", "whole", "and again"),
        ];
        let accepted = house.sink.accept(batch, None).await.expect("accepted");
        assert!(
            matches!(&accepted[1], Accepted::Quarantined { error } if error == "it was changed meanwhile"),
            "{accepted:?}"
        );
        assert_eq!(filed(&accepted[0]), filed(&accepted[2]));
        assert_eq!(house.counts().await, [3, 0, 0, 1]);
    }
}
