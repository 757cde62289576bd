//! What a script is played against.

use std::collections::BTreeMap;
use std::time::Duration;

use switchboard_contract::{Choice, Citation};

use crate::brief::HandoffBrief;
use crate::conversation::{Handler, Priority, Status};

/// Something that holds conversations with customers and agents: the pure engine, or the whole server.
///
/// Customers are told apart by the script's name for them; the only customer of a script has the empty name. Every
/// method returns when all that follows from it has happened. An error text means that the harness itself failed,
/// except for [`Harness::agent`].
pub trait Harness {
    /// Told once, before the first line: the language that the customers' channel reports.
    ///
    /// # Errors
    /// The harness can't begin.
    fn begin(&mut self, language: Option<&str>) -> Result<(), String>;

    /// The customer opens the chat.
    ///
    /// # Errors
    /// The harness failed.
    fn contact_opens(&mut self, customer: &str) -> Result<(), String>;

    /// The customer writes.
    ///
    /// # Errors
    /// The harness failed.
    fn contact_writes(&mut self, customer: &str, text: &str) -> Result<(), String>;

    /// The customer presses an option that they were offered.
    ///
    /// # Errors
    /// The harness failed.
    fn contact_presses(&mut self, customer: &str, choice: &Choice) -> Result<(), String>;

    /// The customer asks for a new conversation. There is one when the present one is solved.
    ///
    /// # Errors
    /// The harness failed.
    fn contact_starts_anew(&mut self, customer: &str) -> Result<(), String>;

    /// The customer's last message is delivered a second time, with the same id.
    ///
    /// # Errors
    /// The harness failed.
    fn contact_repeats_last(&mut self, customer: &str) -> Result<(), String>;

    /// An agent acts on the conversation of this customer.
    ///
    /// # Errors
    /// The code of the refusal, as [`Refusal::code`](crate::Refusal::code).
    fn agent(&mut self, customer: &str, agent: &str, command: &AgentCommand) -> Result<(), String>;

    /// Time passes, at once; then the timers that are due by now fire, the one that was due first before the others.
    ///
    /// # Errors
    /// The harness failed.
    fn pass(&mut self, time: Duration) -> Result<(), String>;

    /// The server restarts; nothing may be lost.
    ///
    /// # Errors
    /// The harness failed.
    fn restart(&mut self) -> Result<(), String>;

    /// The customer's connection is cut and comes back.
    ///
    /// # Errors
    /// The harness failed.
    fn drop_connection(&mut self, customer: &str) -> Result<(), String>;

    /// Everything that was said to the customer since the script began, in order; over all their conversations.
    fn heard(&mut self, customer: &str) -> Vec<Heard>;

    /// The facts about the customer's present conversation.
    fn facts(&mut self, customer: &str) -> Facts;
}

/// What an agent does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentCommand {
    /// Says something.
    Reply {
        /// The words.
        text: String,
        /// Written without having seen the customer's last message.
        unseen: bool,
    },
    /// Takes the turn.
    Claim {
        /// Even from a colleague.
        from_colleague: bool,
    },
    /// Writes a note.
    Note(String),
    /// Hands the turn to a colleague, by name.
    TransferToAgent(String),
    /// Hands the conversation to a team.
    TransferToTeam(String),
    /// Gives the turn back to the bot.
    ReturnToBot,
    /// Solves it.
    Resolve,
    /// Opens it again.
    Reopen,
}

/// Who said something to a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Voice {
    /// The bot.
    Bot,
    /// The desk itself.
    System,
    /// An agent, by name.
    Agent(String),
}

/// Something a customer was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// By whom.
    pub voice: Voice,
    /// The text; Markdown when `markdown`.
    pub text: String,
    /// The text is Markdown.
    pub markdown: bool,
    /// The options offered.
    pub choices: Vec<Choice>,
    /// Where an answer comes from.
    pub citation: Option<Citation>,
}

/// What a script can ask about a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Who holds the turn.
    pub handler: Handler,
    /// Where it stands.
    pub status: Status,
    /// How much it matters.
    pub priority: Priority,
    /// The filled slots.
    pub slots: BTreeMap<String, String>,
    /// The running flow and the step it waits at.
    pub flow: Option<(String, String)>,
    /// The last brief.
    pub brief: Option<HandoffBrief>,
    /// The kinds of log entries since the script began, in order, as [`Happening::kind`](crate::Happening::kind).
    pub log: Vec<String>,
    /// The questions reported as unanswered since the script began.
    pub unanswered: Vec<String>,
    /// How many waited before this conversation at its last handoff.
    pub waiting_before: Option<u32>,
}
