//! A conversation script as data.

use std::collections::BTreeMap;
use std::time::Duration;

use super::harness::AgentCommand;
use crate::problem::Place;

/// One behaviour, as a transcript.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// The file it was read from, as it was named to the parser.
    pub file: String,
    /// What it shows: the first heading.
    pub title: String,
    /// Flows of its own; each replaces a shipped one of the same name.
    pub flows: Vec<RawFlow>,
    /// Articles of its own; each replaces a shipped one of the same slug and language.
    pub articles: Vec<RawArticle>,
    /// How it begins.
    pub config: Config,
    /// What happens, in order.
    pub lines: Vec<Line>,
}

/// A flow in a script, unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawFlow {
    /// Its name, as its first key says.
    pub name: String,
    /// The YAML.
    pub source: String,
    /// Where the YAML begins in the script.
    pub at: Place,
}

/// An article in a script, unread: front matter and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawArticle {
    /// Its slug.
    pub slug: String,
    /// Its language.
    pub lang: String,
    /// The file's text.
    pub source: String,
    /// Where the text begins in the script.
    pub at: Place,
}

/// How a script begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The language the customer's channel reports.
    pub language: Option<String>,
    /// When the virtual clock starts: RFC 3339, in UTC. `2026-03-02T09:00:00Z` when the script says nothing.
    pub start: switchboard_contract::Timestamp,
    /// Shipped flows and articles are loaded. The bot book always is.
    pub shipped: bool,
}

/// One line with its place in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The line's number in the file, from 1.
    pub number: usize,
    /// The line as it is written.
    pub source: String,
    /// The customer it concerns; empty for the only one.
    pub customer: String,
    /// What it says.
    pub kind: LineKind,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq)]
pub enum LineKind {
    /// The customer writes.
    Writes(String),
    /// The customer opens the chat.
    Opens,
    /// The customer presses the option with this label.
    Presses(String),
    /// The customer begins a new conversation.
    StartsAnew,
    /// The customer's last message is delivered a second time.
    RepeatsLast,
    /// Only turns to another customer: what follows concerns them.
    Focus,
    /// Bot or desk must say this next.
    Expects(Expected),
    /// An agent acts.
    Agent {
        /// Their name.
        name: String,
        /// What they do.
        command: AgentCommand,
    },
    /// The agent's action before this line was refused with this code.
    Refused(String),
    /// Time passes.
    Passes(Duration),
    /// The server restarts.
    Restarts,
    /// The customer's connection is cut and comes back.
    ConnectionDrops,
    /// A fact must hold.
    Holds(Check),
}

/// What is expected to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// By the bot, else by the desk itself.
    pub by_bot: bool,
    /// The text; `…` stands for any text.
    pub text: String,
    /// The labels of the options, when they are checked.
    pub choices: Option<Vec<String>>,
    /// The citation's title, when it is checked.
    pub citation: Option<String>,
}

/// A fact a script checks.
#[derive(Debug, Clone, PartialEq)]
pub enum Check {
    /// Who holds the turn: `bot`, `queue <team>` or `agent <name>`.
    Handler(String),
    /// `open`, `waiting` or `resolved`.
    Status(String),
    /// A slot's value; none: the slot is empty.
    Slot {
        /// The slot.
        slot: String,
        /// The value.
        value: Option<String>,
    },
    /// The running flow and its step; none: no flow runs.
    Flow(Option<(String, Option<String>)>),
    /// `low`, `normal`, `high` or `urgent`.
    Priority(String),
    /// The last brief.
    Brief(Box<BriefParts>),
    /// A log entry of a kind exists, or none does.
    Log {
        /// The kind, as [`Happening::kind`](crate::Happening::kind).
        kind: String,
        /// It exists.
        exists: bool,
    },
    /// How many waited before, as told to the customer.
    WaitingBefore(u32),
    /// A question was reported as unanswered.
    Unanswered(String),
    /// Nothing further was said.
    Silence,
}

/// What a brief must hold; what is not named isn't checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BriefParts {
    /// The reason, as in [`HandoffReason`](crate::HandoffReason).
    pub reason: Option<String>,
    /// The team.
    pub team: Option<String>,
    /// The open question, verbatim.
    pub open_question: Option<String>,
    /// Slots with their values.
    pub slots: BTreeMap<String, String>,
    /// Articles shown, with votes.
    pub shown: Vec<ShownPart>,
    /// Steps on the path, each `flow.step`, in this order, others between them allowed.
    pub path: Vec<String>,
}

/// An article a brief must name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownPart {
    /// Its title.
    pub title: String,
    /// The vote: none for unvoted.
    pub helped: Option<bool>,
}
