//! What a contact's words and presses mean. The order of the readings is the order of the functions.

use switchboard_contract::{Choice, ChoiceId, Content, choice};

use super::answer::ARTICLE;
use super::menu::{ANEW, FLOW, PERSON};
use super::turn::{Turn, quoted, value_of};
use crate::book::{Meaning, TextId};
use crate::brief::HandoffReason;
use crate::conversation::{FlowRun, Handler, Pending, PendingKind, Priority, ResolvedBy, SearchPurpose, Status};
use crate::effect::{Happening, Notice};
use crate::flow::Flow;
use crate::limits;
use crate::step::handoff::Handoff;
use crate::text::{cut, fold};

impl<'a> Turn<'a> {
    /// The contact wrote or pressed something.
    pub(super) fn wrote(&mut self, content: &Content, choice: Option<&ChoiceId>) {
        match self.state.handler.clone() {
            // They wait for a person: the words stand in the transcript, and the bot is silent.
            Handler::Queue { .. } => self.state.status = Status::Open,
            Handler::Agent { agent, .. } => {
                self.state.status = Status::Open;
                self.notify(Notice::ContactWrote { agent });
            }
            Handler::Bot => self.bot_reads(content, choice),
        }
    }

    fn bot_reads(&mut self, content: &Content, choice: Option<&ChoiceId>) {
        if self.state.status != Status::Resolved {
            self.state.status = Status::Open;
        }
        if let Some(id) = choice {
            let at_hand =
                self.state.pending.as_ref().is_some_and(|known| known.choices.iter().any(|one| one.id == *id));
            if at_hand {
                self.picked(id);
                return;
            }
            if self.pressed_late(id) {
                return;
            }
        }
        let words = content.text.trim();
        if words.is_empty() && content.attachments.is_empty() {
            self.log(Happening::Silent, "The message has no words and no file, so there is nothing to answer.");
            return;
        }
        let named = self.named_option(words);
        // Who types the words of a button of a flow or of the menu means the button.
        let kind = self.state.pending.as_ref().map(|pending| &pending.kind);
        let means_button = named.is_some() && matches!(kind, Some(PendingKind::Menu | PendingKind::FlowAnswer));
        if !means_button && self.wants_people(words) {
            return;
        }
        if let Some(id) = named {
            self.picked(&id);
            return;
        }
        if self.wants_to_start_over(words) {
            return;
        }
        if self.state.status == Status::Resolved && self.after_resolution(words) {
            return;
        }
        if self.leaves_question(words) || self.typed_option(words) {
            return;
        }
        if self.state.run.is_some() {
            self.answers_flow(words);
        } else {
            self.asks_freely(words);
        }
    }

    /// An option of an earlier question was pressed: its words must not pass for the answer to a newer question. In the
    /// middle of a flow the option of another one asks whether to go there. False when nothing is asked, so that the words
    /// may be read as words.
    fn pressed_late(&mut self, id: &ChoiceId) -> bool {
        let value = value_of(id);
        if matches!(value, PERSON | ANEW) {
            self.picked_from_menu(value);
            return true;
        }
        let free = self.state.pending.as_ref().is_none_or(|pending| pending.kind == PendingKind::Menu);
        if let Some(name) = value.strip_prefix(FLOW).filter(|name| self.is_other_flow(name)) {
            self.offer_switch(name, "The contact pressed an earlier option for it.");
            return true;
        }
        if !free {
            self.log(
                Happening::Odd,
                "An option of an earlier question was pressed; it answers nothing that is asked now, so the question is repeated.",
            );
            self.repeat_question();
            return true;
        }
        // A second press on the last button of a solved conversation is no wish to open it again; a subject is.
        let is_subject = value.starts_with(FLOW) || value.starts_with(ARTICLE);
        let settled = self.state.status == Status::Resolved && !is_subject;
        if settled {
            self.log(Happening::Silent, "An option of an earlier question was pressed after all was solved.");
        }
        settled
    }

    /// A flow runs, and this is another one that is there.
    fn is_other_flow(&self, name: &str) -> bool {
        self.state.run.as_ref().is_some_and(|run| run.flow.name != name) && self.env.flows.current(name).is_some()
    }

    /// The words are the label of one of the options at hand, or another word for it. Its number doesn't count here.
    fn named_option(&self, words: &str) -> Option<ChoiceId> {
        let said = fold(words);
        let is_said = |name: &String| fold(name).trim_end_matches('?') == said.trim_end_matches('?');
        let names = |choice: &&Choice| is_said(&choice.label) || choice.synonyms.iter().any(is_said);
        let choices = &self.state.pending.as_ref()?.choices;
        choice::resolve(choices, words).filter(names).map(|choice| choice.id.clone())
    }

