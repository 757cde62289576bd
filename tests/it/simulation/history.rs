//! What happened, line by line, so that a failure can be read.

use std::fmt::Write;

/// Lines shown of everything else when the lines about one contact are shown.
const TAIL: usize = 25;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    life: u32,
    /// The contact it is about; none when it is about all.
    contact: Option<usize>,
    text: String,
}

#[derive(Debug, Default)]
pub(super) struct History {
    lines: Vec<Line>,
    pub(super) life: u32,
}

impl History {
    pub(super) fn note(&mut self, contact: Option<usize>, text: String) {
        self.lines.push(Line { life: self.life, contact, text });
    }

    /// The whole history, for comparison and for a single seed.
    pub(super) fn all(&self) -> String {
        render(self.lines.iter().enumerate())
    }

    /// What concerns one contact, and the last of the rest.
    pub(super) fn about(&self, contact: Option<usize>) -> String {
        let recent = self.lines.len().saturating_sub(TAIL);
        let wanted = |(index, line): &(usize, &Line)| {
            *index >= recent || line.contact.is_none_or(|about| contact.is_none_or(|contact| contact == about))
        };
        render(self.lines.iter().enumerate().filter(wanted))
    }
}

fn render<'a>(lines: impl Iterator<Item = (usize, &'a Line)>) -> String {
    lines.fold(String::new(), |mut text, (index, line)| {
        let who = line.contact.map_or_else(String::new, |contact| format!("contact {contact}: "));
        // Writing to a string can't fail.
        let _ = writeln!(text, "{index:>5} life {} {who}{}", line.life, line.text);
        text
    })
}
