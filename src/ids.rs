//! The only place that draws randomness: ids, tokens and jitter.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use switchboard_contract::Timestamp;

/// 128 random bits; ids keep 80 of them.
#[expect(clippy::disallowed_methods, reason = "this is the one place that may draw randomness")]
pub fn random() -> u128 {
    rand::random()
}

/// A random value from 0 to 1, for jitter.
#[expect(clippy::disallowed_methods, reason = "this is the one place that may draw randomness")]
pub fn jitter() -> f64 {
    rand::random()
}

/// Makes an id of any kind: `ids::new(AgentId::from_parts, now)`.
pub fn new<T>(from_parts: fn(Timestamp, u128) -> T, now: Timestamp) -> T {
    from_parts(now, random())
}

/// 32 random bytes: a signing key.
pub fn key() -> [u8; 32] {
    let mut key = [0; 32];
    key[..16].copy_from_slice(&random().to_le_bytes());
    key[16..].copy_from_slice(&random().to_le_bytes());
    key
}

/// A bearer token of 256 random bits, fit for URLs and cookies.
pub fn token() -> String {
    URL_SAFE_NO_PAD.encode(key())
}

/// What is stored of a token: its SHA-256 in hexadecimal, so that a copy of the database opens no door.
pub fn token_hash(token: &str) -> String {
    digest(token.as_bytes())
}

/// The SHA-256 of some bytes, in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing to a string can't fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}
