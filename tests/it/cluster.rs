//! A private PostgreSQL for the tests, made from the system's packages: nothing of the machine's own clusters is used.
//!
//! [`Cluster::shared`] is one cluster for all tests of a run, whether they are threads of one process or processes of
//! their own: the first one starts it, the others find it. Who uses it holds a lock that the system takes back when a
//! process ends, however it ends; a guardian outside the tests waits for that and clears everything away.
//! [`Cluster::own`] is for tests that stop and restart it.

use std::fs::{self, File};
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Names of databases and ports: different within a process by this count, between processes by their ids.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// The cluster's superuser, let in without a password on this machine's loopback.
const USER: &str = "switchboard";

/// Seconds without any user after which the shared cluster ends: the pause between two tests that use it is shorter.
const GRACE: u32 = 20;

/// Below the ports that systems give away by themselves, so that a stopped cluster finds its own free again.
const PORTS: std::ops::Range<u32> = 20_000..32_000;

/// As on a server in earnest, but small: flushes to disk are on.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
fsync = on
synchronous_commit = on
full_page_writes = on
max_connections = 300
shared_buffers = 32MB
logging_collector = off
";

/// Clears a cluster away when nobody holds the lock `users` any more. `turn` is held by who starts, joins or ends it.
const GUARDIAN: &str = r#"
place=$1 grace=$2
exec 8>"$place/guardian" 9>"$place/turn"
flock -n 8 || exit 0
while :; do
    flock "$place/users" true
    sleep "$grace"
    flock 9
    if flock -n "$place/users" true; then
        read -r port folder <"$place/ready"
        if pid=$(head -n 1 "$folder/data/postmaster.pid"); then
            kill -QUIT "$pid"
            while kill -0 "$pid"; do sleep 0.1; done
        fi
        rm -rf "$place/ready" "$folder"
        exit 0
    fi
    flock -u 9
done
"#;

/// A running cluster, as long as the value lives.
pub(crate) struct Cluster {
    tools: Tools,
    /// Holds `data`, the log and the socket; belongs to the user that PostgreSQL runs as.
    folder: PathBuf,
    port: u32,
    /// Locked for sharing: the cluster is in use.
    _users: File,
}

impl Cluster {
    /// The cluster that the tests of a run share. None, and a line that says so, where PostgreSQL is not installed.
    ///
    /// # Panics
    /// When it does not start, and in CI also when PostgreSQL is missing.
    pub(crate) fn shared() -> Option<Self> {
        let tools = Tools::find()?;
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("postgres");
        fs::create_dir_all(&place).expect("a place for locks");
        let turn = File::create(place.join("turn")).expect("a lock");
        turn.lock().expect("our turn");
        let users = File::create(place.join("users")).expect("a lock");
        users.lock_shared().expect("the guardian lets go of it at once");
        let known = fs::read_to_string(place.join("ready")).ok().and_then(|text| {
            let (port, folder) = text.trim_end().split_once(' ')?;
            Some((port.parse().ok()?, PathBuf::from(folder)))
        });
        if let Some((port, folder)) = known {
            let cluster = Self { tools: tools.clone(), folder, port, _users: users.try_clone().expect("a handle") };
            if cluster.is_running() {
                cluster.guard(&place, GRACE);
                return Some(cluster);
            }
            // Its machine was switched off, or somebody ended it. What can't be removed lies in a temporary folder.
            let _ = fs::remove_dir_all(&cluster.folder);
        }
        let cluster = Self::make(tools, users);
        cluster.guard(&place, GRACE);
        Some(cluster)
    }

    /// A cluster of this test alone, which may be stopped and started. None as with [`Cluster::shared`].
    pub(crate) fn own() -> Option<Self> {
        let tools = Tools::find()?;
        let locks = tempfile::Builder::new().prefix("switchboard-locks-").tempdir().expect("a temporary folder").keep();
        let users = File::create(locks.join("users")).expect("a lock");
        users.lock_shared().expect("nobody else knows it");
        let cluster = Self::make(tools, users);
        // The locks lie in a folder of their own: the cluster's belongs to another user.
        let inside = cluster.folder.join("locks");
        fs::rename(&locks, &inside).expect("moved");
        cluster.guard(&inside, 0);
        Some(cluster)
    }

    /// A new empty database; the URL to reach it. It goes with the cluster.
    pub(crate) async fn database(&self) -> String {
        let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let command = self.sql("postgres", &format!("CREATE DATABASE {name}"));
        tokio::task::spawn_blocking(move || run(command)).await.expect("no panic");
        self.url(&name)
    }

