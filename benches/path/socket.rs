//! A page's socket, as light as can be: what is measured is the server, and both share the machine.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::channel::GREETING;
use crate::server::PATIENCE;

/// Read at once; the library's own default costs 128 KiB for each socket.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// Hosts in a block of loopback addresses, and blocks in one of blocks.
const HOSTS: usize = 250;

pub(crate) struct Socket {
    stream: WebSocketStream<TcpStream>,
    /// Messages sent so far.
    count: usize,
}

impl Socket {
    /// Opens one and says hello. Each comes from an address of its own, as visitors do: the server bounds what comes from one.
    pub(crate) async fn open(server: SocketAddr, visitor: usize) -> Self {
        let opening = async {
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.bind(SocketAddr::new(address(visitor), 0)).expect("a loopback address");
            let stream = socket.connect(server).await.expect("connects");
            stream.set_nodelay(true).expect("set");
            let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES).write_buffer_size(0);
            let url = format!("ws://{server}/webchat/web/socket");
            let opened = tokio_tungstenite::client_async_with_config(url, stream, Some(config)).await;
            let (stream, _) = opened.expect("a web socket");
            let mut socket = Self { stream, count: 0 };
            socket.send(r#"{"t":"hello","v":1,"after":0,"language":"en"}"#.to_owned()).await;
            while !socket.next().await.starts_with(r#"{"t":"ready""#) {}
            socket
        };
        tokio::time::timeout(PATIENCE, opening).await.expect("a socket opens in time")
    }

    /// Greets, and returns when the message is acknowledged and the bot's answer is here: after so long.
    pub(crate) async fn greet(&mut self) -> Duration {
        let start = Instant::now();
        self.count += 1;
        let id = format!("bench-{:012}", self.count);
        self.send(format!(r#"{{"t":"send","id":"{id}","text":"{GREETING}"}}"#)).await;
        let (mut acknowledged, mut answered) = (false, false);
        while !(acknowledged && answered) {
            let frame = self.next().await;
            acknowledged |= frame.starts_with(r#"{"t":"ack""#);
            answered |= acknowledged && frame.starts_with(r#"{"t":"entry""#) && frame.contains(r#""kind":"bot""#);
            let refused = frame.starts_with(r#"{"t":"nack""#) || frame.starts_with(r#"{"t":"error""#);
            assert!(!refused, "the server refuses: {frame}");
        }
        start.elapsed()
    }

    async fn send(&mut self, frame: String) {
        self.stream.send(Message::text(frame)).await.expect("sent");
    }

    async fn next(&mut self) -> tokio_tungstenite::tungstenite::Utf8Bytes {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.stream.next()).await.expect("a frame in time");
            match frame.expect("it is open").expect("a frame") {
                Message::Text(text) => return text,
                Message::Close(why) => panic!("the server closes: {why:?}"),
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }
}

/// One of 127.16.0.0/12, which all belong to this machine.
fn address(visitor: usize) -> IpAddr {
    let part = |number: usize| u8::try_from(number).expect("below 256");
    let (block, host) = (visitor / HOSTS, visitor % HOSTS);
    IpAddr::V4(Ipv4Addr::new(127, part(16 + block / HOSTS), part(1 + block % HOSTS), part(1 + host)))
}

/// Opens many, some at a time; their numbers begin at `first`.
pub(crate) async fn open_many(server: SocketAddr, first: usize, count: usize) -> Vec<Socket> {
    /// More would be refused by the listener's queue.
    const AT_ONCE: usize = 64;
    let numbers = futures_util::stream::iter(first..first + count);
    numbers.map(|visitor| Socket::open(server, visitor)).buffer_unordered(AT_ONCE).collect().await
}
