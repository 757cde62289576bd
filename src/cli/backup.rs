//! `switchboard backup` and `switchboard restore`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::{Failure, Outcome, block_on, say};
use crate::app::{self, DATABASE, Home};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::store::backup::{self, Findings};

/// Write a consistent copy of the database, also while the server runs
///
/// Example: switchboard backup /backups/switchboard-2026-11-20.db
#[derive(Args)]
pub(super) struct Backup {
    /// The file to write; it must not exist yet
    file: PathBuf,
}

/// Put a copy in place of a missing database, or only look whether a copy is good
///
/// Example: switchboard restore --verify /backups/switchboard-2026-11-20.db
#[derive(Args)]
pub(super) struct Restore {
    /// The copy
    file: PathBuf,
    /// Only look: is the file whole, do its rows fit together, does its ledger balance?
    #[arg(long)]
    verify: bool,
}

pub(super) fn back_up(command: &Backup, config: &Config) -> Outcome {
    if command.file.exists() {
        return Err(Failure::usage(format!(
            "{} exists already; a backup never writes over a file",
            command.file.display()
        )));
    }
    if config.database.url.is_some() {
        return Err(Failure::usage(
            "this copies a SQLite database; for PostgreSQL use pg_dump, which copies while the server runs",
        ));
    }
    if !Home::of(config).has_database() {
        return Err(Failure::usage(format!("there is no database in {}", config.server.data.display())));
    }
    block_on(async {
        let core = app::open_bare(&Home::of(config), Arc::new(SystemClock)).await?;
        let written = core.store.backup(&command.file).await;
        core.store.close().await;
        Ok::<_, Failure>(written?)
    })??;
    verify(&command.file)
}

pub(super) fn restore(command: &Restore, config: &Config) -> Outcome {
    verify(&command.file)?;
    if command.verify {
        return Ok(());
    }
    if config.database.url.is_some() {
        return Err(Failure::usage("this puts a SQLite database in place; for PostgreSQL use pg_restore"));
    }
    let target = config.server.data.join(DATABASE);
    if target.exists() {
        let line = format!(
            "{} exists; stop the server and move it away first: a restore never writes over it",
            target.display()
        );
        return Err(Failure::usage(line));
    }
    app::put_database(&config.server.data, &command.file)?;
    say(format_args!("{} is in place; start the server", target.display()));
    Ok(())
}

/// Looks through a copy and says what it holds.
fn verify(file: &Path) -> Outcome {
    let shown = file.display();
    if !file.is_file() {
        return Err(Failure::usage(format!("{shown} is no file")));
    }
    let found: Findings = block_on(backup::verify(file, SystemClock.now()))?.map_err(|error| {
        if backup::not_a_database(&error) {
            Failure::check([format!("{shown} is not a database")])
        } else {
            Failure::check([format!("{shown} can't be read: {error}")])
        }
    })?;
    if !found.mistakes.is_empty() {
        return Err(Failure::check(found.mistakes.iter().map(|mistake| format!("{shown}: {mistake}"))));
    }
    let Findings { migration, conversations, entries, .. } = found;
    say(format_args!("{shown} is good: {conversations} conversations, {entries} entries, migration {migration}"));
    Ok(())
}
