//! The HTTP side: JSON API with its `OpenAPI` document, console, demo page, widget, health and metrics.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware;
use axum::response::IntoResponse;
use switchboard_engine::Handler;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::config::Network;
use crate::core::Core;
use crate::limits;
use crate::outbox::Adapters;
use crate::service::accounts::Doorkeeper;
use crate::store::accounts::Agent;
use crate::store::conversations::Record;

mod agents;
mod conversations;
mod documents;
mod dto;
mod events;
mod guard;
mod health;
mod inboxes;
mod ledger;
mod metrics;
mod outbox;
mod pages;
mod problem;
mod quarantine;
mod session;

pub use agents::invitation_url;
pub use pages::bundle_problem;

/// What the HTTP side needs.
pub struct Web {
    /// The core.
    pub core: Arc<Core>,
    /// The adapters, for what is fleeting.
    pub adapters: Arc<Adapters>,
    /// Checks passwords.
    pub door: Doorkeeper,
    /// How long a session holds.
    pub session_holds: std::time::Duration,
    /// The address people use, without a slash at the end.
    pub base_url: String,
    /// The name at the top of the console.
    pub title: String,
    /// The slug of the inbox that the demo page uses.
    pub demo_inbox: Option<String>,
    /// Whose forwarding headers are believed.
    pub trusted: Vec<Network>,
    /// Fires when the program stops.
    pub stop: switchboard_contract::StopToken,
    /// When the store was probed last, and what was wrong with it.
    pub probed: tokio::sync::Mutex<Option<(tokio::time::Instant, Option<&'static str>)>>,
    /// The figures given last.
    pub figures: tokio::sync::Mutex<Option<(tokio::time::Instant, String)>>,
    /// When the program started.
    pub started: switchboard_contract::Timestamp,
}

impl Web {
    /// Shows the contact that the agent who holds the turn is writing, where the channel can.
    fn typing(&self, record: &Record, agent: &Agent, on: bool) {
        let holds = matches!(&record.state.handler, Handler::Agent { agent: holder, .. } if holder.id == agent.id);
        let adapter = self.adapters.get(&record.inbox).filter(|_| holds);
        if let Some(typing) = adapter.and_then(|adapter| adapter.extras().typing) {
            typing.typing(&record.thread, &agent.name, on);
        }
    }
}

#[derive(OpenApi)]
#[openapi(info(
    title = "Switchboard",
    description = "The API behind the agent console. Sign in with `POST /api/v1/session`; errors are problem details \
                   (RFC 9457) with a stable `code`."
))]
struct Document;

/// The API's routes and document.
fn api() -> (Router<Arc<Web>>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(session::who, session::sign_in, session::sign_out))
        .routes(routes!(session::invitation, session::accept))
        .routes(routes!(agents::list, agents::add))
        .routes(routes!(agents::change))
        .routes(routes!(agents::invite_again))
        .routes(routes!(conversations::counts))
        .routes(routes!(conversations::list))
        .routes(routes!(conversations::get))
        .routes(routes!(conversations::entries))
        .routes(routes!(conversations::original))
        .routes(routes!(conversations::reply))
        .routes(routes!(conversations::note))
        .routes(routes!(conversations::claim))
        .routes(routes!(conversations::transfer))
        .routes(routes!(conversations::return_to_bot))
        .routes(routes!(conversations::resolve))
        .routes(routes!(conversations::reopen))
        .routes(routes!(conversations::presence))
        .routes(routes!(events::events))
        .routes(routes!(documents::articles))
        .routes(routes!(documents::article, documents::put_article, documents::retire_article))
        .routes(routes!(documents::flows))
        .routes(routes!(documents::flow, documents::put_flow, documents::retire_flow))
        .routes(routes!(documents::lint))
        .routes(routes!(documents::bot_book, documents::put_bot_book))
        .routes(routes!(documents::ask))
        .routes(routes!(documents::unanswered))
        .routes(routes!(ledger::ledger))
        .routes(routes!(quarantine::item))
        .routes(routes!(quarantine::raw))
        .routes(routes!(quarantine::retry))
        .routes(routes!(quarantine::dismiss))
        .routes(routes!(inboxes::list))
        .routes(routes!(outbox::list))
        .routes(routes!(outbox::retry))
        .routes(routes!(outbox::drop))
        .split_for_parts()
}

/// The `OpenAPI` document, as JSON text.
pub fn openapi() -> String {
    api().1.to_pretty_json().unwrap_or_default()
}

/// Everything that is served. `channels` are the routes of adapters, mounted as they are.
pub fn router(web: Arc<Web>, channels: Router) -> Router {
    let (api, _) = api();
    let api = api
        .route(
            "/api/v1/openapi.json",
            axum::routing::get(async || ([(header::CONTENT_TYPE, "application/json")], openapi()).into_response()),
        )
        .route("/api/{*rest}", axum::routing::any(async || problem::Problem::not_found("route")))
        .layer(middleware::from_fn(guard::same_origin))
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES_MAX))
        .layer(header_of(header::CACHE_CONTROL, "no-store"));
    Router::new()
        .merge(api)
        .merge(pages::router())
        .merge(health::router())
        .merge(metrics::router())
        .with_state(web)
        .merge(channels)
        .layer(header_of(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header_of(header::REFERRER_POLICY, "same-origin"))
}

/// The address a request comes from: the peer's, or what a trusted proxy says of it.
pub fn client_address(request: &Request, trusted: &[Network]) -> Option<IpAddr> {
    let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    Some(guard::client(peer.ip(), request.headers(), trusted))
}

/// Sets a header where the route has not set it itself.
fn header_of(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}
