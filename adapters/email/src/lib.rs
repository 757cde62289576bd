//! The email adapter: mail comes in by IMAP and goes out by SMTP.
//!
//! | to learn | open |
//! | --- | --- |
//! | what an operator sets | [`config`] |
//! | how mail is received | [`imap`]; its life is in [`session`] |
//! | what a mail holds: texts, files, pictures | [`mail`] |
//! | what this person wrote now | [`visible`] |
//! | whether a machine wrote it, and what it reports | [`machine`] |
#![warn(missing_docs)]

pub mod config;
pub mod imap;
pub mod machine;
pub mod mail;
pub mod session;
pub mod visible;
