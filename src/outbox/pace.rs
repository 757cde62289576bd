//! How fast a target may be sent to. Pure: the time comes in as an argument.
//!
//! The times of the last sends are kept, so the rate holds in every span, whatever came before it. They are lost with the process: a
//! channel then answers with a pause of its own at worst.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use switchboard_contract::{Pace, Rate, Timestamp};

/// Keeps one target's pace.
#[derive(Debug, Default)]
pub struct Pacer {
    pace: Pace,
    all: Window,
    threads: HashMap<String, Window>,
}

/// The times of the last sends, oldest first.
#[derive(Debug, Default)]
struct Window(VecDeque<Timestamp>);

impl Window {
    /// How many more may go now.
    fn free(&mut self, rate: Rate, now: Timestamp) -> usize {
        // A clock that was set back says nothing about what was sent.
        if self.0.back().is_some_and(|last| *last > now) {
            self.0.clear();
        }
        while self.0.front().is_some_and(|first| now.since(*first) >= rate.per) {
            self.0.pop_front();
        }
        (rate.count.max(1) as usize).saturating_sub(self.0.len())
    }

    /// How long until one more may go; none when it may now.
    fn wait(&self, rate: Rate, now: Timestamp) -> Option<Duration> {
        let crowd = self.0.len().checked_sub(rate.count.max(1) as usize)?;
        self.0.get(crowd).map(|time| rate.per.saturating_sub(now.since(*time)))
    }
}

impl Pacer {
    /// A pacer that has seen nothing yet.
    pub fn new(pace: Pace) -> Self {
        Self { pace, ..Self::default() }
    }

    /// How many messages may go now over all threads, at most `most`.
    pub fn free(&mut self, now: Timestamp, most: usize) -> usize {
        if let Some(rate) = self.pace.per_thread {
            self.threads.retain(|_, window| {
                window.free(rate, now);
                !window.0.is_empty()
            });
        }
        self.pace.in_all.map_or(most, |rate| self.all.free(rate, now).min(most))
    }

    /// How many threads have been sent to of late: so many lanes may have to be passed over.
    pub fn recent(&self) -> usize {
        self.threads.len()
    }

    /// Lets one message go in a thread, if it may.
    pub fn take(&mut self, thread: &str, now: Timestamp) -> bool {
        if self.pace.in_all.is_some_and(|rate| self.all.free(rate, now) == 0) {
            return false;
        }
        if let Some(rate) = self.pace.per_thread
            && self.threads.get_mut(thread).is_some_and(|window| window.free(rate, now) == 0)
        {
            return false;
        }
        self.count(thread, 1, now);
        true
    }

    /// Counts messages that went out besides: a long text goes in several.
    pub fn count(&mut self, thread: &str, messages: usize, now: Timestamp) {
        if self.pace.in_all.is_some() {
            self.all.0.extend(std::iter::repeat_n(now, messages));
        }
        if self.pace.per_thread.is_some() {
            self.threads.entry(thread.to_owned()).or_default().0.extend(std::iter::repeat_n(now, messages));
        }
    }

    /// How long until something may go that may not go now.
    pub fn wait(&self, now: Timestamp) -> Option<Duration> {
        let all = self.pace.in_all.and_then(|rate| self.all.wait(rate, now));
        let threads = self.pace.per_thread.into_iter();
        let threads = threads.flat_map(|rate| self.threads.values().filter_map(move |window| window.wait(rate, now)));
        threads.chain(all).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    fn at(millis: u64) -> Timestamp {
        START + Duration::from_millis(millis)
    }

    fn pacer() -> Pacer {
        Pacer::new(Pace {
            in_all: Some(Rate::new(3, Duration::from_secs(1))),
            per_thread: Some(Rate::new(1, Duration::from_secs(1))),
        })
    }

    #[test]
    fn one_thread_does_not_hold_up_another() {
        let mut pacer = pacer();
        assert!(pacer.take("a", at(0)));
        assert!(!pacer.take("a", at(999)), "one a second");
        assert!(pacer.take("b", at(999)));
        assert!(pacer.take("a", at(1_000)));
    }

    #[test]
    fn the_rate_holds_over_all_threads() {
        let mut pacer = pacer();
        let taken = (0..10).filter(|thread| pacer.take(&thread.to_string(), at(0))).count();
        assert_eq!((taken, pacer.free(at(0), 100)), (3, 0));
        assert_eq!(pacer.wait(at(400)), Some(Duration::from_millis(600)));
        assert_eq!((pacer.free(at(1_000), 100), pacer.recent()), (3, 0), "and what is over is forgotten");
    }

    #[test]
    fn no_span_ever_holds_more_than_the_rate() {
        let rate = Rate::new(5, Duration::from_secs(1));
        let mut pacer = Pacer::new(Pace { in_all: Some(rate), per_thread: None });
        let mut chance = 7_u64;
        let (mut now, mut sent) = (0, Vec::new());
        for _ in 0..2_000 {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            now += (chance >> 33) % 120;
            if pacer.take("a", at(now)) {
                sent.push(now);
            }
        }
        assert!(sent.len() > 500, "{}", sent.len());
        assert!(sent.windows(6).all(|six| six[5] - six[0] >= 1_000));
    }

    #[test]
    fn parts_count_and_a_clock_set_back_blocks_nothing() {
        let mut pacer = pacer();
        assert!(pacer.take("a", at(0)));
        pacer.count("a", 2, at(0));
        assert!(!pacer.take("b", at(0)), "three parts were sent");
        assert!(pacer.take("a", START - Duration::from_hours(1)));
    }

    #[test]
    fn without_limits_everything_goes() {
        let mut pacer = Pacer::default();
        assert!((0..1_000).all(|_| pacer.take("a", at(0))));
        assert_eq!((pacer.free(at(0), 64), pacer.wait(at(0))), (64, None));
    }
}
