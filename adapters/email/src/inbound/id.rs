//! By what a mail is known when it comes again: out of a second mailbox, or under new UIDs.

use sha2::{Digest, Sha256};
use switchboard_contract::{ExternalId, ThreadKey};

use crate::mail::Mail;

/// The longest mark that stands in an id as it is, in bytes; people look for a Message-ID in the ledger.
const MARK_BYTES_MAX: usize = 300;
/// Bytes of a hash that are kept. Nobody gains from a collision but the sender of both mails.
const HASH_BYTES: usize = 16;

/// Message-ID, or what stands for it, and a hash of what the sender wrote: author, date, subject and text. A mail under
/// another's Message-ID is another one. Fields that servers add, and the way the text was encoded, don't count; nor does what
/// is neither letter nor digit, so that another layout of the same words is the same mail.
///
/// The ids are in databases: a change of the rule would let all mails that come in again pass for new.
pub(super) fn of(mail: &Mail, mark: &str) -> ExternalId {
    let author = mail.from.as_ref().map(|from| from.address.to_lowercase()).unwrap_or_default();
    let date = mail.date.map(|date| date.to_string()).unwrap_or_default();
    let mut text = letters(&mail.text.text);
    if text.is_empty() {
        text = mail.files.iter().map(|file| letters(&file.name)).collect();
    }
    let hash = hash(&[&author, &date, &letters(&mail.subject), &text]);
    let mark = if mark.len() > MARK_BYTES_MAX { self::hash(&[mark]) } else { mark.to_owned() };
    ExternalId(format!("{mark} {hash}"))
}

/// The thread that begins with a mail. It is that of no other mail: whose thread a mail goes into is told by signals, which
/// are believed of those only who belong to it.
pub(super) fn thread(id: &ExternalId) -> ThreadKey {
    ThreadKey(format!("mail:{}", hash(&[&id.0])))
}

fn letters(text: &str) -> String {
    text.chars().filter(|sign| sign.is_alphanumeric()).collect()
}

fn hash(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        // A length before each part: what moves over a boundary changes the hash.
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    digest.finalize().iter().take(HASH_BYTES).fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_never_changes() {
        let mail = Mail::read(b"From: Ada@x.example\nDate: Mon, 2 Mar 2026 09:00:00 +0000\nSubject: Hi\n\nOne, two.\n");
        // Computed by another program.
        assert_eq!(of(&mail, "mid:a@b").0, "mid:a@b 8795535641f7d654473ed096e0e42563");
    }

    #[test]
    fn a_long_mark_is_hashed() {
        let id = of(&Mail::default(), &format!("mid:{}@x", "a".repeat(900)));
        assert_eq!(id.0.len(), 65);
    }
}
