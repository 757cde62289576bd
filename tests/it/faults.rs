//! The real binary while its database is in trouble. It says what is wrong on `/readyz` and in the log, acknowledges nothing it
//! can't keep, and recovers by itself: what was sent meanwhile and afterwards is there exactly once.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use sqlx::ConnectOptions;
use switchboard::store::{Error, Store, Target, settings};
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::cluster::{Cluster, ordinary_user};
use crate::process::{Launch, Server};
use crate::widget::Widget;

const DATABASE: &str = "switchboard.db";

/// A fault has to show the same each time: named, nothing acknowledged, over without help.
async fn survives(server: &Server, why: &str, begin: impl AsyncFnOnce(), end: impl AsyncFnOnce()) {
    let url = server.socket_url();
    let (mut early, mut patient, mut late) = (Widget::new(0), Widget::new(1), Widget::new(2));
    early.write_through(&url, 5).await;
    patient.write_through(&url, 1).await;
    begin().await;
    server.until_ready_says(why).await;
    early.is_refused(&url).await;
    // So does the command that asks.
    let asked = server.check_health();
    assert!(asked.ends_with(&format!("the server is not ready: {why}\n")), "{asked}");
    // The log names it once, whatever comes meanwhile.
    let named = server.log().lines().filter(|line| line.contains("a commit failed") && line.contains(why)).count();
    assert_eq!(named, 1, "{}", server.log());
    // This one stays and sends again what is refused.
    let address = url.clone();
    let writing = tokio::spawn(async move {
        patient.write_through(&address, 5).await;
        patient
    });
    server.until_ready_says(why).await;
    end().await;
    server.until_ready_says("").await;
    assert!(server.log().contains("the database works again"), "{}", server.log());
    let mut patient = writing.await.expect("ends");
    for widget in [&mut early, &mut late] {
        widget.write_through(&url, 5).await;
    }
    for widget in [&mut early, &mut patient, &mut late] {
        widget.check(&url).await;
    }
}

