//! The interpreter of flows.

use switchboard_contract::{Content, choice};

use super::contact::value_of;
use super::turn::{Offer, Turn, quoted};
use super::{push_bounded, value};
use crate::book::{Meaning, TextId};
use crate::brief::HandoffReason;
use crate::conversation::{FlowRun, PathStep, PendingKind, ResolvedBy, SearchPurpose};
use crate::effect::Happening;
use crate::flow::{Action, Choice, Flow, FlowVersion, Jump, Question, Step, ValueType};
use crate::limits;
use crate::step::handoff::Handoff;
use crate::template;
use crate::text::{LocalText, cut};

/// How a step ends.
enum Onward<'a> {
    /// Go on: to a step, or to the next in order.
    To(Option<&'a Jump>),
    /// Nothing more follows from this event.
    Stop,
}

impl<'a> Turn<'a> {
    /// Begins a flow, leaving the one that runs.
    pub(super) fn start_flow(&mut self, name: &str, why: &str) {
        self.state.pending = None;
        if let Some(left) = self.state.run.take() {
            self.log(Happening::FlowLeft { flow: left.flow.name }, format!("The flow `{name}` begins instead."));
        }
        let Some((flow, version)) = self.env.flows.current(name) else {
            self.missing_flow(format!("The flow `{name}` is not there."));
            return;
        };
        self.state.misses = 0;
        self.state.run = Some(FlowRun {
            flow: FlowVersion { name: flow.name.clone(), version },
            step: String::new(),
            attempts: 0,
            since: self.env.now,
            asked: Vec::new(),
        });
        self.log(Happening::FlowStarted { flow: flow.name.clone() }, why);
        self.walk(flow, 0);
    }

    /// Runs steps from a place on until one waits or ends.
    fn walk(&mut self, flow: &'a Flow, from: usize) {
        let mut at = from;
        for _ in 0..limits::STEPS_PER_EVENT_MAX {
            let Some(step) = flow.steps.get(at) else {
                self.leave_at_end(flow, "The last step was taken.");
                return;
            };
            match self.perform(flow, step) {
                Onward::Stop => return,
                Onward::To(jump) => match target(flow, at, jump) {
                    Some(next) => at = next,
                    None => {
                        self.lost_step(flow, jump);
                        return;
                    }
                },
            }
        }
        self.missing_flow(format!("The flow `{}` goes round in circles without asking anything.", flow.name));
    }

    /// Goes on from a step.
    fn go_on(&mut self, flow: &'a Flow, from: usize, jump: Option<&'a Jump>) {
        match target(flow, from, jump) {
            Some(next) => self.walk(flow, next),
            None => self.lost_step(flow, jump),
        }
    }

    fn lost_step(&mut self, flow: &Flow, jump: Option<&Jump>) {
        let step = jump.map_or("", |jump| jump.step.as_str());
        self.missing_flow(format!("The flow `{}` has no step `{step}`.", flow.name));
    }

