//! From bytes to the core: mails are read and handed in, beside the fetching of the next ones.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use switchboard_contract::{Cursor, ExternalId, Inbound, InboundSink, Reading, SinkError};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use super::health::Health;
use super::plan::Part;
use super::trouble::{Trouble, tidy};

/// Makes of a raw mail what the core is told of it: pure, and total. Its `raw` is left empty: the bytes are put in by the
/// session, which has them already. The id is the same each time the same mail comes, whatever folder and UID it has: made
/// from Message-ID and content.
pub type ReadMail = Arc<dyn Fn(&[u8]) -> Inbound + Send + Sync>;

/// What the reason says where a mail was not fetched whole: its bytes don't tell enough to be read again.
pub(crate) const HEADERS_ONLY: &str = "only its headers are kept here";

/// Where mails go.
pub(super) struct Intake {
    pub(super) sink: Arc<dyn InboundSink>,
    pub(super) read: ReadMail,
    pub(super) tracker: TaskTracker,
    pub(super) health: watch::Sender<Health>,
}

/// Mails that go in together.
pub(super) struct Batch {
    /// With their UIDs, in rising order.
    pub(super) mails: Vec<(u32, Vec<u8>)>,
    pub(super) part: Part,
    /// What the UIDs belong to.
    pub(super) validity: u32,
    /// How far the inbox is read once these are kept.
    pub(super) cursor: Option<Cursor>,
}

impl Intake {
    /// Begins to hand a batch in. It goes on to its end even when nobody waits for it.
    pub(super) fn begin(self: &Arc<Self>, batch: Batch) -> JoinHandle<Result<(), Trouble>> {
        let intake = Arc::clone(self);
        self.tracker.spawn(async move { intake.hand_in(batch).await })
    }

    async fn hand_in(&self, batch: Batch) -> Result<(), Trouble> {
        let Batch { mails, part, validity, cursor } = batch;
        let (read, count) = (Arc::clone(&self.read), mails.len());
        let reading = move || mails.into_iter().map(|(uid, raw)| inbound(&read, part, (validity, uid), raw)).collect();
        let inbounds = tokio::task::spawn_blocking(reading).await;
        let inbounds = inbounds.map_err(|_| Trouble::Store("mails could not be read".to_owned()))?;
        self.sink.accept(inbounds, cursor).await.map_err(|error| match error {
            SinkError::Unavailable(why) => Trouble::Store(why),
            SinkError::Stopping => Trouble::Stopping,
        })?;
        self.health.send_modify(|health| health.handed_in += count as u64);
        Ok(())
    }
}

/// What goes in for one mail.
fn inbound(read: &ReadMail, part: Part, (validity, uid): (u32, u32), raw: Vec<u8>) -> Inbound {
    if part == Part::Nothing {
        // The only id that does not come from the mail: there is nothing of it.
        let external_id = ExternalId(format!("imap:{validity}:{uid}"));
        let error = "the mail server does not give this mail out; it is still in the mailbox".to_owned();
        return Inbound { external_id, occurred_at: None, raw, reading: Reading::Unreadable { error } };
    }
    // A mail that brings the reading down must not stop the ones behind it.
    let mut inbound = catch_unwind(AssertUnwindSafe(|| read(&raw))).unwrap_or_else(|_| Inbound {
        external_id: ExternalId(String::new()),
        occurred_at: None,
        raw: Vec::new(),
        reading: Reading::Unreadable { error: "this mail could not be read: an error of the program".to_owned() },
    });
    match part {
        Part::Whole | Part::Nothing => {}
        Part::OldHeaders => {
            let reason = "it was in the mailbox before this inbox; only its headers are kept".to_owned();
            inbound.reading = Reading::Filtered { reason };
        }
        Part::LargeHeaders { size } => {
            let error = format!("the mail has {size} bytes, which is too large; {HEADERS_ONLY}");
            inbound.reading = Reading::Unreadable { error };
        }
        Part::BrokenHeaders => {
            let error = format!("the mail server does not give this mail out; {HEADERS_ONLY}");
            inbound.reading = Reading::Unreadable { error };
        }
    }
    inbound.raw = raw;
    inbound
}

/// How a batch ended, as its task tells.
pub(super) async fn ended(task: JoinHandle<Result<(), Trouble>>) -> Result<(), Trouble> {
    task.await.unwrap_or_else(|error| Err(Trouble::Store(tidy(&error.to_string()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(part: Part, raw: &[u8]) -> Inbound {
        let read: ReadMail = Arc::new(|raw| {
            assert!(!raw.starts_with(b"bad"), "a mail nothing can read");
            Inbound {
                external_id: ExternalId("id".to_owned()),
                occurred_at: None,
                raw: Vec::new(),
                reading: Reading::Filtered { reason: "read".to_owned() },
            }
        });
        inbound(&read, part, (7, 8), raw.to_vec())
    }

    #[test]
    fn bytes_and_reasons_go_in() {
        let whole = of(Part::Whole, b"mail");
        assert_eq!((whole.raw.as_slice(), whole.external_id.0.as_str()), (&b"mail"[..], "id"));
        assert!(matches!(whole.reading, Reading::Filtered { reason } if reason == "read"));
        assert!(
            matches!(of(Part::LargeHeaders { size: 5 }, b"x").reading, Reading::Unreadable { error } if error.contains("5 bytes"))
        );
        assert!(
            matches!(of(Part::OldHeaders, b"x").reading, Reading::Filtered { reason } if reason.contains("before"))
        );
        assert_eq!(of(Part::Nothing, b"").external_id.0, "imap:7:8");
    }

    #[test]
    fn a_mail_that_brings_the_reading_down_goes_in_as_such() {
        let inbound = of(Part::Whole, b"bad mail");
        assert_eq!(inbound.raw, b"bad mail");
        assert!(matches!(inbound.reading, Reading::Unreadable { .. }) && inbound.external_id.0.is_empty());
    }
}
