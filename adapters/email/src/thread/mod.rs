//! Signals of whose thread a mail belongs to.

pub mod ids;
pub mod subject;
pub mod token;
