//! The signed reply token: it names a conversation in an address, a header field or a subject, and can't be guessed.
//!
//! It goes where Message-IDs get lost: into `support+TOKEN@host` (RFC 5233) where the host delivers such addresses, else into
//! a field of the header and the subject. Servers and people change the case of addresses, so case means nothing in it.

use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use switchboard_contract::ConversationId;

use crate::headers::{Headers, addresses};
use crate::machine::{DELIVERY_FIELDS, split_detail};

/// The field of the header that carries the token.
pub const TOKEN_HEADER: &str = "X-Switchboard-Thread";
const TOKEN_FIELD: &str = "x-switchboard-thread";

/// Bytes of the mark: 80 bits, which are 16 characters without a rest.
const MARK_BYTES: usize = 10;
/// RFC 5321 4.5.3.1.1: octets of a local part.
const LOCAL_PART_MAX: usize = 64;
/// Tokens looked at in one mail; an attacker gets no more guesses out of one.
const TOKENS_MAX: usize = 16;

/// The key of tokens and Message-IDs.
#[derive(Clone)]
pub struct Secret(pub [u8; 32]);

/// Leaves the key out.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// The key that a text in the settings stands for.
    pub fn of_text(text: &str) -> Self {
        use sha2::Digest;
        Self(Sha256::new().chain_update(b"switchboard mail key\n").chain_update(text.as_bytes()).finalize().into())
    }

    /// What our mails carry in [`LOOP_HEADER`](crate::machine::LOOP_HEADER): nobody else can have made it up.
    pub fn loop_value(&self) -> String {
        self.mark(b"loop\n", b"")
    }

    /// 80 bits of HMAC-SHA256 in lower-case base 32 (RFC 4648 6). `purpose` keeps marks of one kind from serving as another.
    pub(crate) fn mark(&self, purpose: &[u8], what: &[u8]) -> String {
        // HMAC fills a key up to the block with zeros anyway (RFC 2104 2).
        let mut block = [0; 64];
        block.iter_mut().zip(self.0).for_each(|(to, from)| *to = from);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(purpose);
        mac.update(what);
        let bytes: [u8; 32] = mac.finalize().into_bytes().into();
        base32(&bytes)
    }
}

/// The first [`MARK_BYTES`] in base 32.
fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut text = String::with_capacity(MARK_BYTES * 8 / 5);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in bytes.iter().take(MARK_BYTES) {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            let index = (held >> bits) & 31;
            text.push(char::from(ALPHABET.get(index as usize).copied().unwrap_or(b'a')));
        }
        held &= (1 << bits) - 1;
    }
    text
}

/// Compares without telling by its time how much was right.
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    bool::from(one.ct_eq(other))
}

/// The token of a conversation.
pub fn make(conversation: ConversationId, secret: &Secret) -> String {
    let name = conversation.to_string().to_lowercase();
    let mark = secret.mark(b"reply token\n", name.as_bytes());
    format!("{name}.{mark}")
}

/// The address an answer goes to: `support+TOKEN@host`. None where the local part would be longer than servers take.
pub fn address(mailbox: &str, conversation: ConversationId, secret: &Secret) -> Option<String> {
    let (local, host) = mailbox.rsplit_once('@')?;
    let local = format!("{local}+{}", make(conversation, secret));
    (local.len() <= LOCAL_PART_MAX).then(|| format!("{local}@{host}"))
}

/// The token as it stands at the end of a subject.
pub fn in_subject(conversation: ConversationId, secret: &Secret) -> String {
    format!("[{}]", make(conversation, secret))
}

/// Where a token was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In an address the mail went to.
    Address,
    /// In our header field.
    Header,
    /// In the subject.
    Subject,
}

/// What a mail brought that looks like a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Ours.
    Authentic {
        /// The conversation it names.
        conversation: ConversationId,
        /// Where it stood.
        place: Place,
    },
    /// Not ours: altered, cut or guessed.
    Refused {
        /// The text, cut.
        shown: String,
        /// Why, for people.
        why: &'static str,
    },
}

/// The tokens of a mail, those in addresses first.
pub(crate) fn find(headers: &Headers, subject: &str, secret: &Secret) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let details = DELIVERY_FIELDS.iter().flat_map(|field| headers.all(field)).flat_map(addresses);
    let in_addresses = details.filter_map(|address| split_detail(&address).1).map(|detail| (detail, Place::Address));
    let in_header = headers.all(TOKEN_FIELD).map(|value| (value.to_owned(), Place::Header));
    let in_subject = std::iter::once((subject.to_owned(), Place::Subject));
    for (text, place) in in_addresses.chain(in_header).chain(in_subject) {
        for token in tokens_in(&text) {
            let read = read(&token, place, secret);
            if !found.contains(&read) {
                found.push(read);
            }
            if found.len() == TOKENS_MAX {
                return found;
            }
        }
    }
    found
}

/// What looks like a token in a text: `cnv_` and what may follow.
fn tokens_in(text: &str) -> Vec<String> {
    let lower: String = text.chars().take(1_000).collect::<String>().to_lowercase();
    let starts = lower.match_indices(ConversationId::PREFIX).map(|(at, _)| at);
    let taken = starts.filter_map(|at| lower.get(at..)).map(|rest| {
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')).take(80).collect::<String>()
    });
    taken.take(TOKENS_MAX).collect()
}

fn read(token: &str, place: Place, secret: &Secret) -> Found {
    let refused = |why| Found::Refused { shown: token.chars().take(60).collect(), why };
    let token = token.trim_end_matches('.');
    let Some((name, mark)) = token.split_once('.') else { return refused("the token has no signature") };
    let upper = name.get(ConversationId::PREFIX.len()..).unwrap_or_default().to_uppercase();
    let Ok(conversation) = ConversationId::from_str(&format!("{}{upper}", ConversationId::PREFIX)) else {
        return refused("the token names no conversation");
    };
    let made = make(conversation, secret);
    let right = made.split_once('.').map(|(_, mark)| mark).unwrap_or_default();
    if !same(right.as_bytes(), mark.as_bytes()) {
        return refused("the token's signature is wrong: it was altered, or guessed");
    }
    Found::Authentic { conversation, place }
}
