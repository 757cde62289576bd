//! Every bound of the web chat, by name.

use std::time::Duration;

/// Sockets of one inbox; further ones are refused with 503.
pub const SOCKETS_MAX: usize = 10_000;
/// Sockets (tabs, devices) on one thread; further ones are closed with 4429.
pub const SESSIONS_PER_THREAD: usize = 20;
/// Sockets open at once from one address of the internet; further ones are closed with 4429.
pub const SOCKETS_PER_ADDRESS: usize = 100;
/// Sockets of one address that are being closed with 4429 at once; further ones are refused with 503, which costs less.
pub const REFUSALS_PER_ADDRESS: usize = 20;

/// How long a thread's and an address's rates are remembered after its last socket closed. By then every bucket is full
/// again, so whoever is forgotten wins nothing by it.
pub const REMEMBERED_FOR: Duration = Duration::from_mins(1);
/// Threads, and addresses, without a socket that are remembered; the one whose last socket closed first is forgotten first.
/// Those with a socket come on top, and are bounded by [`SOCKETS_MAX`].
pub const REMEMBERED_MAX: usize = 10_000;

/// The largest frame a visitor may send, in bytes, over all its fragments.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;
/// What one socket reads at once, in bytes. The library's own default costs 128 KiB for each idle socket.
pub const READ_BUFFER_BYTES: usize = 3 * 1024;
/// What one socket may hold for a slow reader, in bytes: one entry of the largest size with every character escaped.
pub const WRITE_BUFFER_BYTES_MAX: usize = 512 * 1024;

/// What one socket gathers before it writes, in bytes: an acknowledgement and what follows leave together.
pub const WRITE_BUFFER_BYTES: usize = 4 * 1024;
/// Additions to a thread that wait for one socket; with more it reads the thread.
pub const NEWS_WAITING_MAX: usize = 8;

/// The longest text of a visitor, in characters.
pub const TEXT_CHARS_MAX: usize = 8_000;
/// The longest text shown to a visitor, in characters; a delivery beyond is refused.
pub const ENTRY_CHARS_MAX: usize = 32_000;
/// The most options shown as buttons; more become a numbered list.
pub const CHOICES_MAX: usize = 25;
/// The longest label of a button, in characters.
pub const CHOICE_LABEL_CHARS_MAX: usize = 80;
/// The longest id of an option, in bytes.
pub const CHOICE_ID_BYTES_MAX: usize = 256;
/// The shortest id a client may give a message.
pub const CLIENT_ID_BYTES_MIN: usize = 8;
/// The longest id a client may give a message.
pub const CLIENT_ID_BYTES_MAX: usize = 64;

/// The longest visitor token that is looked at, in bytes.
pub const TOKEN_BYTES_MAX: usize = 256;
/// How long a visitor token is good for. Every welcome brings a fresh one.
pub const TOKEN_LIFETIME: Duration = Duration::from_hours(365 * 24);
/// The longest user id a site may sign, in bytes.
pub const USER_ID_BYTES_MAX: usize = 256;
/// The shortest secret a site may sign with, in bytes.
pub const IDENTITY_SECRET_BYTES_MIN: usize = 16;
/// Sites one inbox may list.
pub const ALLOWED_SITES_MAX: usize = 100;
/// The longest name a visitor may state, in characters; more is cut.
pub const NAME_CHARS_MAX: usize = 100;
/// The longest e-mail address a visitor may state, in characters; a longer one is left out.
pub const EMAIL_CHARS_MAX: usize = 254;
/// The longest language tag, in characters; a longer one is left out.
pub const LANGUAGE_CHARS_MAX: usize = 35;
/// The longest page address kept for the agent, in characters; more is cut.
pub const PAGE_CHARS_MAX: usize = 500;

/// Messages a thread may send at once, over all its connections; beyond, `rate_limited`.
pub const MESSAGES_BURST: u32 = 20;
/// Messages a thread wins back in a second.
pub const MESSAGES_PER_SECOND: u32 = 2;
/// Messages one address may send at once, over all its threads; beyond, `rate_limited`.
pub const ADDRESS_MESSAGES_BURST: u32 = 300;
/// Messages one address wins back in a minute.
pub const ADDRESS_MESSAGES_PER_MINUTE: u32 = 300;
/// Threads one address may begin at once, each with its first opening or message; beyond, `rate_limited`.
pub const ADDRESS_THREADS_BURST: u32 = 30;
/// Threads one address may begin in a minute after that.
pub const ADDRESS_THREADS_PER_MINUTE: u32 = 30;
/// Messages in a row that are refused for their rate before the connection is closed with 4429.
pub const REFUSALS_IN_A_ROW_MAX: u32 = 300;
/// Frames of any kind a connection may send at once; beyond, it is closed with 4429.
pub const FRAMES_BURST: u32 = 1_000;
/// Frames of any kind a connection wins back in a second.
pub const FRAMES_PER_SECOND: u32 = 50;
/// Unknown or malformed frames before the connection is closed with 4400.
pub const STRIKES_MAX: u32 = 3;

/// The time limits of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long a fresh connection may take to say hello.
    pub hello_within: Duration,
    /// How often a quiet connection is asked whether it lives.
    pub ping_every: Duration,
    /// How long a connection may be silent before it counts as dead.
    pub dead_after: Duration,
    /// How long one frame may take to leave: a reader slower than that is cut off.
    pub send_within: Duration,
    /// How long a store that can't be read is left alone before it is asked again.
    pub retry_after: Duration,
    /// How often a word on typing is passed on at most, whether it began, lasts or ended.
    pub typing_every: Duration,
    /// How long a mark waits for others that may be written with it.
    pub receipts_after: Duration,
    /// How often each mark of a connection, arrived and seen, is written down at most.
    pub receipts_every: Duration,
    /// How long a closed connection is kept so that the peer can read why.
    pub linger: Duration,
    /// How long a message under way may still take when the program stops.
    pub stop_grace: Duration,
    /// How long the peer may take to read why, when the program stops.
    pub stop_linger: Duration,
    /// How long all connections together may take to end.
    pub stop_budget: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            hello_within: Duration::from_secs(10),
            ping_every: Duration::from_secs(30),
            dead_after: Duration::from_secs(75),
            send_within: Duration::from_secs(10),
            retry_after: Duration::from_secs(1),
            typing_every: Duration::from_secs(3),
            receipts_after: Duration::from_millis(100),
            receipts_every: Duration::from_secs(1),
            linger: Duration::from_secs(1),
            stop_grace: Duration::from_millis(400),
            stop_linger: Duration::from_millis(400),
            stop_budget: Duration::from_secs(1),
        }
    }
}
