//! Greeting, starting options, starting over.

use switchboard_contract::Content;

use super::turn::{Offer, Turn};
use crate::book::TextId;
use crate::conversation::{Handler, PendingKind, Status};
use crate::effect::Happening;
use crate::limits;

/// What the starting options mean. The colon keeps them apart from the values of a flow's options, which have none: these
/// two mean the same however old the button is.
pub(super) const PERSON: &str = "menu:person";
pub(super) const ANEW: &str = "menu:anew";
pub(super) const FLOW: &str = "flow:";

impl Turn<'_> {
    /// The contact opened the chat: greeted once, and only while the bot holds the turn.
    pub(super) fn opened(&mut self) {
        if self.state.greeted || self.state.handler != Handler::Bot {
            return;
        }
        self.log(Happening::Opened, "The contact opened the chat.");
        self.greet();
    }

    /// The contact wants to begin anew: only the bot does, and nobody in a queue loses their place.
    pub(super) fn started_anew(&mut self) {
        let why = match self.state.handler {
            Handler::Bot => return self.start_over("The contact asked to begin anew."),
            Handler::Queue { .. } => "The contact asked to begin anew; the conversation waits for a person.",
            Handler::Agent { .. } => "The contact asked to begin anew; a person holds the conversation.",
        };
        self.log(Happening::Silent, why);
    }

    pub(super) fn greet(&mut self) {
        let text = self.text(TextId::Greeting);
        self.show_menu(text);
    }

    /// A text with the starting options: the book's flows that are there, and a person.
    pub(super) fn show_menu(&mut self, text: String) {
        let book = self.env.book;
        let mut offers: Vec<Offer> = book
            .menu
            .iter()
            .filter_map(|name| self.env.flows.current(name))
            .map(|(flow, _)| {
                let title = flow.title.get(&self.state.language, book.default_language());
                Offer::new(format!("{FLOW}{}", flow.name), title)
            })
            .take(limits::CHOICES_MAX - 1)
            .collect();
        offers.push(Offer::new(PERSON, self.label(TextId::MenuPerson)));
        self.bot_asks(Content::markdown(text), PendingKind::Menu, offers);
    }

    /// A text, the menu's own words below it, and the starting options.
    pub(super) fn show_menu_after(&mut self, lead: TextId) {
        let text = format!("{}\n\n{}", self.text(lead), self.text(TextId::MenuPrompt));
        self.show_menu(text);
    }

    /// Everything from the start; what was said stays in the transcript.
    pub(super) fn start_over(&mut self, why: &str) {
        self.state.run = None;
        self.state.pending = None;
        self.state.slots.clear();
        self.state.open_question = None;
        self.state.misses = 0;
        self.state.status = Status::Open;
        self.log(Happening::StartedOver, why);
        self.show_menu_after(TextId::Restarted);
    }
}
