//! Conversations: lists, one whole, its entries, and what an agent can do to it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use switchboard_contract::{AgentId, Content, ConversationId, Seq};
use switchboard_engine::{AgentAct, AgentRef};
use utoipa::{IntoParams, ToSchema};

use super::Web;
use super::dto::{
    BriefDto, ContactDto, ConversationDto, EarlierDto, EntryDto, FlowDto, Named as NamedDto, Page, ResolutionDto, Row,
    ShownDto, StepDto, time,
};
use super::guard::{Anyone, Asked, Desk, Key, Named, Strict, tagged};
use super::problem::{Problem, ProblemBody};
use crate::limits;
use crate::realtime::Viewer;
use crate::service::desk;
use crate::store::accounts::{self, Agent};
use crate::store::conversations::{self, View};
use crate::store::entries::{self, Entry, Range};
use crate::store::{self, Conn, contacts, deliveries, feedback, inbound};

/// Earlier conversations shown beside one.
const EARLIER_SHOWN: u32 = 10;

/// How many conversations each list holds.
#[derive(Serialize, ToSchema)]
pub(super) struct Counts {
    waiting: i64,
    mine: i64,
    open: i64,
}

/// Which list, and which page of it.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    /// `waiting` (longest first), `mine`, `open` or `resolved` (newest message first).
    view: ViewName,
    limit: Option<u32>,
    after: Option<String>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ViewName {
    Waiting,
    Mine,
    Open,
    Resolved,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct EntriesQuery {
    /// The first entries after this place.
    after: Option<u64>,
    /// The last entries before this place.
    before: Option<u64>,
    limit: Option<u32>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reply {
    /// Markdown.
    text: String,
    /// The last place the agent had seen.
    seen_seq: u64,
    /// Send it although newer messages stand below.
    #[serde(default)]
    anyway: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Note {
    text: String,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Claim {
    /// Take it although a colleague holds it.
    #[serde(default)]
    from_colleague: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Transfer {
    /// To this agent …
    agent_id: Option<String>,
    /// … or to this team's queue.
    team: Option<String>,
    /// Why, for whoever gets it.
    note: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Presence {
    viewing: bool,
    #[serde(default)]
    typing: bool,
}

/// How many conversations each list holds.
#[utoipa::path(get, path = "/api/v1/counts", tag = "conversations", responses((status = 200, body = Counts)))]
pub(super) async fn counts(State(web): State<Arc<Web>>, Anyone { agent }: Anyone) -> Result<Json<Counts>, Problem> {
    let (waiting, mine, open) = conversations::counts(&mut *web.core.store.reader().await?, agent.id).await?;
    Ok(Json(Counts { waiting, mine, open }))
}

/// One page of a list.
#[utoipa::path(get, path = "/api/v1/conversations", tag = "conversations", params(ListQuery),
    responses((status = 200, body = Page<Row<NamedDto>>), (status = 422, body = ProblemBody)))]
pub(super) async fn list(
    State(web): State<Arc<Web>>,
    Anyone { agent }: Anyone,
    Asked(query): Asked<ListQuery>,
) -> Result<Json<Page<Row<NamedDto>>>, Problem> {
    let view = match query.view {
        ViewName::Waiting => View::Waiting,
        ViewName::Mine => View::Mine(agent.id),
        ViewName::Open => View::Open,
        ViewName::Resolved => View::Resolved,
    };
    let after = query.after.as_deref().map(position).transpose()?;
    let limit = page_size(query.limit);
    let mut conn = web.core.store.reader().await?;
    let mut rows = conversations::list(&mut conn, agent.id, view, after, limit + 1).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|row| {
        let key = if view == View::Waiting { row.waiting_since.unwrap_or_default() } else { row.last_message_at };
        URL_SAFE_NO_PAD.encode(format!("{key} {}", row.number))
    });
    let now = web.core.now();
    let data = rows
        .into_iter()
        .map(|row| {
            let viewers = row.id.parse().map(|id| web.core.hub.viewers(id, now)).unwrap_or_default();
            Row::listed(row, viewers)
        })
        .collect();
    Ok(Json(Page { data, next }))
}

fn position(cursor: &str) -> Result<(i64, i64), Problem> {
    let decoded = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded
        .as_deref()
        .and_then(|text| text.split_once(' '))
        .and_then(|(key, number)| Some((key.parse().ok()?, number.parse().ok()?)))
        .ok_or_else(|| Problem::validation("/after", "not a position: pass what `next` said"))
}

/// Rows of a page, within bounds.
pub(super) fn page_size(asked: Option<u32>) -> u32 {
    asked.unwrap_or(limits::PAGE_DEFAULT).clamp(1, limits::PAGE_MAX)
}

/// One conversation with everything beside its transcript. The entity tag is its version.
#[utoipa::path(get, path = "/api/v1/conversations/{id}", tag = "conversations",
    responses((status = 200, body = ConversationDto), (status = 404, body = ProblemBody)))]
pub(super) async fn get(
    State(web): State<Arc<Web>>,
    Anyone { agent }: Anyone,
    Named(id): Named<ConversationId>,
) -> Result<Response, Problem> {
    whole(&web, &agent, id).await
}

async fn whole(web: &Web, agent: &Agent, id: ConversationId) -> Result<Response, Problem> {
    let mut conn = web.core.store.snapshot().await?;
    let missing = || Problem::not_found("conversation");
    let record = conversations::get(&mut conn, id).await?.ok_or_else(missing)?;
    let row = conversations::list_row(&mut conn, agent.id, id).await?.ok_or_else(missing)?;
    let identity = contacts::identity_by_id(&mut conn, record.identity).await?.ok_or_else(missing)?;
    let earlier = conversations::earlier(&mut conn, record.contact, record.number, EARLIER_SHOWN).await?;
    let brief = entries::brief(&mut conn, id).await?;
    let rating_comment = feedback::rating_comment(&mut conn, id).await?;
    let state = &record.state;
    let flow = state.run.as_ref().map(|run| {
        let library = web.core.library.get();
        FlowDto { title: library.flow_title(&run.flow.name), name: run.flow.name.clone(), step: run.step.clone() }
    });
    let contact = ContactDto {
        id: identity.contact.to_string(),
        name: identity.name,
        // What a contact types in a flow is a claim and stands among the slots; this one is as good as its proof.
        email: identity.email,
        proof: identity.proof,
        facts: identity.facts,
    };
    let body = ConversationDto {
        row: Row::new(row, contact, web.core.hub.viewers(id, web.core.now())),
        slots: state.slots.clone(),
        flow,
        path: state.path.iter().map(StepDto::new).collect(),
        shown: state.shown.iter().map(ShownDto::new).collect(),
        open_question: state.open_question.clone(),
        brief: brief.map(BriefDto::new),
        earlier: earlier.into_iter().map(EarlierDto::new).collect(),
        seq: record.seq.0,
        created_at: time(state.created_at),
        resolution: state.resolution.as_ref().map(ResolutionDto::new),
        rating_comment,
    };
    Ok(tagged(record.version, body))
}

/// Entries of a conversation, in order.
#[utoipa::path(get, path = "/api/v1/conversations/{id}/entries", tag = "conversations", params(EntriesQuery),
    responses((status = 200, body = Page<EntryDto>), (status = 404, body = ProblemBody)))]
