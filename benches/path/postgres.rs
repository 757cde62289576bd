//! Durable turns a second on a private PostgreSQL that flushes as one in earnest, beside the pipelined ceiling.

use serde_json::{Value, json};
use switchboard::app::Home;
use switchboard::limits;
use switchboard::store::Target;

use crate::channel::Driven;
use crate::cluster::Cluster;
use crate::pipelined::{self, Work};
use crate::report::{Section, median};
use crate::rows::Sample;
use crate::{Size, turns};

/// Workers of inbound, and connections of the ceiling.
const WORKERS: [usize; 2] = [1, 8];

pub(crate) async fn section(size: Size) -> Section {
    let columns = &["workers", "callers", "turns/s", "ceiling/s", "ratio", "turn, ms", "turns a commit"] as &[_];
    let Some(cluster) = Cluster::own() else {
        let about = "Not measured: PostgreSQL is not installed.".to_owned();
        return Section { name: "postgres", about, columns, rows: Vec::new() };
    };
    let sample = Sample::take().await;
    let mut rows = Vec::new();
    for workers in WORKERS {
        // Enough that each worker has a full group waiting while another one is under way.
        let callers = 2 * limits::COMMIT_GROUP_MAX * workers;
        let messages = size.messages.max(4 * callers);
        let (mut driven, mut ceilings) = (Vec::new(), Vec::new());
        for _ in 0..size.runs {
            let (home, _, _folder) = make_home(&cluster, workers).await;
            driven.push(turns::drive(&home, callers, messages).await);
            let (home, url, _folder) = make_home(&cluster, 1).await;
            let work = Work { callers, messages, connections: workers, group: limits::COMMIT_GROUP_MAX };
            ceilings.push(pipelined::ceiling(&home, &url, &sample, work).await);
        }
        let of = |value: fn(&Driven) -> f64| json!(median(&driven.iter().map(value).collect::<Vec<_>>()));
        let (rate, ceiling) = (of(|run| run.rate), median(&ceilings));
        let ratio = rate.as_f64().unwrap_or_default() / ceiling;
        let row: Vec<Value> = vec![
            json!(workers),
            json!(callers),
            rate,
            json!(ceiling),
            json!(ratio),
            of(|run| run.turn * 1e3),
            of(|run| run.group),
        ];
        rows.push(row);
    }
    let version = cluster.ask("postgres", "SHOW server_version");
    let about = format!(
        "PostgreSQL {version} on this machine, `fsync` and `synchronous_commit` on. The ceiling has as many connections as there \
         are workers, {} turns a commit.",
        limits::COMMIT_GROUP_MAX
    );
    Section { name: "postgres", about, columns, rows }
}

/// A home with a database of its own.
async fn make_home(cluster: &Cluster, workers: usize) -> (Home, String, tempfile::TempDir) {
    let (folder, url) = (tempfile::tempdir().expect("a folder"), cluster.database().await);
    // One writer is for everything that is not inbound.
    let home = Home { target: Target::Postgres(url.clone()), lanes: workers + 1, ..Home::at(folder.path()) };
    (home, url, folder)
}
