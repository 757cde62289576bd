//! Every bound of reading a mail. What is above is left out with a note; the raw mail is kept elsewhere, unchanged.

/// Fields of one header block. Real mail has up to about 200.
pub const HEADER_FIELDS_MAX: usize = 2_000;
/// Bytes of one header field, folded lines included. RFC 5322 allows 998 a line and any number of lines.
pub const HEADER_FIELD_BYTES_MAX: usize = 128 << 10;
/// Bytes of one header block.
pub const HEADER_BYTES_MAX: usize = 1 << 20;
/// Parts of a mail, multiparts counted.
pub const PARTS_MAX: usize = 1_000;
/// Multiparts inside each other.
pub const DEPTH_MAX: usize = 40;
/// Bytes of a boundary: RFC 2046 (5.1.1) allows 70, some programs take more.
pub const BOUNDARY_BYTES_MAX: usize = 512;
/// Addresses of one field.
pub const ADDRESSES_MAX: usize = 1_000;
/// Bytes of an address: RFC 5321 (4.5.3.1) allows 64 + 1 + 255.
pub const ADDRESS_BYTES_MAX: usize = 320;
/// Characters of a name of a person.
pub const NAME_CHARS_MAX: usize = 200;
/// Characters of a subject.
pub const SUBJECT_CHARS_MAX: usize = 1_000;
/// Characters of a file's name.
pub const FILE_NAME_CHARS_MAX: usize = 150;
/// Characters of a file's name that are looked at to find its last folder and its ending.
pub const FILE_NAME_CHARS_READ_MAX: usize = 8_192;
/// Bytes of a Message-ID: a line's length in RFC 5322.
pub const ID_BYTES_MAX: usize = 998;
/// Ids of References and In-Reply-To. The first and the last ones are kept.
pub const IDS_MAX: usize = 200;
/// Bytes of text shown.
pub const TEXT_BYTES_MAX: usize = 1 << 20;
/// Bytes of HTML shown.
pub const HTML_BYTES_MAX: usize = 2 << 20;
/// Open tags inside each other. HTML above is shown as text.
pub const HTML_DEPTH_MAX: usize = 256;
/// Notes on one mail.
pub const NOTES_MAX: usize = 40;
/// Files inside one winmail.dat.
pub const TNEF_MEMBERS_MAX: usize = 200;
/// Attributes of one winmail.dat.
pub const TNEF_ATTRIBUTES_MAX: usize = 20_000;
/// Bytes of a part's body that are looked at to know a character set that isn't named.
pub const CHARSET_SAMPLE_BYTES: usize = 64 << 10;
