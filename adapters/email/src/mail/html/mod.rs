//! HTML of strangers: made safe to show, and made text.

mod images;
mod lines;
mod safe;
mod walk;
mod zone;

pub(crate) use lines::{HtmlLine, lines};
pub use safe::{SafeHtml, safe_html};
pub(crate) use zone::Zone;

/// The text of HTML: blocks as lines, lists, links and tables readable, `blockquote` as `> `. At most
/// [`super::limits::HTML_BYTES_MAX`] bytes of HTML are read.
pub fn html_to_text(html: &str) -> String {
    let mut out = String::with_capacity(html.len() / 4);
    for line in lines(html) {
        line.write(&mut out);
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests;
