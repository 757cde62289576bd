//! How a flow's texts read: in whose language, with which values.

use super::turn::Turn;
use crate::flow::{Flow, Step};
use crate::template;
use crate::text::LocalText;

impl Turn<'_> {
    /// A flow's text as Markdown, placeholders filled; what was chosen shows as its label.
    pub(super) fn flow_text(&self, flow: &Flow, text: &LocalText) -> String {
        let source = text.get(&self.state.language, self.env.book.default_language());
        template::markdown(source, &|name| self.shown_value(flow, name))
    }

    /// A flow's text as plain words with the stored values, for slots.
    pub(super) fn flow_words(&self, text: &LocalText) -> String {
        self.filled(text, &self.state.language)
    }

    /// The same in the language of the house, for agents.
    pub(super) fn agent_words(&self, text: &LocalText) -> String {
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
        let questions = flow.steps.iter().filter_map(Step::question).filter(|question| question.slot == name);
        let label = questions.flat_map(|question| self.offers(question)).find(|offer| offer.value == *value);
        Some(label.map_or_else(|| value.clone(), |offer| offer.label))
    }
}
