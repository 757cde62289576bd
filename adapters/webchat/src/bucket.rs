//! How a rate is held: a burst at once, then a steady pace.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use crate::memory::lock;

/// A bucket of permissions that fills by itself: a burst at once, then a steady rate.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// One permission's worth of time; the level is counted in it, so there are no fractions to lose.
    each: Duration,
    full: Duration,
    level: Duration,
    at: Instant,
}

impl Bucket {
    /// A full bucket of `burst`, which wins `count` back in the time of `per`.
    pub(crate) fn new(burst: u32, count: u32, per: Duration, now: Instant) -> Self {
        let each = per / count;
        Self { each, full: each * burst, level: each * burst, at: now }
    }

    /// Takes one permission, or tells how long to wait for it.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        self.fill(now);
        match self.level.checked_sub(self.each) {
            Some(rest) => {
                self.level = rest;
                Ok(())
            }
            None => Err(self.each.saturating_sub(self.level)),
        }
    }

    fn fill(&mut self, now: Instant) {
        self.level = (self.level + now.saturating_duration_since(self.at)).min(self.full);
        self.at = now;
    }

    fn wait(&mut self, now: Instant) -> Duration {
        self.fill(now);
        self.each.saturating_sub(self.level)
    }
}

/// Takes one permission of every bucket; when one is empty, none of any, and tells how long to wait. Everybody names the
/// buckets they share in the same order, so that nobody waits for another for ever.
pub(crate) fn take_all<'a>(buckets: impl IntoIterator<Item = &'a Mutex<Bucket>>, now: Instant) -> Result<(), Duration> {
    let mut held: Vec<_> = buckets.into_iter().map(lock).collect();
    let wait = held.iter_mut().map(|bucket| bucket.wait(now)).max().unwrap_or_default();
    if !wait.is_zero() {
        return Err(wait);
    }
    held.iter_mut().try_for_each(|bucket| bucket.take(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(3, 2, SECOND, start);
        assert!((0..3).all(|_| bucket.take(start).is_ok()));
        assert_eq!(bucket.take(start), Err(Duration::from_millis(500)));
        assert_eq!(bucket.take(start + Duration::from_millis(200)), Err(Duration::from_millis(300)));
        assert_eq!(bucket.take(start + Duration::from_millis(500)), Ok(()));
        assert!(bucket.take(start + Duration::from_millis(500)).is_err());
    }

    #[test]
    fn a_bucket_never_holds_more_than_its_burst() {
        let start = Instant::now();
        let mut bucket = Bucket::new(2, 2, SECOND, start);
        let later = start + Duration::from_hours(1);
        assert!(bucket.take(later).is_ok() && bucket.take(later).is_ok() && bucket.take(later).is_err());
    }

    #[test]
    fn what_one_bucket_refuses_costs_the_others_nothing() {
        let now = Instant::now();
        let (wide, narrow) = (Mutex::new(Bucket::new(2, 1, SECOND, now)), Mutex::new(Bucket::new(1, 1, SECOND, now)));
        assert_eq!(take_all([&wide, &narrow], now), Ok(()));
        assert_eq!(take_all([&wide, &narrow], now), Err(SECOND));
        assert_eq!(take_all([&wide], now), Ok(()), "the second permission is still there");
        assert_eq!(take_all([], now), Ok(()));
    }
}
