//! From the bot to people, in one transition: the contact is told, the queue has it, the brief is written, agents hear
//! of it.

use switchboard_contract::Content;

use super::turn::Turn;
use crate::book::TextId;
use crate::brief::{HandoffBrief, HandoffReason};
use crate::conversation::{Handler, Priority, Status};
use crate::effect::{Effect, Happening, Notice};

/// A handoff to be made.
pub(super) struct Handoff {
    pub(super) reason: HandoffReason,
    pub(super) why: String,
    /// The team; when none, the one an agent resolved it in, else the book's.
    pub(super) team: Option<String>,
    pub(super) priority: Option<Priority>,
    /// Said at the head of the notice.
    pub(super) lead: Option<String>,
    /// The words that were not answered; those known before when none.
    pub(super) open_question: Option<String>,
}

impl Handoff {
    pub(super) fn new(reason: HandoffReason, why: String) -> Self {
        Self { reason, why, team: None, priority: None, lead: None, open_question: None }
    }
}

impl Turn<'_> {
    pub(super) fn hand_off(&mut self, handoff: Handoff) {
        let Handoff { reason, why, team, priority, lead, open_question } = handoff;
        let known = self.state.resolution.as_ref().and_then(|resolution| resolution.team.clone());
        let team = team.or(known).unwrap_or_else(|| self.env.book.team.clone());
        if self.state.status == Status::Resolved {
            self.log(Happening::Reopened, why.clone());
        }
        if let Some(priority) = priority {
            self.set_priority(priority, &why);
        }
        if open_question.is_some() {
            self.state.open_question = open_question;
        }
        self.log(Happening::HandedOff { team: team.clone() }, why.clone());
        let notice = self.queue_notice(self.env.ahead(&team, &self.state.handler));
        self.enqueue(&team);
        let text = lead.map_or_else(|| notice.clone(), |lead| format!("{lead}\n\n{notice}"));
        self.system_says(Content::markdown(text));
        self.brief(reason, &why, &team);
        self.notify(Notice::Waiting { team, since: self.env.now });
    }

    /// The team's queue holds the turn from here on.
    pub(super) fn enqueue(&mut self, team: &str) {
        self.pass_turn(Handler::Queue { team: team.to_owned(), since: self.env.now });
        self.state.status = Status::Open;
    }

    /// How many wait before.
    fn queue_notice(&self, ahead: u32) -> String {
        match ahead {
            0 => self.text(TextId::HandoffFirst),
            _ => self.text_with(TextId::HandoffQueue, &[("ahead", &ahead.to_string())]),
        }
    }

    /// Writes down everything the bot knows.
    pub(super) fn brief(&mut self, reason: HandoffReason, why: &str, team: &str) {
        let state = &self.state;
        let brief = HandoffBrief {
            at: self.env.now,
            reason,
            why: why.to_owned(),
            team: team.to_owned(),
            priority: state.priority,
            language: state.language.clone(),
            slots: state.slots.clone(),
            path: state.path.iter().cloned().collect(),
            shown: state.shown.iter().cloned().collect(),
            open_question: state.open_question.clone(),
            contact: state.contact.clone(),
            transcript_through: state.seq,
        };
        self.effect(Effect::Brief(Box::new(brief)));
    }

    /// The flow that runs, or a part of it, is not there: people go on.
    pub(super) fn missing_flow(&mut self, why: impl Into<String>) {
        self.hand_off(Handoff::new(HandoffReason::MissingFlow, why.into()));
    }
}
