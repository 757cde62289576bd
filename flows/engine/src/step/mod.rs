//! The heart: what follows from an event.
//!
//! | file | job |
//! | --- | --- |
//! | `turn` | the state under way, and the verbs that change it: say, offer, log, search |
//! | `contact` | what a contact's words and presses mean, in a fixed order |
//! | `menu` | greeting, starting options, starting over |
//! | `answer` | what a search found; votes and offers |
//! | `run` | the interpreter of flows: where a flow goes |
//! | `question` | what a flow asks, and what counts as the answer |
//! | `wording` | how a flow's texts read |
//! | `value` | addresses, numbers, conditions |
//! | `handoff` | from the bot to people, in one transition |
//! | `agent` | what agents do |
//! | `rating` | after a resolution |
//! | `timer` | what happens when enough time has passed |
//! | `repeat` | the present question once more |

mod agent;
mod answer;
mod contact;
mod handoff;
mod menu;
mod question;
mod rating;
mod repeat;
mod run;
mod timer;
mod turn;
mod value;
mod wording;

use sha2::{Digest, Sha256};

use crate::conversation::{Conversation, PendingKind};
use crate::effect::{Happening, Transition};
use crate::env::Env;
use crate::event::{Event, EventKind};
use crate::limits;
use turn::Turn;

/// What follows from an event: the next state, and the effects that the shell carries out with it.
///
/// Pure and total: the same arguments give the same result, and nothing makes it fail. An event that makes no sense is
/// noted in the log; an event whose id was applied before, and a timer that isn't running, change nothing; what an agent may
/// not do is answered with [`Effect::Refuse`](crate::Effect::Refuse) and changes nothing.
///
/// When the transition asks a question, the shell answers it with [`EventKind::Found`] on the returned state before it
/// commits anything, and carries out the effects of both steps.
pub fn step(conversation: &Conversation, event: &Event, env: &Env<'_>) -> Transition {
    let mark = event.id.as_deref().map(mark);
    if mark.is_some_and(|mark| conversation.applied.contains(&mark)) {
        return Transition { state: conversation.clone(), effects: Vec::new(), ask: None };
    }
    if let EventKind::TimerFired { timer, due, .. } = &event.kind
        && conversation.timers.get(timer) != Some(due)
    {
        return Transition { state: conversation.clone(), effects: Vec::new(), ask: None };
    }
    let mut turn = Turn::new(conversation, event.seq, env);
    if let Some(mark) = mark {
        push_bounded(&mut turn.state.applied, mark, limits::APPLIED_MAX);
    }
    match &event.kind {
        EventKind::Found(found) => turn.found(found),
        EventKind::MachineWrote { why } => turn.log(Happening::Silent, why.as_str()),
        EventKind::ContactOpened { contact, language } => {
            turn.drop_search();
            turn.meet(contact, language.as_deref());
            turn.opened();
        }
        EventKind::ContactStartedAnew { contact, language } => {
            turn.drop_search();
            turn.meet(contact, language.as_deref());
            turn.started_anew();
        }
        EventKind::ContactWrote { content, choice, contact, language } => {
            turn.drop_search();
            turn.meet(contact, language.as_deref());
            turn.wrote(content, choice.as_ref());
        }
        EventKind::Agent { agent, act } => {
            turn.drop_search();
            if let Err(refusal) = turn.agent(agent, act) {
                return turn::refused(conversation, agent, refusal);
            }
        }
        EventKind::TimerFired { timer, ahead, .. } => turn.timer_fired(*timer, *ahead),
    }
    turn.finish()
}

/// What an id is recognised by: the state is written on every turn, so it holds no ids in full. Somebody who finds two ids with
/// one mark has only a message of their own passed over.
fn mark(id: &str) -> u64 {
    Sha256::digest(id).iter().take(8).fold(0, |mark, byte| mark << 8 | u64::from(*byte))
}

/// Appends, and drops the oldest above `max`.
fn push_bounded<T>(queue: &mut std::collections::VecDeque<T>, item: T, max: usize) {
    while queue.len() >= max {
        queue.pop_front();
    }
    queue.push_back(item);
}

impl Turn<'_> {
    /// A search that nobody answered is forgotten: the shell never commits one.
    fn drop_search(&mut self) {
        if let Some(pending) = &mut self.state.pending
            && let PendingKind::Search { before, .. } = &mut pending.kind
        {
            let before = before.take();
            self.state.pending = before.map(|pending| *pending);
            self.log(Happening::Odd, "A search was under way that was never answered; it is dropped.");
        }
    }
}
