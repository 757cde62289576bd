//! The state under way and the verbs that change it.

use switchboard_contract::{Choice, ChoiceId, Content, Seq};

use crate::book::{Meaning, TextId};
use crate::conversation::{
    AgentRef, ContactFacts, Conversation, Handler, Pending, PendingKind, Priority, Resolution, ResolvedBy,
    SearchPurpose, Status,
};
use crate::effect::{Ask, Effect, Happening, LogEntry, Notice, Refusal, Speaker, Transition};
use crate::env::Env;
use crate::limits;
use crate::template;
use crate::text::cut;

/// One transition in the making.
pub(super) struct Turn<'a> {
    pub(super) state: Conversation,
    pub(super) env: &'a Env<'a>,
    effects: Vec<Effect>,
    ask: Option<Ask>,
    /// The searches that the contact's message has led to so far.
    pub(super) asks: u32,
}

/// An option before it has an id: what it means, what the contact sees, other words for it.
pub(super) struct Offer {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) synonyms: Vec<String>,
}

impl Offer {
    pub(super) fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), synonyms: Vec::new() }
    }

    /// Whether a choice offers just this.
    fn is(&self, choice: &Choice) -> bool {
        value_of(&choice.id) == self.value && choice.label == self.label && choice.synonyms == self.synonyms
    }
}

/// What an option means: its id without the number of the question.
pub(super) fn value_of(id: &ChoiceId) -> &str {
    id.0.split_once('.').map_or(id.0.as_str(), |(_, value)| value)
}

/// The answer to an agent who may not do what they asked for: nothing changes.
pub(super) fn refused(before: &Conversation, agent: &AgentRef, refusal: Refusal) -> Transition {
    let entry = LogEntry { what: Happening::Refused { who: agent.name.clone() }, why: sentence(&refusal.to_string()) };
    let effects = vec![Effect::Refuse(refusal), Effect::Log(entry)];
    Transition { state: before.clone(), effects, ask: None }
}

fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).chain(['.']).collect())
}

/// A contact's words in a reason: in quotes, cut.
pub(super) fn quoted(words: &str) -> String {
    let short = cut(words, 80);
    if short.len() < words.len() { format!("“{short}…”") } else { format!("“{short}”") }
}

impl<'a> Turn<'a> {
    pub(super) fn new(conversation: &Conversation, seq: Seq, env: &'a Env<'a>) -> Self {
        let mut state = conversation.clone();
        state.seq = state.seq.max(seq);
        Self { state, env, effects: Vec::new(), ask: None, asks: 0 }
    }

    pub(super) fn finish(mut self) -> Transition {
        // Whatever opened it again has read by now where it goes: what is open is not solved.
        if self.state.status != Status::Resolved {
            self.state.resolution = None;
        }
        Transition { state: self.state, effects: self.effects, ask: self.ask }
    }

    /// Learns what the channel tells of the contact, within bounds; the language only at the very beginning.
    pub(super) fn meet(&mut self, contact: &ContactFacts, language: Option<&str>) {
        let known = &mut self.state.contact;
        let short = |value: &String| cut(value, limits::FACT_CHARS_MAX);
        if let Some(name) = &contact.name {
            known.name = Some(short(name));
        }
        if let Some(email) = &contact.email {
            known.email = Some(short(email));
        }
        for (key, value) in &contact.facts {
            let key = short(key);
            if known.facts.len() < limits::FACTS_MAX || known.facts.contains_key(&key) {
                known.facts.insert(key, short(value));
            }
        }
        if let Some(tag) = language.filter(|_| !self.state.greeted) {
            self.env.book.language_for(tag).clone_into(&mut self.state.language);
        }
    }

    pub(super) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub(super) fn log(&mut self, what: Happening, why: impl Into<String>) {
        self.effects.push(Effect::Log(LogEntry { what, why: why.into() }));
    }

    pub(super) fn notify(&mut self, notice: Notice) {
        self.effects.push(Effect::Notify(notice));
    }

