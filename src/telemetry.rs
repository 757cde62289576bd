//! Log output: text on a terminal, JSON lines otherwise, always on stderr. Bodies and tokens never get here.

use std::io::IsTerminal;

use anyhow::Context;
use tracing::{Dispatch, Level};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Log, LogFormat};

/// Libraries that write whole lines of a connection into the log when they are asked for details: mails, and passwords.
const TALKATIVE: &[&str] = &["async_imap", "imap_proto", "lettre"];

/// Starts logging.
pub fn start(log: &Log) -> anyhow::Result<()> {
    let text = match log.format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let subscriber = subscriber(&log.level, text, std::io::stderr)?;
    subscriber.try_init().context("logging was started already")
}

fn subscriber<W>(level: &str, text: bool, writer: W) -> anyhow::Result<Dispatch>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(level).with_context(|| format!("`log.level`: `{level}` can't be used"))?;
    let quiet = filter_fn(|about| !is_talkative(about.target()) || *about.level() <= Level::INFO);
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    Ok(if text {
        builder.finish().with(quiet).into()
    } else {
        builder.json().flatten_event(true).finish().with(quiet).into()
    })
}

fn is_talkative(target: &str) -> bool {
    let library = target.split("::").next().unwrap_or_default();
    TALKATIVE.contains(&library)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_goes_over_a_mail_connection_is_never_logged() {
        for level in ["trace", "debug,async_imap=trace", "off,async_imap::client=trace,lettre=debug"] {
            let kept = Kept::default();
            let writer = kept.clone();
            let dispatch = subscriber(level, true, move || writer.clone()).expect("a good level");
            tracing::dispatcher::with_default(&dispatch, || {
                tracing::debug!(target: "async_imap::client", "a whole mail");
                tracing::trace!(target: "lettre::transport::smtp", "a password");
                tracing::debug!(target: "async_imaps", "of another library");
                tracing::warn!(target: "async_imap::client", "a warning");
            });
            let logged = String::from_utf8_lossy(&kept.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned();
            assert!(!logged.contains("a whole mail") && !logged.contains("a password"), "{level}: {logged}");
            assert!(logged.contains("a warning"), "{level}: {logged}");
            assert_eq!(logged.contains("of another library"), level.starts_with(['t', 'd']), "{level}: {logged}");
        }
    }
}
