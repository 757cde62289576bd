//! How fast, and with how much memory: printed, for people to look at.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use switchboard_contract::{
    Accepted, ConversationId, Cursor, Inbound, InboundSink, ReceiptMark, Seq, SinkError, ThreadKey,
};
use switchboard_testkit::fakes::FakeCore;

use super::dovecot::Dovecot;
use super::rig::{Session, mail, of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ingest() {
    const MAILS: u32 = 5_000;
    let Some(mut server) = Dovecot::make("") else { return };
    for number in 0..MAILS {
        server.put("INBOX", mail(&format!("m{number}"), &"a line of text\r\n".repeat(100)).as_bytes());
    }
    server.settle();
    server.resume();
    for what in ["not indexed yet", "indexed"] {
        let core = FakeCore::new();
        let started = Instant::now();
        let mut session = Session::start(of(&server, ""), core.clone());
        let ended = session.health.wait_for(|health| health.handed_in >= u64::from(MAILS));
        let ended = tokio::time::timeout(std::time::Duration::from_mins(2), ended).await;
        ended.expect("within two minutes").expect("it runs");
        let took = started.elapsed();
        assert_eq!(core.balance().filed, MAILS);
        println!("{MAILS} mails of 1.7 kB, {what}: {:.0} mails/s", f64::from(MAILS) / took.as_secs_f64());
        session.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_of_old_mails() {
    const MAILS: u32 = 5_000;
    let Some(mut server) = Dovecot::make("") else { return };
    for number in 0..MAILS {
        server.put("INBOX", mail(&format!("m{number}"), &"a line of text\r\n".repeat(100)).as_bytes());
    }
    server.settle();
    server.resume();
    let core = FakeCore::new();
    let started = Instant::now();
    let mut session = Session::start(of(&server, r#""start":"headers""#), core.clone());
    let ended = session.health.wait_for(|health| health.handed_in >= u64::from(MAILS));
    tokio::time::timeout(std::time::Duration::from_mins(2), ended).await.expect("in time").expect("it runs");
    println!("headers of {MAILS} mails: {:.0} mails/s", f64::from(MAILS) / started.elapsed().as_secs_f64());
    assert_eq!(core.balance().filtered, MAILS);
    session.stop().await;
}

/// Takes mails and forgets them.
struct Forgets(AtomicUsize);

#[async_trait]
impl InboundSink for Forgets {
    async fn accept(&self, batch: Vec<Inbound>, _: Option<Cursor>) -> Result<Vec<Accepted>, SinkError> {
        self.0.fetch_add(batch.iter().map(|inbound| inbound.raw.len()).sum(), Ordering::SeqCst);
        Ok(batch.iter().map(|_| Accepted::Filtered { reason: String::new() }).collect())
    }

    async fn cursor(&self) -> Result<Option<Cursor>, SinkError> {
        Ok(None)
    }

    async fn receipt(&self, _: ConversationId, _: Seq, _: ReceiptMark) -> Result<(), SinkError> {
        Ok(())
    }

    fn typing(&self, _: &ThreadKey, _: bool) {}
}

#[tokio::test]
async fn a_large_mail_costs_less_than_three_times_its_size() {
    const SIZE: usize = 50_000_000;
    let Some(mut server) = Dovecot::make("") else { return };
    for number in 0..3 {
        let line = "a line of an attachment, sixty-two characters long or so ....\r\n";
        server.put("INBOX", mail(&format!("large{number}"), &line.repeat(SIZE / line.len())).as_bytes());
    }
    server.settle();
    server.resume();
    let before = rest_peak();
    let sink = Arc::new(Forgets(AtomicUsize::new(0)));
    let reads = Session::start_reading(of(&server, ""), sink.clone(), super::rig::blind());
    let mut session = reads;
    session.until("three mails", |health| health.handed_in == 3).await;
    let grown = peak().saturating_sub(before);
    session.stop().await;
    assert!(sink.0.load(Ordering::SeqCst) > 3 * SIZE - 1_000);
    println!("three mails of 50 MB, one after the other: {} MB more at the peak", grown / 1_000_000);
    // Where other tests run in the same process, their memory counts as well.
    if std::env::var("NEXTEST_EXECUTION_MODE").as_deref() == Ok("process-per-test") {
        assert!(grown < 3 * SIZE, "{grown}");
    }
}

/// Forgets the peak so far; what the process has now, in bytes.
fn rest_peak() -> usize {
    std::fs::write("/proc/self/clear_refs", "5").expect("a process may reset its own peak");
    memory("VmRSS:")
}

/// The most memory this process had since then, in bytes.
fn peak() -> usize {
    memory("VmHWM:")
}

fn memory(what: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok());
    kilobytes.unwrap_or_default() * 1_024
}