    /// Whether the words mean this; tells the phrase or pattern that says so.
    pub(super) fn hears(&self, meaning: Meaning, words: &str) -> Option<&'a str> {
        self.env.book.hears(meaning, words, &self.state.language)
    }

    /// A text of the bot book as Markdown.
    pub(super) fn text(&self, id: TextId) -> String {
        self.text_with(id, &[])
    }

    /// The same with values for its placeholders.
    pub(super) fn text_with(&self, id: TextId, values: &[(&str, &str)]) -> String {
        template::markdown(self.env.book.text(id, &self.state.language), &|name| self.book_value(name, values))
    }

    /// A text of the bot book as plain words, for labels.
    pub(super) fn label(&self, id: TextId) -> String {
        template::plain(self.env.book.text(id, &self.state.language), &|name| self.book_value(name, &[]))
    }

    fn book_value(&self, name: &str, values: &[(&str, &str)]) -> Option<String> {
        let given = values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        given.or_else(|| self.contact_value(name)).or_else(|| (name == "bot").then(|| self.env.book.name.clone()))
    }

    /// The value of `contact.name` and `contact.email`.
    pub(super) fn contact_value(&self, name: &str) -> Option<String> {
        match name {
            "contact.name" => self.state.contact.name.clone(),
            "contact.email" => self.state.contact.email.clone(),
            _ => None,
        }
    }

    /// The bot speaks. The next move is the contact's.
    pub(super) fn bot_says(&mut self, content: Content) {
        self.say(Speaker::Bot, content);
        if self.state.status == Status::Open {
            self.state.status = Status::Waiting;
        }
    }

    /// The desk itself speaks.
    pub(super) fn system_says(&mut self, content: Content) {
        self.say(Speaker::System, content);
    }

    pub(super) fn say(&mut self, speaker: Speaker, content: Content) {
        self.state.greeted = true;
        self.effects.push(Effect::Say { speaker, content, turn: self.state.turn });
    }

    /// Gives options their ids and waits for one of them. The same question asked again keeps its ids: its buttons further
    /// up mean the same.
    pub(super) fn await_choice(&mut self, kind: PendingKind, offers: Vec<Offer>) -> Vec<Choice> {
        let same = |pending: &&Pending| {
            let options = pending.choices.iter().zip(&offers);
            pending.kind == kind
                && pending.choices.len() == offers.len()
                && options.into_iter().all(|(choice, offer)| offer.is(choice))
        };
        if let Some(pending) = self.state.pending.as_ref().filter(same) {
            return pending.choices.clone();
        }
        if !offers.is_empty() {
            self.state.questions_asked = self.state.questions_asked.saturating_add(1);
        }
        let number = self.state.questions_asked;
        let choices: Vec<Choice> = offers
            .into_iter()
            .map(|offer| Choice {
                id: ChoiceId(format!("{number}.{}", offer.value)),
                label: offer.label,
                synonyms: offer.synonyms,
            })
            .collect();
        self.state.pending = Some(Pending { kind, choices: choices.clone() });
        choices
    }

    /// The bot asks with options.
    pub(super) fn bot_asks(&mut self, content: Content, kind: PendingKind, offers: Vec<Offer>) {
        let choices = self.await_choice(kind, offers);
        self.bot_says(content.with_choices(choices));
    }

    /// The desk asks with options.
    pub(super) fn system_asks(&mut self, text: String, kind: PendingKind, offers: Vec<Offer>) {
        let choices = self.await_choice(kind, offers);
        self.system_says(Content::markdown(text).with_choices(choices));
    }

    /// Asks the shell, within the bound on searches.
    pub(super) fn search(&mut self, purpose: SearchPurpose, question: &str, ask: Ask) {
        self.asks += 1;
        if self.asks > limits::ASKS_PER_EVENT_MAX {
            self.missing_flow("The flow asks for one article after the other that is not there.");
            return;
        }
        let before = self.state.pending.take().map(Box::new);
        let kind = PendingKind::Search { purpose, question: question.to_owned(), before, asks: self.asks };
        self.state.pending = Some(Pending { kind, choices: Vec::new() });
        self.ask = Some(ask);
    }

    pub(super) fn find(&mut self, purpose: SearchPurpose, question: &str) {
        let ask = Ask::Find { question: question.to_owned(), language: self.state.language.clone() };
        self.search(purpose, question, ask);
    }

    pub(super) fn find_article(&mut self, purpose: SearchPurpose, question: &str, slug: &str) {
        let ask = Ask::Article { slug: slug.to_owned(), language: self.state.language.clone() };
        self.search(purpose, question, ask);
    }

    /// The turn goes to somebody else: what the bot was about to do is over.
    pub(super) fn pass_turn(&mut self, to: Handler) {
        self.set_timers(&to);
        self.state.handler = to;
        self.state.turn = self.state.turn.saturating_add(1);
        self.state.run = None;
        self.state.pending = None;
        self.state.misses = 0;
    }

    pub(super) fn set_priority(&mut self, priority: Priority, why: &str) {
        if self.state.priority != priority {
            self.state.priority = priority;
            self.log(Happening::PrioritySet { priority }, why);
        }
    }

    /// Solved.
    pub(super) fn resolve(&mut self, by: ResolvedBy, team: Option<String>, why: &str) {
        let name = match &by {
            ResolvedBy::Bot => self.env.book.name.clone(),
            ResolvedBy::Agent { agent } => agent.name.clone(),
        };
        self.state.status = Status::Resolved;
        self.state.resolution = Some(Resolution { by, at: self.env.now, score: None, team });
        self.log(Happening::Resolved { by: name }, why);
    }
}
