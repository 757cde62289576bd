//! One turn: steps the engine and answers its questions until it asks none.

use std::collections::BTreeMap;

use switchboard_contract::Timestamp;
use switchboard_engine::{
    Ask, Conversation, Effect, Env, Event, EventKind, Found, Handler, Hit, Target, Verdict, limits, step,
};

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
    let (seq, mut transition) = (event.seq, step(state, event, &env));
    let mut effects = std::mem::take(&mut transition.effects);
    for _ in 0..limits::ASKS_PER_EVENT_MAX {
        let Some(ask) = transition.ask.take() else { break };
        let found = Event { id: None, seq, kind: EventKind::Found(answer(library, &ask)) };
        transition = step(&transition.state, &found, &env);
        effects.append(&mut transition.effects);
    }
    (transition.state, effects)
}

/// Answers a question of the engine from the library.
fn answer(library: &Library, ask: &Ask) -> Found {
    match ask {
        Ask::Find { question, language } => library.find(question, language),
        Ask::Article { slug, language } => match library.article(slug, language) {
            Some(card) => Found {
                verdict: Verdict::Sure(Hit { nearest: card.slug.clone(), target: Target::Article(card), score: 1.0 }),
                why: format!("the flow shows the article `{slug}`"),
            },
            None => Found {
                verdict: Verdict::Nothing,
                why: format!("the article `{slug}` is missing, not published or not public"),
            },
        },
    }
}
