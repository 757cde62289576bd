//! The rules for plain text.

use super::line::{Line, blank, lines};
use super::{Fold, FoldKind, Visible, headers, intros, signatures};

/// Lines the rules look at. What is longer is shown as it stands below them.
const LINES_MAX: usize = 20_000;

pub(super) fn split(body: &str) -> Visible {
    let mut lines = lines(body);
    parts(&mut lines)
}

/// Parts lines, some of which may be folded already by what HTML says.
pub(super) fn parts(lines: &mut [Line<'_>]) -> Visible {
    let known = lines.len().min(LINES_MAX);
    quotes(&mut lines[..known]);
    let inline_answers = answers(lines);
    let mut start = 0;
    while start < known {
        let end = (start..known).find(|&at| lines[at].fold.is_some()).unwrap_or(known);
        if start < end {
            signatures::fold(&mut lines[..known], start..end);
        }
        start = end + 1;
    }
    assemble(lines, inline_answers)
}

/// Folds quoted lines, what introduces them, and everything below an introduction that has no quoted lines.
fn quotes(lines: &mut [Line<'_>]) {
    let mut at = 0;
    while at < lines.len() {
        if lines[at].fold.is_some() {
            at += 1;
            continue;
        }
        if lines[at].depth > 0 {
            lines[at].fold = Some(FoldKind::Quoted);
            at += 1;
            continue;
        }
        let found = headers::above(lines, at)
            .map(|above| (above.lines, above.kind))
            .or_else(|| intros::intro(lines, at).map(|count| (count, FoldKind::Quoted)));
        let Some((count, kind)) = found else {
            at += 1;
            continue;
        };
        let below = at + count;
        let next = lines[below..].iter().find(|line| !line.is_gap());
        // Quoted lines below end where their marks end, and answers may follow. Without marks all below is the old mail.
        let marked = next.is_some_and(|line| line.depth > 0 || line.fold.is_some());
        let end = if marked { below } else { lines.len() };
        for line in &mut lines[at..end] {
            line.fold.get_or_insert(kind);
        }
        at = end;
    }
}

/// Whether something is said below quoted lines.
fn answers(lines: &[Line<'_>]) -> bool {
    let quoted = lines.iter().position(|line| line.fold == Some(FoldKind::Quoted) && line.depth > 0);
    quoted.is_some_and(|at| lines[at..].iter().any(Line::is_shown))
}

/// Joins the lines to the text and its folds.
fn assemble(lines: &[Line<'_>], inline_answers: bool) -> Visible {
    let mut seen = Visible { inline_answers, ..Visible::default() };
    for line in lines {
        match line.fold {
            None => seen.text.push_str(line.whole),
            Some(kind) => push(&mut seen, kind, line.whole),
        }
    }
    trim(&mut seen);
    // Answers below the end of a text that is only a signature are none.
    seen.inline_answers &= !seen.text.is_empty();
    seen
}

fn push(seen: &mut Visible, kind: FoldKind, text: &str) {
    let at = seen.text.len();
    match seen.folds.last_mut() {
        Some(last) if last.kind == kind && last.at == at => last.text.push_str(text),
        Some(_) | None => seen.folds.push(Fold { kind, text: text.to_owned(), at }),
    }
}

/// Moves blank lines at both ends of the text into the folds beside them.
fn trim(seen: &mut Visible) {
    let end = seen.text.trim_end_matches(blank).len();
    let tail = seen.text.split_off(end);
    if !tail.is_empty() {
        // Folds inside the tail (blank lines between two quotes at the end) keep their order, parts of the tail between them.
        seen.folds = spread(&seen.folds, end, &tail, end);
    }
    let start = seen.text.len() - seen.text.trim_start_matches(blank).len();
    if start > 0 {
        let rest = seen.text.split_off(start);
        let head = std::mem::replace(&mut seen.text, rest);
        let before: Vec<Fold> = seen.folds.iter().filter(|fold| fold.at <= start).cloned().collect();
        let mut folds = spread(&before, 0, &head, 0);
        folds.extend(
            seen.folds.iter().filter(|fold| fold.at > start).map(|fold| Fold { at: fold.at - start, ..fold.clone() }),
        );
        seen.folds = folds;
    }
}

/// Puts the blank pieces of `gap`, which begins at `from` in the text, between the folds at their places, all at `at`.
fn spread(folds: &[Fold], from: usize, gap: &str, at: usize) -> Vec<Fold> {
    let mut out: Vec<Fold> = folds.iter().filter(|fold| fold.at < from).cloned().collect();
    let mut done = 0;
    let mut add = |kind: FoldKind, text: &str| {
        if text.is_empty() {
            return;
        }
        match out.last_mut().filter(|last| last.at == at) {
            Some(last) if kind == FoldKind::Space || last.kind == kind => last.text.push_str(text),
            Some(last) if last.kind == FoldKind::Space => {
                last.kind = kind;
                last.text.push_str(text);
            }
            Some(_) | None => out.push(Fold { kind, text: text.to_owned(), at }),
        }
    };
    for fold in folds.iter().filter(|fold| fold.at >= from) {
        let place = (fold.at - from).min(gap.len());
        add(FoldKind::Space, gap.get(done..place).unwrap_or_default());
        done = done.max(place);
        add(fold.kind, &fold.text);
    }
    add(FoldKind::Space, gap.get(done..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests;
