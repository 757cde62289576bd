//! Recipients and reasons out of reports in free text: qmail, Exim, Postfix, Exchange, Domino and all the others.

use super::dsn::DIAGNOSTIC_MAX;
use super::report::Recipient;
use super::status::{find_reply, find_status};
use crate::headers::addresses;

/// Recipients taken from a free text.
const RECIPIENTS_MAX: usize = 50;
/// Lines after an address that may hold what the server said.
const REASON_LINES: usize = 12;

/// Beginnings of lines that name somebody else than the recipient.
const OTHERS: &[&str] = &[
    "mail from",
    ">>> mail from",
    "from:",
    "sender:",
    "reply-to:",
    "subject:",
    "message-id:",
    "message id:",
    "received:",
    "return-path:",
    "original-sender:",
    "your message from",
    "contact ",
    "if you ",
    "for help",
    "please contact",
    "x-",
];

/// The recipients a free text speaks of, each with what was said about it. `not_these` are the addresses of whoever got
/// the report and whoever sent it; `likely` those the returned mail went to.
pub(crate) fn recipients(
    lines: &[String],
    failed: &[String],
    not_these: &[String],
    likely: &[String],
) -> Vec<Recipient> {
    let mut found = named(lines, failed, not_these, likely);
    if found.is_empty() && likely.is_empty() && failed.is_empty() {
        // Whoever wrote to their own address is both.
        found = named(lines, failed, &[], likely);
    }
    // Where the text names one that certainly was a recipient, the other addresses are only talk.
    let sure = |address: &String| failed.contains(address) || likely.contains(address);
    if found.iter().any(|(_, address)| sure(address)) {
        found.retain(|(_, address)| sure(address));
    }
    for address in failed {
        if !found.iter().any(|(_, known)| known == address) && found.len() < RECIPIENTS_MAX {
            found.push((lines.len(), address.clone()));
        }
    }
    if found.is_empty() {
        found.extend(likely.iter().take(1).map(|address| (0, address.clone())));
    }
    let starts: Vec<usize> = found.iter().map(|(index, _)| *index).collect();
    let said_of = |number: usize, index: usize| {
        let next = starts.get(number + 1).copied().filter(|next| *next > index).unwrap_or(lines.len());
        reason(lines.get(index..next.min(index + REASON_LINES)).unwrap_or_default())
    };
    let whole = reason(lines);
    let many = found.len() > 1;
    found
        .iter()
        .enumerate()
        .map(|(number, (index, address))| {
            let own = said_of(number, *index);
            let said = if own.0.is_none() && own.1.is_none() && !many { whole.clone() } else { own };
            Recipient { address: address.clone(), status: said.0, diagnostic: said.1, action: None }
        })
        .collect()
}

/// Addresses in the lines that may name a recipient, each with its line.
fn named(lines: &[String], failed: &[String], not_these: &[String], likely: &[String]) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let lower = line.trim_start().to_lowercase();
        if OTHERS.iter().any(|start| lower.starts_with(start)) {
            continue;
        }
        for address in addresses(line) {
            let new = !found.iter().any(|(_, known)| *known == address);
            let named = failed.contains(&address) || likely.contains(&address);
            if new && (named || !not_these.contains(&address)) && found.len() < RECIPIENTS_MAX {
                found.push((index, address));
            }
        }
    }
    found
}

/// The status code and the sentence of the server in a run of lines.
pub(crate) fn reason(lines: &[String]) -> (Option<String>, Option<String>) {
    let mut status = None;
    let mut diagnostic = None;
    for (index, line) in lines.iter().enumerate() {
        let code = find_status(line, false);
        let reply = find_reply(line);
        if code.is_none() && reply.is_none() {
            continue;
        }
        if diagnostic.is_none() {
            let next = lines.get(index + 1).map(String::as_str).unwrap_or_default();
            let goes_on = !next.trim().is_empty() && next.starts_with([' ', '\t']) == line.starts_with([' ', '\t']);
            let text = if goes_on { format!("{} {}", line.trim(), next.trim()) } else { line.trim().to_owned() };
            diagnostic = Some(text.chars().take(DIAGNOSTIC_MAX).collect());
        }
        status = status.or(code);
        if status.is_some() {
            break;
        }
    }
    (status, diagnostic)
}
