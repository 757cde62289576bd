//! The state of one conversation: everything [`step`](crate::step) needs to know of the past, and nothing that grows
//! without bound.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchboard_contract::{AgentId, ArticleId, Choice, ConversationId, Seq, Timestamp};

use crate::flow::FlowVersion;
use crate::limits;

/// One conversation. Serialised as JSON by the store; fields added later carry `#[serde(default)]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// When it began.
    pub created_at: Timestamp,
    /// Where it stands.
    pub status: Status,
    /// Who holds the turn.
    pub handler: Handler,
    /// Counts the changes of `handler`.
    pub turn: u64,
    /// How much it matters.
    pub priority: Priority,
    /// The language the bot speaks here: a tag of a language the bot book has texts in.
    pub language: String,
    /// What is known of the contact.
    pub contact: ContactFacts,
    /// What the flows filled in, by slot name.
    pub slots: BTreeMap<String, String>,
    /// The flow that is running, if any.
    pub run: Option<FlowRun>,
    /// What the bot waits for, if anything.
    pub pending: Option<Pending>,
    /// The steps taken, oldest first; at most [`limits::PATH_MAX`], the oldest are dropped.
    pub path: VecDeque<PathStep>,
    /// The articles shown, oldest first; at most [`limits::SHOWN_MAX`].
    pub shown: VecDeque<ShownArticle>,
    /// The contact's question that nothing answered, in their own words.
    pub open_question: Option<String>,
    /// How often in a row the bot didn't understand.
    pub misses: u32,
    /// Counts the questions with options, so that an old button is told from a present one.
    pub questions_asked: u32,
    /// The contact was greeted.
    pub greeted: bool,
    /// How and when it was solved; none once it is open again.
    pub resolution: Option<Resolution>,
    /// The last place the engine was told of.
    pub seq: Seq,
    /// Marks of the last outside events that were applied; at most [`limits::APPLIED_MAX`].
    #[serde(default, rename = "marks")]
    pub applied: VecDeque<u64>,
    /// When each timer that is running is due. The shell keeps them as rows, and fires them late rather than never.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub timers: BTreeMap<TimerKind, Timestamp>,
}

/// What a conversation may wait for besides words: something that is to happen when enough time has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerKind {
    /// The contact has waited in a queue for so long that they are told they are not forgotten. Lives while a queue holds
    /// the turn.
    StillWaiting,
}

/// Where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Somebody on our side has the next move, or the bot is talking.
    Open,
    /// The contact has the next move.
    Waiting,
    /// Solved. Writing opens it again within the reopen window.
    Resolved,
}

/// Who holds the turn. Nobody else's words reach the contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Handler {
    /// The bot.
    Bot,
    /// A team's queue: the contact waits for a person.
    Queue {
        /// The team's name.
        team: String,
        /// Since when.
        since: Timestamp,
    },
    /// One named agent.
    Agent {
        /// Who.
        agent: AgentRef,
        /// The team whose queue it came from, if it came from one.
        team: Option<String>,
    },
}

/// An agent with the name shown to contacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentRef {
    /// The id.
    pub id: AgentId,
    /// The name shown to contacts.
    pub name: String,
}

/// How much a conversation matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Can wait.
    Low,
    /// As most.
    #[default]
    Normal,
    /// Before most.
    High,
    /// Before all.
    Urgent,
}

/// What is known of the contact, as far as flows and the brief need it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ContactFacts {
    /// Their name.
    pub name: Option<String>,
    /// Their e-mail address: stated or signed, see the identity's proof.
    pub email: Option<String>,
    /// What the channel told: `page`, `device`, `time_zone` …
    pub facts: BTreeMap<String, String>,
}

/// A flow in progress, pinned to the version it began with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowRun {
    /// Which flow, which version.
    pub flow: FlowVersion,
    /// The id of the step that waits for an answer.
    pub step: String,
    /// How often this step's answer was not understood.
    pub attempts: u32,
    /// When it began.
    pub since: Timestamp,
    /// The questions that led here, by step, without detours: where "back" goes. At most one entry for each step.
    #[serde(default)]
    pub asked: Vec<String>,
}

/// What the bot waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// What an answer means.
    pub kind: PendingKind,
    /// The options offered, if any; their ids carry the number of the question.
    pub choices: Vec<Choice>,
}

