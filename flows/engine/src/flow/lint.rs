//! Looks for what is allowed in a flow but surely not meant.

use std::collections::BTreeSet;

use super::model::{Action, Flow, Step, ValueType};
use super::set::FlowSet;
use super::values::{impossible_tests, tests};
use crate::book::BotBook;
use crate::problem::{Place, Problem, did_you_mean};
use crate::template;
use crate::text::{LocalText, fold};

/// What a flow is checked against.
#[derive(Debug, Clone, Copy)]
pub struct LintContext<'a> {
    /// All flows; whether this one is among them makes no difference.
    pub flows: &'a FlowSet,
    /// The slugs of all articles.
    pub articles: &'a BTreeSet<String>,
    /// The bot book.
    pub book: &'a BotBook,
}

/// Checks one flow against its surroundings, in the order of the file.
///
/// Errors: steps that nothing leads to, circles without a question, texts missing in the default language, unknown
/// articles, an example that another flow claims too, tests of a slot for a value it never has. Warnings: missing translations, a flow that nothing begins, slots
/// used before any step can have filled them.
pub fn lint(flow: &Flow, context: &LintContext<'_>) -> Vec<Problem> {
    let mut lint = Lint { flow, context, problems: Vec::new() };
    lint.reachability();
    lint.circles();
    lint.translations();
    lint.articles();
    lint.triggers();
    lint.slots();
    lint.tests();
    lint.problems.sort_by_key(|problem| (problem.line, problem.column));
    lint.problems
}

struct Lint<'a> {
    flow: &'a Flow,
    context: &'a LintContext<'a>,
    problems: Vec<Problem>,
}

impl<'a> Lint<'a> {
    /// The flows beside this one.
    fn others(&self) -> impl Iterator<Item = &'a Flow> + use<'a> {
        let name = &self.flow.name;
        self.context.flows.iter().map(|(other, _)| other).filter(move |other| other.name != *name)
    }

    fn error(&mut self, at: Place, message: impl Into<String>) {
        self.problems.push(Problem::error(&self.flow.file, at, message));
    }

    fn warning(&mut self, at: Place, message: impl Into<String>) {
        self.problems.push(Problem::warning(&self.flow.file, at, message));
    }

    fn reachability(&mut self) {
        let reached = reached_from(self.flow, 0, |_| true);
        for (index, step) in self.flow.steps.iter().enumerate().skip(1) {
            if !reached.contains(&index) {
                self.error(step.at, format!("nothing leads to the step `{}`", step.id));
            }
        }
    }

    fn circles(&mut self) {
        let waits = |index: usize| self.flow.steps.get(index).is_some_and(waits);
        let reach: Vec<BTreeSet<usize>> = (0..self.flow.steps.len())
            .map(|index| if waits(index) { BTreeSet::new() } else { beyond(self.flow, index, |next| !waits(next)) })
            .collect();
        let mut told: BTreeSet<usize> = BTreeSet::new();
        for (index, step) in self.flow.steps.iter().enumerate() {
            let Some(mine) = reach.get(index).filter(|mine| mine.contains(&index)) else { continue };
            if told.contains(&index) {
                continue;
            }
            told.extend(
                mine.iter().copied().filter(|other| reach.get(*other).is_some_and(|back| back.contains(&index))),
            );
            self.error(
                step.at,
                format!("the steps from `{}` on go round in a circle that never asks anything", step.id),
            );
        }
    }

    fn translations(&mut self) {
        let default = self.context.book.default_language().to_owned();
        let languages = self.context.book.languages.clone();
        let flow = self.flow;
        let mut places = vec![(flow.title_at, "the title".to_owned(), vec![&flow.title])];
        places.extend(flow.steps.iter().map(|step| (step.at, format!("the step `{}`", step.id), texts(step))));
        for (at, what, texts) in places {
            for language in &languages {
                if texts.iter().all(|text| text.has(language)) {
                    continue;
                }
                if *language == default {
                    self.error(at, format!("{what} lacks a text in the default language `{default}`"));
                } else {
                    self.warning(at, format!("{what} lacks a text in `{language}`; contacts read it in `{default}`"));
                }
            }
        }
    }

    fn articles(&mut self) {
        let flow = self.flow;
        for step in &flow.steps {
            if let Action::Answer(answer) = &step.action
                && !self.context.articles.contains(&answer.article)
            {
                let hint = did_you_mean(&answer.article, self.context.articles.iter().map(String::as_str));
                self.error(answer.article_at, format!("there is no article `{}`{hint}", answer.article));
            }
        }
    }

    fn triggers(&mut self) {
        let flow = self.flow;
        let triggers = &flow.triggers;
        let at = triggers.at.unwrap_or(flow.title_at);
        let none = triggers.patterns.is_empty() && triggers.examples.values().all(Vec::is_empty);
        if none && !self.context.book.menu.contains(&flow.name) {
            self.warning(at, "nothing begins this flow: it has no triggers and is not in the menu of the bot book");
        }
        let mut clashes = Vec::new();
        for other in self.others() {
            let theirs: BTreeSet<String> = examples(other).map(fold).collect();
            let shared = examples(flow).filter(|example| theirs.contains(&fold(example)));
            clashes.extend(
                shared.map(|example| format!("the example `{example}` stands in the flow `{}` too", other.name)),
            );
        }
        for clash in clashes {
            self.error(at, clash);
        }
    }

