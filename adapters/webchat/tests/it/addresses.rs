//! How much one address of the internet may do, however many visitors it says it is.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use switchboard_webchat::Pace;
use switchboard_webchat::limits::{
    ADDRESS_MESSAGES_BURST, ADDRESS_MESSAGES_PER_MINUTE, ADDRESS_THREADS_BURST, ADDRESS_THREADS_PER_MINUTE,
    MESSAGES_BURST, REFUSALS_PER_ADDRESS, SOCKETS_PER_ADDRESS,
};
use tokio_tungstenite::tungstenite;

use crate::peer::{Peer, hello};
use crate::server::{Server, Setup};

const HERE: &str = "192.0.2.1";
const ELSEWHERE: &str = "192.0.2.2";

async fn visitor(server: &Server, address: &str) -> Peer {
    Peer::connect_at(server, address).await.expect("a socket").greet(hello()).await
}

/// The most that a rate may have let through since `start`.
fn allowance(burst: u32, per_minute: u32, start: Instant) -> u128 {
    u128::from(burst) + start.elapsed().as_millis() * u128::from(per_minute) / 60_000 + 1
}

#[track_caller]
fn assert_asked_to_wait(answer: &Value, millis: u64) {
    assert_eq!((&answer["t"], &answer["code"]), (&json!("nack"), &json!("rate_limited")), "{answer}");
    assert!(answer["retry_after_ms"].as_u64().is_some_and(|wait| (1..=millis).contains(&wait)), "{answer}");
}

#[tokio::test]
async fn an_address_opens_so_many_sockets_and_no_more() {
    let pace = Pace { linger: Duration::from_mins(1), ..Pace::default() };
    let server = Server::with(Setup { pace, ..Setup::default() }).await;
    let connect = || Peer::connect_at(&server, HERE);
    let mut inside = Vec::new();
    for _ in 0..SOCKETS_PER_ADDRESS {
        inside.push(connect().await.expect("a socket"));
    }
    let mut outside = Vec::new();
    for _ in 0..REFUSALS_PER_ADDRESS {
        let mut peer = connect().await.expect("a socket");
        assert_eq!(peer.event().await.expect("why")["code"], "too_many_sockets");
        outside.push(peer);
    }
    assert!(matches!(connect().await, Err(tungstenite::Error::Http(refused)) if refused.status() == 503));
    assert_eq!(outside.pop().expect("a refused socket").closed().await.1, Some(4429));
    visitor(&server, ELSEWHERE).await.write("message-1", "hi").await;
    drop((outside, inside.pop()));
    server.until_open(SOCKETS_PER_ADDRESS - 1).await;
    visitor(&server, HERE).await.write("message-1", "hi").await;
}

#[tokio::test]
async fn an_address_begins_so_many_threads_and_no_more() {
    let server = Server::start().await;
    let start = Instant::now();
    let mut first = visitor(&server, HERE).await;
    assert_eq!(first.try_write("message-1", "hi").await["t"], "ack");
    let mut begun = 1;
    let refused = loop {
        let mut peer = visitor(&server, HERE).await;
        match peer.try_write("message-1", "hi").await {
            answer if answer["t"] == "ack" => begun += 1,
            answer => break answer,
        }
        assert!(begun <= allowance(ADDRESS_THREADS_BURST, ADDRESS_THREADS_PER_MINUTE, start), "{begun} threads");
    };
    assert!(begun >= u128::from(ADDRESS_THREADS_BURST), "{begun} threads");
    assert_asked_to_wait(&refused, 2_000);
    assert_eq!(u128::from(server.core.balance().filed), begun, "what was refused was not kept");
    first.write("message-2", "a thread that is there goes on").await;
    visitor(&server, ELSEWHERE).await.write("message-1", "and so does everybody else").await;
}

#[tokio::test]
async fn opening_the_panel_begins_a_thread_too() {
    let server = Server::start().await;
    let start = Instant::now();
    for _ in 0..2 * ADDRESS_THREADS_BURST {
        let mut peer = visitor(&server, HERE).await;
        peer.send(json!({"t": "open"})).await;
        peer.settle().await;
    }
    let begun = u128::from(server.core.balance().filed);
    let most = allowance(ADDRESS_THREADS_BURST, ADDRESS_THREADS_PER_MINUTE, start);
    assert!((u128::from(ADDRESS_THREADS_BURST)..=most).contains(&begun), "{begun} threads");
}

#[tokio::test]
async fn an_address_writes_so_many_messages_and_no_more() {
    let server = Server::start().await;
    let start = Instant::now();
    let mut kept = 0;
    let refused = 'visitors: loop {
        let mut peer = visitor(&server, HERE).await;
        for n in 0..MESSAGES_BURST {
            match peer.try_write(&format!("message-{n}"), "hi").await {
                answer if answer["t"] == "ack" => kept += 1,
                answer => break 'visitors answer,
            }
        }
        assert!(kept <= allowance(ADDRESS_MESSAGES_BURST, ADDRESS_MESSAGES_PER_MINUTE, start), "{kept} messages");
    };
    assert!(kept >= u128::from(ADDRESS_MESSAGES_BURST), "{kept} messages");
    assert_asked_to_wait(&refused, 200);
    visitor(&server, ELSEWHERE).await.write("message-1", "hi").await;
}

#[tokio::test]
async fn without_a_word_of_the_server_the_connections_peer_counts_if_it_is_known() {
    for tells_peers in [true, false] {
        let server = Server::with(Setup { tells_peers, ..Setup::default() }).await;
        let start = Instant::now();
        let mut begun = 0;
        for _ in 0..2 * ADDRESS_THREADS_BURST {
            let answer = Peer::new(&server).await.try_write("message-1", "hi").await;
            begun += u128::from(answer["t"] == "ack");
        }
        let most = allowance(ADDRESS_THREADS_BURST, ADDRESS_THREADS_PER_MINUTE, start);
        assert_eq!(begun <= most, tells_peers, "{begun} threads");
    }
}
