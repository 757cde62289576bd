//! The marks mail programs leave in HTML, then the rules for plain text on what they say nothing about.

use super::line::Line;
use super::plain::parts;
use super::{FoldKind, Visible, headers};
use crate::mail::html::{HtmlLine, Zone, lines};

pub(super) fn split(html: &str) -> Visible {
    let found = lines(html);
    let kinds = kinds(&found);
    let mut body = String::new();
    let mut ends = Vec::with_capacity(found.len());
    for line in &found {
        line.write(&mut body);
        ends.push(body.len());
    }
    let seen = part(&body, &ends, &kinds);
    if !seen.text.is_empty() || !kinds.contains(&Some(FoldKind::Signature)) {
        return seen;
    }
    // Some phones put what was written into the element of the signature. Then it is no signature.
    let kinds: Vec<_> = kinds.into_iter().map(|kind| kind.filter(|&kind| kind != FoldKind::Signature)).collect();
    part(&body, &ends, &kinds)
}

fn part(body: &str, ends: &[usize], kinds: &[Option<FoldKind>]) -> Visible {
    let mut start = 0;
    let mut lines = Vec::with_capacity(ends.len());
    for (&end, &kind) in ends.iter().zip(kinds) {
        let mut line = Line::new(body.get(start..end).unwrap_or_default());
        line.fold = kind;
        lines.push(line);
        start = end;
    }
    parts(&mut lines)
}

/// What each line is by the marks in the HTML.
fn kinds(found: &[HtmlLine]) -> Vec<Option<FoldKind>> {
    let count = found.iter().filter_map(|line| line.zone).map(|(_, number)| number + 1).max().unwrap_or(0);
    // For each zone: where its first `blockquote` begins, and what its first line says.
    let mut quote_from: Vec<Option<usize>> = vec![None; count];
    let mut first: Vec<Option<usize>> = vec![None; count];
    for (at, line) in found.iter().enumerate() {
        if let Some((_, number)) = line.zone {
            if line.depth > 0 {
                quote_from[number].get_or_insert(at);
            }
            if !line.text.is_empty() {
                first[number].get_or_insert(at);
            }
        }
    }
    found
        .iter()
        .enumerate()
        .map(|(at, line)| {
            let (zone, number) = line.zone?;
            match zone {
                Zone::Intro | Zone::Below => Some(FoldKind::Quoted),
                Zone::Forward => Some(FoldKind::Forwarded),
                Zone::Signature => Some(FoldKind::Signature),
                // Below the first quoted lines of a quote there may be answers.
                Zone::Quote if line.depth > 0 => Some(FoldKind::Quoted),
                Zone::Quote if quote_from[number].is_some_and(|from| at > from) => None,
                Zone::Quote => {
                    let forwarded = first[number].is_some_and(|at| headers::is_forwarded(&found[at].text));
                    Some(if forwarded { FoldKind::Forwarded } else { FoldKind::Quoted })
                }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
