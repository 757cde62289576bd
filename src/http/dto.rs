//! The shapes of the API: times as RFC 3339, ids as text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use switchboard_contract::{Attachment, Choice, Citation, Content, DeliveryId, Fold, Proof, Timestamp};
use switchboard_engine::{ContactFacts, HandoffBrief, PathStep, ResolvedBy, ShownArticle};
use utoipa::ToSchema;

use crate::realtime::Viewer;
use crate::store::accounts::{Agent, Role};
use crate::store::conversations::{Earlier, ListRow};
use crate::store::entries::{Author, Body, Entry};

/// A time as RFC 3339 in UTC.
pub(super) fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.millis()).map(|at| at.to_string()).unwrap_or_default()
}

/// A time from the database.
pub(super) fn millis(at: i64) -> String {
    time(Timestamp::from_millis(at))
}

/// A page and where it goes on.
#[derive(Serialize, ToSchema)]
pub(super) struct Page<T> {
    /// The rows.
    pub(super) data: Vec<T>,
    /// Pass this as `after` for the next page; null at the end.
    pub(super) next: Option<String>,
}

/// An account.
#[derive(Serialize, ToSchema)]
pub(super) struct AgentDto {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) role: Role,
    pub(super) disabled: bool,
    /// Has set a password.
    pub(super) active: bool,
    /// Has a conversation open at present.
    pub(super) online: bool,
}

impl AgentDto {
    pub(super) fn new(agent: Agent, online: bool) -> Self {
        Self {
            id: agent.id.to_string(),
            name: agent.name,
            email: agent.email,
            role: agent.role,
            disabled: agent.disabled,
            active: agent.active,
            online,
        }
    }
}

/// Something with an id and a name.
#[derive(Serialize, ToSchema)]
pub(super) struct Named {
    pub(super) id: String,
    pub(super) name: Option<String>,
}

/// An inbox in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct InboxDto {
    pub(super) id: String,
    pub(super) name: String,
    /// The kind of medium, for display.
    pub(super) kind: String,
}

/// Who holds the turn.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum HandlerDto {
    /// The bot.
    Bot,
    /// A queue.
    Queue { team: Option<String>, since: Option<String> },
    /// An agent.
    Agent { agent: Named, team: Option<String> },
}

/// A conversation in a list. `C` is how much of its contact is told.
#[derive(Serialize, ToSchema)]
pub(super) struct Row<C> {
    pub(super) id: String,
    pub(super) number: i64,
    pub(super) inbox: InboxDto,
    pub(super) contact: C,
    /// `open`, `waiting` (for the contact) or `resolved`.
    pub(super) status: String,
    pub(super) handler: HandlerDto,
    pub(super) priority: String,
    pub(super) language: String,
    pub(super) preview: String,
    /// `contact`, `bot`, `agent` or `system`.
    pub(super) preview_author: String,
    pub(super) last_message_at: String,
    pub(super) waiting_since: Option<String>,
    /// The contact wrote something this agent has not seen.
    pub(super) unread: bool,
    pub(super) version: i64,
    pub(super) viewers: Vec<Viewer>,
}

impl Row<Named> {
    pub(super) fn listed(row: ListRow, viewers: Vec<Viewer>) -> Self {
        let contact =
            Named { id: row.contact_id.clone(), name: row.contact_name.clone().or_else(|| row.contact_email.clone()) };
        Self::new(row, contact, viewers)
    }
}

impl<C> Row<C> {
    pub(super) fn new(row: ListRow, contact: C, viewers: Vec<Viewer>) -> Self {
        let handler = match row.handler.as_str() {
            "queue" => HandlerDto::Queue { team: row.team, since: row.waiting_since.map(millis) },
            "agent" => HandlerDto::Agent {
                agent: Named { id: row.agent_id.unwrap_or_default(), name: row.agent_name },
                team: row.team,
            },
            _ => HandlerDto::Bot,
        };
        Self {
            id: row.id,
            number: row.number,
            inbox: InboxDto { id: row.inbox_id, name: row.inbox_name, kind: row.inbox_kind },
            contact,
            status: row.status,
            handler,
            priority: row.priority,
            language: row.language,
            preview: row.preview,
            preview_author: row.preview_author,
            last_message_at: millis(row.last_message_at),
            waiting_since: row.waiting_since.map(millis),
            unread: row.contact_seq > row.read_seq,
            version: row.version,
            viewers,
        }
    }
}

/// What is known of a contact.
#[derive(Serialize, ToSchema)]
pub(super) struct ContactDto {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    /// `anonymous`, `claimed`, `channel` or `signed`.
    #[schema(value_type = String)]
    pub(super) proof: Proof,
    /// What the channel told: page, device …
    pub(super) facts: BTreeMap<String, String>,
}

