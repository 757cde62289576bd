//! Lanes: what is waiting is gathered into groups. SQLite has one lane. On PostgreSQL several work side by side; a thread always
//! goes by the same one, so no two step one conversation at once and its order holds.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Weak};

use switchboard_contract::{Accepted, Cursor, Inbound, InboxId, Reading};
use tokio::sync::{mpsc, oneshot};

use super::bounds::bounded;
use super::{Offer, take};
use crate::core::Core;
use crate::limits;
use crate::store::{Error, Result, inboxes};

type Answer = oneshot::Sender<Result<Vec<Accepted>>>;

/// Hands offers to the lanes.
pub struct Lanes {
    lanes: Vec<mpsc::Sender<(Offer, Answer)>>,
}

impl Lanes {
    /// Starts the lanes of a store with so many writers; they end with the core.
    pub(crate) fn start(core: &Weak<Core>, writers: usize) -> Self {
        // The first writer is left to everybody else where there are others.
        let writers = if writers > 1 { 1..writers } else { 0..1 };
        let lanes = writers.map(|writer| {
            let (offers, queue) = mpsc::channel(limits::WRITE_QUEUE_MAX);
            tokio::spawn(run(Weak::clone(core), queue, writer));
            offers
        });
        Self { lanes: lanes.collect() }
    }

    /// Takes items of one inbox, and the cursor after them; returns when everything is on disk.
    pub(super) async fn take(
        &self,
        core: &Core,
        inbox: InboxId,
        items: Vec<Inbound>,
        cursor: Option<Cursor>,
    ) -> Result<Vec<Accepted>> {
        let items: Vec<Inbound> = items.into_iter().map(bounded).collect();
        let lanes: Vec<usize> = items.iter().map(|item| self.lane(inbox, item)).collect();
        let first = lanes.first().copied().unwrap_or(0);
        if lanes.iter().all(|lane| *lane == first) {
            return self.offer(first, Offer { inbox, items, cursor }).await?.await.unwrap_or(Err(Error::Stopping));
        }
        let accepted = self.spread(inbox, items, &lanes).await?;
        // Only when every part is on disk: after a crash in between, what is kept already is known again.
        if let Some(cursor) = cursor {
            core.store
                .write::<_, Error, _>(move |conn| {
                    Box::pin(async move { inboxes::set_cursor(conn, inbox, &cursor).await })
                })
                .await?;
        }
        Ok(accepted)
    }

    /// Takes items by several lanes at once; the answers stand in their order.
    async fn spread(&self, inbox: InboxId, items: Vec<Inbound>, lanes: &[usize]) -> Result<Vec<Accepted>> {
        let mut parts: Vec<Vec<Inbound>> = self.lanes.iter().map(|_| Vec::new()).collect();
        for (item, lane) in items.into_iter().zip(lanes) {
            if let Some(part) = parts.get_mut(*lane) {
                part.push(item);
            }
        }
        let mut answers = Vec::with_capacity(parts.len());
        for (lane, items) in parts.into_iter().enumerate() {
            let asked = if items.is_empty() {
                None
            } else {
                Some(self.offer(lane, Offer { inbox, items, cursor: None }).await?)
            };
            answers.push(asked);
        }
        let mut parts = Vec::with_capacity(answers.len());
        for answer in answers {
            let part = match answer {
                Some(answer) => answer.await.unwrap_or(Err(Error::Stopping))?,
                None => Vec::new(),
            };
            parts.push(part.into_iter());
        }
        Ok(lanes.iter().filter_map(|lane| parts.get_mut(*lane)?.next()).collect())
    }

    async fn offer(&self, lane: usize, offer: Offer) -> Result<oneshot::Receiver<Result<Vec<Accepted>>>> {
        let (reply, answer) = oneshot::channel();
        let lane = self.lanes.get(lane).ok_or(Error::Stopping)?;
        lane.send((offer, reply)).await.map_err(|_| Error::Stopping)?;
        Ok(answer)
    }

    fn lane(&self, inbox: InboxId, item: &Inbound) -> usize {
        if self.lanes.len() < 2 {
            return 0;
        }
        let mut hasher = DefaultHasher::new();
        inbox.hash(&mut hasher);
        match &item.reading {
            Reading::Message(message) => message.thread.hash(&mut hasher),
            Reading::Signal(signal) => signal.thread.hash(&mut hasher),
            Reading::Report(_) | Reading::Filtered { .. } | Reading::Unreadable { .. } => {
                item.external_id.hash(&mut hasher);
            }
        }
        usize::try_from(hasher.finish() % self.lanes.len() as u64).unwrap_or(0)
    }
}

async fn run(core: Weak<Core>, mut queue: mpsc::Receiver<(Offer, Answer)>, writer: usize) {
    let mut waiting = VecDeque::new();
    loop {
        if waiting.is_empty() {
            let mut arrived = Vec::new();
            if queue.recv_many(&mut arrived, limits::COMMIT_GROUP_MAX).await == 0 {
                return;
            }
            waiting.extend(arrived);
        }
        let Some(core) = core.upgrade() else { return };
        let (offers, answers): (Vec<Offer>, Vec<Answer>) = group(&mut waiting).into_iter().unzip();
        let shared = Arc::clone(&core);
        let taken = core
            .store
            .write_in::<_, Error, _>(writer, move |conn| {
                Box::pin(async move { take(conn, &shared.library.get(), &offers, writer, shared.now()).await })
            })
            .await;
        match taken {
            Ok(accepted) => {
                for (answer, accepted) in answers.into_iter().zip(accepted) {
                    // Who asked may be gone; it is kept all the same.
                    let _ = answer.send(Ok(accepted));
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                for answer in answers {
                    let _ = answer.send(Err(Error::NotKept(Arc::clone(&error))));
                }
            }
        }
    }
}

/// The offers of the next group: at least one, and no more items than a group may have.
fn group<T>(waiting: &mut VecDeque<(Offer, T)>) -> Vec<(Offer, T)> {
    let (mut group, mut items) = (Vec::new(), 0);
    while let Some((offer, _)) = waiting.front() {
        items += offer.items.len();
        if !group.is_empty() && items > limits::INBOUND_BATCH_MAX {
            break;
        }
        group.extend(waiting.pop_front());
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchboard_contract::{ExternalId, Timestamp};

    fn offer(items: usize) -> (Offer, usize) {
        let item = || Inbound {
            external_id: ExternalId("x".to_owned()),
            occurred_at: None,
            raw: Vec::new(),
            reading: Reading::Filtered { reason: String::new() },
        };
        let inbox = InboxId::from_parts(Timestamp::default(), 1);
        (Offer { inbox, items: (0..items).map(|_| item()).collect(), cursor: None }, items)
    }

    #[test]
    fn a_group_is_bounded_by_its_items_and_never_empty() {
        let mut waiting: VecDeque<_> = [600, 300, 200, 1_000, 1].map(offer).into();
        let sizes = std::iter::from_fn(|| {
            let group = group(&mut waiting);
            (!group.is_empty()).then(|| group.iter().map(|(_, items)| *items).collect::<Vec<_>>())
        });
        assert_eq!(sizes.collect::<Vec<_>>(), [vec![600, 300], vec![200], vec![1_000], vec![1]]);
    }
}
