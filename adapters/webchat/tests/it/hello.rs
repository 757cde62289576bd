//! Coming in: who is let in, as whom, and how the others are told.

use std::time::Duration;

use futures_util::StreamExt;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use switchboard_contract::{Proof, Reading, SinkError};
use switchboard_testkit::within;
use switchboard_webchat::limits::TOKEN_LIFETIME;
use switchboard_webchat::{Pace, WebChatConfig};
use tokio_tungstenite::tungstenite::{self, Message};

use crate::peer::{Peer, hello};
use crate::server::{Server, Setup};

const SECRET: &str = "a secret of the site";

fn signed(id: &str) -> Value {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key");
    mac.update(id.as_bytes());
    let mac = <[u8; 32]>::from(mac.finalize().into_bytes());
    let (high, low) = (u128::from_be_bytes(half(&mac[..16])), u128::from_be_bytes(half(&mac[16..])));
    let hash = format!("{high:032x}{low:032x}");
    json!({"t": "hello", "v": 1, "user": {"id": id, "hash": hash, "name": "Ana", "email": "ana@shop.example"}})
}

fn half(bytes: &[u8]) -> [u8; 16] {
    bytes.try_into().expect("16 bytes")
}

async fn signing(require_signed: bool) -> Server {
    let config = WebChatConfig { require_signed, identity_secret: Some(SECRET.into()), ..WebChatConfig::default() };
    Server::with(Setup { config, ..Setup::default() }).await
}

async fn refused(server: &Server, hello: Value) -> (Option<String>, Option<u16>) {
    let mut peer = Peer::connect(server).await;
    peer.send(hello).await;
    peer.closed().await
}

fn with(mut hello: Value, key: &str, value: Value) -> Value {
    hello[key] = value;
    hello
}

#[tokio::test]
async fn a_new_visitor_is_welcomed() {
    let server = Server::start().await;
    let peer = Peer::new(&server).await;
    let mut welcome = peer.welcome.clone();
    assert!(welcome["token"].take().as_str().is_some_and(|token| token.starts_with("v1.v_")));
    assert_eq!(
        welcome,
        json!({"t": "welcome", "v": 1, "token": null, "conversation": null, "head": 0, "reset": false,
            "limits": {"text": 8000}, "bot": "Juno"})
    );
    assert!(peer.history.is_empty(), "{:?}", peer.history);
}

#[tokio::test]
async fn the_token_changes_with_each_welcome_and_the_thread_stays() {
    let server = Server::start().await;
    let first = Peer::new(&server).await;
    server.later(Duration::from_secs(1));
    let second = first.again(&server).await;
    assert_ne!(first.welcome["token"], second.welcome["token"]);
    assert_eq!(first.thread(), second.thread());
    assert_ne!(first.thread(), Peer::new(&server).await.thread());
}

#[tokio::test]
async fn a_forged_token_is_refused_whichever_part_was_changed() {
    let server = Server::start().await;
    let token = Peer::new(&server).await.welcome["token"].as_str().expect("a token").to_owned();
    for part in 0..4 {
        let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
        let last = parts[part].pop().expect("a character");
        parts[part].push(if last == '0' { '1' } else { '0' });
        let answer = refused(&server, with(hello(), "token", json!(parts.join(".")))).await;
        assert_eq!(answer, (Some("token_refused".into()), Some(4401)), "part {part}");
    }
    for rubbish in ["", "null", "....", &"a".repeat(10_000)] {
        let answer = refused(&server, with(hello(), "token", json!(rubbish))).await;
        assert_eq!(answer, (Some("token_refused".into()), Some(4401)), "{rubbish}");
    }
}

#[tokio::test]
async fn a_token_older_than_its_lifetime_is_refused() {
    let server = Server::start().await;
    let token = Peer::new(&server).await.welcome["token"].clone();
    server.later(TOKEN_LIFETIME);
    assert_eq!(refused(&server, with(hello(), "token", token)).await, (Some("token_refused".into()), Some(4401)));
}

#[tokio::test]
async fn a_signed_user_has_one_thread_on_every_device() {
    let server = signing(true).await;
    let mut phone = Peer::join(&server, signed("42")).await;
    phone.write("message-1", "from the phone").await;
    let desktop = Peer::join(&server, signed("42")).await;
    assert_eq!(crate::peer::entries(&desktop.history), [(1, "from the phone".to_owned())]);
    assert_eq!(Peer::join(&server, signed("43")).await.history, [] as [Value; 0]);
    let line = server.core.ledger().remove(0);
    let Reading::Message(message) = line.inbound.reading else { panic!("a message") };
    assert_eq!((message.from.proof, message.from.email), (Proof::Signed, None));
    assert!(message.thread.0.starts_with("u_") && !message.thread.0.contains("42"));
}

#[tokio::test]
async fn a_signed_user_ignores_the_token_that_is_there() {
    let server = signing(false).await;
    let mut anonymous = Peer::new(&server).await;
    anonymous.write("message-1", "before signing in").await;
    for token in [anonymous.welcome["token"].clone(), json!("v1.forged")] {
        let peer = Peer::join(&server, with(signed("42"), "token", token)).await;
        assert!(peer.history.is_empty() && peer.thread() != anonymous.thread());
    }
}

