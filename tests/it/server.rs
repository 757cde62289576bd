//! A whole server in this process, on a free loopback port and a temporary folder, with a clock that the test moves.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use switchboard::app::App;
use switchboard::clock::ManualClock;
use switchboard::config::{Config, Flags, Sources};
use switchboard::core::Core;
use switchboard_contract::Timestamp;
use tempfile::TempDir;

/// Nothing in a test waits longer than this for something that has to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// 2026-03-02T09:00:00Z
pub(crate) const START: Timestamp = Timestamp::from_millis(1_772_442_000_000);

pub(crate) struct TestServer {
    app: Option<App>,
    config: Config,
    pub(crate) clock: Arc<ManualClock>,
    /// Goes with the test.
    _folder: TempDir,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::start_with("", START).await
    }

    /// Starts with a configuration file's text.
    pub(crate) async fn start_with(toml: &str, start: Timestamp) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let flags = Flags {
            listen: Some("127.0.0.1:0".to_owned()),
            data: Some(folder.path().join("data").display().to_string()),
            ..Flags::default()
        };
        let file = Some((PathBuf::from("switchboard.toml"), toml.to_owned()));
        let sources = Sources { file, flags, ..Sources::default() };
        let config = Config::load(&sources).unwrap_or_else(|problems| panic!("{problems:?}")).config;
        let clock = Arc::new(ManualClock::new(start));
        let app = App::start(&config, Arc::clone(&clock) as _).await.expect("the server starts");
        Self { app: Some(app), config, clock, _folder: folder }
    }

    pub(crate) async fn restart(&mut self) {
        self.app.take().expect("running").stop().await;
        let clock = Arc::clone(&self.clock) as _;
        self.app = Some(App::start(&self.config, clock).await.expect("the server starts again"));
    }

    /// Tries to start another server on the same data folder.
    pub(crate) async fn start_beside(&self) -> Result<(), String> {
        let started = App::start(&self.config, Arc::clone(&self.clock) as _).await;
        started.map(drop).map_err(|error| format!("{error:#}"))
    }

    pub(crate) async fn stop(mut self) {
        self.app.take().expect("running").stop().await;
    }

    pub(crate) fn app(&self) -> &App {
        self.app.as_ref().expect("running")
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.app().core
    }

    /// The data folder, for commands beside the server.
    pub(crate) fn data(&self) -> &std::path::Path {
        &self.config.server.data
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.app().address)
    }

    pub(crate) fn socket_url(&self) -> String {
        format!("ws://{}/webchat/web/socket", self.app().address)
    }
}

/// Waits for something that has to happen; fails with `what` when it doesn't.
pub(crate) async fn in_time<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| panic!("waited in vain: {what}"))
}
