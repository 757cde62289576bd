//! How far a page has got, as far as it is written down. Pure.

use std::time::Duration;

use switchboard_contract::{ReceiptMark, Seq};
use tokio::time::Instant;

/// The marks of the present conversation. Each is written at most once in each interval: the highest place wins, and the last
/// one is always written.
#[derive(Debug)]
pub(crate) struct Marks {
    every: Duration,
    arrived: Mark,
    seen: Mark,
}

#[derive(Debug, Default, Clone, Copy)]
struct Mark {
    reached: Seq,
    written: Seq,
    /// Until when nothing more is written.
    quiet_until: Option<Instant>,
}

impl Marks {
    pub(crate) fn new(every: Duration) -> Self {
        Self { every, arrived: Mark::default(), seen: Mark::default() }
    }

    /// The page has got this far. Going back is ignored.
    pub(crate) fn reach(&mut self, mark: ReceiptMark, seq: Seq) {
        let mark = self.of(mark);
        mark.reached = mark.reached.max(seq);
    }

    /// When something has to be written that was held back.
    pub(crate) fn due(&self) -> Option<Instant> {
        [self.arrived, self.seen]
            .iter()
            .filter(|mark| mark.reached > mark.written)
            .filter_map(|mark| mark.quiet_until)
            .min()
    }

    /// What to write now; with `last` also what would be held back. It counts as unwritten until [`written`](Self::written).
    pub(crate) fn next(&mut self, mark: ReceiptMark, last: bool, now: Instant) -> Option<Seq> {
        let every = self.every;
        let mark = self.of(mark);
        let quiet = !last && mark.quiet_until.is_some_and(|until| now < until);
        (mark.reached > mark.written && !quiet).then(|| {
            mark.quiet_until = Some(now + every);
            mark.reached
        })
    }

    /// It is on disk.
    pub(crate) fn written(&mut self, mark: ReceiptMark, seq: Seq) {
        self.of(mark).written = seq;
    }

    /// Begins with another conversation. The pace goes on.
    pub(crate) fn anew(&mut self) {
        for mark in [&mut self.arrived, &mut self.seen] {
            (mark.reached, mark.written) = (Seq(0), Seq(0));
        }
    }

    fn of(&mut self, mark: ReceiptMark) -> &mut Mark {
        match mark {
            ReceiptMark::Delivered => &mut self.arrived,
            ReceiptMark::Seen => &mut self.seen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(1);

    #[test]
    fn each_mark_is_written_once_in_each_interval_and_the_highest_wins() {
        let (mut marks, start) = (Marks::new(EVERY), Instant::now());
        let mut write = |mark, seq, now| {
            marks.reach(mark, Seq(seq));
            let next = marks.next(mark, false, now);
            next.inspect(|seq| marks.written(mark, *seq)).map(|seq| seq.0)
        };
        let soon = start + EVERY / 2;
        assert_eq!(write(ReceiptMark::Delivered, 1, start), Some(1));
        assert_eq!(write(ReceiptMark::Delivered, 5, soon), None);
        assert_eq!(write(ReceiptMark::Delivered, 3, soon), None);
        assert_eq!(write(ReceiptMark::Seen, 1, soon), Some(1), "the other mark has a pace of its own");
        assert_eq!(write(ReceiptMark::Delivered, 2, start + EVERY), Some(5));
        assert_eq!(write(ReceiptMark::Delivered, 5, start + 9 * EVERY), None);
    }

    #[test]
    fn what_could_not_be_written_is_due_again() {
        let (mut marks, start) = (Marks::new(EVERY), Instant::now());
        assert_eq!(marks.due(), None);
        marks.reach(ReceiptMark::Seen, Seq(4));
        assert_eq!(marks.next(ReceiptMark::Seen, false, start), Some(Seq(4)));
        assert_eq!(marks.due(), Some(start + EVERY));
        assert_eq!(marks.next(ReceiptMark::Seen, true, start), Some(Seq(4)), "the last one waits for nothing");
        marks.written(ReceiptMark::Seen, Seq(4));
        assert_eq!(marks.due(), None);
    }

    #[test]
    fn another_conversation_has_places_of_its_own() {
        let (mut marks, start) = (Marks::new(EVERY), Instant::now());
        marks.reach(ReceiptMark::Seen, Seq(4));
        marks.anew();
        assert_eq!((marks.due(), marks.next(ReceiptMark::Seen, true, start)), (None, None));
    }
}
