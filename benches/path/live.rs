//! Many visitors who chat at an even pace: how long a reply takes.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep_until};

use crate::Size;
use crate::report::{Section, float, percentile, rate};
use crate::server::{Server, need_files};
use crate::socket::{Socket, open_many};

/// Messages a second, over all visitors.
const RATES: [u32; 2] = [1_000, 2_000];
/// The rate at which all conversations begin.
const BEGINNINGS: u32 = 500;

pub(crate) async fn section(size: Size) -> Section {
    need_files(size.live);
    let mut rows = Vec::new();
    for wanted in RATES {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Server::start(folder.path()).await;
        let sockets = open_many(server.address, 0, size.live).await;
        // In a small bench each visitor writes as often as in a large one.
        let wanted = wanted * u32::try_from(size.live).expect("few") / 5_000;
        let first = Duration::from_secs_f64(float(size.live) / f64::from(BEGINNINGS));
        let (sockets, _) = chat(sockets, first, 1).await;
        let every = Duration::from_secs_f64(float(size.live) / f64::from(wanted));
        let messages = (f64::from(size.seconds) / every.as_secs_f64()).ceil();
        let messages =
            std::iter::successors(Some(1_usize), |count| Some(count + 1)).find(|count| float(*count) >= messages);
        let start = Instant::now();
        let (_open, replies) = chat(sockets, every, messages.unwrap_or(1)).await;
        let reached = rate(replies.len(), start.elapsed().as_secs_f64());
        let of = |percent| json!(percentile(&replies, percent) * 1e3);
        rows.push(vec![json!(size.live), json!(wanted), json!(reached), of(50), of(90), of(99), of(100)]);
    }
    let columns =
        &["sockets", "messages/s wanted", "messages/s", "p50, ms", "p90, ms", "p99, ms", "slowest, ms"] as &[_];
    let about = "Every visitor writes at an even pace, on SQLite; a reply's time counts from when the message was due, so that \
                 falling behind is seen. Clients and server share the machine."
        .to_owned();
    Section { name: "live", about, columns, rows }
}

/// Has each visitor greet once in every `every`, spread evenly; seconds from due to reply.
async fn chat(sockets: Vec<Socket>, every: Duration, messages: usize) -> (Vec<Socket>, Vec<f64>) {
    let (start, count) = (Instant::now(), float(sockets.len()));
    let chatting: Vec<_> = sockets
        .into_iter()
        .enumerate()
        .map(|(at, mut socket)| {
            let mut due = start + every.mul_f64(float(at) / count);
            tokio::spawn(async move {
                let mut replies = Vec::with_capacity(messages);
                for _ in 0..messages {
                    // The reply before may have come after this message was due.
                    let from = (Instant::now() > due).then_some(due);
                    sleep_until(due).await;
                    // A timer wakes a little late by itself, which is no delay of the server's.
                    let from = from.unwrap_or_else(Instant::now);
                    socket.greet().await;
                    replies.push(from.elapsed().as_secs_f64());
                    due += every;
                }
                (socket, replies)
            })
        })
        .collect();
    let (mut sockets, mut replies) = (Vec::new(), Vec::new());
    for visitor in chatting {
        let (socket, each) = visitor.await.expect("a visitor ends well");
        sockets.push(socket);
        replies.extend(each);
    }
    (sockets, replies)
}
