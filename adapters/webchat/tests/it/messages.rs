//! Speaking: messages, presses, signals, receipts, and how each is answered.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use switchboard_contract::{
    ChannelAdapter, Choice, ChoiceId, Content, Delivery, PublicAuthor, Reading, ReceiptMark, Seq, Signal, SinkError,
    ThreadEntry, ThreadHandler, ThreadNews, ThreadWatcher, Timestamp,
};
use switchboard_testkit::fakes::FakeCore;
use switchboard_webchat::Pace;
use switchboard_webchat::limits::{MESSAGES_BURST, MESSAGES_PER_SECOND, TEXT_CHARS_MAX};

use crate::peer::{Peer, entries};
use crate::server::{Server, Setup};

#[tokio::test]
async fn a_message_is_acknowledged_and_comes_back_as_an_entry() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    let frame = json!({"t": "send", "id": "message-1", "text": "hi <b>there</b>"});
    peer.send(frame.clone()).await;
    assert_eq!(peer.frame("ack").await, json!({"t": "ack", "id": "message-1", "seq": 1, "duplicate": false}));
    let conversation = peer.frame("conversation").await;
    assert_eq!(conversation["conversation"], json!(server.core.present(&peer.thread())));
    let mut entry = peer.frame("entry").await;
    assert!(entry["id"].take().as_str().is_some_and(|id| id.starts_with("msg_")));
    assert_eq!(
        entry,
        json!({"t": "entry", "seq": 1, "id": null, "at": "2026-11-20T10:00:00.000Z", "from": {"kind": "contact"},
            "text": "hi <b>there</b>", "format": "plain", "choices": [], "citation": null, "cid": "message-1"})
    );
    assert_eq!(peer.frame("state").await, json!({"t": "state", "handler": {"kind": "bot"}, "resolved": false}));
    assert_eq!(server.core.ledger()[0].inbound.raw, frame.to_string().as_bytes(), "the very bytes are kept");
}

#[tokio::test]
async fn a_message_sent_twice_is_acknowledged_twice_and_kept_once() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    let first = peer.write("message-1", "hi").await;
    peer.write("message-2", "more").await;
    let again = peer.write("message-1", "hi").await;
    assert_eq!((&again["seq"], &again["duplicate"]), (&first["seq"], &json!(true)));
    assert!(entries(&peer.settle().await).is_empty(), "it was shown again");
    let mut other = peer.again(&server).await;
    assert_eq!(other.write("message-1", "hi").await["duplicate"], true);
    assert_eq!(server.core.texts(), ["hi", "more"]);
}

#[tokio::test]
async fn two_visitors_may_use_the_same_ids() {
    let server = Server::start().await;
    let (mut ana, mut ben) = (Peer::new(&server).await, Peer::new(&server).await);
    assert_eq!(ana.write("message-1", "ana").await["duplicate"], false);
    assert_eq!(ben.write("message-1", "ben").await["duplicate"], false);
    assert_eq!(entries(&ben.settle().await), [(1, "ben".to_owned())]);
}

#[tokio::test]
async fn what_is_too_long_or_empty_is_refused_and_not_kept() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    peer.write("message-1", &"ä".repeat(TEXT_CHARS_MAX)).await;
    peer.settle().await;
    let send = |text: &str| json!({"t": "send", "id": "message-2", "text": text});
    let choose =
        |choice: &str, label: &str| json!({"t": "choose", "id": "message-2", "choice": choice, "label": label});
    for (frame, code) in [
        (send(&"ä".repeat(TEXT_CHARS_MAX + 1)), "too_long"),
        (send(" \n "), "empty"),
        (choose("a", &"b".repeat(81)), "too_long"),
        (choose(&"a".repeat(1_000), "b"), "too_long"),
        (choose("", "b"), "empty"),
    ] {
        peer.send(frame).await;
        let nack = peer.frame("nack").await;
        assert_eq!(
            (&nack["id"], &nack["code"], &nack["retry_after_ms"]),
            (&json!("message-2"), &json!(code), &Value::Null)
        );
    }
    assert_eq!(server.core.ledger().len(), 1);
    peer.write("message-2", "short").await;
}

