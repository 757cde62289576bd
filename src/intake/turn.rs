//! One turn: steps the engine and answers its questions until it asks none.

use std::collections::BTreeMap;

use switchboard_contract::Timestamp;
use switchboard_engine::{Conversation, Effect, Env, Event, Handler};

use crate::library::Library;
use crate::store::conversations::{self, Record};
use crate::store::{Conn, Result};

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
    let (state, effects) = run(library, &BTreeMap::new(), &record.state, event, now);
    if !matches!(state.handler, Handler::Queue { .. }) || state.handler == record.state.handler {
        return Ok((state, effects));
    }
    let queues = conversations::queues(conn).await?;
    Ok(run(library, &queues, &record.state, event, now))
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