    fn slots(&mut self) {
        let flow = self.flow;
        let filled = slots_before(flow);
        for (step, filled) in flow.steps.iter().zip(&filled) {
            let mut told = BTreeSet::new();
            for (name, has_fallback) in placeholders_of(step) {
                let known = filled.contains(name) || matches!(name, "contact.name" | "contact.email");
                if !known && !has_fallback && told.insert(name) {
                    let message = format!(
                        "`{{{{{name}}}}}` is used before any step can have filled it; give it words: `{{{{{name}|…}}}}`"
                    );
                    self.warning(step.at, message);
                }
            }
            for (slot, ..) in tests(step) {
                if !filled.contains(slot) && told.insert(slot) {
                    self.warning(step.at, format!("the slot `{slot}` is tested before any step can have filled it"));
                }
            }
        }
    }

    fn tests(&mut self) {
        for (at, message) in impossible_tests(self.flow, self.others()) {
            self.error(at, message);
        }
    }
}

fn examples(flow: &Flow) -> impl Iterator<Item = &str> {
    flow.triggers.examples.values().flatten().map(String::as_str)
}

/// Whether a step always ends the present event's walk.
fn waits(step: &Step) -> bool {
    match &step.action {
        Action::Ask(question) => !question.skip_if_filled,
        Action::Answer(_) | Action::Handoff(_) | Action::End { .. } => true,
        Action::Say(_) | Action::Branch(_) | Action::Set(_) => false,
    }
}

/// Every step that can follow directly.
fn ways(flow: &Flow, index: usize) -> BTreeSet<usize> {
    let Some(step) = flow.steps.get(index) else { return BTreeSet::new() };
    let mut ways: BTreeSet<usize> = step.jumps().iter().filter_map(|jump| flow.position(&jump.step)).collect();
    let falls_through = match &step.action {
        Action::Say(_) | Action::Set(_) => step.next.is_none(),
        Action::Ask(question) => {
            step.next.is_none()
                && match &question.value {
                    ValueType::Choice(choices) => {
                        question.skip_if_filled || choices.iter().any(|choice| choice.next.is_none())
                    }
                    ValueType::Text { .. } | ValueType::Email | ValueType::Number { .. } | ValueType::YesNo => true,
                }
        }
        Action::Branch(cases) => cases.iter().all(|case| case.when.is_some()),
        Action::Answer(answer) => step.next.is_none() && (answer.if_helped.is_none() || answer.if_not.is_none()),
        Action::Handoff(_) | Action::End { .. } => false,
    };
    if falls_through && index + 1 < flow.steps.len() {
        ways.insert(index + 1);
    }
    ways
}

/// The steps that can be reached after a step, through steps that may be passed.
fn beyond(flow: &Flow, index: usize, passes: impl Fn(usize) -> bool) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<usize> = ways(flow, index).into_iter().collect();
    while let Some(next) = open.pop() {
        if passes(next) && reached.insert(next) {
            open.extend(ways(flow, next));
        }
    }
    reached
}

fn reached_from(flow: &Flow, start: usize, passes: impl Fn(usize) -> bool) -> BTreeSet<usize> {
    let mut reached = beyond(flow, start, passes);
    reached.insert(start);
    reached
}

/// For each step the slots that some way there can have filled.
fn slots_before(flow: &Flow) -> Vec<BTreeSet<&str>> {
    let mut before: Vec<BTreeSet<&str>> = vec![BTreeSet::new(); flow.steps.len()];
    let mut changed = true;
    while changed {
        changed = false;
        for (index, step) in flow.steps.iter().enumerate() {
            let mut after = before.get(index).cloned().unwrap_or_default();
            after.extend(filled_by(step));
            for next in ways(flow, index) {
                if let Some(known) = before.get_mut(next) {
                    let count = known.len();
                    known.extend(after.iter().copied());
                    changed |= known.len() > count;
                }
            }
        }
    }
    before
}

fn filled_by(step: &Step) -> Vec<&str> {
    match &step.action {
        Action::Ask(question) => vec![question.slot.as_str()],
        Action::Set(values) => values.iter().map(|(slot, _)| slot.as_str()).collect(),
        Action::Say(_) | Action::Branch(_) | Action::Answer(_) | Action::Handoff(_) | Action::End { .. } => Vec::new(),
    }
}

/// Every text of a step.
fn texts(step: &Step) -> Vec<&LocalText> {
    match &step.action {
        Action::Say(text) => vec![text],
        Action::Ask(question) => {
            let mut texts: Vec<&LocalText> = vec![&question.text];
            texts.extend(&question.retry);
            if let ValueType::Choice(choices) = &question.value {
                texts.extend(choices.iter().map(|choice| &choice.label));
            }
            texts
        }
        Action::Set(values) => values.iter().map(|(_, value)| value).collect(),
        Action::Handoff(handoff) => handoff.say.iter().collect(),
        Action::End { text, .. } => text.iter().collect(),
        Action::Branch(_) | Action::Answer(_) => Vec::new(),
    }
}

fn placeholders_of(step: &Step) -> Vec<(&str, bool)> {
    texts(step).into_iter().flat_map(LocalText::all).flat_map(|(_, text)| template::placeholders(text)).collect()
}