#[tokio::test]
async fn who_writes_too_fast_is_asked_to_wait() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    for n in 0..2 * MESSAGES_BURST {
        peer.say(&format!("message-{n}"), "hi").await;
    }
    let (mut acks, mut nacks) = (0, 0);
    while acks + nacks < 2 * MESSAGES_BURST {
        let answer = peer.next().await;
        if answer["t"] == "ack" {
            acks += 1;
        } else if answer["t"] == "nack" {
            nacks += 1;
            assert_eq!((&answer["code"], acks >= MESSAGES_BURST), (&json!("rate_limited"), true));
            assert!(answer["retry_after_ms"].as_u64().is_some_and(|wait| (1..=500).contains(&wait)), "{answer}");
        }
    }
    assert!(nacks > 0);
    assert_eq!(server.core.balance().filed, acks, "what was acknowledged is what was kept");
}

#[tokio::test]
async fn coming_back_is_no_way_to_write_faster() {
    let server = Server::start().await;
    let start = Instant::now();
    let mut peer = Peer::new(&server).await;
    let mut acks = 0;
    for tab in 0..8 {
        for n in 0..MESSAGES_BURST / 4 {
            acks += u64::from(peer.try_write(&format!("message-{tab}-{n}"), "hi").await["t"] == "ack");
        }
        let token = peer.welcome["token"].clone();
        drop(peer);
        server.until_open(0).await;
        peer = Peer::join(&server, json!({"t": "hello", "v": 1, "token": token})).await;
    }
    let most = u64::from(MESSAGES_BURST) + u64::from(MESSAGES_PER_SECOND) * (start.elapsed().as_secs() + 1);
    assert!((u64::from(MESSAGES_BURST)..=most).contains(&acks), "{acks} messages");
    Peer::new(&server).await.write("message-1", "another visitor").await;
}

#[tokio::test]
async fn what_nobody_can_work_on_is_kept_and_not_acknowledged() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    server.core.quarantine(Some("the flow does not know where it stands"));
    for again in [false, true] {
        peer.say("message-1", "hi").await;
        let nack = peer.frame("nack").await;
        assert_eq!((&nack["id"], &nack["code"]), (&json!("message-1"), &json!("not_understood")), "again: {again}");
        assert_eq!(nack["retry_after_ms"], Value::Null);
        assert!(entries(&peer.settle().await).is_empty());
        server.core.quarantine(None);
    }
    let balance = server.core.balance();
    assert_eq!((balance.quarantined, balance.duplicate, balance.filed), (1, 1, 0));
    peer.write("message-2", "hi").await;
}

#[tokio::test]
async fn what_can_not_be_kept_is_refused_until_it_can() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    server.core.refuse(Some(SinkError::Unavailable("the disk is full".into())));
    peer.say("message-1", "hi").await;
    let nack = peer.frame("nack").await;
    assert_eq!((&nack["code"], &nack["retry_after_ms"]), (&json!("unavailable"), &json!(1000)));
    server.core.refuse(None);
    assert_eq!(peer.write("message-1", "hi").await["duplicate"], false);
    server.core.refuse(Some(SinkError::Stopping));
    peer.say("message-2", "hi").await;
    assert_eq!(peer.closed().await, (None, Some(1012)));
}

#[tokio::test]
async fn nothing_is_acknowledged_while_the_core_still_writes() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    let mut other = peer.again(&server).await;
    let hold = server.core.hold();
    peer.say("message-1", "hi").await;
    hold.reached(1).await;
    // The other tab is alive, and neither was told anything.
    assert!(other.settle().await.is_empty());
    assert!(server.core.ledger().is_empty());
    drop(hold);
    peer.frame("ack").await;
    assert_eq!(server.core.texts(), ["hi"]);
}

