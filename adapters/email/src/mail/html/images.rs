//! The `<img>` tags of HTML that is clean already. In it `<` is always a tag and every value stands in double quotes.

use super::safe::SafeHtml;
use super::zone::hides;

/// Replaces the sources of remote images, and takes out those which only report that a mail was opened.
pub(super) fn rewrite(clean: &str) -> SafeHtml {
    let mut safe = SafeHtml { html: String::with_capacity(clean.len() + 64), ..SafeHtml::default() };
    let mut rest = clean;
    while let Some(at) = rest.find("<img") {
        let (before, tag) = rest.split_at(at);
        safe.html.push_str(before);
        let (attributes, len) = attributes(&tag["<img".len()..]);
        rest = tag.get("<img".len() + len..).unwrap_or_default();
        image(&mut safe, &attributes);
    }
    safe.html.push_str(rest);
    safe
}

fn image(safe: &mut SafeHtml, attributes: &[(&str, &str)]) {
    let value = |name: &str| attributes.iter().find(|(it, _)| *it == name).map(|(_, value)| *value);
    let Some(source) = value("src") else { return };
    let remote = source.trim_start().get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"));
    let style: String =
        value("style").unwrap_or_default().to_ascii_lowercase().chars().filter(|sign| !sign.is_whitespace()).collect();
    let tiny = |size: Option<&str>| {
        size.and_then(|size| size.trim().trim_end_matches("px").parse::<f32>().ok()).is_some_and(|size| size <= 1.0)
    };
    let styled = |name: &str| style.split(';').find_map(|rule| rule.strip_prefix(name)).filter(|_| !style.is_empty());
    let unseen = tiny(value("width"))
        || tiny(value("height"))
        || tiny(styled("width:"))
        || tiny(styled("height:"))
        || hides(&style)
        || style.contains("opacity:0;");
    if remote && unseen {
        safe.trackers += 1;
        return;
    }
    safe.remote += usize::from(remote);
    safe.html.push_str("<img");
    for (name, value) in attributes.iter().filter(|(name, _)| *name != "style") {
        let name = if *name == "src" && remote { "data-remote-src" } else { name };
        for piece in [" ", name, "=\"", value, "\""] {
            safe.html.push_str(piece);
        }
    }
    safe.html.push('>');
}

/// The attributes of a tag, and the length of what was read with the closing `>`.
fn attributes(tag: &str) -> (Vec<(&str, &str)>, usize) {
    let mut found = Vec::new();
    let mut rest = tag;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() || rest.starts_with('>') {
            return (found, tag.len() - rest.len() + usize::from(!rest.is_empty()));
        }
        let Some((name, after)) = rest.split_once("=\"") else { return (found, tag.len()) };
        let Some((value, after)) = after.split_once('"') else { return (found, tag.len()) };
        found.push((name, value));
        rest = after;
    }
}
