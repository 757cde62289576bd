//! The present question once more: nothing was answered, so nothing counts as an attempt or a miss.

use switchboard_contract::Content;

use super::turn::Turn;
use crate::book::TextId;
use crate::conversation::{Pending, PendingKind};

impl Turn<'_> {
    /// Asks what the bot waits for again. The options keep their ids, so the buttons further up stay good.
    pub(super) fn repeat_question(&mut self) {
        let Some(Pending { kind, choices }) = self.state.pending.clone() else { return };
        let text = match &kind {
            PendingKind::FlowAnswer => return self.resume(),
            PendingKind::Vote { .. } => self.text(TextId::HelpedPrompt),
            PendingKind::Between { .. } => self.text(TextId::BetweenPrompt),
            PendingKind::OfferPerson { question } => self.text(self.offer_text(question)),
            PendingKind::SwitchFlow { flow } => self.switch_text(flow),
            PendingKind::Rating => self.text(TextId::RatingPrompt),
            PendingKind::RatingComment { .. } => self.text(TextId::RatingComment),
            PendingKind::Menu => self.text(TextId::MenuPrompt),
            // Never here: a contact's message drops a search before it is read.
            PendingKind::Search { .. } => return,
        };
        let content = Content::markdown(text).with_choices(choices);
        if matches!(kind, PendingKind::Rating | PendingKind::RatingComment { .. }) {
            self.system_says(content);
        } else {
            self.bot_says(content);
        }
    }

    /// The words that offered a person: after an article that did not help, or for want of an answer.
    fn offer_text(&self, question: &str) -> TextId {
        let failed = |helped, asked: Option<&str>| helped == Some(false) && asked.unwrap_or_default() == question;
        let after_article = self.state.shown.iter().any(|shown| failed(shown.helped, shown.question.as_deref()));
        if after_article { TextId::NotHelped } else { TextId::NotUnderstood }
    }
}
