//! Is the process alive, and can it serve?

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Web;
use crate::limits;
use crate::store::{Store, Trouble};

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready))
}

/// Ready when the store can be written and read and the program is not stopping.
async fn ready(State(web): State<Arc<Web>>) -> (StatusCode, Json<Value>) {
    if web.stop.is_stopped() {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"ready": false, "why": "the program is stopping"})));
    }
    let mut last = web.probed.lock().await;
    let fresh = last.filter(|(at, _)| at.elapsed() < limits::HEALTH_CACHED);
    let why = if let Some((_, why)) = fresh {
        why
    } else {
        let why = trouble(&web.core.store).await;
        *last = Some((Instant::now(), why));
        why
    };
    match why {
        None => (StatusCode::OK, Json(json!({"ready": true}))),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"ready": false, "why": why}))),
    }
}

/// Why the database can't be used, in an operator's words.
async fn trouble(store: &Store) -> Option<&'static str> {
    match tokio::time::timeout(limits::PROBE_MAX, store.probe()).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => {
            tracing::debug!(%error, "the database fails its probe");
            Some(Trouble::of(&error).unwrap_or(Trouble::Failing).words())
        }
        // The probe waits behind others; what befell them will befall it.
        Err(_) => Some(store.trouble().unwrap_or(Trouble::Slow).words()),
    }
}
