//! The end: every page is told, in time.

use std::time::Duration;

use switchboard_testkit::rig::Stopped;
use tokio_tungstenite::tungstenite;

use crate::peer::Peer;
use crate::server::Server;

#[track_caller]
fn check(stopped: &Stopped) {
    assert!(stopped.result.is_ok() && stopped.took < Duration::from_millis(1_500), "{stopped:?}");
}

#[tokio::test]
async fn a_stop_tells_every_page_and_lets_nobody_in() {
    let mut server = Server::start().await;
    let silent = Peer::connect(&server).await;
    let mut peers = vec![silent, Peer::new(&server).await, Peer::new(&server).await];
    // Pages read while the server stops, as browsers do.
    let told = tokio::spawn(async move {
        let mut codes = Vec::new();
        for peer in &mut peers {
            codes.push(peer.closed().await);
        }
        codes
    });
    check(&server.stop().await);
    assert_eq!(told.await.expect("no panic"), vec![(None, Some(1012)); 3]);
    assert_eq!(server.chat.open_sockets(), 0);
    assert!(matches!(Peer::connect_from(&server, None).await, Err(tungstenite::Error::Http(r)) if r.status() == 503));
}

#[tokio::test]
async fn a_stop_waits_neither_for_the_core_nor_for_pages_that_do_not_read() {
    let mut server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    let _deaf = Peer::new(&server).await;
    let hold = server.core.hold();
    peer.say("message-1", "hi").await;
    hold.reached(1).await;
    let stopped = server.stop().await;
    check(&stopped);
    assert_eq!(peer.closed().await, (None, Some(1012)));
    drop(hold);
    assert!(server.core.ledger().is_empty(), "nobody was told that it is kept");
}

#[tokio::test]
async fn what_is_under_way_when_the_stop_comes_may_end_well() {
    let mut server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    let hold = server.core.hold();
    peer.say("message-1", "hi").await;
    hold.reached(1).await;
    let (stopped, ()) = tokio::join!(server.stop(), async { drop(hold) });
    check(&stopped);
    peer.frame("ack").await;
    assert_eq!(peer.closed().await, (None, Some(1012)));
}

#[tokio::test]
async fn a_second_run_is_refused() {
    let server = Server::start().await;
    let (_source, token) = switchboard_contract::StopSource::new();
    let again = switchboard_contract::ChannelAdapter::run(&*server.chat, server.core.clone() as _, token).await;
    assert!(again.is_err());
}