pub(super) async fn entries(
    State(web): State<Arc<Web>>,
    _: Anyone,
    Named(id): Named<ConversationId>,
    Asked(query): Asked<EntriesQuery>,
) -> Result<Json<Page<EntryDto>>, Problem> {
    let mut conn = web.core.store.reader().await?;
    conversations::get(&mut conn, id).await?.ok_or_else(|| Problem::not_found("conversation"))?;
    let limit = page_size(query.limit);
    let range = match (query.after, query.before) {
        (Some(_), Some(_)) => return Err(Problem::validation("/before", "give `after` or `before`, not both")),
        (None, Some(before)) => Range::Before(Seq(before)),
        (after, None) => Range::After(Seq(after.unwrap_or(0))),
    };
    let found = entries::read(&mut conn, id, range, false, limit).await?;
    let full = found.len() >= limit as usize;
    let edge = match range {
        Range::After(_) => found.last(),
        Range::Before(_) => found.first(),
    };
    let next = edge.filter(|_| full).map(|entry| entry.seq.0.to_string());
    Ok(Json(Page { data: shown(&mut conn, id, found).await?, next }))
}

/// A contact's message as it came, unchanged, as a file. Its bytes are hostile.
#[utoipa::path(get, path = "/api/v1/conversations/{id}/entries/{seq}/original", tag = "conversations",
    responses((status = 200, content_type = "application/octet-stream"), (status = 404, body = ProblemBody)))]
