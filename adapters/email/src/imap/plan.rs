//! Which mails are fetched together, and which UIDs are asked about. Pure.

use super::limits::{GROUP_BYTES_MAX, GROUP_HEADERS_MAX, GROUP_MAILS_MAX, MAIL_BYTES_MAX, TRIES_MAX, WINDOW};

/// A mail that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) uid: u32,
    /// Its size in bytes as the server states it; none when it does not.
    pub(super) size: Option<u32>,
    /// It was there before the inbox.
    pub(super) old: bool,
    /// How far it is suspected of breaking the connection. A suspect is asked for alone.
    pub(super) suspicion: u32,
}

/// What is added to the suspicion of a mail each time it could not be fetched: a lost connection may have other causes.
pub(super) const LOST: u32 = 1;
/// The same when the server did answer.
pub(super) const REFUSED: u32 = 2;
/// From here on only headers are asked for.
const ONLY_HEADERS: u32 = TRIES_MAX * REFUSED;
/// From here on nothing is asked for: that it was there is all that is kept.
const NOTHING: u32 = ONLY_HEADERS + 2 * REFUSED;

/// What is fetched of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// Its headers, since it was there before the inbox.
    OldHeaders,
    /// Its headers, since it is too large.
    LargeHeaders {
        /// Its size in bytes.
        size: u32,
    },
    /// Its headers, since it can't be fetched.
    BrokenHeaders,
    /// Nothing: not even its headers can be fetched.
    Nothing,
}

/// Mails that are fetched with one command and handed in with one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) part: Part,
    /// In rising order.
    pub(super) uids: Vec<u32>,
    /// Their size in bytes together, as stated.
    pub(super) bytes: u64,
}

impl Group {
    /// Whether it should be handed in before more is fetched, so that two large mails are never in memory together.
    pub(super) fn is_large(&self) -> bool {
        self.bytes > GROUP_BYTES_MAX
    }
}

impl Found {
    fn part(&self) -> Part {
        match self.size {
            _ if self.suspicion >= NOTHING => Part::Nothing,
            _ if self.suspicion >= ONLY_HEADERS => Part::BrokenHeaders,
            _ if self.old => Part::OldHeaders,
            Some(size) if size > MAIL_BYTES_MAX => Part::LargeHeaders { size },
            Some(_) | None => Part::Whole,
        }
    }

    /// Of a mail whose size is not known, the largest is assumed.
    fn bytes(&self) -> u64 {
        match self.part() {
            Part::Whole => u64::from(self.size.unwrap_or(MAIL_BYTES_MAX)),
            Part::OldHeaders | Part::LargeHeaders { .. } | Part::BrokenHeaders | Part::Nothing => 0,
        }
    }
}

/// Parts mails, in rising order, into groups bounded by count and bytes. The order stays.
pub(super) fn groups(found: &[Found]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut closed = true;
    for mail in found {
        let part = mail.part();
        let most = if part == Part::OldHeaders { GROUP_HEADERS_MAX } else { GROUP_MAILS_MAX };
        let fits = |group: &&mut Group| {
            group.part == part && group.uids.len() < most && group.bytes + mail.bytes() <= GROUP_BYTES_MAX
        };
        match groups.last_mut().filter(|_| !closed && mail.suspicion == 0).filter(fits) {
            Some(group) => {
                group.uids.push(mail.uid);
                group.bytes += mail.bytes();
            }
            None => groups.push(Group { part, uids: vec![mail.uid], bytes: mail.bytes() }),
        }
        closed = mail.suspicion > 0;
    }
    groups
}

/// UIDs as a set of the protocol (RFC 9051, section 9): `1:3,7`.
pub(super) fn set(uids: &[u32]) -> String {
    let runs = uids.chunk_by(|one, next| one.checked_add(1) == Some(*next));
    let run = |run: &[u32]| match run {
        [] => None,
        [one] => Some(one.to_string()),
        [first, .., last] => Some(format!("{first}:{last}")),
    };
    runs.filter_map(run).collect::<Vec<_>>().join(",")
}

/// Walks through the UIDs of a folder in windows. Where mails are sparse the window widens, so that gaps of millions cost few
/// commands; what is kept of a window is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Walk {
    /// The first UID not asked about.
    from: u32,
    /// The UID the next mail will get at least, if the server says so.
    next: Option<u32>,
    width: u32,
    over: bool,
}

impl Walk {
    /// Begins behind `last`.
    pub(super) fn behind(last: u32, next: Option<u32>) -> Self {
        Self { from: last.saturating_add(1), next, width: WINDOW, over: last == u32::MAX }
    }

    /// The range to ask about now, none at the end. The last one is open: what came meanwhile belongs to it.
    pub(super) fn range(&self) -> Option<(u32, Option<u32>)> {
        if self.over {
            return None;
        }
        let to = self.from.checked_add(self.width - 1);
        let is_last = self.next.is_none_or(|next| to.is_none_or(|to| to >= next));
        Some((self.from, to.filter(|_| !is_last)))
    }

