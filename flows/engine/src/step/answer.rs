//! What a search found, and what the contact says to it.

use switchboard_contract::{ArticleId, Citation, Content};

use super::menu::FLOW;
use super::push_bounded;
use super::turn::{Offer, Turn, quoted};
use crate::book::{Meaning, TextId};
use crate::brief::HandoffReason;
use crate::conversation::{Pending, PendingKind, ResolvedBy, SearchPurpose, ShownArticle};
use crate::effect::{Effect, Happening};
use crate::event::{ArticleCard, Found, Target, Verdict};
use crate::limits;
use crate::step::handoff::Handoff;

pub(super) const ARTICLE: &str = "article:";
const NONE: &str = "none";

impl Turn<'_> {
    /// The shell answers a search.
    pub(super) fn found(&mut self, found: &Found) {
        let Some(Pending { kind: PendingKind::Search { purpose, question, before, asks }, .. }) =
            self.state.pending.clone()
        else {
            let who = "bot".to_owned();
            self.log(Happening::Refused { who }, "A search ended after the turn had moved on; its answer is not said.");
            return;
        };
        self.state.pending = before.map(|before| *before);
        self.asks = asks;
        match purpose {
            SearchPurpose::FreeQuestion => self.answer_freely(found, &question),
            SearchPurpose::PickedArticle => self.show_picked(found, &question),
            SearchPurpose::FlowArticle => self.show_in_flow(found),
            SearchPurpose::InsideFlow | SearchPurpose::InsteadOfOption => self.answer_inside_flow(found, &question),
        }
    }

    fn answer_freely(&mut self, found: &Found, question: &str) {
        match &found.verdict {
            Verdict::Sure(hit) => match &hit.target {
                Target::Article(card) => {
                    self.state.misses = 0;
                    self.state.open_question = None;
                    self.show_article(card, Some(question), &found.why);
                }
                Target::Flow { name, .. } if self.env.flows.current(name).is_some() => {
                    self.start_flow(name, &found.why);
                }
                Target::Flow { name, .. } => {
                    self.not_understood(question, &format!("The search chose the flow `{name}`, which is not there."));
                }
            },
            Verdict::Between(hits) if !hits.is_empty() => {
                let offers = hits.iter().map(|hit| match &hit.target {
                    Target::Article(card) => article_offer(card),
                    Target::Flow { name, title } => Offer::new(format!("{FLOW}{name}"), title),
                });
                let offers = offers.collect();
                self.ask_between(offers, question, &found.why);
            }
            Verdict::Between(_) | Verdict::Nothing => self.not_understood(question, &found.why),
        }
    }

    /// Shows an article outside of a flow or for its `answer` step, and asks whether it helped: one message.
    fn show_article(&mut self, card: &ArticleCard, question: Option<&str>, why: &str) {
        let text = format!("{}\n\n{}", card.text.trim_end(), self.text(TextId::HelpedPrompt));
        let vote = PendingKind::Vote { article: card.id };
        let offers = self.helped_offers();
        self.note_shown(card, question, why);
        self.bot_asks(Content { citation: Some(citation(card)), ..Content::markdown(text) }, vote, offers);
    }

    pub(super) fn helped_offers(&self) -> Vec<Offer> {
        vec![Offer::new("yes", self.label(TextId::HelpedYes)), Offer::new("no", self.label(TextId::HelpedNo))]
    }

    fn note_shown(&mut self, card: &ArticleCard, question: Option<&str>, why: &str) {
        let shown = ShownArticle {
            article: card.id,
            title: card.title.clone(),
            question: question.map(str::to_owned),
            helped: None,
            at: self.env.now,
        };
        push_bounded(&mut self.state.shown, shown, limits::SHOWN_MAX);
        self.log(Happening::Answered { article: card.id, title: card.title.clone() }, why);
    }

    pub(super) fn ask_between_flows(&mut self, names: &[String], words: &str) {
        let language = self.state.language.clone();
        let flows = names.iter().filter_map(|name| self.env.flows.current(name));
        let offers = flows.map(|(flow, _)| {
            let title = flow.title.get(&language, self.env.book.default_language());
            Offer::new(format!("{FLOW}{}", flow.name), title)
        });
        let offers = offers.collect();
        let why = format!("The words {} fit the patterns of several flows.", quoted(words));
        self.ask_between(offers, words, &why);
    }

    /// Asks which one is meant, with a way out.
    fn ask_between(&mut self, mut offers: Vec<Offer>, question: &str, why: &str) {
        offers.truncate(limits::CHOICES_MAX - 1);
        let titles = offers.iter().map(|offer| offer.label.clone()).collect();
        self.log(Happening::AskedBetween { titles }, why);
        offers.push(Offer::new(NONE, self.label(TextId::BetweenNone)));
        let text = self.text(TextId::BetweenPrompt);
        self.bot_asks(Content::markdown(text), PendingKind::Between { question: question.to_owned() }, offers);
    }

    pub(super) fn picked_between(&mut self, value: &str, question: &str) {
        self.state.pending = None;
        if let Some(slug) = value.strip_prefix(ARTICLE) {
            self.find_article(SearchPurpose::PickedArticle, question, slug);
        } else if let Some(name) = value.strip_prefix(FLOW) {
            self.start_flow(name, "The contact picked it between several.");
        } else {
            self.none_fits(question, "The contact picked none of the answers that were offered.");
        }
    }

    fn show_picked(&mut self, found: &Found, question: &str) {
        let Some(card) = article_of(found) else {
            self.none_fits(question, "The article that was picked is no longer there.");
            return;
        };
        let why = format!("The contact picked it between several. {}", found.why);
        if self.state.run.is_some() {
            self.show_in_between(card, question, &why);
        } else {
            self.state.misses = 0;
            self.state.open_question = None;
            self.show_article(card, Some(question), &why);
        }
    }

    /// None of several answers is meant: in the middle of a flow its own question is still open.
    fn none_fits(&mut self, question: &str, why: &str) {
        if self.state.run.is_some() {
            self.not_an_answer(question, why);
        } else {
            self.not_understood(question, why);
        }
    }

    /// The article of a flow's `answer` step, or its absence.
    fn show_in_flow(&mut self, found: &Found) {
        if let Some(card) = article_of(found) {
            self.show_article(card, None, &found.why);
        } else {
            self.log(Happening::Odd, format!("The flow's article can't be shown, so the flow goes on: {}", found.why));
            self.after_answer(false);
        }
    }

    /// Words that don't answer the waiting step: a question in between, another flow, or no answer.
    fn answer_inside_flow(&mut self, found: &Found, words: &str) {
        if let Some(card) = article_of(found) {
            self.show_in_between(card, words, &found.why);
            return;
        }
        let several = articles_between(found);
        // Two faint likenesses are found for almost any slip; only who seems to ask is asked back.
        if !several.is_empty() && self.hears(Meaning::Question, words).is_some() {
            let why = format!("The words {} look like a question in between. {}", quoted(words), found.why);
            self.ask_between(several, words, &why);
            return;
        }
        let running = self.state.run.as_ref().map(|run| run.flow.name.clone());
        if self.accept_words(words) {
            return;
        }
        if let Verdict::Sure(hit) = &found.verdict
            && let Target::Flow { name, .. } = &hit.target
            && Some(name) != running.as_ref()
            && self.env.flows.current(name).is_some()
        {
            self.offer_switch(name, &found.why);
            return;
        }
        self.not_an_answer(words, &found.why);
    }

    /// Answers a question in the middle of a flow, which then goes on where it was.
    fn show_in_between(&mut self, card: &ArticleCard, question: &str, why: &str) {
        self.note_shown(card, Some(question), why);
        self.bot_says(Content { citation: Some(citation(card)), ..Content::markdown(card.text.trim_end()) });
        self.resume();
    }

    /// The contact says whether an article helped.
    pub(super) fn vote(&mut self, article: ArticleId, helped: bool) {
        self.state.pending = None;
        let shown = self.state.shown.iter_mut().rev().find(|shown| shown.article == article);
        let voted = shown.map(|shown| {
            shown.helped = Some(helped);
            shown.clone()
        });
        let question = voted.as_ref().and_then(|shown| shown.question.clone());
        if let Some(shown) = voted {
            let why =
                if helped { "The contact says that it helped." } else { "The contact says that it did not help." };
            self.log(Happening::Voted { title: shown.title.clone(), helped }, why);
            self.effect(Effect::Voted(shown));
        }
        if self.state.run.is_some() {
            self.after_answer(helped);
        } else if helped {
            self.state.misses = 0;
            self.state.open_question = None;
            let text = self.text(TextId::HelpedThanks);
            self.bot_says(Content::markdown(text));
            self.resolve(ResolvedBy::Bot, None, "The contact says that the answer helped.");
        } else {
            let question = question.unwrap_or_default();
            self.state.open_question = Some(question.clone()).filter(|question| !question.is_empty());
            let text = self.text(TextId::NotHelped);
            self.offer_person(text, question);
        }
    }

    /// Nothing fits: says so and offers a person; the second time in a row a person it is.
    pub(super) fn not_understood(&mut self, question: &str, why: &str) {
        let known = self.state.open_question.as_deref() == Some(question);
        if !question.is_empty() && !known {
            let language = self.state.language.clone();
            self.effect(Effect::Unanswered { question: question.to_owned(), language });
            self.state.open_question = Some(question.to_owned());
        }
        self.state.misses = self.state.misses.saturating_add(1);
        self.log(Happening::NotUnderstood, why);
        if self.state.misses >= limits::MISSES_MAX {
            let why = format!("The bot did not understand {} times in a row. {why}", self.state.misses);
            self.hand_off(Handoff::new(HandoffReason::NotUnderstood, why));
            return;
        }
        let mut text = self.text(TextId::NotUnderstood);
        if !self.state.greeted {
            text = format!("{}\n\n{text}", self.text(TextId::Greeting));
        }
        self.offer_person(text, question.to_owned());
    }

    fn offer_person(&mut self, text: String, question: String) {
        let offers =
            vec![Offer::new("yes", self.label(TextId::OfferYes)), Offer::new("no", self.label(TextId::OfferNo))];
        self.bot_asks(Content::markdown(text), PendingKind::OfferPerson { question }, offers);
    }

    pub(super) fn offered_person(&mut self, accepted: bool, question: String) {
        if accepted {
            let open_question = Some(question).filter(|question| !question.is_empty());
            let why = "The contact took the bot's offer of a person.".to_owned();
            self.hand_off(Handoff { open_question, ..Handoff::new(HandoffReason::AcceptedOffer, why) });
        } else {
            self.state.pending = None;
            let text = self.text(TextId::OfferDeclined);
            self.bot_says(Content::markdown(text));
        }
    }
}

fn article_of(found: &Found) -> Option<&ArticleCard> {
    match &found.verdict {
        Verdict::Sure(hit) => match &hit.target {
            Target::Article(card) => Some(card),
            Target::Flow { .. } => None,
        },
        Verdict::Between(_) | Verdict::Nothing => None,
    }
}

/// The articles among several answers. Flows are left out: in the middle of one, only a sure wish offers another.
fn articles_between(found: &Found) -> Vec<Offer> {
    let Verdict::Between(hits) = &found.verdict else { return Vec::new() };
    let offers = hits.iter().filter_map(|hit| match &hit.target {
        Target::Article(card) => Some(article_offer(card)),
        Target::Flow { .. } => None,
    });
    offers.collect()
}

fn article_offer(card: &ArticleCard) -> Offer {
    Offer::new(format!("{ARTICLE}{}", card.slug), &card.title)
}

fn citation(card: &ArticleCard) -> Citation {
    Citation { title: card.title.clone(), url: card.url.clone() }
}
