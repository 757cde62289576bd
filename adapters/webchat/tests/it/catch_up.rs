//! Coming back: after a reload, a lost connection, a restart, or in the middle of a conversation.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_contract::{Content, PublicAuthor, Seq, SinkError};
use switchboard_testkit::fakes::FakeCore;
use switchboard_webchat::Pace;

use crate::peer::{Peer, entries, hello};
use crate::server::{Server, Setup};

/// A hello of a browser that kept something.
fn back(token: &Value, conversation: &Value, after: u64) -> Value {
    let mut hello = hello();
    hello["token"] = token.clone();
    hello["conversation"] = conversation.clone();
    hello["after"] = json!(after);
    hello
}

/// A server with a thread of `texts`, the token to it, and its conversation.
async fn thread_of(count: usize, page: usize) -> (Server, Value, Value) {
    let server = Server::with(Setup { core: Some(FakeCore::with_page(page)), ..Setup::default() }).await;
    let mut peer = Peer::new(&server).await;
    peer.write("message-1", "entry 1").await;
    for n in 2..=count {
        server.say(&peer.thread(), &format!("entry {n}")).await;
    }
    let conversation = json!(server.core.present(&peer.thread()));
    (server, peer.welcome["token"].clone(), conversation)
}

fn seqs(frames: &[Value]) -> Vec<u64> {
    entries(frames).into_iter().map(|(seq, _)| seq).collect()
}

#[tokio::test]
async fn a_reload_shows_everything_in_order_page_by_page() {
    let (server, token, conversation) = thread_of(10, 3).await;
    let peer = Peer::join(&server, back(&token, &Value::Null, 0)).await;
    assert_eq!((&peer.welcome["head"], &peer.welcome["reset"]), (&json!(10), &json!(false)));
    assert_eq!(peer.welcome["conversation"], conversation);
    assert_eq!(seqs(&peer.history), (1..=10).collect::<Vec<_>>());
    let states = peer.history.iter().filter(|frame| frame["t"] == "state").count();
    assert_eq!((states, &peer.history[10]["t"]), (1, &json!("state")), "the state comes once, after the entries");
}

#[tokio::test]
async fn a_page_gets_only_what_it_has_not_got() {
    let (server, token, conversation) = thread_of(10, 3).await;
    for after in [0, 7, 10] {
        let peer = Peer::join(&server, back(&token, &conversation, after)).await;
        assert_eq!(peer.welcome["reset"], false);
        assert_eq!(seqs(&peer.history), (after + 1..=10).collect::<Vec<_>>(), "after {after}");
    }
}

#[tokio::test]
async fn a_page_that_holds_something_else_begins_anew() {
    let (server, token, conversation) = thread_of(5, 2).await;
    let other = json!("cnv_00000000000000000000000000");
    for (conversation, after) in
        [(&conversation, 6), (&conversation, u64::MAX), (&other, 3), (&json!("rubbish"), 3), (&Value::Null, 3)]
    {
        let peer = Peer::join(&server, back(&token, conversation, after)).await;
        assert_eq!(peer.welcome["reset"], true, "{conversation} {after}");
        assert_eq!(seqs(&peer.history), [1, 2, 3, 4, 5], "{conversation} {after}");
    }
    let stranger = Peer::join(&server, back(&Value::Null, &conversation, 3)).await;
    assert_eq!((&stranger.welcome["reset"], stranger.history.len()), (&json!(true), 0), "no token, no thread");
}

#[tokio::test]
async fn what_was_delivered_while_nobody_was_there_waits() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    peer.write("message-1", "hi").await;
    let (thread, token) = (peer.thread(), peer.welcome["token"].clone());
    drop(peer);
    server.until_open(0).await;
    server.say(&thread, "are you there?").await;
    let conversation = json!(server.core.present(&thread));
    let peer = Peer::join(&server, back(&token, &conversation, 1)).await;
    assert_eq!(entries(&peer.history), [(2, "are you there?".to_owned())]);
}

