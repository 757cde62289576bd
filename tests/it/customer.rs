//! A customer's widget over a real web socket: keeps its token and place, so it can be cut off and come back.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::server::in_time;

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(crate) struct Customer {
    socket: Socket,
    language: Option<String>,
    token: Value,
    conversation: Value,
    last_sent: Option<Value>,
    sent: u32,
    name: String,
    /// Every entry that was received, each once, over all conversations.
    pub(crate) entries: Vec<Value>,
    /// The last place of the present conversation.
    pub(crate) place: u64,
    /// Every change of the state, in order.
    pub(crate) states: Vec<Value>,
}

impl Customer {
    pub(crate) async fn connect(url: &str, name: &str, language: Option<&str>) -> Self {
        let mut customer = Self {
            socket: open(url).await,
            language: language.map(str::to_owned),
            token: Value::Null,
            conversation: Value::Null,
            last_sent: None,
            sent: 0,
            name: name.to_owned(),
            entries: Vec::new(),
            place: 0,
            states: Vec::new(),
        };
        customer.hello().await;
        customer
    }

    /// Cuts the connection without a goodbye and comes back where it was.
    pub(crate) async fn reconnect(&mut self, url: &str) {
        self.socket = open(url).await;
        self.hello().await;
    }

    async fn hello(&mut self) {
        let hello = json!({
            "t": "hello", "v": 1, "token": self.token, "user": null, "conversation": self.conversation,
            "after": self.place, "language": self.language, "page": "https://shop.example/cart", "device": "desktop",
        });
        self.send(&hello).await;
        self.until("ready", |frame| frame["t"] == "ready").await;
    }

    async fn send(&mut self, frame: &Value) {
        self.socket.send(Message::text(frame.to_string())).await.expect("the socket takes a frame");
    }

    /// Reads frames, keeping what they say, until one is wanted.
    pub(crate) async fn until(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let name = self.name.clone();
        in_time(&format!("{name} for {what}"), async {
            loop {
                let message = self.socket.next().await.expect("the socket stays open").expect("a frame");
                let Message::Text(text) = message else { continue };
                let frame: Value = serde_json::from_str(&text).expect("JSON");
                self.keep(&frame);
                if wanted(&frame) {
                    return frame;
                }
            }
        })
        .await
    }

    fn keep(&mut self, frame: &Value) {
        match frame["t"].as_str() {
            Some("welcome") => {
                self.token = frame["token"].clone();
                self.turn_to(&frame["conversation"]);
            }
            Some("conversation") => self.turn_to(&frame["conversation"]),
            Some("entry") => {
                let place = frame["seq"].as_u64().expect("a place");
                assert!(place > self.place, "entries come once and in order: {place} after {}", self.place);
                self.place = place;
                self.entries.push(frame.clone());
            }
            Some("state") if self.states.last() != Some(frame) => self.states.push(frame.clone()),
            _ => {}
        }
    }

    fn turn_to(&mut self, conversation: &Value) {
        if self.conversation != *conversation {
            self.conversation = conversation.clone();
            self.place = 0;
        }
    }

    /// The present conversation.
    pub(crate) fn conversation_id(&self) -> Option<&str> {
        self.conversation.as_str()
    }

    pub(crate) async fn open(&mut self) {
        self.send(&json!({"t": "open"})).await;
        self.settle().await;
        self.know_conversation().await;
    }

    /// Whoever opened the chat or wrote has a conversation, and is told which.
    async fn know_conversation(&mut self) {
        while self.conversation.is_null() {
            self.until("a conversation", |frame| frame["t"] == "conversation").await;
        }
    }

    /// Frames are answered in order, so a pong says that everything before it was worked on.
    pub(crate) async fn settle(&mut self) {
        self.send(&json!({"t": "ping"})).await;
        self.until("pong", |frame| frame["t"] == "pong").await;
    }

    pub(crate) async fn write(&mut self, text: &str) -> Value {
        let id = self.next_id();
        self.submit(json!({"t": "send", "id": id, "text": text})).await
    }

    /// Writes something that can't be worked on, and waits until the page is told.
    pub(crate) async fn write_in_vain(&mut self, text: &str) -> Value {
        let id = self.next_id();
        self.send(&json!({"t": "send", "id": id, "text": text})).await;
        self.until("a nack", |frame| frame["t"] == "nack" && frame["id"] == id.as_str()).await
    }

    pub(crate) async fn press(&mut self, choice: &str, label: &str) -> Value {
        let id = self.next_id();
        self.submit(json!({"t": "choose", "id": id, "choice": choice, "label": label})).await
    }

    pub(crate) async fn start_anew(&mut self) -> Value {
        let id = self.next_id();
        self.submit(json!({"t": "anew", "id": id})).await
    }

    pub(crate) async fn repeat_last(&mut self) -> Value {
        let frame = self.last_sent.clone().expect("something was sent");
        self.submit(frame).await
    }

    fn next_id(&mut self) -> String {
        self.sent += 1;
        format!("client-id-{:04}", self.sent)
    }

    /// Sends a frame and waits until it is on disk.
    async fn submit(&mut self, frame: Value) -> Value {
        self.send(&frame).await;
        let id = frame["id"].clone();
        self.last_sent = Some(frame);
        let ack = self.until("an ack", |frame| frame["t"] == "ack" && frame["id"] == id).await;
        self.know_conversation().await;
        ack
    }

    /// Reads until an entry of this place has come.
    pub(crate) async fn caught_up(&mut self, conversation: &str, place: u64) {
        while self.conversation != *conversation || self.place < place {
            self.until(&format!("entry {place} of {conversation}"), |frame| {
                frame["t"] == "entry" || frame["t"] == "conversation"
            })
            .await;
        }
    }
}

pub(crate) async fn open(url: &str) -> Socket {
    in_time("a web socket", tokio_tungstenite::connect_async(url)).await.expect("the server takes web sockets").0
}
