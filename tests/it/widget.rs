//! A widget that writes numbered questions all the time, comes back after each lost connection, and sends again under the
//! same id what was not acknowledged. At the end it knows what has to be there.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::customer::Socket;
use crate::server::PATIENCE;

/// The bot answers it every time, in one message.
const QUESTION: &str = "what are your opening hours";

/// What a widget does when the server can't keep a message.
#[derive(Clone, Copy, PartialEq)]
enum Patience {
    Stays,
    Leaves,
}

pub(crate) struct Widget {
    name: usize,
    token: Value,
    /// The number of the question that is being sent.
    next: u32,
    pub(crate) acknowledged: Vec<u32>,
    /// Every entry the page was ever shown, by its place.
    shown: BTreeMap<u64, Value>,
    /// Messages that the server refused to keep.
    pub(crate) refused: u32,
    /// The code the last connection was closed with.
    pub(crate) closed: Option<u16>,
}

impl Widget {
    pub(crate) fn new(name: usize) -> Self {
        let (acknowledged, shown) = (Vec::new(), BTreeMap::new());
        Self { name, token: Value::Null, next: 0, acknowledged, shown, refused: 0, closed: None }
    }

    /// Writes until the connection is lost.
    pub(crate) async fn write_until_lost(&mut self, url: &str) {
        self.write(url, u32::MAX, Patience::Stays).await;
    }

    /// Writes until so many more are acknowledged, over as many connections as that takes.
    pub(crate) async fn write_through(&mut self, url: &str, more: usize) {
        let wanted = self.acknowledged.len() + more;
        let writing = async {
            while self.acknowledged.len() < wanted {
                let left = u32::try_from(wanted - self.acknowledged.len()).expect("few");
                self.write(url, left, Patience::Stays).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(2 * PATIENCE, writing).await.expect("the messages are acknowledged in time");
    }

    /// Sends the next question until the server refuses to keep it or closes; panics when it is acknowledged.
    pub(crate) async fn is_refused(&mut self, url: &str) {
        let (refused, acknowledged) = (self.refused, self.acknowledged.len());
        let refusing = async {
            self.closed = None;
            while self.refused == refused && self.closed.is_none() {
                self.write(url, 1, Patience::Leaves).await;
                assert_eq!(self.acknowledged.len(), acknowledged, "what can't be kept is not acknowledged");
            }
        };
        tokio::time::timeout(2 * PATIENCE, refusing).await.expect("it is refused in time");
    }

    async fn write(&mut self, url: &str, most: u32, patience: Patience) {
        let Ok((mut socket, _)) = tokio_tungstenite::connect_async(url).await else { return };
        if self.hello(&mut socket).await.is_none() {
            return;
        }
        let mut acknowledged = 0;
        while acknowledged < most {
            let id = format!("widget-{}-{:06}", self.name, self.next);
            let frame = json!({"t": "send", "id": id, "text": format!("{QUESTION} {}", self.next)});
            if socket.send(Message::text(frame.to_string())).await.is_err() {
                return;
            }
            let wanted = |frame: &Value| (frame["t"] == "ack" || frame["t"] == "nack") && frame["id"] == *id;
            let Some(answer) = self.until(&mut socket, wanted).await else { return };
            if answer["t"] == "ack" {
                self.acknowledged.push(self.next);
                self.next += 1;
                acknowledged += 1;
                continue;
            }
            if answer["code"] == "unavailable" {
                self.refused += 1;
                if patience == Patience::Leaves {
                    return;
                }
            }
            // Too fast for the limit, or nothing can be kept: again when the server asks for it.
            let wait = answer["retry_after_ms"].as_u64().unwrap_or(50);
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
    }

    async fn hello(&mut self, socket: &mut Socket) -> Option<()> {
        let hello = json!({"t": "hello", "v": 1, "token": self.token, "user": null, "conversation": null, "after": 0,
                           "language": "en", "page": null, "device": null});
        socket.send(Message::text(hello.to_string())).await.ok()?;
        self.token = self.until(socket, |frame| frame["t"] == "welcome").await?["token"].clone();
        self.until(socket, |frame| frame["t"] == "ready").await.map(drop)
    }

    /// The next frame that is wanted, keeping what is shown; none when the connection is lost.
    async fn until(&mut self, socket: &mut Socket, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        let name = self.name;
        tokio::time::timeout(2 * PATIENCE, async {
            loop {
                let text = match socket.next().await?.ok()? {
                    Message::Text(text) => text,
                    Message::Close(frame) => {
                        self.closed = frame.map(|frame| u16::from(frame.code));
                        continue;
                    }
                    Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => continue,
                };
                let frame: Value = serde_json::from_str(&text).expect("JSON");
                if frame["t"] == "entry" {
                    let place = frame["seq"].as_u64().expect("a place");
                    let before = self.shown.insert(place, frame.clone());
                    assert!(before.is_none_or(|before| before == frame), "widget {name}: place {place} was another");
                }
                if wanted(&frame) {
                    return Some(frame);
                }
            }
        })
        .await
        .expect("an answer or a lost connection")
    }

    /// Loads the whole thread as a page that was just opened, and checks it: every acknowledged question stands there once and in
    /// order, each is answered once, and nothing the page was ever shown is missing or different.
    pub(crate) async fn check(&mut self, url: &str) {
        let name = self.name;
        let before = std::mem::take(&mut self.shown);
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await.expect("connects");
        self.hello(&mut socket).await.expect("the thread");
        let entries: Vec<&Value> = self.shown.values().collect();
        let (mut questions, mut answers) = (Vec::new(), Vec::new());
        for entry in entries {
            if entry["from"]["kind"] == "contact" {
                let text = entry["text"].as_str().expect("a text");
                questions
                    .push(text.rsplit(' ').next().and_then(|number| number.parse::<u32>().ok()).expect("a number"));
                answers.push(0);
            } else {
                *answers.last_mut().unwrap_or_else(|| panic!("widget {name}: the bot spoke first: {entry}")) += 1;
            }
        }
        // The last one may be there without its acknowledgement having arrived; nothing else may be more or less.
        let (there, acknowledged) = (questions.len(), self.acknowledged.len());
        assert!(there <= acknowledged + 1, "widget {name}: {there} there, {acknowledged} acknowledged");
        assert!(there >= acknowledged, "widget {name}: {there} there, {acknowledged} acknowledged");
        assert_eq!(questions[..acknowledged], self.acknowledged, "widget {name}: all of them, once and in order");
        assert!(answers.iter().all(|count| *count == 1), "widget {name}: each is answered once: {answers:?}");
        for (place, entry) in before {
            assert_eq!(
                self.shown.get(&place),
                Some(&entry),
                "widget {name}: what was shown at place {place} stands there"
            );
        }
    }
}
