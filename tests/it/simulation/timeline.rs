//! A conversation read from its beginning, as an agent reads it: who holds the turn at each line, who speaks, who is answered.

use switchboard::store::conversations::Record;
use switchboard::store::entries::{Author, Body, Entry};
use switchboard_engine::{Handler, Happening, LogEntry, Status};

use super::model::Truth;
use super::world::{Finding, World, must};

/// Who holds the turn, as the timeline tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Holder {
    Bot,
    Queue(String),
    Agent(String),
}

pub(super) fn check(
    world: &World,
    contact: usize,
    record: &Record,
    entries: &[Entry],
    truth: &Truth,
) -> Result<(), Finding> {
    let about = |entry: &Entry, what: String| {
        Finding::about(
            contact,
            format!("conversation {} at {}: {what}\n{}", record.number, entry.seq.0, shown(entries)),
        )
    };
    let mut holder = Holder::Bot;
    let (mut resolved, mut handoffs, mut reminded) = (false, 0, false);
    for (index, entry) in entries.iter().enumerate() {
        match (&entry.body, &entry.author) {
            (Body::Log(LogEntry { what: Happening::StillWaiting, .. }), _) => {
                let waits = matches!(holder, Holder::Queue(_));
                must(waits && !reminded, || about(entry, format!("a reminder while {holder:?} holds the turn")))?;
                reminded = true;
            }
            (Body::Log(log), _) => {
                handoffs += usize::from(goes_to_a_team(world, log));
                // Whoever gets it anew begins to wait anew.
                reminded &= !follow(world, log, &mut holder, &mut resolved);
            }
            (Body::Message(..), Author::Bot) => {
                must(holder == Holder::Bot, || {
                    about(entry, format!("the bot speaks while {holder:?} holds the turn"))
                })?;
            }
            (Body::Message(..), Author::Agent(_, name)) => {
                let is_theirs = holder == Holder::Agent(name.clone());
                must(is_theirs, || about(entry, format!("{name} speaks while {holder:?} holds the turn")))?;
            }
            (Body::Message(..), Author::Contact) => {
                let answered = holder != Holder::Bot || is_answered(&entries[index + 1..]);
                must(answered, || about(entry, "nobody answers, and nobody says why".to_owned()))?;
            }
            (Body::Message(..), Author::System) | (Body::Note(_), _) => {}
        }
    }
    let stored = match &record.state.handler {
        Handler::Bot => Holder::Bot,
        Handler::Queue { team, .. } => Holder::Queue(team.clone()),
        Handler::Agent { agent, .. } => Holder::Agent(agent.name.clone()),
    };
    let general =
        |what: String| Finding::about(contact, format!("conversation {}: {what}\n{}", record.number, shown(entries)));
    must(stored == holder, || general(format!("the timeline ends with {holder:?}, the state says {stored:?}")))?;
    must(resolved == (record.state.status == Status::Resolved), || {
        general(format!("the timeline says that resolved is {resolved}, the state is {:?}", record.state.status))
    })?;
    let waits_on = matches!(holder, Holder::Queue(_)) && !reminded;
    must(waits_on != record.state.timers.is_empty(), || {
        general(format!("reminded: {reminded}, and the timers are {:?}", record.state.timers))
    })?;
    let (briefs, told) = (truth.briefs[&record.state.id], truth.waiting.get(&record.state.id).copied().unwrap_or(0));
    must(told == handoffs, || general(format!("{handoffs} handoffs, and agents were told of {told}")))?;
    must(briefs >= handoffs, || general(format!("{handoffs} handoffs, and only {briefs} briefs")))
}

/// Before the contact's next words, somebody says something or the silence is explained.
fn is_answered(after: &[Entry]) -> bool {
    for entry in after {
        match (&entry.body, &entry.author) {
            (Body::Message(..), Author::Contact) => return false,
            (Body::Message(..), Author::Bot | Author::System | Author::Agent(..))
            | (Body::Log(LogEntry { what: Happening::Silent, .. }), _) => return true,
            (Body::Log(_) | Body::Note(_), _) => {}
        }
    }
    false
}

fn is_agent(world: &World, name: &str) -> bool {
    world.agents.iter().any(|agent| agent.name == name)
}

fn goes_to_a_team(world: &World, log: &LogEntry) -> bool {
    matches!(&log.what, Happening::HandedOff { .. })
        || matches!(&log.what, Happening::Transferred { to } if !is_agent(world, to))
}

/// Follows a line of the timeline; whether it says that the turn goes to somebody.
fn follow(world: &World, log: &LogEntry, holder: &mut Holder, resolved: &mut bool) -> bool {
    let to = match &log.what {
        Happening::HandedOff { team } => Holder::Queue(team.clone()),
        Happening::Claimed { agent } => Holder::Agent(agent.clone()),
        Happening::Transferred { to } if is_agent(world, to) => Holder::Agent(to.clone()),
        Happening::Transferred { to } => Holder::Queue(to.clone()),
        Happening::ReturnedToBot => Holder::Bot,
        Happening::Resolved { .. } => {
            *resolved = true;
            Holder::Bot
        }
        Happening::Reopened | Happening::StartedOver => {
            *resolved = false;
            // "Ana opened it again and holds it."
            let by = world.agents.iter().find(|agent| log.why.starts_with(&format!("{} opened it", agent.name)));
            let Some(agent) = by else { return false };
            Holder::Agent(agent.name.clone())
        }
        Happening::Opened
        | Happening::FlowStarted { .. }
        | Happening::FlowEnded { .. }
        | Happening::FlowLeft { .. }
        | Happening::SlotFilled { .. }
        | Happening::Answered { .. }
        | Happening::AskedBetween { .. }
        | Happening::NotUnderstood
        | Happening::Voted { .. }
        | Happening::PrioritySet { .. }
        | Happening::Rated { .. }
        | Happening::StillWaiting
        | Happening::FiledLater { .. }
        | Happening::Placed
        | Happening::Reported
        | Happening::DeliveryRetried { .. }
        | Happening::DeliveryDropped { .. }
        | Happening::Silent
        | Happening::Refused { .. }
        | Happening::Odd => return false,
    };
    *holder = to;
    true
}

/// The conversation as one reads it.
fn shown(entries: &[Entry]) -> String {
    let line = |entry: &Entry| {
        let what = match &entry.body {
            Body::Message(content, choice) => {
                format!("{:?} {choice:?}", content.text.chars().take(60).collect::<String>())
            }
            Body::Note(text) => format!("note {text:?}"),
            Body::Log(log) => format!("log {:?}: {}", log.what, log.why),
        };
        format!("  {:>3} {:<8} {what} {:?}", entry.seq.0, entry.author.kind(), entry.delivery)
    };
    entries.iter().map(line).collect::<Vec<_>>().join("\n")
}