pub(super) async fn original(
    State(web): State<Arc<Web>>,
    _: Anyone,
    Path((id, seq)): Path<(String, u64)>,
) -> Result<Response, Problem> {
    let id: ConversationId = id.parse().map_err(|_| Problem::not_found("conversation"))?;
    let mut conn = web.core.store.reader().await?;
    let bytes = inbound::original(&mut conn, id, Seq(seq)).await?.ok_or_else(|| Problem::not_found("original"))?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}-{seq}.bin\"")),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

/// Says something to the contact. Only the holder may.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/reply", tag = "conversations", request_body = Reply,
    params(("Idempotency-Key" = String, Header, description = "the same on a retry")),
    responses((status = 201, body = EntryDto), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn reply(
    State(web): State<Arc<Web>>,
    Desk { agent }: Desk,
    Named(id): Named<ConversationId>,
    key: Key,
    Strict(body): Strict<Reply>,
) -> Result<Response, Problem> {
    let once = key.once(&["reply", &id.to_string(), &body.text]);
    let act = AgentAct::Reply {
        content: Content::markdown(bounded(body.text)?),
        seen: Seq(body.seen_seq),
        anyway: body.anyway,
        last_foreign: Seq::default(),
    };
    made(&web, desk::act(&web.core, &agent, id, act, Some(once)).await?).await
}

/// Writes a private note.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/notes", tag = "conversations", request_body = Note,
    params(("Idempotency-Key" = String, Header, description = "the same on a retry")),
    responses((status = 201, body = EntryDto), (status = 422, body = ProblemBody)))]
pub(super) async fn note(
    State(web): State<Arc<Web>>,
    Desk { agent }: Desk,
    Named(id): Named<ConversationId>,
    key: Key,
    Strict(body): Strict<Note>,
) -> Result<Response, Problem> {
    let once = key.once(&["note", &id.to_string(), &body.text]);
    let act = AgentAct::Note { text: bounded(body.text)? };
    made(&web, desk::act(&web.core, &agent, id, act, Some(once)).await?).await
}

fn bounded(text: String) -> Result<String, Problem> {
    let length = text.chars().count();
    if length > limits::AGENT_TEXT_CHARS_MAX {
        let most = limits::AGENT_TEXT_CHARS_MAX;
        return Err(Problem::validation("/text", format!("{length} characters; at most {most} are sent")));
    }
    Ok(text)
}

async fn made(web: &Web, done: desk::Done) -> Result<Response, Problem> {
    let entry = done.entry.ok_or_else(|| Problem::not_found("entry"))?;
    let mut shown = shown(&mut *web.core.store.reader().await?, done.record.state.id, vec![entry]).await?;
    Ok((StatusCode::CREATED, Json(shown.pop())).into_response())
}

/// Entries with the names of their deliveries.
async fn shown(conn: &mut Conn, conversation: ConversationId, all: Vec<Entry>) -> Result<Vec<EntryDto>, Problem> {
    let ours: Vec<Seq> = all.iter().filter(|entry| entry.delivery.is_some()).map(|entry| entry.seq).collect();
    let deliveries = deliveries::of_entries(conn, conversation, &ours).await?;
    let named = |entry: Entry| {
        let delivery = deliveries.get(&entry.seq).copied();
        EntryDto::new(entry, delivery)
    };
    Ok(all.into_iter().map(named).collect())
}

/// Takes the turn.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/claim", tag = "conversations", request_body = Claim,
    responses((status = 200, body = ConversationDto), (status = 409, body = ProblemBody)))]
pub(super) async fn claim(
    State(web): State<Arc<Web>>,
    Desk { agent }: Desk,
    Named(id): Named<ConversationId>,
    Strict(body): Strict<Claim>,
) -> Result<Response, Problem> {
    done(&web, &agent, id, AgentAct::Claim { from_colleague: body.from_colleague }).await
}

