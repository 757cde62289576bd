//! The real binary asked to stop: within its budget everything is settled or released, what was acknowledged is kept, and pages
//! are told to come back. A second signal ends it at once.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use switchboard::limits;
use switchboard::store::{Store, Target};

use crate::cluster::Cluster;
use crate::process::{Launch, Server};
use crate::server::in_time;
use crate::widget::Widget;

/// What the README promises.
const BUDGET: Duration = Duration::from_secs(20);
/// The close code that has a page come back at once.
const RESTARTING: u16 = 1012;

async fn open(data: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(data.join("switchboard.db")).connect().await.expect("opens")
}

/// Stops a server under load; the widgets that wrote.
async fn stop_under_load(server: &mut Server) -> Vec<Widget> {
    let url = server.socket_url();
    let mut widgets: Vec<_> = (0..4).map(Widget::new).collect();
    for widget in &mut widgets {
        widget.write_through(&url, 3).await;
    }
    let writing: Vec<_> = widgets
        .into_iter()
        .map(|mut widget| {
            let url = url.clone();
            tokio::spawn(async move {
                widget.write_until_lost(&url).await;
                widget
            })
        })
        .collect();
    // In the middle of something.
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.terminate();
    let status = server.end(BUDGET).await;
    assert_eq!(status.code(), Some(0), "{}", server.log());
    let mut widgets = Vec::new();
    for writing in writing {
        let widget = writing.await.expect("ends");
        assert_eq!(widget.closed, Some(RESTARTING), "pages are told to come back");
        widgets.push(widget);
    }
    widgets
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_settles_what_is_under_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut launch = Launch::new(folder.path());
    for _ in 0..3 {
        let mut server = launch.start();
        let mut widgets = stop_under_load(&mut server).await;
        let mut conn = open(folder.path()).await;
        let sending: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM outbox WHERE state = 'sending'")
            .fetch_one(&mut conn)
            .await
            .expect("counted");
        assert_eq!(sending, 0, "every delivery is settled or released");
        drop(conn);
        let server = launch.start();
        for widget in &mut widgets {
            widget.check(&server.socket_url()).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_on_postgres_settles_what_is_under_way() {
    let Some(cluster) = Cluster::shared() else { return };
    let (folder, database) = (tempfile::tempdir().expect("a folder"), cluster.database().await);
    let mut launch = Launch::new(folder.path()).on(&database);
    let mut server = launch.start();
    let mut widgets = stop_under_load(&mut server).await;
    let sending = "SELECT COUNT(*) FROM outbox WHERE state = 'sending'";
    assert_eq!(cluster.ask(database.rsplit('/').next().expect("a name"), sending), "0");
    let server = launch.start();
    for widget in &mut widgets {
        widget.check(&server.socket_url()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_waits_for_no_locked_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut launch = Launch::new(folder.path());
    let mut server = launch.start();
    let url = server.socket_url();
    let mut widget = Widget::new(0);
    widget.write_through(&url, 3).await;
    let mut other = open(folder.path()).await;
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.expect("locked");
    // Several that wait for the writer at once.
    let waiting: Vec<_> = (1..20)
        .map(|name| {
            let url = url.clone();
            tokio::spawn(async move { Widget::new(name).write_until_lost(&url).await })
        })
        .collect();
    widget.is_refused(&url).await;
    server.terminate();
    let status = server.end(BUDGET + Duration::from_secs(1)).await;
    assert_eq!(status.code(), Some(0), "{}", server.log());
    for waiting in waiting {
        waiting.await.expect("ends");
    }
    sqlx::query("ROLLBACK").execute(&mut other).await.expect("unlocked");
    drop(other);
    let server = launch.start();
    widget.write_through(&server.socket_url(), 1).await;
    widget.check(&server.socket_url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_it_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = Launch::new(folder.path()).start();
    // A request whose end never comes: the first signal waits for it.
    let mut endless = TcpStream::connect(&server.address).expect("connects");
    let head = "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    endless.write_all(head.as_bytes()).expect("sent");
    // Requests are taken in order of their connections: when this is answered, that one is being waited for.
    server.until_ready_says("").await;
    server.terminate();
    in_time("the first signal's line in the log", async {
        while !server.log().contains("what is under way is settled first") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    server.terminate();
    let status = server.end(Duration::from_secs(2)).await;
    assert_eq!(status.code(), Some(130), "{}", server.log());
    assert!(server.log().contains("a second signal"), "{}", server.log());
}

/// Jobs for many groups, each of which would wait for the lock by itself.
const WAITING: usize = 300;

#[tokio::test]
async fn closing_waits_for_no_locked_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&Target::File(folder.path().join("switchboard.db"))).await.expect("opens");
    let mut other = open(folder.path()).await;
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.expect("locked");
    let writing: Vec<_> = (0..WAITING)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.probe().await })
        })
        .collect();
    // They are in the queue when this one has got its place behind them.
    tokio::task::yield_now().await;
    let closing = tokio::time::timeout(limits::CLOSE_BUDGET + Duration::from_secs(1), store.close());
    closing.await.expect("it gives up on what can't be written");
    for writing in writing {
        writing.abort();
    }
}
