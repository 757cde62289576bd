//! Which delivery of ours a report is about, and what became of it.

use switchboard_contract::{Address, DeliveryId, InboundReport, ReportOutcome};

use crate::machine::{Class, Recipient, Report, ReportKind};
use crate::own::OwnMail;
use crate::thread::ids;

/// Deliveries one report may be about.
const ABOUT_MAX: usize = 20;
/// Characters of what a server said that are shown.
const SAID_CHARS_MAX: usize = 300;

/// The deliveries a report names, by Message-IDs that only we can have made. A report on anything else is forged, or about
/// somebody else's mail under our address.
pub(super) fn about(report: &Report, own: &OwnMail) -> Vec<DeliveryId> {
    let domain = &own.ours.message_id_domain;
    let named = report.original_message_ids.iter().filter_map(|id| ids::is_ours(id, &own.secret, domain));
    let by_address = report.verp.iter().filter_map(|detail| ids::genuine(detail, &own.secret));
    let mut about: Vec<DeliveryId> = Vec::new();
    for delivery in named.chain(by_address) {
        if about.len() < ABOUT_MAX && !about.contains(&delivery) {
            about.push(delivery);
        }
    }
    about
}

/// The report as the core takes it.
pub(super) fn inbound(report: &Report, class: Class, about: Vec<DeliveryId>) -> InboundReport {
    let recipient = worst(report);
    let said = recipient.and_then(|recipient| recipient.diagnostic.as_deref()).map(str::trim);
    let said = said.filter(|said| !said.is_empty()).map(|said| said.chars().take(SAID_CHARS_MAX).collect::<String>());
    // Who shows it says so already.
    let explain = report.explain.strip_prefix("Not delivered. ").unwrap_or(&report.explain);
    let reason = match said {
        Some(said) => format!("{explain} The server said: {said}"),
        None => explain.to_owned(),
    };
    let address = recipient.map(|recipient| recipient.address.to_lowercase()).filter(|address| address.contains('@'));
    InboundReport { about, outcome: outcome(report.kind, class), address: address.map(Address), reason }
}

fn outcome(kind: ReportKind, class: Class) -> ReportOutcome {
    match kind {
        // A receipt that failed is no delivery that failed: the mail is there.
        ReportKind::Failed { .. } if class == Class::Receipt => ReportOutcome::Delivered,
        ReportKind::Failed { .. } => ReportOutcome::Failed,
        // Nobody knows whether these arrived: they are noted, and change nothing.
        ReportKind::Delayed | ReportKind::Relayed | ReportKind::Expanded => ReportOutcome::Delayed,
        ReportKind::Delivered | ReportKind::Deleted => ReportOutcome::Delivered,
        ReportKind::Read => ReportOutcome::Seen,
        ReportKind::Complaint => ReportOutcome::Complaint,
    }
}

/// The recipient that was not reached, else the first.
fn worst(report: &Report) -> Option<&Recipient> {
    let failed = |recipient: &&Recipient| {
        recipient.action.as_deref() == Some("failed")
            || recipient.status.as_deref().is_some_and(|status| status.starts_with('5'))
    };
    report.recipients.iter().find(failed).or_else(|| report.recipients.first())
}
