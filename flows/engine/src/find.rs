//! Who answers the engine's questions, and the loop that asks until it has no more.

use std::sync::Arc;

use crate::conversation::Conversation;
use crate::effect::{Ask, Effect};
use crate::env::Env;
use crate::event::{ArticleCard, Event, EventKind, Found, Hit, Target, Verdict};
use crate::limits;
use crate::step::step;

/// Searches articles and flows. Pure like the engine: the same question has the same answer.
pub trait Finder {
    /// Searches articles and flows for what fits a question.
    fn find(&self, question: &str, language: &str) -> Found;

    /// Looks up one article by its slug; none when it isn't there, isn't published or isn't public.
    fn article(&self, slug: &str, language: &str) -> Option<ArticleCard>;
}

impl<F: Finder + ?Sized> Finder for Arc<F> {
    fn find(&self, question: &str, language: &str) -> Found {
        (**self).find(question, language)
    }

    fn article(&self, slug: &str, language: &str) -> Option<ArticleCard> {
        (**self).article(slug, language)
    }
}

/// Steps a conversation through an event and answers what the engine asks, at most
/// [`limits::ASKS_PER_EVENT_MAX`](crate::limits::ASKS_PER_EVENT_MAX) times. Gives the state and all effects, to be kept in one
/// transaction. Pure.
pub fn play(state: &Conversation, event: &Event, env: &Env<'_>, finder: &dyn Finder) -> (Conversation, Vec<Effect>) {
    let mut transition = step(state, event, env);
    let mut effects = std::mem::take(&mut transition.effects);
    for _ in 0..limits::ASKS_PER_EVENT_MAX {
        let Some(ask) = transition.ask.take() else { break };
        let found = Event { id: None, seq: event.seq, kind: EventKind::Found(answer(finder, &ask)) };
        transition = step(&transition.state, &found, env);
        effects.append(&mut transition.effects);
    }
    (transition.state, effects)
}

fn answer(finder: &dyn Finder, ask: &Ask) -> Found {
    match ask {
        Ask::Find { question, language } => finder.find(question, language),
        Ask::Article { slug, language } => match finder.article(slug, language) {
            Some(card) => {
                let hit = Hit { target: Target::Article(card), score: 1.0, nearest: slug.clone() };
                Found { verdict: Verdict::Sure(hit), why: format!("It was named directly: `{slug}`.") }
            }
            None => Found {
                verdict: Verdict::Nothing,
                why: format!("The article `{slug}` is missing, not published or not public."),
            },
        },
    }
}