#[tokio::test]
async fn the_token_of_a_signed_user_opens_nothing_without_the_signature() {
    let server = signing(false).await;
    let token = Peer::join(&server, signed("42")).await.welcome["token"].clone();
    let unsigned = with(with(hello(), "token", token.clone()), "user", json!({"id": "42"}));
    for hello in [with(hello(), "token", token), unsigned] {
        assert_eq!(refused(&server, hello).await, (Some("token_refused".into()), Some(4401)));
    }
}

#[tokio::test]
async fn a_wrong_signature_is_refused() {
    for require_signed in [true, false] {
        let server = signing(require_signed).await;
        let mut stolen = signed("42");
        stolen["user"]["id"] = json!("43");
        assert_eq!(refused(&server, stolen).await, (Some("wrong_signature".into()), Some(4403)));
        let mut empty = signed("42");
        empty["user"]["hash"] = json!("");
        assert_eq!(refused(&server, empty).await, (Some("wrong_signature".into()), Some(4403)));
    }
}

#[tokio::test]
async fn an_inbox_that_demands_a_signature_lets_nobody_in_without() {
    let server = signing(true).await;
    let token = Peer::new(&Server::start().await).await.welcome["token"].clone();
    let unsigned = with(hello(), "user", json!({"id": "42", "name": "Ana"}));
    for hello in [hello(), with(hello(), "token", token), unsigned] {
        assert_eq!(refused(&server, hello).await, (Some("signature_wanted".into()), Some(4403)));
    }
}

#[tokio::test]
async fn an_unsigned_name_is_a_claim() {
    let server = Server::start().await;
    let user = json!({"id": "42", "hash": "00", "name": "Ana", "email": "ana@shop.example"});
    let mut peer = Peer::join(&server, with(with(hello(), "user", user), "language", json!("de-DE"))).await;
    peer.write("message-1", "hi").await;
    let Reading::Message(message) = server.core.ledger().remove(0).inbound.reading else { panic!("a message") };
    assert_eq!((message.from.proof, message.from.name.as_deref()), (Proof::Claimed, Some("Ana")));
    assert_eq!(message.from.language.as_deref(), Some("de-DE"));
    assert!(message.thread.0.starts_with("v_"), "nobody vouched for the id");
}

#[tokio::test]
async fn only_listed_sites_may_show_the_chat() {
    let config = WebChatConfig { allowed_sites: vec!["https://shop.example".into()], ..WebChatConfig::default() };
    let server = Server::with(Setup { config, ..Setup::default() }).await;
    for origin in [None, Some("https://evil.example"), Some("null")] {
        let mut peer = Peer::connect_from(&server, origin).await.expect("a socket");
        assert_eq!(peer.closed().await, (Some("origin_not_allowed".into()), Some(4403)), "{origin:?}");
    }
    let mut peer = Peer::connect_from(&server, Some("https://shop.example")).await.expect("a socket");
    peer.send(hello()).await;
    peer.frame("welcome").await;
}

#[tokio::test]
async fn who_says_nothing_is_shown_out() {
    let pace = Pace { hello_within: Duration::from_millis(30), ..Pace::default() };
    let server = Server::with(Setup { pace, ..Setup::default() }).await;
    let mut peer = Peer::connect(&server).await;
    assert_eq!(peer.closed().await, (Some("hello_late".into()), Some(4408)));
}

#[tokio::test]
async fn the_first_frame_is_a_hello_of_our_version() {
    let server = Server::start().await;
    let send = json!({"t": "send", "id": "message-1", "text": "hi"});
    let later = json!({"t": "hello", "v": 2});
    let wrong = json!({"t": "hello", "v": 1, "after": "x"});
    for (frame, code) in [(send, "malformed"), (later, "unknown_version"), (wrong, "malformed")] {
        assert_eq!(refused(&server, frame).await, (Some(code.into()), Some(4400)));
    }
    assert!(server.core.ledger().is_empty());
}

#[tokio::test]
async fn nobody_is_let_in_before_the_adapter_runs() {
    let mut server = Server::not_running(Setup::default()).await;
    match Peer::connect_from(&server, None).await {
        Err(tungstenite::Error::Http(response)) => assert_eq!(response.status(), 503),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was let in"),
    }
    server.run().await;
    Peer::new(&server).await;
}

#[tokio::test]
async fn a_thread_that_can_not_be_read_asks_to_come_back() {
    let server = Server::start().await;
    server.core.refuse_reads(Some(SinkError::Unavailable("the disk is away".into())));
    assert_eq!(refused(&server, hello()).await, (Some("unavailable".into()), Some(1013)));
    server.core.refuse_reads(Some(SinkError::Stopping));
    assert_eq!(refused(&server, hello()).await, (None, Some(1012)));
    server.core.refuse_reads(None);
    Peer::new(&server).await;
}

#[tokio::test]
async fn a_page_that_leaves_is_answered_and_forgotten() {
    let server = Server::start().await;
    let mut peer = Peer::new(&server).await;
    peer.send_raw(Message::Close(None)).await;
    let answer = within("the answer to a close", peer.socket.next()).await;
    assert!(matches!(answer, Some(Ok(Message::Close(_)))), "{answer:?}");
    server.until_open(0).await;
}
