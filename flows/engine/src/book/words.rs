//! What a contact's words mean, wherever they are said.

use crate::text::{Pattern, spaced_words};

macro_rules! meanings {
    ($($(#[$doc:meta])* $name:ident = $id:literal,)+) => {
        /// Something a contact's words can mean anywhere.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Meaning {
            $($(#[$doc])* $name,)+
        }

        impl Meaning {
            /// Every meaning a bot book has words for.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The id as it stands in `bot.yaml`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)+
                }
            }
        }
    };
}

meanings! {
    /// Wants a person.
    Human = "human",
    /// Wants to start over.
    Restart = "restart",
    /// Wants the question before.
    Back = "back",
    /// Wants to leave the flow.
    Cancel = "cancel",
    /// Yes.
    Yes = "yes",
    /// No.
    No = "no",
    /// Greets.
    Greeting = "greeting",
    /// Thanks.
    Thanks = "thanks",
    /// Danger, law, health, fraud, money lost: not for a bot.
    Sensitive = "sensitive",
    /// Looks like a question.
    Question = "question",
}

impl Meaning {
    /// Whether a phrase counts within a longer utterance too: nobody is kept from a person by a polite sentence around
    /// it.
    pub const fn may_be_contained(self) -> bool {
        matches!(self, Self::Human | Self::Restart | Self::Sensitive)
    }
}

/// The phrases and patterns for one meaning in one language.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words {
    /// Folded phrases.
    pub(crate) phrases: Vec<Phrase>,
    /// Patterns searched in the folded utterance.
    pub(crate) patterns: Vec<Pattern>,
}

/// A folded phrase, and what is compared in place of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phrase {
    text: String,
    /// Its words with single spaces around each.
    spaced: String,
}

impl Phrase {
    pub(crate) fn new(folded: String) -> Self {
        Self { spaced: spaced_words(&folded), text: folded }
    }

    /// Without question marks at its end.
    fn bare(&self) -> &str {
        self.text.trim_end_matches('?')
    }

    fn is_within(&self, spaced: &str) -> bool {
        self.spaced.trim() != "" && spaced.contains(&self.spaced)
    }
}

impl Words {
    /// The phrase or the pattern that a folded utterance fits.
    pub(crate) fn find(&self, folded: &str, contained: bool) -> Option<&str> {
        if folded.is_empty() {
            return None;
        }
        let bare = folded.trim_end_matches('?');
        let spaced = if contained { spaced_words(folded) } else { String::new() };
        let says = |phrase: &&Phrase| {
            phrase.text == folded || phrase.bare() == bare || (contained && phrase.is_within(&spaced))
        };
        self.phrases
            .iter()
            .find(says)
            .map(|phrase| phrase.text.as_str())
            .or_else(|| self.patterns.iter().find(|pattern| pattern.is_match(folded)).map(Pattern::source))
    }

    /// The phrase that a folded utterance is, or the pattern that fits all of it.
    pub(crate) fn find_whole(&self, folded: &str) -> Option<&str> {
        let bare = folded.trim_end_matches('?');
        if bare.is_empty() {
            return None;
        }
        let spaced = spaced_words(bare);
        let is_said = |phrase: &&Phrase| phrase.bare() == bare || (spaced.trim() != "" && phrase.spaced == spaced);
        let fits = |pattern: &&Pattern| pattern.spans(folded) || pattern.spans(bare);
        let phrase = self.phrases.iter().find(is_said).map(|phrase| phrase.text.as_str());
        phrase.or_else(|| self.patterns.iter().find(fits).map(Pattern::source))
    }
}
