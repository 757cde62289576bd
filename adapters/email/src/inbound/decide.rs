//! Whether a mail is filed, and as what.

use switchboard_contract::{InboundMessage, Reading};

use super::examine::{Examined, Told};
use super::{body, id, person, place, report};
use crate::machine::{Class, Report};
use crate::own::OwnMail;

/// What the core is told.
pub(super) fn reading(examined: Examined, own: &OwnMail) -> Reading {
    let Examined { mail, visible, external_id, told } = examined;
    let Some(told) = told else { return unreadable("it has no header that could be read") };
    if let Some(reading) = reported(&told, own) {
        return reading;
    }
    if told.judgement.own {
        let why = told.judgement.reasons.last().cloned().unwrap_or_default();
        return Reading::Filtered { reason: format!("our own mail came back: {why}") };
    }
    let Told { author: Some(author), .. } = &told else { return unreadable("it names nobody who wrote it") };
    let letter = place::letter(&told, &mail, &author.address, own);
    Reading::Message(Box::new(InboundMessage {
        from: person::sender(author, &told.proven, &mail),
        thread: id::thread(&external_id),
        content: body::content(&mail, visible),
        choice: None,
        letter: Some(Box::new(letter)),
    }))
}

/// What a report becomes; none for a mail that is none.
fn reported(told: &Told, own: &OwnMail) -> Option<Reading> {
    let judgement = &told.judgement;
    let what = match judgement.class {
        Class::Bounce => "a report about a delivery",
        Class::Receipt => "a read receipt",
        Class::Complaint => "a complaint",
        Class::Human | Class::AutoReply | Class::List | Class::Generated => return None,
    };
    let about = judgement.report.as_ref().map(|found| report::about(found, own)).unwrap_or_default();
    match &judgement.report {
        Some(found) if !about.is_empty() => {
            Some(Reading::Report(Box::new(report::inbound(found, judgement.class, about))))
        }
        // Who asks for no more mail is a contact, and people see it.
        Some(found) if judgement.class == Class::Complaint && is_by_author(found, told) => None,
        Some(_) | None => Some(Reading::Filtered { reason: format!("{what} on a mail that was not sent from here") }),
    }
}

/// The author reports on themselves: they unsubscribe.
fn is_by_author(report: &Report, told: &Told) -> bool {
    let author = told.author.as_ref().map(|author| author.address.as_str());
    !report.recipients.is_empty()
        && report.recipients.iter().all(|recipient| Some(recipient.address.as_str()) == author)
}

fn unreadable(error: &str) -> Reading {
    Reading::Unreadable { error: error.to_owned() }
}
