//! What people do through the console and the command line: acts on conversations, accounts, documents. Each is one
//! transaction.

pub mod accounts;
pub mod desk;
pub mod documents;
pub mod housekeeping;
pub mod redrive;
pub mod thread;
