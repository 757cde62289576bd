//! What each tag does to the lines of an HTML body.

use std::fmt::Write as _;

use html5ever::tokenizer::Tag;

use super::super::limits::HTML_DEPTH_MAX;
use super::lines::HtmlLine;
use super::zone::{self, Zone};

/// Bytes of a link's address that are shown.
const LINK_BYTES_MAX: usize = 2_000;

/// An open element, and what it changed.
#[expect(clippy::struct_excessive_bools, reason = "each is undone by itself when the element ends")]
struct Open {
    name: String,
    quote: bool,
    hidden: bool,
    pre: bool,
    list: bool,
    zone: bool,
}

/// Where the reading of an HTML body is.
#[derive(Default)]
pub(super) struct State {
    pub(super) lines: Vec<HtmlLine>,
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

    pub(super) fn line_break(&mut self) {
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

    pub(super) fn text(&mut self, text: &str) {
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

    pub(super) fn start(&mut self, tag: &Tag) {
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
                            let _ = write!(self.line, "{number}. ");
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
                self.line_break();
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

    pub(super) fn end(&mut self, name: &str) {
        match name {
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.line_break();
                self.gap |= name != "p";
                return;
            }
            "li" | "tr" | "dt" | "dd" | "address" | "footer" | "header" | "figure" | "caption" | "option" | "form" => {
                return self.line_break();
            }
            "td" | "th" => return self.space = true,
            "a" => return self.close_link(),
            "br" => return self.hard_break(),
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
            let _ = write!(self.line, " <{href}>");
        }
    }
}
