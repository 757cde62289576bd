//! A flow as data.

use std::collections::BTreeMap;

use crate::conversation::Priority;
use crate::problem::Place;
use crate::text::{LocalText, Pattern};

/// A scripted dialogue: steps that run from top to bottom.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// Its name, a slug; the same as its file's.
    pub name: String,
    /// The file it was read from, as it was named to the parser.
    pub file: String,
    /// What it is called where contacts choose it.
    pub title: LocalText,
    /// Where the title stands.
    pub title_at: Place,
    /// How a contact's own words begin it.
    pub triggers: Triggers,
    /// The steps in order; at least one.
    pub steps: Vec<Step>,
}

impl Flow {
    /// The place of a step in the order.
    pub fn position(&self, step: &str) -> Option<usize> {
        self.steps.iter().position(|known| known.id == step)
    }

    /// A step by its id.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }
}

/// How a contact's own words begin a flow.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Triggers {
    /// Example wordings by language, for the search.
    pub examples: BTreeMap<String, Vec<String>>,
    /// Patterns searched in the folded words; a match is sure.
    pub patterns: Vec<Pattern>,
    /// Where they stand, when there are any.
    pub at: Option<Place>,
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its id, a slug, unique in the flow.
    pub id: String,
    /// What it does.
    pub action: Action,
    /// Where to go on; the next step in order when none.
    pub next: Option<Jump>,
    /// Where it stands.
    pub at: Place,
}

impl Step {
    /// The question this step asks, if it asks one.
    pub fn question(&self) -> Option<&Question> {
        if let Action::Ask(question) = &self.action { Some(question) } else { None }
    }
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// The bot says something.
    Say(LocalText),
    /// The bot asks, and waits.
    Ask(Box<Question>),
    /// Goes to the first case that holds; to the next step in order when none does.
    Branch(Vec<Case>),
    /// Fills slots with texts, in order.
    Set(Vec<(String, LocalText)>),
    /// Shows an article and asks whether it helped.
    Answer(Answer),
    /// Hands over to people.
    Handoff(Box<Handoff>),
    /// Ends the flow.
    End {
        /// What the bot says at the end.
        text: Option<LocalText>,
        /// The conversation counts as solved.
        resolve: bool,
    },
}

/// The target of a jump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jump {
    /// The id of the step.
    pub step: String,
    /// Where it is named.
    pub at: Place,
}

/// What an `ask` step asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The words, Markdown with placeholders.
    pub text: LocalText,
    /// The slot the answer goes to.
    pub slot: String,
    /// What counts as an answer.
    pub value: ValueType,
    /// Said when the answer is not understood.
    pub retry: Option<LocalText>,
    /// How often it is asked before `otherwise`.
    pub attempts: u32,
    /// Where to go when the attempts are used up; none hands over to people.
    pub otherwise: Option<Jump>,
    /// Isn't asked when the slot is filled.
    pub skip_if_filled: bool,
}

/// What counts as an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum ValueType {
    /// One of these.
    Choice(Vec<Choice>),
    /// Any words.
    Text {
        /// The fewest characters.
        min: Option<usize>,
        /// The most characters.
        max: Option<usize>,
        /// What the whole answer has to look like.
        pattern: Option<Pattern>,
    },
    /// An e-mail address.
    Email,
    /// A number.
    Number {
        /// The smallest.
        min: Option<f64>,
        /// The largest.
        max: Option<f64>,
    },
    /// Yes or no; stored as `yes` and `no`.
    YesNo,
}

/// One option of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is stored.
    pub value: String,
    /// What the contact sees.
    pub label: LocalText,
    /// Other words for it, by language; the language is empty for words of all languages.
    pub synonyms: BTreeMap<String, Vec<String>>,
    /// Where to go when it is chosen.
    pub next: Option<Jump>,
}

/// One case of a branch.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// When it holds; none always does.
    pub when: Option<Condition>,
    /// Where it leads.
    pub next: Jump,
}

/// A condition on slots.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// A test of one slot.
    Slot {
        /// The slot.
        slot: String,
        /// The test.
        test: Test,
        /// Where the test's value stands.
        at: Place,
    },
    /// All of these hold.
    All(Vec<Condition>),
    /// One of these holds.
    Any(Vec<Condition>),
    /// This doesn't hold.
    Not(Box<Condition>),
}

/// A test of one slot. Every test but `Filled(false)` fails on an empty slot.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// The value is this.
    Is(String),
    /// The value is one of these.
    In(Vec<String>),
    /// The slot is filled, or not.
    Filled(bool),
    /// The value is a number and at least this.
    AtLeast(f64),
    /// The value is a number and below this.
    Below(f64),
}

/// What an `answer` step shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The article's slug.
    pub article: String,
    /// Where the slug stands.
    pub article_at: Place,
    /// Where to go when the contact says it helped.
    pub if_helped: Option<Jump>,
    /// Where to go when it didn't, or when there is no such article.
    pub if_not: Option<Jump>,
}

/// How a `handoff` step hands over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Handoff {
    /// The team; the book's team when none.
    pub team: Option<String>,
    /// Why, for the agent who takes over.
    pub why: Option<LocalText>,
    /// The priority it gets.
    pub priority: Option<Priority>,
    /// What the bot says before the notice.
    pub say: Option<LocalText>,
}
