//! The lines of a body, as the rules see them.

use super::FoldKind;

/// One line with its line break.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    /// The line as it stands, with its line break.
    pub(super) whole: &'a str,
    /// What it says: without quote marks and spaces around.
    pub(super) says: &'a str,
    /// How many `>` it begins with (RFC 3676, 4.5).
    pub(super) depth: usize,
    /// What it is folded as, once a rule has said so.
    pub(super) fold: Option<FoldKind>,
    /// Whether it is inside a code fence, where nothing is a signature.
    pub(super) code: bool,
}

/// Spaces which may stand before a quote mark.
const INDENT_MAX: usize = 3;

impl<'a> Line<'a> {
    pub(super) fn new(whole: &'a str) -> Line<'a> {
        let (depth, rest) = unquote(whole);
        Line { whole, says: rest.trim_matches(blank), depth, fold: None, code: false }
    }

    /// Whether the line says nothing, quoted or not.
    pub(super) fn is_blank(&self) -> bool {
        self.says.is_empty()
    }

    /// Whether the line is empty space and no quote.
    pub(super) fn is_gap(&self) -> bool {
        self.depth == 0 && self.says.is_empty()
    }

    /// Whether the line is shown: it says something and no rule has folded it.
    pub(super) fn is_shown(&self) -> bool {
        self.fold.is_none() && !self.is_blank()
    }
}

/// White space, and the signs without width or ink which mail programs leave.
pub(super) fn blank(sign: char) -> bool {
    sign.is_whitespace() || matches!(sign, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{34f}')
}

/// Takes the quote marks off. A lone `>From` is no quote: mail stores write it for a line that begins with "From".
fn unquote(line: &str) -> (usize, &str) {
    let mut rest = line;
    let mut depth = 0;
    loop {
        let spaces = rest.len() - rest.trim_start_matches(' ').len();
        let inner = if spaces <= INDENT_MAX { rest.trim_start_matches(' ') } else { rest };
        match inner.strip_prefix('>') {
            Some(after) if depth == 0 && after.starts_with("From ") => return (0, line),
            Some(after) => (depth, rest) = (depth + 1, after),
            None => return (depth, rest),
        }
    }
}

/// The lines of a body, code fences marked.
pub(super) fn lines(body: &str) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = body.split_inclusive('\n').map(Line::new).collect();
    let fences: Vec<usize> =
        (0..lines.len()).filter(|&at| lines[at].depth == 0 && lines[at].says.starts_with("```")).collect();
    for pair in fences.chunks_exact(2) {
        if let [open, close] = pair {
            for line in &mut lines[*open..=*close] {
                line.code = true;
            }
        }
    }
    lines
}
