//! Addresses a mail can really be sent to.

use lettre::Address;

/// An address for headers and envelope: its domain in ASCII (RFC 5890), so that only the local part may need SMTPUTF8.
///
/// # Errors
/// In words an agent understands.
pub(super) fn read(text: &str) -> Result<Address, String> {
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(100).collect();
    let bad = || format!("`{shown}` is no address that mail can be sent to");
    // A quoted local part may hold spaces, and by some readings of the RFC line breaks: nobody has one, attackers try.
    if text.contains(|c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | '"' | ',' | ';')) {
        return Err(bad());
    }
    let (local, domain) = text.rsplit_once('@').ok_or_else(bad)?;
    let domain =
        if domain.starts_with('[') { domain.to_owned() } else { idna::domain_to_ascii(domain).map_err(|_| bad())? };
    Address::new(local, domain).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_written_in_ascii() {
        let written = |text: &str| read(text).map(|address| address.to_string());
        assert_eq!(written("ana@example.org").as_deref(), Ok("ana@example.org"));
        assert_eq!(written("ana@bücher.example").as_deref(), Ok("ana@xn--bcher-kva.example"));
        assert_eq!(written("jürgen@example.org").as_deref(), Ok("jürgen@example.org"));
        assert_eq!(written("help+cnv_1.a@example.org").as_deref(), Ok("help+cnv_1.a@example.org"));
    }

    #[test]
    fn what_would_end_a_line_or_begin_another_address_is_refused() {
        for text in [
            "a@b.example\r\nRCPT TO:<x@y.example>",
            "\"a\r\nBcc: x\"@b.example",
            "a b@c.example",
            // Valid by the letter, and the end of a command or of an address to a careless reader.
            "\"a b\"@c.example",
            "\"a>b\"@c.example",
            "<a@b.example>",
            "a@b.example,c@d.example",
            "a\0@b.example",
            "a@b.example>",
            "no address",
            "@b.example",
            "a@",
            "",
            "a@b..example",
        ] {
            let refused = read(text).expect_err(text);
            assert!(!refused.contains(['\r', '\n', '\0']), "{refused:?}");
        }
    }
}
