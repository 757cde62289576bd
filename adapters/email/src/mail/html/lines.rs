//! The lines of an HTML body. Works on tokens, without a tree: nesting can't cost more than its length.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use super::super::clean::floor;
use super::super::limits::{HTML_BYTES_MAX, HTML_DEPTH_MAX};
use super::zone::{self, Zone};

/// Bytes of a link's address that are shown.
const LINK_BYTES_MAX: usize = 2_000;
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
            out.push_str("\u{a0}");
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

/// An open element, and what it changed.
struct Open {
    name: String,
    quote: bool,
    hidden: bool,
    pre: bool,
    list: bool,
    zone: bool,
}

#[derive(Default)]
struct State {
    lines: Vec<HtmlLine>,
    line: String,
    /// White space was seen, and belongs before the next word.
    space: bool,
    /// An empty line belongs before the next line.
    gap: bool,
    open: Vec<Open>,
    depth: usize,
    hidden: usize,
    pre: usize,
    /// Lists that are open: the next number, or none for bullets.
    lists: Vec<Option<usize>>,
    zones: Vec<(Zone, usize)>,
    zone_count: usize,
    below: Option<usize>,
    /// The address of the link that is open, and where its text begins.
    link: Option<(String, usize)>,
}

impl State {
    fn zone(&self) -> Option<(Zone, usize)> {
        self.zones.last().copied().or_else(|| self.below.map(|number| (Zone::Below, number)))
    }

    fn line_break(&mut self) {
        self.space = false;
        if let Some((_, at)) = &mut self.link {
            *at = 0;
        }
        let text = std::mem::take(&mut self.line);
        let text = text.trim_end();
        if text.is_empty() {
            return;
        }
        if std::mem::take(&mut self.gap) && self.lines.last().is_some_and(|last| !last.text.is_empty()) {
            self.blank();
        }
        self.lines.push(HtmlLine { text: text.to_owned(), depth: self.depth, zone: self.zone() });
    }

    fn blank(&mut self) {
        self.lines.push(HtmlLine { text: String::new(), depth: self.depth, zone: self.zone() });
    }

    /// `<br>`: an empty line where nothing was written.
    fn hard_break(&mut self) {
        if self.line.trim().is_empty() {
            self.line.clear();
            self.space = false;
            if self.lines.last().is_some_and(|last| !last.text.is_empty()) {
                self.gap = true;
            }
        } else {
            self.line_break();
        }
    }

    fn text(&mut self, text: &str) {
        if self.hidden > 0 {
            return;
        }
        for sign in text.chars() {
            match sign {
                '\n' if self.pre > 0 => {
                    if self.line.is_empty() {
                        self.blank();
                    } else {
                        self.line_break();
                    }
                }
                '\r' | '\0' => {}
                '\u{a0}' => self.push(' '),
                _ if self.pre > 0 => self.push(sign),
                ' ' | '\t' | '\n' | '\u{c}' => self.space = true,
                _ => self.push(sign),
            }
        }
    }

    fn push(&mut self, sign: char) {
        if std::mem::take(&mut self.space) && !self.line.is_empty() && !self.line.ends_with(' ') {
            self.line.push(' ');
        }
        if !(sign == ' ' && self.line.is_empty() && self.pre == 0) {
            self.line.push(sign);
        }
    }

    fn start(&mut self, tag: &Tag) {
        let name = tag.name.as_ref();
        let found = zone::of(name, &tag.attrs);
        match name {
            "br" => self.hard_break(),
            "hr" => {
                self.line_break();
                if found == Some(Zone::Below) {
                    self.set_below();
                }
            }
            "p" => {
                self.line_break();
                self.gap |= zone::value(&tag.attrs, "class") != Some("MsoNormal");
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.line_break();
                self.gap = true;
            }
            "li" => {
                self.line_break();
                if self.hidden == 0 {
                    let indent = self.lists.len().saturating_sub(1).min(8);
                    self.line.push_str(&"  ".repeat(indent));
                    match self.lists.last_mut() {
                        Some(Some(number)) => {
                            self.line.push_str(&format!("{number}. "));
                            *number += 1;
                        }
                        Some(None) | None => self.line.push_str("- "),
                    }
                }
            }
            "td" | "th" => self.space = true,
            "img" => {
                // Pictures of signs, as mail programs send them.
                let alt = zone::value(&tag.attrs, "alt").unwrap_or_default();
                if alt.chars().count() <= 8 && !alt.is_empty() && !alt.is_ascii() && self.hidden == 0 {
                    self.text(alt);
                }
            }
            "a" => {
                let href = zone::value(&tag.attrs, "href").unwrap_or_default().trim();
                let web = href.starts_with("http://") || href.starts_with("https://");
                self.link = (web && href.len() <= LINK_BYTES_MAX).then(|| (href.to_owned(), self.line.len()));
            }
            "tr" | "dt" | "dd" | "address" | "footer" | "header" | "nav" | "figure" | "caption" | "option" | "form" => {
                self.line_break()
            }
            _ => {}
        }
        if !tag.self_closing || name == "div" {
            self.open(tag, found);
        }
    }

    fn set_below(&mut self) {
        if self.below.is_none() {
            self.zone_count += 1;
            self.below = Some(self.zone_count);
        }
    }

