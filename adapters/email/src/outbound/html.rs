//! The body as HTML: one column, no images, no colours of its own, so that it can be read in the dark and without anything loaded.

use switchboard_contract::markup::{Block, Span};

use super::layout::{Layout, paragraphs};
use super::limits::WIDTH_PIXELS;

/// How deep a list is shown indented; deeper ones stand there.
const DEPTH_SHOWN: u8 = 6;
const PARAGRAPH: &str = "margin:0 0 16px 0";
const SMALL: &str = "margin:0 0 16px 0;font-size:14px";

/// Writes the body. Everything of the layout is escaped.
pub(super) fn write(layout: &Layout, subject: &str, language: Option<&str>) -> String {
    let mut out = Html(String::with_capacity(4_096));
    out.begin(subject, language);
    if let Some(header) = &layout.header {
        out.texts(header);
    }
    out.blocks(&layout.text);
    for (index, label) in layout.choices.iter().enumerate() {
        out.item(&format!("{}.", index + 1), 0, &[Span { text: label.clone(), ..Span::default() }]);
    }
    if let Some(source) = &layout.source {
        let span = Span { text: source.title.clone(), link: source.url.clone(), ..Span::default() };
        out.element("p", SMALL, |out| out.spans(&[span]));
    }
    if let Some(footer) = &layout.footer {
        out.texts(footer);
    }
    if let Some(signature) = &layout.signature {
        out.element("p", SMALL, |out| out.text(&format!("-- \n{signature}")));
    }
    if let Some(quote) = &layout.quote {
        out.element("p", SMALL, |out| out.text(&quote.intro));
        out.tag(
            r#"<blockquote type="cite" style="margin:0 0 16px 0;padding:0 0 0 12px;border-left:2px solid #888888">"#,
        );
        out.texts(&quote.text);
        out.tag("</blockquote>\n");
    }
    out.tag("</td></tr></table>\n</body>\n</html>\n");
    out.0
}

struct Html(String);

impl Html {
    fn begin(&mut self, subject: &str, language: Option<&str>) {
        let tag = language.filter(|tag| tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
        self.tag("<!DOCTYPE html>\n<html");
        if let Some(tag) = tag {
            self.tag(&format!(r#" lang="{tag}""#));
        }
        self.tag("><head><meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        self.tag("<meta name=\"color-scheme\" content=\"light dark\">\n");
        self.tag("<meta name=\"supported-color-schemes\" content=\"light dark\">\n<title>");
        self.text(subject);
        self.tag("</title></head>\n<body style=\"margin:0;padding:0\" dir=\"auto\">\n");
        self.tag(&format!(
            "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" \
             style=\"max-width:{WIDTH_PIXELS}px\">\n<tr><td style=\"padding:16px;font-family:Helvetica,Arial,sans-serif;\
             font-size:16px;line-height:1.5;word-break:break-word\">\n"
        ));
    }

    /// Markup of our own.
    fn tag(&mut self, tag: &str) {
        self.0.push_str(tag);
    }

    /// Anybody's words.
    fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.tag("&amp;"),
                '<' => self.tag("&lt;"),
                '>' => self.tag("&gt;"),
                '"' => self.tag("&quot;"),
                '\'' => self.tag("&#39;"),
                '\n' => self.tag("<br>\n"),
                other => self.0.push(other),
            }
        }
    }

    fn element(&mut self, name: &str, style: &str, inside: impl FnOnce(&mut Self)) {
        self.tag(&format!("<{name} style=\"{style}\">"));
        inside(self);
        self.tag(&format!("</{name}>\n"));
    }

    /// Plain text in paragraphs.
    fn texts(&mut self, text: &str) {
        self.blocks(&paragraphs(text));
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            match block {
                Block::Paragraph(spans) => self.element("p", PARAGRAPH, |out| out.spans(spans)),
                Block::Item { mark, depth, spans } => self.item(mark, *depth, spans),
                Block::Code(code) => {
                    let style = "margin:0 0 16px 0;white-space:pre-wrap;font-family:monospace;font-size:14px";
                    // No <br> here: a line break is one in <pre>.
                    let lines: Vec<&str> = code.trim_end().split('\n').collect();
                    self.element("pre", style, |out| {
                        for (index, line) in lines.iter().enumerate() {
                            if index > 0 {
                                out.tag("\n");
                            }
                            out.text(line);
                        }
                    });
                }
            }
        }
    }

    /// An item with the number or sign it has in the text: a program that counts anew would name another option.
    fn item(&mut self, mark: &str, depth: u8, spans: &[Span]) {
        let indent = 24 * (u32::from(depth.min(DEPTH_SHOWN)) + 1);
        self.element("p", &format!("margin:0 0 8px {indent}px;text-indent:-24px"), |out| {
            out.text(mark);
            out.tag(" ");
            out.spans(spans);
        });
    }

    fn spans(&mut self, spans: &[Span]) {
        for span in spans {
            let tags = [(span.bold, "b"), (span.italic, "i"), (span.code, "code")];
            let tags: Vec<&str> = tags.into_iter().filter_map(|(on, tag)| on.then_some(tag)).collect();
            if let Some(link) = &span.link {
                self.tag("<a href=\"");
                self.text(link);
                self.tag("\">");
            }
            for tag in &tags {
                self.tag(&format!("<{tag}>"));
            }
            self.text(&span.text);
            for tag in tags.iter().rev() {
                self.tag(&format!("</{tag}>"));
            }
            if span.link.is_some() {
                self.tag("</a>");
            }
        }
    }
}
