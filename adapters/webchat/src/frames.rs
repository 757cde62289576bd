//! The frames of the protocol, version 1: JSON objects with a `t`.

use serde::{Deserialize, Serialize};
use switchboard_contract::{Choice, Citation, ConversationId, MessageId, PublicAuthor, Seq, TextFormat, ThreadHandler};

/// The version of the protocol.
pub(crate) const VERSION: u32 = 1;

/// What a visitor's page says.
#[derive(Debug, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub(crate) enum ClientFrame {
    Hello(Box<Hello>),
    Open,
    Send {
        id: ClientId,
        text: String,
    },
    Choose {
        id: ClientId,
        choice: String,
        label: String,
    },
    Anew {
        id: ClientId,
    },
    /// Everything up to the place arrived. A mark beyond what this socket sent of the present conversation belongs to the one
    /// before and is let be.
    Got {
        seq: Seq,
    },
    /// Everything up to the place was seen; the same holds.
    Seen {
        seq: Seq,
    },
    Typing {
        on: bool,
    },
    Ping,
}

const KINDS: [&str; 9] = ["hello", "open", "send", "choose", "anew", "got", "seen", "typing", "ping"];

/// The first frame.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Hello {
    pub(crate) v: u32,
    pub(crate) token: Option<String>,
    pub(crate) user: Option<User>,
    /// A text: what a browser kept for a year may be no id of ours any more, and that only means to begin anew.
    pub(crate) conversation: Option<String>,
    pub(crate) after: Seq,
    pub(crate) language: Option<String>,
    pub(crate) page: Option<String>,
    pub(crate) device: Option<String>,
}

/// Who the page says its visitor is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct User {
    pub(crate) id: Option<String>,
    pub(crate) hash: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
}

/// The id a client gave a message, of a shape that can't be mistaken for anything else.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct ClientId(pub(crate) String);

impl TryFrom<String> for ClientId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = (crate::limits::CLIENT_ID_BYTES_MIN..=crate::limits::CLIENT_ID_BYTES_MAX).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            Ok(Self(text))
        } else {
            Err("an `id` has 8 to 64 of A-Z, a-z, 0-9, `-` and `_`")
        }
    }
}

/// Why a frame could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FrameError {
    /// Not even JSON: no client of ours.
    NotJson,
    /// JSON, and no frame that is known.
    Unknown,
    /// A known frame whose fields are wrong, and how.
    Malformed(String),
}

/// Reads one frame.
pub(crate) fn read(text: &str) -> Result<ClientFrame, FrameError> {
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(borrow)]
        t: std::borrow::Cow<'a, str>,
    }
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|_| FrameError::NotJson)?;
    let kind: Kind<'_> = serde_json::from_str(text).map_err(|_| FrameError::Unknown)?;
    // serde takes an array for an object; a frame is an object.
    if !text.trim_start().starts_with('{') || !KINDS.contains(&&*kind.t) {
        return Err(FrameError::Unknown);
    }
    serde_json::from_str(text).map_err(|error| FrameError::Malformed(error.to_string()))
}

/// What the page is told.
#[derive(Debug, Serialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub(crate) enum ServerFrame<'a> {
    Welcome {
        v: u32,
        token: String,
        conversation: Option<ConversationId>,
        head: Seq,
        reset: bool,
        limits: Limits,
        bot: &'a str,
    },
    Entry(EntryFrame<'a>),
    Ack {
        id: &'a str,
        seq: Seq,
        duplicate: bool,
    },
    /// The message was not kept, or not so that anybody will read it. The page sends it again after `retry_after_ms` when the
    /// code is `rate_limited` (the thread or its address wrote too much) or `unavailable` (the store can't keep it), and
    /// shows "not sent" with every other: `empty`, `too_long`, and `not_understood` for what lies in quarantine.
    Nack {
        id: &'a str,
        code: &'static str,
        message: &'a str,
        retry_after_ms: Option<u64>,
    },
    Conversation {
        conversation: ConversationId,
        reset: bool,
    },
    State {
        handler: &'a ThreadHandler,
        resolved: bool,
    },
    Typing {
        on: bool,
        name: &'a str,
    },
    Ready,
    Error {
        code: &'static str,
        message: &'a str,
    },
    Pong,
}

