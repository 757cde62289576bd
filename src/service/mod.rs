//! What people do through the console and the command line: acts on conversations, accounts, documents, what is in quarantine. Each is one
//! transaction.

pub mod accounts;
pub mod desk;
pub mod documents;
pub mod housekeeping;
pub mod quarantine;
pub mod redrive;
pub mod thread;
pub mod timers;
