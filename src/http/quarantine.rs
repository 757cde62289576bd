//! What could not be filed, for admins: looked at, tried again, dismissed.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Web;
use super::dto::{self, millis, time};
use super::guard::{Administrator, Named, Strict};
use super::problem::{Problem, ProblemBody};
use crate::service::quarantine::{self as service, Error, Retried};

/// An item in quarantine. Its bytes are hostile: show the text as text.
#[derive(Serialize, ToSchema)]
pub(super) struct QuarantineItem {
    id: i64,
    inbox: dto::Named,
    external_id: String,
    /// When it came.
    at: String,
    /// What was wrong at the newest attempt.
    reason: String,
    /// How many bytes are kept.
    bytes: i64,
    /// The beginning of the bytes read as UTF-8, with replacement characters; null once they were dropped.
    text: Option<String>,
    /// There are more bytes than the text shows.
    text_cut: bool,
    raw_dropped_at: Option<String>,
    /// This version can read it, so that trying again makes sense.
    can_retry: bool,
}

/// How a retry ended.
#[derive(Serialize, ToSchema)]
pub(super) struct RetriedDto {
    /// `filed`, `filtered` or `quarantined`.
    outcome: &'static str,
    /// Where it was filed.
    conversation: Option<String>,
    /// Why it was not filed.
    reason: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Dismissal {
    /// Why, 1 to 500 characters.
    reason: String,
}

/// How a dismissal ended.
#[derive(Serialize, ToSchema)]
pub(super) struct Dismissed {
    /// `filtered`.
    outcome: &'static str,
    /// Who dismissed it, and why.
    reason: String,
}

/// One item in quarantine.
#[utoipa::path(get, path = "/api/v1/quarantine/{id}", tag = "ledger",
    responses((status = 200, body = QuarantineItem), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn item(
    State(web): State<Arc<Web>>,
    _: Administrator,
    Named(id): Named<i64>,
) -> Result<Json<QuarantineItem>, Problem> {
    let shown = service::look(&web.core, &web.adapters, id).await?;
    let item = shown.item;
    Ok(Json(QuarantineItem {
        id: item.id,
        inbox: dto::Named { id: item.inbox.to_string(), name: Some(item.inbox_name) },
        external_id: item.external_id.0,
        at: time(item.received_at),
        reason: item.reason,
        bytes: item.bytes,
        text: shown.text,
        text_cut: shown.text_cut,
        raw_dropped_at: item.raw_dropped_at.map(millis),
        can_retry: shown.can_retry,
    }))
}

/// The bytes of an item in quarantine, unchanged, as a file.
#[utoipa::path(get, path = "/api/v1/quarantine/{id}/raw", tag = "ledger",
    responses((status = 200, content_type = "application/octet-stream"), (status = 404, body = ProblemBody),
              (status = 409, body = ProblemBody)))]
pub(super) async fn raw(
    State(web): State<Arc<Web>>,
    _: Administrator,
    Named(id): Named<i64>,
) -> Result<Response, Problem> {
    let raw = service::raw(&web.core, id).await?;
    // Never shown by a browser in our name: whoever wrote them is a stranger.
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"inbound-{id}.bin\"")),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, raw).into_response())
}

/// Tries to file an item again. It stands in its conversation at the time of filing. A second click finds it filed: 409.
#[utoipa::path(post, path = "/api/v1/quarantine/{id}/retry", tag = "ledger",
    responses((status = 200, body = RetriedDto), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn retry(
    State(web): State<Arc<Web>>,
    Administrator { agent }: Administrator,
    Named(id): Named<i64>,
) -> Result<Json<RetriedDto>, Problem> {
    let retried = service::retry(&web.core, &web.adapters, id, &agent.name).await?;
    tracing::info!(inbound.id = id, by = %agent.id, "a quarantined item was tried again");
    Ok(Json(match retried {
        Retried::Filed(conversation) => {
            RetriedDto { outcome: "filed", conversation: Some(conversation.to_string()), reason: None }
        }
        Retried::Filtered(reason) => RetriedDto { outcome: "filtered", conversation: None, reason: Some(reason) },
        Retried::Quarantined(reason) => RetriedDto { outcome: "quarantined", conversation: None, reason: Some(reason) },
    }))
}

/// Takes an item out of quarantine unfiled. It stays in the ledger, filtered, with who dismissed it and why.
#[utoipa::path(post, path = "/api/v1/quarantine/{id}/dismiss", tag = "ledger", request_body = Dismissal,
    responses((status = 200, body = Dismissed), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
              (status = 422, body = ProblemBody)))]
pub(super) async fn dismiss(
    State(web): State<Arc<Web>>,
    Administrator { agent }: Administrator,
    Named(id): Named<i64>,
    Strict(body): Strict<Dismissal>,
) -> Result<Json<Dismissed>, Problem> {
    let reason = service::dismiss(&web.core, id, &agent.name, &body.reason).await?;
    tracing::info!(inbound.id = id, by = %agent.id, "a quarantined item was dismissed");
    Ok(Json(Dismissed { outcome: "filtered", reason }))
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::NotFound => Self::not_found("item"),
            Error::NotInQuarantine(_) => Self::new(StatusCode::CONFLICT, "not_in_quarantine", detail),
            Error::BadReason => Self::validation("/reason", detail),
            Error::Store(error) => error.into(),
        }
    }
}
