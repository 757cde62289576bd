//! The email adapter: mail comes in by IMAP and goes out by SMTP.
//!
//! | to learn | open |
//! | --- | --- |
//! | what a mail holds: texts, files, pictures | [`mail`] |
//! | what this person wrote now | [`visible`] |
//! | whether a machine wrote it, and what it reports | [`machine`] |
//! | how well its sender is proven | [`identity`] |
//! | whose thread it belongs to | [`thread`] |
#![warn(missing_docs)]

mod headers;
pub mod identity;
pub mod machine;
pub mod mail;
pub mod thread;
pub mod visible;
