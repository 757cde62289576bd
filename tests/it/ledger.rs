//! The ledger's promises against hostile and unlucky input: what comes in twice, too large, too early, without an id or
//! into a broken conversation; and what people do with what could not be filed.

mod bad_input;
mod hands;
mod house;
mod outside;
mod retention;
