//! The real program as a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// Nothing in the bench waits longer than this for something that has to happen.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// A running server. It is killed when the value goes.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// Seconds from its start to the line in its log that says it is ready.
    pub(crate) ready: f64,
}

impl Server {
    /// Starts it on a data folder and waits until it says that it is ready.
    pub(crate) async fn start(data: &Path) -> Self {
        let start = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_switchboard"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--log-level", "info", "--log-format", "json", "--data"]);
        command.arg(data).current_dir("/").env_clear().stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the program starts");
        let lines = BufReader::new(child.stderr.take().expect("stderr")).lines();
        let (tell, told) = oneshot::channel();
        std::thread::spawn(move || {
            let (mut tell, mut log) = (Some(tell), String::new());
            // What it logs later is read and forgotten: a full pipe would stop it.
            for line in lines.map_while(Result::ok) {
                if let Some(address) = ready_at(&line) {
                    if let Some(tell) = tell.take() {
                        // Who waits may have given up.
                        let _ = tell.send(Ok((address, start.elapsed())));
                    }
                } else if tell.is_some() {
                    log.push_str(&line);
                    log.push('\n');
                }
            }
            if let Some(tell) = tell {
                let _ = tell.send(Err(log));
            }
        });
        let told = tokio::time::timeout(PATIENCE, told).await.expect("it is ready in time").expect("a word");
        let (address, ready) = told.unwrap_or_else(|log| panic!("the server ended:\n{log}"));
        Self { child, address, ready: ready.as_secs_f64() }
    }

    /// Seconds until `/readyz` says 200, from now.
    pub(crate) async fn probe(&self) -> f64 {
        let start = Instant::now();
        let url = format!("http://{}/readyz", self.address);
        let asking = async {
            while !reqwest::get(&url).await.is_ok_and(|answer| answer.status().is_success()) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("it is ready in time");
        start.elapsed().as_secs_f64()
    }

    /// Resident bytes, once they hold still.
    pub(crate) async fn resident(&self) -> f64 {
        let (mut last, mut same) = (0.0, 0);
        while same < 4 {
            tokio::time::sleep(Duration::from_millis(250)).await;
            let now = self.resident_now();
            // Within half a percent nothing goes on any more.
            same = if (now - last).abs() < last / 200.0 { same + 1 } else { 0 };
            last = now;
        }
        last
    }

    fn resident_now(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a resident size");
        line.trim().trim_end_matches("kB").trim().parse::<f64>().expect("a number") * 1_024.0
    }

    /// Asks it to stop and waits for its end.
    pub(crate) fn stop(mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(asked.success());
        let ended = self.child.wait().expect("it ends");
        assert!(ended.success(), "the server ended with {ended}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address in the line that says it is ready.
fn ready_at(line: &str) -> Option<SocketAddr> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    let fields = line.get("fields").unwrap_or(&line);
    (fields["message"] == "ready").then(|| fields["address"].as_str()?.parse().ok())?
}

/// Raises no limit, but says which one is in the way: every socket is a file, here and in the server.
pub(crate) fn need_files(count: usize) {
    let limits = std::fs::read_to_string("/proc/self/limits").expect("limits");
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).expect("a limit of files");
    let most = line.split_whitespace().next().and_then(|soft| soft.parse::<usize>().ok()).unwrap_or(usize::MAX);
    let needed = count + 200;
    assert!(
        most >= needed,
        "{needed} files have to be open at once and the limit is {most}: `ulimit -n {needed}` first"
    );
}
