//! What the engine decides: the shell carries it out in the transaction that saves the state.

use serde::{Deserialize, Serialize};
use switchboard_contract::{ArticleId, Content, Timestamp};

use crate::brief::HandoffBrief;
use crate::conversation::{AgentRef, Conversation, Priority, ShownArticle};

/// The outcome of one [`step`](crate::step).
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// The state after the event.
    pub state: Conversation,
    /// What follows, in order.
    pub effects: Vec<Effect>,
    /// A question to the shell, to be answered by an event before anything is committed. Effects of both steps count.
    pub ask: Option<Ask>,
}

/// A question the engine can't answer from its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Search articles and flows; answered by [`EventKind::Found`](crate::EventKind::Found).
    Find {
        /// The words of the contact.
        question: String,
        /// The conversation's language.
        language: String,
    },
    /// Look up one article by its slug, for a flow's `answer` step; answered by `Found` with `Sure` or `Nothing`.
    Article {
        /// The slug.
        slug: String,
        /// The conversation's language.
        language: String,
    },
}

/// One consequence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// A message to the contact: one entry and one delivery.
    Say {
        /// Who speaks.
        speaker: Speaker,
        /// What.
        content: Content,
        /// The turn it was said in.
        turn: u64,
    },
    /// A private note: one entry that only agents see.
    Note {
        /// Who wrote it.
        agent: AgentRef,
        /// The words.
        text: String,
    },
    /// Something to be seen in the timeline, with its reason: one entry that only agents see.
    Log(LogEntry),
    /// The brief for whoever takes over.
    Brief(Box<HandoffBrief>),
    /// Tell the agents who can pick it up.
    Notify(Notice),
    /// The contact said whether an article helped.
    Voted(ShownArticle),
    /// A question that nothing answered, for the knowledge manager.
    Unanswered {
        /// Verbatim.
        question: String,
        /// The conversation's language.
        language: String,
    },
    /// The contact rated the conversation.
    Rated {
        /// 1 to 5.
        score: u8,
        /// In their own words, if they added any.
        comment: Option<String>,
    },
    /// What was asked is not done. Always the only effect besides log entries, with the state unchanged but for the log.
    Refuse(Refusal),
}

/// Who speaks to the contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Speaker {
    /// The bot.
    Bot,
    /// An agent.
    Agent {
        /// Who.
        agent: AgentRef,
    },
    /// The desk itself: notices about the handoff, the queue, the resolution.
    System,
}

/// Whom to tell, and of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// A conversation waits in a team's queue.
    Waiting {
        /// The team.
        team: String,
        /// Since when.
        since: Timestamp,
    },
    /// A conversation was handed to an agent.
    Assigned {
        /// To whom.
        agent: AgentRef,
    },
    /// The contact wrote to the agent who holds the turn.
    ContactWrote {
        /// Who holds it.
        agent: AgentRef,
    },
}

/// Why something was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Refusal {
    /// Only the holder of the turn may do this.
    #[error("{holder} holds this conversation; claim it first")]
    NotYourTurn {
        /// Who holds it, for people.
        holder: String,
    },
    /// Newer messages stand below what the agent had seen.
    #[error("there are newer messages than the one you were looking at")]
    NewerMessages,
    /// The conversation is solved.
    #[error("the conversation is resolved; reopen it first")]
    Resolved,
    /// A colleague holds it, and nobody said to take it from them.
    #[error("{holder} has claimed this conversation already")]
    HeldByColleague {
        /// The colleague's name.
        holder: String,
    },
    /// The contact has begun a newer conversation, and only one is shown to them. The engine knows one conversation and
    /// never says this; the shell does.
    #[error("the contact has begun a newer conversation, #{number}; go on there")]
    Superseded {
        /// The newer conversation's number, for people.
        number: i64,
    },
    /// There is nothing to do: it is so already.
    #[error("{0}")]
    AlreadySo(String),
    /// The words can't be sent.
    #[error("{0}")]
    BadContent(String),
}

/// An entry of the timeline that explains something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// What happened.
    pub what: Happening,
    /// Why, in words an agent understands.
    pub why: String,
}

