//! When a target fails as a whole. Pure: time and chance come in as arguments.
//!
//! A target that fails again and again for several lanes is paused: nothing is tried but one delivery after each pause, and the
//! pauses grow to a bound. Meanwhile nothing uses up its attempts. The first answer of any kind ends it.

use std::collections::BTreeSet;
use std::time::Duration;

use switchboard_contract::{DeliveryError, Receipt, Timestamp};

use crate::limits;
use crate::store::circuits::Circuit;

/// Failures since the last success, in memory: after a restart counting begins anew.
#[derive(Debug, Default)]
pub struct Streak {
    failures: u32,
    lanes: BTreeSet<String>,
}

/// What an attempt shows of its target as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It answers, with whatever.
    Works,
    /// It can't be reached.
    Fails(String),
    /// It says that it is gone for good.
    Gone(String),
    /// Nobody knows.
    Nothing,
}

impl Seen {
    /// What follows from how an attempt ended.
    pub fn of(outcome: &Result<Receipt, DeliveryError>) -> Self {
        match outcome {
            Ok(_)
            | Err(
                DeliveryError::Rejected { .. } | DeliveryError::Unsupported { .. } | DeliveryError::RateLimited { .. },
            ) => Self::Works,
            Err(error @ DeliveryError::Unavailable { .. }) => Self::Fails(error.to_string()),
            Err(DeliveryError::Uncertain { .. }) => Self::Nothing,
        }
    }
}

/// What becomes of a target's pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Nothing changes.
    Same,
    /// It is paused, or goes on being paused, as this says.
    Pause(Circuit),
    /// It works again.
    Close,
}

/// Takes in how an attempt ended. `probe` says that it was the one attempt after a pause; `jitter` is a chance from 0 to 1.
pub fn see(
    streak: &mut Streak,
    paused: Option<&Circuit>,
    lane: &str,
    probe: bool,
    seen: Seen,
    now: Timestamp,
    jitter: f64,
) -> Turn {
    match (seen, paused) {
        (Seen::Works, paused) => {
            *streak = Streak::default();
            if paused.is_some() { Turn::Close } else { Turn::Same }
        }
        (Seen::Gone(error), paused) => Turn::Pause(Circuit {
            since: paused.map_or(now, |paused| paused.since),
            retry_at: now + limits::CIRCUIT_PAUSE_GONE,
            failures: paused.map_or(1, |paused| paused.failures + 1),
            pauses: paused.map_or(0, |paused| paused.pauses + 1),
            error,
        }),
        // What was under way when the pause began fails too, and says nothing new.
        (Seen::Fails(_) | Seen::Nothing, Some(_)) if !probe => Turn::Same,
        (Seen::Fails(error), Some(paused)) => Turn::Pause(Circuit {
            since: paused.since,
            retry_at: now + pause(paused.pauses + 1, jitter),
            failures: paused.failures + 1,
            pauses: paused.pauses + 1,
            error,
        }),
        (Seen::Nothing, Some(paused)) => {
            Turn::Pause(Circuit { retry_at: now + pause(paused.pauses, jitter), ..paused.clone() })
        }
        (Seen::Nothing, None) => Turn::Same,
        (Seen::Fails(error), None) => {
            streak.failures += 1;
            if streak.lanes.len() < limits::CIRCUIT_LANES {
                streak.lanes.insert(lane.to_owned());
            }
            if streak.failures < limits::CIRCUIT_FAILURES || streak.lanes.len() < limits::CIRCUIT_LANES {
                return Turn::Same;
            }
            let failures = i64::from(streak.failures);
            *streak = Streak::default();
            Turn::Pause(Circuit { since: now, retry_at: now + pause(0, jitter), failures, pauses: 0, error })
        }
    }
}

/// The pause before the next attempt: doubling, bounded, and between half and all of it by chance.
fn pause(pauses: i64, jitter: f64) -> Duration {
    let doublings = u32::try_from(pauses).unwrap_or(u32::MAX);
    let doubled = limits::CIRCUIT_PAUSE_FIRST.saturating_mul(2_u32.saturating_pow(doublings));
    doubled.min(limits::CIRCUIT_PAUSE_MAX).mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn fail(streak: &mut Streak, paused: Option<&Circuit>, lane: &str, probe: bool) -> Turn {
        see(streak, paused, lane, probe, Seen::Fails("down".to_owned()), NOW, 1.0)
    }

    fn paused() -> Circuit {
        let mut streak = Streak::default();
        let turns: Vec<Turn> = ["a", "b", "a", "a", "a"].map(|lane| fail(&mut streak, None, lane, false)).into();
        assert!(turns[..4].iter().all(|turn| *turn == Turn::Same), "{turns:?}");
        let Turn::Pause(circuit) = &turns[4] else { panic!("{turns:?}") };
        circuit.clone()
    }

    #[test]
    fn five_failures_of_several_lanes_pause_it() {
        let circuit = paused();
        assert_eq!((circuit.since, circuit.failures, circuit.error.as_str()), (NOW, 5, "down"));
        assert_eq!(circuit.retry_at, NOW + limits::CIRCUIT_PAUSE_FIRST);
    }

    #[test]
    fn one_dead_conversation_pauses_nobody() {
        let mut streak = Streak::default();
        assert!((0..100).all(|_| fail(&mut streak, None, "a", false) == Turn::Same));
    }

    #[test]
    fn a_success_between_begins_the_count_anew() {
        let mut streak = Streak::default();
        for lane in ["a", "b", "c", "d"] {
            assert_eq!(fail(&mut streak, None, lane, false), Turn::Same);
        }
        assert_eq!(see(&mut streak, None, "a", false, Seen::Works, NOW, 1.0), Turn::Same);
        assert_eq!(fail(&mut streak, None, "e", false), Turn::Same);
    }

    #[test]
    fn the_pauses_grow_to_their_bound_by_probes_alone() {
        let (mut circuit, mut streak) = (paused(), Streak::default());
        assert_eq!(fail(&mut streak, Some(&circuit), "z", false), Turn::Same, "it was under way before");
        let mut pauses = Vec::new();
        for _ in 0..7 {
            let Turn::Pause(longer) = fail(&mut streak, Some(&circuit), "a", true) else { panic!("still paused") };
            assert_eq!(longer.since, NOW);
            pauses.push(longer.retry_at.since(NOW).as_secs());
            circuit = longer;
        }
        assert_eq!(pauses, [20, 40, 80, 160, 300, 300, 300]);
    }

    #[test]
    fn any_answer_ends_it_and_not_knowing_does_not() {
        let (circuit, mut streak) = (paused(), Streak::default());
        let refused = Err(DeliveryError::Rejected { reason: "blocked".to_owned() });
        assert_eq!(see(&mut streak, Some(&circuit), "a", true, Seen::of(&refused), NOW, 1.0), Turn::Close);
        let uncertain = Err(DeliveryError::Uncertain { reason: "cut".to_owned() });
        let turn = see(&mut streak, Some(&circuit), "a", true, Seen::of(&uncertain), NOW, 1.0);
        assert!(matches!(turn, Turn::Pause(next) if next.pauses == circuit.pauses));
    }

    #[test]
    fn what_is_gone_is_left_alone_for_long() {
        let turn = see(&mut Streak::default(), None, "a", false, Seen::Gone("410".to_owned()), NOW, 0.0);
        assert!(matches!(turn, Turn::Pause(next) if next.retry_at == NOW + limits::CIRCUIT_PAUSE_GONE));
    }
}
