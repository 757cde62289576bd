//! What a browser loads: the console, the widget, the demo page. Built from `web/` and embedded; a build without them says so
//! instead of serving nothing.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

use super::Web;
use super::problem::Problem;

#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Bundle;

/// `fresh`, `stale` or `missing`: how the embedded bundle compared with its sources when the program was built.
const BUNDLE_STATE: &str = env!("WEB_PAGES_AT_BUILD");

/// Policies of the console: everything from here, nothing inline.
const CONSOLE_POLICY: &str = "default-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; \
                              base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// Policies of the demo page: what a careful site allows the widget.
const DEMO_POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; \
                           base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) fn router() -> Router<Arc<Web>> {
    Router::new()
        .route("/", get(async || Redirect::temporary("/console")))
        .route("/console", get(async || console("index.html")))
        .route("/console/", get(async || console("index.html")))
        .route("/console/{*path}", get(async |Path(path): Path<String>| console(&path)))
        .route("/invite/{token}", get(async |Path(token): Path<String>| invite(&token)))
        .route("/widget.js", get(async || file("widget.js", "no-cache")))
        .route("/demo", get(demo))
        .route("/demo.css", get(async || ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], DEMO_STYLE)))
}

/// What is wrong with the embedded pages, if anything is.
pub fn bundle_problem() -> Option<&'static str> {
    match BUNDLE_STATE {
        "fresh" => None,
        "missing" => Some("this program was built without its web pages: run `make web` and build it again"),
        _ => Some("the web pages inside this program are older than their sources: run `make web` and build it again"),
    }
}

/// A file of the console; any path that names none is the console's own business.
fn console(path: &str) -> Response {
    let (name, cache) = if path.starts_with("assets/") {
        (format!("console/{path}"), "public, max-age=31536000, immutable")
    } else if path.contains('.') {
        (format!("console/{path}"), "no-cache")
    } else {
        ("console/index.html".to_owned(), "no-cache")
    };
    let mut response = file(&name, cache);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONSOLE_POLICY));
    response
}

fn invite(token: &str) -> Response {
    let clean = token.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !clean {
        return Problem::not_found("invitation").into_response();
    }
    Redirect::temporary(&format!("/console/invite/{token}")).into_response()
}

fn file(path: &str, cache: &'static str) -> Response {
    if let Some(found) = Bundle::get(path) {
        let kind = mime_guess::from_path(path).first_or_octet_stream().to_string();
        return ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache.to_owned())], found.data.into_owned())
            .into_response();
    }
    match bundle_problem() {
        Some(problem) => (StatusCode::SERVICE_UNAVAILABLE, format!("{problem}\n")).into_response(),
        None => Problem::not_found("file").into_response(),
    }
}

async fn demo(State(web): State<Arc<Web>>) -> Response {
    let Some(inbox) = &web.demo_inbox else { return Problem::not_found("web chat inbox").into_response() };
    // The slug is checked to be a-z, 0-9 and hyphens when the configuration is read.
    let page = DEMO_PAGE.replace("{inbox}", inbox);
    ([(header::CONTENT_SECURITY_POLICY, DEMO_POLICY), (header::CACHE_CONTROL, "no-cache")], Html(page)).into_response()
}

const DEMO_PAGE: &str = include_str!("demo.html");
const DEMO_STYLE: &str = include_str!("demo.css");
