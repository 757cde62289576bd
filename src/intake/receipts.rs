//! Receipts: what many pages report at once is written together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};

use switchboard_contract::{ConversationId, InboxId, ReceiptMark, Seq};
use tokio::sync::{mpsc, oneshot};

use crate::core::Core;
use crate::limits;
use crate::store::changes::{self, Change};
use crate::store::entries::{self, Through};
use crate::store::{Error, Result};

/// One report: a contact's side has our messages of a conversation up to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Report {
    /// The inbox it came in by. An adapter speaks for its own only.
    pub(super) inbox: InboxId,
    /// The conversation.
    pub(super) conversation: ConversationId,
    /// Up to where.
    pub(super) seq: Seq,
    /// Whether it arrived or was seen.
    pub(super) mark: ReceiptMark,
}

type Answer = oneshot::Sender<Result<()>>;

/// Hands reports to the task that writes them.
pub struct Receipts {
    queue: mpsc::Sender<(Report, Answer)>,
}

impl Receipts {
    /// Starts the task; it ends with the core.
    pub(crate) fn start(core: &Weak<Core>) -> Self {
        let (queue, waiting) = mpsc::channel(limits::WRITE_QUEUE_MAX);
        tokio::spawn(run(Weak::clone(core), waiting));
        Self { queue }
    }

    /// Returns when the report is on disk.
    pub(super) async fn note(&self, report: Report) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        self.queue.send((report, reply)).await.map_err(|_| Error::Stopping)?;
        answer.await.unwrap_or(Err(Error::Stopping))
    }
}

/// Writes what waits, in one job however many there are; what comes meanwhile is the next one.
async fn run(core: Weak<Core>, mut queue: mpsc::Receiver<(Report, Answer)>) {
    let mut waiting = Vec::new();
    while queue.recv_many(&mut waiting, limits::RECEIPTS_AT_ONCE).await > 0 {
        let Some(core) = core.upgrade() else { return };
        let (reports, answers): (Vec<Report>, Vec<Answer>) = waiting.drain(..).unzip();
        let written = write(&core, &reports).await.map_err(Arc::new);
        for answer in answers {
            // Who asked may be gone; it is kept all the same.
            let _ = answer.send(written.clone().map_err(Error::NotKept));
        }
    }
}

async fn write(core: &Arc<Core>, reports: &[Report]) -> Result<()> {
    let (furthest, now) = (furthest(reports), core.now());
    core.store
        .write::<_, Error, _>(move |conn| {
            Box::pin(async move {
                let mut news = BTreeSet::new();
                for (mark, through) in furthest {
                    news.extend(entries::set_receipts(conn, &through, mark).await?);
                }
                for conversation in news {
                    let change = Change { conversation, reasons: vec!["delivery".to_owned()], notices: Vec::new() };
                    changes::add(conn, change, now);
                }
                Ok(())
            })
        })
        .await
}

/// How far each conversation has got by these reports, for each mark. Always in the same order, so that two transactions never wait
/// for each other's rows.
fn furthest(reports: &[Report]) -> [(ReceiptMark, Vec<Through>); 2] {
    [ReceiptMark::Delivered, ReceiptMark::Seen].map(|wanted| {
        let mut through: BTreeMap<(ConversationId, InboxId), Seq> = BTreeMap::new();
        for report in reports.iter().filter(|report| report.mark == wanted) {
            let last = through.entry((report.conversation, report.inbox)).or_default();
            *last = report.seq.max(*last);
        }
        let through = through.into_iter().map(|((conversation, inbox), seq)| Through { conversation, inbox, seq });
        (wanted, through.collect())
    })
}

#[cfg(test)]
mod tests {
    use switchboard_contract::Timestamp;

    use super::*;

    #[test]
    fn the_furthest_place_of_each_conversation_and_mark_is_written_once() {
        let at = Timestamp::from_millis(0);
        let (inbox, one, two) =
            (InboxId::from_parts(at, 1), ConversationId::from_parts(at, 1), ConversationId::from_parts(at, 2));
        let report = |conversation, seq, mark| Report { inbox, conversation, seq: Seq(seq), mark };
        let [(_, delivered), (_, seen)] = furthest(&[
            report(two, 3, ReceiptMark::Delivered),
            report(one, 5, ReceiptMark::Delivered),
            report(one, 2, ReceiptMark::Delivered),
            report(one, 4, ReceiptMark::Seen),
        ]);
        let places = |all: Vec<Through>| all.into_iter().map(|it| (it.conversation, it.seq.0)).collect::<Vec<_>>();
        assert_eq!(places(delivered), [(one, 5), (two, 3)]);
        assert_eq!(places(seen), [(one, 4)]);
    }
}
