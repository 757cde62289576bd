//! What follows from how an attempt ended. Pure: the time and the chance come in as arguments.

use std::time::Duration;

use switchboard_contract::{DeliveryError, DeliveryState, Receipt, Timestamp};

use crate::limits;
use crate::store::outbox::End;

/// Decides how an attempt ends.
///
/// `attempt` is 1 for the first; `idempotent` says that the channel recognises a repeated delivery; `jitter` is a chance from
/// 0 to 1 that spreads repetitions out.
pub fn decide(
    outcome: Result<Receipt, DeliveryError>,
    attempt: u32,
    idempotent: bool,
    now: Timestamp,
    jitter: f64,
) -> End {
    match outcome {
        Ok(receipt) => End::Sent(receipt),
        Err(error @ (DeliveryError::Rejected { .. } | DeliveryError::Unsupported { .. })) => {
            End::Failed(error.to_string())
        }
        Err(error @ DeliveryError::RateLimited { retry_after }) => {
            End::Postponed(now + retry_after.min(limits::RATE_LIMIT_MAX), error.to_string())
        }
        Err(error @ DeliveryError::Uncertain { .. }) if !idempotent => End::Uncertain(error.to_string()),
        Err(error @ (DeliveryError::Unavailable { .. } | DeliveryError::Uncertain { .. })) => {
            if attempt >= limits::DELIVERY_ATTEMPTS_MAX {
                return End::Failed(format!("{error}; given up after {attempt} attempts"));
            }
            End::Again(now + backoff(attempt, jitter), error.to_string())
        }
    }
}

/// The same while the target is paused: what has to be tried again waits for the end of the pause and uses no attempt up.
pub fn while_paused(end: End) -> End {
    match end {
        End::Again(due, error) => End::Postponed(due, error),
        End::Sent(_) | End::Postponed(..) | End::Uncertain(_) | End::Failed(_) => end,
    }
}

/// The same after an attempt that nobody knows the end of: what a later one is told says nothing of that one, so giving up means
/// that it was perhaps delivered.
pub fn in_doubt(end: End) -> End {
    match end {
        End::Failed(error) => End::Uncertain(format!("an earlier attempt perhaps delivered it; then: {error}")),
        End::Sent(_) | End::Again(..) | End::Postponed(..) | End::Uncertain(_) => end,
    }
}

/// The pause after an attempt: doubling, bounded, and between half and all of it by chance.
pub fn backoff(attempt: u32, jitter: f64) -> Duration {
    let doubled = limits::DELIVERY_BACKOFF_FIRST.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
    doubled.min(limits::DELIVERY_BACKOFF_MAX).mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

/// What is shown on the message, and the words beside it; none while it is simply on its way.
pub fn shown(end: &End) -> Option<(DeliveryState, Option<&str>)> {
    match end {
        End::Sent(_) => Some((DeliveryState::Sent, None)),
        End::Uncertain(error) => Some((DeliveryState::Uncertain, Some(error))),
        End::Failed(error) => Some((DeliveryState::Failed, Some(error))),
        End::Again(_, error) => Some((DeliveryState::Pending, Some(error))),
        End::Postponed(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn unavailable() -> Result<Receipt, DeliveryError> {
        Err(DeliveryError::Unavailable { reason: "down".to_owned() })
    }

    fn uncertain() -> Result<Receipt, DeliveryError> {
        Err(DeliveryError::Uncertain { reason: "cut".to_owned() })
    }

    #[test]
    fn the_pause_doubles_up_to_its_bound() {
        let pauses: Vec<u64> = (1..=14).map(|attempt| backoff(attempt, 1.0).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]);
        assert_eq!(backoff(u32::MAX, 0.0), limits::DELIVERY_BACKOFF_MAX / 2);
    }

    #[test]
    fn a_refusal_is_final() {
        let refused = Err(DeliveryError::Rejected { reason: "blocked".to_owned() });
        assert_eq!(decide(refused, 1, true, NOW, 0.5), End::Failed("refused by the channel: blocked".to_owned()));
    }

    #[test]
    fn an_outage_is_tried_again_until_the_attempts_are_used_up() {
        assert!(
            matches!(decide(unavailable(), 1, false, NOW, 1.0), End::Again(at, _) if at == NOW + Duration::from_secs(1))
        );
        assert!(matches!(decide(unavailable(), limits::DELIVERY_ATTEMPTS_MAX, false, NOW, 1.0), End::Failed(_)));
    }

    #[test]
    fn what_perhaps_arrived_is_never_shown_as_not_delivered() {
        let refused = Err(DeliveryError::Rejected { reason: "blocked".to_owned() });
        let words = "an earlier attempt perhaps delivered it; then: refused by the channel: blocked".to_owned();
        assert_eq!(in_doubt(decide(refused, 2, true, NOW, 0.5)), End::Uncertain(words));
        let last = decide(uncertain(), limits::DELIVERY_ATTEMPTS_MAX, true, NOW, 0.5);
        assert!(matches!(in_doubt(last), End::Uncertain(_)));
        assert!(matches!(in_doubt(decide(unavailable(), 2, true, NOW, 0.5)), End::Again(..)));
    }

    #[test]
    fn an_uncertain_send_is_repeated_only_where_that_is_harmless() {
        assert!(matches!(decide(uncertain(), 1, false, NOW, 0.5), End::Uncertain(_)));
        assert!(matches!(decide(uncertain(), 1, true, NOW, 0.5), End::Again(..)));
    }

    #[test]
    fn the_peers_own_delay_is_kept_and_costs_no_attempt() {
        let limited = Err(DeliveryError::RateLimited { retry_after: Duration::from_secs(7) });
        assert!(
            matches!(decide(limited, 99, false, NOW, 0.5), End::Postponed(at, _) if at == NOW + Duration::from_secs(7))
        );
    }
}
