//! What a bounce says, put together from its delivery status, its text and the mail it returns.

use super::dsn::{self, Status};
use super::parts::Parts;
use super::phrases::{self, DELAY_TEXTS};
use super::plain;
use super::report::{Recipient, Report, ReportKind};
use super::sender::Sender;
use super::status::{self, Cause};
use crate::headers::{Headers, addresses, message_ids};

/// Lines of the text that tell the reason.
const LINES_READ: usize = 60;
/// Message-IDs kept of one report.
const IDS_MAX: usize = 20;

/// Reads the report out of a mail that was found to be a bounce.
pub(crate) fn report(headers: &Headers, sender: &Sender, parts: &Parts, subject: &str, verp: Option<String>) -> Report {
    let status = parts.delivery_status.as_deref().map(dsn::read).filter(|status| !status.is_empty());
    let status = status.unwrap_or_else(|| status_in_text(&parts.lines));
    let mut recipients = status.recipients.clone();
    let failed: Vec<String> =
        ["x-failed-recipients", "x-failed-recipient"].iter().flat_map(|f| headers.all(f)).flat_map(addresses).collect();
    if recipients.iter().all(|recipient| recipient.address.is_empty()) {
        recipients = plain::recipients(&parts.lines, &failed, &not_recipients(headers, sender), &sent_to(parts));
    }
    let text_says = plain::reason(&parts.lines);
    for recipient in &mut recipients {
        if recipient.diagnostic.is_none() {
            recipient.diagnostic.clone_from(&text_says.1);
        }
        sharpen(recipient);
    }
    let text = parts.lines.iter().take(LINES_READ).map(|line| line.to_lowercase()).collect::<Vec<_>>().join(" ");
    let kind = kind(&recipients, subject, &text);
    let explain = explain(kind, &recipients, &text);
    Report { kind, recipients, original_message_ids: original_ids(&status, headers, parts), verp, explain }
}

/// A delivery status somewhere in the text (a gateway flattened the report).
fn status_in_text(lines: &[String]) -> Status {
    let start = lines.iter().position(|line| line.to_ascii_lowercase().starts_with("final-recipient:"));
    start.map_or_else(Status::default, |start| dsn::read(&lines.get(start..).unwrap_or_default().join("\n")))
}

fn not_recipients(headers: &Headers, sender: &Sender) -> Vec<String> {
    let mut list: Vec<String> = ["to", "delivered-to", "x-original-to", "envelope-to"]
        .iter()
        .flat_map(|f| headers.all(f))
        .flat_map(addresses)
        .collect();
    list.push(sender.address.clone());
    list
}

fn sent_to(parts: &Parts) -> Vec<String> {
    ["x-original-to", "to", "cc"].iter().flat_map(|field| parts.returned.all(field)).flat_map(addresses).collect()
}

/// The code in the refusing server's own words is better than the one of the system that wrote the report: many write 5.0.0
/// or 5.1.1 for everything.
fn sharpen(recipient: &mut Recipient) {
    let said = recipient.diagnostic.as_deref().unwrap_or_default();
    if recipient.status.as_deref().is_some_and(|status| status.starts_with('2')) {
        return;
    }
    let better = status::find_status(said, false).filter(|code| !code.ends_with(".0.0"));
    if better.is_some() {
        recipient.status = better;
    } else if recipient.status.is_none() {
        recipient.status = status::find_reply(said).map(|code| if code < 500 { "4.0.0" } else { "5.0.0" }.to_owned());
    }
}

fn kind(recipients: &[Recipient], subject: &str, text: &str) -> ReportKind {
    let told = recipients.iter().filter_map(|recipient| outcome(recipient, text)).max();
    told.unwrap_or_else(|| {
        if phrases::any(&subject.to_lowercase(), DELAY_TEXTS) || phrases::any(text, DELAY_TEXTS) {
            return ReportKind::Delayed;
        }
        let worst = recipients.iter().map(|recipient| failed(recipient, text)).max();
        worst.unwrap_or_else(|| failed(&Recipient::default(), text))
    })
}

/// What became of one recipient, by the action field (RFC 3464 2.3.3) and the words some systems put there.
fn outcome(recipient: &Recipient, text: &str) -> Option<ReportKind> {
    match recipient.action.as_deref()? {
        "failed" | "failure" | "error" | "undeliverable" | "expired" => Some(failed(recipient, text)),
        "delayed" | "deferred" | "delay" => Some(ReportKind::Delayed),
        "delivered" | "delivery" | "deliverable" => Some(ReportKind::Delivered),
        "relayed" => Some(ReportKind::Relayed),
        "expanded" => Some(ReportKind::Expanded),
        _ => None,
    }
}

fn failed(recipient: &Recipient, text: &str) -> ReportKind {
    ReportKind::Failed { permanent: status::is_permanent(cause(recipient, text), recipient.status.as_deref()) }
}

/// By what was said about this recipient, else by the whole text.
fn cause(recipient: &Recipient, text: &str) -> Cause {
    let status = recipient.status.as_deref();
    let told = status::cause(status, recipient.diagnostic.as_deref().unwrap_or_default());
    if told == Cause::Unknown { status::cause(status, text) } else { told }
}

fn explain(kind: ReportKind, recipients: &[Recipient], text: &str) -> String {
    let is_it = |recipient: &&Recipient| outcome(recipient, text).unwrap_or_else(|| failed(recipient, text)) == kind;
    let worst = recipients.iter().find(is_it).or_else(|| recipients.first());
    let status = worst.and_then(|recipient| recipient.status.as_deref());
    let cause = worst.map_or_else(|| status::cause(None, text), |recipient| cause(recipient, text));
    let outcome = match kind {
        ReportKind::Failed { permanent: true } => "Not delivered.",
        ReportKind::Failed { permanent: false } => "Not delivered; it may work later.",
        ReportKind::Delayed => "Not yet delivered; the server goes on trying.",
        ReportKind::Delivered => return "Delivered to the recipient's mailbox.".to_owned(),
        ReportKind::Relayed => return "Handed to a server that reports no further.".to_owned(),
        ReportKind::Expanded => return "Handed to a list, which sends it to its members.".to_owned(),
        ReportKind::Complaint => return "The recipient does not want this mail.".to_owned(),
        ReportKind::Read => return "The recipient's mail program showed the mail.".to_owned(),
        ReportKind::Deleted => return "The recipient's mail program removed the mail without showing it.".to_owned(),
    };
    let code = status.map(|status| format!(" Status {status}.")).unwrap_or_default();
    format!("{outcome} {}{code}", status::sentence(cause))
}

/// Message-IDs of the mail a report is about: from its own field, from the returned mail, from what the report answers,
/// and from `Message-ID:` lines in its text.
pub(crate) fn original_ids(status: &Status, headers: &Headers, parts: &Parts) -> Vec<String> {
    let mut ids = status.message_ids.clone();
    ids.extend(parts.returned.all("message-id").flat_map(message_ids));
    for line in parts.lines.iter().chain(&parts.after) {
        let lower = line.to_ascii_lowercase();
        if let Some(at) = lower.find("message-id:").or_else(|| lower.find("message id:")) {
            ids.extend(line.get(at + 11..).map(message_ids).unwrap_or_default());
        }
        if ids.len() >= IDS_MAX {
            break;
        }
    }
    for field in ["x-original-message-id", "original-message-id", "in-reply-to", "references"] {
        ids.extend(headers.all(field).flat_map(message_ids));
    }
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    ids.truncate(IDS_MAX);
    ids
}