#[tokio::test]
async fn a_restart_loses_and_doubles_nothing() {
    let mut server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    peer.write("message-1", "acknowledged").await;
    let hold = server.core.hold();
    peer.say("message-2", "under way").await;
    hold.reached(1).await;
    server.restart().await;
    drop(hold);
    let mut peer = peer.again(&server).await;
    assert_eq!(entries(&peer.history), [(1, "acknowledged".to_owned())]);
    assert_eq!(peer.write("message-2", "under way").await["seq"], 2);
    assert_eq!(peer.write("message-1", "acknowledged").await["duplicate"], true);
    assert_eq!(server.core.texts(), ["acknowledged", "under way"]);
}

#[tokio::test]
async fn places_a_contact_does_not_see_are_passed_over() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    peer.write("message-1", "hi").await;
    server.core.note(&peer.thread());
    server.say(&peer.thread(), "hello").await;
    server.core.note(&peer.thread());
    let again = peer.again(&server).await;
    assert_eq!((seqs(&again.history), &again.welcome["head"]), (vec![1, 3], &json!(4)));
    let conversation = json!(server.core.present(&peer.thread()));
    let last = Peer::join(&server, back(&peer.welcome["token"], &conversation, 4)).await;
    assert_eq!((&last.welcome["reset"], last.history.len()), (&json!(false), 1));
}

/// Entries are committed and delivered all the while a page comes in: each has to come once, in order, whether it counted as
/// history or as news.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_and_news_meet_without_a_seam() {
    const COUNT: u64 = 400;
    let server = Server::with(Setup { core: Some(FakeCore::with_page(7)), ..Setup::default() }).await;
    let mut first = Peer::new(&server).await;
    first.write("message-1", "entry 1").await;
    let (thread, token) = (first.thread(), first.welcome["token"].clone());
    let talk = async {
        for n in 2..=COUNT {
            server.say(&thread, &format!("entry {n}")).await;
            tokio::task::yield_now().await;
        }
    };
    let read = async {
        for _ in 0..5 {
            let mut peer = Peer::join(&server, back(&token, &Value::Null, 0)).await;
            let mut got = seqs(&peer.history);
            while got.last() != Some(&COUNT) {
                got.extend(seqs(&[peer.next().await]));
            }
            assert_eq!(got, (1..=COUNT).collect::<Vec<_>>());
        }
    };
    tokio::join!(talk, read);
}

#[tokio::test]
async fn a_store_that_was_away_is_asked_again() {
    let pace = Pace { retry_after: Duration::from_millis(5), ..Pace::default() };
    let server = Server::with(Setup { pace, ..Setup::default() }).await;
    let mut peer = Peer::new(&server).await;
    peer.write("message-1", "hi").await;
    peer.settle().await;
    server.core.refuse_reads(Some(SinkError::Unavailable("the disk is away".into())));
    server.say(&peer.thread(), "hello").await;
    assert!(peer.settle().await.is_empty());
    server.core.refuse_reads(None);
    assert_eq!(peer.frame("entry").await["text"], "hello");
    server.core.refuse_reads(Some(SinkError::Stopping));
    server.say(&peer.thread(), "bye").await;
    assert_eq!(peer.closed().await, (None, Some(1012)));
}

#[tokio::test]
async fn a_new_conversation_begun_while_away_is_shown_alone() {
    let (server, token, conversation) = thread_of(3, 50).await;
    let mut other = Peer::join(&server, back(&token, &conversation, 3)).await;
    other.send(json!({"t": "anew", "id": "message-9"})).await;
    other.skip_to("ack").await;
    other.write("message-a", "fresh").await;
    let peer = Peer::join(&server, back(&token, &conversation, 3)).await;
    assert_eq!((&peer.welcome["reset"], seqs(&peer.history)), (&json!(true), vec![1]));
    let delivery = server.core.say(&other.thread(), PublicAuthor::System, Content::plain("a person has joined"));
    assert_eq!(delivery.seq, Seq(2));
}
