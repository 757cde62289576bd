//! Deliveries: what is stuck or on its way, sent again or given up with one click.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use switchboard_contract::DeliveryId;
use utoipa::{IntoParams, ToSchema};

use super::Web;
use super::conversations::page_size;
use super::dto::time;
use super::guard::{Anyone, Asked, Desk, Named, Strict};
use super::problem::{Problem, ProblemBody};
use crate::service::redrive::{self, Decision};
use crate::store::deliveries::{self, Shown, Which};
use crate::store::outbox::Target;

/// Which deliveries, and which page of them.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// `stuck` (failed or perhaps delivered; the default), `failed`, `uncertain`, or `pending` (all on their way).
    #[serde(default)]
    state: Filter,
    /// Where the page before it ended.
    cursor: Option<String>,
    /// How many rows, at most 200; 50 unless given.
    limit: Option<u32>,
}

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Filter {
    #[default]
    Stuck,
    Pending,
    Failed,
    Uncertain,
}

/// A page of deliveries, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct Deliveries {
    data: Vec<DeliveryRow>,
    /// Pass this as `cursor` for the next page; null at the end.
    next_cursor: Option<String>,
}

/// A delivery.
#[derive(Serialize, ToSchema)]
pub(super) struct DeliveryRow {
    id: String,
    /// `pending`, `sending`, `sent`, `uncertain`, `failed` or `dropped`.
    #[schema(value_type = String)]
    state: deliveries::State,
    target: TargetDto,
    conversation: Option<ConversationRef>,
    /// The beginning of the message, or the event's type.
    preview: String,
    /// Attempts begun.
    attempts: i64,
    /// What went wrong last.
    error: Option<String>,
    /// When it is tried again, while it is pending.
    due_at: Option<String>,
    created_at: String,
}

/// Where a delivery leaves by.
#[derive(Serialize, ToSchema)]
struct TargetDto {
    /// `inbox` or `webhook`.
    kind: &'static str,
    id: String,
    name: String,
}

/// The conversation a delivery belongs to.
#[derive(Serialize, ToSchema)]
struct ConversationRef {
    id: String,
    number: i64,
}

impl DeliveryRow {
    fn new(shown: Shown) -> Self {
        let (kind, id, name) = match &shown.target {
            Target::Inbox(id) => ("inbox", id.to_string(), shown.inbox_name.unwrap_or_default()),
            Target::Webhook(name) => ("webhook", shown.target.to_string(), name.clone()),
        };
        Self {
            id: shown.id.to_string(),
            state: shown.state,
            target: TargetDto { kind, id, name },
            conversation: shown.conversation.map(|(id, number)| ConversationRef { id: id.to_string(), number }),
            preview: shown.preview,
            attempts: shown.attempts,
            error: shown.error,
            due_at: shown.due_at.map(time),
            created_at: time(shown.created_at),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Retry {
    /// Also where it was perhaps delivered and the channel would deliver it twice.
    #[serde(default)]
    even_if_delivered: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Drop {
    /// Why, 1 to 500 characters.
    reason: String,
}

/// Deliveries that are stuck or on their way, newest first.
#[utoipa::path(get, path = "/api/v1/outbox", tag = "outbox", params(ListQuery),
    responses((status = 200, body = Deliveries), (status = 422, body = ProblemBody)))]
pub(super) async fn list(
    State(web): State<Arc<Web>>,
    _: Anyone,
    Asked(query): Asked<ListQuery>,
) -> Result<Json<Deliveries>, Problem> {
    let which = match query.state {
        Filter::Stuck => Which::Stuck,
        Filter::Pending => Which::Open,
        Filter::Failed => Which::In(deliveries::State::Failed),
        Filter::Uncertain => Which::In(deliveries::State::Uncertain),
    };
    let before: Option<DeliveryId> = match query.cursor.as_deref().map(str::parse).transpose() {
        Ok(before) => before,
        Err(_) => return Err(Problem::validation("/cursor", "not a position: pass what `next_cursor` said")),
    };
    let limit = page_size(query.limit);
    let mut rows = deliveries::list(&mut *web.core.store.reader().await?, which, before, limit + 1).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(|row| row.id.to_string());
    Ok(Json(Deliveries { data: rows.into_iter().map(DeliveryRow::new).collect(), next_cursor }))
}

/// Sends a stuck delivery again, under the id it had. 409 `perhaps_delivered` asks for `even_if_delivered`.
#[utoipa::path(post, path = "/api/v1/outbox/{id}/retry", tag = "outbox", request_body = Retry,
    responses((status = 200, body = DeliveryRow), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn retry(
    State(web): State<Arc<Web>>,
    Desk { agent }: Desk,
    Named(id): Named<DeliveryId>,
    Strict(body): Strict<Retry>,
) -> Result<Json<DeliveryRow>, Problem> {
    let decision = Decision::Retry { even_if_delivered: body.even_if_delivered };
    Ok(Json(DeliveryRow::new(redrive::decide(&web.core, &agent.name, id, decision).await?)))
}

/// Gives a stuck delivery up, with a reason.
#[utoipa::path(post, path = "/api/v1/outbox/{id}/drop", tag = "outbox", request_body = Drop,
    responses((status = 200, body = DeliveryRow), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub(super) async fn drop(
    State(web): State<Arc<Web>>,
    Desk { agent }: Desk,
    Named(id): Named<DeliveryId>,
    Strict(body): Strict<Drop>,
) -> Result<Json<DeliveryRow>, Problem> {
    let decision = Decision::Drop { reason: body.reason };
    Ok(Json(DeliveryRow::new(redrive::decide(&web.core, &agent.name, id, decision).await?)))
}
