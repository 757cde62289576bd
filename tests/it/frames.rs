//! Bad input on the web socket of the whole server. The adapter's own tests know every frame; these show that the program
//! around it holds.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::customer::{Customer, open};
use crate::server::{TestServer, in_time};

#[tokio::test]
async fn a_forged_token_is_refused() {
    let server = TestServer::start().await;
    let mut socket = open(&server.socket_url()).await;
    let hello = json!({"t": "hello", "v": 1, "token": "v1.somebody.0.AAAA", "user": null, "conversation": null, "after": 0,
                       "language": null, "page": null, "device": null});
    socket.send(Message::text(hello.to_string())).await.expect("sent");
    let code = in_time("a close frame", async {
        loop {
            if let Message::Close(frame) = socket.next().await.expect("open").expect("a frame") {
                return frame.map(|frame| u16::from(frame.code));
            }
        }
    })
    .await;
    assert_eq!(code, Some(4401));
    server.stop().await;
}

#[tokio::test]
async fn a_burst_of_one_visitor_does_not_keep_another_waiting() {
    let server = TestServer::start().await;
    let mut quiet = Customer::connect(&server.socket_url(), "quiet", Some("en")).await;
    let mut socket = open(&server.socket_url()).await;
    let hello = json!({"t": "hello", "v": 1, "token": null, "user": null, "conversation": null, "after": 0,
                       "language": null, "page": null, "device": null});
    socket.send(Message::text(hello.to_string())).await.expect("sent");
    let (mut sender, mut receiver) = socket.split();
    let burst = tokio::spawn(async move {
        for number in 0..10_000 {
            let frame = json!({"t": "send", "id": format!("burst-{number:05}"), "text": "spam"}).to_string();
            if sender.send(Message::text(frame)).await.is_err() {
                break;
            }
        }
    });
    let answers = tokio::spawn(async move {
        let (mut acks, mut refused, mut code) = (0, 0, None);
        while let Some(Ok(message)) = receiver.next().await {
            if let Message::Close(frame) = &message {
                code = frame.as_ref().map(|frame| u16::from(frame.code));
            } else if let Message::Text(text) = &message {
                let frame: Value = serde_json::from_str(text).expect("JSON");
                acks += u32::from(frame["t"] == "ack");
                refused += u32::from(frame["t"] == "nack" && frame["code"] == "rate_limited");
            }
        }
        (acks, refused, code)
    });
    // The quiet visitor is answered in the middle of it.
    quiet.write("hello").await;
    quiet.settle().await;
    assert!(quiet.entries.iter().any(|entry| entry["from"]["kind"] == "bot"));
    in_time("the end of the burst", burst).await.expect("sent");
    let (acks, refused, code) = in_time("the end of the socket", answers).await.expect("counted");
    assert!(acks <= 30, "{acks} of a burst were let through");
    assert!(refused >= 250, "{refused} were refused before the socket was closed");
    assert_eq!(code, Some(4429));
    server.stop().await;
}
