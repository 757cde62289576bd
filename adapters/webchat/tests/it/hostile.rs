//! Bad input: each gets a clear answer, and nobody else notices.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use switchboard_contract::{Content, PublicAuthor, ThreadWatcher};
use switchboard_testkit::within;
use switchboard_webchat::Pace;
use switchboard_webchat::limits::{
    FRAME_BYTES_MAX, FRAMES_BURST, MESSAGES_BURST, REFUSALS_IN_A_ROW_MAX, SESSIONS_PER_THREAD,
};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::peer::{self, Peer};
use crate::server::{Server, Setup};

/// Sends something, and tells how it ended; a neighbour must not notice.
async fn after(message: Message) -> (Option<String>, Option<u16>) {
    let server = Server::start().await;
    let (mut peer, mut neighbour) = (Peer::new(&server).await, Peer::new(&server).await);
    peer.send_raw(message).await;
    let end = peer.closed().await;
    neighbour.write("message-1", "all is well").await;
    assert_eq!(server.core.texts(), ["all is well"]);
    drop(peer);
    server.until_open(1).await;
    end
}

fn text_frame(bytes: Vec<u8>, last: bool) -> Message {
    Message::Frame(Frame::message(bytes, OpCode::Data(Data::Text), last))
}

#[tokio::test]
async fn what_is_no_frame_closes_the_socket_at_once() {
    let malformed = (Some("malformed".to_owned()), Some(4400));
    assert_eq!(after(Message::binary(vec![1, 2, 3])).await, malformed);
    assert_eq!(after(Message::text("hello?")).await, malformed);
    assert_eq!(after(Message::text("")).await, malformed);
    assert_eq!(after(Message::text("[".repeat(60_000))).await, malformed);
    assert_eq!(
        after(text_frame(b"{\"t\":\"send\",\"id\":\"message-1\",\"text\":\"\xff\"}".to_vec(), true)).await,
        malformed
    );
    assert_eq!(after(text_frame(vec![0xf0, 0x9f], true)).await, malformed);
}

#[tokio::test]
async fn three_unknown_frames_close_the_socket_and_two_do_not() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    for frame in [json!({"t": "delete"}), json!({"t": "send", "id": "short", "text": "hi"})] {
        peer.send(frame).await;
        assert!(peer.frame("error").await["message"].is_string());
    }
    peer.write("message-1", "still here").await;
    peer.send(peer::hello()).await;
    assert_eq!(peer.closed().await, (Some("malformed".into()), Some(4400)));
}

#[tokio::test]
async fn a_frame_at_the_limit_is_read_and_one_over_closes_the_socket() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    let frame = |bytes: usize| {
        let empty = json!({"t": "send", "id": "message-1", "text": ""}).to_string();
        empty.replace("\"text\":\"\"", &format!("\"text\":\"{}\"", "x".repeat(bytes - empty.len())))
    };
    peer.send_raw(Message::text(frame(FRAME_BYTES_MAX))).await;
    assert_eq!(peer.frame("nack").await["code"], "too_long");
    let too_large = (Some("too_large".to_owned()), Some(4413));
    assert_eq!(after(Message::text(frame(FRAME_BYTES_MAX + 1))).await, too_large);
    assert_eq!(after(Message::text(frame(1024 * 1024))).await, too_large);
}

/// Nothing of a frame that is too large is waited for, let alone held.
#[tokio::test]
async fn a_large_frame_is_refused_by_its_first_bytes() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    let length = (FRAME_BYTES_MAX as u64 + 1).to_be_bytes();
    let header = [&[0x81, 0xff][..], &length, &[0; 4]].concat();
    peer.socket.get_mut().write_all(&header).await.expect("an open socket");
    assert_eq!(peer.closed().await, (Some("too_large".into()), Some(4413)));
}

#[tokio::test]
async fn a_large_frame_in_pieces_is_still_a_large_frame() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    peer.send_raw(text_frame(vec![b'x'; 40_000], false)).await;
    let rest = Frame::message(vec![b'x'; 40_000], OpCode::Data(Data::Continue), true);
    peer.send_raw(Message::Frame(rest)).await;
    assert_eq!(peer.closed().await, (Some("too_large".into()), Some(4413)));
}

