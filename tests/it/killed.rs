//! The real binary, killed at random moments under load and started again: what was acknowledged is there exactly once, in
//! order, and each question was answered exactly once. On SQLite and on PostgreSQL.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use crate::cluster::Cluster;
use crate::process::Launch;
use crate::server::in_time;
use crate::widget::Widget;

/// Customers who write all the time.
const CUSTOMERS: usize = 4;

/// How often the server is killed; `KILLS=n` for any other number.
fn kills() -> u32 {
    let in_ci = std::env::var("CI").as_deref() == Ok("true");
    let asked = std::env::var("KILLS").ok().and_then(|kills| kills.parse().ok());
    asked.unwrap_or(if in_ci { 50 } else { 12 })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_being_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let settled = async || all_are_sent(folder.path()).await;
    println!("{}", kill_again_and_again(Launch::new(folder.path()), settled).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_being_killed_on_postgres() {
    let Some(cluster) = Cluster::shared() else { return };
    let (folder, database) = (tempfile::tempdir().expect("a folder"), cluster.database().await);
    println!("{}", kill_again_and_again(Launch::new(folder.path()).on(&database), async || {}).await);
}

/// Waits until every reply is settled as sent: the channel recognises repetitions, so none is perhaps sent. What was under way
/// when the server was killed does not wait for its lease, because one process is alone with its file.
async fn all_are_sent(data: &Path) {
    let file = SqliteConnectOptions::new().filename(data.join("switchboard.db"));
    let mut conn = file.connect().await.expect("opens");
    in_time("every reply is sent", async {
        let mut open = -1_i64;
        while open != 0 {
            let count =
                sqlx::query_scalar("SELECT COUNT(*) FROM outbox WHERE state <> 'sent'").fetch_one(&mut conn).await;
            open = count.expect("counted");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

/// Kills, starts, and looks what is there at the end; tells how much that was.
async fn kill_again_and_again(mut launch: Launch, settled: impl AsyncFnOnce()) -> String {
    let mut widgets: Vec<Widget> = (0..CUSTOMERS).map(Widget::new).collect();
    let mut chance = 0x9E37_79B9_u64;
    // Moments of a fixed row: a failure is more likely to come again.
    let mut moment = |from: u64, to: u64| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        tokio::time::sleep(Duration::from_millis(from + (chance >> 33) % (to - from)))
    };
    for kill in 0..kills() {
        // Every fifth time it does not come to work: the first of all in the middle of its migrations.
        if kill % 5 == 0 {
            let mut starting = launch.spawn();
            moment(10, 300).await;
            starting.kill().expect("killed");
            starting.wait().expect("gone");
            continue;
        }
        let server = launch.start();
        let url = server.socket_url();
        let writing: Vec<_> = widgets
            .drain(..)
            .map(|mut widget| {
                let url = url.clone();
                tokio::spawn(async move {
                    widget.write_until_lost(&url).await;
                    widget
                })
            })
            .collect();
        // In the middle of something.
        moment(20, 400).await;
        server.kill();
        for writing in writing {
            widgets.push(writing.await.expect("ends when the connection is lost"));
        }
    }
    let server = launch.start();
    for widget in &mut widgets {
        widget.check(&server.socket_url()).await;
    }
    let total: usize = widgets.iter().map(|widget| widget.acknowledged.len()).sum();
    assert!(total > 0, "something was acknowledged");
    settled().await;
    server.kill();
    let ledger = launch.command(&["ledger", "--json"]).output().expect("runs");
    let accounts: Value = serde_json::from_slice(&ledger.stdout).expect("JSON");
    assert_eq!(accounts[0]["balanced"], true, "{accounts}");
    format!("{total} messages were acknowledged over {} kills; the ledger: {accounts}", kills())
}
