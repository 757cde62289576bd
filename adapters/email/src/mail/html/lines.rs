//! The lines of an HTML body. Works on tokens, without a tree: nesting can't cost more than its length.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use super::super::clean::floor;
use super::super::limits::HTML_BYTES_MAX;
use super::walk::State;
use super::zone::Zone;

/// `>` before a line.
const QUOTE_DEPTH_MAX: usize = 20;

/// One line of an HTML body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HtmlLine {
    pub(crate) text: String,
    /// Quotes it is inside of.
    pub(crate) depth: usize,
    /// The innermost zone it is inside of, and the number of that zone.
    pub(crate) zone: Option<(Zone, usize)>,
}

impl HtmlLine {
    /// Writes the line as plain text with quote marks.
    pub(crate) fn write(&self, out: &mut String) {
        let depth = self.depth.min(QUOTE_DEPTH_MAX);
        out.push_str(&">".repeat(depth));
        if depth > 0 && !self.text.is_empty() {
            out.push(' ');
        } else if depth == 0 && self.text.starts_with('>') {
            // A text that begins with the sign is no quote: a space keeps it apart (RFC 3676, 4.4).
            out.push('\u{a0}');
        }
        out.push_str(&self.text);
        out.push('\n');
    }
}

/// The lines of an HTML body.
pub(crate) fn lines(html: &str) -> Vec<HtmlLine> {
    let html = html.get(..floor(html, HTML_BYTES_MAX)).unwrap_or_default();
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from_slice(html));
    let tokenizer = Tokenizer::new(Walker(RefCell::new(State::default())), TokenizerOpts::default());
    // The tokenizer stops at scripts and encodings; there are none for this sink, so one pass ends it.
    while !queue.is_empty() {
        let _ = tokenizer.feed(&queue);
    }
    tokenizer.end();
    let mut state = tokenizer.sink.0.into_inner();
    state.line_break();
    state.lines
}

struct Walker(RefCell<State>);

impl TokenSink for Walker {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => state.text(&text),
            Token::TagToken(tag) => match tag.kind {
                TagKind::StartTag => {
                    state.start(&tag);
                    return match tag.name.as_ref() {
                        "script" => TokenSinkResult::RawData(RawKind::ScriptData),
                        "style" | "xmp" | "iframe" | "noembed" | "noframes" => {
                            TokenSinkResult::RawData(RawKind::Rawtext)
                        }
                        "textarea" | "title" => TokenSinkResult::RawData(RawKind::Rcdata),
                        _ => TokenSinkResult::Continue,
                    };
                }
                TagKind::EndTag => state.end(tag.name.as_ref()),
            },
            Token::DoctypeToken(_)
            | Token::CommentToken(_)
            | Token::NullCharacterToken
            | Token::EOFToken
            | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}
