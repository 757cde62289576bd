//! The fields of a delivery status notification (RFC 3464), as they come: also with groups run together, without groups,
//! and in the middle of a text.

use super::report::Recipient;
use super::status::find_status;
use crate::headers::{Headers, addresses};

/// Recipients read of one report.
pub(crate) const RECIPIENTS_MAX: usize = 1_000;
/// Characters kept of a diagnosis.
pub(crate) const DIAGNOSTIC_MAX: usize = 1_000;

/// What a delivery status says.
#[derive(Debug, Default)]
pub(crate) struct Status {
    pub(crate) recipients: Vec<Recipient>,
    /// `Original-Message-ID` and relatives, which some systems add.
    pub(crate) message_ids: Vec<String>,
}

impl Status {
    /// Whether a field of RFC 3464 was there at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.recipients.is_empty()
    }
}

/// Reads the groups of a delivery status (RFC 3464 2.1).
pub(crate) fn read(text: &str) -> Status {
    let mut status = Status::default();
    let mut current = Group::default();
    for group in text.split("\n\n").flat_map(|group| group.split("\r\n\r\n")) {
        let fields = Headers::parse(group.as_bytes());
        // A new group of a recipient begins with one of the recipient fields; systems that leave out the empty line
        // repeat them in the same group, and others put an empty line into the middle of one.
        for (name, value) in fields.iter() {
            match name {
                "final-recipient" | "original-recipient" | "x-actual-recipient" => {
                    if current.has(name) || name == "original-recipient" && current.is_closed() {
                        current.finish(&mut status);
                    }
                    current.recipient(name, value);
                }
                "action" if current.recipient.action.is_none() => {
                    let action = value.split([' ', '(', ';']).find(|word| !word.is_empty()).unwrap_or_default();
                    current.recipient.action = Some(action.to_ascii_lowercase());
                }
                "status" if current.recipient.status.is_none() => {
                    current.recipient.status = find_status(value, true);
                }
                "diagnostic-code" | "x-supplementary-info" | "smtp-response"
                    if current.recipient.diagnostic.is_none() =>
                {
                    current.recipient.diagnostic = Some(said(value));
                }
                "original-message-id" | "x-original-message-id" => {
                    status.message_ids.extend(crate::headers::message_ids(value));
                }
                _ => {}
            }
        }
    }
    current.finish(&mut status);
    // Amazon SES names a recipient once more above the groups, without saying what became of it.
    let told: std::collections::HashSet<String> =
        status.recipients.iter().filter(|one| says(one)).map(|one| one.address.clone()).collect();
    status.recipients.retain(|one| says(one) || !told.contains(&one.address));
    status
}

fn says(recipient: &Recipient) -> bool {
    recipient.action.is_some() || recipient.status.is_some()
}

#[derive(Default)]
struct Group {
    recipient: Recipient,
    seen: Vec<String>,
}

impl Group {
    fn has(&self, name: &str) -> bool {
        self.seen.iter().any(|seen| seen == name)
    }

    /// An action and a status were read: what names a recipient now begins another.
    fn is_closed(&self) -> bool {
        self.recipient.action.is_some() && !self.seen.is_empty()
    }

    fn recipient(&mut self, name: &str, value: &str) {
        self.seen.push(name.to_owned());
        let address = typed(value);
        // The address we wrote to is the original one; the final one may be inside their house.
        if self.recipient.address.is_empty() || name == "original-recipient" && address.contains('@') {
            self.recipient.address = address;
        }
    }

    fn finish(&mut self, status: &mut Status) {
        let group = std::mem::take(self);
        let room = status.recipients.len() < RECIPIENTS_MAX;
        if room && (says(&group.recipient) || !group.seen.is_empty()) {
            status.recipients.push(group.recipient);
        }
    }
}

/// The value behind the type in `rfc822; a@b` (RFC 3464 2.3.1).
fn typed(value: &str) -> String {
    let value = value.split_once(';').map_or(value, |(_, rest)| rest);
    let found = addresses(value).into_iter().next();
    found.unwrap_or_else(|| value.trim().trim_matches(['<', '>']).chars().take(320).collect::<String>().to_lowercase())
}

fn said(value: &str) -> String {
    let value = match value.split_once(';') {
        Some((kind, rest)) if kind.trim().len() <= 20 && !kind.trim().contains(' ') => rest,
        _ => value,
    };
    value.trim().chars().take(DIAGNOSTIC_MAX).collect()
}
