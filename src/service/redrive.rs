//! What people decide about deliveries that are stuck: send them again, or give them up.
//!
//! A redriven delivery keeps its id, by which the channel recognises it, and its place, so it goes out next in its lane.

use std::sync::Arc;

use switchboard_contract::{DeliveryId, DeliveryState, Timestamp};
use switchboard_engine::{Effect, Happening, LogEntry};

use crate::core::Core;
use crate::intake::persist;
use crate::limits;
use crate::store::deliveries::{self, Shown, State};
use crate::store::entries::{self, Progress};
use crate::store::{self, Conn, circuits, conversations};

/// What is decided about a stuck delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Send it again.
    Retry {
        /// Also where it was perhaps delivered and the channel would not recognise the repetition.
        even_if_delivered: bool,
    },
    /// Give it up.
    Drop {
        /// Why.
        reason: String,
    },
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such delivery.
    #[error("there is no such delivery")]
    NotFound,
    /// There is nothing to decide.
    #[error("this delivery is {}: only a failed or uncertain one is sent again or dropped", word(*.0))]
    NotStuck(State),
    /// A person has to say that they mean it.
    #[error("it was perhaps delivered already, and this channel may deliver it twice; say that you want it anyway")]
    PerhapsDelivered,
    /// The reason is missing or too long.
    #[error("give a reason of 1 to {} characters", limits::REASON_CHARS_MAX)]
    BadReason,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

fn word(state: State) -> &'static str {
    match state {
        State::Pending => "pending",
        State::Sending => "being sent",
        State::Sent => "sent",
        State::Uncertain => "uncertain",
        State::Failed => "failed",
        State::Dropped => "dropped",
    }
}

/// Carries a decision out in one transaction; `who` is a name. Returns the delivery as it is afterwards.
pub async fn decide(core: &Arc<Core>, who: &str, id: DeliveryId, decision: Decision) -> Result<Shown, Error> {
    for _ in 0..limits::STEP_ATTEMPTS_MAX {
        let (shared, name, wanted) = (Arc::clone(core), who.to_owned(), decision.clone());
        let done = core
            .store
            .write(move |conn| Box::pin(async move { decide_in(conn, &name, id, &wanted, shared.now()).await }))
            .await;
        // Somebody else wrote the conversation meanwhile: decide on what is true now.
        if !matches!(done, Err(Error::Store(store::Error::Stale))) {
            return done;
        }
    }
    Err(store::Error::Stale.into())
}

async fn decide_in(
    conn: &mut Conn,
    who: &str,
    id: DeliveryId,
    decision: &Decision,
    now: Timestamp,
) -> Result<Shown, Error> {
    let delivery = deliveries::get(conn, id).await?.ok_or(Error::NotFound)?;
    let (done, shown, what, why) = match decision {
        _ if !delivery.state.is_stuck() => return Err(Error::NotStuck(delivery.state)),
        // Where a channel recognises repetitions it would be harmless; there this is rare, and asking costs a click.
        Decision::Retry { even_if_delivered: false } if delivery.state == State::Uncertain => {
            return Err(Error::PerhapsDelivered);
        }
        Decision::Retry { .. } => {
            let done = deliveries::redrive(conn, id, delivery.state, now).await?;
            circuits::hurry(conn, &delivery.target, now).await?;
            let before = delivery.error.as_deref().unwrap_or("it failed");
            let why = format!("{who} had it sent again; before: {before}");
            (done, (DeliveryState::Pending, None), Happening::DeliveryRetried { who: who.to_owned() }, why)
        }
        Decision::Drop { reason } => {
            let reason = reason.trim();
            if reason.is_empty() || reason.chars().count() > limits::REASON_CHARS_MAX {
                return Err(Error::BadReason);
            }
            let words = format!("dropped by {who}: {reason}");
            let done = deliveries::drop(conn, id, &words).await?;
            let state =
                if delivery.state == State::Uncertain { DeliveryState::Uncertain } else { DeliveryState::Failed };
            (done, (state, Some(words.clone())), Happening::DeliveryDropped { who: who.to_owned() }, words)
        }
    };
    let after = deliveries::get(conn, id).await?.ok_or(Error::NotFound)?;
    if !done {
        return Err(Error::NotStuck(after.state));
    }
    if let (Some((conversation, _)), Some(at)) = (delivery.conversation, delivery.seq) {
        let (state, error) = shown;
        entries::set_deliveries(conn, &[Progress { conversation, at, state, error }]).await?;
        if let Some(mut record) = conversations::get(conn, conversation).await? {
            let state = record.state.clone();
            let log = Effect::Log(LogEntry { what, why });
            persist::persist(conn, &mut record, state, vec![log], &["delivery"], now).await?;
        }
    }
    tracing::info!(delivery.id = %id, by = who, state = ?after.state, "a stuck delivery was decided about");
    Ok(after)
}
