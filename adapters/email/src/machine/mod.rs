//! Whether a machine wrote a mail, and what it reports.
//!
//! | to learn | open |
//! | --- | --- |
//! | how the class is found, in which order | [`classify`] |
//! | what a report says of a mail of ours | [`Report`], made in `findings`, `complaint`, `receipt`, `notice` |
//! | what makes a mail a bounce | `bounce`, over `parts`, `sender` and `phrases` |
//! | the fields of RFC 3464, and free texts instead of them | `dsn`, `plain` |
//! | codes and server words for people | `status` |
//! | automatic answers, lists, generated mail | `auto` |
//! | whether a program may answer | [`Answer`] |

use mail_parser::Message;
use serde::Serialize;

mod answer;
mod auto;
mod bounce;
mod causes;
mod complaint;
mod dsn;
mod findings;
mod notice;
mod ours;
mod parts;
mod phrases;
mod plain;
mod receipt;
mod report;
mod sender;
pub(crate) mod status;

pub use answer::{Answer, Rule};
pub(crate) use ours::{DELIVERY_FIELDS, split_detail};
pub use ours::{LOOP_HEADER, Ours};
pub use report::{Recipient, Report, ReportKind};

use crate::headers::Headers;
use parts::Parts;
use sender::Sender;

/// What wrote a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A person, as far as can be told.
    Human,
    /// A mail system, about the delivery of a mail (RFC 3464).
    Bounce,
    /// An automatic answer: an absence, an acknowledgement (RFC 3834).
    AutoReply,
    /// A complaint about a mail (RFC 5965), or the wish for no more.
    Complaint,
    /// A person or a program, over a mailing list (RFC 2369) or in bulk.
    List,
    /// A read receipt (RFC 8098).
    Receipt,
    /// Another program that expects no answer.
    Generated,
}

impl Class {
    /// The class as it is shown: a generated mail counts as an automatic answer.
    pub fn word(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Bounce => "bounce",
            Self::AutoReply | Self::Generated => "auto_reply",
            Self::Complaint => "complaint",
            Self::List => "list",
            Self::Receipt => "receipt",
        }
    }
}

/// What was found out about who wrote a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// What wrote it.
    pub class: Class,
    /// Why, for people; the first is the one that decided.
    pub reasons: Vec<String>,
    /// What it reports about a mail of ours.
    pub report: Option<Report>,
    /// It is our own mail that came back: no contact wrote it.
    pub own: bool,
    /// Whether a program may answer.
    pub answer: Answer,
}

impl Judgement {
    /// Whether a program may answer. The rule that forbids it is in [`answer`](Self::answer).
    pub fn may_answer(&self) -> bool {
        self.answer == Answer::Allowed
    }
}

/// Finds out what wrote a mail. `raw` are the bytes `message` was read from.
///
/// Reports come first: they carry the signs of automatic answers, too. Lists come after automatic answers, because a
/// list sends those on.
pub fn classify(message: &Message<'_>, raw: &[u8], ours: &Ours) -> Judgement {
    let headers = Headers::parse(raw);
    let sender = Sender::of(message, &headers);
    let parts = Parts::of(message);
    let own = ours.own(message, &headers, &sender);
    let (class, mut reasons, report) = class(message, &headers, &sender, &parts, ours, own.is_some());
    let kind = report.as_ref().map(|report| report.kind);
    let answer = answer::decide(class, own.is_some(), &headers, &sender, ours, kind);
    let own = own.map(|why| reasons.push(why)).is_some();
    Judgement { class, reasons, report, own, answer }
}

fn class(
    message: &Message<'_>,
    headers: &Headers,
    sender: &Sender,
    parts: &Parts,
    ours: &Ours,
    own: bool,
) -> (Class, Vec<String>, Option<Report>) {
    let verp = ours.detail(headers);
    let by_machine = sender.is_no_reply() || sender.null_path == Some(true) || headers.has("x-amz-sns-message-id");
    if by_machine && let Some(report) = notice::find(&parts.lines, verp.clone()) {
        let class = if report.kind == ReportKind::Complaint { Class::Complaint } else { Class::Bounce };
        return (class, vec!["it is a notice of a sending service".to_owned()], Some(report));
    }
    if let Some((why, report)) = complaint::find(message, headers, sender, parts, verp.clone()) {
        return (Class::Complaint, vec![why], Some(report));
    }
    if let Some(report) = receipt::find(headers, parts, verp.clone()) {
        return (Class::Receipt, vec!["it is a read receipt (RFC 8098)".to_owned()], Some(report));
    }
    let evidence = bounce::evidence(message, headers, sender, parts);
    if evidence.is_enough() {
        let report = findings::report(headers, sender, parts, message.subject().unwrap_or_default(), verp);
        return (Class::Bounce, evidence.reasons, Some(report));
    }
    if let Some(why) = auto::reply(message, headers, sender, parts) {
        return (Class::AutoReply, vec![why], None);
    }
    if let Some(why) = auto::list(headers) {
        return (Class::List, vec![why], None);
    }
    if let Some(why) = auto::generated(headers, sender, parts, own) {
        return (Class::Generated, vec![why], None);
    }
    (Class::Human, vec!["nothing says that a machine wrote it".to_owned()], None)
}
