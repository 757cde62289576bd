//! What this person wrote now, apart from what was quoted and signed.
