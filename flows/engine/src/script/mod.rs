//! Conversation scripts: Markdown files whose fenced blocks are transcripts with a virtual clock.
//!
//! [`parse`] reads one; [`run`] plays it against a [`Harness`]: the [`PureHarness`] of this crate, or the whole server.
//!
//! The lines of a ```` ```script ```` block:
//!
//! | line | meaning |
//! | --- | --- |
//! | `customer: words` | the contact writes; `customer B:` is a second contact |
//! | `bot: words`, `system: words` | this must be said next; `…` stands for any text |
//! | `  [One] [Two]`, `  (from: Title)` | indented below: exactly these options, this source |
//! | `Ana: words` | the agent Ana replies |
//! | `* customer opens`, `* customer presses One`, `* customer starts anew`, `* customer repeats the last message` | contacts act |
//! | `* Ana claims`, `* Ana resolves`, `* Ana notes: words` … | agents act |
//! | `* refused: code` | the action before was refused |
//! | `* 8 days pass`, `* the server restarts`, `* the connection drops` | the world turns |
//! | `* with customer B` | what follows concerns the other contact |
//! | `= handler: bot`, `= slot name: value`, `= silence` … | facts that must hold |
//!
//! A line that names no customer concerns the one named last.

mod compare;
mod harness;
mod line;
mod model;
mod parse;
mod pure;
mod run;

pub use harness::{AgentCommand, Facts, Harness, Heard, Voice};
pub use model::{BriefParts, Check, Config, Expected, Line, LineKind, RawArticle, RawFlow, Script, ShownPart};
pub use parse::parse;
pub use pure::PureHarness;
pub use run::{Failure, Transcript, run};