/// The limits a page has to know.
#[derive(Debug, Serialize)]
pub(crate) struct Limits {
    pub(crate) text: usize,
}

/// One entry of the transcript, fitted to the widget.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub(crate) struct EntryFrame<'a> {
    pub(crate) seq: Seq,
    pub(crate) id: MessageId,
    pub(crate) at: String,
    pub(crate) from: &'a PublicAuthor,
    pub(crate) text: String,
    pub(crate) format: TextFormat,
    pub(crate) choices: Vec<Button>,
    pub(crate) citation: Option<Source>,
    pub(crate) cid: Option<&'a str>,
}

/// An option as a button. Its synonyms stay with the core.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub(crate) struct Button {
    pub(crate) id: String,
    pub(crate) label: String,
}

impl From<Choice> for Button {
    fn from(choice: Choice) -> Self {
        Self { id: choice.id.0, label: choice.label }
    }
}

/// Where an answer comes from.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) title: String,
    pub(crate) url: Option<String>,
}

impl From<Citation> for Source {
    fn from(citation: Citation) -> Self {
        let url = citation.url.filter(|url| switchboard_contract::markup::safe_link(url).is_some());
        Self { title: citation.title, url }
    }
}

/// Why the server closes a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CloseCode {
    /// The program stops; come back at once.
    Restarting = 1012,
    /// The store can't be read; come back later.
    TryLater = 1013,
    /// Not a frame of this protocol.
    Malformed = 4400,
    /// The token is forged or too old; drop it and say hello again.
    TokenRefused = 4401,
    /// Not for this page or visitor; don't come back.
    Forbidden = 4403,
    /// No hello in time.
    HelloLate = 4408,
    /// A receipt for a place that never was, neither in this conversation nor in those before.
    WrongSequence = 4409,
    /// A frame is too large.
    TooLarge = 4413,
    /// Too many frames, tabs, or sockets of one address; come back in ten seconds.
    TooMany = 4429,
}

impl CloseCode {
    pub(crate) fn number(self) -> u16 {
        self as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> FrameError {
        read(text).expect_err(text)
    }

    #[test]
    fn what_is_not_json_is_told_from_what_is_not_known() {
        for text in ["", "hello", "{", "{\"t\":\"open\"} x", "{\"t\":\"open\"", "\u{feff}{}"] {
            assert_eq!(error(text), FrameError::NotJson, "{text}");
        }
        for text in ["null", "7", "{}", "{\"t\":7}", "{\"t\":\"close\"}", "{\"t\":\"Open\"}", "\"open\"", "[\"open\"]"]
        {
            assert_eq!(error(text), FrameError::Unknown, "{text}");
        }
        assert_eq!(error(&"[".repeat(60_000)), FrameError::NotJson);
    }

    #[test]
    fn wrong_fields_are_malformed() {
        for text in [
            r#"{"t":"send","id":"0123456789"}"#,
            r#"{"t":"send","id":"short","text":"hi"}"#,
            r#"{"t":"send","id":"0123:56789","text":"hi"}"#,
            r#"{"t":"send","id":"0123456789","text":7}"#,
            r#"{"t":"got","seq":-1}"#,
            r#"{"t":"got","seq":1e99}"#,
            r#"{"t":"typing"}"#,
            r#"{"t":"send","id":"0123456789","text":"a","text":"b"}"#,
        ] {
            assert!(matches!(error(text), FrameError::Malformed(_)), "{text}");
        }
    }

    #[test]
    fn a_lone_hello_has_defaults() {
        let Ok(ClientFrame::Hello(hello)) = read(r#"{"t":"hello","v":1}"#) else { panic!("a hello") };
        assert_eq!((hello.v, hello.after, hello.token), (1, Seq(0), None));
    }
}
