//! Signals of whose thread a mail belongs to, and the marks by which a later mail finds this one.
//!
//! A signal is a mark to look up, with a score. Only a match that also agrees on the correspondent may join a thread: no
//! signal lets a stranger see another's mail. That decision is not made here.
//!
//! | to learn | open |
//! | --- | --- |
//! | what a mail says of its thread, in the order of strength | [`signals`] |
//! | what it can be found by later | [`marks`] |
//! | our Message-IDs | [`ids`] |
//! | the signed reply token | [`token`] |
//! | base subjects and ticket numbers | [`subject`] |

use mail_parser::Message;
use serde::Serialize;
use sha2::{Digest, Sha256};
use switchboard_contract::ConversationId;

pub mod ids;
pub mod subject;
pub mod token;

use crate::headers::{Headers, message_ids};
use token::{Found, Place, Secret};

/// Ids of one chain that are looked up.
const CHAIN_MAX: usize = 30;
/// Shortest base subject, in characters, that says anything about a thread.
const SUBJECT_MIN: usize = 4;
/// Bytes of a mail that go into the surrogate of its Message-ID; the length goes in as well.
const SURROGATE_READ: usize = 256 * 1024;

/// What is ours.
#[derive(Debug, Clone, Copy)]
pub struct Own<'a> {
    /// The key of tokens and Message-IDs.
    pub secret: &'a Secret,
    /// The domain of our Message-IDs.
    pub domain: &'a str,
}

/// What kind of signal it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A signed reply token.
    Token,
    /// One of our Message-IDs, in `In-Reply-To` (RFC 5322 3.6.4).
    OurReply,
    /// One of our Message-IDs, in `References`.
    OurReference,
    /// Another Message-ID, in `In-Reply-To`.
    Reply,
    /// Another Message-ID, in `References`.
    Reference,
    /// A ticket number of another system, in the subject.
    Ticket,
    /// The base subject, with this correspondent.
    Subject,
    /// Something that looks like ours and is not: altered, or guessed. Never to be looked up.
    Refused,
}

/// One signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signal {
    /// What to look up among the marks. For [`Kind::Token`] it is `thread:` and the conversation itself.
    pub mark: String,
    /// What it is.
    pub kind: Kind,
    /// How much it says, 0 (nothing) to 100 (certain).
    pub score: u8,
    /// Why, for people.
    pub why: String,
}

/// What a mail says of its thread, the strongest first. `raw` are the bytes `message` was read from.
pub fn signals(message: &Message<'_>, raw: &[u8], own: Own<'_>) -> Vec<Signal> {
    let headers = Headers::parse(raw);
    let subject = message.subject().unwrap_or_default();
    let mut found = Vec::new();
    tokens(&headers, subject, own.secret, &mut found);
    chain(&headers, own, &mut found);
    let correspondent = correspondent(message);
    if let Some(correspondent) = &correspondent {
        for ticket in subject::tickets(subject) {
            let mark = ticket_mark(correspondent, &ticket.number);
            let why = format!("the subject has the ticket number {} of {}", ticket.shown, domain_of(correspondent));
            push(&mut found, Signal { mark, kind: Kind::Ticket, score: 40, why });
        }
        let base = subject::base(subject);
        if base.text.chars().count() >= SUBJECT_MIN {
            // A subject of an answer says more than the same words written anew.
            let score = if base.prefixes > 0 { 30 } else { 15 };
            let why = format!("the same subject, with {correspondent}");
            push(&mut found, Signal { mark: subject_mark(correspondent, &base), kind: Kind::Subject, score, why });
        }
    }
    found.sort_by_key(|signal| std::cmp::Reverse(signal.score));
    found
}

fn tokens(headers: &Headers, subject: &str, secret: &Secret, found: &mut Vec<Signal>) {
    for token in token::find(headers, subject, secret) {
        let signal = match token {
            Found::Authentic { conversation, place } => {
                let place = match place {
                    Place::Address => "the address it was sent to",
                    Place::Header => "its header",
                    Place::Subject => "its subject",
                };
                let why = format!("our signed token is in {place}");
                Signal { mark: thread_mark(conversation), kind: Kind::Token, score: 100, why }
            }
            Found::Refused { shown, why } => {
                Signal { mark: format!("refused:{shown}"), kind: Kind::Refused, score: 0, why: why.to_owned() }
            }
        };
        push(found, signal);
    }
}

/// `In-Reply-To` in its order, then `References` from the last to the first: the last is the mail that was answered.
fn chain(headers: &Headers, own: Own<'_>, found: &mut Vec<Signal>) {
    let replies: Vec<String> = headers.all("in-reply-to").flat_map(message_ids).take(CHAIN_MAX).collect();
    let references: Vec<String> = headers.all("references").flat_map(message_ids).collect();
    // Exchange keeps the id here when it takes the others away.
    let kept: Vec<String> = headers.all("x-ms-exchange-parent-message-id").flat_map(message_ids).take(1).collect();
    for (index, id) in replies.iter().chain(&kept).enumerate() {
        let foreign = if index == 0 { 70 } else { 68 };
        push(found, one(id, own, "In-Reply-To", (Kind::OurReply, 90), (Kind::Reply, foreign)));
    }
    for (index, id) in references.iter().rev().take(CHAIN_MAX).enumerate() {
        let foreign = if index == 0 { 65 } else { 60 };
        push(found, one(id, own, "References", (Kind::OurReference, 80), (Kind::Reference, foreign)));
    }
}

