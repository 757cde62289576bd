//! What a flow asks, and what counts as the answer.

use switchboard_contract::{ArticleId, Content, choice};

use super::turn::{Offer, Turn, quoted, value_of};
use super::value;
use crate::book::{Meaning, TextId};
use crate::brief::HandoffReason;
use crate::conversation::{Pending, PendingKind, SearchPurpose};
use crate::effect::Happening;
use crate::flow::{Action, Choice, Flow, Question, Step, ValueType};
use crate::limits;
use crate::step::handoff::Handoff;

impl<'a> Turn<'a> {
    /// Asks a question, below some leading words, and waits for the answer.
    pub(super) fn pose(&mut self, flow: &'a Flow, question: &'a Question, lead: Option<String>) {
        let text = self.flow_text(flow, &question.text);
        let text = lead.map_or_else(|| text.clone(), |lead| format!("{lead}\n\n{text}"));
        let offers = self.offers(question);
        self.bot_asks(Content::markdown(text), PendingKind::FlowAnswer, offers);
    }

    pub(super) fn offers(&self, question: &Question) -> Vec<Offer> {
        match &question.value {
            ValueType::Choice(choices) => choices.iter().map(|choice| self.offer_of(choice)).collect(),
            ValueType::YesNo => {
                vec![Offer::new("yes", self.label(TextId::Yes)), Offer::new("no", self.label(TextId::No))]
            }
            ValueType::Text { .. } | ValueType::Email | ValueType::Number { .. } => Vec::new(),
        }
    }

    fn offer_of(&self, choice: &Choice) -> Offer {
        let (language, default) = (self.state.language.as_str(), self.env.book.default_language());
        let mut tags = vec!["", language];
        if language != default {
            tags.push(default);
        }
        let synonyms = tags.iter().filter_map(|tag| choice.synonyms.get(*tag)).flatten().cloned().collect();
        Offer { synonyms, ..Offer::new(&choice.value, choice.label.get(language, default)) }
    }

    /// Words while a flow waits.
    pub(super) fn answers_flow(&mut self, words: &str) {
        let Some((flow, _, step)) = self.waiting_or_hand_off() else { return };
        let mut purpose = SearchPurpose::InsteadOfOption;
        if let Action::Ask(question) = &step.action {
            purpose = SearchPurpose::InsideFlow;
            let free_text = matches!(question.value, ValueType::Text { .. });
            if free_text && self.hears(Meaning::Question, words).is_some() {
                self.find(purpose, words);
                return;
            }
            if self.accept_words(words) {
                return;
            }
        } else if self.votes(words) {
            return;
        }
        let other = self.triggered(words).into_iter().find(|(other, _)| other.name != flow.name);
        if let Some((other, pattern)) = other {
            self.offer_switch(&other.name, &format!("The words {} fit its pattern `{pattern}`.", quoted(words)));
        } else if self.hears(Meaning::Thanks, words).is_some() {
            let lead = self.text(TextId::YouAreWelcome);
            self.ask_again(lead);
        } else if self.hears(Meaning::Greeting, words).is_some() {
            let lead = self.text(TextId::GreetingAgain);
            self.ask_again(lead);
        } else if words.is_empty() {
            self.not_an_answer(words, "The message holds a file and no words; the bot reads words only.");
        } else {
            self.find(purpose, words);
        }
    }

    /// Takes the words as the answer if they are one.
    pub(super) fn accept_words(&mut self, words: &str) -> bool {
        let Some((_, _, Step { action: Action::Ask(question), .. })) = self.waiting() else { return false };
        match self.value_in(question, words) {
            Some(value) => {
                self.accept(&value, &format!("The contact answered {}.", quoted(words)));
                true
            }
            None => false,
        }
    }

    fn value_in(&self, question: &Question, words: &str) -> Option<String> {
        let (yes, no) = (Meaning::Yes, Meaning::No);
        match &question.value {
            ValueType::Choice(_) => self.option_in(question, words),
            ValueType::YesNo => self
                .option_in(question, words)
                .or_else(|| self.hears(yes, words).map(|_| "yes".to_owned()))
                .or_else(|| self.hears(no, words).map(|_| "no".to_owned())),
            ValueType::Email => value::email(words),
            ValueType::Number { min, max } => value::number(words, &self.state.language, *min, *max),
            ValueType::Text { min, max, pattern } => {
                let length = words.chars().count();
                let fits = length >= min.unwrap_or(1)
                    && length <= max.unwrap_or(limits::SLOT_CHARS_MAX)
                    && pattern.as_ref().is_none_or(|pattern| pattern.is_match(words));
                fits.then(|| words.to_owned())
            }
        }
    }

    /// The option the words name, whether or not its buttons are still at hand.
    fn option_in(&self, question: &Question, words: &str) -> Option<String> {
        let choices = unasked(self.offers(question));
        let folded = crate::text::fold(words);
        let found = choice::resolve(&choices, words).or_else(|| choice::resolve(&choices, &folded));
        found.map(|choice| value_of(&choice.id).to_owned())
    }

