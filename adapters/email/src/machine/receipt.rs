//! Read receipts (RFC 8098): a mail program tells that it showed or removed a mail.

use super::dsn::Status;
use super::findings::original_ids;
use super::parts::Parts;
use super::report::{Recipient, Report, ReportKind};
use crate::headers::{Headers, addresses, message_ids};

/// The receipt in a mail.
pub(crate) fn find(headers: &Headers, parts: &Parts, verp: Option<String>) -> Option<Report> {
    let named = parts.report_type.as_deref() == Some("disposition-notification");
    let has_part = parts.disposition.as_deref().is_some_and(|text| text.to_ascii_lowercase().contains("disposition:"));
    if !(parts.is_report && named || has_part) {
        return None;
    }
    let fields = Headers::parse(parts.disposition.as_deref().unwrap_or_default().as_bytes());
    // RFC 8098 3.2.6: `manual-action/MDN-sent-manually; displayed`, perhaps with `/error` behind.
    let disposition = fields.get("disposition").unwrap_or_default().to_ascii_lowercase();
    let outcome = disposition.rsplit(';').next().unwrap_or_default().trim().to_owned();
    let kind = match outcome.split('/').next().unwrap_or_default().trim() {
        "deleted" | "denied" => ReportKind::Deleted,
        "failed" => ReportKind::Failed { permanent: false },
        "processed" | "dispatched" => ReportKind::Delivered,
        _ => ReportKind::Read,
    };
    let people = ["original-recipient", "final-recipient"].iter().find_map(|field| fields.get(field));
    let recipients = addresses(people.unwrap_or_default())
        .into_iter()
        .map(|address| Recipient {
            address,
            action: Some(outcome.clone()),
            diagnostic: fields.get("failure").or_else(|| fields.get("error")).map(str::to_owned),
            status: None,
        })
        .collect();
    let mut ids: Vec<String> = fields.all("original-message-id").flat_map(message_ids).collect();
    ids.extend(original_ids(&Status::default(), headers, parts));
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    let explain = match kind {
        ReportKind::Deleted => "The recipient's mail program removed the mail without showing it.",
        ReportKind::Failed { .. } => "The recipient's mail program could not make a proper receipt.",
        ReportKind::Delivered => "The recipient's mail program took the mail.",
        ReportKind::Read | ReportKind::Expanded | ReportKind::Relayed | ReportKind::Delayed | ReportKind::Complaint => {
            "The recipient's mail program showed the mail."
        }
    };
    Some(Report { kind, recipients, original_message_ids: ids, verp, explain: explain.to_owned() })
}
