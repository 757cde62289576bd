//! HTML made safe to show: an allow-list of tags and attributes (`ammonia`), no remote loads, no styles, no forms.

use std::cell::RefCell;
use std::collections::HashSet;

use ammonia::{Builder, UrlRelative};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use super::super::clean::floor;
use super::super::limits::{HTML_BYTES_MAX, HTML_DEPTH_MAX};
use super::html_to_text;
use super::images;

/// HTML that may be shown in a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct SafeHtml {
    /// The HTML. Remote images have `data-remote-src` instead of `src`; images of the mail itself have `src="cid:..."`.
    pub html: String,
    /// Remote images that can be loaded when a person asks.
    pub remote: usize,
    /// Pictures too small or hidden to be seen, made to tell that the mail was opened. They are gone.
    pub trackers: usize,
}

/// Makes HTML safe to show. HTML nested too deep to be cleaned in good time is shown as its text.
pub fn safe_html(html: &str) -> SafeHtml {
    let html = html.get(..floor(html, HTML_BYTES_MAX)).unwrap_or_default();
    if is_too_deep(html) {
        return SafeHtml {
            html: format!("<pre>{}</pre>", ammonia::clean_text(&html_to_text(html))),
            ..SafeHtml::default()
        };
    }
    let clean = Builder::default()
        .add_tags(["font", "u", "s", "big", "section", "figure", "figcaption"])
        .rm_tags(["map", "area", "details", "summary"])
        .add_clean_content_tags([
            "title", "noscript", "template", "textarea", "select", "option", "button", "object", "embed", "iframe",
            "svg", "math", "xmp", "noembed", "noframes", "applet",
        ])
        .add_tag_attributes("img", ["style"])
        .add_tag_attributes("font", ["color"])
        .url_schemes(HashSet::from(["http", "https", "mailto", "cid", "data"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("a", "target", "_blank")
        .attribute_filter(|tag, name, value| {
            let scheme = value.trim_start().split(':').next().unwrap_or_default().to_ascii_lowercase();
            let allowed = match (tag, name) {
                ("img", "src") => {
                    matches!(scheme.as_str(), "http" | "https" | "cid") || scheme == "data" && is_picture(value)
                }
                (_, "href") => matches!(scheme.as_str(), "http" | "https" | "mailto"),
                (_, "src" | "cite" | "background" | "longdesc" | "action" | "poster") => false,
                _ => true,
            };
            allowed.then(|| value.into())
        })
        .clean(html)
        .to_string();
    images::rewrite(&clean)
}

/// Pictures inside the HTML itself. SVG is none: it can hold more than a picture.
fn is_picture(value: &str) -> bool {
    let value = value.trim_start().to_ascii_lowercase();
    ["png", "jpeg", "jpg", "gif", "webp"].iter().any(|kind| value.starts_with(&format!("data:image/{kind};base64,")))
}

/// Tags that the parser closes by itself: leaving them open is common and does no harm.
const CLOSED_BY_ITSELF: &[&str] = &[
    "p", "li", "td", "th", "tr", "dt", "dd", "thead", "tbody", "tfoot", "option", "colgroup", "br", "hr", "img",
    "meta", "link", "input", "base", "col", "area", "wbr", "embed", "source", "html", "body", "head",
];

/// Whether elements are open inside each other more than the parser can take in good time.
fn is_too_deep(html: &str) -> bool {
    struct Depth(RefCell<(Vec<String>, bool)>);
    impl TokenSink for Depth {
        type Handle = ();
        fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
            let Token::TagToken(tag) = token else { return TokenSinkResult::Continue };
            let name = tag.name.as_ref();
            let (open, deep) = &mut *self.0.borrow_mut();
            if *deep || CLOSED_BY_ITSELF.contains(&name) {
                return TokenSinkResult::Continue;
            }
            match tag.kind {
                TagKind::StartTag => open.push(name.to_owned()),
                TagKind::EndTag => {
                    if let Some(at) = open.iter().rposition(|it| it == name) {
                        open.remove(at);
                    }
                }
            }
            *deep |= open.len() > HTML_DEPTH_MAX;
            TokenSinkResult::Continue
        }
    }
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from_slice(html));
    let tokenizer = Tokenizer::new(Depth(RefCell::default()), TokenizerOpts::default());
    while !queue.is_empty() {
        let _ = tokenizer.feed(&queue);
    }
    tokenizer.end();
    tokenizer.sink.0.into_inner().1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_acts_or_calls_out_is_left() {
        let html = "<style>body{background:url(https://t.example/a)}</style><script>x()</script><p style='background:url(//t.example)' onclick=x()>hi</p>\
            <form action=https://evil.example><input name=password><button>go</button></form><iframe src=https://evil.example></iframe>\
            <a href='javascript:x()'>a</a><a href='https://ok.example/'>b</a><img src='javascript:x()'><svg onload=x()></svg>\
            <table background='https://t.example/b'><tr><td>c</td></tr></table><link rel=stylesheet href=https://t.example/c><base href=https://evil.example><meta http-equiv=refresh content='0;url=https://evil.example'>\
            <a href='/relative'>d</a><object data=https://t.example></object><video src=https://t.example/v poster=https://t.example/p></video>";
        let safe = safe_html(html).html;
        for bad in [
            "script",
            "style",
            "t.example",
            "evil.example",
            "onclick",
            "onload",
            "form",
            "input",
            "button",
            "iframe",
            "svg",
            "javascript",
            "relative",
            "meta",
            "base",
            "x()",
        ] {
            assert!(!safe.contains(bad), "{bad} in {safe}");
        }
        assert!(
            safe.contains(
                "<a href=\"https://ok.example/\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">b</a>"
            ),
            "{safe}"
        );
    }

    #[test]
    fn remote_images_wait_until_somebody_asks() {
        let safe = safe_html(
            "<img src='https://pic.example/a.png?b=1&amp;c=2' width=200 alt='a > b'><img src='cid:x@y'><img src='data:image/png;base64,AAAA'><img src='data:image/svg+xml;base64,AAAA'>",
        );
        assert_eq!(safe.remote, 1);
        assert!(
            safe.html.contains("data-remote-src=\"https://pic.example/a.png?b=1&amp;c=2\"")
                && !safe.html.contains(" src=\"https"),
            "{}",
            safe.html
        );
        assert!(safe.html.contains("src=\"cid:x@y\"") && safe.html.contains("src=\"data:image/png"), "{}", safe.html);
        assert!(!safe.html.contains("svg"));
    }

    #[test]
    fn tracking_pixels_are_gone_and_counted() {
        let safe = safe_html(
            "<img src=https://t.example/1 width=1 height=1><img src=https://t.example/2 style='display:none'><img src=https://t.example/3 height='0'><img src=https://t.example/4 style='width:1px;height:1px'>hi",
        );
        assert_eq!((safe.trackers, safe.remote, safe.html.as_str()), (4, 0, "hi"));
    }

    #[test]
    fn hostile_nesting_is_shown_as_text() {
        for html in [
            "<div>".repeat(100_000) + "hi",
            "<b><p>".repeat(50_000) + "hi",
            "<i></b>".repeat(50_000) + "hi",
            "<table><tr><td>".repeat(20_000) + "hi",
            "<a><nobr>".repeat(50_000) + "hi",
        ] {
            let safe = safe_html(&html);
            assert!(safe.html.contains("hi") && safe.html.starts_with("<pre>"), "{}", &html[..20]);
        }
    }
}
