//! Figures for Prometheus, read from the database when they are asked for: no counter is lost with a restart.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use switchboard_contract::{AgentId, Timestamp};

use super::Web;
use super::problem::Problem;
use crate::limits;
use crate::store::{circuits, conversations, deliveries, ledger, outbox, timers};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct InboxOutcome {
    inbox: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct TeamLabel {
    team: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct TargetState {
    target: String,
    state: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct TargetLabel {
    target: String,
}

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(State(web): State<Arc<Web>>) -> Result<Response, Problem> {
    let mut last = web.figures.lock().await;
    let fresh = last.as_ref().filter(|(at, _)| at.elapsed() < limits::HEALTH_CACHED).map(|(_, text)| text.clone());
    let text = if let Some(text) = fresh {
        text
    } else {
        let text = figures(&web).await?;
        *last = Some((tokio::time::Instant::now(), text.clone()));
        text
    };
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

async fn figures(web: &Web) -> Result<String, Problem> {
    let mut conn = web.core.store.snapshot().await?;
    let now = web.core.now();
    let mut registry = Registry::with_prefix("switchboard");

    let inbound = Family::<InboxOutcome, Gauge>::default();
    for account in ledger::accounts(&mut conn, Timestamp::from_millis(0), now).await? {
        let outcomes = [
            ("filed", account.filed),
            ("duplicate", account.duplicate),
            ("filtered", account.filtered),
            ("quarantined", account.quarantined),
        ];
        for (outcome, count) in outcomes {
            inbound.get_or_create(&InboxOutcome { inbox: account.slug.clone(), outcome }).set(count);
        }
    }
    registry.register("inbound", "Inbound items kept, by inbox and outcome", inbound);

    let waiting = Family::<TeamLabel, Gauge>::default();
    for (team, count) in conversations::queues(&mut conn).await? {
        waiting.get_or_create(&TeamLabel { team }).set(i64::from(count));
    }
    registry.register("queue_waiting", "Conversations that wait for a person", waiting);

    let nobody = AgentId::from_parts(Timestamp::from_millis(0), 0);
    let (_, _, open) = conversations::counts(&mut conn, nobody).await?;
    register(&mut registry, "conversations_open", "Conversations that are not solved", open);
    register(&mut registry, "outbox_pending", "Deliveries on their way", outbox::count_open(&mut conn).await?);

    let given_up = timers::count_given_up(&mut conn).await?;
    register(&mut registry, "timers_given_up", "Timers that could not fire; tried again at the next start", given_up);
    let (stuck, paused) = (Family::<TargetState, Gauge>::default(), Family::<TargetLabel, Gauge>::default());
    for (target, tally) in deliveries::tallies(&mut conn).await? {
        for (state, count) in [("failed", tally.failed), ("uncertain", tally.uncertain)] {
            stuck.get_or_create(&TargetState { target: target.to_string(), state }).set(count);
        }
    }
    registry.register("outbox_stuck", "Deliveries that wait for a person's decision", stuck);
    for target in circuits::all(&mut conn).await?.into_keys() {
        paused.get_or_create(&TargetLabel { target: target.to_string() }).set(1);
    }
    registry.register("outbox_paused", "Inboxes and webhooks that fail as a whole and are paused", paused);

    let age = outbox::oldest(&mut conn).await?.map_or(0.0, |oldest| now.since(oldest).as_secs_f64());
    let oldest = Gauge::<f64, AtomicU64>::default();
    oldest.set(age);
    registry.register_with_unit("outbox_oldest_age", "Age of the oldest delivery on its way", Unit::Seconds, oldest);

    let up = Gauge::<f64, AtomicU64>::default();
    up.set(now.since(web.started).as_secs_f64());
    registry.register_with_unit("uptime", "Time since the program started", Unit::Seconds, up);
    registry.register("build", "The running program", Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]));

    let mut text = String::new();
    encode(&mut text, &registry).map_err(|error| {
        tracing::error!(%error, "metrics could not be written");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the figures can't be written; see the log")
    })?;
    Ok(text)
}

fn register(registry: &mut Registry, name: &str, help: &str, value: i64) {
    let gauge = Gauge::<i64>::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}
