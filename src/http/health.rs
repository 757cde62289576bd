//! Is the process alive, and can it serve?

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::Web;

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready))
}

/// Ready when the store can be written and read and the program is not stopping.
async fn ready(State(web): State<Arc<Web>>) -> (StatusCode, Json<Value>) {
    if web.stop.is_stopped() {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"ready": false, "why": "the program is stopping"})));
    }
    match web.core.store.probe().await {
        Ok(()) => (StatusCode::OK, Json(json!({"ready": true}))),
        Err(error) => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"ready": false, "why": format!("the store fails: {error}")})))
        }
    }
}
