//! Placeholders in texts: `{{slot}}`, `{{contact.name}}`, `{{slot|words when it is empty}}`.

/// Fills the placeholders of a Markdown text. Values are escaped: a contact's words never become markup. The fallback
/// words belong to the author and stay as they are. A placeholder without value and fallback leaves nothing.
pub(crate) fn markdown(text: &str, value: &dyn Fn(&str) -> Option<String>) -> String {
    fill(text, &|name| value(name).map(|value| escape(&value)))
}

/// Fills the placeholders of a plain text; values stay as they are.
pub(crate) fn plain(text: &str, value: &dyn Fn(&str) -> Option<String>) -> String {
    fill(text, value)
}

/// The names of the placeholders in a text, and whether each has fallback words.
pub(crate) fn placeholders(text: &str) -> Vec<(&str, bool)> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some((_, inner, after)) = next(rest) {
        let (name, fallback) = split(inner);
        names.push((name, fallback.is_some()));
        rest = after;
    }
    names
}

fn fill(text: &str, value: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, inner, after)) = next(rest) {
        out.push_str(before);
        let (name, fallback) = split(inner);
        match value(name).filter(|value| !value.is_empty()) {
            Some(value) => out.push_str(&value),
            None => out.push_str(fallback.unwrap_or_default()),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// What stands before, in and after the first placeholder.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("{{")?;
    let (inner, after) = rest.split_once("}}")?;
    Some((before, inner, after))
}

fn split(inner: &str) -> (&str, Option<&str>) {
    match inner.split_once('|') {
        Some((name, fallback)) => (name.trim(), Some(fallback.trim())),
        None => (inner.trim(), None),
    }
}

/// Writes a value so that Markdown reads it as its own characters, in one line.
pub(crate) fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 8);
    for word in value.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        for c in word.chars() {
            if matches!(
                c,
                '\\' | '`'
                    | '*'
                    | '_'
                    | '{'
                    | '}'
                    | '['
                    | ']'
                    | '('
                    | ')'
                    | '<'
                    | '>'
                    | '#'
                    | '+'
                    | '-'
                    | '.'
                    | '!'
                    | '|'
                    | '~'
                    | '&'
                    | '='
            ) {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use switchboard_contract::markup::to_plain;

    use super::*;

    fn value(name: &str) -> Option<String> {
        match name {
            "name" => Some("Ada".into()),
            "evil" => Some("**b** [x](http://e.vil)\n\n# h\n<b>&amp; 1. a - {{name}} `c` https://x.y".into()),
            "empty" => Some(String::new()),
            _ => None,
        }
    }

    #[test]
    fn values_fallbacks_and_gaps() {
        for (text, filled) in [
            ("Hi {{name}}!", "Hi Ada!"),
            ("Hi {{ name | you }}!", "Hi Ada!"),
            ("Hi {{nobody|you there}}!", "Hi you there!"),
            ("Hi {{empty|you}}!", "Hi you!"),
            ("Hi {{nobody}}!", "Hi !"),
            ("{{name", "{{name"),
            ("a }} b", "a }} b"),
            ("{{name}}{{name}}", "AdaAda"),
        ] {
            assert_eq!(plain(text, &value), filled, "{text}");
        }
    }

    #[test]
    fn a_value_never_becomes_markup() {
        for frame in ["{{evil}}", "- {{evil}}", "text\n{{evil}}", "> **{{evil}}**"] {
            let flat = to_plain(&markdown(frame, &value));
            let words = "**b** [x](http://e.vil) # h <b>&amp; 1. a - {{name}} `c` https://x.y";
            assert!(flat.contains(words), "{frame}: {flat}");
        }
        assert_eq!(to_plain(&markdown("a\n{{x}}", &|_| Some("---".into()))), "a\n---");
        assert_eq!(to_plain(&markdown("a\n{{x}}", &|_| Some("===".into()))), "a\n===");
    }

    #[test]
    fn placeholders_are_listed_with_their_fallbacks() {
        assert_eq!(placeholders("{{a}} {{b|c}} {{"), [("a", false), ("b", true)]);
    }
}
