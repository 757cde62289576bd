//! The real binary as a process of its own: started, asked, signalled, killed.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::server::{PATIENCE, in_time};

/// How a server is started, again and again on the same address.
#[derive(Clone)]
pub(crate) struct Launch {
    data: PathBuf,
    database: Option<String>,
    /// Port 0 until the first start has found one.
    listen: String,
    user: Option<(u32, u32)>,
    /// A program that prepares the process and then becomes the one named after it.
    prepared_by: Vec<String>,
}

impl Launch {
    pub(crate) fn new(data: &Path) -> Self {
        let listen = "127.0.0.1:0".to_owned();
        Self { data: data.to_owned(), database: None, listen, user: None, prepared_by: Vec::new() }
    }

    /// On PostgreSQL instead of a file in the data folder.
    pub(crate) fn on(mut self, database: &str) -> Self {
        self.database = Some(database.to_owned());
        self
    }

    /// As another user; only root may.
    pub(crate) fn run_by(mut self, user: Option<(u32, u32)>) -> Self {
        self.user = user;
        self
    }

    pub(crate) fn prepared_by(mut self, words: &[&str]) -> Self {
        self.prepared_by = words.iter().map(ToString::to_string).collect();
        self
    }

    /// A command of the program on this database.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_switchboard").to_owned();
        let words: Vec<_> = self.prepared_by.iter().cloned().chain([program]).collect();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(arguments).arg("--data").arg(&self.data);
        command
            .current_dir("/")
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .stdin(Stdio::null());
        if let Some(database) = &self.database {
            command.args(["--database", database]);
        }
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    /// Starts the server and does not wait for it.
    pub(crate) fn spawn(&self) -> Child {
        let arguments = ["serve", "--listen", &self.listen, "--log-level", "info", "--log-format", "json"];
        let mut command = self.command(&arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
    }

    /// Starts the server and waits until it listens. The next start takes the same address.
    pub(crate) fn start(&mut self) -> Server {
        self.try_start().unwrap_or_else(|(status, log)| panic!("the server ended with {status}:\n{log}"))
    }

    /// The same; its end and its words when it ends instead.
    pub(crate) fn try_start(&mut self) -> Result<Server, (ExitStatus, String)> {
        let mut child = self.spawn();
        let log = Arc::new(Mutex::new(String::new()));
        let (lines, kept) = (BufReader::new(child.stderr.take().expect("stderr")).lines(), Arc::clone(&log));
        let reading = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let address = lines.find_map(|line| {
            let (_, rest) = line.as_ref().ok()?.split_once("http://")?;
            Some(rest.split('/').next()?.to_owned())
        });
        // What it prints later is read and forgotten: a full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        let Some(address) = address else {
            let status = child.wait().expect("it has ended");
            reading.join().expect("no panic");
            let log = log.lock().unwrap_or_else(PoisonError::into_inner).clone();
            return Err((status, log));
        };
        self.listen.clone_from(&address);
        Ok(Server { child, address, log })
    }
}

/// A running server. It is killed when the value goes.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    log: Arc<Mutex<String>>,
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn socket_url(&self) -> String {
        format!("ws://{}/webchat/web/socket", self.address)
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// As the power failing: no goodbye.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    /// Asks it to stop.
    pub(crate) fn terminate(&self) {
        let status = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status().expect("kill runs");
        assert!(status.success());
    }

    /// How it ends by itself, within `budget`.
    pub(crate) async fn end(&mut self, budget: Duration) -> ExitStatus {
        let ending = async {
            loop {
                if let Some(status) = self.child.try_wait().expect("a child") {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let ended = tokio::time::timeout(budget, ending).await;
        ended.unwrap_or_else(|_| panic!("it runs after {budget:?}:\n{}", self.log()))
    }

    /// What `/readyz` says: ready or not, and why not.
    pub(crate) async fn ready(&self) -> (bool, String) {
        let client = reqwest::Client::builder().timeout(PATIENCE).build().expect("a client");
        let answer = client.get(format!("http://{}/readyz", self.address)).send().await.expect("an answer");
        let status = answer.status();
        let body: Value = answer.json().await.expect("JSON");
        assert_eq!(body["ready"], status.is_success(), "{status}: {body}");
        (status.is_success(), body["why"].as_str().unwrap_or_default().to_owned())
    }

    /// What `switchboard check --health` complains about.
    pub(crate) fn check_health(&self) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_switchboard"));
        command.args(["check", "--health"]).env_clear().env("SWITCHBOARD_SERVER__LISTEN", &self.address);
        let output = command.current_dir("/").output().expect("runs");
        assert_eq!(output.status.code(), Some(75), "not possible at present");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Waits until `/readyz` says `why`; empty: until it is ready.
    pub(crate) async fn until_ready_says(&self, why: &str) {
        in_time(&format!("/readyz saying `{why}`"), async {
            loop {
                let (ready, said) = self.ready().await;
                if said == why && ready == why.is_empty() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
        .await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
