//! The account of what came in, for admins.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use switchboard_contract::Timestamp;
use utoipa::{IntoParams, ToSchema};

use super::Web;
use super::dto::millis;
use super::guard::{Administrator, Asked};
use super::problem::{Problem, ProblemBody};
use crate::store::ledger;

/// Items of the quarantine that are shown.
const QUARANTINE_SHOWN: u32 = 200;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Span {
    /// The first day, `2026-11-20` or a time as in RFC 3339; 29 days before the last unless given. Whole days in UTC are counted.
    from: Option<String>,
    /// The last day, included; today unless given.
    to: Option<String>,
}

/// Accounts and quarantine.
#[derive(Serialize, ToSchema)]
pub(super) struct LedgerDto {
    from: String,
    to: String,
    data: Vec<AccountDto>,
    quarantine: Vec<QuarantinedDto>,
}

/// One inbox: received = filed + duplicate + filtered + quarantined.
#[derive(Serialize, ToSchema)]
struct AccountDto {
    inbox: super::dto::Named,
    received: i64,
    filed: i64,
    duplicate: i64,
    /// Of the duplicates, those whose bytes differ from the first's: the first stands.
    differing: i64,
    filtered: i64,
    quarantined: i64,
    balanced: bool,
}

#[derive(Serialize, ToSchema)]
struct QuarantinedDto {
    id: i64,
    inbox: String,
    external_id: String,
    at: String,
    reason: String,
    bytes: i64,
}

/// The account of what came in.
#[utoipa::path(get, path = "/api/v1/ledger", tag = "ledger", params(Span),
    responses((status = 200, body = LedgerDto), (status = 403, body = ProblemBody)))]
pub(super) async fn ledger(
    State(web): State<Arc<Web>>,
    _: Administrator,
    Asked(span): Asked<Span>,
) -> Result<Json<LedgerDto>, Problem> {
    let now = web.core.now();
    let to = instant("/to", span.to.as_deref())?.unwrap_or(now);
    let month_ago = Timestamp::from_millis(to.millis().saturating_sub((ledger::DAYS_SHOWN - 1) * ledger::DAY_MILLIS));
    let from = instant("/from", span.from.as_deref())?.unwrap_or(month_ago);
    // Both sides of the account are read at one commit.
    let mut conn = web.core.store.snapshot().await?;
    let data = ledger::accounts(&mut conn, from, to)
        .await?
        .into_iter()
        .map(|account| AccountDto {
            inbox: super::dto::Named { id: account.inbox, name: Some(account.name) },
            received: account.received,
            filed: account.filed,
            duplicate: account.duplicate,
            differing: account.differing,
            filtered: account.filtered,
            quarantined: account.quarantined,
            balanced: account.balanced,
        })
        .collect();
    let quarantine = ledger::quarantine(&mut conn, QUARANTINE_SHOWN)
        .await?
        .into_iter()
        .map(|item| QuarantinedDto {
            id: item.id,
            inbox: item.inbox,
            external_id: item.external_id,
            at: millis(item.received_at),
            reason: item.reason,
            bytes: item.bytes,
        })
        .collect();
    Ok(Json(LedgerDto { from: millis(from.millis()), to: millis(to.millis()), data, quarantine }))
}

fn instant(pointer: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let parsed = ledger::instant(text).ok_or_else(|| {
        Problem::validation(pointer, format!("`{text}` is not a day such as `2026-11-20` or a time as in RFC 3339"))
    })?;
    Ok(Some(parsed))
}
