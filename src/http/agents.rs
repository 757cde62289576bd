//! Accounts of agents: everybody may see who there is, admins change it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use switchboard_contract::AgentId;
use utoipa::ToSchema;

use super::Web;
use super::dto::{AgentDto, Page};
use super::guard::{Administrator, Anyone, Key, Named, Strict};
use super::problem::{Problem, ProblemBody};
use crate::service::accounts::{self as service, AccountChange};
use crate::store::accounts::{self, Role};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAgent {
    email: String,
    #[serde(default)]
    name: String,
    role: Role,
}

/// A new account and the link that opens it, shown once.
#[derive(Serialize, ToSchema)]
pub(super) struct Invited {
    agent: AgentDto,
    invitation_url: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Invitation {
    invitation_url: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    name: Option<String>,
    role: Option<Role>,
    disabled: Option<bool>,
}

/// All agents.
#[utoipa::path(get, path = "/api/v1/agents", tag = "agents", responses((status = 200, body = Page<AgentDto>)))]
pub(super) async fn list(State(web): State<Arc<Web>>, _: Anyone) -> Result<Json<Page<AgentDto>>, Problem> {
    let agents = accounts::agents(&mut *web.core.store.reader().await?).await?;
    let online = web.core.hub.online();
    let data = agents
        .into_iter()
        .map(|agent| {
            let here = online.binary_search(&agent.id).is_ok();
            AgentDto::new(agent, here)
        })
        .collect();
    Ok(Json(Page { data, next: None }))
}

/// Adds an agent. A repeated request gets the same account with a new link, and the link before ends.
#[utoipa::path(post, path = "/api/v1/agents", tag = "agents", request_body = NewAgent,
    params(("Idempotency-Key" = String, Header, description = "the same on a retry")),
    responses((status = 201, body = Invited), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn add(
    State(web): State<Arc<Web>>,
    Administrator { agent: admin }: Administrator,
    key: Key,
    Strict(body): Strict<NewAgent>,
) -> Result<(StatusCode, Json<Invited>), Problem> {
    let once = key.once(&["agent", &body.email, &body.name, &format!("{:?}", body.role)]);
    let invited = service::invite(&web.core, &body.email, &body.name, body.role, Some((admin.id, once)));
    let (agent, token) = invited.await?;
    tracing::info!(agent.id = %agent.id, agent.role = ?agent.role, by = %admin.id, "an account was added");
    let invited = Invited { agent: AgentDto::new(agent, false), invitation_url: invitation_url(&web.base_url, &token) };
    Ok((StatusCode::CREATED, Json(invited)))
}

/// Changes name or role, or forbids signing in.
#[utoipa::path(patch, path = "/api/v1/agents/{id}", tag = "agents", request_body = Change,
    responses((status = 200, body = AgentDto), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn change(
    State(web): State<Arc<Web>>,
    Administrator { agent: admin }: Administrator,
    Named(id): Named<AgentId>,
    Strict(body): Strict<Change>,
) -> Result<Json<AgentDto>, Problem> {
    tracing::info!(agent.id = %id, agent.role = ?body.role, disabled = ?body.disabled, by = %admin.id, "an account changes");
    let change = AccountChange { name: body.name, role: body.role, disabled: body.disabled };
    Ok(Json(AgentDto::new(service::change(&web.core, id, change).await?, false)))
}

/// A new link for an agent who lost theirs or their password. Earlier links end.
#[utoipa::path(post, path = "/api/v1/agents/{id}/invitation", tag = "agents",
    responses((status = 200, body = Invitation), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub(super) async fn invite_again(
    State(web): State<Arc<Web>>,
    Administrator { agent: admin }: Administrator,
    Named(id): Named<AgentId>,
) -> Result<Json<Invitation>, Problem> {
    let token = service::invite_again(&web.core, id).await?;
    tracing::info!(agent.id = %id, by = %admin.id, "an account got a new link");
    Ok(Json(Invitation { invitation_url: invitation_url(&web.base_url, &token) }))
}

/// The address of a link.
pub fn invitation_url(base_url: &str, token: &str) -> String {
    format!("{base_url}/invite/{token}")
}
