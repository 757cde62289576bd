//! What was odd about a mail, in words for people.

use super::limits::{DEPTH_MAX, HEADER_FIELDS_MAX, NOTES_MAX, PARTS_MAX};
use super::parts::Tree;

/// Notes on one mail: each once, and not more than a person reads.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<String>);

impl Notes {
    pub(super) fn add(&mut self, note: impl Into<String>) {
        let note = note.into();
        if self.0.len() < NOTES_MAX && !self.0.contains(&note) {
            self.0.push(note);
        }
    }

    pub(super) fn tree(&mut self, tree: &Tree<'_>) {
        if tree.found > tree.parts.len() {
            self.add(format!("this mail has {} parts; shown are the first {PARTS_MAX}", tree.found));
        }
        if tree.deep {
            self.add(format!("parts inside each other more than {DEPTH_MAX} deep are one file"));
        }
        if tree.trouble.cut {
            self.add(format!(
                "the header is too long; read are its first {HEADER_FIELDS_MAX} fields, and of each its beginning"
            ));
        }
        if tree.trouble.eight_bit {
            self.add("the header has bytes without a character set; they were guessed");
        }
        if tree.unended {
            self.add("this mail ends before its last part does");
        }
    }

    pub(super) fn into_list(self) -> Vec<String> {
        self.0
    }
}