/// What an answer to the bot's last question means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PendingKind {
    /// The starting options of the greeting: each begins a flow or asks for a person.
    Menu,
    /// The value for the waiting step of the running flow.
    FlowAnswer,
    /// "Did this help?" about an article.
    Vote {
        /// The article.
        article: ArticleId,
    },
    /// "Which of these do you mean?" between answers; each option's id names its target.
    Between {
        /// The question, verbatim.
        question: String,
    },
    /// "Would you like to talk to a person?"
    OfferPerson {
        /// What could not be answered, verbatim.
        question: String,
    },
    /// "Leave this and begin the other?" while a flow is running.
    SwitchFlow {
        /// The flow to begin.
        flow: String,
    },
    /// "How did we do?" after a resolution.
    Rating,
    /// "Anything you'd like to add?" after a rating.
    RatingComment {
        /// The score that was given, 1 to 5.
        score: u8,
    },
    /// The engine asked the shell to search and waits for [`EventKind::Found`](crate::EventKind::Found). Never committed:
    /// the shell answers in the same transaction. Options stay empty.
    Search {
        /// What to do with the result.
        purpose: SearchPurpose,
        /// The question, verbatim.
        question: String,
        /// What the bot waited for before, restored after the search.
        before: Option<Box<Pending>>,
        /// How many searches the contact's message has led to, this one included.
        #[serde(default)]
        asks: u32,
    },
}

/// Why a search was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchPurpose {
    /// A question or request outside any flow.
    FreeQuestion,
    /// Words that don't answer the waiting step: perhaps a question in between.
    InsideFlow,
    /// Words after an article of a flow that don't say whether it helped.
    InsteadOfOption,
    /// The article of the waiting `answer` step, by its slug.
    FlowArticle,
    /// The article picked between several, by its slug.
    PickedArticle,
}

/// One step taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathStep {
    /// The flow's name.
    pub flow: String,
    /// The step's id.
    pub step: String,
    /// When.
    pub at: Timestamp,
}

/// An article that was shown to the contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownArticle {
    /// Which.
    pub article: ArticleId,
    /// Its title, as shown.
    pub title: String,
    /// The question it was shown for, verbatim; none when a flow chose it.
    pub question: Option<String>,
    /// Did it help? None until the contact says.
    pub helped: Option<bool>,
    /// When.
    pub at: Timestamp,
}

/// How a conversation was solved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// By whom.
    pub by: ResolvedBy,
    /// When.
    pub at: Timestamp,
    /// The contact's score, 1 to 5, once given.
    pub score: Option<u8>,
    /// The team that gets it when the contact writes again after an agent solved it.
    #[serde(default)]
    pub team: Option<String>,
}

/// Who solved it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ResolvedBy {
    /// The bot: a flow ended or an answer helped.
    Bot,
    /// An agent.
    Agent {
        /// Who.
        agent: AgentRef,
    },
}

impl Conversation {
    /// A conversation in which nothing was said yet.
    pub fn new(id: ConversationId, now: Timestamp, language: impl Into<String>) -> Self {
        Self {
            id,
            created_at: now,
            status: Status::Open,
            handler: Handler::Bot,
            turn: 0,
            priority: Priority::Normal,
            language: language.into(),
            contact: ContactFacts::default(),
            slots: BTreeMap::new(),
            run: None,
            pending: None,
            path: VecDeque::new(),
            shown: VecDeque::new(),
            open_question: None,
            misses: 0,
            questions_asked: 0,
            greeted: false,
            resolution: None,
            seq: Seq::default(),
            applied: VecDeque::new(),
            timers: BTreeMap::new(),
        }
    }

    /// Whether what the contact writes now belongs to this conversation. Not when it was solved more than
    /// [`REOPEN_DAYS`](crate::limits::REOPEN_DAYS) ago: then a new one begins.
    pub fn continues(&self, now: Timestamp) -> bool {
        let window = Duration::from_secs(limits::REOPEN_DAYS * 24 * 60 * 60);
        match (&self.resolution, self.status) {
            (Some(resolution), Status::Resolved) => now.since(resolution.at) <= window,
            (_, Status::Open | Status::Waiting | Status::Resolved) => true,
        }
    }
}
