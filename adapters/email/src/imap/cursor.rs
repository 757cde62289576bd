//! How far each folder was read. Saved with every batch, in the transaction that keeps the mails.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use switchboard_contract::Cursor;

use super::limits::CURSOR_BYTES_MAX;

/// All folders of an inbox, by the names they go by in its settings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    #[serde(default)]
    pub(super) folders: BTreeMap<String, Mark>,
}

/// One folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Mark {
    /// UIDs mean something together with this only (RFC 9051, section 2.3.1.1).
    pub(super) validity: u32,
    /// The highest UID handed in.
    pub(super) last: u32,
    /// The highest UID on which was done what the settings want done afterwards. Behind `last` after a crash.
    pub(super) done: u32,
    /// The folder's modification sequence when all of it had been handed in, where the server has one (RFC 7162).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) modseq: Option<u64>,
    /// Mails up to this UID were there before the inbox: only their headers are read.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) old: u32,
    /// When the newest of those came in, in milliseconds, as the server says. Tells them from others when their UIDs change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) old_date: Option<i64>,
    /// UIDs changed: up to this one there may be old mails among the others.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) mixed: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Mark {
    /// Whether the mail was in the folder before the inbox began to read it.
    pub(super) fn is_old(&self, uid: u32, came_in: Option<i64>) -> bool {
        let by_date = uid <= self.mixed && came_in.zip(self.old_date).is_some_and(|(came, old)| came <= old);
        uid <= self.old || by_date
    }

    /// The mark after the UIDs changed: everything is read again, and what was handed in before is known by its id.
    pub(super) fn renewed(&self, validity: u32, highest: u32) -> Self {
        let mixed = if self.old_date.is_some() { highest } else { 0 };
        Self { validity, old_date: self.old_date, mixed, ..Self::default() }
    }
}

impl Progress {
    /// Reads a saved cursor. None when it can't be read: then everything is read again, which doubles nothing.
    pub(super) fn read(cursor: &Cursor) -> Option<Self> {
        if cursor.0.len() > CURSOR_BYTES_MAX {
            return None;
        }
        serde_json::from_str(&cursor.0).ok()
    }

    /// The cursor to be saved.
    pub(super) fn cursor(&self) -> Option<Cursor> {
        serde_json::to_string(self).ok().map(Cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let mark = Mark { validity: 7, last: 9, done: 8, modseq: Some(1 << 40), old: 3, old_date: Some(-1), mixed: 0 };
        let progress = Progress { folders: BTreeMap::from([("INBOX".to_owned(), mark)]) };
        let cursor = progress.cursor().expect("a cursor");
        assert_eq!(Progress::read(&cursor), Some(progress));
        let short = Cursor(r#"{"folders":{"INBOX":{"validity":1,"last":2,"done":2}}}"#.to_owned());
        assert_eq!(Progress::read(&short).and_then(|read| read.cursor()), Some(short));
        for bad in ["", "7", "{\"folders\":[]}"] {
            assert_eq!(Progress::read(&Cursor(bad.to_owned())), None, "{bad}");
        }
    }

    #[test]
    fn old_mails_are_told_by_uid_and_after_a_change_of_uids_by_date() {
        let mark = Mark { validity: 1, last: 50, done: 50, old: 40, old_date: Some(1_000), ..Mark::default() };
        assert!(mark.is_old(40, None) && !mark.is_old(41, Some(10)));
        let renewed = mark.renewed(2, 45);
        assert_eq!((renewed.last, renewed.done, renewed.old, renewed.mixed), (0, 0, 0, 45));
        assert!(renewed.is_old(45, Some(1_000)) && !renewed.is_old(44, Some(1_001)));
        assert!(!renewed.is_old(46, Some(5)) && !renewed.is_old(1, None));
        assert_eq!(Mark { old_date: None, ..mark }.renewed(2, 45).mixed, 0);
    }
}