#[tokio::test]
async fn two_tabs_show_the_same_and_only_one_gets_the_ack() {
    let server = Server::start().await;
    let mut left = Peer::new(&server).await;
    let mut right = left.again(&server).await;
    left.write("message-1", "from the left").await;
    assert_eq!(right.frame("conversation").await["reset"], true);
    let entry = right.frame("entry").await;
    assert_eq!((&entry["text"], &entry["cid"]), (&json!("from the left"), &json!("message-1")));
    right.frame("state").await;
    right.write("message-2", "from the right").await;
    server.say(&left.thread(), "to both").await;
    let shown = |frame: Value| frame["text"].as_str().map(str::to_owned);
    let mut texts = Vec::new();
    while texts.len() < 3 {
        texts.extend(shown(left.skip_to("entry").await));
    }
    assert_eq!(texts, ["from the left", "from the right", "to both"]);
    assert_eq!(shown(right.skip_to("entry").await).as_deref(), Some("from the right"));
    assert_eq!(shown(right.skip_to("entry").await).as_deref(), Some("to both"));
    assert!(left.settle().await.is_empty() && right.settle().await.is_empty());
}

#[tokio::test]
async fn a_press_carries_the_option_it_was_shown() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    peer.write("message-1", "hi").await;
    peer.settle().await;
    let options = [("3.off", "All off"), ("3.red", "A red light")];
    let choice = |(id, label): (&str, &str)| Choice {
        id: ChoiceId(id.into()),
        label: label.into(),
        synonyms: vec!["secret synonym".into()],
    };
    let question = Content::markdown("Which **light**?").with_choices(options.map(choice).to_vec());
    let agent = PublicAuthor::Agent { name: "Ana".into() };
    server.chat.deliver(&server.core.say(&peer.thread(), agent, question)).await.expect("delivered");
    let entry = peer.frame("entry").await;
    assert_eq!(entry["from"], json!({"kind": "agent", "name": "Ana"}));
    assert_eq!((&entry["format"], &entry["cid"]), (&json!("markdown"), &Value::Null));
    assert_eq!(entry["choices"], json!([{"id": "3.off", "label": "All off"}, {"id": "3.red", "label": "A red light"}]));
    peer.send(json!({"t": "choose", "id": "message-2", "choice": "3.red", "label": "A red light"})).await;
    assert_eq!(peer.frame("ack").await["seq"], 3);
    assert_eq!(peer.frame("entry").await["text"], "A red light");
    let Reading::Message(message) = server.core.ledger().remove(1).inbound.reading else { panic!("a message") };
    assert_eq!(message.choice, Some(ChoiceId("3.red".into())));
}

#[tokio::test]
async fn starting_anew_resets_every_tab() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    peer.write("message-1", "old").await;
    let mut other = peer.again(&server).await;
    peer.settle().await;
    peer.send(json!({"t": "anew", "id": "message-2"})).await;
    assert_eq!(peer.frame("ack").await["duplicate"], false);
    let present = json!(server.core.present(&peer.thread()));
    for tab in [&mut peer, &mut other] {
        let begun = tab.frame("conversation").await;
        assert_eq!((&begun["conversation"], &begun["reset"]), (&present, &json!(true)));
        tab.frame("state").await;
    }
    peer.write("message-3", "new").await;
    assert_eq!(entries(&peer.settle().await), [(1, "new".to_owned())]);
    assert_eq!(other.frame("entry").await["text"], "new");
}

#[tokio::test]
async fn opening_the_panel_asks_for_a_greeting_once() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    let mut other = peer.again(&server).await;
    let hold = server.core.hold();
    for tab in [&mut peer, &mut other] {
        tab.send(json!({"t": "open"})).await;
        tab.send(json!({"t": "open"})).await;
    }
    hold.reached(2).await;
    drop(hold);
    peer.skip_to("state").await;
    other.skip_to("state").await;
    let (ledger, balance) = (server.core.ledger(), server.core.balance());
    assert_eq!((balance.filed, balance.duplicate), (1, 1));
    assert!(matches!(&ledger[0].inbound.reading, Reading::Signal(signal) if signal.signal == Signal::Opened));
    let mut later = peer.again(&server).await;
    for _ in 0..50 {
        later.send(json!({"t": "open"})).await;
    }
    later.settle().await;
    assert_eq!(server.core.balance(), balance, "there is a conversation to go on with");
    server.core.set_state(&peer.thread(), ThreadHandler::Bot, true);
    server.chat.changed(&peer.thread());
    assert_eq!(later.frame("state").await["resolved"], true);
    later.send(json!({"t": "open"})).await;
    later.send(json!({"t": "open"})).await;
    later.settle().await;
    assert_eq!(server.core.balance().received, 3);
}