/// Hands the turn to a colleague or to a team's queue.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/transfer", tag = "conversations", request_body = Transfer,
    responses((status = 200, body = ConversationDto), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn transfer(
    State(web): State<Arc<Web>>,
    Desk { agent }: Desk,
    Named(id): Named<ConversationId>,
    Strict(body): Strict<Transfer>,
) -> Result<Response, Problem> {
    let note = body.note.map(bounded).transpose()?.filter(|note| !note.trim().is_empty());
    let act = match (body.agent_id, body.team) {
        (Some(to), None) => AgentAct::TransferToAgent { to: colleague(&web, &to).await?, note },
        (None, Some(team)) if web.core.library.get().teams().contains(&team) => AgentAct::TransferToTeam { team, note },
        (None, Some(team)) => return Err(Problem::validation("/team", format!("there is no team `{team}`"))),
        (Some(_), Some(_)) | (None, None) => {
            return Err(Problem::validation("/agent_id", "give either `agent_id` or `team`"));
        }
    };
    done(&web, &agent, id, act).await
}

async fn colleague(web: &Web, id: &str) -> Result<AgentRef, Problem> {
    let nobody = || Problem::validation("/agent_id", "there is no agent of this id who can take conversations");
    let id: AgentId = id.parse().map_err(|_| nobody())?;
    let found = accounts::agent(&mut *web.core.store.reader().await?, id).await?;
    let found = found.filter(|agent| !agent.disabled && agent.role != accounts::Role::Knowledge).ok_or_else(nobody)?;
    Ok(AgentRef { id: found.id, name: found.name })
}

/// Gives the turn back to the bot.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/return", tag = "conversations",
    responses((status = 200, body = ConversationDto), (status = 409, body = ProblemBody)))]
pub(super) async fn return_to_bot(
    State(web): State<Arc<Web>>,
    Desk { agent }: Desk,
    Named(id): Named<ConversationId>,
) -> Result<Response, Problem> {
    done(&web, &agent, id, AgentAct::ReturnToBot).await
}

/// Solves the conversation.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/resolve", tag = "conversations",
    responses((status = 200, body = ConversationDto), (status = 409, body = ProblemBody)))]
pub(super) async fn resolve(
    State(web): State<Arc<Web>>,
    Desk { agent }: Desk,
    Named(id): Named<ConversationId>,
) -> Result<Response, Problem> {
    done(&web, &agent, id, AgentAct::Resolve).await
}

/// Opens a solved conversation again.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/reopen", tag = "conversations",
    responses((status = 200, body = ConversationDto), (status = 409, body = ProblemBody)))]
pub(super) async fn reopen(
    State(web): State<Arc<Web>>,
    Desk { agent }: Desk,
    Named(id): Named<ConversationId>,
) -> Result<Response, Problem> {
    done(&web, &agent, id, AgentAct::Reopen).await
}

async fn done(web: &Arc<Web>, agent: &Agent, id: ConversationId, act: AgentAct) -> Result<Response, Problem> {
    desk::act(&web.core, agent, id, act, None).await?;
    whole(web, agent, id).await
}

/// Says that the agent has the conversation open. Holds for 45 seconds.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/presence", tag = "conversations", request_body = Presence,
    responses((status = 204), (status = 404, body = ProblemBody)))]
pub(super) async fn presence(
    State(web): State<Arc<Web>>,
    Anyone { agent }: Anyone,
    Named(id): Named<ConversationId>,
    Strict(body): Strict<Presence>,
) -> Result<StatusCode, Problem> {
    let record = conversations::get(&mut *web.core.store.reader().await?, id).await?;
    let record = record.ok_or_else(|| Problem::not_found("conversation"))?;
    let viewer =
        body.viewing.then(|| Viewer { id: agent.id.to_string(), name: agent.name.clone(), typing: body.typing });
    web.core.hub.see(id, agent.id, viewer, web.core.now());
    web.typing(&record, &agent, body.typing && body.viewing);
    let read = conversations::read_through(&mut *web.core.store.reader().await?, agent.id, id).await?;
    if body.viewing && read < record.seq {
        let (reader, through) = (agent.id, record.seq);
        web.core
            .store
            .write::<_, store::Error, _>(move |conn| Box::pin(conversations::mark_read(conn, reader, id, through)))
            .await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
