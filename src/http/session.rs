//! Signing in and out, and taking an invitation.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Web;
use super::dto::{AgentDto, time};
use super::guard::{Anyone, COOKIE, From, Named, Strict, session_token};
use super::problem::{Problem, ProblemBody};
use crate::service::accounts::{self, SignedIn};
use crate::store::accounts::{Agent, Role};

/// Who is signed in, and what the console has to know of the server.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionDto {
    agent: AgentDto,
    server: ServerDto,
}

/// What the console has to know of the server.
#[derive(Serialize, ToSchema)]
struct ServerDto {
    version: &'static str,
    title: String,
    bot_name: String,
    languages: Vec<String>,
    teams: Vec<String>,
    widget_url: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    email: String,
    password: String,
}

/// Whom an invitation is for.
#[derive(Serialize, ToSchema)]
pub(super) struct InvitationDto {
    email: String,
    name: String,
    role: Role,
    expires_at: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Accept {
    name: String,
    /// At least 10 characters.
    password: String,
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/v1/session", tag = "session",
    responses((status = 200, body = SessionDto), (status = 401, body = ProblemBody)))]
pub(super) async fn who(State(web): State<Arc<Web>>, Anyone { agent }: Anyone) -> Json<SessionDto> {
    Json(describe(&web, agent))
}

/// Signs in: sets the session's cookie.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = SignIn,
    responses((status = 200, body = SessionDto), (status = 401, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub(super) async fn sign_in(
    State(web): State<Arc<Web>>,
    From(from): From,
    Strict(body): Strict<SignIn>,
) -> Result<Response, Problem> {
    let signed_in =
        accounts::sign_in(&web.core, &web.door, &from, &body.email, body.password, web.session_holds).await?;
    Ok(with_cookie(&web, signed_in))
}

/// Signs out.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses((status = 204)))]
pub(super) async fn sign_out(State(web): State<Arc<Web>>, headers: HeaderMap) -> Result<Response, Problem> {
    if let Some(token) = session_token(&headers) {
        accounts::sign_out(&web.core, token).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie(&web, "", 0))]).into_response())
}

/// Whom a link is for.
#[utoipa::path(get, path = "/api/v1/invitations/{token}", tag = "session",
    responses((status = 200, body = InvitationDto), (status = 404, body = ProblemBody)))]
pub(super) async fn invitation(
    State(web): State<Arc<Web>>,
    Named(token): Named<String>,
) -> Result<Json<InvitationDto>, Problem> {
    let (agent, expires) = accounts::invited(&web.core, &token).await?;
    Ok(Json(InvitationDto { email: agent.email, name: agent.name, role: agent.role, expires_at: time(expires) }))
}

/// Takes an invitation: sets name and password and signs in. The link works once.
#[utoipa::path(post, path = "/api/v1/invitations/{token}", tag = "session", request_body = Accept,
    responses((status = 200, body = SessionDto), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn accept(
    State(web): State<Arc<Web>>,
    Named(token): Named<String>,
    Strict(body): Strict<Accept>,
) -> Result<Response, Problem> {
    let signed_in =
        accounts::accept_invitation(&web.core, &web.door, &token, &body.name, body.password, web.session_holds).await?;
    Ok(with_cookie(&web, signed_in))
}

fn with_cookie(web: &Web, signed_in: SignedIn) -> Response {
    let cookie = cookie(web, &signed_in.token, web.session_holds.as_secs());
    ([(header::SET_COOKIE, cookie)], Json(describe(web, signed_in.agent))).into_response()
}

fn cookie(web: &Web, token: &str, seconds: u64) -> String {
    let secure = if web.base_url.starts_with("https:") { "; Secure" } else { "" };
    format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")
}

fn describe(web: &Web, agent: Agent) -> SessionDto {
    let library = web.core.library.get();
    SessionDto {
        agent: AgentDto::new(agent, true),
        server: ServerDto {
            version: env!("CARGO_PKG_VERSION"),
            title: web.title.clone(),
            bot_name: library.book.name.clone(),
            languages: library.book.languages.clone(),
            teams: library.teams(),
            widget_url: format!("{}/widget.js", web.base_url),
        },
    }
}
