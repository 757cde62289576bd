//! One turn: steps the engine and answers its questions until it asks none.

use std::collections::BTreeMap;

use switchboard_contract::Timestamp;
use switchboard_engine::{Conversation, Effect, Env, Event, Handler};

use crate::library::Library;
use crate::store::conversations::{self, Record};
use crate::store::{Conn, Result};

/// How many wait in each team's queue: counted when it is first asked for, and kept up to date by whoever steps on.
#[derive(Debug, Default)]
pub struct Queues {
    counts: Option<BTreeMap<String, u32>>,
    /// Turns that passed before anybody counted.
    moves: Vec<(Handler, Handler)>,
}

impl Queues {
    async fn counted(&mut self, conn: &mut Conn) -> Result<&BTreeMap<String, u32>> {
        if self.counts.is_none() {
            let mut counts = conversations::queues(conn).await?;
            for (from, to) in self.moves.drain(..) {
                pass(&mut counts, &from, &to);
            }
            self.counts = Some(counts);
        }
        Ok(self.counts.get_or_insert_default())
    }

    /// Notes that a turn passed from one to another, when that is not yet to be seen in the database.
    pub(super) fn moved(&mut self, from: Handler, to: Handler) {
        match &mut self.counts {
            Some(counts) => pass(counts, &from, &to),
            None => self.moves.push((from, to)),
        }
    }
}

fn pass(counts: &mut BTreeMap<String, u32>, from: &Handler, to: &Handler) {
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
    queues: &mut Queues,
    record: &Record,
    event: &Event,
    now: Timestamp,
) -> Result<(Conversation, Vec<Effect>)> {
    let (state, effects) = run(library, &BTreeMap::new(), &record.state, event, now);
    if !matches!(state.handler, Handler::Queue { .. }) || state.handler == record.state.handler {
        return Ok((state, effects));
    }
    Ok(run(library, queues.counted(conn).await?, &record.state, event, now))
}

/// Steps a state through an event and answers the engine's questions from the library. Pure.
pub fn run(
    library: &Library,
    queues: &BTreeMap<String, u32>,
    state: &Conversation,
    event: &Event,
    now: Timestamp,
) -> (Conversation, Vec<Effect>) {
    let env = Env { now, book: &library.book, flows: &library.flows, queues };
    switchboard_engine::play(state, event, &env, library)
}