#[tokio::test]
async fn an_opening_that_can_not_be_kept_is_tried_again() {
    let pace = Pace { retry_after: Duration::from_millis(5), ..Pace::default() };
    let server = Server::with(Setup { pace, ..Setup::default() }).await;
    let mut peer = Peer::new(&server).await;
    server.core.refuse(Some(SinkError::Unavailable("the disk is full".into())));
    peer.send(json!({"t": "open"})).await;
    peer.settle().await;
    assert!(server.core.ledger().is_empty());
    server.core.refuse(None);
    peer.frame("conversation").await;
    assert_eq!(server.core.balance().filed, 1);
}

/// A server that writes marks down and passes typing on this often.
async fn server_with_intervals(of: Duration) -> Server {
    let pace = Pace { receipts_after: Duration::ZERO, receipts_every: of, typing_every: of, ..Pace::default() };
    Server::with(Setup { pace, ..Setup::default() }).await
}

const NEVER_AGAIN: Duration = Duration::from_hours(1);
const SOON: Duration = Duration::from_millis(20);

fn marks(core: &FakeCore) -> Vec<(ReceiptMark, u64)> {
    core.receipts().iter().map(|noted| (noted.mark, noted.seq.0)).collect()
}

#[tokio::test]
async fn receipts_are_passed_on_once_and_only_forward() {
    let server = server_with_intervals(SOON).await;
    let mut peer = Peer::new(&server).await;
    peer.write("message-1", "hi").await;
    server.say(&peer.thread(), "hello").await;
    peer.skip_to("entry").await;
    for (t, seq) in [("got", 2), ("got", 2), ("got", 1), ("seen", 2), ("seen", 2), ("seen", 1), ("got", 0)] {
        peer.send(json!({"t": t, "seq": seq})).await;
    }
    peer.settle().await;
    assert_eq!(marks(&server.core), [(ReceiptMark::Delivered, 2), (ReceiptMark::Seen, 2)]);
    assert_eq!(Some(server.core.receipts()[0].conversation), server.core.present(&peer.thread()));
}

#[tokio::test]
async fn receipts_in_quick_succession_are_written_as_one_and_the_last_is_not_lost() {
    let server = server_with_intervals(NEVER_AGAIN).await;
    let mut peer = Peer::new(&server).await;
    peer.write("message-1", "hi").await;
    for n in 2..=20 {
        server.say(&peer.thread(), &format!("entry {n}")).await;
    }
    while peer.skip_to("entry").await["seq"] != 20 {}
    for seq in 1..=20 {
        peer.send(json!({"t": "got", "seq": seq})).await;
        peer.send(json!({"t": "seen", "seq": seq.min(7)})).await;
    }
    peer.settle().await;
    let first = [(ReceiptMark::Delivered, 1), (ReceiptMark::Seen, 1)];
    assert_eq!(marks(&server.core), first);
    drop(peer);
    let last = [(ReceiptMark::Seen, 7), (ReceiptMark::Delivered, 20)];
    server.core.until("the last marks", |core| core.receipts().len() >= 4).await;
    assert_eq!(marks(&server.core), [first, last].concat());
}

#[tokio::test]
async fn a_receipt_that_was_held_back_is_written_when_its_time_comes() {
    let server = server_with_intervals(Duration::from_millis(300)).await;
    let mut peer = Peer::new(&server).await;
    peer.write("message-1", "hi").await;
    peer.write("message-2", "hi").await;
    peer.send(json!({"t": "seen", "seq": 1})).await;
    peer.send(json!({"t": "seen", "seq": 2})).await;
    server.core.until("the last mark", |core| marks(core).last() == Some(&(ReceiptMark::Seen, 2))).await;
}

