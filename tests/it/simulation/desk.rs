//! The agents: what they ask for, what they are told, and what they ask for again because nobody answered.

use std::sync::Arc;
use std::time::Duration;

use switchboard::clock::Clock;
use switchboard::core::Core;
use switchboard::limits;
use switchboard::service::desk::{self, Error, Once};
use switchboard::service::redrive::{self, Decision};
use switchboard_contract::{Content, ConversationId, DeliveryId, Seq, Timestamp};
use switchboard_engine::{AgentAct, AgentRef};

use super::chance::Chance;
use super::world::{Wall, World};

/// One click of an agent.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) agent: usize,
    pub(super) conversation: ConversationId,
    pub(super) contact: usize,
    pub(super) act: AgentAct,
    /// The words that only this request says.
    pub(super) words: Option<String>,
    /// Times it was sent, and when first.
    pub(super) sent: usize,
    first: Option<Timestamp>,
    pub(super) answers: Vec<Answer>,
}

/// What the console is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// With the place of what was said.
    Done(Option<Seq>),
    Refused(&'static str),
    /// The server could not; whether it did is open.
    Failed(String),
}

impl Request {
    /// It has words, so it carries a key and may be repeated.
    pub(super) fn is_repeatable(&self) -> bool {
        self.words.is_some()
    }

    /// Somebody still waits for the answer, and asks again. Not for as long as the key is remembered: by any clock.
    pub(super) fn is_open(&self, wall: &Wall) -> bool {
        let waited = self.first.map_or(Duration::ZERO, |first| wall.latest().since(first));
        let answered = self.answers.iter().any(|answer| !matches!(answer, Answer::Failed(_)));
        self.is_repeatable() && !answered && waited < limits::IDEMPOTENCY_HOLDS / 2
    }
}

/// What an agent does next to a conversation, of which they have seen everything up to `seen`.
pub(super) fn draw(
    world: &World,
    chance: &mut Chance,
    (conversation, contact): (ConversationId, usize),
    seen: Seq,
) -> Request {
    let agent = chance.below(world.agents.len());
    let number = world.requests().len();
    let name = &world.agents[agent].name;
    let other = &world.agents[chance.below(world.agents.len())];
    let (mut words, note) = (None, chance.percent(30).then(|| "please look".to_owned()));
    let act = match chance.weighed(&[(25, 0), (35, 1), (6, 2), (5, 3), (6, 4), (7, 5), (11, 6), (5, 7)]) {
        0 => AgentAct::Claim { from_colleague: chance.percent(30) },
        1 => {
            let said = format!("Reply {number} of {name}");
            words = Some(said.clone());
            let seen = if chance.percent(80) { seen } else { Seq(0) };
            AgentAct::Reply { content: Content::plain(said), seen, anyway: chance.percent(30), last_foreign: Seq(0) }
        }
        2 => {
            let said = format!("Note {number} of {name}");
            words = Some(said.clone());
            AgentAct::Note { text: said }
        }
        3 => AgentAct::TransferToAgent { to: AgentRef { id: other.id, name: other.name.clone() }, note },
        4 => AgentAct::TransferToTeam { team: "billing".to_owned(), note },
        5 => AgentAct::ReturnToBot,
        6 => AgentAct::Resolve,
        _ => AgentAct::Reopen,
    };
    Request { agent, conversation, contact, act, words, sent: 0, first: None, answers: Vec::new() }
}

/// Decides about a delivery that is stuck.
pub(super) async fn decide(world: Arc<World>, core: Arc<Core>, id: DeliveryId, decision: Decision) {
    *world.decided().entry(id).or_default() += 1;
    world.note(None, format!("Ana decides about {id}: {decision:?}"));
    let done = redrive::decide(&core, "Ana", id, decision).await.map(|shown| shown.state);
    world.note(None, format!("  about {id} she is told: {done:?}"));
}

/// Sends a request once.
pub(super) async fn send(world: Arc<World>, core: Arc<Core>, number: usize) {
    let request = {
        let mut requests = world.requests();
        let request = &mut requests[number];
        request.sent += 1;
        request.first.get_or_insert(world.wall.now());
        request.clone()
    };
    let agent = &world.agents[request.agent];
    let about = Some(request.contact);
    world.note(about, format!("{} asks (request {number}): {:?}", agent.name, request.act));
    let once = request.words.as_ref().map(|words| Once {
        key: format!("key {number}"),
        fingerprint: format!("{words} in {}", request.conversation),
    });
    let done = desk::act(&core, agent, request.conversation, request.act, once).await;
    let answer = match done {
        Ok(done) => Answer::Done(done.entry.map(|entry| entry.seq)),
        Err(Error::Refused(refusal)) => Answer::Refused(refusal.code()),
        Err(Error::NotFound) => Answer::Refused("not_found"),
        Err(Error::KeyReused) => Answer::Refused("key_reused"),
        Err(Error::Store(error)) => Answer::Failed(error.to_string()),
    };
    world.note(about, format!("  request {number} is answered: {answer:?}"));
    world.requests()[number].answers.push(answer);
}
