//! People: a name and an address.

use mail_parser::{HeaderName, HeaderValue, Message};

use super::clean;
use super::limits::{ADDRESS_BYTES_MAX, ADDRESSES_MAX, NAME_CHARS_MAX};
use super::notes::Notes;

/// A person as a mail names them.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Address {
    /// The name, decoded; anybody can claim any.
    pub name: Option<String>,
    /// `local@domain` as it was written.
    pub address: String,
}

/// The addresses of a field: of the first one, where a field stands more than once.
pub(super) fn of(message: &Message<'_>, name: &HeaderName<'_>, notes: &mut Notes) -> Vec<Address> {
    let Some(header) = message.headers().iter().find(|header| header.name == *name) else { return Vec::new() };
    let HeaderValue::Address(found) = &header.value else { return Vec::new() };
    let count = found.iter().count();
    if count > ADDRESSES_MAX {
        notes.add(format!("{} names {count} people; shown are the first {ADDRESSES_MAX}", name.as_str()));
    }
    found.iter().take(ADDRESSES_MAX).filter_map(|one| address(one.name.as_deref(), one.address.as_deref())).collect()
}

fn address(name: Option<&str>, address: Option<&str>) -> Option<Address> {
    let address = clean::line(address.unwrap_or_default(), ADDRESS_BYTES_MAX);
    let address = address.trim_matches(['<', '>', ' ', '\'', '"']).to_owned();
    let name = name
        .map(|name| clean::line(name, NAME_CHARS_MAX).trim_matches(['"', '\'']).trim().to_owned())
        .filter(|name| !name.is_empty());
    if address.contains('@') && !address.contains(char::is_whitespace) {
        return Some(Address { name, address });
    }
    // An address that isn't one is still what the mail says about the person.
    let said = name.or(Some(address)).filter(|said| !said.is_empty())?;
    Some(Address { name: Some(said), address: String::new() })
}

/// Notes an author who tries to look like somebody else.
pub(super) fn suspect(author: &Address, notes: &mut Notes) {
    let named = author.name.as_deref().and_then(|name| {
        name.split([' ', '<', '>', '(', ')', '"', ','])
            .find(|word| word.contains('@') && word.contains('.') && word.len() > 5)
    });
    if let Some(named) = named.filter(|named| !named.eq_ignore_ascii_case(&author.address)) {
        notes.add(format!("the author's name says {named}, the address is {}", author.address));
    }
    let domain = author.address.rsplit('@').next().unwrap_or_default();
    if !domain.is_ascii() || domain.to_ascii_lowercase().split('.').any(|label| label.starts_with("xn--")) {
        notes.add(format!("the author's domain {domain} has letters that may look like others"));
    }
    if author.address.is_empty() {
        notes.add("the author has no address");
    }
}
