//! `switchboard ledger quarantine …`: also beside a running server, which sends what follows from it.

use std::io::Write;
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::{Failure, Outcome, block_on, say};
use crate::app;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::core::Core;
use crate::outbox::Adapters;
use crate::service::quarantine::{self as service, Error, Retried, Shown};
use crate::store::{ledger, quarantine};

/// Who acts, in the conversation's log and in the ledger.
const BY: &str = "the command line";
/// Rows of the list unless asked otherwise.
const LIST: u32 = 200;
/// Rows read at once when everything is tried again.
const PAGE: u32 = 100;
/// Characters of a reason in the list.
const REASON_CHARS: usize = 100;

/// List what could not be filed, look at it, try it again, dismiss it. Works beside a running server.
#[derive(Args)]
pub(super) struct Quarantine {
    #[command(subcommand)]
    act: Option<Act>,
    /// List at most this many, the newest first; 200 unless given
    #[arg(long)]
    limit: Option<u32>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Act {
    /// Show one item
    Show {
        /// Its number, from the list
        id: i64,
        /// Write its bytes to stdout, unchanged
        #[arg(long)]
        raw: bool,
    },
    /// File it now, after an upgrade or a repair. It stands in its conversation at the time of filing
    ///
    /// Ends with exit code 1 when something stays in quarantine.
    Retry {
        /// Its number, from the list
        #[arg(required_unless_present = "all")]
        id: Option<i64>,
        /// Everything in quarantine, in the order it came
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
    /// Take it out of quarantine unfiled; it stays in the ledger as filtered
    Dismiss {
        /// Its number, from the list
        id: i64,
        /// Why, for those who ask later
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

pub(super) fn run(command: &Quarantine, config: &Config) -> Outcome {
    if command.act.is_some() && (command.json || command.limit.is_some()) {
        return Err(Failure::usage("`--json` and `--limit` are for the list"));
    }
    block_on(async {
        let core = app::open_as_it_is(&app::Home::of(config), Arc::new(SystemClock)).await?;
        let outcome = act(command, config, &core).await;
        core.store.close().await;
        outcome
    })?
}

async fn act(command: &Quarantine, config: &Config, core: &Arc<Core>) -> Outcome {
    match &command.act {
        None => list(core, command).await,
        Some(Act::Show { id, raw: true }) => {
            let raw = service::raw(core, *id).await?;
            // A reader that went away is no error of ours.
            let _ = std::io::stdout().write_all(&raw);
            Ok(())
        }
        Some(Act::Show { id, raw: false }) => {
            show(&service::look(core, &app::readers(core, config).await?, *id).await?);
            Ok(())
        }
        Some(Act::Retry { id: Some(id), .. }) => {
            let adapters = app::readers(core, config).await?;
            let retried = service::retry(core, &adapters, *id, BY).await?;
            fail_when(u64::from(told(*id, &retried)))
        }
        Some(Act::Retry { id: None, .. }) => retry_all(core, &app::readers(core, config).await?).await,
        Some(Act::Dismiss { id, reason }) => {
            let words = service::dismiss(core, *id, BY, reason).await?;
            say(format_args!("{id}  filtered  {words}"));
            Ok(())
        }
    }
}

async fn list(core: &Core, command: &Quarantine) -> Outcome {
    let limit = command.limit.unwrap_or(LIST);
    let items = ledger::quarantine(&mut *core.store.reader().await?, limit).await?;
    if command.json {
        say(serde_json::to_string_pretty(&items).map_err(Failure::unavailable)?);
        return Ok(());
    }
    for item in &items {
        let reason: String = inert(&item.reason).chars().take(REASON_CHARS).collect();
        let (id, at, inbox) = (item.id, time(item.received_at), &item.inbox);
        say(format_args!("{id:>8}  {at}  {inbox}  {} bytes  {reason}", item.bytes));
    }
    if items.is_empty() {
        say("nothing is in quarantine");
    } else if items.len() >= limit as usize {
        say(format_args!("the newest {} are shown; `--limit` shows more", items.len()));
    }
    Ok(())
}

fn show(shown: &Shown) {
    let item = &shown.item;
    say(format_args!("inbox        {}", item.inbox_name));
    say(format_args!("external id  {}", inert(&item.external_id.0)));
    say(format_args!("received     {}", time(item.received_at.millis())));
    if let Some(at) = item.occurred_at {
        say(format_args!("happened     {} (as the channel says)", time(at.millis())));
    }
    say(format_args!("reason       {}", inert(&item.reason)));
    say(format_args!("bytes        {}", item.bytes));
    let can_retry = if shown.can_retry { "yes" } else { "this version can't read it" };
    say(format_args!("can retry    {can_retry}"));
    match &shown.text {
        Some(text) => say(format_args!("\n{}{}", inert(text), if shown.text_cut { "…" } else { "" })),
        None => say("\nIts bytes were dropped."),
    }
}

/// Tells how a retry ended; true when the item stays in quarantine.
fn told(id: i64, retried: &Retried) -> bool {
    match retried {
        Retried::Filed(conversation) => say(format_args!("{id}  filed  {conversation}")),
        Retried::Filtered(reason) => say(format_args!("{id}  filtered  {}", inert(reason))),
        Retried::Quarantined(reason) => say(format_args!("{id}  quarantined  {}", inert(reason))),
    }
    matches!(retried, Retried::Quarantined(_))
}

async fn retry_all(core: &Arc<Core>, adapters: &Adapters) -> Outcome {
    let (mut after, mut stay) = ((i64::MIN, 0), 0);
    loop {
        let page = quarantine::ids_after(&mut *core.store.reader().await?, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = *last;
        for (_, id) in page {
            match service::retry(core, adapters, id, BY).await {
                // Somebody else was faster.
                Err(Error::NotInQuarantine(_)) => {}
                Err(error) => return Err(error.into()),
                Ok(retried) => stay += u64::from(told(id, &retried)),
            }
        }
    }
    fail_when(stay)
}

fn fail_when(stay: u64) -> Outcome {
    match stay {
        0 => Ok(()),
        1 => Err(Failure::check(["1 item stays in quarantine"])),
        more => Err(Failure::check([format!("{more} items stay in quarantine")])),
    }
}

/// A stranger's words on a terminal: control characters do nothing there but new lines and tabs.
fn inert(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c }).collect()
}

fn time(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis).map_or_else(|_| format!("{millis} ms since 1970"), |at| at.to_string())
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error.into(),
            Error::BadReason => Self::usage(error),
            Error::NotFound | Error::NotInQuarantine(_) => Self::check([error]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::inert;

    #[test]
    fn a_strangers_words_do_nothing_to_the_terminal() {
        assert_eq!(inert("a\u{1b}[2Jb\r\n\tc\u{9b}1m\u{7}"), "a\u{fffd}[2Jb\u{fffd}\n\tc\u{fffd}1m\u{fffd}");
    }
}
