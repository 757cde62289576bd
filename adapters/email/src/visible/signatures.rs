//! Signatures: below "-- ", "Sent from my phone", a closing with a name, the footer of a list, legal text.

use std::ops::Range;

use super::FoldKind;
use super::line::Line;
use super::phrases::{AND, CLOSINGS, LEGAL, SENT, SENT_END, THANKS};
use super::words::{Pattern, any_of};

/// Lines below "-- " (RFC 3676, 4.3).
const SIGNATURE_LINES_MAX: usize = 40;
/// Lines below something that only may be a delimiter ("--", a dash alone).
const LOOSE_LINES_MAX: usize = 12;
/// Lines of a mailing list's footer.
const FOOTER_LINES_MAX: usize = 10;
/// Lines below a closing: name, role, company, telephone ...
const CLOSING_LINES_MAX: usize = 8;
/// Signs in a line below a closing. Longer ones are sentences.
const CLOSING_LINE_MAX: usize = 70;
/// Pieces at the end of one run: a closing, a phone, legal text ...
const PIECES_MAX: usize = 8;
/// Words after "Sent from".
const SENT_WORDS_MAX: usize = 9;

static DELIMITER: Pattern = Pattern::new(|| regex::Regex::new(r"^(?:--|–|—|―|⸺|- -|-- ?–)$").ok());
static FOOTER_RULE: Pattern =
    Pattern::new(|| regex::Regex::new(r"^(?:_{2,}|-{5,}|={5,}|\*{5,}|-\s*-\s*-[-\s]*|~{5,}|\+{5,})$").ok());
static FOOTER: Pattern = Pattern::new(|| {
    regex::Regex::new(r"(?i)mailing list|unsubscribe|list-?info|listinfo|mailman|you (?:are receiving|received) this|view (?:it|this email) on|reply to this (?:e-?mail|message)|to post to this|groups\.google|yahoogroups|abmelden|désabonner|darse de baja|virus|avast|avg\b").ok()
});
static SENT_LINE: Pattern = Pattern::new(|| {
    let (begins, ends) = (any_of(SENT), any_of(SENT_END));
    regex::RegexBuilder::new(&format!(r"(?i)^[-–—_*(\[\s]*(?:(?:{begins}).*|.*(?:{ends})[.\s]*)[)\]]?$"))
        .size_limit(20 << 20)
        .build()
        .ok()
});
static CLOSING_LINE: Pattern = Pattern::new(|| {
    let (thanks, and, closings) = (any_of(THANKS), any_of(AND), any_of(CLOSINGS));
    regex::RegexBuilder::new(&format!(r"(?i)^(?:(?:{thanks})\s*(?:{and})\s*(?:{thanks})?\s*)?(?:{closings})(?:\s+(?:from|aus|depuis|desde|uit)\s+\S+)?\s*[,.!;:，。！*_~-]*$"))
        .size_limit(20 << 20)
        .build()
        .ok()
});
static LEGAL_LINE: Pattern = Pattern::new(|| {
    regex::RegexBuilder::new(&format!(r"(?i)^[*_\s>!-]*(?:{})", any_of(LEGAL))).size_limit(20 << 20).build().ok()
});
static LINK: Pattern = Pattern::new(|| regex::Regex::new(r"[<(\[]?\s*(?:https?|mailto):\S*").ok());