#[tokio::test]
async fn a_receipt_that_was_held_back_is_written_before_a_new_conversation_begins() {
    let server = server_with_intervals(NEVER_AGAIN).await;
    let mut peer = Peer::new(&server).await;
    peer.write("message-1", "hi").await;
    peer.write("message-2", "hi").await;
    let former = server.core.present(&peer.thread());
    peer.send(json!({"t": "seen", "seq": 1})).await;
    peer.send(json!({"t": "seen", "seq": 2})).await;
    peer.send(json!({"t": "anew", "id": "message-3"})).await;
    peer.skip_to("conversation").await;
    assert_eq!(marks(&server.core), [(ReceiptMark::Seen, 1), (ReceiptMark::Seen, 2)]);
    assert!(server.core.receipts().iter().all(|noted| Some(noted.conversation) == former));
}

#[tokio::test]
async fn a_receipt_that_could_not_be_kept_is_tried_again() {
    let server = server_with_intervals(SOON).await;
    let mut peer = Peer::new(&server).await;
    peer.write("message-1", "hi").await;
    server.core.refuse(Some(SinkError::Unavailable("the disk is full".into())));
    peer.send(json!({"t": "seen", "seq": 1})).await;
    peer.settle().await;
    server.core.refuse(None);
    server.core.until("the mark", |core| marks(core) == [(ReceiptMark::Seen, 1)]).await;
}

#[tokio::test]
async fn an_entry_may_be_acknowledged_though_the_store_read_the_head_before_it() {
    let server = server_with_intervals(SOON).await;
    server.core.lag_heads(1);
    let mut peer = Peer::new(&server).await;
    peer.write("message-1", "hi").await;
    assert_eq!(peer.skip_to("entry").await["seq"], 1);
    peer.send(json!({"t": "got", "seq": 1})).await;
    peer.settle().await;
    assert_eq!(marks(&server.core), [(ReceiptMark::Delivered, 1)]);
    let mut again = peer.again(&server).await;
    assert_eq!(again.welcome["head"], 1);
    again.send(json!({"t": "seen", "seq": 1})).await;
    again.settle().await;
    assert_eq!(marks(&server.core).last(), Some(&(ReceiptMark::Seen, 1)));
}

#[tokio::test]
async fn a_receipt_for_what_was_never_sent_closes_the_socket() {
    for t in ["got", "seen"] {
        let server = Server::start().await;
        let mut peer = Peer::new(&server).await;
        peer.write("message-1", "hi").await;
        peer.send(json!({"t": t, "seq": 2})).await;
        assert_eq!(peer.closed().await, (Some("wrong_sequence".into()), Some(4409)));
        let mut nothing_there = Peer::new(&server).await;
        nothing_there.send(json!({"t": t, "seq": 1})).await;
        assert_eq!(nothing_there.closed().await.1, Some(4409));
        assert!(server.core.receipts().is_empty());
    }
}

#[tokio::test]
async fn a_receipt_for_the_conversation_before_is_let_be() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    peer.write("message-1", "one").await;
    peer.write("message-2", "two").await;
    peer.send(json!({"t": "anew", "id": "message-3"})).await;
    peer.send(json!({"t": "seen", "seq": 2})).await;
    peer.settle().await;
    assert!(server.core.receipts().is_empty());
    peer.send(json!({"t": "seen", "seq": 3})).await;
    assert_eq!(peer.closed().await.1, Some(4409));
}

