//! What is found out about a mail before anything is decided.

use std::borrow::Cow;

use mail_parser::MessageParser;
use switchboard_contract::ExternalId;

use super::id;
use super::person::{self, Author};
use crate::headers::Headers;
use crate::identity::{Ground, Proven, Verdict, proof};
use crate::machine::{Judgement, classify};
use crate::mail::{Mail, line_ends};
use crate::own::OwnMail;
use crate::thread::{self, Own, Signal};
use crate::visible::{Visible, of_mail};

/// Bytes of a mail in which signs of a machine are looked for: reports are small, and files are not worth decoding twice.
const JUDGED_BYTES_MAX: usize = 4 << 20;

/// What was found out about one mail.
#[derive(Debug, Clone)]
pub struct Examined {
    /// What it holds.
    pub mail: Mail,
    /// What its author wrote now.
    pub visible: Visible,
    /// By what it is known when it comes again. Empty where the bytes are no mail.
    pub external_id: ExternalId,
    /// What its header tells; none where it has no header.
    pub told: Option<Told>,
}

/// What the header of a mail tells.
#[derive(Debug, Clone)]
pub struct Told {
    /// What wrote it.
    pub judgement: Judgement,
    /// How well its sender is proven.
    pub proven: Proven,
    /// What it says of its thread, the strongest first.
    pub signals: Vec<Signal>,
    /// What it can be found by later; the first one names the mail itself.
    pub marks: Vec<String>,
    /// Who wrote it; none where nobody is named.
    pub author: Option<Author>,
}

impl Examined {
    /// Finds out. `verdicts` is what the checks of the sender found.
    pub fn of(raw: &[u8], own: &OwnMail, verdicts: &[Verdict]) -> Self {
        let raw = begun(raw);
        let mail = Mail::read(&raw);
        let visible = of_mail(&mail);
        let told = told(&raw, &mail, own, verdicts);
        let mark = told.as_ref().and_then(|told| told.marks.first());
        let external_id = mark.map_or_else(|| ExternalId(String::new()), |mark| id::of(&mail, mark));
        Self { mail, visible, external_id, told }
    }
}

fn told(raw: &[u8], mail: &Mail, own: &OwnMail, verdicts: &[Verdict]) -> Option<Told> {
    let headers = Headers::parse(raw);
    if !mail.is_mail() || headers.is_empty() {
        return None;
    }
    let message = MessageParser::default().parse(raw.get(..JUDGED_BYTES_MAX).unwrap_or(raw))?;
    let ground = Ground { verdicts, sealers: &[], known: &own.known };
    let secret = Own { secret: &own.secret, domain: &own.ours.message_id_domain };
    Some(Told {
        judgement: classify(&message, raw, &own.ours),
        proven: proof(&message, raw, ground),
        signals: thread::signals(&message, raw, secret),
        marks: thread::marks(&message, raw),
        author: person::author(mail, &headers),
    })
}

/// The bytes from the first field on, with line feeds. Old programs end lines with `\r` alone; some add empty lines in front,
/// or the `From ` line of a mailbox file.
fn begun(raw: &[u8]) -> Cow<'_, [u8]> {
    let cut = |bytes: &[u8]| {
        let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let rest = bytes.get(blank..).unwrap_or_default();
        let envelope = rest.starts_with(b"From ") || rest.starts_with(b">From ");
        let line = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |end| end + 1);
        blank + if envelope { line } else { 0 }
    };
    match line_ends(raw) {
        Cow::Borrowed(bytes) => Cow::Borrowed(bytes.get(cut(bytes)..).unwrap_or_default()),
        Cow::Owned(mut bytes) => {
            bytes.drain(..cut(&bytes));
            Cow::Owned(bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_begins_with_its_first_field() {
        for raw in [
            "From: a@b\n\nx",
            "\r\n\nFrom: a@b\n\nx",
            "From a@b Mon Jan  1 10:00:00 2026\nFrom: a@b\n\nx",
            "From: a@b\r\rx",
        ] {
            assert_eq!(String::from_utf8_lossy(&begun(raw.as_bytes())), "From: a@b\n\nx", "{raw:?}");
        }
        assert_eq!(begun(b"From nowhere").as_ref(), b"");
    }
}