#[tokio::test]
async fn a_flood_of_small_frames_closes_the_socket() {
    let server = Server::start().await;
    let (mut peer, mut neighbour) = (Peer::new(&server).await, Peer::new(&server).await);
    let (mut out, mut back) = (&mut peer.socket).split();
    let flood = async {
        // The server hangs up in the middle.
        for _ in 0..3 * FRAMES_BURST {
            if out.send(Message::text(r#"{"t":"typing","on":true}"#)).await.is_err() {
                break;
            }
        }
    };
    let read = async {
        loop {
            if let Err(code) = peer::event(&mut back).await {
                return code;
            }
        }
    };
    let ((), code, _) = tokio::join!(flood, read, neighbour.write("message-1", "hi"));
    assert_eq!(code, Some(4429));
    assert_eq!(server.core.typings().len(), 2, "said once, and ended with the socket");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_messages_at_once_harm_nobody_else() {
    let server = Server::start().await;
    let (peer, mut neighbour) = (Peer::new(&server).await, Peer::new(&server).await);
    let (mut out, mut back) = peer.socket.split();
    let burst = async move {
        for n in 0..10_000 {
            let frame = json!({"t": "send", "id": format!("message-{n}"), "text": "x".repeat(1_000)});
            if out.send(Message::text(frame.to_string())).await.is_err() {
                break;
            }
        }
        out
    };
    let read = async move {
        let (mut acks, mut nacks) = (0, 0);
        loop {
            match peer::event(&mut back).await {
                Ok(frame) if frame["t"] == "ack" => acks += 1,
                Ok(frame) if frame["t"] == "nack" => {
                    assert_eq!(frame["code"], "rate_limited");
                    nacks += 1;
                }
                Ok(_) => {}
                Err(code) => return (acks, nacks, code, back),
            }
        }
    };
    let (burst, read) = (tokio::spawn(burst), tokio::spawn(read));
    for n in 0..10 {
        neighbour.write(&format!("message-{n}"), "meanwhile").await;
    }
    let _out = within("the burst", burst).await.expect("no panic");
    let (acks, nacks, code, _back) = within("the answers", read).await.expect("no panic");
    assert_eq!(code, Some(4429));
    // The bucket wins two back for each second the machine took.
    assert!((MESSAGES_BURST..MESSAGES_BURST + 20).contains(&acks), "{acks}");
    assert!(nacks >= REFUSALS_IN_A_ROW_MAX - 1, "{nacks}");
    assert!(nacks < REFUSALS_IN_A_ROW_MAX * (acks - MESSAGES_BURST + 1), "{nacks} refusals, {acks} taken");
    assert_eq!(server.core.balance().filed, acks + 10, "what was acknowledged is what was kept");
}

#[tokio::test]
async fn a_thread_takes_so_many_tabs_and_no_more() {
    let server = Server::start().await;
    let first = Peer::new(&server).await;
    let mut tabs = Vec::new();
    for _ in 1..SESSIONS_PER_THREAD {
        tabs.push(first.again(&server).await);
    }
    let mut hello = peer::hello();
    hello["token"] = first.welcome["token"].clone();
    let mut last = Peer::connect(&server).await;
    last.send(hello).await;
    assert_eq!(last.closed().await, (Some("too_many_tabs".into()), Some(4429)));
    Peer::new(&server).await;
    drop(tabs.pop());
    drop(last);
    server.until_open(SESSIONS_PER_THREAD).await;
    first.again(&server).await;
}

/// A page that reads nothing while 64 MB wait for it is cut off; its neighbour on the same thread gets everything.
#[tokio::test]
async fn a_reader_that_does_not_read_is_cut_off() {
    const COUNT: usize = 2_000;
    let pace = Pace { send_within: Duration::from_millis(500), linger: Duration::from_millis(50), ..Pace::default() };
    let server = Server::with(Setup { pace, ..Setup::default() }).await;
    let stuck = Peer::new(&server).await;
    let mut neighbour = stuck.again(&server).await;
    for _ in 0..COUNT {
        server.core.say(&stuck.thread(), PublicAuthor::Bot, Content::plain("x".repeat(32_000)));
    }
    server.chat.changed(&stuck.thread());
    let mut last = 0;
    while last < COUNT as u64 {
        last = neighbour.skip_to("entry").await["seq"].as_u64().expect("a sequence");
    }
    server.until_open(1).await;
    neighbour.write("message-1", "still here").await;
}

#[tokio::test]
async fn a_peer_that_lives_stays_and_one_that_is_dead_goes() {
    let pace = Pace { ping_every: Duration::from_millis(100), dead_after: Duration::from_secs(1), ..Pace::default() };
    let server = Server::with(Setup { pace, ..Setup::default() }).await;
    let mut alive = Peer::new(&server).await;
    let _dead = Peer::new(&server).await;
    // Reading is what answers a ping, and only one of the two reads.
    while server.chat.open_sockets() > 1 {
        let ping = within("a ping", alive.socket.next()).await.expect("open").expect("good");
        assert!(ping.is_ping(), "{ping:?}");
    }
    alive.write("message-1", "still here").await;
}

#[tokio::test]
async fn hostile_words_travel_as_they_are() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    let hostile = "<script>alert(1)</script> \u{202e}\u{200b}\u{0} ' \" \\ {{x}} 👩‍👩‍👧";
    peer.write("message-1", hostile).await;
    let entry = peer.skip_to("entry").await;
    assert_eq!((&entry["text"], &entry["format"]), (&json!(hostile), &json!("plain")));
}

#[tokio::test]
async fn a_strange_hello_is_still_only_a_visitor() {
    let server = Server::start().await;
    let mut hello = peer::hello();
    hello["language"] = json!("<img src=x>");
    hello["page"] = json!(format!("javascript:{}", "x".repeat(20_000)));
    hello["device"] = json!("toaster");
    hello["user"] = json!({"name": "\u{202e}".repeat(5_000), "email": "not an address"});
    hello["admin"] = json!(true);
    let mut peer = Peer::join(&server, hello).await;
    peer.write("message-1", "hi").await;
    assert_ne!(peer.welcome["token"], Value::Null);
}