#[tokio::test]
async fn a_receipt_for_the_conversation_before_marks_nothing_of_the_new_one() {
    let server = server_with_intervals(SOON).await;
    let mut peer = Peer::new(&server).await;
    for n in 1..=3 {
        peer.write(&format!("message-{n}"), "old").await;
    }
    peer.send(json!({"t": "anew", "id": "message-4"})).await;
    peer.skip_to("conversation").await;
    server.say(&peer.thread(), "new").await;
    peer.skip_to("entry").await;
    // Places the contact is not sent: the new conversation has a third one too.
    server.core.note(&peer.thread());
    server.core.note(&peer.thread());
    server.chat.changed(&peer.thread());
    peer.settle().await;
    for t in ["got", "seen"] {
        peer.send(json!({"t": t, "seq": 3})).await;
    }
    peer.settle().await;
    assert!(server.core.receipts().is_empty());
    peer.send(json!({"t": "seen", "seq": 1})).await;
    peer.settle().await;
    assert_eq!(marks(&server.core), [(ReceiptMark::Seen, 1)]);
    assert_eq!(Some(server.core.receipts()[0].conversation), server.core.present(&peer.thread()));
    peer.send(json!({"t": "seen", "seq": 4})).await;
    assert_eq!(peer.closed().await.1, Some(4409));
}

#[tokio::test]
async fn typing_goes_both_ways() {
    let server = server_with_intervals(SOON).await;
    let mut peer = Peer::new(&server).await;
    let told = |on: bool| (peer.thread(), on);
    let expected = [told(true), told(false), told(true)];
    for (count, on) in [(1, true), (2, false), (3, true)] {
        peer.send(json!({"t": "typing", "on": on})).await;
        // What comes within the interval is held back, and not lost.
        server.core.until("the word", |core| core.typings() == expected[..count]).await;
    }
    let typing = server.chat.extras().typing.expect("offered");
    typing.typing(&peer.thread(), "Ana", true);
    assert_eq!(peer.frame("typing").await, json!({"t": "typing", "on": true, "name": "Ana"}));
    typing.typing(&peer.thread(), "Ana", false);
    assert_eq!(peer.frame("typing").await["on"], false);
    let thread = peer.thread();
    drop(peer);
    server.core.until("the end of typing", |core| core.typings().last() == Some(&(thread.clone(), false))).await;
}

#[tokio::test]
async fn however_often_typing_changes_one_word_is_passed_on_in_an_interval() {
    let server = server_with_intervals(NEVER_AGAIN).await;
    let mut peer = Peer::new(&server).await;
    for n in 0..100 {
        peer.send(json!({"t": "typing", "on": n % 2 == 0})).await;
    }
    peer.settle().await;
    let thread = peer.thread();
    assert_eq!(server.core.typings(), [(thread.clone(), true)]);
    peer.write("message-1", "hi").await;
    assert_eq!(server.core.typings().len(), 1, "a message ends typing, at the same pace");
    drop(peer);
    server.core.until("the end of typing", |core| core.typings().last() == Some(&(thread.clone(), false))).await;
    assert_eq!(server.core.typings().len(), 2);
}

#[tokio::test]
async fn a_change_of_turn_is_told_once() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    peer.write("message-1", "a person please").await;
    peer.settle().await;
    for handler in [ThreadHandler::Queue { ahead: 2 }, ThreadHandler::Agent { name: "Ana".into() }] {
        server.core.set_state(&peer.thread(), handler.clone(), false);
        server.chat.changed(&peer.thread());
        server.chat.changed(&peer.thread());
        assert_eq!(peer.frame("state").await, json!({"t": "state", "handler": handler, "resolved": false}));
        assert!(peer.settle().await.is_empty());
    }
}

/// What a commit that made this delivery added, as the core tells it.
fn added(delivery: &Delivery, after: u64, handler: Option<ThreadHandler>) -> ThreadNews {
    let entry = ThreadEntry {
        seq: delivery.seq,
        message: delivery.message,
        at: Timestamp::from_millis(0),
        author: delivery.author.clone(),
        content: delivery.content.clone(),
        external_id: None,
    };
    let (conversation, after, head) = (delivery.conversation, Seq(after), delivery.seq);
    ThreadNews { conversation, after, head, entries: vec![entry], handler, resolved: false }
}

