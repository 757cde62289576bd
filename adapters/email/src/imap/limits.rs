//! Every bound of the IMAP session.

use std::time::Duration;

/// The largest mail that is fetched whole, in bytes; of a larger one the headers are kept, with the reason.
pub const MAIL_BYTES_MAX: u32 = 60_000_000;
/// The largest header section that is kept of a mail that is not fetched whole, in bytes.
pub const HEADER_BYTES_MAX: u32 = 1_000_000;
/// Mails fetched and handed in at once, at most …
pub const GROUP_MAILS_MAX: usize = 64;
/// … and their size in bytes at most, as the server states it. A larger mail goes alone.
pub const GROUP_BYTES_MAX: u64 = 8_000_000;
/// Mails of which only headers are read, handed in at once.
pub const GROUP_HEADERS_MAX: usize = 500;
/// Mails whose sizes are asked for at once, and UIDs asked about while they are dense.
pub const WINDOW: u32 = 1_000;
/// Times a mail is asked for that breaks the connection; then what can be had of it goes to quarantine.
pub const TRIES_MAX: u32 = 3;
/// Mails remembered for breaking the connection. Beyond that they are forgotten, and found out again.
pub const SUSPECTS_MAX: usize = 10_000;
/// The longest line of a server outside of literals, in bytes.
pub const LINE_BYTES_MAX: usize = 64 * 1024;
/// The largest response that is checked as a whole before it is passed on, in bytes. Only mails are larger.
pub const HELD_BYTES_MAX: usize = 256 * 1024;
/// Parentheses within each other in a response.
pub const NESTING_MAX: usize = 24;
/// Bytes read from the connection at once.
pub const READ_BYTES: usize = 64 * 1024;
/// The longest text of a server that is logged or shown, in characters.
pub const SERVER_TEXT_CHARS_MAX: usize = 200;
/// Looks in a row that may find nothing before there are pauses between them.
pub const FREE_LOOKS: u32 = 3;
/// Folders one inbox reads.
pub const FOLDERS_MAX: usize = 32;
/// The longest answer of a token server, in bytes.
pub const TOKEN_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// The longest cursor that is read, in bytes.
pub const CURSOR_BYTES_MAX: usize = 256 * 1024;

/// Time limits. Tests have their own.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long connecting may take, name and TLS included.
    pub connect: Duration,
    /// How long a server may say nothing while an answer is awaited.
    pub silence: Duration,
    /// How long IDLE lasts before it is renewed: servers may end it after 29 minutes (RFC 2177).
    pub idle: Duration,
    /// The first pause after trouble; it doubles each time.
    pub retry_first: Duration,
    /// The longest pause after trouble.
    pub retry_max: Duration,
    /// The first pause after refused credentials; it doubles each time.
    pub refused_first: Duration,
    /// The longest pause after refused credentials.
    pub refused_max: Duration,
    /// How long a stop waits for what is being handed in.
    pub stop: Duration,
    /// Time without traffic after which the system asks whether the peer is still there.
    pub keep_alive: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            silence: Duration::from_mins(1),
            idle: Duration::from_mins(25),
            retry_first: Duration::from_secs(1),
            retry_max: Duration::from_mins(5),
            refused_first: Duration::from_mins(5),
            refused_max: Duration::from_hours(1),
            stop: Duration::from_secs(5),
            keep_alive: Duration::from_mins(1),
        }
    }
}
