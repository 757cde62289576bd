//! One turn: steps the engine and answers its questions until it asks none.

use std::collections::BTreeMap;

use switchboard_contract::Timestamp;
use switchboard_engine::{Conversation, Effect, Env, Event, Handler};

use crate::library::Library;
use crate::store::conversations::{self, Record};
use crate::store::{Conn, Result};

/// How many wait in each team's queue.
pub type Queues = BTreeMap<String, u32>;

/// Keeps the counts true when a turn passes from one to another.
pub(super) fn pass(counts: &mut Queues, from: &Handler, to: &Handler) {
    if let Handler::Queue { team, .. } = from {
        counts.entry(team.clone()).and_modify(|count| *count = count.saturating_sub(1));
    }
    if let Handler::Queue { team, .. } = to {
        *counts.entry(team.clone()).or_default() += 1;
    }
}

/// Steps a conversation through an event. Nothing is written.
///
/// How many wait matters only to who is put into a queue, which is rare, and counting costs a query on every turn. So the
/// step is taken without the count first, and again with it when it turns out to matter: a pure function may be asked twice.
pub async fn play(
    conn: &mut Conn,
    library: &Library,
    record: &Record,
    event: &Event,
    now: Timestamp,
) -> Result<(Conversation, Vec<Effect>)> {
    match run_counted(library, None, &record.state, event, now) {
        Some(played) => Ok(played),
        None => Ok(run(library, &conversations::queues(conn).await?, &record.state, event, now)),
    }
}

/// The same with what has been counted so far. None: it has to be counted first.
pub(super) fn run_counted(
    library: &Library,
    queues: Option<&Queues>,
    state: &Conversation,
    event: &Event,
    now: Timestamp,
) -> Option<(Conversation, Vec<Effect>)> {
    let uncounted = Queues::new();
    let (stepped, effects) = run(library, queues.unwrap_or(&uncounted), state, event, now);
    let joins = matches!(stepped.handler, Handler::Queue { .. }) && stepped.handler != state.handler;
    (queues.is_some() || !joins).then_some((stepped, effects))
}

/// Steps a state through an event and answers the engine's questions from the library. Pure.
pub fn run(
    library: &Library,
    queues: &Queues,
    state: &Conversation,
    event: &Event,
    now: Timestamp,
) -> (Conversation, Vec<Effect>) {
    let env = Env { now, book: &library.book, flows: &library.flows, queues };
    switchboard_engine::play(state, event, &env, library)
}