#[tokio::test]
async fn what_a_commit_added_is_shown_without_reading_and_once() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    peer.write("message-1", "hi").await;
    peer.settle().await;
    // Nothing can be read: all that is shown comes from what was told.
    server.core.refuse_reads(Some(SinkError::Unavailable("the disk is away".into())));
    for seq in 2..=4 {
        let delivery = server.core.say(&peer.thread(), PublicAuthor::Bot, Content::plain("hello"));
        server.chat.added(&peer.thread(), added(&delivery, seq - 1, Some(ThreadHandler::Bot)));
        server.chat.added(&peer.thread(), added(&delivery, seq - 1, Some(ThreadHandler::Bot)));
        server.chat.deliver(&delivery).await.expect("delivered");
        assert_eq!(peer.skip_to("entry").await["seq"], seq);
    }
    assert!(peer.settle().await.is_empty());
}

#[tokio::test]
async fn a_gap_in_what_was_told_is_read() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    peer.write("message-1", "hi").await;
    peer.settle().await;
    let thread = peer.thread();
    let say = |text: &str| server.core.say(&thread, PublicAuthor::Bot, Content::plain(text));
    let (missed, told) = (say("two"), say("three"));
    server.chat.added(&thread, added(&told, 2, Some(ThreadHandler::Bot)));
    assert_eq!(
        (peer.skip_to("entry").await["seq"].clone(), peer.frame("entry").await["seq"].clone()),
        (2.into(), 3.into())
    );
    // It comes late, and says nothing new.
    server.chat.added(&thread, added(&missed, 1, Some(ThreadHandler::Agent { name: "Ana".into() })));
    assert!(peer.settle().await.is_empty());
    // A place the contact does not see is no gap where the core says so.
    server.core.note(&thread);
    server.core.refuse_reads(Some(SinkError::Unavailable("the disk is away".into())));
    let last = say("five");
    server.chat.added(&thread, added(&last, 3, Some(ThreadHandler::Bot)));
    assert_eq!(peer.frame("entry").await["seq"], 5);
}

#[tokio::test]
async fn a_place_in_the_queue_is_read_when_it_begins_and_kept_while_it_lasts() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    peer.write("message-1", "a person please").await;
    peer.settle().await;
    let thread = peer.thread();
    let queued = ThreadHandler::Queue { ahead: 2 };
    server.core.set_state(&thread, queued.clone(), false);
    let say = |text: &str| server.core.say(&thread, PublicAuthor::System, Content::plain(text));
    server.chat.added(&thread, added(&say("two wait before you"), 1, None));
    assert_eq!(peer.skip_to("entry").await["seq"], 2);
    assert_eq!(peer.frame("state").await["handler"], json!(queued));
    server.core.refuse_reads(Some(SinkError::Unavailable("the disk is away".into())));
    server.chat.added(&thread, added(&say("still waiting"), 2, None));
    assert_eq!(peer.frame("entry").await["seq"], 3);
    assert!(peer.settle().await.is_empty());
    let ana = ThreadHandler::Agent { name: "Ana".into() };
    server.chat.added(&thread, added(&say("Ana has joined"), 3, Some(ana.clone())));
    assert_eq!(peer.frame("entry").await["seq"], 4);
    assert_eq!(peer.frame("state").await["handler"], json!(ana));
}

#[tokio::test]
async fn marks_that_come_together_are_written_together() {
    let pace = Pace { receipts_after: Duration::from_millis(50), ..Pace::default() };
    let server = Server::with(Setup { pace, ..Setup::default() }).await;
    let mut peer = Peer::new(&server).await;
    peer.write("message-1", "hi").await;
    peer.write("message-2", "hi").await;
    for (t, seq) in [("got", 1), ("seen", 1), ("got", 2), ("seen", 2)] {
        peer.send(json!({"t": t, "seq": seq})).await;
    }
    server.core.until("the mark", |core| !core.receipts().is_empty()).await;
    peer.settle().await;
    assert_eq!(marks(&server.core), [(ReceiptMark::Seen, 2)], "what was seen has arrived");
}
