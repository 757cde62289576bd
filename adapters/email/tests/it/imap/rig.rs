//! A core in memory, a session on a server, and a reader of simple mails.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use switchboard_contract::{
    Address, Content, ExternalId, Inbound, InboundMessage, InboundSink, Proof, Reading, Sender, StopSource, ThreadKey,
};
use switchboard_email::config::EmailConfig;
use switchboard_email::imap::{Health, Pace, ReadMail, State};
use switchboard_email::session::Mailboxes;
use switchboard_testkit::within;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::dovecot::{Dovecot, PASSWORD, USER};

/// A mail.
pub(crate) fn mail(id: &str, text: &str) -> String {
    format!(
        "From: Ada <ada@example.net>\r\nTo: {USER}\r\nSubject: {id}\r\nMessage-ID: <{id}@example.net>\r\n\r\n{text}\r\n"
    )
}

/// Reads a mail as the adapter will, but for what is in it: the id is made of Message-ID and content.
pub(crate) fn read() -> ReadMail {
    Arc::new(|raw: &[u8]| {
        let text = String::from_utf8_lossy(raw);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let id = head.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap_or_default();
        let hash = Sha256::digest(raw).iter().take(8).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let from = Sender {
            address: Address("ada@example.net".to_owned()),
            name: None,
            email: None,
            proof: Proof::Claimed,
            language: None,
            facts: std::collections::BTreeMap::new(),
        };
        let thread = ThreadKey("thread".to_owned());
        let content = Content::plain(body.trim());
        Inbound {
            external_id: ExternalId(format!("{id} {hash}")),
            occurred_at: None,
            raw: Vec::new(),
            reading: Reading::Message(Box::new(InboundMessage { from, thread, content, choice: None, letter: None })),
        }
    })
}

/// Reads nothing: for what is measured without it.
pub(crate) fn blind() -> ReadMail {
    Arc::new(|_: &[u8]| Inbound {
        external_id: ExternalId("blind".to_owned()),
        occurred_at: None,
        raw: Vec::new(),
        reading: Reading::Filtered { reason: "not read".to_owned() },
    })
}

/// Short pauses, long patience.
pub(crate) fn pace() -> Pace {
    Pace {
        connect: Duration::from_secs(5),
        silence: Duration::from_secs(5),
        idle: Duration::from_mins(1),
        retry_first: Duration::from_millis(2),
        retry_max: Duration::from_millis(50),
        refused_first: Duration::from_mins(5),
        refused_max: Duration::from_mins(10),
        stop: Duration::from_secs(2),
        keep_alive: Duration::from_mins(1),
    }
}

/// Settings as JSON, for a server on this machine; `more` overrides.
pub(crate) fn config(port: u16, security: &str, ca_file: Option<&Path>, more: &str) -> EmailConfig {
    let mut settings = serde_json::json!({
        "address": USER, "imap_host": "localhost", "imap_port": port, "imap_security": security,
        "imap_password": PASSWORD, "start": "all", "ca_file": ca_file, "poll_seconds": 1,
    });
    let more: serde_json::Value = serde_json::from_str(&format!("{{{more}}}")).expect("settings");
    for (key, value) in more.as_object().expect("an object") {
        settings[key] = value.clone();
    }
    serde_json::from_value(settings).expect("settings")
}

/// Settings for a Dovecot.
pub(crate) fn of(server: &Dovecot, more: &str) -> EmailConfig {
    config(server.imaps, "tls", Some(&server.ca_file()), more)
}

/// A session that runs.
pub(crate) struct Session {
    stop: StopSource,
    task: JoinHandle<()>,
    pub(crate) health: watch::Receiver<Health>,
}

impl Session {
    pub(crate) fn start(config: EmailConfig, sink: Arc<dyn InboundSink>) -> Self {
        Self::start_with(config, sink, pace())
    }

    pub(crate) fn start_with(config: EmailConfig, sink: Arc<dyn InboundSink>, pace: Pace) -> Self {
        Self::start_all(config, sink, pace, read())
    }

    pub(crate) fn start_reading(config: EmailConfig, sink: Arc<dyn InboundSink>, read: ReadMail) -> Self {
        Self::start_all(config, sink, pace(), read)
    }

    fn start_all(config: EmailConfig, sink: Arc<dyn InboundSink>, pace: Pace, read: ReadMail) -> Self {
        let mailboxes = Mailboxes::with_pace(config, read, Arc::new(|| 250), pace).expect("good settings");
        let health = mailboxes.health();
        let (stop, token) = StopSource::new();
        let task = tokio::spawn(async move { mailboxes.run(sink, &token).await });
        Self { stop, task, health }
    }

    /// Waits until the session is as wanted.
    pub(crate) async fn until(&mut self, what: &str, wanted: impl Fn(&Health) -> bool) -> Health {
        within(what, self.health.wait_for(|health| wanted(health))).await.expect("it runs").clone()
    }

    /// Waits until everything that is there was handed in.
    pub(crate) async fn at_rest(&mut self) -> Health {
        self.until("the end of the mailbox", |health| health.state == State::Watching).await
    }

    pub(crate) async fn stop(mut self) {
        self.stop.stop();
        within("the end", &mut self.task).await.expect("no panic");
    }

    /// Ends it as a crash does: nothing is finished.
    pub(crate) async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}