    /// As [`Self::hears`]; but who comments on a rating wants something else only when that is all they say, and what they
    /// tell of dangers is over.
    fn wishes(&self, meaning: Meaning, words: &str) -> Option<&'a str> {
        let kind = self.state.pending.as_ref().map(|pending| &pending.kind);
        if !matches!(kind, Some(PendingKind::RatingComment { .. })) {
            return self.hears(meaning, words);
        }
        let other = meaning != Meaning::Sensitive;
        self.env.book.hears_only(meaning, words, &self.state.language).filter(|_| other)
    }

    /// Too long for the bot, asks for a person, or touches what no bot may handle.
    fn wants_people(&mut self, words: &str) -> bool {
        if words.chars().count() > limits::READ_CHARS_MAX {
            let why = format!("The message is longer than the {} characters the bot reads.", limits::READ_CHARS_MAX);
            let lead = Some(self.text(TextId::TooLong));
            let open_question = Some(cut(words, limits::READ_CHARS_MAX));
            self.hand_off(Handoff { lead, open_question, ..Handoff::new(HandoffReason::NotUnderstood, why) });
            return true;
        }
        let label = self.label(TextId::MenuPerson);
        if fold(words) == fold(&label) || self.wishes(Meaning::Human, words).is_some() {
            let why = format!("The contact asked for a person: {}.", quoted(words));
            self.hand_off(Handoff::new(HandoffReason::Asked, why));
            return true;
        }
        if let Some(sign) = self.wishes(Meaning::Sensitive, words) {
            let why = format!("The words {} touch a subject that is not for the bot (`{sign}`).", quoted(words));
            let lead = Some(self.text(TextId::HandoffSensitive));
            let priority = Some(self.state.priority.max(Priority::High));
            let open_question = Some(words.to_owned());
            self.hand_off(Handoff { priority, lead, open_question, ..Handoff::new(HandoffReason::Sensitive, why) });
            return true;
        }
        false
    }

    fn wants_to_start_over(&mut self, words: &str) -> bool {
        let label = self.label(TextId::StartAnew);
        let wants = fold(words) == fold(&label) || self.wishes(Meaning::Restart, words).is_some();
        if wants {
            self.start_over(&format!("The contact asked to start over: {}.", quoted(words)));
        }
        wants
    }

    /// Solved, and the contact writes all the same: a rating, thanks, or something new. True when nothing is left to
    /// answer.
    fn after_resolution(&mut self, words: &str) -> bool {
        if self.typed_option(words) || self.typed_comment(words) {
            return true;
        }
        if self.hears(Meaning::Thanks, words).is_some() {
            self.log(Happening::Silent, "Thanks after a resolution don't open the conversation again.");
            let text = self.text(TextId::YouAreWelcome);
            self.bot_says(Content::markdown(text));
            return true;
        }
        match self.state.resolution.as_ref().map(|resolution| &resolution.by) {
            Some(ResolvedBy::Agent { agent }) => {
                let why = format!("The contact wrote again after {} had resolved it: {}.", agent.name, quoted(words));
                let lead = Some(self.text(TextId::Reopened));
                let open_question = Some(words.to_owned());
                self.hand_off(Handoff { lead, open_question, ..Handoff::new(HandoffReason::Reopened, why) });
                true
            }
            Some(ResolvedBy::Bot) | None => {
                self.state.status = Status::Open;
                self.state.pending = None;
                self.log(
                    Happening::Reopened,
                    "The contact wrote again after the bot had resolved it; the bot goes on.",
                );
                false
            }
        }
    }

    /// Cancel and back, inside a flow.
    fn leaves_question(&mut self, words: &str) -> bool {
        let Some(FlowRun { flow, .. }) = self.state.run.clone() else { return false };
        if self.hears(Meaning::Cancel, words).is_some() {
            self.state.run = None;
            self.state.pending = None;
            self.log(Happening::FlowLeft { flow: flow.name }, format!("The contact left it: {}.", quoted(words)));
            self.show_menu_after(TextId::Cancelled);
            return true;
        }
        if self.hears(Meaning::Back, words).is_some() {
            self.go_back();
            return true;
        }
        false
    }

    /// The words name one of the options at hand: its number, its label, another word for it, or yes and no.
    fn typed_option(&mut self, words: &str) -> bool {
        let meant = self.state.pending.as_ref().and_then(|pending| self.option_meant(pending, words));
        if let Some(id) = &meant {
            self.picked(id);
        }
        meant.is_some()
    }

    /// The option of a question that the words name.
    pub(super) fn option_meant(&self, question: &Pending, words: &str) -> Option<ChoiceId> {
        if let Some(choice) = choice::resolve(&question.choices, words) {
            return Some(choice.id.clone());
        }
        let value = match question.kind {
            PendingKind::Vote { .. } | PendingKind::OfferPerson { .. } | PendingKind::SwitchFlow { .. } => {
                let yes = self.hears(Meaning::Yes, words).map(|_| "yes");
                yes.or_else(|| self.hears(Meaning::No, words).map(|_| "no"))?
            }
            PendingKind::Menu
            | PendingKind::FlowAnswer
            | PendingKind::Between { .. }
            | PendingKind::Rating
            | PendingKind::RatingComment { .. }
            | PendingKind::Search { .. } => return None,
        };
        question.choices.iter().find(|choice| value_of(&choice.id) == value).map(|choice| choice.id.clone())
    }

    /// An option at hand was picked.
    fn picked(&mut self, id: &ChoiceId) {
        let Some(pending) = self.state.pending.clone() else { return };
        let value = value_of(id);
        match pending.kind {
            PendingKind::Menu => self.picked_from_menu(value),
            PendingKind::FlowAnswer => self.picked_answer(value),
            PendingKind::Vote { article } => self.vote(article, value == "yes"),
            PendingKind::Between { question } => self.picked_between(value, &question),
            PendingKind::OfferPerson { question } => self.offered_person(value == "yes", question),
            PendingKind::SwitchFlow { flow } => self.offered_switch(value == "yes", &flow),
            PendingKind::Rating => self.rated(value),
            PendingKind::RatingComment { .. } => self.thank_for_rating(),
            PendingKind::Search { .. } => {
                self.log(Happening::Odd, "An option was picked while a search was under way.");
            }
        }
    }

    fn picked_from_menu(&mut self, value: &str) {
        if let Some(name) = value.strip_prefix(FLOW) {
            self.start_flow(name, "The contact picked it from the starting options.");
        } else if value == PERSON {
            self.hand_off(Handoff::new(
                HandoffReason::Asked,
                "The contact picked a person from the options.".to_owned(),
            ));
        } else if value == ANEW {
            self.start_over("The contact picked to start anew.");
        } else {
            self.log(Happening::Odd, format!("The starting option `{value}` means nothing."));
        }
    }

    /// Words outside of any flow.
    fn asks_freely(&mut self, words: &str) {
        let sure = self.triggered(words);
        match sure.as_slice() {
            [] => {}
            [(flow, pattern)] => {
                let why = format!("The words {} fit its pattern `{pattern}`.", quoted(words));
                self.start_flow(&flow.name, &why);
                return;
            }
            several => {
                let names: Vec<String> = several.iter().map(|(flow, _)| flow.name.clone()).collect();
                self.ask_between_flows(&names, words);
                return;
            }
        }
        if self.hears(Meaning::Greeting, words).is_some() {
            if self.state.greeted {
                let text = self.text(TextId::GreetingAgain);
                self.show_menu(text);
            } else {
                self.greet();
            }
        } else if self.hears(Meaning::Thanks, words).is_some() {
            let text = self.text(TextId::YouAreWelcome);
            self.state.pending = None;
            self.bot_says(Content::markdown(text));
        } else if words.is_empty() {
            self.not_understood("", "The message holds a file and no words; the bot reads words only.");
        } else {
            self.find(SearchPurpose::FreeQuestion, words);
        }
    }

    /// The flows whose title the words are, or whose pattern they fit.
    pub(super) fn triggered(&self, words: &str) -> Vec<(&'a Flow, String)> {
        let folded = fold(words);
        let language = self.state.language.as_str();
        let titled = |flow: &Flow| fold(flow.title.get(language, self.env.book.default_language())) == folded;
        let hit = |flow: &Flow| {
            let by_pattern = flow.triggers.patterns.iter().find(|pattern| pattern.is_match(&folded));
            by_pattern.map(|pattern| pattern.source().to_owned())
        };
        if let Some((flow, _)) = self.env.flows.iter().find(|(flow, _)| titled(flow)) {
            return vec![(flow, "its title".to_owned())];
        }
        self.env.flows.iter().filter_map(|(flow, _)| hit(flow).map(|pattern| (flow, pattern))).collect()
    }
}
