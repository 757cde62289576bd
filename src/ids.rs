//! The only place that draws randomness: ids, tokens and jitter.

use std::cell::Cell;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use switchboard_contract::Timestamp;

thread_local! {
    /// The state of a thread whose ids and jitter follow from a seed; none on every other.
    static FOLLOWED: Cell<Option<u64>> = const { Cell::new(None) };
}

/// From here on, ids and jitter made on this thread follow from `seed`, so that a simulation runs again as it ran. Keys and
/// tokens never do.
pub fn follow(seed: u64) {
    FOLLOWED.set(Some(seed));
}

/// The next 64 bits of a seed: `SplitMix64`, whose every step is a bijection of its state.
fn followed() -> Option<u64> {
    let state = FOLLOWED.get()?.wrapping_add(0x9E37_79B9_7F4A_7C15);
    FOLLOWED.set(Some(state));
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    Some(mixed ^ (mixed >> 31))
}

/// 128 random bits; ids keep 80 of them.
#[expect(clippy::disallowed_methods, reason = "this is the one place that may draw randomness")]
pub fn random() -> u128 {
    let both = followed().zip(followed());
    both.map_or_else(rand::random, |(high, low)| (u128::from(high) << 64) | u128::from(low))
}

/// A random value from 0 to 1, for jitter.
#[expect(clippy::disallowed_methods, reason = "this is the one place that may draw randomness")]
pub fn jitter() -> f64 {
    let bits = followed().and_then(|bits| u32::try_from(bits >> 32).ok());
    bits.map_or_else(rand::random, |bits| f64::from(bits) / f64::from(u32::MAX))
}

/// Makes an id of any kind: `ids::new(AgentId::from_parts, now)`.
pub fn new<T>(from_parts: fn(Timestamp, u128) -> T, now: Timestamp) -> T {
    from_parts(now, random())
}

/// 32 random bytes: a signing key.
#[expect(clippy::disallowed_methods, reason = "this is the one place that may draw randomness")]
pub fn key() -> [u8; 32] {
    rand::random()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_a_seed_and_keys_never_do() {
        let run = |seed| {
            follow(seed);
            ((random(), random(), jitter().to_bits()), key())
        };
        let ((first, one), (again, other)) = (run(7), run(7));
        assert_eq!(first, again);
        assert_ne!(run(8).0, first);
        assert_ne!(one, other);
    }
}
