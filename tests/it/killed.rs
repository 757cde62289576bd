//! The real binary, killed at random moments under load and started again: what was acknowledged is there exactly once, in
//! order, and the bot's answer to it was given exactly once.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::customer::Socket;
use crate::server::PATIENCE;

/// Customers who write all the time.
const CUSTOMERS: usize = 4;

/// How often the server is killed; `KILLS=n` for more.
fn kills() -> u32 {
    std::env::var("KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(12)
}

struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts the binary and reads from its first lines where it listens. `listen` is port 0 at first and fixed afterwards.
    fn start(data: &Path, listen: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_switchboard"))
            .args(["serve", "--listen", listen, "--data"])
            .arg(data)
            .args(["--log-level", "error"])
            .current_dir(data)
            .env_clear()
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let address = lines
            .find_map(|line| {
                let line = line.expect("a line");
                let (_, rest) = line.split_once("http://")?;
                Some(rest.split('/').next()?.to_owned())
            })
            .expect("it says where it listens");
        Self { child, address }
    }

    /// As the power failing: no goodbye.
    fn kill(mut self) -> String {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
        self.address
    }
}

/// A widget that writes numbered messages, and after each lost connection says hello and sends again what was not
/// acknowledged, with the same id.
struct Writer {
    name: usize,
    token: Value,
    /// The number of the message that is being sent.
    next: u32,
    acknowledged: Vec<u32>,
}

impl Writer {
    /// Writes until the connection is lost.
    async fn write_until_lost(&mut self, url: &str) {
        let Ok((mut socket, _)) = tokio_tungstenite::connect_async(url).await else { return };
        if self.hello(&mut socket).await.is_none() {
            return;
        }
        loop {
            let frame = json!({"t": "send", "id": format!("writer-{}-{:06}", self.name, self.next), "text": self.text(self.next)});
            if socket.send(Message::text(frame.to_string())).await.is_err() {
                return;
            }
            let Some(answer) = until(&mut socket, |frame| frame["t"] == "ack" || frame["t"] == "nack").await else {
                return;
            };
            if answer["t"] == "ack" {
                self.acknowledged.push(self.next);
                self.next += 1;
            } else {
                // Too fast for the limit: as the server asks.
                let wait = answer["retry_after_ms"].as_u64().unwrap_or(50);
                tokio::time::sleep(Duration::from_millis(wait)).await;
            }
        }
    }

    async fn hello(&mut self, socket: &mut Socket) -> Option<()> {
        let hello = json!({"t": "hello", "v": 1, "token": self.token, "user": null, "conversation": null, "after": 0,
                           "language": "en", "page": null, "device": null});
        socket.send(Message::text(hello.to_string())).await.ok()?;
        self.token = until(socket, |frame| frame["t"] == "welcome").await?["token"].clone();
        until(socket, |frame| frame["t"] == "ready").await.map(drop)
    }

    fn text(&self, number: u32) -> String {
        format!("hello number {number} of writer {}", self.name)
    }

    /// The whole thread as a page that was just opened sees it.
    async fn thread(&mut self, url: &str) -> Vec<Value> {
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await.expect("connects");
        let hello = json!({"t": "hello", "v": 1, "token": self.token, "user": null, "conversation": null, "after": 0,
                           "language": "en", "page": null, "device": null});
        socket.send(Message::text(hello.to_string())).await.expect("sent");
        let mut entries = Vec::new();
        loop {
            let frame = until(&mut socket, |_| true).await.expect("the thread");
            match frame["t"].as_str() {
                Some("entry") => entries.push(frame),
                Some("ready") => return entries,
                _ => {}
            }
        }
    }
}

/// The next frame that is wanted; none when the connection is lost.
async fn until(socket: &mut Socket, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
    tokio::time::timeout(PATIENCE, async {
        loop {
            let Message::Text(text) = socket.next().await?.ok()? else { continue };
            let frame: Value = serde_json::from_str(&text).expect("JSON");
            if wanted(&frame) {
                return Some(frame);
            }
        }
    })
    .await
    .expect("an answer or a lost connection")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_being_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = Server::start(folder.path(), "127.0.0.1:0");
    let mut writers: Vec<Writer> =
        (0..CUSTOMERS).map(|name| Writer { name, token: Value::Null, next: 0, acknowledged: Vec::new() }).collect();
    let mut chance = 0x9E37_79B9_u64;
    for _ in 0..kills() {
        let url = format!("ws://{}/webchat/web/socket", server.address);
        let writing: Vec<_> = writers
            .drain(..)
            .map(|mut writer| {
                let url = url.clone();
                tokio::spawn(async move {
                    writer.write_until_lost(&url).await;
                    writer
                })
            })
            .collect();
        // A moment from 20 to 400 ms: in the middle of something.
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        tokio::time::sleep(Duration::from_millis(20 + (chance >> 33) % 380)).await;
        let address = server.kill();
        for writer in writing {
            writers.push(writer.await.expect("ends when the connection is lost"));
        }
        server = Server::start(folder.path(), &address);
    }
    let url = format!("ws://{}/webchat/web/socket", server.address);
    let mut total = 0;
    for writer in &mut writers {
        let acknowledged = writer.acknowledged.clone();
        total += acknowledged.len();
        check(writer.name, &acknowledged, &writer.thread(&url).await);
    }
    assert!(total > 0, "something was acknowledged");
    server.kill();
    let ledger = Command::new(env!("CARGO_BIN_EXE_switchboard"))
        .args(["ledger", "--json", "--data"])
        .arg(folder.path())
        .env_clear()
        .output()
        .expect("runs");
    let accounts: Value = serde_json::from_slice(&ledger.stdout).expect("JSON");
    assert_eq!(accounts[0]["balanced"], true, "{accounts}");
    println!("{total} messages were acknowledged over {} kills; the ledger: {accounts}", kills());
}

/// Every acknowledged message stands there once and in order, each followed by one answer of the bot.
fn check(writer: usize, acknowledged: &[u32], entries: &[Value]) {
    let places: Vec<u64> = entries.iter().map(|entry| entry["seq"].as_u64().expect("a place")).collect();
    assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "writer {writer}: in order, each once: {places:?}");
    let numbers: Vec<u32> = entries
        .iter()
        .filter(|entry| entry["from"]["kind"] == "contact")
        .map(|entry| entry["text"].as_str().and_then(|text| text.split(' ').nth(2)?.parse().ok()).expect("a number"))
        .collect();
    // The last one may be there without its acknowledgement having arrived; nothing else may be more or less.
    assert!(
        numbers.len() <= acknowledged.len() + 1,
        "writer {writer}: {} there, {} acknowledged",
        numbers.len(),
        acknowledged.len()
    );
    assert_eq!(
        &numbers[..acknowledged.len()],
        acknowledged,
        "writer {writer}: all that was acknowledged, once and in order"
    );
    let answers: Vec<&Value> = entries.iter().filter(|entry| entry["from"]["kind"] != "contact").collect();
    assert!(!answers.is_empty(), "writer {writer} was answered");
    let doubled =
        entries.windows(2).any(|pair| pair[0]["from"]["kind"] != "contact" && pair[0]["text"] == pair[1]["text"]);
    assert!(!doubled, "writer {writer}: no answer was given twice");
}
