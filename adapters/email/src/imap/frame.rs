//! Where a response of a server begins and ends (RFC 9051, section 4.3 and 9): a line, and literals inside it.
//!
//! Pure, and linear in what it reads: each byte is looked at once, and those of literals are not looked at.

use super::limits::{LINE_BYTES_MAX, NESTING_MAX};

/// What the bytes so far amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// All bytes belong to the response, and it goes on.
    More,
    /// This many bytes were used; a literal of so many bytes follows.
    Literal { used: usize, length: u64 },
    /// This many bytes were used, and they end the response.
    End { used: usize },
}

/// Why a response can't be read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LineTooLong;

/// Reads the lines of one response after the other; literals are passed over by the caller.
#[derive(Debug, Default)]
pub(super) struct Frame {
    /// The first bytes of the response, enough to tell what kind it is.
    head: Vec<u8>,
    /// The last bytes before the end of the line, for a literal's length.
    tail: Tail,
    line: usize,
    depth: usize,
    deepest: usize,
    quoted: bool,
    escaped: bool,
    after_cr: bool,
}

/// Bytes of a head that are kept.
const HEAD: usize = 12;

/// Follows `{123}` at the end of a line.
#[derive(Debug, Default, Clone, Copy)]
enum Tail {
    #[default]
    None,
    Open,
    Digits(u64),
    Closed(u64),
}

impl Tail {
    /// After one more byte. `{` begins anew, and whatever does not fit ends it.
    fn then(self, byte: u8) -> Self {
        match (self, byte) {
            (_, b'{') => Self::Open,
            (Self::Open, b'0'..=b'9') => Self::Digits(u64::from(byte - b'0')),
            (Self::Digits(so_far), b'0'..=b'9') => {
                Self::Digits(so_far.saturating_mul(10).saturating_add(u64::from(byte - b'0')))
            }
            (Self::Digits(length), b'}') | (Self::Closed(length), b'\r') => Self::Closed(length),
            (Self::None | Self::Open | Self::Digits(_) | Self::Closed(_), _) => Self::None,
        }
    }
}

