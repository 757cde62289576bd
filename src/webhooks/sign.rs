//! The signature of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`. Pure.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How a secret is written: this, and base64.
const PREFIX: &str = "whsec_";
/// How long a key is, in bytes, as the specification wants it.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// What events are signed with. It prints as `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Vec<u8>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(crate::config::REDACTED)
    }
}

impl Key {
    /// Reads `whsec_` and base64 of 24 to 64 bytes; none when it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.trim().strip_prefix(PREFIX)?).ok()?;
        BYTES.contains(&bytes.len()).then_some(Self(bytes))
    }

    /// One signature.
    fn sign(&self, id: &str, seconds: i64, body: &str) -> Option<String> {
        // A key of any length is taken.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body.as_bytes());
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }
}

/// The `webhook-signature` header: a signature by each key, so that the other side may know either.
pub(super) fn signatures(keys: &[Key], id: &str, seconds: i64, body: &str) -> String {
    keys.iter().filter_map(|key| key.sign(id, seconds, body)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector that the reference implementations are tested with.
    #[test]
    fn the_published_vector_is_signed_as_published() {
        let key = Key::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a key");
        let signed = signatures(
            std::slice::from_ref(&key),
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            "{\"test\": 2432232314}",
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(format!("{key:?}"), "[redacted]");
    }

    #[test]
    fn two_keys_make_two_signatures() {
        let keys: Vec<Key> = [b'a', b'b'].map(|byte| Key(vec![byte; 32])).into();
        let signed = signatures(&keys, "msg_1", 1, "{}");
        let parts: Vec<&str> = signed.split(' ').collect();
        assert!(
            parts.len() == 2 && parts[0] != parts[1] && parts.iter().all(|part| part.starts_with("v1,")),
            "{signed}"
        );
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let short = format!("{PREFIX}{}", STANDARD.encode([1; 23]));
        let long = format!("{PREFIX}{}", STANDARD.encode([1; 65]));
        for text in ["", "whsec_", "whsec_???", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &short, &long] {
            assert_eq!(Key::parse(text), None, "{text}");
        }
    }
}
