//! After a resolution: a score, a word about it, thanks.

use switchboard_contract::Content;

use super::menu::ANEW;
use super::turn::{Offer, Turn};
use crate::book::TextId;
use crate::conversation::{AgentRef, PendingKind};
use crate::effect::{Effect, Happening};
use crate::limits;
use crate::text::cut;

impl Turn<'_> {
    /// Tells that it is solved and asks how it went, in one message.
    pub(super) fn ask_for_rating(&mut self, agent: &AgentRef) {
        let solved = self.text_with(TextId::ResolvedByAgent, &[("agent", &agent.name)]);
        let text = format!("{solved}\n\n{}", self.text(TextId::RatingPrompt));
        let scores = TextId::RATINGS.iter().zip(1..).map(|(id, score)| Offer::new(score.to_string(), self.label(*id)));
        let offers = scores.collect();
        self.system_asks(text, PendingKind::Rating, offers);
    }

    pub(super) fn rated(&mut self, value: &str) {
        let Some(score) = value.parse::<u8>().ok().filter(|score| (1..=5).contains(score)) else {
            self.log(Happening::Odd, format!("`{value}` is not a score from 1 to 5."));
            return;
        };
        self.note_rating(score, None, "The contact rated the conversation.");
        let text = self.text(TextId::RatingComment);
        let skip = vec![Offer::new("skip", self.label(TextId::RatingSkip))];
        self.system_asks(text, PendingKind::RatingComment { score }, skip);
    }

    /// Words after a rating are about the rating.
    pub(super) fn typed_comment(&mut self, words: &str) -> bool {
        let Some(PendingKind::RatingComment { score }) =
            self.state.pending.as_ref().map(|pending| pending.kind.clone())
        else {
            return false;
        };
        let comment = cut(words, limits::SLOT_CHARS_MAX);
        self.note_rating(score, Some(comment), "The contact added a comment to the rating.");
        self.thank_for_rating();
        true
    }

    fn note_rating(&mut self, score: u8, comment: Option<String>, why: &str) {
        if let Some(resolution) = &mut self.state.resolution {
            resolution.score = Some(score);
        }
        self.effect(Effect::Rated { score, comment });
        self.log(Happening::Rated { score }, why);
    }

    pub(super) fn thank_for_rating(&mut self) {
        let text = self.text(TextId::RatingThanks);
        self.offer_anew(text);
    }

    /// A last word of the desk, with the way to begin anew.
    pub(super) fn offer_anew(&mut self, text: String) {
        let anew = vec![Offer::new(ANEW, self.label(TextId::StartAnew))];
        let choices = self.await_choice(PendingKind::Menu, anew);
        self.system_says(Content::markdown(text).with_choices(choices));
    }
}
