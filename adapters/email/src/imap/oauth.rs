//! Access tokens (RFC 6749, section 6): fetched with the refresh token, kept in memory until they end.

use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::limits::TOKEN_ANSWER_BYTES_MAX;
use super::trouble::{Trouble, tidy};
use crate::config::{Credentials, EmailConfig};

/// A token that ends so soon is not used any more.
const MARGIN: Duration = Duration::from_mins(1);
/// How long a token holds when the server does not say.
const HOLDS: Duration = Duration::from_mins(30);

/// The present access token of one inbox.
pub(crate) struct Tokens {
    client: reqwest::Client,
    present: Mutex<Present>,
}

#[derive(Default)]
struct Present {
    token: Option<(String, Instant)>,
    /// The refresh token that came with the last access token, where the server gives a new one each time.
    refresh: Option<String>,
}

/// What a token server answers.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: Option<u64>,
    #[serde(default)]
    refresh_token: Option<String>,
}

/// Why a token server refuses (RFC 6749, section 5.2).
#[derive(Deserialize)]
struct Denied {
    error: String,
}

impl Tokens {
    /// An answer is waited for as long as `patience`.
    ///
    /// # Errors
    /// In words for an operator, when the CA file can't be used.
    pub(crate) fn new(ca_file: Option<&Path>, patience: Duration) -> Result<Self, String> {
        let mut builder = reqwest::Client::builder()
            .timeout(patience)
            // The secrets go where the operator said, and nowhere else.
            .redirect(reqwest::redirect::Policy::none());
        if let Some(path) = ca_file {
            let pem = std::fs::read(path).map_err(|error| format!("`ca_file` {}: {error}", path.display()))?;
            for certificate in reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| error.to_string())? {
                builder = builder.add_root_certificate(certificate);
            }
        }
        let client = builder.build().map_err(|error| error.to_string())?;
        Ok(Self { client, present: Mutex::default() })
    }

    /// The present token, or a fresh one.
    pub(crate) async fn token(&self, config: &EmailConfig) -> Result<String, Trouble> {
        let mut present = self.present.lock().await;
        if let Some((token, ends)) = &present.token
            && Instant::now() + MARGIN < *ends
        {
            return Ok(token.clone());
        }
        let granted = self.refresh(config, present.refresh.as_deref()).await?;
        let holds = granted.expires_in.map_or(HOLDS, |seconds| Duration::from_secs(seconds.min(86_400)));
        if let Some(refresh) = granted.refresh_token.filter(|token| !token.is_empty()) {
            present.refresh = Some(refresh);
        }
        // One that ends within the margin is good for now.
        present.token = Some((granted.access_token.clone(), Instant::now() + holds));
        Ok(granted.access_token)
    }

    /// Takes a token out of use that was refused.
    pub(crate) async fn forget(&self, token: &str) {
        let mut present = self.present.lock().await;
        if present.token.as_ref().is_some_and(|(known, _)| known == token) {
            present.token = None;
        }
    }

    async fn refresh(&self, config: &EmailConfig, newest: Option<&str>) -> Result<Granted, Trouble> {
        let Ok(Credentials::Oauth { token_url, client_id, client_secret, refresh_token }) = config.credentials() else {
            return Err(Trouble::Refused("there are no settings for OAuth".to_owned()));
        };
        let mut form = vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", newest.unwrap_or(refresh_token)),
            ("client_id", client_id),
        ];
        form.extend(client_secret.map(|secret| ("client_secret", secret)));
        // The URL is left out of errors: it may hold what nobody should read in a log.
        let lost = |error: reqwest::Error| {
            Trouble::Lost(format!("the token server: {}", tidy(&error.without_url().to_string())))
        };
        let response = self.client.post(token_url).form(&form).send().await.map_err(lost)?;
        let status = response.status();
        let mut body = Vec::new();
        let mut parts = response.bytes_stream();
        while let Some(part) = parts.next().await {
            body.extend_from_slice(&part.map_err(lost)?);
            if body.len() > TOKEN_ANSWER_BYTES_MAX {
                return Err(Trouble::Garbled("the token server answers too much".to_owned()));
            }
        }
        judge(status.as_u16(), &body)
    }
}

/// What an answer of a token server means.
fn judge(status: u16, body: &[u8]) -> Result<Granted, Trouble> {
    match status {
        200..=299 => match serde_json::from_slice::<Granted>(body) {
            Ok(granted) if is_token(&granted.access_token) => Ok(granted),
            Ok(_) | Err(_) => Err(Trouble::Garbled("the token server gives no token".to_owned())),
        },
        400..=403 => {
            let denied = serde_json::from_slice::<Denied>(body).map(|denied| denied.error);
            let why = denied.map_or_else(|_| format!("status {status}"), |error| tidy(&error));
            Err(Trouble::Refused(format!("the token server gives no token: {why}; sign the inbox in anew")))
        }
        429 => Err(Trouble::Limited("the token server: too many requests".to_owned())),
        _ => Err(Trouble::Unavailable(format!("the token server answers with status {status}"))),
    }
}

/// RFC 6750, section 2.1. Anything else could end the line it is sent in.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_token_a_refusal_or_trouble() {
        assert!(judge(200, br#"{"access_token":"abc","expires_in":3600}"#).is_ok_and(|it| it.access_token == "abc"));
        let trouble = |status, body: &str| judge(status, body.as_bytes()).err();
        assert!(matches!(trouble(200, r#"{"access_token":"a\nb"}"#), Some(Trouble::Garbled(_))));
        assert!(matches!(trouble(200, "{}"), Some(Trouble::Garbled(_))));
        assert!(
            matches!(trouble(400, r#"{"error":"invalid_grant"}"#), Some(Trouble::Refused(why)) if why.contains("invalid_grant"))
        );
        assert!(matches!(trouble(401, "<html>"), Some(Trouble::Refused(_))));
        assert!(matches!(trouble(429, ""), Some(Trouble::Limited(_))));
        assert!(matches!(trouble(503, ""), Some(Trouble::Unavailable(_))));
        assert!(matches!(trouble(302, ""), Some(Trouble::Unavailable(_))));
    }
}
