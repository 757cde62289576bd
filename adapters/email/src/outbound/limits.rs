//! Every bound of a mail that is written.

/// The longest text of one mail, in characters. A delivery beyond is refused.
pub const TEXT_CHARS_MAX: usize = 200_000;
/// The longest subject, in characters; more is cut.
pub const SUBJECT_CHARS_MAX: usize = 250;
/// The longest name of a person or of the inbox, in characters; more is cut.
pub const NAME_CHARS_MAX: usize = 120;
/// The longest header, footer or signature of the settings, in characters.
pub const TEMPLATE_CHARS_MAX: usize = 10_000;
/// What is quoted of the contact's last message, in bytes.
pub const QUOTE_BYTES_MAX: usize = 20_000;
/// The longest Message-ID that is named in `References`, in bytes: a longer one would not fit a line (RFC 5322, 2.1.1).
pub const ID_BYTES_MAX: usize = 900;
/// The widest column of the HTML, in pixels.
pub const WIDTH_PIXELS: u32 = 600;
