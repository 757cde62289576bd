//! What agents do to conversations. The engine decides whether they may; nothing changes when it refuses.

use std::sync::Arc;

use switchboard_contract::{ConversationId, Seq};
use switchboard_engine::{AgentAct, AgentRef, Effect, Event, EventKind, Handler, Refusal};

use crate::core::Core;
use crate::intake::{persist, turn};
use crate::limits;
use crate::store::accounts::{self, Agent};
use crate::store::conversations::{self, Record};
use crate::store::entries::{self, Entry};
use crate::store::{self, Conn};

/// Why an act was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such conversation.
    #[error("there is no such conversation")]
    NotFound,
    /// The engine refuses it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The idempotency key was used for something else.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Makes a repeated request harmless: the second one gets the first one's answer.
#[derive(Debug, Clone)]
pub struct Once {
    /// The client's key.
    pub key: String,
    /// What identifies the request: another request under the same key is refused.
    pub fingerprint: String,
}

/// What an act left behind.
#[derive(Debug)]
pub struct Done {
    /// The conversation afterwards.
    pub record: Record,
    /// The message or note that was made, if the act makes one.
    pub entry: Option<Entry>,
}

/// Does an act in one transaction. When somebody else writes the conversation at that moment, which only happens on PostgreSQL, it is
/// done again on what is true then, a bounded number of times.
pub async fn act(
    core: &Arc<Core>,
    agent: &Agent,
    conversation: ConversationId,
    act: AgentAct,
    once: Option<Once>,
) -> Result<Done, Error> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let (shared, agent, act, once) = (Arc::clone(core), agent.clone(), act.clone(), once.clone());
        let done = core
            .store
            .write(move |conn| Box::pin(async move { act_in(conn, &shared, &agent, conversation, act, once).await }))
            .await;
        match done {
            Err(Error::Store(store::Error::Stale)) if attempts < limits::STEP_ATTEMPTS_MAX => {}
            done => return done,
        }
    }
}

async fn act_in(
    conn: &mut Conn,
    core: &Core,
    agent: &Agent,
    conversation: ConversationId,
    act: AgentAct,
    once: Option<Once>,
) -> Result<Done, Error> {
    let now = core.now();
    let mut record = conversations::get(conn, conversation).await?.ok_or(Error::NotFound)?;
    if let Some(once) = &once
        && let Some((fingerprint, place)) = accounts::remembered(conn, agent.id, &once.key).await?
    {
        if fingerprint != once.fingerprint {
            return Err(Error::KeyReused);
        }
        let entry = entries::get(conn, conversation, Seq(place.parse().unwrap_or(0))).await?;
        return Ok(Done { record, entry });
    }
    let mut act = act;
    if let AgentAct::Reply { last_foreign, .. } = &mut act {
        *last_foreign = entries::last_foreign(conn, conversation, &agent.id.to_string()).await?;
    }
    if let AgentAct::Claim { .. } | AgentAct::Reply { .. } | AgentAct::Reopen | AgentAct::ReturnToBot = act {
        // A contact sees the newest conversation of their thread only: nobody speaks where nobody listens.
        let newest = conversations::latest(conn, record.inbox, &record.thread).await?;
        if let Some(newest) = newest.filter(|newest| newest.state.id != conversation) {
            return Err(Refusal::Superseded { number: newest.number }.into());
        }
    }
    let makes_entry = matches!(act, AgentAct::Reply { .. } | AgentAct::Note { .. });
    let actor = AgentRef { id: agent.id, name: agent.name.clone() };
    let event = Event { id: None, seq: record.seq, kind: EventKind::Agent { agent: actor, act } };
    let (state, effects) = turn::play(conn, &core.library.get(), &record, &event, now).await?;
    if let Some(refusal) = effects.iter().find_map(refusal) {
        return Err(refusal.into());
    }
    let made = persist::persist(conn, &mut record, state, effects, &[], now).await?;
    // What an agent does shows that they have seen what was there.
    conversations::mark_read(conn, agent.id, conversation, record.seq).await?;
    let entry = made.into_iter().find(|entry| makes_entry && !matches!(entry.body, entries::Body::Log(_)));
    if let (Some(once), Some(entry)) = (once, &entry) {
        accounts::remember(conn, agent.id, &once.key, &once.fingerprint, &entry.seq.0.to_string(), now).await?;
    }
    Ok(Done { record, entry })
}

/// Hands everything an agent holds back to its team's queue, in the caller's transaction: the agent can't work on it any more.
pub async fn release_all(conn: &mut Conn, core: &Core, agent: &Agent) -> Result<(), Error> {
    for id in conversations::held_by(conn, agent.id).await? {
        let record = conversations::get(conn, id).await?.ok_or(Error::NotFound)?;
        let team = match &record.state.handler {
            Handler::Agent { team: Some(team), .. } => team.clone(),
            Handler::Agent { .. } | Handler::Bot | Handler::Queue { .. } => core.library.get().book.team.clone(),
        };
        let note = Some(format!("{} can't take conversations any more", agent.name));
        act_in(conn, core, agent, id, AgentAct::TransferToTeam { team, note }, None).await?;
    }
    Ok(())
}

fn refusal(effect: &Effect) -> Option<Refusal> {
    match effect {
        Effect::Refuse(refusal) => Some(refusal.clone()),
        Effect::Say { .. }
        | Effect::Note { .. }
        | Effect::Log(_)
        | Effect::Brief(_)
        | Effect::Notify(_)
        | Effect::Voted(_)
        | Effect::Unanswered { .. }
        | Effect::Rated { .. } => None,
    }
}
