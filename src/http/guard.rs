//! Who may come in: sessions from the cookie, roles, same-origin writes, strict bodies, idempotency keys.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

use super::Web;
use super::problem::Problem;
use crate::config::Network;
use crate::limits;
use crate::service::{accounts, desk};
use crate::store::accounts::{Agent, Role};

/// The name of the session's cookie.
pub(super) const COOKIE: &str = "switchboard_session";

/// The session token a request carries.
pub(super) fn session_token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value))
}

async fn signed_in(parts: &Parts, web: &Web) -> Result<Agent, Problem> {
    let token = session_token(&parts.headers).ok_or_else(Problem::unauthorized)?;
    accounts::session(&web.core, token).await?.ok_or_else(Problem::unauthorized)
}

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident: $($role:ident)|+ => $who:literal;)+) => {$(
        $(#[$doc])*
        pub(super) struct $name {
            pub(super) agent: Agent,
        }

        impl FromRequestParts<Arc<Web>> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Problem> {
                let agent = signed_in(parts, web).await?;
                if matches!(agent.role, $(Role::$role)|+) {
                    return Ok(Self { agent });
                }
                Err(Problem::forbidden(concat!("this needs ", $who)))
            }
        }
    )+};
}

roles! {
    /// Anybody who is signed in.
    Anyone: Admin | Agent | Knowledge => "an account";
    /// Who may act on conversations.
    Desk: Admin | Agent => "the role agent or admin";
    /// Who may edit flows, articles and the bot book.
    Editor: Admin | Knowledge => "the role knowledge or admin";
    /// Who administers.
    Administrator: Admin => "the role admin";
}

/// A JSON body, read strictly: unknown fields and wrong types are told with their place.
pub(super) struct Strict<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<Web>> for Strict<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Problem> {
        let json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.split(';').next().is_some_and(|kind| kind.trim() == "application/json"));
        if !json {
            let detail = "the body has to be JSON: send `Content-Type: application/json`";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", detail));
        }
        let body = Bytes::from_request(request, web)
            .await
            .map_err(|rejection| Problem::new(rejection.status(), "too_large", rejection.body_text()))?;
        serde_json::from_slice(&body).map(Self).map_err(|error| {
            let text = error.to_string();
            let field = text.split('`').nth(1).unwrap_or_default().replace('~', "~0").replace('/', "~1");
            Problem::validation(if field.is_empty() { String::new() } else { format!("/{field}") }, text)
        })
    }
}

/// A query string, read strictly.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Web>> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, web).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem::validation("", rejection.body_text())),
        }
    }
}

/// An id in the path. What is no id names nothing.
pub(super) struct Named<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Web>> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, web).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(_) => Err(Problem::not_found("thing")),
        }
    }
}

/// The idempotency key of a request that creates something.
pub(super) struct Key(String);

impl FromRequestParts<Arc<Web>> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Web>) -> Result<Self, Problem> {
        let key = parts.headers.get("idempotency-key").and_then(|value| value.to_str().ok()).map(str::trim);
        match key {
            Some(key) if !key.is_empty() && key.len() <= limits::IDEMPOTENCY_KEY_BYTES_MAX => Ok(Self(key.to_owned())),
            _ => {
                let most = limits::IDEMPOTENCY_KEY_BYTES_MAX;
                let detail =
                    format!("send an `Idempotency-Key` of 1 to {most} visible characters, the same on a retry");
                Err(Problem::new(StatusCode::BAD_REQUEST, "idempotency_key_required", detail))
            }
        }
    }
}

impl Key {
    /// Binds the key to what is asked for.
    pub(super) fn once(self, request: &[&str]) -> desk::Once {
        desk::Once { key: self.0, fingerprint: crate::ids::token_hash(&request.join("\u{0}")) }
    }
}

/// The address a request comes from: the peer's, or what a trusted proxy says.
pub(super) struct From(pub(super) String);

impl FromRequestParts<Arc<Web>> for From {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Ok(Self(peer.map_or_else(|| "unknown".to_owned(), |peer| place_of(client(peer, &parts.headers, &web.trusted)))))
    }
}

/// The nearest address that is no trusted proxy, from the right of `X-Forwarded-For`.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(peer) {
        return peer;
    }
    // Proxies append, some of them as a line of its own: the nearest is the last part of the last line.
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
    let parts = lines.iter().rev().flat_map(|line| line.rsplit(','));
    parts.map_while(|part| address(part.trim())).find(|address| !is_trusted(*address)).unwrap_or(peer)
}

