//! Errors of the API as problem details (RFC 9457), with a stable `code`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use switchboard_engine::Refusal;
use utoipa::ToSchema;

use crate::service::{accounts, desk, documents, redrive};
use crate::store;

/// One mistake of a request or document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Mistake {
    /// Where in the request's body (RFC 6901), if it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pointer: Option<String>,
    /// The line of a document, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<usize>,
    /// The column of a document, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) column: Option<usize>,
    /// `error` or `warning`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) severity: Option<&'static str>,
    /// What is wrong and what is expected.
    pub(super) detail: String,
}

/// An error as `application/problem+json`. Boxed, because nearly every handler may return it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem(Box<ProblemBody>);

/// The body of an error (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct ProblemBody {
    /// Names the kind of problem.
    pub(super) r#type: String,
    /// The kind in words.
    pub(super) title: String,
    /// The HTTP status.
    pub(super) status: u16,
    /// What happened this time.
    pub(super) detail: String,
    /// A stable word for programs.
    pub(super) code: String,
    /// Single mistakes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) errors: Vec<Mistake>,
    #[serde(skip)]
    retry_after_seconds: Option<u64>,
}

impl Problem {
    /// A problem with a status, a code and words.
    pub(super) fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self(Box::new(ProblemBody {
            r#type: format!("urn:switchboard:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.to_owned(),
            errors: Vec::new(),
            retry_after_seconds: None,
        }))
    }

    /// 401: nobody is signed in.
    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "sign in first")
    }

    /// 403: the role does not allow it.
    pub(super) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// 404.
    pub(super) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {what}"))
    }

    /// 422 with a place in the body.
    pub(super) fn validation(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation", detail.clone());
        problem.0.errors =
            vec![Mistake { pointer: Some(pointer.into()), line: None, column: None, severity: None, detail }];
        problem
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.0.retry_after_seconds;
        let mut response = (status, Json(self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Stale => Self::new(StatusCode::CONFLICT, "stale_version", error.to_string()),
            store::Error::Stopping => Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", error.to_string()),
            store::Error::Database(_)
            | store::Error::Outage { .. }
            | store::Error::NotKept(_)
            | store::Error::Migrate(_)
            | store::Error::Corrupt { .. }
            | store::Error::Panicked(_) => {
                // The words may quote what a customer wrote; they belong in the log of the operator only.
                tracing::error!(%error, "a request failed");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "unavailable",
                    "the server can't do this at present; see its log",
                )
            }
        }
    }
}

impl From<desk::Error> for Problem {
    fn from(error: desk::Error) -> Self {
        let detail = error.to_string();
        match error {
            desk::Error::NotFound => Self::not_found("conversation"),
            desk::Error::KeyReused => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail),
            desk::Error::Store(error) => error.into(),
            desk::Error::Refused(refusal) => {
                let status = match refusal {
                    Refusal::BadContent(_) => StatusCode::UNPROCESSABLE_ENTITY,
                    Refusal::NotYourTurn { .. }
                    | Refusal::NewerMessages
                    | Refusal::Resolved
                    | Refusal::HeldByColleague { .. }
                    | Refusal::AlreadySo(_)
                    | Refusal::Superseded { .. } => StatusCode::CONFLICT,
                };
                Self::new(status, refusal.code(), detail)
            }
        }
    }
}

impl From<redrive::Error> for Problem {
    fn from(error: redrive::Error) -> Self {
        let detail = error.to_string();
        match error {
            redrive::Error::NotFound => Self::not_found("delivery"),
            redrive::Error::NotStuck(_) => Self::new(StatusCode::CONFLICT, "not_stuck", detail),
            redrive::Error::PerhapsDelivered => Self::new(StatusCode::CONFLICT, "perhaps_delivered", detail),
            redrive::Error::BadReason => Self::validation("/reason", detail),
            redrive::Error::Store(error) => error.into(),
        }
    }
}

impl From<accounts::Error> for Problem {
    fn from(error: accounts::Error) -> Self {
        let detail = error.to_string();
        match error {
            accounts::Error::WrongCredentials => Self::new(StatusCode::UNAUTHORIZED, "wrong_credentials", detail),
            accounts::Error::TooManyAttempts(wait) => {
                let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", detail);
                problem.0.retry_after_seconds = Some(wait.as_secs().max(1));
                problem
            }
            accounts::Error::BadInvitation => Self::new(StatusCode::NOT_FOUND, "not_found", detail),
            accounts::Error::EmailTaken => Self::new(StatusCode::CONFLICT, "already_so", detail),
            accounts::Error::KeyReused => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail),
            accounts::Error::NotFound => Self::not_found("account"),
            accounts::Error::LastAdmin => Self::new(StatusCode::CONFLICT, "last_admin", detail),
            accounts::Error::Invalid { field, detail } => Self::validation(format!("/{field}"), detail),
            accounts::Error::Release(error) => error.into(),
            accounts::Error::Store(error) => error.into(),
        }
    }
}

impl From<documents::Error> for Problem {
    fn from(error: documents::Error) -> Self {
        let detail = error.to_string();
        match error {
            documents::Error::Mistakes(problems) => {
                let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation", detail);
                problem.0.errors = problems.iter().map(mistake).collect();
                problem
            }
            documents::Error::TooLarge(_) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail),
            documents::Error::NotFound => Self::not_found("document"),
            documents::Error::Stale => Self::new(StatusCode::PRECONDITION_FAILED, "stale_version", detail),
            documents::Error::Store(error) => error.into(),
        }
    }
}

/// A mistake of a document.
pub(super) fn mistake(problem: &switchboard_engine::Problem) -> Mistake {
    Mistake {
        pointer: None,
        line: Some(problem.line),
        column: Some(problem.column),
        severity: Some(match problem.severity {
            switchboard_engine::Severity::Error => "error",
            switchboard_engine::Severity::Warning => "warning",
        }),
        detail: problem.message.clone(),
    }
}
