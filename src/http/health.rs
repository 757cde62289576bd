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
    let works = if let Some((_, works)) = fresh {
        works
    } else {
        let probed = web.core.store.probe().await;
        if let Err(error) = &probed {
            tracing::error!(%error, "the store fails its probe");
        }
        *last = Some((Instant::now(), probed.is_ok()));
        probed.is_ok()
    };
    if works {
        (StatusCode::OK, Json(json!({"ready": true})))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"ready": false, "why": "the store fails; the log says how"})))
    }
}