/// Runs a system's tool; false when it refuses.
fn tool(name: &str, arguments: &[&str]) -> bool {
    let quiet =
        Command::new(name).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_named_and_survived() {
    const MOUNT: &str = r#"mount -t tmpfs -o size=32m tmpfs "$0" && exec "$@""#;
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_str().expect("UTF-8");
    // A disk that the server's process alone sees and that ends with it; an ordinary user takes a user namespace to mount it.
    let share = if ordinary_user().is_some() { "-m" } else { "-rm" };
    if !tool("unshare", &[share, "sh", "-c", MOUNT, data, "true"]) {
        println!("skipped: this machine lets nobody mount a small disk; a file that may not grow stands for it");
        return;
    }
    let server = Launch::new(folder.path()).prepared_by(&["unshare", share, "sh", "-c", MOUNT, data]).start();
    let ballast = PathBuf::from(format!("/proc/{}/root{data}/ballast", server.pid()));
    let fill = async || {
        let mut file = File::create(&ballast).expect("there is room");
        for size in [64 * 1024, 512, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    };
    let clear = async || fs::remove_file(&ballast).expect("removed");
    survives(&server, "the disk is full", fill, clear).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_may_not_grow_is_named_and_survived() {
    let folder = tempfile::tempdir().expect("a folder");
    // A process that does not ignore the signal would be ended by it; services are started so.
    let server = Launch::new(folder.path()).prepared_by(&["sh", "-c", r#"trap "" XFSZ; exec "$@""#, "sh"]).start();
    let pid = server.pid().to_string();
    let limit = async |limit: &str| assert!(tool("prlimit", &["--pid", &pid, limit]), "prlimit {limit}");
    let (begin, end) = (limit("--fsize=4096:unlimited"), limit("--fsize=unlimited"));
    survives(&server, "the database file can't be written", async || begin.await, async || end.await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_became_immutable_are_named_and_survived() {
    let folder = tempfile::tempdir().expect("a folder");
    let probe = folder.path().join("probe");
    File::create(&probe).expect("a file");
    let set = |flag: &str, file: &Path| tool("chattr", &[flag, file.to_str().expect("UTF-8")]);
    if !(set("+i", &probe) && fs::write(&probe, "x").is_err()) {
        println!(
            "skipped: this user or file system can't make a file immutable; a file that may not grow stands for it"
        );
        return;
    }
    assert!(set("-i", &probe));
    let server = Launch::new(folder.path()).start();
    let files = [folder.path().join(DATABASE), folder.path().join(format!("{DATABASE}-wal"))];
    let all = async |flag: &str| files.iter().for_each(|file| assert!(set(flag, file), "{flag}"));
    let (begin, end) = (all("+i"), all("-i"));
    survives(&server, "the database file can't be written", async || begin.await, async || end.await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_moved_away_is_named_and_survived() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Launch::new(folder.path()).start();
    let (file, elsewhere) = (folder.path().join(DATABASE), folder.path().join("elsewhere.db"));
    // What lies in its place does not count.
    let begin = async || {
        fs::rename(&file, &elsewhere).expect("moved");
        fs::copy(&elsewhere, &file).expect("replaced");
    };
    let end = async || fs::rename(&elsewhere, &file).expect("put back");
    survives(&server, "the database file was moved or replaced while the program runs", begin, end).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_locked_by_another_process_is_named_and_survived() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Launch::new(folder.path()).start();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join(DATABASE));
    let other = Mutex::new(options.connect().await.expect("another process opens it"));
    let tell = async |words: &'static str| {
        sqlx::query(words).execute(&mut *other.lock().await).await.expect("the lock");
    };
    let (begin, end) = (tell("BEGIN EXCLUSIVE"), tell("ROLLBACK"));
    survives(&server, "the database is locked by another process", async || begin.await, async || end.await).await;
}

/// A data folder that belongs to whom the server runs as.
fn owned(user: Option<(u32, u32)>) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    if let Some((user, group)) = user {
        chown(folder.path(), Some(user), Some(group)).expect("given away");
    }
    folder
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_on_what_can_not_be_written_says_so() {
    let user = ordinary_user();
    let folder = owned(user);
    let mut launch = Launch::new(folder.path()).run_by(user);
    let mut widget = Widget::new(0);
    let server = launch.start();
    widget.write_through(&server.socket_url(), 3).await;
    server.kill();
    let file = folder.path().join(DATABASE);
    let refused = |launch: &mut Launch, words: &str| {
        let Err((status, log)) = launch.try_start() else { panic!("it started") };
        assert_eq!(status.code(), Some(69), "{log}");
        assert!(log.contains(words) && log.contains("ermission denied"), "{log}");
    };
    fs::set_permissions(&file, Permissions::from_mode(0o444)).expect("set");
    refused(&mut launch, "switchboard.db can't be written");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("set");
    let bare = owned(user);
    fs::set_permissions(bare.path(), Permissions::from_mode(0o555)).expect("set");
    refused(&mut Launch::new(bare.path()).run_by(user), "can't be written by this user");
    let server = launch.start();
    widget.write_through(&server.socket_url(), 3).await;
    widget.check(&server.socket_url()).await;
}

#[test]
fn a_start_without_its_postgres_says_so_and_keeps_the_password_to_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    // Nothing listens there.
    let mut launch = Launch::new(folder.path()).on("postgres://switchboard:pepper@127.0.0.1:1/desk");
    let Err((status, log)) = launch.try_start() else { panic!("it started") };
    assert_eq!(status.code(), Some(69), "{log}");
    assert!(log.contains("the PostgreSQL database `desk` on 127.0.0.1:1 can't be opened: "), "{log}");
    assert_eq!(log.matches("onnection refused").count(), 1, "{log}");
    assert!(!log.contains("pepper"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_goes_away_is_named_and_survived() {
    let Some(cluster) = Cluster::own() else { return };
    let (folder, database) = (tempfile::tempdir().expect("a folder"), cluster.database().await);
    let server = Launch::new(folder.path()).on(&database).start();
    let end = async || {
        // Long enough for everything that waits to have been refused once.
        tokio::time::sleep(Duration::from_secs(10)).await;
        cluster.start();
    };
    survives(&server, "the database can't be reached", async || cluster.stop(), end).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_restarts_in_the_middle_of_everything() {
    let Some(cluster) = Cluster::own() else { return };
    let (folder, database) = (tempfile::tempdir().expect("a folder"), cluster.database().await);
    let server = Launch::new(folder.path()).on(&database).start();
    let url = server.socket_url();
    let writing: Vec<_> = (0..4)
        .map(|name| {
            let (url, mut widget) = (url.clone(), Widget::new(name));
            tokio::spawn(async move {
                widget.write_through(&url, 40).await;
                widget
            })
        })
        .collect();
    for restart in 0..4 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        if restart % 2 == 0 {
            cluster.restart();
        } else {
            cluster.crash();
            cluster.start();
        }
    }
    for widget in writing {
        widget.await.expect("all is acknowledged in the end").check(&url).await;
    }
    server.until_ready_says("").await;
    let stuck = "SELECT COUNT(*) FROM outbox WHERE state IN ('uncertain', 'failed')";
    assert_eq!(cluster.ask(database.rsplit('/').next().expect("a name"), stuck), "0");
}

#[tokio::test]
async fn a_connection_that_was_cut_while_nobody_used_it_costs_nothing() {
    let Some(cluster) = Cluster::own() else { return };
    let target = Target::postgres(&cluster.database().await).expect("an address");
    let store = Store::open(&target).await.expect("opens");
    store.probe().await.expect("works");
    cluster.restart();
    store
        .write::<_, Error, _>(|conn| Box::pin(settings::set(conn, "after", "the restart")))
        .await
        .expect("written at once");
    store.close().await;
}
