//! The fields of a part that say what it is.

use mail_parser::{ContentType, HeaderName, HeaderValue, Message, MessageParser, MimeHeaders as _};

use super::clean;
use super::encoded::{self, Trouble};
use super::limits::{BOUNDARY_BYTES_MAX, FILE_NAME_CHARS_READ_MAX, ID_BYTES_MAX, SUBJECT_CHARS_MAX};

/// How a body is encoded for transport (RFC 2045, 6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Transfer {
    #[default]
    None,
    Base64,
    QuotedPrintable,
}

/// What the fields of a part say about it. Lower case where case has no meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// `type/subtype`; empty where nothing is said.
    pub(super) media_type: String,
    pub(super) boundary: Option<String>,
    pub(super) charset: Option<String>,
    pub(super) flowed: bool,
    pub(super) delsp: bool,
    pub(super) protocol: Option<String>,
    pub(super) smime_type: Option<String>,
    pub(super) transfer: Transfer,
    /// `attachment`, `inline` or another disposition.
    pub(super) disposition: Option<String>,
    /// The file's name as it was given, decoded, not yet safe.
    pub(super) name: Option<String>,
    pub(super) content_id: Option<String>,
    pub(super) subject: Option<String>,
}

impl Head {
    pub(super) fn is(&self, kind: &str) -> bool {
        self.media_type == kind
    }

    pub(super) fn is_multipart(&self) -> bool {
        self.media_type.starts_with("multipart/")
    }
}

/// Reads the fields of a part.
pub(super) fn read(block: &[u8]) -> (Head, Trouble) {
    let (mut prepared, trouble) = encoded::prepare(block);
    prepared.extend_from_slice(b"\n");
    let head = MessageParser::default().parse_headers(&prepared).map(|message| head(&message)).unwrap_or_default();
    (head, trouble)
}

fn head(message: &Message<'_>) -> Head {
    let kind = message.content_type();
    let disposition = message.content_disposition();
    let parameter = |of: Option<&ContentType<'_>>, name: &str| {
        of.and_then(|of| of.attribute(name)).map(encoded::parameter).filter(|value| !value.trim().is_empty())
    };
    let name = parameter(disposition, "filename").or_else(|| parameter(kind, "name"));
    let lower = |value: String| value.trim().to_ascii_lowercase();
    Head {
        media_type: kind.map(media_type).unwrap_or_default(),
        boundary: kind
            .and_then(|kind| kind.attribute("boundary"))
            .map(str::to_owned)
            .filter(|it| !it.is_empty() && it.len() <= BOUNDARY_BYTES_MAX),
        charset: parameter(kind, "charset").map(lower),
        flowed: parameter(kind, "format").map(lower).as_deref() == Some("flowed"),
        delsp: parameter(kind, "delsp").map(lower).as_deref() == Some("yes"),
        protocol: parameter(kind, "protocol").map(lower),
        smime_type: parameter(kind, "smime-type").map(lower),
        transfer: transfer(message),
        disposition: disposition.map(|it| it.ctype().trim().to_ascii_lowercase()).filter(|it| !it.is_empty()),
        name: name.map(|name| name.chars().take(FILE_NAME_CHARS_READ_MAX).collect()),
        content_id: message
            .content_id()
            .map(|id| clean::line(id.trim_matches(['<', '>', ' ']), ID_BYTES_MAX))
            .filter(|id| !id.is_empty()),
        subject: message
            .subject()
            .map(|subject| clean::line(subject, SUBJECT_CHARS_MAX))
            .filter(|subject| !subject.is_empty()),
    }
}

fn media_type(kind: &ContentType<'_>) -> String {
    let word = |word: &str| -> String {
        let known = word.chars().filter(|sign| sign.is_ascii_alphanumeric() || "!#$&^_.+-".contains(*sign)).take(80);
        known.collect::<String>().to_ascii_lowercase()
    };
    let main = word(kind.ctype());
    match (main.as_str(), kind.subtype().map(word).filter(|sub| !sub.is_empty())) {
        ("", _) => String::new(),
        // RFC 2045 (5.2): what can't be read is plain text. "text" alone is an old habit of some programs.
        ("text", None) => "text/plain".to_owned(),
        (main, Some(sub)) => format!("{main}/{sub}"),
        (_, None) => String::new(),
    }
}

fn transfer(message: &Message<'_>) -> Transfer {
    let said = message.headers().iter().rev().find(|header| header.name == HeaderName::ContentTransferEncoding);
    let said = match said.map(|header| &header.value) {
        Some(HeaderValue::Text(text)) => text.trim().trim_matches('"').to_ascii_lowercase(),
        Some(_) | None => return Transfer::None,
    };
    match said.split([';', ' ', '(']).next().unwrap_or_default() {
        "base64" => Transfer::Base64,
        "quoted-printable" => Transfer::QuotedPrintable,
        _ => Transfer::None,
    }
}
