//! Texts of the settings with `{{agent}}` and `{{inbox}}` in them.

/// Fills in what is known. What is filled in is not looked at again, so a name can't ask for anything.
pub(super) fn fill(template: &str, agent: &str, inbox: &str) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, name, after)) = next(rest) {
        out.push_str(before);
        match name {
            "agent" => out.push_str(agent),
            "inbox" => out.push_str(inbox),
            other => out.extend(["{{", other, "}}"]),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The first placeholder that nothing is known for.
pub(crate) fn unknown(template: &str) -> Option<String> {
    let mut rest = template;
    while let Some((_, name, after)) = next(rest) {
        if !matches!(name, "agent" | "inbox") {
            return Some(name.to_owned());
        }
        rest = after;
    }
    None
}

/// What stands before the first placeholder, its name, what follows.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("{{")?;
    let (name, after) = rest.split_once("}}")?;
    Some((before, name.trim(), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in_once() {
        assert_eq!(fill("{{agent}} of {{ inbox }}", "Ana", "Acme"), "Ana of Acme");
        assert_eq!(fill("{{agent}}", "{{inbox}}", "Acme"), "{{inbox}}");
        assert_eq!(fill("{{a}} {{", "Ana", "Acme"), "{{a}} {{");
    }

    #[test]
    fn what_is_not_known_is_found() {
        assert_eq!(unknown("{{agent}} {{inbox}} {{x"), None);
        assert_eq!(unknown("{{agent}} {{team}}").as_deref(), Some("team"));
    }
}
