//! The bot book: everything the bot says and understands outside flows, read from `bot.yaml`.

mod parse;
mod texts;
mod words;

use std::collections::BTreeMap;
use std::time::Duration;

pub use parse::parse;
pub use texts::TextId;
pub use words::{Meaning, Words};

use crate::text::{self, LocalText};

/// The bot book. Made by [`parse`], so every text exists in the default language.
#[derive(Debug, Clone, PartialEq)]
pub struct BotBook {
    /// The bot's name, shown to contacts.
    pub name: String,
    /// The languages the bot speaks; the first is the default. Never empty.
    pub languages: Vec<String>,
    /// The team that gets what no flow sends elsewhere.
    pub team: String,
    /// Further teams that conversations can be handed to, besides those that flows name.
    pub teams: Vec<String>,
    /// The flows offered with the greeting, in order.
    pub menu: Vec<String>,
    /// How long a contact waits in a queue before they are told that they are not forgotten; none: never.
    pub still_waiting_after: Option<Duration>,
    pub(crate) texts: BTreeMap<TextId, LocalText>,
    pub(crate) words: BTreeMap<Meaning, BTreeMap<String, Words>>,
}

impl BotBook {
    /// The language used where a text is missing in another one.
    pub fn default_language(&self) -> &str {
        self.languages.first().map_or("en", String::as_str)
    }

    /// The language to speak with somebody whose channel reports `tag` (BCP 47): the same, else its primary part (`de`
    /// for `de-AT`), else the default.
    pub fn language_for(&self, tag: &str) -> &str {
        let primary = tag.split(['-', '_']).next().unwrap_or(tag);
        [tag, primary]
            .iter()
            .find_map(|wanted| self.languages.iter().find(|known| known.eq_ignore_ascii_case(wanted)))
            .map_or_else(|| self.default_language(), String::as_str)
    }

    /// A text in a language, falling back to the default language. Placeholders stand as they are.
    pub fn text(&self, id: TextId, language: &str) -> &str {
        self.texts.get(&id).map_or("", |text| text.get(language, self.default_language()))
    }

    /// Whether `words` mean `meaning` in any language, the conversation's first. Tells the phrase or pattern that says
    /// so.
    pub fn hears(&self, meaning: Meaning, words: &str, language: &str) -> Option<&str> {
        let folded = text::fold(words);
        self.lists(meaning, language).find_map(|list| list.find(&folded, meaning.may_be_contained()))
    }

    /// The same when the words mean this and nothing else: a phrase within a longer utterance doesn't count.
    pub fn hears_only(&self, meaning: Meaning, words: &str, language: &str) -> Option<&str> {
        let folded = text::fold(words);
        self.lists(meaning, language).find_map(|list| list.find_whole(&folded))
    }

    /// The words for a meaning in every language, the conversation's first.
    fn lists(&self, meaning: Meaning, language: &str) -> impl Iterator<Item = &Words> {
        let lists = self.words.get(&meaning);
        let own = lists.and_then(|lists| lists.get(language));
        let others = lists.into_iter().flatten().filter(move |(tag, _)| *tag != language).map(|(_, list)| list);
        own.into_iter().chain(others)
    }
}
