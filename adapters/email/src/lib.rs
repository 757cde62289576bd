//! The email adapter: mail comes in by IMAP and goes out by SMTP.
//!
//! | to learn | open |
//! | --- | --- |
//! | the settings of a mailbox | [`config`] |
//! | how mail is received | [`session`], [`imap`] |
//! | what a mail holds: texts, files, pictures | [`mail`] |
//! | what this person wrote now | [`visible`] |
//! | whether a machine wrote it, and what it reports | [`machine`] |
//! | how well its sender is proven | [`identity`] |
//! | whose thread it belongs to | [`thread`] |
#![warn(missing_docs)]

pub mod config;
mod headers;
pub mod identity;
pub mod imap;
pub mod machine;
pub mod mail;
pub mod session;
pub mod thread;
pub mod visible;
