//! Every bound of sending.

use std::time::Duration;

/// Connections to one submission server at once; more mails wait.
pub const CONNECTIONS_MAX: usize = 4;
/// Mails sent over one connection; servers end it after some, and a fresh one costs little.
pub const MAILS_PER_CONNECTION_MAX: u32 = 50;
/// The longest line of a server, in bytes (RFC 5321, 4.5.3.1.5 asks for 512).
pub const LINE_BYTES_MAX: usize = 4_096;
/// The longest answer of a server, in bytes.
pub const REPLY_BYTES_MAX: usize = 16 * 1024;
/// The longest text of a server that is shown, in characters.
pub const SERVER_TEXT_CHARS_MAX: usize = 300;
/// Recipients of one mail (RFC 5321, 4.5.3.1.8: servers take at least so many).
pub const RECIPIENTS_MAX: usize = 100;

/// How long a server may take to say goodbye.
pub const GOODBYE: Duration = Duration::from_secs(2);

/// Time limits. Tests have their own.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long everything before the mail's last line may take, from waiting for a connection on. Whoever calls may give up
    /// after a time of their own, and then does not know how far it came: this one is to be shorter.
    pub before: Duration,
    /// How long writing the mail, and the server's answer to its last line, may take (RFC 5321, 4.5.3.2.6: ten minutes).
    pub end: Duration,
    /// How long a connection is kept that nobody needs. Servers end it after minutes.
    pub idle: Duration,
    /// How long nobody signs in after credentials were refused: hammering gets accounts locked.
    pub refused: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            before: Duration::from_secs(25),
            end: Duration::from_mins(10),
            idle: Duration::from_secs(30),
            refused: Duration::from_mins(5),
        }
    }
}
