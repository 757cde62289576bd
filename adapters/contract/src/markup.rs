//! The Markdown subset of messages, as data: what a channel has to be able to show, or to flatten.
//!
//! Paragraphs, headings (shown bold), bold, italics, code, links, lists. Raw HTML is text. A link keeps its target only when
//! it is `http`, `https`, `mailto` or `tel`; any other becomes its own words.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// A run of text with its decoration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Span {
    /// The words; a line break inside a paragraph is `\n`.
    pub text: String,
    /// Strong.
    pub bold: bool,
    /// Emphasis.
    pub italic: bool,
    /// Code.
    pub code: bool,
    /// The target of a link, checked by [`safe_link`].
    pub link: Option<String>,
}

/// A block of spans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A paragraph.
    Paragraph(Vec<Span>),
    /// An item of a list: its mark (`•` or `1.`), how deep it is nested (0 outermost), its text.
    Item {
        /// What stands before the text.
        mark: String,
        /// 0 for the outermost list.
        depth: u8,
        /// The text.
        spans: Vec<Span>,
    },
    /// Lines of code, as they are.
    Code(String),
}

/// The target when a link may lead there, else none.
pub fn safe_link(target: &str) -> Option<&str> {
    let scheme = target.split_once(':')?.0;
    let known = ["http", "https", "mailto", "tel"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    (known && !target.chars().any(|c| c.is_control() || c.is_whitespace())).then_some(target)
}

/// Reads Markdown into blocks. Never fails: what is not markup is text.
pub fn parse(markdown: &str) -> Vec<Block> {
    let mut reader = Reader::default();
    for event in Parser::new_ext(markdown, Options::empty()) {
        reader.event(event);
    }
    reader.flush();
    reader.blocks
}

/// Flattens Markdown to plain text: marks and list signs stay, a link shows its target in brackets after its words.
pub fn to_plain(markdown: &str) -> String {
    let mut out = String::new();
    let mut after_item = false;
    for block in parse(markdown) {
        let is_item = matches!(block, Block::Item { .. });
        if !out.is_empty() {
            out.push_str(if is_item && after_item { "\n" } else { "\n\n" });
        }
        after_item = is_item;
        match block {
            Block::Paragraph(spans) => plain_spans(&mut out, &spans),
            Block::Code(code) => out.push_str(code.trim_end()),
            Block::Item { mark, depth, spans } => {
                out.push_str(&"  ".repeat(usize::from(depth)));
                out.push_str(&mark);
                out.push(' ');
                plain_spans(&mut out, &spans);
            }
        }
    }
    out
}

fn plain_spans(out: &mut String, spans: &[Span]) {
    for span in spans {
        out.push_str(&span.text);
        if let Some(link) = span.link.as_deref().filter(|link| *link != span.text) {
            out.push_str(" (");
            out.push_str(link.strip_prefix("mailto:").or_else(|| link.strip_prefix("tel:")).unwrap_or(link));
            out.push(')');
        }
    }
}

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    spans: Vec<Span>,
    lists: Vec<Option<u64>>,
    item: Option<String>,
    code_block: Option<String>,
    bold: u8,
    italic: u8,
    link: Option<String>,
}

impl Reader {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => match &mut self.code_block {
                Some(code) => code.push_str(&text),
                None => self.push(&text, false),
            },
            Event::Code(text) => self.push(&text, true),
            Event::SoftBreak | Event::HardBreak => self.push("\n", false),
            Event::Rule => self.flush(),
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.push(&text, false);
            }
            Event::TaskListMarker(done) => self.push(if done { "[x] " } else { "[ ] " }, false),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum: a new kind of tag is a container of text")]
    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Strong => self.bold += 1,
            Tag::Emphasis => self.italic += 1,
            Tag::Heading { .. } => {
                self.flush();
                self.bold += 1;
            }
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.link = safe_link(&dest_url).map(str::to_owned);
            }
            Tag::List(first) => {
                self.flush();
                self.lists.push(first);
            }
            Tag::Item => {
                self.flush();
                self.item = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let mark = format!("{number}.");
                        *number += 1;
                        mark
                    }
                    Some(None) | None => "•".to_owned(),
                });
            }
            Tag::CodeBlock(_) => {
                self.flush();
                self.code_block = Some(String::new());
            }
            // Everything else is a container whose text speaks for itself.
            _ => {}
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum: a new kind of tag is a container of text")]
    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Strong => self.bold = self.bold.saturating_sub(1),
            TagEnd::Emphasis => self.italic = self.italic.saturating_sub(1),
            TagEnd::Heading(_) => {
                self.bold = self.bold.saturating_sub(1);
                self.flush();
            }
            TagEnd::Link | TagEnd::Image => self.link = None,
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::CodeBlock => {
                if let Some(code) = self.code_block.take() {
                    self.blocks.push(Block::Code(code));
                }
            }
            TagEnd::Paragraph | TagEnd::Item | TagEnd::HtmlBlock => self.flush(),
            _ => {}
        }
    }

    fn push(&mut self, text: &str, code: bool) {
        let span =
            Span { text: text.to_owned(), bold: self.bold > 0, italic: self.italic > 0, code, link: self.link.clone() };
        match self.spans.last_mut() {
            Some(last)
                if (last.bold, last.italic, last.code, &last.link)
                    == (span.bold, span.italic, span.code, &span.link) =>
            {
                last.text.push_str(&span.text);
            }
            _ => self.spans.push(span),
        }
    }

    fn flush(&mut self) {
        let mut spans = std::mem::take(&mut self.spans);
        if let Some(last) = spans.last_mut() {
            last.text.truncate(last.text.trim_end_matches('\n').len());
        }
        if spans.iter().all(|span| span.text.is_empty()) {
            return;
        }
        self.blocks.push(match self.item.take() {
            Some(mark) => {
                let depth = u8::try_from(self.lists.len().saturating_sub(1)).unwrap_or(u8::MAX);
                Block::Item { mark, depth, spans }
            }
            None => Block::Paragraph(spans),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(markdown: &str, plain: &str) {
        assert_eq!(to_plain(markdown), plain);
    }

    #[test]
    fn markdown_flattens_to_readable_text() {
        check("Hello **you** and *me*", "Hello you and me");
        check("# Title\n\nText", "Title\n\nText");
        check("1. one\n2. two\n   - deep\n", "1. one\n2. two\n  • deep");
        check("See [the page](https://example.org/a).", "See the page (https://example.org/a).");
        check("```\nlet a = 1;\n```", "let a = 1;");
    }

    #[test]
    fn hostile_markup_is_text() {
        check("<script>alert(1)</script>", "<script>alert(1)</script>");
        check("[click](javascript:alert(1))", "click");
        check("[click](<https://a.b/ x>)", "click");
        check("[click](https://a.b/\u{1})", "[click](https://a.b/\u{1})");
        check("![x](data:text/html,a)", "x");
    }

    #[test]
    fn spans_keep_their_decoration() {
        let blocks = parse("a **b** `c`");
        let Block::Paragraph(spans) = &blocks[0] else { panic!("{blocks:?}") };
        assert_eq!(
            spans.iter().map(|s| (s.text.as_str(), s.bold, s.code)).collect::<Vec<_>>(),
            [("a ", false, false), ("b", true, false), (" ", false, false), ("c", false, true),]
        );
    }
}
