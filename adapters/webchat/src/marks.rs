//! How far a page has got, as far as it is written down. Pure.

use std::time::Duration;

use switchboard_contract::{ReceiptMark, Seq};
use tokio::time::Instant;

/// The marks of the present conversation. Each waits a moment for others to be written with it, and is written at most once in each
/// interval: the highest place wins, and the last one is always written. What was seen has arrived, and needs no second word.
#[derive(Debug)]
pub(crate) struct Marks {
    after: Duration,
    every: Duration,
    arrived: Mark,
    seen: Mark,
}

#[derive(Debug, Default, Clone, Copy)]
struct Mark {
    reached: Seq,
    written: Seq,
    /// When it is written: set as soon as it was reached further than it is written.
    due: Option<Instant>,
    /// Until when nothing more is written.
    quiet_until: Option<Instant>,
}

impl Marks {
    pub(crate) fn new(after: Duration, every: Duration) -> Self {
        Self { after, every, arrived: Mark::default(), seen: Mark::default() }
    }

    /// The page has got this far. Going back is ignored.
    pub(crate) fn reach(&mut self, mark: ReceiptMark, seq: Seq, now: Instant) {
        let soon = now + self.after;
        // One that waits already takes it along.
        let soon = self.due().map_or(soon, |due| due.min(soon));
        let mark = self.of(mark);
        mark.reached = mark.reached.max(seq);
        if mark.reached > mark.written {
            mark.due.get_or_insert(mark.quiet_until.map_or(soon, |quiet| quiet.max(soon)));
        }
    }

    /// When something has to be written that was held back.
    pub(crate) fn due(&self) -> Option<Instant> {
        [self.arrived, self.seen].iter().filter(|mark| mark.reached > mark.written).filter_map(|mark| mark.due).min()
    }

    /// What to write now; with `last` also what would be held back. It counts as unwritten until [`written`](Self::written).
    pub(crate) fn next(&mut self, mark: ReceiptMark, last: bool, now: Instant) -> Option<Seq> {
        let every = self.every;
        let mark = self.of(mark);
        let early = !last && mark.due.is_some_and(|due| now < due);
        (mark.reached > mark.written && !early).then(|| {
            mark.quiet_until = Some(now + every);
            // Should it not be kept, it is tried again then.
            mark.due = mark.quiet_until;
            mark.reached
        })
    }

    /// It is on disk.
    pub(crate) fn written(&mut self, mark: ReceiptMark, seq: Seq) {
        self.of(mark).keep(seq);
        if mark == ReceiptMark::Seen {
            self.arrived.keep(seq);
        }
    }

    /// Begins with another conversation. The pace goes on.
    pub(crate) fn anew(&mut self) {
        for mark in [&mut self.arrived, &mut self.seen] {
            (mark.reached, mark.written, mark.due) = (Seq(0), Seq(0), None);
        }
    }

    fn of(&mut self, mark: ReceiptMark) -> &mut Mark {
        match mark {
            ReceiptMark::Delivered => &mut self.arrived,
            ReceiptMark::Seen => &mut self.seen,
        }
    }
}

impl Mark {
    fn keep(&mut self, seq: Seq) {
        self.written = self.written.max(seq);
        if self.reached <= self.written {
            self.due = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AFTER: Duration = Duration::from_millis(100);
    const EVERY: Duration = Duration::from_secs(1);

    /// Reaches a place and writes what is due.
    fn write(marks: &mut Marks, mark: ReceiptMark, seq: u64, now: Instant) -> Option<u64> {
        marks.reach(mark, Seq(seq), now);
        let next = marks.next(mark, false, now);
        next.inspect(|seq| marks.written(mark, *seq)).map(|seq| seq.0)
    }

    #[test]
    fn each_mark_is_written_once_in_each_interval_and_the_highest_wins() {
        let (mut marks, start) = (Marks::new(Duration::ZERO, EVERY), Instant::now());
        let soon = start + EVERY / 2;
        assert_eq!(write(&mut marks, ReceiptMark::Delivered, 1, start), Some(1));
        assert_eq!(write(&mut marks, ReceiptMark::Delivered, 5, soon), None);
        assert_eq!(write(&mut marks, ReceiptMark::Delivered, 3, soon), None);
        assert_eq!(write(&mut marks, ReceiptMark::Seen, 1, soon), Some(1), "the other mark has a pace of its own");
        assert_eq!(write(&mut marks, ReceiptMark::Delivered, 2, start + EVERY), Some(5));
        assert_eq!(write(&mut marks, ReceiptMark::Delivered, 5, start + 9 * EVERY), None);
    }

    #[test]
    fn a_mark_waits_a_moment_and_what_was_seen_has_arrived() {
        let (mut marks, start) = (Marks::new(AFTER, EVERY), Instant::now());
        assert_eq!(write(&mut marks, ReceiptMark::Delivered, 1, start), None);
        assert_eq!(marks.due(), Some(start + AFTER));
        assert_eq!(write(&mut marks, ReceiptMark::Seen, 1, start + AFTER / 2), None);
        assert_eq!(marks.due(), Some(start + AFTER), "the first one does not wait longer for the second");
        marks.reach(ReceiptMark::Delivered, Seq(2), start + AFTER / 2);
        let then = start + AFTER;
        assert_eq!(marks.next(ReceiptMark::Seen, false, then), Some(Seq(1)));
        marks.written(ReceiptMark::Seen, Seq(1));
        assert_eq!(marks.next(ReceiptMark::Delivered, false, then), Some(Seq(2)), "more has arrived than was seen");
        marks.written(ReceiptMark::Delivered, Seq(2));
        marks.reach(ReceiptMark::Seen, Seq(2), then);
        assert_eq!(marks.next(ReceiptMark::Seen, true, then), Some(Seq(2)));
        marks.written(ReceiptMark::Seen, Seq(2));
        marks.reach(ReceiptMark::Delivered, Seq(2), then);
        assert_eq!((marks.due(), marks.next(ReceiptMark::Delivered, true, then)), (None, None));
    }

    #[test]
    fn what_could_not_be_written_is_due_again() {
        let (mut marks, start) = (Marks::new(Duration::ZERO, EVERY), Instant::now());
        assert_eq!(marks.due(), None);
        marks.reach(ReceiptMark::Seen, Seq(4), start);
        assert_eq!(marks.next(ReceiptMark::Seen, false, start), Some(Seq(4)));
        assert_eq!(marks.due(), Some(start + EVERY));
        assert_eq!(marks.next(ReceiptMark::Seen, true, start), Some(Seq(4)), "the last one waits for nothing");
        marks.written(ReceiptMark::Seen, Seq(4));
        assert_eq!(marks.due(), None);
    }

    #[test]
    fn another_conversation_has_places_of_its_own() {
        let (mut marks, start) = (Marks::new(Duration::ZERO, EVERY), Instant::now());
        marks.reach(ReceiptMark::Seen, Seq(4), start);
        marks.anew();
        assert_eq!((marks.due(), marks.next(ReceiptMark::Seen, true, start)), (None, None));
    }
}
