//! Who a visitor is: the token a browser keeps, and the signature of a site's own user.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use switchboard_contract::{InboxId, Timestamp};

use crate::limits::{TOKEN_BYTES_MAX, TOKEN_LIFETIME, USER_ID_BYTES_MAX};

/// What visitor tokens of one inbox are signed with.
#[derive(Clone)]
pub struct SigningKey(pub [u8; 32]);

/// Leaves the key out.
impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// Why a token is not taken. Both look the same to the visitor, who begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenError {
    Forged,
    Expired,
}

const VERSION: &str = "v1";
const ANONYMOUS: &str = "v_";
const SIGNED: &str = "u_";

/// A fresh key for a visitor nobody knows.
pub(crate) fn anonymous_visitor(random: u128) -> String {
    format!("{ANONYMOUS}{}", URL_SAFE_NO_PAD.encode(random.to_be_bytes()))
}

/// The key of a site's own user: the same on every device, and nothing of the id can be read from it.
pub(crate) fn signed_visitor(user: &str) -> String {
    format!("{SIGNED}{}", URL_SAFE_NO_PAD.encode(Sha256::digest(user.as_bytes())))
}

/// Makes the token a browser keeps.
pub(crate) fn issue(key: &SigningKey, inbox: InboxId, visitor: &str, now: Timestamp) -> String {
    let claim = format!("{VERSION}.{visitor}.{}", base36(u64::try_from(now.millis()).unwrap_or(0)));
    let mac = URL_SAFE_NO_PAD.encode(token_mac(key, inbox, &claim));
    format!("{claim}.{mac}")
}

/// Reads the visitor out of a token.
pub(crate) fn verify(key: &SigningKey, inbox: InboxId, token: &str, now: Timestamp) -> Result<String, TokenError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(TokenError::Forged);
    }
    let (claim, mac) = token.rsplit_once('.').ok_or(TokenError::Forged)?;
    let mac = URL_SAFE_NO_PAD.decode(mac).map_err(|_| TokenError::Forged)?;
    if !bool::from(token_mac(key, inbox, claim).ct_eq(&mac)) {
        return Err(TokenError::Forged);
    }
    // From here on the text is our own.
    let mut parts = claim.split('.');
    let (Some(VERSION), Some(visitor), Some(issued), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(TokenError::Forged);
    };
    let issued = i64::from_str_radix(issued, 36).map_err(|_| TokenError::Forged)?;
    // A signed user's token opens nothing by itself: the signature is asked for each time.
    if !visitor.starts_with(ANONYMOUS) {
        return Err(TokenError::Forged);
    }
    if now.since(Timestamp::from_millis(issued)) >= TOKEN_LIFETIME {
        return Err(TokenError::Expired);
    }
    Ok(visitor.to_owned())
}

/// Whether `hash` is the site's signature under `user`: hexadecimal HMAC-SHA256 of the id with the site's secret.
pub(crate) fn user_is_signed(secret: &str, user: &str, hash: &str) -> bool {
    if user.is_empty() || user.len() > USER_ID_BYTES_MAX {
        return false;
    }
    let Some(given) = unhex(hash) else { return false };
    bool::from(mac(secret.as_bytes(), &[user.as_bytes()]).ct_eq(&given))
}

/// The inbox is part of what is signed, so a token opens one inbox only, even where two share a key.
fn token_mac(key: &SigningKey, inbox: InboxId, claim: &str) -> [u8; 32] {
    mac(&key.0, &[b"visitor token\n", inbox.to_string().as_bytes(), b"\n", claim.as_bytes()])
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(number % 36).unwrap_or(0);
        digits.push(char::from_digit(digit, 36).unwrap_or('0'));
        number /= 36;
        if number == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const KEY: SigningKey = SigningKey([7; 32]);

    fn inbox(n: u128) -> InboxId {
        InboxId::from_parts(Timestamp::from_millis(1), n)
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_token_gives_its_visitor_back() {
        let visitor = anonymous_visitor(42);
        let token = issue(&KEY, inbox(1), &visitor, at(1_700_000_000_000));
        assert_eq!(verify(&KEY, inbox(1), &token, at(1_700_000_000_001)), Ok(visitor));
    }

    #[test]
    fn every_flipped_character_makes_a_forgery() {
        let token = issue(&KEY, inbox(1), &anonymous_visitor(42), at(1_700_000_000_000));
        for index in 0..token.len() {
            for replacement in ["A", "b", "0", ".", "-", "=", ""] {
                let mut forged = token.clone();
                forged.replace_range(index..=index, replacement);
                if forged != token {
                    let read = verify(&KEY, inbox(1), &forged, at(1_700_000_000_001));
                    assert_eq!(read, Err(TokenError::Forged), "{forged}");
                }
            }
        }
    }

    #[test]
    fn a_token_of_another_key_or_inbox_is_a_forgery() {
        let token = issue(&KEY, inbox(1), &anonymous_visitor(42), at(1));
        assert_eq!(verify(&SigningKey([8; 32]), inbox(1), &token, at(1)), Err(TokenError::Forged));
        assert_eq!(verify(&KEY, inbox(2), &token, at(1)), Err(TokenError::Forged));
    }

    #[test]
    fn a_token_lives_a_year() {
        let token = issue(&KEY, inbox(1), &anonymous_visitor(42), at(0));
        let year = at(0) + TOKEN_LIFETIME;
        assert!(verify(&KEY, inbox(1), &token, year - Duration::from_millis(1)).is_ok());
        assert_eq!(verify(&KEY, inbox(1), &token, year), Err(TokenError::Expired));
    }

    #[test]
    fn no_token_makes_a_signed_user() {
        let token = issue(&KEY, inbox(1), &signed_visitor("42"), at(1));
        assert_eq!(verify(&KEY, inbox(1), &token, at(1)), Err(TokenError::Forged));
    }

    #[test]
    fn rubbish_is_a_forgery() {
        for rubbish in ["", ".", "...", "v1", "v1.a.b", "null", "v1.a.b.c", "é.é.é.é"] {
            assert_eq!(verify(&KEY, inbox(1), rubbish, at(1)), Err(TokenError::Forged), "{rubbish}");
        }
        assert_eq!(verify(&KEY, inbox(1), &"v1.".repeat(1_000), at(1)), Err(TokenError::Forged));
    }

    #[test]
    fn a_user_is_signed_by_hmac_sha256_of_the_id() {
        // RFC 4231, test case 2.
        let (secret, data) = ("Jefe", "what do ya want for nothing?");
        let hash = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert!(user_is_signed(secret, data, hash));
        assert!(user_is_signed(secret, data, &hash.to_uppercase()));
        assert!(!user_is_signed("jefe", data, hash));
        assert!(!user_is_signed(secret, "what do ya want for nothing!", hash));
        assert!(!user_is_signed(secret, data, &hash.replace('5', "6")));
        assert!(!user_is_signed(secret, data, ""));
        assert!(!user_is_signed(secret, data, &"é".repeat(32)));
        assert!(!user_is_signed(secret, "", hash));
    }

    #[test]
    fn base_36_counts_as_expected() {
        assert_eq!([0, 35, 36, 1_700_000_000_000].map(base36), ["0", "z", "10", "loyw3v28"]);
    }
}