/// An address as proxies write it, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()))
}

/// What an address is limited as: a network of IPv6 (/64) belongs to one place, however many addresses it has.
fn place_of(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            if let Some(address) = address.to_ipv4_mapped() {
                address.to_string()
            } else {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

/// Refuses writes that another site's page made the browser send: the cookie alone is no proof of intent.
pub(super) async fn same_origin(request: Request, next: Next) -> Response {
    let reading = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reading || is_same_origin(request.headers()) {
        return next.run(request).await;
    }
    Problem::forbidden("this request comes from another site").into_response()
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("sec-fetch-site") {
        Some("same-origin" | "none") => true,
        Some(_) => false,
        // Older browsers send no Sec-Fetch-Site, but they send Origin; programs send neither and carry no cookie by accident.
        None => match (text("origin"), text("host")) {
            (Some(origin), Some(host)) => {
                origin.parse::<Uri>().ok().and_then(|uri| uri.authority().map(|a| a.as_str() == host)).unwrap_or(false)
            }
            (Some(_), None) => false,
            (None, _) => true,
        },
    }
}

/// The version a client holds, from `If-Match`; `If-None-Match: *` means that there must be none yet.
pub(super) struct Held(pub(super) i64);

impl FromRequestParts<Arc<Web>> for Held {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Web>) -> Result<Self, Problem> {
        let text = |name: header::HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
        if text(header::IF_NONE_MATCH) == Some("*") {
            return Ok(Self(0));
        }
        let held = text(header::IF_MATCH).and_then(|value| value.trim().trim_matches('"').parse().ok());
        held.map(Self).ok_or_else(|| {
            let detail = "send the version you began from as `If-Match`, or `If-None-Match: *` for something new";
            Problem::new(StatusCode::PRECONDITION_REQUIRED, "version_required", detail)
        })
    }
}

/// An answer with the version as its entity tag.
pub(super) fn tagged<T: serde::Serialize>(version: i64, body: T) -> Response {
    ([(header::ETAG, format!("\"{version}\""))], Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect()
    }

    #[track_caller]
    fn check(pairs: &[(&'static str, &'static str)], expected: bool) {
        assert_eq!(is_same_origin(&headers(pairs)), expected, "{pairs:?}");
    }

    #[test]
    fn another_sites_request_is_told_from_our_own() {
        check(&[("sec-fetch-site", "same-origin"), ("host", "a")], true);
        check(&[("sec-fetch-site", "cross-site"), ("host", "a")], false);
        check(&[("sec-fetch-site", "same-site"), ("host", "a")], false);
        check(&[("origin", "http://a:1"), ("host", "a:1")], true);
        check(&[("origin", "http://evil"), ("host", "a:1")], false);
        check(&[("origin", "null"), ("host", "a:1")], false);
        check(&[("host", "a:1")], true);
    }

    #[test]
    fn the_nearest_address_that_is_no_trusted_proxy_counts() {
        let trusted: Vec<Network> = ["10.0.0.0/8", "::1"].map(|text| text.parse().expect("a network")).to_vec();
        let from = |peer: &str, lines: &[&'static str]| {
            let pairs: Vec<(&'static str, &'static str)> =
                lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
            let mut map = HeaderMap::new();
            for (name, value) in pairs {
                map.append(name, value.parse().expect("a value"));
            }
            place_of(client(peer.parse().expect("an address"), &map, &trusted))
        };
        assert_eq!(from("203.0.113.9", &["1.2.3.4"]), "203.0.113.9", "a stranger's header is ignored");
        assert_eq!(from("10.0.0.1", &["1.2.3.4, 198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(from("10.0.0.1", &["6.6.6.6", "198.51.100.7:4711"]), "198.51.100.7", "the last line is the proxy's");
        assert_eq!(from("10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(from("2001:db8:1:2:3:4:5:6", &[]), "2001:db8:1:2::/64");
    }

    #[test]
    fn the_session_is_found_among_other_cookies() {
        let headers = headers(&[("cookie", "a=b; switchboard_session=tok; c=d")]);
        assert_eq!(session_token(&headers), Some("tok"));
    }
}
