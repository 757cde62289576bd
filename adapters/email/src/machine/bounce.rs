//! Whether a mail reports that another was not delivered, and what it says about it.
//!
//! RFC 3464 is one sign among several: many systems write free text, and a person can attach a report to a question. So
//! every sign has a weight, and words alone never suffice: something in the envelope, the sender or the structure has to
//! say that a mail system wrote.

use mail_parser::Message;

use super::parts::Parts;
use super::phrases::{self, BOUNCE_SUBJECTS, BOUNCE_TEXTS};
use super::sender::Sender;
use super::status::{find_reply, find_status};
use crate::headers::Headers;

/// The weight from which on a mail is a bounce.
const ENOUGH: u32 = 5;
/// The same where the only sign of a machine is an address that a person may use as well,
const ENOUGH_FOR_A_PERSON: u32 = 7;
/// and where the subject is that of a report, too.
const ENOUGH_WITH_SUBJECT: u32 = 6;
/// Characters of the text that phrases are looked for in.
const TEXT_READ: usize = 32 * 1024;

/// Fields that only a mail system writes into a report.
const REPORT_FIELDS: &[&str] = &[
    "x-failed-recipients",
    "x-ahmailid",
    "x-aol-ip-bounce",
    "x-bounce-id",
    "x-ms-exchange-message-is-ndr",
    "x-postfix-queue-id",
];

/// Whole subjects of a gateway that reports under the name of whoever runs it.
const GATEWAY_SUBJECTS: &[&str] = &[
    "mail could not be delivered",
    "メール配信に失敗しました",
    "メッセージを配信できません。",
    "メッセージを配信できません",
];

/// What speaks for a bounce.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) weight: u32,
    /// A sign that a mail system wrote.
    machine: bool,
    /// That sign is one a person can't give by accident.
    certain: bool,
    /// The subject is that of a report.
    named: bool,
    pub(crate) reasons: Vec<String>,
}

impl Evidence {
    fn add(&mut self, weight: u32, reason: impl Into<String>) {
        self.weight += weight;
        self.reasons.push(reason.into());
    }

    /// Whether it suffices.
    pub(crate) fn is_enough(&self) -> bool {
        let enough = match (self.certain, self.named) {
            (true, _) => ENOUGH,
            (false, true) => ENOUGH_WITH_SUBJECT,
            (false, false) => ENOUGH_FOR_A_PERSON,
        };
        self.machine && self.weight >= enough
    }
}

/// Weighs the signs.
pub(crate) fn evidence(message: &Message<'_>, headers: &Headers, sender: &Sender, parts: &Parts) -> Evidence {
    let mut found = Evidence::default();
    envelope(&mut found, headers, sender);
    structure(&mut found, parts);
    let subject = message.subject().unwrap_or_default().to_lowercase();
    list_manager(&mut found, headers, &subject, parts);
    if GATEWAY_SUBJECTS.contains(&subject.trim()) {
        found.machine = true;
        found.add(1, "the whole subject is one that a gateway writes");
    }
    if !found.machine && !sender.is_no_reply() {
        return found;
    }
    if sender.is_no_reply() && !found.machine {
        found.machine = true;
        found.add(1, "the sender says that nobody reads it");
    }
    if crate::thread::subject::base(&subject).prefixes == 0 && phrases::any(&subject, BOUNCE_SUBJECTS) {
        found.named = true;
        found.add(3, "the subject is that of a delivery report");
    }
    text(&mut found, parts);
    if !parts.returned.is_empty() {
        found.add(1, "the header of the returned mail is there");
    }
    found
}

fn structure(found: &mut Evidence, parts: &Parts) {
    let delivery = parts.report_type.as_deref() == Some("delivery-status");
    let has_status = parts.delivery_status.as_deref().is_some_and(|text| !super::dsn::read(text).is_empty());
    let by_machine = parts.root == "multipart/report" || found.machine;
    if parts.is_report && by_machine && (delivery || parts.delivery_status.is_some()) {
        found.machine = true;
        found.certain = true;
        found.add(5, "it is a delivery status notification (RFC 3464)");
    } else if has_status {
        found.add(3, "it has a delivery status (RFC 3464)");
    } else if parts.is_report && parts.report_type.is_none() && parts.disposition.is_none() && parts.feedback.is_none()
    {
        found.machine = true;
        found.add(3, "it is a report of no named type (RFC 6522)");
    }
}

fn envelope(found: &mut Evidence, headers: &Headers, sender: &Sender) {
    if sender.null_path == Some(true) {
        found.machine = true;
        found.certain = true;
        found.add(2, "the envelope sender is empty (RFC 5321 4.5.5)");
    }
    if sender.is_daemon() {
        found.machine = true;
        found.certain = true;
        found.add(3, format!("the sender is a mail system ({})", shown(sender)));
    } else if sender.is_postmaster() {
        found.machine = true;
        found.add(2, format!("the sender is a postmaster ({})", shown(sender)));
    } else if sender.address.is_empty() && headers.has("from") {
        found.machine = true;
        found.add(1, "the sender has no address");
    }
    for field in REPORT_FIELDS {
        if headers.has(field) {
            found.machine = true;
            found.certain = true;
            found.add(3, format!("it has the field {field}"));
        }
    }
}

fn shown(sender: &Sender) -> String {
    let shown = if sender.address.is_empty() { &sender.name } else { &sender.address };
    shown.chars().take(80).collect()
}

fn text(found: &mut Evidence, parts: &Parts) {
    let text: String = own_words(&parts.lines);
    let phrases = phrases::count(&text, BOUNCE_TEXTS, 3);
    if phrases > 0 {
        found.add(u32::try_from(phrases).unwrap_or(3), "the text is that of a delivery report");
    }
    if find_status(&text, false).is_some() || parts.lines.iter().any(|line| find_reply(line).is_some()) {
        found.add(1, "the text quotes what a mail server said");
    }
    if parts.delivery_status.is_none() && text.contains("final-recipient:") && text.contains("action:") {
        found.add(3, "the text holds a delivery status (RFC 3464)");
    }
    if parts.lines.iter().take(40).any(|line| line.starts_with("Hi. This is the")) {
        found.add(2, "the text begins as qmail's reports do");
    }
}

/// The text without what is quoted from another mail, lower case.
fn own_words(lines: &[String]) -> String {
    let mut text = String::new();
    for line in lines.iter().filter(|line| !is_quoted(line)) {
        if text.len() > TEXT_READ {
            break;
        }
        text.push_str(&line.to_lowercase());
        // Phrases go over the end of a line.
        text.push(' ');
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `> text`, but not `>>> RCPT TO`, which is a session with a server.
fn is_quoted(line: &str) -> bool {
    line.starts_with('>') && !line.starts_with(">>>")
}

/// Programs that run mailing lists and refuse a mail to one (fml, ezmlm, Mailman).
fn list_manager(found: &mut Evidence, headers: &Headers, subject: &str, parts: &Parts) {
    let manager = headers.has("x-mlserver") || headers.has("x-ml-info");
    if !manager {
        return;
    }
    let refusals = [
        "not member",
        "not a member",
        "rejected",
        "ignored",
        "loop",
        "too large",
        "size",
        "denied",
        "not allowed",
        "error",
        "alert",
        "invalid",
    ];
    let said =
        phrases::any(subject, &refusals) || parts.lines.iter().take(40).any(|line| line.contains("not a member"));
    if said {
        found.machine = true;
        found.certain = true;
        found.add(ENOUGH, "a program that runs a mailing list refused the mail");
    }
}
