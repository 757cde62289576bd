//! A visitor's page.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use switchboard_contract::ThreadKey;
use switchboard_testkit::within;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::server::{Server, VISITOR};

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(crate) struct Peer {
    pub(crate) socket: Socket,
    pub(crate) welcome: Value,
    /// What came between the welcome and `ready`.
    pub(crate) history: Vec<Value>,
}

pub(crate) fn hello() -> Value {
    json!({"t": "hello", "v": 1})
}

impl Peer {
    /// A page that has not said anything.
    pub(crate) async fn connect(server: &Server) -> Self {
        Self::connect_from(server, None).await.expect("a socket")
    }

    pub(crate) async fn connect_from(server: &Server, origin: Option<&str>) -> Result<Self, tungstenite::Error> {
        Self::connect_with(server, origin.map(|origin| ("origin", origin))).await
    }

    /// A page at an address of its own.
    pub(crate) async fn connect_at(server: &Server, address: &str) -> Result<Self, tungstenite::Error> {
        Self::connect_with(server, Some((VISITOR, address))).await
    }

    async fn connect_with(server: &Server, header: Option<(&'static str, &str)>) -> Result<Self, tungstenite::Error> {
        let mut request = server.url.as_str().into_client_request().expect("a request");
        if let Some((name, value)) = header {
            request.headers_mut().insert(name, value.parse().expect("a header"));
        }
        let (socket, _) = within("a socket", connect_async(request)).await?;
        Ok(Self { socket, welcome: Value::Null, history: Vec::new() })
    }

    /// A page that was welcomed and has its history.
    pub(crate) async fn join(server: &Server, hello: Value) -> Self {
        Self::connect(server).await.greet(hello).await
    }

    /// Says hello, and waits for the history.
    pub(crate) async fn greet(mut self, hello: Value) -> Self {
        self.send(hello).await;
        self.welcome = self.frame("welcome").await;
        loop {
            match self.next().await {
                frame if frame["t"] == "ready" => return self,
                frame => self.history.push(frame),
            }
        }
    }

    /// A page nobody has seen before.
    pub(crate) async fn new(server: &Server) -> Self {
        Self::join(server, hello()).await
    }

    /// The same browser again, which holds nothing but its token.
    pub(crate) async fn again(&self, server: &Server) -> Self {
        let mut hello = hello();
        hello["token"] = self.welcome["token"].clone();
        Self::join(server, hello).await
    }

    pub(crate) fn thread(&self) -> ThreadKey {
        let token = self.welcome["token"].as_str().expect("a token");
        ThreadKey(token.split('.').nth(1).expect("a visitor").to_owned())
    }

    pub(crate) async fn send(&mut self, frame: Value) {
        self.send_raw(Message::text(frame.to_string())).await;
    }

    pub(crate) async fn send_raw(&mut self, message: Message) {
        within("a frame to leave", self.socket.send(message)).await.expect("an open socket");
    }

    /// The next frame, or the code the socket was closed with.
    pub(crate) async fn event(&mut self) -> Result<Value, Option<u16>> {
        event(&mut self.socket).await
    }

    pub(crate) async fn next(&mut self) -> Value {
        self.event().await.expect("an open socket")
    }

    /// The next frame, which has to be of kind `t`.
    #[track_caller]
    pub(crate) fn frame(&mut self, t: &'static str) -> impl Future<Output = Value> {
        let place = std::panic::Location::caller();
        async move {
            let frame = self.event().await;
            match frame {
                Ok(frame) if frame["t"] == t => frame,
                other => panic!("{place}: expected `{t}`, got {other:?}"),
            }
        }
    }

    /// The next frame of kind `t`; what comes before is passed over.
    pub(crate) async fn skip_to(&mut self, t: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["t"] == t {
                return frame;
            }
        }
    }

    /// Everything until the socket is closed: the code of the last error frame, and the close code.
    pub(crate) async fn closed(&mut self) -> (Option<String>, Option<u16>) {
        let mut error = None;
        loop {
            match self.event().await {
                Ok(frame) if frame["t"] == "error" => error = frame["code"].as_str().map(str::to_owned),
                Ok(_) => {}
                Err(code) => return (error, code),
            }
        }
    }

    pub(crate) async fn say(&mut self, id: &str, text: &str) {
        self.send(json!({"t": "send", "id": id, "text": text})).await;
    }

    /// Writes, and waits for the ack.
    pub(crate) async fn write(&mut self, id: &str, text: &str) -> Value {
        self.say(id, text).await;
        let ack = self.skip_to("ack").await;
        assert_eq!(ack["id"], id);
        ack
    }

    /// Writes, and waits for the answer, whichever it is.
    pub(crate) async fn try_write(&mut self, id: &str, text: &str) -> Value {
        self.say(id, text).await;
        loop {
            match self.next().await {
                frame if frame["t"] == "ack" || frame["t"] == "nack" => return frame,
                _ => {}
            }
        }
    }

    /// Comes back when everything sent before was handled.
    pub(crate) async fn settle(&mut self) -> Vec<Value> {
        self.send(json!({"t": "ping"})).await;
        let mut before = Vec::new();
        loop {
            match self.next().await {
                frame if frame["t"] == "pong" => return before,
                frame => before.push(frame),
            }
        }
    }
}

pub(crate) async fn event(
    socket: &mut (impl StreamExt<Item = Result<Message, tungstenite::Error>> + Unpin),
) -> Result<Value, Option<u16>> {
    loop {
        match within("a frame", socket.next()).await {
            Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).expect("frames are JSON")),
            Some(Ok(Message::Close(frame))) => return Err(frame.map(|frame| frame.code.into())),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(other)) => panic!("an unexpected message: {other:?}"),
            Some(Err(_)) | None => return Err(None),
        }
    }
}

/// The entries among some frames, as sequence and text.
pub(crate) fn entries(frames: &[Value]) -> Vec<(u64, String)> {
    let entry = |frame: &Value| Some((frame["seq"].as_u64()?, frame["text"].as_str()?.to_owned()));
    frames.iter().filter(|frame| frame["t"] == "entry").filter_map(entry).collect()
}
