//! Conversation scripts: Markdown files whose fenced blocks are transcripts with a virtual clock.
//!
//! [`parse`] reads one; [`run`] plays it against a [`Harness`]: the [`PureHarness`] of this crate, or the whole server.

mod compare;
mod harness;
mod line;
mod model;
mod parse;
mod pure;
mod run;

pub use harness::{AgentCommand, Facts, Harness, Heard, Voice};
pub use model::{
    BriefParts, Check, Config, Expected, Line, LineKind, RawArticle, RawFlow, Script, ShownPart,
};
pub use parse::parse;
pub use pure::{Finder, PureHarness};
pub use run::{Failure, Transcript, run};
