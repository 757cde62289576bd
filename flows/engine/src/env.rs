//! Everything [`step`](crate::step) may know besides the conversation and the event.

use switchboard_contract::Timestamp;

use crate::book::BotBook;
use crate::flow::FlowSet;

/// The surroundings of one step. The engine never reads a clock, a file or a database: it is told.
#[derive(Debug, Clone, Copy)]
pub struct Env<'a> {
    /// The time at which the event counts.
    pub now: Timestamp,
    /// What the bot says and understands.
    pub book: &'a BotBook,
    /// The flows, all versions that a run may be pinned to.
    pub flows: &'a FlowSet,
    /// How many other conversations wait before this one, as if it were queued now.
    pub queue_ahead: u32,
}