fn one(id: &str, own: Own<'_>, field: &str, ours: (Kind, u8), foreign: (Kind, u8)) -> Signal {
    let shown: String = id.chars().take(120).collect();
    if ids::is_ours(id, own.secret, own.domain).is_some() {
        return Signal {
            mark: id_mark(id),
            kind: ours.0,
            score: ours.1,
            why: format!("{field} names our mail {shown}"),
        };
    }
    if ids::delivery_of(id, own.domain).is_some() {
        let why = format!("{field} names {shown}, which looks like ours and is not: it was altered, or guessed");
        return Signal { mark: format!("refused:{shown}"), kind: Kind::Refused, score: 0, why };
    }
    Signal { mark: id_mark(id), kind: foreign.0, score: foreign.1, why: format!("{field} names the mail {shown}") }
}

fn push(found: &mut Vec<Signal>, signal: Signal) {
    if !found.iter().any(|known| known.mark == signal.mark) {
        found.push(signal);
    }
}

/// What a mail can be found by later: its Message-ID (or what stands for one), its ticket numbers, its subject with this
/// correspondent. The first names the mail itself and is the same for every copy of it.
pub fn marks(message: &Message<'_>, raw: &[u8]) -> Vec<String> {
    let headers = Headers::parse(raw);
    let mut marks = vec![own_mark(message, &headers, raw)];
    if let Some(correspondent) = correspondent(message) {
        let subject = message.subject().unwrap_or_default();
        marks.extend(subject::tickets(subject).iter().map(|ticket| ticket_mark(&correspondent, &ticket.number)));
        let base = subject::base(subject);
        if base.text.chars().count() >= SUBJECT_MIN {
            marks.push(subject_mark(&correspondent, &base));
        }
    }
    marks
}

/// The mark under which a mail with this Message-ID is found. Case is kept (RFC 5322 3.6.4), white space is not.
pub fn id_mark(id: &str) -> String {
    let plain: String = id.trim().trim_matches(['<', '>']).chars().filter(|c| !c.is_whitespace()).collect();
    format!("mid:{plain}")
}

/// The mark of a conversation that a token names.
pub fn thread_mark(conversation: ConversationId) -> String {
    format!("thread:{conversation}")
}

fn ticket_mark(correspondent: &str, number: &str) -> String {
    // The number is that of their house: a colleague may go on with it.
    format!("ticket:{}:{number}", domain_of(correspondent))
}

fn subject_mark(correspondent: &str, base: &subject::Base) -> String {
    format!("subject:{}", hash(&[correspondent.as_bytes(), b"\n", base.key().as_bytes()]))
}

fn correspondent(message: &Message<'_>) -> Option<String> {
    let address = message.from().and_then(|from| from.first()).and_then(|from| from.address())?;
    let address = address.trim().to_lowercase();
    address.contains('@').then_some(address)
}

fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(_, domain)| domain)
}

/// Names the mail itself: by its Message-ID, or by a hash of what does not change on the way.
fn own_mark(message: &Message<'_>, headers: &Headers, raw: &[u8]) -> String {
    let ids: Vec<String> = headers.all("message-id").flat_map(message_ids).collect();
    // Two Message-IDs, or one that is none, name nothing.
    if let [id] = ids.as_slice()
        && is_valid_id(id)
    {
        return id_mark(id);
    }
    surrogate(message, headers, raw)
}

fn is_valid_id(id: &str) -> bool {
    id.rsplit_once('@').is_some_and(|(left, right)| !left.is_empty() && !right.is_empty()) && id.is_ascii()
}

/// A hash over author, date, subject, recipients and body. Fields that servers add or change are left out, so that the
/// same mail out of two mailboxes has the same one.
fn surrogate(message: &Message<'_>, headers: &Headers, raw: &[u8]) -> String {
    let mut parts: Vec<&[u8]> = Vec::new();
    for field in ["from", "date", "subject", "to", "cc"] {
        parts.push(headers.get(field).unwrap_or_default().as_bytes());
        parts.push(b"\n");
    }
    let body = raw.get(message.root_part().offset_body as usize..).unwrap_or_default();
    let read = body.get(..SURROGATE_READ).unwrap_or(body);
    // Servers change the ends of lines and of the mail.
    let text: Vec<u8> = read.iter().copied().filter(|byte| *byte != b'\r').collect();
    let length = body.trim_ascii_end().iter().filter(|byte| **byte != b'\r').count().to_string();
    parts.push(text.trim_ascii_end());
    parts.push(length.as_bytes());
    format!("hash:{}", hash(&parts))
}

fn hash(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    // 128 bits: nobody gains from a collision but the sender of both mails.
    hasher.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
        let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
        text.extend([digit(byte >> 4), digit(byte & 15)]);
        text
    })
}
