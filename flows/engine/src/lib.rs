//! The pure conversation machine: what the bot says, when it is silent, and what people get to see when they take over.
//!
//! Everything here is a function of its arguments. [`step`] takes the state of a conversation, an event and the
//! surroundings, and returns the next state with the effects that the shell carries out in the transaction that saves
//! it. There is no clock, no randomness, no file and no network; so one conversation script runs here and against the
//! whole server, and if they disagree the server is wrong.
//!
//! | to learn | open |
//! | --- | --- |
//! | what follows from an event | [`step()`], and [`play()`], which answers its questions |
//! | the state of a conversation | [`conversation`] |
//! | what can happen, what follows | [`event`], [`effect`] |
//! | what an agent sees at a handoff | [`brief`] |
//! | scripted dialogues | [`flow`] |
//! | what the bot says and understands | [`book`] |
//! | transcripts as tests | [`script`] |
//! | every bound | [`limits`] |
#![warn(missing_docs)]

pub mod book;
pub mod brief;
pub mod conversation;
pub mod effect;
pub mod env;
pub mod event;
mod find;
pub mod flow;
pub mod limits;
pub mod problem;
pub mod script;
mod step;
mod template;
pub mod text;
mod yaml;

pub use book::{BotBook, TextId};
pub use brief::{HandoffBrief, HandoffReason};
pub use conversation::{
    AgentRef, ContactFacts, Conversation, FlowRun, Handler, PathStep, Pending, PendingKind, Priority, Resolution,
    ResolvedBy, SearchPurpose, ShownArticle, Status, TimerKind,
};
pub use effect::{Ask, Effect, Happening, LogEntry, Notice, Refusal, Speaker, Transition};
pub use env::Env;
pub use event::{AgentAct, ArticleCard, Event, EventKind, Found, Hit, Target, Verdict};
pub use find::{Finder, play};
pub use flow::{Flow, FlowSet, FlowVersion};
pub use problem::{Place, Problem, Severity};
pub use step::step;
