//! The same turns through real web sockets: the server is a process of its own, and so the clients take their share of the machine.

use std::time::Instant;

use serde_json::json;
use switchboard::limits::COMMIT_GROUP_MAX;

use crate::report::{Section, median, rate};
use crate::rows::Sample;
use crate::server::{Server, need_files};
use crate::socket::{Socket, open_many};
use crate::{Size, sqlite};

/// Visitors who write at once.
const VISITORS: [usize; 3] = [1, 64, 512];
/// A lone visitor's messages are committed one by one, so there are fewer.
const LONE_SHARE: usize = 8;
/// Messages a visitor sends over one socket; a thread may send twenty at once, of which the first begins its conversation. Who
/// wants to send more goes on as another visitor.
const MESSAGES_EACH: usize = 18;

pub(crate) async fn section(size: Size) -> Section {
    let sample = Sample::take().await;
    let mut rows = Vec::new();
    for visitors in VISITORS {
        let wanted = if visitors == 1 { size.messages / LONE_SHARE } else { size.messages };
        let rounds = wanted.div_ceil(visitors * MESSAGES_EACH);
        let messages = rounds * visitors * MESSAGES_EACH;
        let group = visitors.min(COMMIT_GROUP_MAX);
        let (mut rates, mut replies, mut ceilings) = (Vec::new(), Vec::new(), Vec::new());
        need_files(visitors * rounds);
        for _ in 0..size.runs {
            let folder = tempfile::tempdir().expect("a folder");
            let server = Server::start(&folder.path().join("chat")).await;
            let (rate, reply) = chat(&server, visitors, rounds).await;
            drop(server);
            rates.push(rate);
            replies.push(reply * 1e3);
            ceilings.push(sqlite::ceiling(&folder.path().join("ceiling"), &sample, messages, visitors, group).await);
        }
        let (turns, ceiling) = (median(&rates), median(&ceilings));
        rows.push(vec![
            json!(visitors),
            json!(turns),
            json!(ceiling),
            json!(turns / ceiling),
            json!(median(&replies)),
            json!(visitors * rounds),
        ]);
    }
    let columns = &["visitors", "turns/s", "ceiling/s", "ratio", "message to reply, ms", "sockets open"] as &[_];
    let about = "The program on SQLite, `synchronous=FULL`, over web sockets; each visitor waits for acknowledgement and reply. \
                 Clients and server share the machine."
        .to_owned();
    Section { name: "webchat", about, columns, rows }
}

/// Turns a second, and seconds from message to reply.
async fn chat(server: &Server, visitors: usize, rounds: usize) -> (f64, f64) {
    // All are open and have begun before the clock starts.
    let mut sockets = open_many(server.address, 0, visitors * rounds).await;
    for chunk in sockets.chunks_mut(visitors) {
        futures_util::future::join_all(chunk.iter_mut().map(Socket::greet)).await;
    }
    let mut supply: Vec<Vec<Socket>> = (0..visitors).map(|_| Vec::with_capacity(rounds)).collect();
    for (at, socket) in sockets.into_iter().enumerate() {
        supply[at % visitors].push(socket);
    }
    let start = Instant::now();
    let writing: Vec<_> = supply
        .into_iter()
        .map(|sockets| {
            tokio::spawn(async move {
                let (mut sockets, mut replies) = (sockets, Vec::new());
                for socket in &mut sockets {
                    for _ in 0..MESSAGES_EACH {
                        replies.push(socket.greet().await.as_secs_f64());
                    }
                }
                // They stay open until all are done, as pages do.
                (sockets, replies)
            })
        })
        .collect();
    let (mut replies, mut open) = (Vec::new(), Vec::new());
    for visitor in writing {
        let (sockets, each) = visitor.await.expect("a visitor ends well");
        open.push(sockets);
        replies.extend(each);
    }
    let seconds = start.elapsed().as_secs_f64();
    drop(open);
    (rate(replies.len(), seconds), median(&replies))
}
