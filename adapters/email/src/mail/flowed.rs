//! Paragraphs of format=flowed, joined again (RFC 3676).

/// Joins lines that end with a space to the next line of the same quote depth. `delsp`: the space was added, it goes.
pub(super) fn unflow(text: &str, delsp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    // The depth of a paragraph that goes on.
    let mut open: Option<usize> = None;
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let depth = line.bytes().take_while(|&byte| byte == b'>').count();
        let rest = &line[depth..];
        // Space-stuffing: one space before what would else look like a quote or a "From".
        let says = rest.strip_prefix(' ').unwrap_or(rest);
        let signature = says == "-- ";
        if open != Some(depth) || signature {
            if open.is_some() {
                out.push('\n');
            }
            out.push_str(&">".repeat(depth));
            if depth > 0 && !says.is_empty() {
                out.push(' ');
            }
        }
        let flows = says.ends_with(' ') && !signature;
        out.push_str(if flows && delsp { says.strip_suffix(' ').unwrap_or(says) } else { says });
        if flows {
            open = Some(depth);
        } else {
            out.push('\n');
            open = None;
        }
    }
    if open.is_none() {
        out.pop();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soft_breaks_are_joined_within_a_depth() {
        assert_eq!(unflow("one \ntwo\nthree\n", false), "one two\nthree\n");
        assert_eq!(unflow("> one \n> two\nmine \n> theirs\n", false), "> one two\nmine \n> theirs\n");
        assert_eq!(unflow(">> deep \n> less\n", false), ">> deep \n> less\n");
    }

    #[test]
    fn spaces_are_unstuffed_and_deleted() {
        assert_eq!(unflow(" > no quote\n From here\n", false), "> no quote\nFrom here\n");
        assert_eq!(unflow("长 \n句\n", true), "长句\n");
    }

    #[test]
    fn the_signature_line_never_flows() {
        assert_eq!(unflow("bye \n-- \nAnn\n", false), "bye \n-- \nAnn\n");
    }
}