/// The flow that is running.
#[derive(Serialize, ToSchema)]
pub(super) struct FlowDto {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) step: String,
}

/// A step that was taken.
#[derive(Serialize, ToSchema)]
pub(super) struct StepDto {
    pub(super) flow: String,
    pub(super) step: String,
    pub(super) at: String,
}

impl StepDto {
    pub(super) fn new(step: &PathStep) -> Self {
        Self { flow: step.flow.clone(), step: step.step.clone(), at: time(step.at) }
    }
}

/// An article that was shown.
#[derive(Serialize, ToSchema)]
pub(super) struct ShownDto {
    pub(super) article: String,
    pub(super) title: String,
    pub(super) question: Option<String>,
    pub(super) helped: Option<bool>,
    pub(super) at: String,
}

impl ShownDto {
    pub(super) fn new(shown: &ShownArticle) -> Self {
        Self {
            article: shown.article.to_string(),
            title: shown.title.clone(),
            question: shown.question.clone(),
            helped: shown.helped,
            at: time(shown.at),
        }
    }
}

/// The brief of a handoff.
#[derive(Serialize, ToSchema)]
pub(super) struct BriefDto {
    pub(super) at: String,
    #[schema(value_type = String)]
    pub(super) reason: switchboard_engine::HandoffReason,
    /// The reason in words.
    pub(super) why: String,
    pub(super) team: String,
    #[schema(value_type = String)]
    pub(super) priority: switchboard_engine::Priority,
    pub(super) language: String,
    pub(super) slots: BTreeMap<String, String>,
    pub(super) path: Vec<StepDto>,
    pub(super) shown: Vec<ShownDto>,
    /// Verbatim.
    pub(super) open_question: Option<String>,
    #[schema(value_type = Object)]
    pub(super) contact: ContactFacts,
    pub(super) transcript_through: u64,
}

impl BriefDto {
    pub(super) fn new(brief: HandoffBrief) -> Self {
        Self {
            at: time(brief.at),
            reason: brief.reason,
            why: brief.why,
            team: brief.team,
            priority: brief.priority,
            language: brief.language,
            slots: brief.slots,
            path: brief.path.iter().map(StepDto::new).collect(),
            shown: brief.shown.iter().map(ShownDto::new).collect(),
            open_question: brief.open_question,
            contact: brief.contact,
            transcript_through: brief.transcript_through.0,
        }
    }
}

/// An earlier conversation of the same contact.
#[derive(Serialize, ToSchema)]
pub(super) struct EarlierDto {
    pub(super) id: String,
    pub(super) number: i64,
    pub(super) status: String,
    pub(super) created_at: String,
    pub(super) preview: String,
}

impl EarlierDto {
    pub(super) fn new(earlier: Earlier) -> Self {
        Self {
            id: earlier.id,
            number: earlier.number,
            status: earlier.status,
            created_at: millis(earlier.created_at),
            preview: earlier.preview,
        }
    }
}

/// How a conversation was solved.
#[derive(Serialize, ToSchema)]
pub(super) struct ResolutionDto {
    /// `bot`, or the agent's name.
    pub(super) by: String,
    pub(super) at: String,
    /// The contact's rating, 1 to 5.
    pub(super) score: Option<u8>,
}

impl ResolutionDto {
    pub(super) fn new(resolution: &switchboard_engine::Resolution) -> Self {
        let by = match &resolution.by {
            ResolvedBy::Bot => "bot".to_owned(),
            ResolvedBy::Agent { agent } => agent.name.clone(),
        };
        Self { by, at: time(resolution.at), score: resolution.score }
    }
}

/// A conversation with everything beside its transcript.
#[derive(Serialize, ToSchema)]
pub(super) struct ConversationDto {
    #[serde(flatten)]
    pub(super) row: Row<ContactDto>,
    pub(super) slots: BTreeMap<String, String>,
    pub(super) flow: Option<FlowDto>,
    pub(super) path: Vec<StepDto>,
    pub(super) shown: Vec<ShownDto>,
    pub(super) open_question: Option<String>,
    pub(super) brief: Option<BriefDto>,
    pub(super) earlier: Vec<EarlierDto>,
    /// The last place.
    pub(super) seq: u64,
    pub(super) created_at: String,
    pub(super) resolution: Option<ResolutionDto>,
    pub(super) rating_comment: Option<String>,
}

/// Who wrote an entry.
#[derive(Serialize, ToSchema)]
pub(super) struct AuthorDto {
    /// `contact`, `bot`, `agent` or `system`.
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
}

/// An option of a message.
#[derive(Serialize, ToSchema)]
pub(super) struct ChoiceDto {
    pub(super) id: String,
    pub(super) label: String,
}

/// The source of an answer.
#[derive(Serialize, ToSchema)]
pub(super) struct CitationDto {
    pub(super) title: String,
    pub(super) url: Option<String>,
}

