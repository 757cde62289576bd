//! `switchboard ledger`

use std::sync::Arc;

use clap::{Args, Subcommand};
use switchboard_contract::Timestamp;

use super::quarantine::{self, Quarantine};
use super::{Failure, Outcome, block_on, say};
use crate::app::{self, Home};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::store::ledger::{self, Account, DAY_MILLIS, DAYS_SHOWN};

/// Show, for each inbox, that what was received equals what was filed, recognised as a duplicate, filtered or quarantined.
///
/// Ends with exit code 1 when an account does not balance.
#[derive(Args)]
pub(super) struct Ledger {
    #[command(subcommand)]
    command: Option<Act>,
    /// The first day, such as 2026-11-20; days are counted in UTC
    #[arg(long, value_name = "DAY", value_parser = day, conflicts_with = "days")]
    from: Option<Timestamp>,
    /// The last day, included; today unless given
    #[arg(long, value_name = "DAY", value_parser = day)]
    to: Option<Timestamp>,
    /// Count this many days back, the last day included; 30 unless given
    #[arg(long)]
    days: Option<u32>,
    /// Only this inbox
    #[arg(long, value_name = "SLUG")]
    inbox: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Act {
    /// List what could not be filed, look at it, try it again, dismiss it
    Quarantine(Quarantine),
}

fn day(text: &str) -> Result<Timestamp, String> {
    ledger::instant(text).ok_or_else(|| format!("`{text}` is not a day such as 2026-11-20"))
}

pub(super) fn run(command: &Ledger, config: &Config) -> Outcome {
    let Ledger { command: act, from, to, days, inbox, json } = command;
    match act {
        None => show(command, config),
        Some(_) if *json || from.is_some() || to.is_some() || days.is_some() || inbox.is_some() => {
            Err(Failure::usage("these flags show the account; give `quarantine` its own, behind its name"))
        }
        Some(Act::Quarantine(act)) => quarantine::run(act, config),
    }
}

fn show(command: &Ledger, config: &Config) -> Outcome {
    let accounts = block_on(async {
        let core = app::open_bare(&Home::of(config), Arc::new(SystemClock)).await?;
        let (from, to) = span(command, core.now())?;
        let accounts = ledger::accounts(&mut *core.store.snapshot().await?, from, to).await?;
        core.store.close().await;
        Ok::<_, Failure>(accounts)
    })??;
    let accounts = only(accounts, command.inbox.as_deref())?;
    if command.json {
        say(serde_json::to_string_pretty(&accounts).map_err(Failure::unavailable)?);
    } else {
        print(&accounts);
    }
    let wrong: Vec<String> = accounts
        .iter()
        .filter(|account| !account.balanced)
        .map(|account| format!("the account of `{}` does not balance", account.name))
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(Failure::check(wrong)) }
}

/// The first and the last day.
fn span(command: &Ledger, now: Timestamp) -> Result<(Timestamp, Timestamp), Failure> {
    let to = command.to.unwrap_or(now);
    let days = command.days.map_or(DAYS_SHOWN, i64::from).max(1);
    let back = (days - 1).saturating_mul(DAY_MILLIS);
    let from = command.from.unwrap_or(Timestamp::from_millis(to.millis().saturating_sub(back)));
    if from > to {
        return Err(Failure::usage("the first day comes after the last one: exchange `--from` and `--to`"));
    }
    Ok((from, to))
}

/// The accounts of the wanted inbox, or all.
fn only(accounts: Vec<Account>, slug: Option<&str>) -> Result<Vec<Account>, Failure> {
    let Some(slug) = slug else { return Ok(accounts) };
    let known: Vec<String> = accounts.iter().map(|account| format!("`{}`", account.slug)).collect();
    let wanted: Vec<Account> = accounts.into_iter().filter(|account| account.slug == slug).collect();
    if wanted.is_empty() {
        return Err(Failure::usage(format!("there is no inbox `{slug}`; there are: {}", known.join(", "))));
    }
    Ok(wanted)
}

fn print(accounts: &[Account]) {
    say(format_args!(
        "{:<20} {:>9} {:>9} {:>9} {:>9} {:>11}",
        "inbox", "received", "filed", "duplicate", "filtered", "quarantined"
    ));
    for account in accounts {
        say(format_args!(
            "{:<20} {:>9} {:>9} {:>9} {:>9} {:>11}{}",
            account.name,
            account.received,
            account.filed,
            account.duplicate,
            account.filtered,
            account.quarantined,
            if account.balanced { "" } else { "  DOES NOT BALANCE" }
        ));
    }
    for account in accounts.iter().filter(|account| account.differing > 0) {
        let (count, name) = (account.differing, &account.name);
        say(format_args!("{name}: {count} of the duplicates had other bytes than the first; the first stands"));
    }
}
