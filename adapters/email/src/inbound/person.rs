//! Who wrote a mail.

use std::collections::BTreeMap;

use switchboard_contract::{Address, Proof, Sender};

use crate::headers::{Headers, addresses};
use crate::identity::{Level, Proven};
use crate::mail::Mail;

/// The longest fact, in characters.
const FACT_CHARS_MAX: usize = 500;

/// Who wrote a mail, as it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The address, lower case.
    pub address: String,
    /// The name, decoded.
    pub name: Option<String>,
    /// The field the address stands in, where that is not `From`.
    pub instead: Option<&'static str>,
}

/// The author of a mail: of `From`, else whoever else is named as its origin. Leniently: a mail with a bad `From` is still
/// somebody's mail, and an address out of another field is never proven.
pub(super) fn author(mail: &Mail, headers: &Headers) -> Option<Author> {
    let name = mail.from.as_ref().and_then(|from| from.name.clone());
    let of = |address: &str, instead| {
        let address = address.trim().to_lowercase();
        address.contains('@').then(|| Author { address, name: name.clone(), instead })
    };
    let within = |field: &str| headers.all(field).flat_map(addresses).next();
    let from = mail.from.as_ref().and_then(|from| of(&from.address, None));
    from.or_else(|| within("from").and_then(|address| of(&address, None)))
        .or_else(|| headers.get("from").and_then(obsolete).and_then(|address| of(&address, None)))
        .or_else(|| mail.sender.as_ref().and_then(|sender| of(&sender.address, Some("Sender"))))
        .or_else(|| within("return-path").and_then(|address| of(&address, Some("Return-Path"))))
        .or_else(|| mail.reply_to.first().and_then(|reply_to| of(&reply_to.address, Some("Reply-To"))))
}

/// An address with comments and white space inside, which was allowed once (RFC 5322 4.4): `<ada @ (home) customer. example>`.
fn obsolete(field: &str) -> Option<String> {
    let (_, inside) = field.rsplit_once('<')?;
    let mut depth = 0_u32;
    let mut bare = String::new();
    for sign in inside.split_once('>')?.0.chars() {
        match sign {
            '(' => depth = depth.saturating_add(1),
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 && !sign.is_whitespace() => bare.push(sign),
            _ => {}
        }
    }
    addresses(&bare).into_iter().next()
}

/// The author as the core knows people: with what vouches for them, and what an agent should know before believing it.
pub(super) fn sender(author: &Author, proven: &Proven, mail: &Mail) -> Sender {
    let aligned = proven.level == Level::Aligned && proven.address.as_deref() == Some(author.address.as_str());
    let mut warnings = proven.warnings.clone();
    if let Some(field) = author.instead {
        warnings.push(format!("From names no address; this one is that of {field}"));
    }
    let facts = [
        ("proof", proven.how.clone()),
        ("reply_to", proven.reply_to.iter().cloned().collect()),
        ("warnings", warnings),
        ("sealed", mail.sealed.iter().map(|sealed| sealed.label.clone()).collect()),
        ("notes", mail.notes.clone()),
    ];
    let facts: BTreeMap<String, String> = facts
        .into_iter()
        .filter(|(_, said)| !said.is_empty())
        .map(|(name, said)| (name.to_owned(), fact(&said)))
        .collect();
    Sender {
        address: Address(author.address.clone()),
        name: author.name.clone(),
        email: Some(author.address.clone()),
        proof: if aligned { Proof::Channel } else { Proof::Claimed },
        language: None,
        facts,
    }
}

fn fact(said: &[String]) -> String {
    said.join("; ").chars().take(FACT_CHARS_MAX).collect()
}