    /// The words say whether the flow's article helped, whether or not the buttons for it are still at hand.
    fn votes(&mut self, words: &str) -> bool {
        let Some(article) = self.flow_article() else { return false };
        let vote = Pending { kind: PendingKind::Vote { article }, choices: unasked(self.helped_offers()) };
        let meant = self.option_meant(&vote, words);
        if let Some(id) = &meant {
            self.vote(article, value_of(id) == "yes");
        }
        meant.is_some()
    }

    /// The article that the flow showed last.
    fn flow_article(&self) -> Option<ArticleId> {
        self.state.shown.iter().rev().find(|shown| shown.question.is_none()).map(|shown| shown.article)
    }

    /// The contact picked an option of the flow's question.
    pub(super) fn picked_answer(&mut self, value: &str) {
        if self.waiting_or_hand_off().is_some() {
            self.accept(value, "The contact picked it.");
        }
    }

    /// Stores the answer and goes on.
    fn accept(&mut self, value: &str, why: &str) {
        let Some((flow, at, step)) = self.waiting() else { return };
        let Action::Ask(question) = &step.action else {
            self.log(Happening::Odd, format!("The step `{}` asks nothing, so there is nothing to answer.", step.id));
            return;
        };
        self.state.pending = None;
        self.state.misses = 0;
        self.fill_slot(&question.slot, value, why);
        let chosen = match &question.value {
            ValueType::Choice(choices) => choices.iter().find(|choice| choice.value == value),
            ValueType::Text { .. } | ValueType::Email | ValueType::Number { .. } | ValueType::YesNo => None,
        };
        let jump = chosen.and_then(|choice| choice.next.as_ref()).or(step.next.as_ref());
        self.go_on(flow, at, jump);
    }

    /// The words are no answer: asks again, until the attempts are used up.
    pub(super) fn not_an_answer(&mut self, words: &str, why: &str) {
        let Some((flow, at, step)) = self.waiting_or_hand_off() else { return };
        let why = format!("{} is no answer to `{}`. {why}", quoted(words), step.id);
        self.log(Happening::NotUnderstood, why);
        let attempts = self.state.run.as_mut().map_or(0, |run| {
            run.attempts = run.attempts.saturating_add(1);
            run.attempts
        });
        let (allowed, otherwise, retry) = match &step.action {
            Action::Ask(question) => {
                let own = question.retry.as_ref().map(|retry| self.flow_text(flow, retry));
                let retry = own.unwrap_or_else(|| self.text(retry_text(&question.value)));
                (question.attempts, question.otherwise.as_ref(), retry)
            }
            Action::Say(_)
            | Action::Branch(_)
            | Action::Set(_)
            | Action::Answer(_)
            | Action::Handoff(_)
            | Action::End { .. } => (limits::ATTEMPTS_DEFAULT, None, self.text(TextId::Retry)),
        };
        if attempts < allowed {
            self.ask_again(retry);
        } else if otherwise.is_some() {
            self.state.pending = None;
            self.go_on(flow, at, otherwise);
        } else {
            let why =
                format!("The question `{}` of the flow `{}` was not answered {attempts} times.", step.id, flow.name);
            let open_question = Some(words.to_owned()).filter(|words| !words.is_empty());
            self.hand_off(Handoff { open_question, ..Handoff::new(HandoffReason::AttemptsUsedUp, why) });
        }
    }

    /// Goes on with the flow after something in between.
    pub(super) fn resume(&mut self) {
        let lead = self.text(TextId::Resume);
        self.ask_again(lead);
    }

    /// Asks what the flow waits for once more, below some leading words.
    pub(super) fn ask_again(&mut self, lead: String) {
        let Some((flow, _, step)) = self.waiting_or_hand_off() else { return };
        if let Action::Ask(question) = &step.action {
            self.pose(flow, question, Some(lead));
            return;
        }
        // Only an `answer` step waits without being a question: for the vote on its article.
        match self.flow_article() {
            Some(article) => {
                let text = format!("{lead}\n\n{}", self.text(TextId::HelpedPrompt));
                let offers = self.helped_offers();
                self.bot_asks(Content::markdown(text), PendingKind::Vote { article }, offers);
            }
            None => self.after_answer(false),
        }
    }
}

/// Options to compare words with. Nobody presses them: no question has the number 0.
fn unasked(offers: Vec<Offer>) -> Vec<choice::Choice> {
    let choice = |Offer { value, label, synonyms }| choice::Choice {
        id: choice::ChoiceId(format!("0.{value}")),
        label,
        synonyms,
    };
    offers.into_iter().map(choice).collect()
}

fn retry_text(value: &ValueType) -> TextId {
    match value {
        ValueType::Choice(_) => TextId::RetryChoice,
        ValueType::Text { .. } => TextId::RetryText,
        ValueType::Email => TextId::RetryEmail,
        ValueType::Number { .. } => TextId::RetryNumber,
        ValueType::YesNo => TextId::RetryYesNo,
    }
}