impl Frame {
    /// Reads on. After [`Step::Literal`] the next bytes are those behind the literal.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<Step, LineTooLong> {
        for (at, &byte) in bytes.iter().enumerate() {
            self.line += 1;
            if self.line > LINE_BYTES_MAX {
                return Err(LineTooLong);
            }
            if self.head.len() < HEAD {
                self.head.push(byte);
            }
            if byte == b'\n' && self.after_cr {
                let used = at + 1;
                let literal = if let Tail::Closed(length) = self.tail { Some(length) } else { None };
                (self.after_cr, self.tail) = (false, Tail::None);
                // A quoted string can't hold the end of a line: one left open was none.
                (self.quoted, self.escaped) = (false, false);
                return Ok(match literal.filter(|_| self.has_literals()) {
                    Some(length) => Step::Literal { used, length },
                    None => Step::End { used },
                });
            }
            self.after_cr = byte == b'\r';
            self.nest(byte);
            self.tail = if self.quoted { Tail::None } else { self.tail.then(byte) };
        }
        Ok(Step::More)
    }

    fn nest(&mut self, byte: u8) {
        if self.quoted {
            self.quoted = self.escaped || byte != b'"';
            self.escaped = !self.escaped && byte == b'\\';
            return;
        }
        match byte {
            b'"' => self.quoted = self.is_data(),
            b'(' => self.depth += 1,
            b')' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.deepest = self.deepest.max(self.depth);
    }

    /// Only data has literals and strings. The text of a status is for people, and may end in what looks like a length.
    fn has_literals(&self) -> bool {
        self.is_data()
    }

    fn is_data(&self) -> bool {
        let Some(rest) = self.head.strip_prefix(b"* ") else { return false };
        let word = rest.split(|&byte| byte == b' ' || byte == b'\r').next().unwrap_or_default();
        let status: [&[u8]; 5] = [b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH"];
        !status.iter().any(|status| status.eq_ignore_ascii_case(word))
    }

    /// Whether it is nested deeper than anything sensible: the parser behind this one recurses.
    pub(super) fn is_too_deep(&self) -> bool {
        self.deepest > NESTING_MAX
    }
}

/// Whether these bytes begin the data of one mail: the only response that may be large.
pub(super) fn is_fetch(head: &[u8]) -> bool {
    let Some(rest) = head.strip_prefix(b"* ") else { return false };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits > 0 && rest[digits..].get(..8).is_some_and(|word| word.eq_ignore_ascii_case(b" FETCH ("))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], step: Step) {
        assert_eq!(Frame::default().read(bytes), Ok(step), "{}", String::from_utf8_lossy(bytes));
    }

    #[test]
    fn a_response_ends_with_its_line_unless_a_literal_follows() {
        check(b"* 3 EXISTS\r\n* 4", Step::End { used: 12 });
        check(b"* 3 EXIS", Step::More);
        check(b"* 1 FETCH (BODY[] {5}\r\nhello)\r\n", Step::Literal { used: 23, length: 5 });
        check(b"* 1 FETCH (BODY[] {0}\r\n", Step::Literal { used: 23, length: 0 });
        check(b"* 1 FETCH (BODY[] {99999999999999999999999}\r\n", Step::Literal { used: 45, length: u64::MAX });
    }

    #[test]
    fn what_only_looks_like_a_length_is_none() {
        check(b"* OK it took {5}\r\n", Step::End { used: 18 });
        check(b"A1 NO it took {5}\r\n", Step::End { used: 19 });
        check(b"+ {5}\r\n", Step::End { used: 7 });
        check(b"* LIST () \"/\" \"a{5}\"\r\n", Step::End { used: 22 });
        check(b"* LIST () \"/\" a{}\r\n", Step::End { used: 19 });
        check(b"* LIST () \"/\" a{5}b\r\n", Step::End { used: 21 });
        check(b"* LIST () \"/\" {-5}\r\n", Step::End { used: 20 });
        check(b"* OK \"open\r\n", Step::End { used: 12 });
    }

    #[test]
    fn cut_anywhere_it_reads_the_same() {
        let bytes = b"* 1 FETCH (UID 7 BODY[] {3}\r\n UID 7)\r\n";
        for cut in 0..28 {
            let mut frame = Frame::default();
            assert_eq!(frame.read(&bytes[..cut]), Ok(Step::More));
            assert_eq!(frame.read(&bytes[cut..]), Ok(Step::Literal { used: 29 - cut, length: 3 }), "{cut}");
            assert_eq!(frame.read(&bytes[29..]), Ok(Step::End { used: bytes.len() - 29 }), "{cut}");
        }
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let deep = format!("* 1 FETCH ({}\r\n", "(".repeat(NESTING_MAX));
        let mut frame = Frame::default();
        assert!(matches!(frame.read(deep.as_bytes()), Ok(Step::End { .. })) && frame.is_too_deep());
        let mut frame = Frame::default();
        let quoted = format!("* LIST \"{}\"\r\n", "(".repeat(NESTING_MAX + 1));
        assert!(frame.read(quoted.as_bytes()).is_ok() && !frame.is_too_deep());
        assert_eq!(Frame::default().read(&vec![b'a'; LINE_BYTES_MAX + 1]), Err(LineTooLong));
    }

    #[test]
    fn only_the_data_of_a_mail_may_be_large() {
        assert!(is_fetch(b"* 12 FETCH (UID 3 ") && is_fetch(b"* 12 fetch (UID 3 "));
        assert!(!is_fetch(b"* LIST () ") && !is_fetch(b"* FETCH (") && !is_fetch(b"* 1 FETCHED (") && !is_fetch(b"* "));
    }
}
