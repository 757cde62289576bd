//! Alignment of domains (RFC 7489 3.1): whether what was proven is about the domain people see.

/// The organisational domain (RFC 7489 3.2), by the public suffix list: `example.co.uk` of `mail.example.co.uk`. Lower case;
/// none for what has no owner of its own, such as `co.uk` or an address literal.
pub fn organisational(domain: &str) -> Option<String> {
    let ascii = ascii(domain)?;
    psl::domain_str(&ascii).map(str::to_owned)
}

/// Whether a proven domain stands for the domain in `From`: relaxed alignment, equal organisational domains.
pub fn aligned(proven: &str, from: &str) -> bool {
    match (organisational(proven), organisational(from)) {
        (Some(proven), Some(from)) => proven == from,
        _ => false,
    }
}

/// The domain as it stands in the DNS: lower case, in ASCII, without a final dot. None where it is no domain.
pub fn ascii(domain: &str) -> Option<String> {
    let domain = domain.trim().trim_end_matches('.');
    if domain.is_empty() || domain.len() > DOMAIN_MAX || domain.starts_with('[') {
        return None;
    }
    idna::domain_to_ascii(domain).ok().filter(|ascii| !ascii.is_empty())
}

/// Octets of a domain, before it is brought into ASCII (RFC 1035 2.3.4 allows 255).
const DOMAIN_MAX: usize = 1_000;
