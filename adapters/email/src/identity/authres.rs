//! `Authentication-Results` (RFC 8601), and which of them may be believed.

use super::verdict::{Method, Outcome, Verdict};
use crate::headers::Headers;

/// Characters of one field that are read.
const FIELD_READ: usize = 16 * 1024;
/// Results taken of one field.
const RESULTS_MAX: usize = 50;
/// Fields of our own server that are read.
const FIELDS_MAX: usize = 10;

/// One field, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Results {
    /// Who wrote it (RFC 8601 2.5), lower case; empty where the server names itself not, as Exchange Online does.
    pub authserv: String,
    /// What it says.
    pub verdicts: Vec<Verdict>,
}

/// Results of the configured servers. Anybody can write this field into a mail, so only the topmost run of them counts:
/// a server writes above what came in, and whatever stands below a foreign one, or below the next `Received`, came with the
/// mail. The server has to remove fields in its own name from what comes in (RFC 8601 5).
pub fn trusted(headers: &[(&str, &str)], authserv_ids: &[String]) -> Vec<Verdict> {
    let mut found = Vec::new();
    let mut fields = 0;
    for (name, value) in headers {
        match *name {
            "authentication-results" => {
                let results = parse(value);
                let own = authserv_ids.iter().any(|id| id.trim().eq_ignore_ascii_case(&results.authserv));
                fields += 1;
                if !own || fields > FIELDS_MAX {
                    break;
                }
                found.extend(results.verdicts);
            }
            "received" if fields > 0 => break,
            _ => {}
        }
    }
    found
}

/// Reads one field. What can't be read is left out.
pub fn parse(value: &str) -> Results {
    let text: String = value.chars().take(FIELD_READ).collect();
    let mut pieces = split(&text, ';').into_iter();
    let first = pieces.next().unwrap_or_default();
    let words = words(&first);
    let names_itself = !words.iter().any(|word| word.contains('='));
    let authserv =
        if names_itself { words.first().map(|word| word.to_lowercase()).unwrap_or_default() } else { String::new() };
    let head = if names_itself { None } else { Some(first) };
    let by = if authserv.is_empty() { "the server that took the mail".to_owned() } else { authserv.clone() };
    let verdicts = head.into_iter().chain(pieces).take(RESULTS_MAX).filter_map(|piece| verdict(&piece, &by)).collect();
    Results { authserv, verdicts }
}

/// `dkim=pass (good) header.d=example.com header.s=key`.
fn verdict(piece: &str, by: &str) -> Option<Verdict> {
    let words = words(piece);
    let (method, result) = words.first()?.split_once('=')?;
    // `dkim/1` names a version (RFC 8601 2.2).
    let method = match method.split('/').next()?.trim().to_ascii_lowercase().as_str() {
        "spf" => Method::Spf,
        "dkim" => Method::Dkim,
        "dmarc" => Method::Dmarc,
        "arc" => Method::Arc,
        _ => return None,
    };
    let outcome = match result.trim().to_ascii_lowercase().as_str() {
        "pass" => Outcome::Pass,
        "fail" | "hardfail" => Outcome::Fail,
        _ => Outcome::Other,
    };
    let property = |wanted: &str| {
        words.iter().skip(1).find_map(|word| {
            let (name, value) = word.split_once('=')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim_matches('"').to_owned())
        })
    };
    let domain = match method {
        Method::Spf => property("smtp.mailfrom").or_else(|| property("smtp.mfrom")),
        Method::Dkim => property("header.d").or_else(|| property("header.i")),
        Method::Dmarc => property("header.from"),
        Method::Arc => property("header.d"),
    };
    let domain = domain.unwrap_or_default();
    let domain = domain
        .rsplit_once('@')
        .map_or(domain.as_str(), |(_, domain)| domain)
        .trim_matches(['<', '>', '.'])
        .to_lowercase();
    Some(Verdict { method, outcome, domain, selector: property("header.s"), by: by.to_owned() })
}

/// Splits outside quotes and comments; comments (RFC 5322 3.2.2) are left out.
fn split(text: &str, at: char) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    for c in text.chars() {
        if std::mem::take(&mut escaped) {
            push(&mut pieces, c, depth == 0);
            continue;
        }
        match c {
            '\\' if quoted || depth > 0 => escaped = true,
            '"' if depth == 0 => {
                quoted = !quoted;
                push(&mut pieces, c, true);
            }
            '(' if !quoted => depth = depth.saturating_add(1),
            ')' if !quoted && depth > 0 => {
                depth -= 1;
                push(&mut pieces, ' ', depth == 0);
            }
            _ if c == at && !quoted && depth == 0 => pieces.push(String::new()),
            _ => push(&mut pieces, c, depth == 0),
        }
    }
    pieces
}

fn push(pieces: &mut [String], c: char, wanted: bool) {
    if let Some(piece) = pieces.last_mut().filter(|_| wanted) {
        piece.push(c);
    }
}

/// Words, with `a = b` drawn together to `a=b`, and quoted strings kept whole.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut quoted = false;
    let mut open = false;
    for c in text.chars() {
        if c == '"' {
            quoted = !quoted;
        }
        if c.is_whitespace() && !quoted {
            open = open && words.last().is_some_and(|word| word.ends_with('='));
            continue;
        }
        if c == '=' && !open && !words.is_empty() {
            open = true;
        }
        if !open {
            words.push(String::new());
            open = true;
        }
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    words
}

/// What the server before ours found, where one of the listed sealers vouches for it and our own server found the chain
/// whole (RFC 8617). `whole` is that finding.
pub(crate) fn sealed(headers: &Headers, sealers: &[String], whole: bool) -> Vec<Verdict> {
    if !whole || sealers.is_empty() {
        return Vec::new();
    }
    // The newest seal stands for the chain: whoever made it looked at the others.
    let newest = headers.all("arc-seal").filter_map(|seal| Some((instance(seal)?, tag(seal, "d")?))).max();
    let Some((number, sealer)) = newest else { return Vec::new() };
    if !sealers.iter().any(|listed| listed.trim().eq_ignore_ascii_case(&sealer)) {
        return Vec::new();
    }
    let of_that = headers.all("arc-authentication-results").find(|value| instance(value) == Some(number));
    let Some((_, results)) = of_that.and_then(|value| value.split_once(';')) else { return Vec::new() };
    let mut verdicts = parse(results).verdicts;
    verdicts.retain(|verdict| verdict.method != Method::Arc);
    for verdict in &mut verdicts {
        verdict.by = format!("{sealer}, a sealer we trust");
    }
    verdicts
}

fn instance(value: &str) -> Option<u32> {
    tag(value, "i")?.parse().ok().filter(|number| (1..=50).contains(number))
}

/// The value of a tag in a list `a=b; c=d` (RFC 6376 3.2), lower case, white space taken out.
pub(crate) fn tag(value: &str, name: &str) -> Option<String> {
    value.split(';').find_map(|pair| {
        let (found, value) = pair.split_once('=')?;
        let plain = || value.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
        found.trim().eq_ignore_ascii_case(name).then(plain)
    })
}
