//! The ceiling on PostgreSQL: a program that only inserts, and sends its statements without waiting for the answers to those before.

use std::pin::Pin;
use std::task::Poll;
use std::time::Instant;

use futures_util::future::{MaybeDone, maybe_done};
use switchboard::app::Home;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Statement};

use crate::channel::Channel;
use crate::report::rate;
use crate::rows::{Cell, Names, Sample};
use crate::sqlite::{PLACES, Turn, turns};

/// Messages a second over so many connections, `group` turns a commit each.
pub(crate) async fn ceiling(home: &Home, url: &str, sample: &Sample, work: Work) -> f64 {
    let channel = Channel::open(home).await;
    channel.begin(work.callers).await;
    channel.core.store.close().await;
    let client = connect(url).await;
    let places: Vec<(Names, i64)> = client
        .query(PLACES, &[])
        .await
        .expect("queried")
        .iter()
        .map(|row| {
            let names = Names {
                inbox: row.get(0),
                thread: row.get(1),
                conversation: row.get(2),
                contact: row.get(3),
                identity: row.get(4),
                rows: Vec::new(),
            };
            (names, row.get(5))
        })
        .collect();
    // Each connection has conversations of its own, as a worker has.
    let mut parts: Vec<Vec<Turn>> = (0..work.connections).map(|_| Vec::new()).collect();
    for (at, turn) in turns(sample, &places, work.messages).into_iter().enumerate() {
        parts[at % places.len() % work.connections].push(turn);
    }
    let mut ready = Vec::new();
    for (lane, part) in parts.into_iter().enumerate() {
        let inbox = places[0].0.inbox.clone();
        ready.push(Inserter::prepare(connect(url).await, sample, inbox, lane, part).await);
    }
    let start = Instant::now();
    let running: Vec<_> = ready.into_iter().map(|inserter| tokio::spawn(inserter.run(work.group))).collect();
    for one in running {
        one.await.expect("a connection ends well");
    }
    rate(work.messages, start.elapsed().as_secs_f64())
}

/// How much, by how many.
#[derive(Clone, Copy)]
pub(crate) struct Work {
    pub(crate) callers: usize,
    pub(crate) messages: usize,
    pub(crate) connections: usize,
    pub(crate) group: usize,
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("connects");
    // It ends with the client.
    tokio::spawn(async move { connection.await.expect("the connection holds") });
    client
}

struct Inserter {
    client: Client,
    begin: Statement,
    commit: Statement,
    received: Statement,
    inserts: Vec<Statement>,
    update: Statement,
    inbox: String,
    lane: i64,
    turns: Vec<Turn>,
}

type Sent<'a> = Pin<Box<MaybeDone<Pin<Box<dyn Future<Output = Result<u64, tokio_postgres::Error>> + Send + 'a>>>>>;

impl Inserter {
    async fn prepare(client: Client, sample: &Sample, inbox: String, lane: usize, turns: Vec<Turn>) -> Self {
        let mut inserts = Vec::new();
        for form in &sample.turn {
            inserts.push(client.prepare(&form.insert()).await.expect("prepared"));
        }
        let update = sample.conversation.clone().without_fixed().update();
        let received = "INSERT INTO received (inbox_id, day, lane, count) VALUES ($1, 0, $2, $3) \
                        ON CONFLICT (inbox_id, day, lane) DO UPDATE SET count = received.count + excluded.count";
        Self {
            begin: client.prepare("BEGIN").await.expect("prepared"),
            commit: client.prepare("COMMIT").await.expect("prepared"),
            received: client.prepare(received).await.expect("prepared"),
            update: client.prepare(&update).await.expect("prepared"),
            inserts,
            client,
            inbox,
            lane: i64::try_from(lane).expect("few"),
            turns,
        }
    }

    async fn run(self, group: usize) {
        for group in self.turns.chunks(group) {
            let count = i64::try_from(group.len()).expect("few");
            let mut sent = Vec::with_capacity(group.len() * (self.inserts.len() + 1) + 3);
            self.send(&mut sent, &self.begin, Vec::new()).await;
            self.send(&mut sent, &self.received, vec![&self.inbox, &self.lane, &count]).await;
            for (at, insert) in self.inserts.iter().enumerate() {
                for turn in group {
                    self.send(&mut sent, insert, values(&turn.inserts[at])).await;
                }
            }
            for turn in group {
                self.send(&mut sent, &self.update, values(&turn.conversation)).await;
            }
            self.send(&mut sent, &self.commit, Vec::new()).await;
            for mut one in sent {
                one.as_mut().await;
                one.as_mut().take_output().expect("it is done").expect("executed");
            }
        }
    }

    /// Sends a statement, in the order of the calls, and does not wait for its answer.
    async fn send<'a>(&'a self, sent: &mut Vec<Sent<'a>>, text: &'a Statement, values: Vec<&'a (dyn ToSql + Sync)>) {
        let executing = Box::pin(async move { self.client.execute(text, &values).await });
        let mut executing: Sent<'a> = Box::pin(maybe_done(executing));
        std::future::poll_fn(|context| {
            // It is sent when it is asked for the first time.
            let _ = executing.as_mut().poll(context);
            Poll::Ready(())
        })
        .await;
        sent.push(executing);
    }
}

fn values(cells: &[Cell]) -> Vec<&(dyn ToSql + Sync)> {
    cells.iter().map(value).collect()
}

fn value(cell: &Cell) -> &(dyn ToSql + Sync) {
    match cell {
        Cell::Int(number) => number,
        Cell::Text(text) => text,
        Cell::Bytes(bytes) => bytes,
    }
}
