//! The body as plain text.

use std::fmt::Write;

use super::layout::{Layout, Source};

/// Writes the body. Lines end with `\n`.
pub(super) fn write(layout: &Layout) -> String {
    let mut out = String::new();
    let mut part = |text: &str| {
        if !out.is_empty() {
            out.push_str("\n\n");
        }
        out.push_str(text);
    };
    if let Some(header) = &layout.header {
        part(header);
    }
    if !layout.plain.trim().is_empty() {
        part(&layout.plain);
    }
    if !layout.choices.is_empty() {
        let numbered = layout.choices.iter().enumerate().map(|(index, label)| format!("{}. {label}", index + 1));
        part(&numbered.collect::<Vec<_>>().join("\n"));
    }
    if let Some(Source { title, url }) = &layout.source {
        part(&url.as_ref().map_or_else(|| format!("({title})"), |url| format!("({title}: {url})")));
    }
    if let Some(footer) = &layout.footer {
        part(footer);
    }
    if let Some(signature) = &layout.signature {
        // RFC 3676, 4.3: with the space.
        part(&format!("-- \n{signature}"));
    }
    if let Some(quote) = &layout.quote {
        let mut quoted = quote.intro.clone();
        for line in quote.text.lines() {
            let gap = if line.is_empty() || line.starts_with('>') { "" } else { " " };
            // Writing to a string can't fail.
            let _ = write!(quoted, "\n>{gap}{line}");
        }
        part(&quoted);
    }
    out.push('\n');
    out
}
