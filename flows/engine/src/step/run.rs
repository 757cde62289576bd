//! The interpreter of flows: where a flow goes. What it asks stands in `question`, how it speaks in `wording`.

use switchboard_contract::Content;

use super::turn::{Offer, Turn};
use super::{push_bounded, value};
use crate::book::TextId;
use crate::brief::HandoffReason;
use crate::conversation::{FlowRun, PathStep, PendingKind, ResolvedBy, SearchPurpose};
use crate::effect::Happening;
use crate::flow::{Action, Flow, FlowVersion, Jump, Step};
use crate::limits;
use crate::step::handoff::Handoff;
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
            let Onward::To(jump) = self.perform(flow, step) else { return };
            let Some(next) = target(flow, at, jump) else {
                self.lost_step(flow, jump);
                return;
            };
            at = next;
        }
        self.missing_flow(format!("The flow `{}` goes round in circles without asking anything.", flow.name));
    }

    /// Goes on from a step.
    pub(super) fn go_on(&mut self, flow: &'a Flow, from: usize, jump: Option<&'a Jump>) {
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
                let holds =
                    |slots| cases.iter().find(|case| case.when.as_ref().is_none_or(|when| value::holds(when, slots)));
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

    /// The step of the running flow that waits; none when it is gone.
    pub(super) fn waiting(&self) -> Option<(&'a Flow, usize, &'a Step)> {
        let run = self.state.run.as_ref()?;
        let flow = self.env.flows.version(&run.flow)?;
        let at = flow.position(&run.step)?;
        flow.steps.get(at).map(|step| (flow, at, step))
    }

    /// As [`Self::waiting`]; hands over when it is gone.
    pub(super) fn waiting_or_hand_off(&mut self) -> Option<(&'a Flow, usize, &'a Step)> {
        let waiting = self.waiting();
        if waiting.is_none() {
            let name = self.state.run.as_ref().map_or_else(
                || "The flow that was running".to_owned(),
                |run| {
                    format!("Version {} of the flow `{}`, at its step `{}`,", run.flow.version, run.flow.name, run.step)
                },
            );
            self.missing_flow(format!("{name} is not there any more."));
        }
        waiting
    }

    pub(super) fn fill_slot(&mut self, slot: &str, value: &str, why: &str) {
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
        let titles = vec![self.title_of(name).to_owned()];
        self.log(Happening::AskedBetween { titles }, why);
        let text = self.switch_text(name);
        let offers =
            vec![Offer::new("yes", self.label(TextId::SwitchYes)), Offer::new("no", self.label(TextId::SwitchNo))];
        self.bot_asks(Content::markdown(text), PendingKind::SwitchFlow { flow: name.to_owned() }, offers);
    }

    pub(super) fn switch_text(&self, name: &str) -> String {
        self.text_with(TextId::SwitchPrompt, &[("title", self.title_of(name))])
    }

    /// A flow's title in the contact's language; its name when it is gone.
    fn title_of<'n>(&self, name: &'n str) -> &'n str
    where
        'a: 'n,
    {
        let default = self.env.book.default_language();
        self.env.flows.current(name).map_or(name, |(flow, _)| flow.title.get(&self.state.language, default))
    }

    pub(super) fn offered_switch(&mut self, accepted: bool, name: &str) {
        if accepted {
            self.start_flow(name, "The contact chose to leave the running flow for it.");
        } else {
            self.resume();
        }
    }
}

/// Where a jump leads; the next step in order when there is none.
fn target(flow: &Flow, from: usize, jump: Option<&Jump>) -> Option<usize> {
    jump.map_or(Some(from + 1), |jump| flow.position(&jump.step))
}
