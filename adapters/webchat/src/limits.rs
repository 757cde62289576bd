//! Every bound of the web chat, by name, and the bucket that enforces the rates.

use std::time::Duration;

use tokio::time::Instant;

/// Sockets of one inbox; further ones are refused with 503.
pub const SOCKETS_MAX: usize = 10_000;
/// Sockets (tabs, devices) on one thread; further ones are closed with 4429.
pub const SESSIONS_PER_THREAD: usize = 20;

/// The largest frame a visitor may send, in bytes, over all its fragments.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;
/// What one socket reads at once, in bytes. The library's own default costs 128 KiB for each idle socket.
pub const READ_BUFFER_BYTES: usize = 4 * 1024;
/// What one socket may hold for a slow reader, in bytes: one entry of the largest size with every character escaped.
pub const WRITE_BUFFER_BYTES_MAX: usize = 512 * 1024;

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

/// Messages a connection may send at once.
pub const MESSAGES_BURST: u32 = 20;
/// Messages a connection wins back in a second.
pub const MESSAGES_PER_SECOND: u32 = 2;
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
    /// How often "is writing" is passed on while it lasts.
    pub typing_every: Duration,
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
            linger: Duration::from_secs(1),
            stop_grace: Duration::from_millis(400),
            stop_linger: Duration::from_millis(400),
            stop_budget: Duration::from_secs(1),
        }
    }
}

/// A bucket of permissions that fills by itself: a burst at once, then a steady rate.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// One permission's worth of time; the level is counted in it, so there are no fractions to lose.
    each: Duration,
    full: Duration,
    level: Duration,
    at: Instant,
}

impl Bucket {
    pub(crate) fn new(burst: u32, per_second: u32, now: Instant) -> Self {
        let each = Duration::from_secs(1) / per_second;
        Self { each, full: each * burst, level: each * burst, at: now }
    }

    /// Takes one permission, or tells how long to wait for it.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        self.level = (self.level + now.saturating_duration_since(self.at)).min(self.full);
        self.at = now;
        match self.level.checked_sub(self.each) {
            Some(rest) => {
                self.level = rest;
                Ok(())
            }
            None => Err(self.each.saturating_sub(self.level)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(3, 2, start);
        assert!((0..3).all(|_| bucket.take(start).is_ok()));
        assert_eq!(bucket.take(start), Err(Duration::from_millis(500)));
        assert_eq!(bucket.take(start + Duration::from_millis(200)), Err(Duration::from_millis(300)));
        assert_eq!(bucket.take(start + Duration::from_millis(500)), Ok(()));
        assert!(bucket.take(start + Duration::from_millis(500)).is_err());
    }

    #[test]
    fn a_bucket_never_holds_more_than_its_burst() {
        let start = Instant::now();
        let mut bucket = Bucket::new(2, 2, start);
        let later = start + Duration::from_hours(1);
        assert!(bucket.take(later).is_ok() && bucket.take(later).is_ok() && bucket.take(later).is_err());
    }
}