    fn open(&mut self, tag: &Tag, found: Option<Zone>) {
        let name = tag.name.as_ref();
        let block = matches!(
            name,
            "div"
                | "blockquote"
                | "pre"
                | "ul"
                | "ol"
                | "table"
                | "section"
                | "article"
                | "center"
                | "body"
                | "main"
                | "fieldset"
                | "details"
        );
        let skipped = matches!(
            name,
            "script"
                | "style"
                | "title"
                | "head"
                | "template"
                | "svg"
                | "math"
                | "object"
                | "iframe"
                | "noembed"
                | "noframes"
                | "select"
        );
        let other = matches!(name, "span" | "font" | "i" | "b" | "u" | "em" | "strong");
        if block {
            self.line_break();
        }
        if !(block || skipped || other) || self.open.len() >= HTML_DEPTH_MAX * 4 {
            return;
        }
        let quote = name == "blockquote" && !zone::is_indent(&tag.attrs);
        let hidden = skipped || zone::is_hidden(&tag.attrs);
        let zone = match found {
            Some(Zone::Below) => {
                self.set_below();
                false
            }
            Some(found) => {
                self.zone_count += 1;
                self.zones.push((found, self.zone_count));
                true
            }
            None => false,
        };
        let list = match name {
            "ul" => Some(None),
            "ol" => Some(Some(1)),
            _ => None,
        };
        self.gap |= matches!(name, "table" | "pre") || list.is_some() && self.lists.is_empty();
        self.depth += usize::from(quote);
        self.hidden += usize::from(hidden);
        self.pre += usize::from(name == "pre");
        self.open.push(Open { name: name.to_owned(), quote, hidden, pre: name == "pre", list: list.is_some(), zone });
        self.lists.extend(list);
    }

    fn end(&mut self, name: &str) {
        match name {
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.line_break();
                self.gap |= name != "p";
                return;
            }
            "li" | "tr" | "dt" | "dd" | "address" | "footer" | "header" | "figure" | "caption" | "option" | "form" => {
                self.line_break();
                return;
            }
            "td" | "th" => {
                self.space = true;
                return;
            }
            "a" => {
                self.close_link();
                return;
            }
            // The head ends, whatever was left open in it.
            "br" => {
                self.hard_break();
                return;
            }
            _ => {}
        }
        let Some(at) = self.open.iter().rposition(|open| open.name == name) else { return };
        if !matches!(name, "span" | "font" | "i" | "b" | "u" | "em" | "strong") {
            self.line_break();
        }
        while self.open.len() > at {
            if let Some(open) = self.open.pop() {
                self.depth -= usize::from(open.quote);
                self.hidden -= usize::from(open.hidden);
                self.pre -= usize::from(open.pre);
                if open.list {
                    self.lists.pop();
                    self.gap = self.lists.is_empty();
                }
                if open.zone {
                    self.zones.pop();
                }
            }
        }
    }

    /// Writes the address after the text of a link, where the text doesn't say it.
    fn close_link(&mut self) {
        let Some((href, at)) = self.link.take() else { return };
        let text = self.line.get(at..).unwrap_or_default().trim().to_owned();
        let bare = |address: &str| {
            address
                .trim_start_matches("https://")
                .trim_start_matches("http://")
                .trim_end_matches('/')
                .to_ascii_lowercase()
        };
        if self.hidden == 0 && !text.is_empty() && bare(&text) != bare(&href) {
            self.line.push_str(&format!(" <{href}>"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::mail::html_to_text;

    #[test]
    fn blocks_lists_links_and_tables_are_readable() {
        let html = "<p>One</p><p>Two<br>three</p><ul><li>a<li>b</ul><ol><li>x</li><li>y</li></ol><a href='https://example.org/x'>here</a> \
                    <a href='https://example.org'>example.org</a><table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>";
        assert_eq!(
            html_to_text(html),
            "One\n\nTwo\nthree\n\n- a\n- b\n\n1. x\n2. y\n\nhere <https://example.org/x> example.org\n\n1 2\n3"
        );
    }

    #[test]
    fn quotes_have_marks_and_indentation_has_none() {
        let html = "a<blockquote>b<blockquote type=cite>c</blockquote></blockquote><blockquote style=\"margin:0 0 0 40px;border:none;padding:0px\">d</blockquote>";
        assert_eq!(html_to_text(html), "a\n> b\n>> c\nd");
    }

    #[test]
    fn what_is_never_read_is_not_text() {
        let html = "<head><title>t</title><style>p{}</style></head><script>alert('<p>x')</script><div style='display:none'>pre</div><!-- c -->seen";
        assert_eq!(html_to_text(html), "seen");
    }

    #[test]
    fn hostile_html_costs_no_more_than_its_length() {
        for html in [
            "<div>".repeat(200_000),
            "<blockquote>x".repeat(100_000),
            "</p>".repeat(200_000),
            "<a href=x>".repeat(100_000),
            "<b><i>".repeat(100_000),
            "<".repeat(500_000),
            "<ul><li>".repeat(50_000),
        ] {
            assert!(html_to_text(&html).len() < 20 * html.len());
        }
    }
}