    /// The URL of a database of this cluster.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// Stops it as for maintenance: connections are cut at once, transactions under way are undone.
    pub(crate) fn stop(&self) {
        run(self.control(&["stop", "-w", "-m", "fast"]));
    }

    /// Starts it again where it was, and returns when it takes connections.
    pub(crate) fn start(&self) {
        self.try_start().unwrap_or_else(|problem| panic!("PostgreSQL does not start again: {problem}"));
    }

    /// Stops and starts.
    pub(crate) fn restart(&self) {
        self.stop();
        self.start();
    }

    /// Ends it without a goodbye, as a crash of its machine would.
    pub(crate) fn crash(&self) {
        run(self.control(&["stop", "-w", "-m", "immediate"]));
    }

    /// What one statement prints, values of a row parted by `|`.
    pub(crate) fn ask(&self, database: &str, sql: &str) -> String {
        let output = run(self.sql(database, sql));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Makes a cluster in a temporary folder and starts it on a free port.
    fn make(tools: Tools, users: File) -> Self {
        let folder = tempfile::Builder::new().prefix("switchboard-pg-").tempdir().expect("a temporary folder").keep();
        if let Some((user, group)) = tools.runs_as {
            chown(&folder, Some(user), Some(group)).expect("root may give a folder away");
        }
        // Its own files need no flush before the first start: nothing is in them yet.
        let mut initdb = tools.command("initdb");
        initdb.arg("-D").arg(folder.join("data"));
        run_command(initdb.args(["-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]));
        let mut cluster = Self { tools, folder, port: 0, _users: users };
        let mut problem = String::new();
        for _ in 0..5 {
            cluster.port = free_port();
            cluster.configure();
            match cluster.try_start() {
                Ok(()) => return cluster,
                Err(why) => problem = why,
            }
        }
        panic!("PostgreSQL does not start: {problem}");
    }

    fn configure(&self) {
        let file = self.folder.join("data/postgresql.conf");
        let mut text = fs::read_to_string(&file).expect("initdb wrote it");
        let place = format!("port = {}\nunix_socket_directories = '{}'\n", self.port, self.folder.display());
        // What stands last holds.
        text.push_str(SETTINGS);
        text.push_str(&place);
        fs::write(&file, text).expect("written");
    }

    fn try_start(&self) -> Result<(), String> {
        let log = self.folder.join("log");
        let mut command = self.control(&["start", "-w", "-t", "60", "-l"]);
        // The server inherits what it is given: a pipe would keep the runner waiting for the end of this test.
        let status = command.arg(&log).stdout(Stdio::null()).stderr(Stdio::null()).status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("{status}\n{}", fs::read_to_string(&log).unwrap_or_default())),
            Err(error) => Err(error.to_string()),
        }
    }

    fn is_running(&self) -> bool {
        let answer = self.sql("postgres", "SHOW data_directory").output();
        answer.is_ok_and(|answer| {
            answer.status.success()
                && String::from_utf8_lossy(&answer.stdout).trim() == self.folder.join("data").to_string_lossy()
        })
    }

    /// Tells where the cluster is, and sees to it that somebody clears up. A second guardian ends at once.
    fn guard(&self, place: &Path, grace: u32) {
        fs::write(place.join("ready"), format!("{} {}\n", self.port, self.folder.display())).expect("written");
        let mut guardian = Command::new("sh");
        guardian.args(["-c", GUARDIAN, "guardian"]).arg(place).arg(grace.to_string());
        guardian.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // A group of its own: what ends the tests does not end it.
        let child = guardian.process_group(0).spawn().expect("a shell");
        // It outlives this process; there is nobody to wait for it.
        drop(child);
    }

    fn control(&self, arguments: &[&str]) -> Command {
        let mut command = self.tools.command("pg_ctl");
        command.arg("-D").arg(self.folder.join("data")).args(arguments);
        command
    }

    fn sql(&self, database: &str, sql: &str) -> Command {
        let mut command = self.tools.command("psql");
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &self.url(database), "-c", sql]);
        command
    }
}

/// PostgreSQL's programs, and whom they run as.
#[derive(Clone)]
struct Tools {
    folder: PathBuf,
    /// User and group; none when the tests run as an ordinary user. PostgreSQL refuses to run as root.
    runs_as: Option<(u32, u32)>,
}

