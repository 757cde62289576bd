//! The parts of a mail that reports are made of.

use mail_parser::{Encoding, Message, MessagePart, MimeHeaders, PartType};

use crate::headers::Headers;

/// Bytes of a part that are looked at.
const PART_READ: usize = 256 * 1024;
/// Parts that are looked at; a report has three.
const PARTS_READ: usize = 50;
/// Lines of text that are looked at.
const LINES_READ: usize = 4_000;

/// What a mail brings that a report could be made of. Nested mails are not descended into: a report that somebody forwards
/// as a whole is that person's mail.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// `type/subtype` of the mail itself, lower case.
    pub(crate) root: String,
    /// The `report-type` of the mail itself or of a multipart inside it (RFC 6522), lower case.
    pub(crate) report_type: Option<String>,
    /// The mail itself is a `multipart/report`, or the first part of it is.
    pub(crate) is_report: bool,
    /// Lines of its texts up to a returned mail that stands in them.
    pub(crate) lines: Vec<String>,
    /// `message/delivery-status` (RFC 3464).
    pub(crate) delivery_status: Option<String>,
    /// `message/feedback-report` (RFC 5965).
    pub(crate) feedback: Option<String>,
    /// `message/disposition-notification` (RFC 8098).
    pub(crate) disposition: Option<String>,
    /// The header of the returned mail, from a part of its own or from the text.
    pub(crate) returned: Headers,
    /// Text that followed the header of a mail returned in the text.
    pub(crate) after: Vec<String>,
}

impl Parts {
    /// Takes a mail apart.
    pub(crate) fn of(message: &Message<'_>) -> Self {
        let mut parts = Self::default();
        let mut texts = String::new();
        for (index, part) in message.parts.iter().take(PARTS_READ).enumerate() {
            let kind = kind(part);
            if index == 0 {
                parts.root.clone_from(&kind);
            }
            match kind.as_str() {
                "multipart/report" => {
                    parts.is_report = true;
                    let named = part.content_type().and_then(|kind| kind.attribute("report-type"));
                    parts.report_type = named.map(str::to_ascii_lowercase).or(parts.report_type);
                    push_unsplit(&mut texts, message, part);
                }
                "message/delivery-status" | "message/global-delivery-status" => {
                    parts.delivery_status.get_or_insert(text_of(message, part));
                }
                "message/feedback-report" => {
                    parts.feedback.get_or_insert(text_of(message, part));
                }
                "message/disposition-notification" | "message/global-disposition-notification" => {
                    parts.disposition.get_or_insert(text_of(message, part));
                }
                "text/rfc822-headers"
                | "text/rfc822"
                | "message/rfc822-headers"
                | "message/global-headers"
                | "message/partial" => {
                    parts.take_returned(&Headers::parse(text_of(message, part).as_bytes()));
                }
                _ => match &part.body {
                    PartType::Message(inner) => parts.take_returned(&nested(message, part, inner)),
                    PartType::Text(_) | PartType::Html(_) => push_text(&mut texts, &text_of(message, part)),
                    _ if kind.starts_with("multipart/") => push_unsplit(&mut texts, message, part),
                    PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Multipart(_) => {}
                },
            }
        }
        parts.read_text(&texts);
        parts
    }

    fn take_returned(&mut self, headers: &Headers) {
        if self.returned.is_empty() {
            self.returned = headers.clone();
        }
    }

    /// Cuts the text where the header of a returned mail begins.
    fn read_text(&mut self, text: &str) {
        let lines: Vec<&str> = text.lines().take(LINES_READ).collect();
        let cut = returned_in_text(&lines).unwrap_or(lines.len());
        let (report, rest) = lines.split_at(cut);
        self.lines = report.iter().map(|line| (*line).to_owned()).collect();
        if !rest.is_empty() {
            self.take_returned(&Headers::parse(rest.join("\n").as_bytes()));
            self.after = rest.iter().skip_while(|line| !line.is_empty()).map(|line| (*line).to_owned()).collect();
        }
    }
}

fn kind(part: &MessagePart<'_>) -> String {
    part.content_type().map_or_else(String::new, |kind| {
        format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase()
    })
}

/// A part's text, decoded; of HTML, what can be read.
fn text_of(message: &Message<'_>, part: &MessagePart<'_>) -> String {
    match &part.body {
        PartType::Text(text) => cut(text).to_owned(),
        PartType::Html(html) => mail_parser::decoders::html::html_to_text(cut(html)),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
            String::from_utf8_lossy(bytes.get(..PART_READ).unwrap_or(bytes)).into_owned()
        }
        PartType::Message(_) | PartType::Multipart(_) => {
            let (start, end) = (part.offset_body as usize, part.offset_end as usize);
            let bytes = message.raw_message().get(start..end).unwrap_or_default();
            String::from_utf8_lossy(bytes.get(..PART_READ).unwrap_or(bytes)).into_owned()
        }
    }
}

fn cut(text: &str) -> &str {
    let mut end = PART_READ.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

fn push_text(texts: &mut String, text: &str) {
    if texts.len() < PART_READ {
        texts.push_str(text);
        texts.push('\n');
    }
}

/// A multipart that could not be split, because its boundary is wrong or missing: all of it is text.
fn push_unsplit(texts: &mut String, message: &Message<'_>, part: &MessagePart<'_>) {
    if !matches!(part.body, PartType::Multipart(_)) {
        push_text(texts, &text_of(message, part));
    }
}

/// The header fields of a nested mail: in the bytes of the mail around it, unless it was encoded.
fn nested(message: &Message<'_>, part: &MessagePart<'_>, inner: &Message<'_>) -> Headers {
    if part.encoding == Encoding::None {
        return Headers::parse(message.raw_message().get(part.offset_body as usize..).unwrap_or_default());
    }
    Headers::parse(inner.raw_message())
}

/// Fields a returned header has; one of the first kind and three in all make a header of a run of lines.
const SURE: &[&str] = &["received", "return-path", "message-id", "mime-version", "dkim-signature", "x-mailer"];
const USUAL: &[&str] = &["from", "to", "subject", "date", "content-type", "cc", "reply-to", "sender", "x-sender"];
/// Lines over which the fields have to be found.
const WINDOW: usize = 60;

/// Where a returned header begins in a text.
fn returned_in_text(lines: &[&str]) -> Option<usize> {
    let mut at = 0;
    while at < lines.len() {
        if field_name(lines.get(at)?).is_none() {
            at += 1;
            continue;
        }
        // The run of lines that look like fields or like their continuation.
        let mut end = at;
        let (mut sure, mut all) = (false, 0_usize);
        let window = lines.iter().skip(at).take(WINDOW);
        for line in window {
            match field_name(line) {
                Some(name) if SURE.contains(&name.as_str()) => (sure, all) = (true, all + 1),
                Some(name) if USUAL.contains(&name.as_str()) => all += 1,
                Some(_) => {}
                None if line.starts_with([' ', '\t']) && !line.trim().is_empty() => {}
                None => break,
            }
            end += 1;
        }
        if sure && all >= 3 {
            return Some(at);
        }
        at = end.max(at + 1);
    }
    None
}

/// The name of the field on a line, if it is one. `Reason: x` looks like one too; the caller counts.
fn field_name(line: &str) -> Option<String> {
    let (name, _) = line.split_once(':')?;
    let name = name.trim_end();
    let plain = !name.is_empty() && name.len() <= 40 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    plain.then(|| name.to_ascii_lowercase())
}