/// What can be explained in a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Happening {
    /// The contact opened the chat and was greeted.
    Opened,
    /// A flow began.
    FlowStarted {
        /// Its name.
        flow: String,
    },
    /// A flow reached its end.
    FlowEnded {
        /// Its name.
        flow: String,
    },
    /// A flow was left before its end.
    FlowLeft {
        /// Its name.
        flow: String,
    },
    /// A slot was filled.
    SlotFilled {
        /// The slot.
        slot: String,
        /// The value.
        value: String,
    },
    /// The bot answered from an article.
    Answered {
        /// The article.
        article: ArticleId,
        /// Its title.
        title: String,
    },
    /// The bot offered two or three answers.
    AskedBetween {
        /// Their titles.
        titles: Vec<String>,
    },
    /// The bot did not understand, and said so.
    NotUnderstood,
    /// The contact said whether an article helped.
    Voted {
        /// The article's title.
        title: String,
        /// Did it?
        helped: bool,
    },
    /// The conversation went to a team's queue.
    HandedOff {
        /// The team.
        team: String,
    },
    /// The priority changed.
    PrioritySet {
        /// To what.
        priority: Priority,
    },
    /// An agent took the turn.
    Claimed {
        /// Who.
        agent: String,
    },
    /// The turn went to a colleague or another team.
    Transferred {
        /// To whom.
        to: String,
    },
    /// The turn went back to the bot.
    ReturnedToBot,
    /// Solved.
    Resolved {
        /// By whom.
        by: String,
    },
    /// Opened again.
    Reopened,
    /// The contact rated.
    Rated {
        /// 1 to 5.
        score: u8,
    },
    /// The contact began again from the start.
    StartedOver,
    /// The contact was told that they still wait in the queue and are not forgotten.
    StillWaiting,
    /// A message that could not be filed when it came was filed now. The engine never says this; the shell does.
    FiledLater {
        /// By whom.
        by: String,
    },
    /// A message that could not be delivered was sent again.
    DeliveryRetried {
        /// Who decided it.
        who: String,
    },
    /// A message that could not be delivered was given up.
    DeliveryDropped {
        /// Who decided it.
        who: String,
    },
    /// A message found its conversation by what it says, or was kept apart from it. The engine never says this; the shell does.
    Placed,
    /// The channel reported what became of something we sent. The engine never says this; the shell does.
    Reported,
    /// Something was deliberately not answered.
    Silent,
    /// Something was refused.
    Refused {
        /// Whose act.
        who: String,
    },
    /// An event made no sense here and was only noted.
    Odd,
}

impl Refusal {
    /// The code by which the API and the scripts name it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotYourTurn { .. } => "not_your_turn",
            Self::NewerMessages => "newer_messages",
            Self::Resolved => "resolved",
            Self::HeldByColleague { .. } => "held_by_colleague",
            Self::Superseded { .. } => "superseded",
            Self::AlreadySo(_) => "already_so",
            Self::BadContent(_) => "bad_content",
        }
    }
}

impl Happening {
    /// The kind, as the API and the scripts name it: the tag of its JSON form.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::FlowStarted { .. } => "flow_started",
            Self::FlowEnded { .. } => "flow_ended",
            Self::FlowLeft { .. } => "flow_left",
            Self::SlotFilled { .. } => "slot_filled",
            Self::Answered { .. } => "answered",
            Self::AskedBetween { .. } => "asked_between",
            Self::NotUnderstood => "not_understood",
            Self::Voted { .. } => "voted",
            Self::HandedOff { .. } => "handed_off",
            Self::PrioritySet { .. } => "priority_set",
            Self::Claimed { .. } => "claimed",
            Self::Transferred { .. } => "transferred",
            Self::ReturnedToBot => "returned_to_bot",
            Self::Resolved { .. } => "resolved",
            Self::Reopened => "reopened",
            Self::Rated { .. } => "rated",
            Self::StartedOver => "started_over",
            Self::StillWaiting => "still_waiting",
            Self::FiledLater { .. } => "filed_later",
            Self::Placed => "placed",
            Self::Reported => "reported",
            Self::DeliveryRetried { .. } => "delivery_retried",
            Self::DeliveryDropped { .. } => "delivery_dropped",
            Self::Silent => "silent",
            Self::Refused { .. } => "refused",
            Self::Odd => "odd",
        }
    }
}
