//! A fresh database for every run, with its tables and the agents.

use std::fmt;
use std::path::Path;

use switchboard::store::{Error, Store, Target, accounts};
use tempfile::TempDir;

use super::world::{Weather, World};
use crate::cluster::Cluster;

pub(super) enum House {
    /// A folder, and the bytes of a new database.
    Sqlite(TempDir, Vec<u8>),
    Postgres(Cluster),
}

impl House {
    /// In memory where there is a folder for it: what a process leaves behind when it dies is the same there, and a flush to
    /// disk costs nothing.
    pub(super) fn sqlite() -> Self {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.expect("a folder");
        let file = folder.path().join("new.db");
        prepare(&Target::File(file.clone()));
        let bytes = std::fs::read(&file).expect("the database");
        Self::Sqlite(folder, bytes)
    }

    /// None where PostgreSQL is not installed.
    pub(super) fn postgres() -> Option<Self> {
        Cluster::shared().map(Self::Postgres)
    }

    /// A database that nobody has used.
    pub(super) fn fresh(&self, seed: u64) -> Target {
        match self {
            Self::Sqlite(folder, new) => {
                let file = folder.path().join(format!("{seed}.db"));
                std::fs::write(&file, new).expect("a fresh database");
                Target::File(file)
            }
            Self::Postgres(cluster) => {
                let target = Target::Postgres(runtime().block_on(cluster.database()));
                prepare(&target);
                target
            }
        }
    }

    /// What a run leaves behind is of no use any more. PostgreSQL's goes with its cluster.
    pub(super) fn clear(&self, seed: u64) {
        let Self::Sqlite(folder, _) = self else { return };
        for file in std::fs::read_dir(folder.path()).expect("the folder").flatten() {
            if file.file_name().to_string_lossy().starts_with(&format!("{seed}.db")) {
                // The last connection of a process that died may be about to remove it as well.
                let _ = std::fs::remove_file(file.path());
            }
        }
    }
}

impl fmt::Display for House {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite(..) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        })
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn prepare(target: &Target) {
    runtime().block_on(async {
        let store = Store::open(target).await.expect("opens");
        let agents = World::new(0, 0, Weather::Calm, None).agents;
        store
            .write::<_, Error, _>(move |conn| {
                Box::pin(async move {
                    for agent in &agents {
                        accounts::add_agent(conn, agent, crate::server::START).await?;
                    }
                    Ok(())
                })
            })
            .await
            .expect("agents");
        store.close().await;
    });
}
