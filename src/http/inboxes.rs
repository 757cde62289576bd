//! Where messages leave by: what waits there, and whether it is paused because it fails as a whole.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Web;
use super::dto::time;
use super::guard::Anyone;
use super::problem::Problem;
use crate::store::circuits::{self, Circuit};
use crate::store::deliveries;
use crate::store::inboxes;
use crate::store::outbox::Target;

/// Inboxes and webhooks.
#[derive(Serialize, ToSchema)]
pub(super) struct Targets {
    data: Vec<InboxRow>,
    webhooks: Vec<WebhookRow>,
}

/// An inbox and its deliveries that are not over.
#[derive(Serialize, ToSchema)]
struct InboxRow {
    id: String,
    slug: String,
    name: String,
    /// The kind of medium, for display.
    kind: String,
    /// On their way.
    pending: i64,
    failed: i64,
    /// Perhaps delivered.
    uncertain: i64,
    /// Not null: the inbox fails as a whole and is paused.
    circuit: Option<CircuitDto>,
}

/// A webhook and its events that are not over.
#[derive(Serialize, ToSchema)]
struct WebhookRow {
    name: String,
    /// The host of its address.
    url_host: String,
    pending: i64,
    failed: i64,
    /// Not null: the endpoint fails as a whole and is paused.
    circuit: Option<CircuitDto>,
}

/// A pause.
#[derive(Serialize, ToSchema)]
struct CircuitDto {
    since: String,
    /// When one delivery is tried.
    retry_at: String,
    error: String,
    failures: i64,
}

impl CircuitDto {
    fn new(circuit: &Circuit) -> Self {
        Self {
            since: time(circuit.since),
            retry_at: time(circuit.retry_at),
            error: circuit.error.clone(),
            failures: circuit.failures,
        }
    }
}

/// What waits in each inbox, and which of them are paused. Inboxes that are not configured any more are listed while something
/// of theirs is not over.
#[utoipa::path(get, path = "/api/v1/inboxes", tag = "outbox", responses((status = 200, body = Targets)))]
pub(super) async fn list(State(web): State<Arc<Web>>, _: Anyone) -> Result<Json<Targets>, Problem> {
    let mut conn = web.core.store.snapshot().await?;
    let (tallies, circuits) = (deliveries::tallies(&mut conn).await?, circuits::all(&mut conn).await?);
    let mut data = Vec::new();
    for inbox in inboxes::all(&mut conn).await? {
        let target = Target::Inbox(inbox.id);
        let tally = tallies.get(&target).copied();
        if tally.is_none() && !web.adapters.contains_key(&inbox.id) {
            continue;
        }
        let tally = tally.unwrap_or_default();
        data.push(InboxRow {
            id: inbox.id.to_string(),
            slug: inbox.slug,
            name: inbox.name,
            kind: inbox.kind,
            pending: tally.pending,
            failed: tally.failed,
            uncertain: tally.uncertain,
            circuit: circuits.get(&target).map(CircuitDto::new),
        });
    }
    let webhooks = web.core.webhooks.get().into_iter().flat_map(|webhooks| webhooks.iter());
    let webhooks = webhooks.map(|webhook| {
        let target = Target::Webhook(webhook.name.clone());
        let tally = tallies.get(&target).copied().unwrap_or_default();
        WebhookRow {
            name: webhook.name.clone(),
            url_host: webhook.url.host_str().unwrap_or_default().to_owned(),
            pending: tally.pending,
            failed: tally.failed,
            circuit: circuits.get(&target).map(CircuitDto::new),
        }
    });
    Ok(Json(Targets { data, webhooks: webhooks.collect() }))
}