impl Tools {
    /// # Panics
    /// In CI, when they are missing.
    #[expect(clippy::print_stdout, reason = "what is left out is said")]
    fn find() -> Option<Self> {
        let Some(folder) = installed() else {
            let what = "PostgreSQL is not installed (initdb is neither in the PATH nor where Debian puts it)";
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{what}");
            println!("skipped: {what}");
            return None;
        };
        Some(Self { folder, runs_as: ordinary_user() })
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join(name));
        // A folder that every user may be in; and nothing of this environment, which may name other clusters.
        command.env_clear().env("LC_ALL", "C").current_dir("/").stdin(Stdio::null());
        if let Some((user, group)) = self.runs_as {
            command.uid(user).gid(group);
        }
        command
    }
}

/// The folder of the newest version installed.
fn installed() -> Option<PathBuf> {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let versions = debian.filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())));
    let newest = versions.map(|(version, path)| (version, path.join("bin"))).filter(|(_, path)| has_tools(path)).max();
    newest.map(|(_, path)| path).or_else(|| {
        let path = std::env::var_os("PATH")?;
        // What is in the PATH may be a link to where the other programs are.
        let found = std::env::split_paths(&path).filter_map(|folder| fs::canonicalize(folder.join("initdb")).ok());
        found.filter_map(|initdb| Some(initdb.parent()?.to_owned())).find(|folder| has_tools(folder))
    })
}

fn has_tools(folder: &Path) -> bool {
    ["initdb", "postgres", "pg_ctl", "psql"].iter().all(|tool| folder.join(tool).is_file())
}

/// User and group of an ordinary user when the tests run as root; none when they run as one.
pub(crate) fn ordinary_user() -> Option<(u32, u32)> {
    let root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    root.then(|| user(&users, "postgres").or_else(|| user(&users, "nobody")).expect("an ordinary user"))
}

/// A user's numbers from the system's list.
fn user(list: &str, name: &str) -> Option<(u32, u32)> {
    let fields: Vec<_> = list.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|line| line[0] == name)?;
    Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
}

fn free_port() -> u32 {
    let first = std::process::id().wrapping_mul(31).wrapping_add(COUNT.fetch_add(1, Ordering::Relaxed));
    let count = PORTS.end - PORTS.start;
    let mut ports = (0..count).map(|step| PORTS.start + first.wrapping_add(step) % count);
    let free = |port: &u32| u16::try_from(*port).is_ok_and(|port| TcpListener::bind(("127.0.0.1", port)).is_ok());
    ports.find(free).expect("a free port")
}

fn run(mut command: Command) -> Output {
    run_command(&mut command)
}

/// Runs a program to its end; what it complains about is in the panic.
fn run_command(command: &mut Command) -> Output {
    let output: io::Result<Output> = command.output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    output
}

#[tokio::test]
async fn tests_share_a_cluster_and_have_databases_of_their_own() {
    let (Some(one), Some(two)) = (Cluster::shared(), Cluster::shared()) else { return };
    assert_eq!(one.url("x"), two.url("x"), "the second one joins the first");
    let (first, second) = (one.database().await, two.database().await);
    assert_ne!(first, second);
    let name = |url: &str| url.rsplit('/').next().expect("a name").to_owned();
    one.ask(&name(&first), "CREATE TABLE kept (value TEXT)");
    let tables = "SELECT COUNT(*) FROM pg_tables WHERE tablename = 'kept'";
    assert_eq!(one.ask(&name(&first), tables), "1");
    assert_eq!(two.ask(&name(&second), tables), "0");
    assert_eq!(one.ask("postgres", "SHOW fsync"), "on");
}

#[tokio::test]
async fn a_cluster_of_its_own_restarts_with_what_it_holds() {
    let Some(cluster) = Cluster::own() else { return };
    let url = cluster.database().await;
    let name = url.rsplit('/').next().expect("a name");
    cluster.ask(name, "CREATE TABLE kept (value TEXT)");
    cluster.ask(name, "INSERT INTO kept VALUES ('this')");
    cluster.restart();
    assert_eq!(cluster.ask(name, "SELECT value FROM kept"), "this");
    cluster.crash();
    assert!(!cluster.is_running());
    cluster.start();
    assert_eq!(cluster.ask(name, "SELECT value FROM kept"), "this");
    let folder = cluster.folder.clone();
    drop(cluster);
    let gone = async {
        while folder.exists() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    crate::server::in_time("the guardian clears up", gone).await;
}
