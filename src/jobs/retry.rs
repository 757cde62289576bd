//! When something is due, and when it is tried again. Pure.

use std::time::Duration;

use switchboard_contract::Timestamp;

use crate::limits;

/// When a timer that has failed `failures` times is tried again; none when it is given up.
pub(super) fn again(failures: u32, now: Timestamp) -> Option<Timestamp> {
    if failures >= limits::TIMER_ATTEMPTS_MAX {
        return None;
    }
    let doublings = failures.saturating_sub(1).min(20);
    Some(now + limits::TIMER_BACKOFF_FIRST.saturating_mul(1 << doublings))
}

/// Whether a job is due. A date further away than its period was set by a clock that has been put back since: waiting for it
/// could take years.
pub(super) fn is_due(due: Timestamp, period: Duration, now: Timestamp) -> bool {
    due <= now || due > now + period
}

/// When a job that failed is tried again.
pub(super) fn after_failure(period: Duration, now: Timestamp) -> Timestamp {
    now + period.min(limits::JOB_RETRY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_772_442_000_000);
    const HOUR: Duration = Duration::from_hours(1);

    #[test]
    fn pauses_grow_and_end() {
        let pauses: Vec<u64> = (1..50).map_while(|n| again(n, NOW)).map(|at| at.since(NOW).as_secs()).collect();
        assert_eq!(pauses, [10, 20, 40, 80]);
        assert_eq!(again(u32::MAX, NOW), None);
    }

    #[test]
    fn a_job_is_due_at_its_time_and_when_the_clock_was_put_back() {
        for (due, is) in [
            (NOW, true),
            (NOW - HOUR * 168, true),
            (NOW + Duration::from_millis(1), false),
            (NOW + HOUR, false),
            (NOW + HOUR + Duration::from_millis(1), true),
        ] {
            assert_eq!(is_due(due, HOUR, NOW), is, "{due:?}");
        }
    }

    #[test]
    fn a_failed_job_comes_again_soon_but_not_before_its_period() {
        assert_eq!(after_failure(HOUR, NOW), NOW + limits::JOB_RETRY);
        assert_eq!(after_failure(Duration::from_secs(5), NOW), NOW + Duration::from_secs(5));
    }
}