/// Folds what is no text of its own at the end of a run of shown lines: the run ends at a quote or at the end of the body.
pub(super) fn fold(lines: &mut [Line<'_>], run: Range<usize>) {
    let mut end = run.end;
    if let Some((at, kind)) = delimiter(lines, &run) {
        mark(lines, at..end, kind);
        end = at;
    }
    // From the end upwards, until nothing more is found: "Sent from my phone" below a name below a legal text ...
    for _ in 0..PIECES_MAX {
        let Some(last) = (run.start..end).rev().find(|&at| lines[at].is_shown()) else { break };
        let found = sent_from(lines, run.start, last)
            .or_else(|| footer(lines, run.start, end))
            .or_else(|| legal(lines, run.start, end))
            .or_else(|| closing(lines, run.start, end));
        let Some((at, kind)) = found else { break };
        mark(lines, at..end, kind);
        end = at;
    }
}

fn mark(lines: &mut [Line<'_>], range: Range<usize>, kind: FoldKind) {
    for line in &mut lines[range] {
        line.fold.get_or_insert(kind);
    }
}

fn said(lines: &[Line<'_>], range: Range<usize>) -> usize {
    lines[range].iter().filter(|line| line.is_shown()).count()
}

/// The first delimiter with no more below it than a signature holds.
fn delimiter(lines: &[Line<'_>], run: &Range<usize>) -> Option<(usize, FoldKind)> {
    let (mut below, mut found) = (0, None);
    for at in run.clone().rev() {
        let line = &lines[at];
        if !line.code && DELIMITER.matches(line.says) {
            let exact = line.whole.trim_end_matches(['\r', '\n']) == "-- ";
            if below <= if exact { SIGNATURE_LINES_MAX } else { LOOSE_LINES_MAX } {
                found = Some((at, FoldKind::Signature));
            }
        }
        below += usize::from(line.is_shown());
        if below > SIGNATURE_LINES_MAX {
            break;
        }
    }
    found
}

/// The line "Sent from my phone", when it is the last one.
fn sent_from(lines: &[Line<'_>], start: usize, last: usize) -> Option<(usize, FoldKind)> {
    let line = &lines[last];
    if line.code || !is_sent_from(line.says) {
        // The words may be broken over two lines.
        let above = last.checked_sub(1).filter(|&above| above >= start && lines[above].is_shown())?;
        let both = format!("{} {}", lines[above].says, line.says);
        let broken = !lines[above].code && SENT_LINE.matches(lines[above].says) && is_sent_from(&both);
        return broken.then_some((above, FoldKind::Signature));
    }
    Some((last, FoldKind::Signature))
}

/// No sentence: few words and no sign that parts sentences. Links are not counted.
fn is_sent_from(says: &str) -> bool {
    if !SENT_LINE.matches(says) {
        return false;
    }
    let bare = match LINK.end(says) {
        Some(_) => says.split(['<', '(', '[']).next().unwrap_or(says),
        None => says,
    };
    let bare = bare.split("http").next().unwrap_or(bare).trim_end_matches(['.', ' ', '!', ')']);
    let sentence =
        bare.contains(['?', ';', ':']) || bare.contains(", ") || bare.contains(". ") && !bare.contains("Inc. ");
    !sentence && bare.split_whitespace().count() <= SENT_WORDS_MAX + 2
}

/// The footer a list or a scanner adds: below a rule, short, and it says what it is.
fn footer(lines: &[Line<'_>], start: usize, end: usize) -> Option<(usize, FoldKind)> {
    let mut count = 0;
    for at in (start..end).rev() {
        let line = &lines[at];
        if line.is_shown() && !line.code && FOOTER_RULE.matches(line.says) {
            let bare = line.says.starts_with('_') && line.says.len() <= 4;
            let tells = lines[at + 1..end].iter().any(|line| FOOTER.matches(line.says));
            return (count > 0 && (tells || bare) || count == 0 && line.says.len() > 4)
                .then_some((at, FoldKind::Disclaimer));
        }
        count += usize::from(line.is_shown());
        if count > FOOTER_LINES_MAX {
            return None;
        }
    }
    None
}

/// Legal text which is the last paragraph or the last two.
fn legal(lines: &[Line<'_>], start: usize, end: usize) -> Option<(usize, FoldKind)> {
    let mut paragraphs = 0;
    let mut found = None;
    for at in (start..end).rev() {
        if lines[at].is_blank() {
            continue;
        }
        let begins = at == start || lines[at - 1].is_blank();
        if begins && !lines[at].code && LEGAL_LINE.matches(lines[at].says) {
            found = Some((at, FoldKind::Disclaimer));
        }
        paragraphs += usize::from(begins);
        if paragraphs >= 3 {
            break;
        }
    }
    // A mail which is nothing but such a text says it to us.
    found.filter(|&(at, _)| said(lines, start..at) > 0)
}

/// A closing with the few short lines below it.
fn closing(lines: &[Line<'_>], start: usize, end: usize) -> Option<(usize, FoldKind)> {
    let mut below = 0;
    for at in (start..end).rev() {
        let line = &lines[at];
        if !line.is_shown() {
            continue;
        }
        if line.code {
            return None;
        }
        if CLOSING_LINE.matches(line.says) {
            return (said(lines, start..at) > 0).then_some((at, FoldKind::Signature));
        }
        below += 1;
        let sentence = line.says.chars().count() > CLOSING_LINE_MAX || line.says.ends_with(['?', ':', ',']);
        if below > CLOSING_LINES_MAX || sentence {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patterns_compile() {
        for pattern in [&DELIMITER, &FOOTER_RULE, &FOOTER, &SENT_LINE, &CLOSING_LINE, &LEGAL_LINE, &LINK] {
            assert!(pattern.compiles());
        }
    }

    #[test]
    fn phones_are_told_from_sentences() {
        for says in [
            "Sent from my iPhone",
            "Von meinem iPhone gesendet",
            "Envoyé de mon iPad",
            "Get Outlook for iOS<https://aka.ms/x>",
            "发自我的iPhone",
            "Verstuurd vanaf mijn iPhone",
            "Sent from Yahoo Mail on Android",
            "Enviado desde mi Samsung",
            "Отправлено с iPhone",
        ] {
            assert!(is_sent_from(says), "{says}");
        }
        for says in [
            "Sent from my desk, where it is quiet.",
            "I sent it from my phone",
            "Sent from the shop? I never got it",
            "Sent with the wrong size: please change",
        ] {
            assert!(!is_sent_from(says), "{says}");
        }
    }

    #[test]
    fn closings_are_told_from_thanks() {
        for says in [
            "Regards,",
            "Best regards",
            "Mit freundlichen Grüßen",
            "Cordialement,",
            "Thanks and regards,",
            "С уважением,",
        ] {
            assert!(CLOSING_LINE.matches(says), "{says}");
        }
        for says in ["Thanks,", "Thank you!", "Best of all was the service", "Give my regards to the team"] {
            assert!(!CLOSING_LINE.matches(says), "{says}");
        }
    }
}
