//! Whose thread a mail belongs to, and who else was written to.

use std::collections::HashSet;

use switchboard_contract::{Address, Anchor, ConversationId, Letter, Mark, Participant, ThreadSignal};

use super::examine::Told;
use crate::machine::Answer;
use crate::mail::Mail;
use crate::own::OwnMail;
use crate::thread::token::Secret;
use crate::thread::{Kind, Signal, ids};

/// People besides us and the author that are taken in. A mail to more is no conversation.
const PARTICIPANTS_MAX: usize = 50;
/// Signals and marks that are handed on, the strongest first.
const SIGNALS_MAX: usize = 64;
/// How much it says that a mail has the Message-ID of an earlier one, with other words: a list put its footer below, say.
const COPY_SCORE: u8 = 50;

/// What the core is told besides the words.
pub(super) fn letter(told: &Told, mail: &Mail, author: &str, own: &OwnMail) -> Letter {
    let mut signals: Vec<ThreadSignal> = told.signals.iter().filter_map(|signal| one(signal, &own.secret)).collect();
    if let Some(mark) = told.marks.first() {
        let why = "an earlier mail has the same Message-ID".to_owned();
        signals.push(ThreadSignal { anchor: Anchor::Mark(Mark(mark.clone())), score: COPY_SCORE, why });
        signals.sort_by_key(|signal| std::cmp::Reverse(signal.score));
    }
    signals.truncate(SIGNALS_MAX);
    let unanswered = match &told.judgement.answer {
        Answer::Allowed => None,
        Answer::Forbidden { why, .. } => Some(why.clone()),
    };
    let marks = told.marks.iter().take(SIGNALS_MAX).cloned().map(Mark).collect();
    Letter { signals, marks, participants: participants(mail, author, own), unanswered }
}

/// A signal as the core looks it up; none for what was altered or guessed.
fn one(signal: &Signal, secret: &Secret) -> Option<ThreadSignal> {
    let ours = || signal.mark.strip_prefix("mid:")?.rsplit_once('@').and_then(|(local, _)| ids::genuine(local, secret));
    let anchor = match signal.kind {
        Kind::Token => Anchor::Conversation(signal.mark.strip_prefix("thread:")?.parse::<ConversationId>().ok()?),
        Kind::OurReply | Kind::OurReference => Anchor::Delivery(ours()?),
        Kind::Reply | Kind::Reference | Kind::Ticket | Kind::Subject => Anchor::Mark(Mark(signal.mark.clone())),
        Kind::Refused => return None,
    };
    Some(ThreadSignal { anchor, score: signal.score, why: signal.why.clone() })
}

fn participants(mail: &Mail, author: &str, own: &OwnMail) -> Vec<Participant> {
    let mut seen = HashSet::from([author.to_owned()]);
    let listed = mail.to.iter().chain(&mail.cc).filter_map(|person| {
        let address = person.address.to_lowercase();
        let other = address.contains('@') && !own.ours.is_ours(&address) && seen.insert(address.clone());
        other.then(|| Participant { address: Address(address), name: person.name.clone() })
    });
    listed.take(PARTICIPANTS_MAX).collect()
}
