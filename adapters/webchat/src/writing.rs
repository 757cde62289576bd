//! Whether the visitor is writing, told at a bounded pace. Pure.

use std::time::Duration;

use tokio::time::Instant;

/// What a page says of its visitor's writing, and what of it was passed on: at most one word in each interval, whichever it
/// is, and the last word always.
#[derive(Debug)]
pub(crate) struct Writing {
    every: Duration,
    said: bool,
    told: bool,
    /// Until when nothing more is passed on.
    quiet_until: Option<Instant>,
}

impl Writing {
    pub(crate) fn new(every: Duration) -> Self {
        Self { every, said: false, told: false, quiet_until: None }
    }

    /// The page says it; what to pass on at once, if anything. "Is writing" is passed on again now and then while it lasts.
    pub(crate) fn say(&mut self, on: bool, now: Instant) -> Option<bool> {
        self.said = on;
        self.tell(on, now)
    }

    /// When something has to be passed on that was held back.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.quiet_until.filter(|_| self.said != self.told)
    }

    /// What was held back and is to be passed on now.
    pub(crate) fn held_back(&mut self, now: Instant) -> Option<bool> {
        self.tell(false, now)
    }

    /// Nobody is there any more; whether that has to be passed on.
    pub(crate) fn end(&mut self) -> bool {
        self.said = false;
        std::mem::take(&mut self.told)
    }

    fn tell(&mut self, again: bool, now: Instant) -> Option<bool> {
        let quiet = self.quiet_until.is_some_and(|until| now < until);
        let news = self.said != self.told || again;
        (news && !quiet).then(|| {
            self.quiet_until = Some(now + self.every);
            self.told = self.said;
            self.said
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(3);

    #[test]
    fn one_word_in_each_interval_and_the_last_one_always() {
        let (mut writing, start) = (Writing::new(EVERY), Instant::now());
        assert_eq!((writing.say(false, start), writing.due()), (None, None));
        assert_eq!(writing.say(true, start), Some(true));
        let soon = start + EVERY / 2;
        for on in [false, true, false, true, true, false] {
            assert_eq!(writing.say(on, soon), None);
        }
        assert_eq!((writing.due(), writing.held_back(soon)), (Some(start + EVERY), None));
        assert_eq!(writing.held_back(start + EVERY), Some(false));
        assert_eq!(writing.say(true, start + EVERY), None, "the interval counts for both");
        assert_eq!(writing.held_back(start + 2 * EVERY), Some(true));
        assert_eq!((writing.due(), writing.held_back(start + 9 * EVERY)), (None, None));
    }

    #[test]
    fn who_goes_on_writing_is_told_now_and_then() {
        let (mut writing, start) = (Writing::new(EVERY), Instant::now());
        let told = (0..10).filter_map(|second| writing.say(true, start + Duration::from_secs(second))).count();
        assert_eq!(told, 4);
        assert!(writing.end() && !writing.end());
    }
}
