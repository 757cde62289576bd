//! Every bound of the engine, by name.

/// Steps kept in [`Conversation::path`](crate::Conversation::path).
pub const PATH_MAX: usize = 200;
/// Articles kept in [`Conversation::shown`](crate::Conversation::shown).
pub const SHOWN_MAX: usize = 50;
/// Event ids kept for recognising a repetition.
pub const APPLIED_MAX: usize = 32;
/// Slots of one conversation.
pub const SLOTS_MAX: usize = 100;
/// The longest value of a slot, in characters; more is cut.
pub const SLOT_CHARS_MAX: usize = 2_000;
/// Steps one event may run through before the flow counts as going round in circles and is handed over.
pub const STEPS_PER_EVENT_MAX: u32 = 100;
/// Searches one event may ask for.
pub const ASKS_PER_EVENT_MAX: u32 = 4;
/// The largest flow file, in bytes.
pub const FLOW_BYTES_MAX: usize = 256 * 1024;
/// Steps of one flow.
pub const FLOW_STEPS_MAX: usize = 500;
/// Options of one question.
pub const CHOICES_MAX: usize = 25;
/// The longest pattern of a flow or word list, in bytes; compiled patterns are bounded by `regex` besides.
pub const PATTERN_BYTES_MAX: usize = 1_000;
/// The longest text of a contact that the bot reads, in characters; longer ones go to a person.
pub const READ_CHARS_MAX: usize = 8_000;
/// Times in a row the bot may fail to understand before it hands over by itself.
pub const MISSES_MAX: u32 = 2;
/// Times a flow's question is asked when the step says nothing else.
pub const ATTEMPTS_DEFAULT: u32 = 3;
/// Days after a resolution during which writing opens the conversation again.
pub const REOPEN_DAYS: u64 = 7;
/// Minutes in a queue after which the contact is told that they still wait, when the bot book says nothing else.
pub const STILL_WAITING_MINUTES_DEFAULT: u32 = 10;
/// The most minutes a bot book may set for it: a week.
pub const STILL_WAITING_MINUTES_MAX: u32 = 7 * 24 * 60;
/// The most bytes a compiled pattern may take.
pub const PATTERN_COMPILED_BYTES_MAX: usize = 1 << 20;
/// Columns of indentation and list marks a line of a flow file may begin with; more is nesting nobody can read.
pub const NESTING_COLUMNS_MAX: usize = 200;
/// The longest slug (the name of a flow, a step, a slot, an article or an option's value), in characters.
pub const SLUG_CHARS_MAX: usize = 80;
/// The longest message or note of an agent, in characters.
pub const AGENT_TEXT_CHARS_MAX: usize = 10_000;
/// Facts kept of a contact.
pub const FACTS_MAX: usize = 32;
/// The longest fact kept of a contact, in characters; more is cut.
pub const FACT_CHARS_MAX: usize = 500;
