//! What a channel reports of something we sent: the delivery's state changes, the agent is told, the address is marked.

use switchboard_contract::{Accepted, DeliveryState, InboundReport, InboxId, ReportOutcome, Timestamp};
use switchboard_engine::{Effect, Happening, LogEntry};

use super::persist;
use crate::store::deliveries::{self, State};
use crate::store::entries::{self, Progress};
use crate::store::outbox::Target;
use crate::store::{Conn, Result, contacts, conversations};

/// The fact of an identity that tells why nothing reaches it.
pub(super) const UNREACHABLE: &str = "unreachable";
/// The fact of an identity that tells that it complained.
const COMPLAINED: &str = "complained";

/// Takes a report in the caller's transaction. One about something that was not sent from this inbox is not filed: anybody can write
/// one.
///
/// # Errors
/// What is wrong with the database, or [`Error::Stale`](crate::store::Error::Stale) when somebody else wrote the conversation meanwhile.
pub(super) async fn take(conn: &mut Conn, inbox: InboxId, report: &InboundReport, now: Timestamp) -> Result<Accepted> {
    let mut filed = None;
    for id in &report.about {
        let Some(delivery) = deliveries::get(conn, *id).await? else { continue };
        let (Target::Inbox(from), Some((conversation, _)), Some(at)) =
            (&delivery.target, delivery.conversation, delivery.seq)
        else {
            continue;
        };
        if *from != inbox {
            continue;
        }
        let Some(mut record) = conversations::get(conn, conversation).await? else { continue };
        let (state, fact) = meaning(report.outcome);
        let is_lost = state == Some(DeliveryState::Failed);
        // What was given up or dropped by a person stays so.
        let known = matches!(delivery.state, State::Sent | State::Uncertain);
        if let Some(state) = state.filter(|_| known) {
            if is_lost {
                deliveries::bounced(conn, *id, &report.reason).await?;
            }
            let error = is_lost.then(|| report.reason.clone());
            entries::set_reported(conn, &Progress { conversation, at, state, error }).await?;
        }
        if let Some(fact) = fact
            && let Some(mut identity) = contacts::identity_by_id(conn, record.identity).await?
        {
            identity.facts.insert(fact.to_owned(), report.reason.clone());
            contacts::update(conn, &identity).await?;
        }
        let log = Effect::Log(LogEntry { what: Happening::Reported, why: words(report) });
        let state = record.state.clone();
        persist::persist(conn, &mut record, state, vec![log], &["delivery"], now).await?;
        filed = Some(Accepted::Filed { conversation, message: None, seq: record.seq });
    }
    let reason = "it reports on something that was not sent from here".to_owned();
    Ok(filed.unwrap_or(Accepted::Filtered { reason }))
}

/// The state a report gives a delivery, and the fact it tells of its address.
fn meaning(outcome: ReportOutcome) -> (Option<DeliveryState>, Option<&'static str>) {
    match outcome {
        ReportOutcome::Failed => (Some(DeliveryState::Failed), Some(UNREACHABLE)),
        ReportOutcome::Delayed => (None, None),
        ReportOutcome::Delivered => (Some(DeliveryState::Delivered), None),
        ReportOutcome::Seen => (Some(DeliveryState::Seen), None),
        ReportOutcome::Complaint => (None, Some(COMPLAINED)),
    }
}

fn words(report: &InboundReport) -> String {
    let what = match report.outcome {
        ReportOutcome::Failed => "it did not arrive",
        ReportOutcome::Delayed => "it has not arrived yet, and the other side goes on trying",
        ReportOutcome::Delivered => "it arrived",
        ReportOutcome::Seen => "its reader says that it was seen",
        ReportOutcome::Complaint => "its reader does not want it",
    };
    let whom = report.address.as_ref().map(|address| format!(" ({address})")).unwrap_or_default();
    if report.reason.is_empty() { format!("{what}{whom}") } else { format!("{what}{whom}: {}", report.reason) }
}
