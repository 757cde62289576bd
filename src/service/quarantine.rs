//! What people do with what could not be filed: look at it, try it again after an upgrade, dismiss it with a reason.

use std::sync::Arc;

use switchboard_contract::{Accepted, ChannelAdapter, Inbound, KeptInbound, Reading};

use crate::core::Core;
use crate::intake::refile::{self, Later};
use crate::limits;
use crate::outbox::Adapters;
use crate::store::inbound::Outcome;
use crate::store::quarantine::{self, Item};
use crate::store::{self, Conn};

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such row.
    #[error("nothing with this number ever came in")]
    NotFound,
    /// It has left quarantine, or never was there.
    #[error("this is not in quarantine any more: it was {0}")]
    NotInQuarantine(String),
    /// The reason is missing or too long.
    #[error("give a reason of 1 to {most} characters", most = limits::DISMISSAL_CHARS_MAX)]
    BadReason,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// An item in quarantine, as people look at it.
#[derive(Debug)]
pub struct Shown {
    /// What is known of it.
    pub item: Item,
    /// The beginning of its bytes as text, with replacement characters for what is none; none when the bytes are gone.
    pub text: Option<String>,
    /// There are more bytes than the text shows.
    pub text_cut: bool,
    /// This version can read it: trying again makes sense.
    pub can_retry: bool,
}

/// How a retry ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retried {
    /// Part of a conversation now.
    Filed(switchboard_contract::ConversationId),
    /// Understood, and deliberately not filed.
    Filtered(String),
    /// Still in quarantine.
    Quarantined(String),
}

/// Shows an item in quarantine.
pub async fn look(core: &Core, adapters: &Adapters, id: i64) -> Result<Shown, Error> {
    let (item, raw) = quarantined(core, id).await?;
    let kept = item.raw_dropped_at.is_none();
    let shown = &raw[..raw.len().min(limits::QUARANTINE_TEXT_BYTES_MAX)];
    let text_cut = shown.len() < raw.len();
    let text = kept.then(|| String::from_utf8_lossy(shown).into_owned());
    let can_retry = item.reading.is_some() || readable(reread(adapters, &item, raw).await.as_ref());
    Ok(Shown { item, text, text_cut, can_retry })
}

/// The bytes of an item in quarantine, unchanged.
pub async fn raw(core: &Core, id: i64) -> Result<Vec<u8>, Error> {
    Ok(quarantined(core, id).await?.1)
}

/// Files an item as intake would, with what its adapter reads in it by now, else with what it had read when it came. Of
/// several who try at once one succeeds. The item stands in its conversation at the time of filing.
pub async fn retry(core: &Arc<Core>, adapters: &Adapters, id: i64, by: &str) -> Result<Retried, Error> {
    let (item, raw) = quarantined(core, id).await?;
    let (reading, news) = match reread(adapters, &item, raw).await {
        // What was readable once is not given up for a version that reads less.
        Some(Reading::Unreadable { error }) => (item.reading.clone(), Some(error)),
        Some(reading) => (Some(reading), None),
        None => (item.reading.clone(), None),
    };
    let (shared, by) = (Arc::clone(core), by.to_owned());
    core.store
        .write(move |conn| {
            Box::pin(async move {
                if !quarantine::claim(conn, item.id).await? {
                    return Err(missing(conn, item.id).await?);
                }
                let Some(reading) = reading else {
                    let error = news.unwrap_or_else(|| item.reason.clone());
                    quarantine::stay(conn, item.id, &error, None).await?;
                    return Ok(Retried::Quarantined(error));
                };
                Ok(file(conn, &shared, &item, reading, by).await?)
            })
        })
        .await
}

async fn file(conn: &mut Conn, core: &Core, item: &Item, reading: Reading, by: String) -> store::Result<Retried> {
    let inbound = Inbound {
        external_id: item.external_id.clone(),
        occurred_at: item.occurred_at,
        // They stay where they are; filing needs the reading alone.
        raw: Vec::new(),
        reading: reading.clone(),
    };
    let later = Later { by, received_at: item.received_at };
    let (library, now) = (core.library.get(), core.now());
    match refile::refile(conn, &library, item.inbox, inbound, &later, now).await? {
        Accepted::Filed { conversation, message, seq } => {
            quarantine::leave(conn, item, Outcome::Filed, None, Some((conversation, message, seq))).await?;
            Ok(Retried::Filed(conversation))
        }
        Accepted::Filtered { reason } => {
            quarantine::leave(conn, item, Outcome::Filtered, Some(&reason), None).await?;
            Ok(Retried::Filtered(reason))
        }
        Accepted::Quarantined { error } => {
            quarantine::stay(conn, item.id, &error, Some(&reading)).await?;
            Ok(Retried::Quarantined(error))
        }
        // Filing never asks whether something came before.
        Accepted::Duplicate { .. } => Err(store::Error::Stale),
    }
}

/// Takes an item out of quarantine unfiled. It stays in the ledger, filtered, with who dismissed it and why.
pub async fn dismiss(core: &Core, id: i64, by: &str, reason: &str) -> Result<String, Error> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > limits::DISMISSAL_CHARS_MAX || reason.contains('\0') {
        return Err(Error::BadReason);
    }
    let words = format!("dismissed by {by}: {reason}");
    core.store
        .write(move |conn| {
            Box::pin(async move {
                if !quarantine::claim(conn, id).await? {
                    return Err(missing(conn, id).await?);
                }
                let item = quarantine::get(conn, id).await?.ok_or(Error::NotFound)?;
                quarantine::leave(conn, &item, Outcome::Filtered, Some(&words), None).await?;
                Ok(words)
            })
        })
        .await
}

/// An item that is in quarantine, with its bytes.
async fn quarantined(core: &Core, id: i64) -> Result<(Item, Vec<u8>), Error> {
    let mut conn = core.store.snapshot().await?;
    match quarantine::get(&mut conn, id).await? {
        Some(item) if item.quarantined => {
            let raw = quarantine::raw(&mut conn, id).await?;
            Ok((item, raw))
        }
        Some(item) => Err(Error::NotInQuarantine(item.outcome)),
        None => Err(Error::NotFound),
    }
}

async fn missing(conn: &mut Conn, id: i64) -> store::Result<Error> {
    let item = quarantine::get(conn, id).await?;
    Ok(item.map_or(Error::NotFound, |item| Error::NotInQuarantine(item.outcome)))
}

/// Asks the adapter what it makes of an item by now. Hostile bytes may break a parser: that is told as unreadable.
async fn reread(adapters: &Adapters, item: &Item, raw: Vec<u8>) -> Option<Reading> {
    // The beginning of something is something else.
    if item.cut || item.raw_dropped_at.is_some() {
        return None;
    }
    let adapter: Arc<dyn ChannelAdapter> = Arc::clone(adapters.get(&item.inbox)?);
    let kept = KeptInbound {
        external_id: item.external_id.clone(),
        occurred_at: item.occurred_at,
        raw,
        error: item.reason.clone(),
    };
    match tokio::task::spawn_blocking(move || adapter.reread(&kept)).await {
        Ok(reading) => reading.map(refile::storable),
        Err(_) => Some(Reading::Unreadable { error: "the adapter broke down when it read this again".to_owned() }),
    }
}

fn readable(reading: Option<&Reading>) -> bool {
    match reading {
        Some(Reading::Message(_) | Reading::Signal(_) | Reading::Report(_) | Reading::Filtered { .. }) => true,
        Some(Reading::Unreadable { .. }) | None => false,
    }
}