    /// Goes on after the present range was answered. `cut` is the last UID that was kept, when not all were.
    pub(super) fn answered(&mut self, mails: usize, cut: Option<u32>) {
        let Some((_, to)) = self.range() else { return };
        match (cut, to) {
            (Some(last), _) => *self = Self::behind(last, self.next),
            (None, Some(to)) => {
                self.width = if mails == 0 { self.width.saturating_mul(4) } else { WINDOW };
                self.from = to.saturating_add(1);
                self.over = to == u32::MAX;
            }
            (None, None) => self.over = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(uid: u32, size: u32) -> Found {
        Found { uid, size: Some(size), old: false, suspicion: 0 }
    }

    fn uids(found: &[Found]) -> Vec<Vec<u32>> {
        groups(found).into_iter().map(|group| group.uids).collect()
    }

    #[test]
    fn groups_are_bounded_by_count_and_bytes() {
        let many: Vec<_> = (1..=130).map(|uid| mail(uid, 10)).collect();
        assert_eq!(groups(&many).iter().map(|group| group.uids.len()).collect::<Vec<_>>(), [64, 64, 2]);
        assert_eq!(uids(&[mail(1, 5_000_000), mail(2, 3_000_000), mail(3, 1)]), [vec![1, 2], vec![3]]);
    }

    #[test]
    fn a_large_mail_goes_alone_and_too_large_a_one_is_not_fetched() {
        let found = [mail(1, 10), mail(2, 50_000_000), mail(3, 10), mail(4, MAIL_BYTES_MAX + 1), mail(5, 10)];
        assert_eq!(uids(&found), [[1], [2], [3], [4], [5]]);
        assert_eq!(groups(&found)[3].part, Part::LargeHeaders { size: MAIL_BYTES_MAX + 1 });
        assert!(groups(&found)[1].is_large() && !groups(&found)[3].is_large());
        let unknown = Found { size: None, ..mail(1, 0) };
        assert_eq!(uids(&[unknown, mail(2, 1)]), [[1], [2]]);
    }

    #[test]
    fn a_suspect_goes_alone_and_old_mails_keep_apart() {
        let suspect = |uid| Found { suspicion: LOST, ..mail(uid, 1) };
        assert_eq!(
            uids(&[mail(1, 1), suspect(2), suspect(3), mail(4, 1), mail(5, 1)]),
            [vec![1], vec![2], vec![3], vec![4, 5]]
        );
        let old = |uid| Found { old: true, ..mail(uid, 90_000_000) };
        assert_eq!(uids(&[old(1), old(2), mail(3, 1)]), [vec![1, 2], vec![3]]);
    }

    #[test]
    fn of_a_mail_that_can_not_be_fetched_less_and_less_is_asked_for() {
        let part = |suspicion| groups(&[Found { suspicion, ..mail(1, 1) }])[0].part;
        assert_eq!(
            [part(0), part(5), part(6), part(9), part(10)],
            [Part::Whole, Part::Whole, Part::BrokenHeaders, Part::BrokenHeaders, Part::Nothing]
        );
    }

    #[test]
    fn sets_are_written_as_runs() {
        assert_eq!(set(&[1, 2, 3, 7, 9, 10]), "1:3,7,9:10");
        assert_eq!(set(&[u32::MAX - 1, u32::MAX]), "4294967294:4294967295");
        assert_eq!(set(&[]), "");
    }

    /// Walks over a folder as a server would answer; the mails met, and the commands that took.
    fn walk(last: u32, next: Option<u32>, there: &[u32]) -> (Vec<u32>, usize) {
        let (mut walk, mut met, mut commands) = (Walk::behind(last, next), Vec::new(), 0);
        while let Some((from, to)) = walk.range() {
            commands += 1;
            let inside = |uid: &&u32| **uid >= from && to.is_none_or(|to| **uid <= to);
            let all: Vec<u32> = there.iter().filter(inside).copied().collect();
            let kept = &all[..all.len().min(WINDOW as usize)];
            met.extend(kept);
            walk.answered(all.len(), (kept.len() < all.len()).then(|| kept[kept.len() - 1]));
        }
        (met, commands)
    }

    #[test]
    fn every_mail_is_met_once_with_few_commands() {
        let check = |last: u32, next: Option<u32>, there: &[u32], most: usize| {
            let (met, commands) = walk(last, next, there);
            let wanted: Vec<u32> = there.iter().copied().filter(|uid| *uid > last).collect();
            assert_eq!(met, wanted);
            assert!(commands <= most, "{commands} commands");
        };
        check(0, Some(1), &[], 1);
        check(5, Some(6), &[5], 1);
        check(0, Some(3_501), &(1..=3_500).collect::<Vec<_>>(), 4);
        check(0, Some(u32::MAX), &[1, 2_000_000_000, u32::MAX - 1], 30);
        check(0, None, &(1..=2_500).collect::<Vec<_>>(), 3);
        // The server lies: there is more than it says, and less.
        check(0, Some(2), &(1..=2_500).collect::<Vec<_>>(), 3);
        check(0, Some(4_000_000_000), &[7], 20);
        check(u32::MAX, None, &[], 0);
        check(u32::MAX - 1, Some(u32::MAX), &[u32::MAX], 1);
    }
}