    fn perform(&mut self, flow: &'a Flow, step: &'a Step) -> Onward<'a> {
        if let Action::Ask(question) = &step.action
            && question.skip_if_filled
            && self.state.slots.get(&question.slot).is_some_and(|value| !value.is_empty())
        {
            return Onward::To(step.next.as_ref());
        }
        let taken = PathStep { flow: flow.name.clone(), step: step.id.clone(), at: self.env.now };
        push_bounded(&mut self.state.path, taken, limits::PATH_MAX);
        if let Some(run) = &mut self.state.run {
            run.step.clone_from(&step.id);
            run.attempts = 0;
        }
        match &step.action {
            Action::Say(text) => {
                let text = self.flow_text(flow, text);
                self.bot_says(Content::markdown(text));
                Onward::To(step.next.as_ref())
            }
            Action::Ask(question) => {
                self.note_asked(&step.id);
                self.pose(flow, question, None);
                Onward::Stop
            }
            Action::Branch(cases) => {
                let holds = |slots| cases.iter().find(|case| case.when.as_ref().is_none_or(|when| value::holds(when, slots)));
                Onward::To(holds(&self.state.slots).map(|case| &case.next))
            }
            Action::Set(values) => {
                for (slot, text) in values {
                    let value = self.flow_words(text);
                    self.fill_slot(slot, &value, "The flow set it.");
                }
                Onward::To(step.next.as_ref())
            }
            Action::Answer(answer) => {
                self.find_article(SearchPurpose::FlowArticle, &answer.article, &answer.article);
                Onward::Stop
            }
            Action::Handoff(handoff) => {
                if let Some(text) = &handoff.say {
                    let text = self.flow_text(flow, text);
                    self.bot_says(Content::markdown(text));
                }
                let why = handoff.why.as_ref().map(|why| self.agent_words(why));
                let why = why.unwrap_or_else(|| format!("The flow `{}` hands over at `{}`.", flow.name, step.id));
                let (team, priority) = (handoff.team.clone(), handoff.priority);
                self.hand_off(Handoff { team, priority, ..Handoff::new(HandoffReason::Flow, why) });
                Onward::Stop
            }
            Action::End { text, resolve } => {
                self.end(flow, text.as_ref(), *resolve);
                Onward::Stop
            }
        }
    }

    fn end(&mut self, flow: &Flow, text: Option<&LocalText>, resolve: bool) {
        if let Some(text) = text {
            let text = self.flow_text(flow, text);
            self.bot_says(Content::markdown(text));
        }
        self.leave_at_end(flow, "Its end was reached.");
        if resolve {
            self.resolve(ResolvedBy::Bot, None, &format!("The flow `{}` reached its end.", flow.name));
            if text.is_some() {
                let notice = self.text(TextId::ResolvedByBot);
                self.offer_anew(notice);
            }
        }
    }

    fn leave_at_end(&mut self, flow: &Flow, why: &str) {
        self.state.run = None;
        self.state.pending = None;
        self.log(Happening::FlowEnded { flow: flow.name.clone() }, why);
    }

    /// Keeps the trail of questions: coming to one a second time cuts the detour off.
    fn note_asked(&mut self, step: &str) {
        if let Some(run) = &mut self.state.run {
            if let Some(known) = run.asked.iter().position(|asked| asked == step) {
                run.asked.truncate(known);
            }
            run.asked.push(step.to_owned());
        }
    }

    /// Asks a question, below some leading words, and waits for the answer.
    fn pose(&mut self, flow: &'a Flow, question: &'a Question, lead: Option<String>) {
        let text = self.flow_text(flow, &question.text);
        let text = lead.map_or_else(|| text.clone(), |lead| format!("{lead}\n\n{text}"));
        let offers = self.offers(question);
        self.bot_asks(Content::markdown(text), PendingKind::FlowAnswer, offers);
    }

    fn offers(&self, question: &Question) -> Vec<Offer> {
        match &question.value {
            ValueType::Choice(choices) => choices.iter().map(|choice| self.offer_of(choice)).collect(),
            ValueType::YesNo => vec![
                Offer::new("yes", self.label(TextId::Yes)),
                Offer::new("no", self.label(TextId::No)),
            ],
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

    /// The step of the running flow that waits; none when it is gone.
    fn waiting(&self) -> Option<(&'a Flow, usize, &'a Step)> {
        let run = self.state.run.as_ref()?;
        let flow = self.env.flows.version(&run.flow)?;
        let at = flow.position(&run.step)?;
        flow.steps.get(at).map(|step| (flow, at, step))
    }

    /// As [`Self::waiting`]; hands over when it is gone.
    fn waiting_or_hand_off(&mut self) -> Option<(&'a Flow, usize, &'a Step)> {
        let waiting = self.waiting();
        if waiting.is_none() {
            let name = self.state.run.as_ref().map_or_else(
                || "The flow that was running".to_owned(),
                |run| format!("Version {} of the flow `{}`, at its step `{}`,", run.flow.version, run.flow.name, run.step),
            );
            self.missing_flow(format!("{name} is not there any more."));
        }
        waiting
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
            ValueType::Number { min, max } => value::number(words, *min, *max),
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
        let choices: Vec<choice::Choice> = self
            .offers(question)
            .into_iter()
            .map(|Offer { value, label, synonyms }| choice::Choice {
                id: choice::ChoiceId(format!("0.{value}")),
                label,
                synonyms,
            })
            .collect();
        let folded = crate::text::fold(words);
        let found = choice::resolve(&choices, words).or_else(|| choice::resolve(&choices, &folded));
        found.map(|choice| value_of(&choice.id).to_owned())
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

    fn fill_slot(&mut self, slot: &str, value: &str, why: &str) {
        let slots = &mut self.state.slots;
        if slots.len() >= limits::SLOTS_MAX && !slots.contains_key(slot) {
            let why = format!("The slot `{slot}` is not kept: the conversation holds {} already.", limits::SLOTS_MAX);
            self.log(Happening::Odd, why);
            return;
        }
        let value = cut(value, limits::SLOT_CHARS_MAX);
        slots.insert(slot.to_owned(), value.clone());
        self.log(Happening::SlotFilled { slot: slot.to_owned(), value }, why);
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
            let why = format!("The question `{}` of the flow `{}` was not answered {attempts} times.", step.id, flow.name);
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
    fn ask_again(&mut self, lead: String) {
        let Some((flow, _, step)) = self.waiting_or_hand_off() else { return };
        if let Action::Ask(question) = &step.action {
            self.pose(flow, question, Some(lead));
            return;
        }
        // Only an `answer` step waits without being a question: for the vote on its article.
        let article = self.state.shown.iter().rev().find(|shown| shown.question.is_none()).map(|shown| shown.article);
        match article {
            Some(article) => {
                let text = format!("{lead}\n\n{}", self.text(TextId::HelpedPrompt));
                let offers = self.helped_offers();
                self.bot_asks(Content::markdown(text), PendingKind::Vote { article }, offers);
            }
            None => self.after_answer(false),
        }
    }

    /// An `answer` step is done: its article helped or not, or there was none.
    pub(super) fn after_answer(&mut self, helped: bool) {
        let Some((flow, at, step)) = self.waiting_or_hand_off() else { return };
        self.state.pending = None;
        let own = match &step.action {
            Action::Answer(answer) if helped => answer.if_helped.as_ref(),
            Action::Answer(answer) => answer.if_not.as_ref(),
            Action::Say(_)
            | Action::Ask(_)
            | Action::Branch(_)
            | Action::Set(_)
            | Action::Handoff(_)
            | Action::End { .. } => None,
        };
        self.go_on(flow, at, own.or(step.next.as_ref()));
    }

    /// To the question before this one, whose answer is forgotten.
    pub(super) fn go_back(&mut self) {
        let Some((flow, _, step)) = self.waiting_or_hand_off() else { return };
        let mut trail = self.state.run.as_ref().map(|run| run.asked.clone()).unwrap_or_default();
        trail.pop_if(|last| *last == step.id);
        let previous = trail.pop().and_then(|id| flow.position(&id));
        let Some(at) = previous else {
            let lead = self.text(TextId::BackImpossible);
            self.ask_again(lead);
            return;
        };
        if let Some(Step { action: Action::Ask(question), .. }) = flow.steps.get(at) {
            self.state.slots.remove(&question.slot);
        }
        if let Some(run) = &mut self.state.run {
            run.asked = trail;
        }
        self.state.pending = None;
        self.walk(flow, at);
    }

    /// Asks whether to leave the running flow for another one.
    pub(super) fn offer_switch(&mut self, name: &str, why: &str) {
        let language = self.state.language.clone();
        let title = self.env.flows.current(name).map_or(name, |(flow, _)| {
            flow.title.get(&language, self.env.book.default_language())
        });
        self.log(Happening::AskedBetween { titles: vec![title.to_owned()] }, why);
        let text = self.text_with(TextId::SwitchPrompt, &[("title", title)]);
        let offers = vec![
            Offer::new("yes", self.label(TextId::SwitchYes)),
            Offer::new("no", self.label(TextId::SwitchNo)),
        ];
        self.bot_asks(Content::markdown(text), PendingKind::SwitchFlow { flow: name.to_owned() }, offers);
    }

    pub(super) fn offered_switch(&mut self, accepted: bool, name: &str) {
        if accepted {
            self.start_flow(name, "The contact chose to leave the running flow for it.");
        } else {
            self.resume();
        }
    }

    /// A flow's text as Markdown, placeholders filled; what was chosen shows as its label.
    fn flow_text(&self, flow: &Flow, text: &LocalText) -> String {
        let source = text.get(&self.state.language, self.env.book.default_language());
        template::markdown(source, &|name| self.shown_value(flow, name))
    }

    /// A flow's text as plain words with the stored values, for slots.
    fn flow_words(&self, text: &LocalText) -> String {
        self.filled(text, &self.state.language)
    }

    /// The same in the language of the house, for agents.
    fn agent_words(&self, text: &LocalText) -> String {
        self.filled(text, self.env.book.default_language())
    }

    fn filled(&self, text: &LocalText, language: &str) -> String {
        let source = text.get(language, self.env.book.default_language());
        let stored = |name: &str| self.contact_value(name).or_else(|| self.state.slots.get(name).cloned());
        template::plain(source, &stored)
    }

    fn shown_value(&self, flow: &Flow, name: &str) -> Option<String> {
        if let Some(value) = self.contact_value(name) {
            return Some(value);
        }
        let value = self.state.slots.get(name)?;
        let questions = flow.steps.iter().filter_map(|step| match &step.action {
            Action::Ask(question) if question.slot == name => Some(question),
            _ => None,
        });
        let label = questions.flat_map(|question| self.offers(question)).find(|offer| offer.value == *value);
        Some(label.map_or_else(|| value.clone(), |offer| offer.label))
    }
}

/// Where a jump leads; the next step in order when there is none.
fn target(flow: &Flow, from: usize, jump: Option<&Jump>) -> Option<usize> {
    jump.map_or(Some(from + 1), |jump| flow.position(&jump.step))
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