impl From<Citation> for CitationDto {
    fn from(citation: Citation) -> Self {
        Self { title: citation.title, url: citation.url }
    }
}

/// The body of a message or note. Raw text: escape it where it is shown.
#[derive(Serialize, ToSchema)]
pub(super) struct ContentDto {
    pub(super) text: String,
    /// `plain` or `markdown`.
    #[schema(value_type = String)]
    pub(super) format: switchboard_contract::TextFormat,
    pub(super) choices: Vec<ChoiceDto>,
    pub(super) citation: Option<CitationDto>,
    /// Files that came with it.
    pub(super) attachments: Vec<AttachmentDto>,
    /// What it is about, on channels that have such a line.
    pub(super) subject: Option<String>,
    /// Who wrote it, when that is not the contact whose conversation it is.
    pub(super) written_by: Option<String>,
    /// What came with it and was not written now: shown folded.
    pub(super) folds: Vec<FoldDto>,
}

/// A file that came with a message.
#[derive(Serialize, ToSchema)]
pub(super) struct AttachmentDto {
    pub(super) name: String,
    pub(super) media_type: String,
    pub(super) size_bytes: u64,
}

/// Text that came with a message and was not written now.
#[derive(Serialize, ToSchema)]
pub(super) struct FoldDto {
    /// `quoted`, `signature`, `forwarded` or `disclaimer`.
    #[schema(value_type = String)]
    pub(super) kind: switchboard_contract::FoldKind,
    pub(super) text: String,
}

impl From<Content> for ContentDto {
    fn from(content: Content) -> Self {
        let choice = |choice: Choice| ChoiceDto { id: choice.id.0, label: choice.label };
        let file = |file: Attachment| AttachmentDto {
            name: file.name,
            media_type: file.media_type,
            size_bytes: file.size_bytes,
        };
        let fold = |fold: Fold| FoldDto { kind: fold.kind, text: fold.text };
        Self {
            text: content.text,
            format: content.format,
            choices: content.choices.into_iter().map(choice).collect(),
            citation: content.citation.map(Into::into),
            attachments: content.attachments.into_iter().map(file).collect(),
            subject: content.subject,
            written_by: content.written_by,
            folds: content.folds.into_iter().map(fold).collect(),
        }
    }
}

/// How far a message has come.
#[derive(Serialize, ToSchema)]
pub(super) struct DeliveryDto {
    /// `pending`, `sent`, `delivered`, `seen`, `uncertain` or `failed`.
    #[schema(value_type = String)]
    pub(super) state: switchboard_contract::DeliveryState,
    pub(super) error: Option<String>,
}

/// An entry of a conversation.
#[derive(Serialize, ToSchema)]
pub(super) struct EntryDto {
    pub(super) seq: u64,
    pub(super) id: String,
    pub(super) at: String,
    /// `message`, `note` or `log`.
    pub(super) kind: &'static str,
    pub(super) author: AuthorDto,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<ContentDto>,
    /// The option a contact pressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) chosen: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delivery: Option<DeliveryDto>,
    /// Names the delivery of a message of ours, to send it again or give it up.
    pub(super) delivery_id: Option<String>,
    /// What happened and why, for a log entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    pub(super) log: Option<serde_json::Value>,
}

impl EntryDto {
    pub(super) fn new(entry: Entry, delivery: Option<DeliveryId>) -> Self {
        let author = match entry.author {
            Author::Agent(id, name) => AuthorDto { kind: "agent", id: Some(id), name: Some(name) },
            other @ (Author::Contact | Author::Bot | Author::System) => {
                AuthorDto { kind: other.kind(), id: None, name: None }
            }
        };
        let (kind, content, chosen, log) = match entry.body {
            Body::Message(content, chosen) => ("message", Some(content.into()), chosen.map(|choice| choice.0), None),
            Body::Note(text) => ("note", Some(Content::plain(text).into()), None, None),
            Body::Log(log) => ("log", None, None, Some(flat(&log))),
        };
        Self {
            seq: entry.seq.0,
            id: entry.id.to_string(),
            at: time(entry.at),
            kind,
            author,
            content,
            chosen,
            delivery: entry.delivery.map(|state| DeliveryDto { state, error: entry.delivery_error }),
            delivery_id: delivery.map(|id| id.to_string()),
            log,
        }
    }
}

/// A log entry with its happening and its reason side by side.
fn flat(log: &switchboard_engine::LogEntry) -> serde_json::Value {
    let mut value = serde_json::to_value(&log.what).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.insert("why".to_owned(), log.why.clone().into());
    }
    value
}

/// What a request for a page asks for.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct PageQuery {
    /// How many rows, at most 200; 50 unless given.
    pub(super) limit: Option<u32>,
    /// Where the page before it ended.
    pub(super) after: Option<String>,
}
