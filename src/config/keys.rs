//! Every setting outside the inboxes: its name, how it is read, how it is shown. One line declares it for the file, the
//! environment and `check --show`.

use std::path::PathBuf;

use super::network::Network;
use super::raw::{Expected, Raw};
use super::{Config, LogFormat};

/// One setting.
pub(super) struct Key {
    /// The table it stands in.
    pub(super) table: &'static str,
    /// Its name there.
    pub(super) name: &'static str,
    pub(super) set: fn(&mut Config, &Raw<'_>) -> Result<(), Expected>,
    pub(super) show: fn(&Config) -> String,
}

impl Key {
    /// The name with the table's, as messages write it.
    pub(super) fn path(&self) -> String {
        format!("{}.{}", self.table, self.name)
    }

    /// The environment variable that sets it.
    pub(super) fn variable(&self) -> String {
        format!("{}{}__{}", super::env::PREFIX, self.table, self.name).to_uppercase()
    }
}

macro_rules! keys {
    ($($table:ident . $name:ident: $read:expr, $show:expr;)+) => {
        /// All of them, in the order of the default file.
        pub(super) const KEYS: &[Key] = &[$(Key {
            table: stringify!($table),
            name: stringify!($name),
            set: |config, raw| {
                let read: fn(&Raw<'_>) -> Result<_, Expected> = $read;
                config.$table.$name = read(raw)?;
                Ok(())
            },
            show: $show,
        }),+];
    };
}

keys! {
    server.listen: |raw| raw.address(), |all| all.server.listen.to_string();
    server.base_url: |raw| raw.base_url(), |all| all.server.base_url.clone().unwrap_or_default();
    server.trusted_proxies: |raw| raw.networks(), |all| join(&all.server.trusted_proxies);
    server.data: |raw| raw.text_of(1..=4_096).map(PathBuf::from), |all| all.server.data.display().to_string();
    database.url: |raw| raw.database_url(), |all| all.database.shown_url();
    database.workers: |raw| raw.whole(1..=32), |all| all.database.workers.to_string();
    log.format: |raw| raw.one_of(LogFormat::WORDS), |all| all.log.format.word().to_owned();
    log.level: |raw| raw.levels().map(str::to_owned), |all| all.log.level.clone();
    desk.session_hours: |raw| raw.whole(1..=8_760), |all| all.desk.session_hours.to_string();
    desk.sign_in_attempts: |raw| raw.whole(1..=1_000), |all| all.desk.sign_in_attempts.to_string();
    desk.console_title: |raw| raw.text_of(1..=100).map(str::to_owned), |all| all.desk.console_title.clone();
    ledger.keep_raw_days: |raw| raw.whole(0..=36_500), |all| all.ledger.keep_raw_days.to_string();
}

fn join(networks: &[Network]) -> String {
    networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The key of this name in this table.
pub(super) fn find(table: &str, name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.table == table && key.name == name)
}

/// The tables, each once.
pub(super) fn tables() -> Vec<&'static str> {
    let mut tables: Vec<_> = KEYS.iter().map(|key| key.table).collect();
    tables.dedup();
    tables
}
