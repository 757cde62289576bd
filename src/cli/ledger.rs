//! `switchboard ledger`

use std::sync::Arc;

use clap::Args;
use switchboard_contract::Timestamp;

use super::{Failure, Outcome, block_on, say};
use crate::app::{self, Home};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::store::ledger::{self, Account, DAY_MILLIS};

/// Show, for each inbox, that what was received equals what was filed, recognised as a duplicate, filtered or quarantined.
///
/// Ends with exit code 1 when an account does not balance.
#[derive(Args)]
pub(super) struct Ledger {
    /// Count this many days back, today included
    #[arg(long, default_value_t = 30)]
    days: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Ledger, config: &Config) -> Outcome {
    let accounts: Vec<Account> = block_on(async {
        let core = app::open_bare(&Home::of(config), Arc::new(SystemClock)).await?;
        let now = core.now();
        let back = i64::from(command.days.max(1) - 1).saturating_mul(DAY_MILLIS);
        let from = Timestamp::from_millis(now.millis().saturating_sub(back));
        let accounts = ledger::accounts(&mut *core.store.snapshot().await?, from, now).await?;
        core.store.close().await;
        Ok::<_, Failure>(accounts)
    })??;
    if command.json {
        say(serde_json::to_string_pretty(&accounts).map_err(Failure::unavailable)?);
    } else {
        say(format_args!(
            "{:<20} {:>9} {:>9} {:>9} {:>9} {:>11}",
            "inbox", "received", "filed", "duplicate", "filtered", "quarantined"
        ));
        for account in &accounts {
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
    }
    let wrong: Vec<String> = accounts
        .iter()
        .filter(|account| !account.balanced)
        .map(|account| format!("the account of `{}` does not balance", account.name))
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(Failure::check(wrong)) }
}
