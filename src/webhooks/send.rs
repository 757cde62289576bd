//! One request to a webhook's endpoint. What it answers is judged by its status; not a byte of its body is read.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use switchboard_contract::{DeliveryError, DeliveryId, Receipt, Timestamp};

use super::{Webhook, sign};
use crate::limits;

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// As a channel would have said it.
    pub result: Result<Receipt, DeliveryError>,
    /// The endpoint wants to hear nothing more.
    pub gone: bool,
}

impl From<Result<Receipt, DeliveryError>> for Answered {
    fn from(result: Result<Receipt, DeliveryError>) -> Self {
        Self { result, gone: false }
    }
}

/// A client that goes where the configuration says and nowhere else: no redirects, no proxies, no cookies.
pub(super) fn client() -> Result<Client, String> {
    let client = Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(limits::WEBHOOK_CONNECT)
        .timeout(limits::WEBHOOK_TIMEOUT)
        .user_agent(concat!("switchboard/", env!("CARGO_PKG_VERSION")))
        .build();
    client.map_err(|error| format!("requests can't be made here: {error}"))
}

pub(super) async fn post(
    client: Result<&Client, &String>,
    webhook: &Webhook,
    id: DeliveryId,
    body: &str,
    now: Timestamp,
) -> Answered {
    let client = match client {
        Ok(client) => client,
        Err(reason) => return unavailable(reason.clone()),
    };
    let (id, seconds) = (id.to_string(), now.millis().div_euclid(1_000));
    let request = client
        .post(webhook.url.clone())
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-signature", sign::signatures(&webhook.keys, &id, seconds, body))
        .header("webhook-timestamp", seconds)
        .header("webhook-id", id)
        .body(body.to_owned());
    match request.send().await {
        Ok(response) => judge(response.status(), response.headers()),
        // Repeating is harmless here, so what may have arrived counts as what did not. The address may hold a secret.
        Err(error) => unavailable(reason(&error).to_owned()),
    }
}

fn reason(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection was cut"
    }
}

fn unavailable(reason: String) -> Answered {
    Err(DeliveryError::Unavailable { reason }).into()
}

/// What a status means: 2xx is taken, 410 is the end, a wish for a pause is kept, and everything else is tried again.
fn judge(status: StatusCode, headers: &HeaderMap) -> Answered {
    if status.is_success() {
        return Ok(Receipt::default()).into();
    }
    if status == StatusCode::GONE {
        let reason = "the endpoint answered 410: it wants no more events".to_owned();
        return Answered { result: Err(DeliveryError::Rejected { reason }), gone: true };
    }
    let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let retry_after = match (status, seconds) {
        (StatusCode::TOO_MANY_REQUESTS, None) => Some(limits::WEBHOOK_PAUSE),
        (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, Some(seconds)) => {
            Some(Duration::from_secs(seconds))
        }
        _ => None,
    };
    match retry_after {
        Some(retry_after) => Err(DeliveryError::RateLimited { retry_after }).into(),
        None if status.is_redirection() => {
            unavailable(format!("the endpoint answered {}: redirects are not followed", status.as_u16()))
        }
        None => unavailable(format!("the endpoint answered {}", status.as_u16())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn judged(status: u16, retry_after: Option<&'static str>) -> Answered {
        let mut headers = HeaderMap::new();
        if let Some(retry_after) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(retry_after));
        }
        judge(StatusCode::from_u16(status).expect("a status"), &headers)
    }

    #[test]
    fn statuses_mean_what_the_specification_says() {
        for status in [200, 201, 204] {
            assert_eq!(judged(status, None), Ok(Receipt::default()).into());
        }
        for status in [301, 302, 400, 401, 404, 500, 502, 503] {
            let answered = judged(status, None);
            assert!(matches!(answered.result, Err(DeliveryError::Unavailable { .. })), "{status}: {answered:?}");
        }
        assert!(judged(410, None).gone);
    }

    #[test]
    fn a_wish_for_a_pause_is_kept() {
        let limited = |seconds| Err(DeliveryError::RateLimited { retry_after: Duration::from_secs(seconds) }).into();
        assert_eq!(judged(429, Some("7")), limited(7));
        assert_eq!(judged(503, Some("120")), limited(120));
        assert_eq!(judged(429, Some("soon")), limited(limits::WEBHOOK_PAUSE.as_secs()));
    }
}
