//! What stands in the body of a mail, in its order: the same for the text and the HTML.

use switchboard_contract::markup::{Block, Span, parse, safe_link, to_plain};
use switchboard_contract::{Context, Delivery, PublicAuthor, TextFormat};

use super::limits::{NAME_CHARS_MAX, QUOTE_BYTES_MAX};
use super::{Sending, quote, template};
use crate::mail::clean;

/// The body of a mail. Texts hold no control characters but line breaks and tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) header: Option<String>,
    /// The message …
    pub(super) text: Vec<Block>,
    /// … and the same without markup.
    pub(super) plain: String,
    /// Labels, numbered from 1 as `choice::resolve` counts.
    pub(super) choices: Vec<String>,
    pub(super) source: Option<Source>,
    pub(super) footer: Option<String>,
    pub(super) signature: Option<String>,
    pub(super) quote: Option<Quoted>,
}

/// Where an answer comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) title: String,
    pub(super) url: Option<String>,
}

/// What the contact wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Quoted {
    pub(super) intro: String,
    pub(super) text: String,
}

impl Layout {
    pub(super) fn of(delivery: &Delivery, context: &Context, own: &Sending) -> Self {
        let body = &delivery.content;
        let desk = own.shown_name();
        let agent = match &delivery.author {
            PublicAuthor::Agent { name } => clean::line(name, NAME_CHARS_MAX),
            PublicAuthor::Bot | PublicAuthor::System | PublicAuthor::Contact => desk.to_owned(),
        };
        let filled = |text: &Option<String>| {
            let text = text.as_deref().map(|text| clean_text(&template::fill(text, &agent, desk)));
            text.map(|text| text.trim_end().to_owned()).filter(|text| !text.is_empty())
        };
        let text = clean_text(&body.text);
        // The options stand apart from the text: as Markdown they would go on counting where a list above ends.
        let choices = body.choices.iter().map(|choice| clean::line(&choice.label, usize::MAX)).collect();
        let source = body.citation.as_ref().map(|citation| Source {
            title: clean::line(&citation.title, usize::MAX),
            url: citation.url.as_deref().and_then(safe_link).map(str::to_owned),
        });
        let quote = context.quote.as_ref().filter(|quote| !quote.text.trim().is_empty()).map(|quote| {
            let (mut text, cut) = clean::body(quote.text.trim(), QUOTE_BYTES_MAX);
            if cut {
                text.push_str(" …");
            }
            Quoted { intro: quote::intro(quote, own.language.as_deref()), text }
        });
        let (blocks, plain) = match body.format {
            TextFormat::Markdown => (parse(&text), to_plain(&text)),
            TextFormat::Plain => (paragraphs(&text), text.trim_end().to_owned()),
        };
        Self {
            header: filled(&own.header),
            plain,
            text: blocks,
            choices,
            source,
            footer: filled(&own.footer),
            signature: filled(&own.signature),
            quote,
        }
    }
}

/// Plain text as blocks, every character kept as it is.
pub(super) fn paragraphs(text: &str) -> Vec<Block> {
    let pieces = text.split("\n\n").map(|piece| piece.trim_matches('\n')).filter(|piece| !piece.trim().is_empty());
    pieces.map(|piece| Block::Paragraph(vec![Span { text: piece.to_owned(), ..Span::default() }])).collect()
}

fn clean_text(text: &str) -> String {
    clean::body(text, usize::MAX).0
}
