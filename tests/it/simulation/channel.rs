//! The adapter of a simulated channel: honest itself, before a peer that is not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use switchboard_contract::{
    AdapterError, Capabilities, ChannelAdapter, ChannelKind, Cursor, Delivery, DeliveryError, ExternalId, InboundSink,
    Pace, Receipt, StopToken, Support, TextUnit,
};

use super::gate::Lifeline;
use super::peer::{Answer, Peer, Plan, Side, Update, contact_of};
use super::world::World;

/// An adapter of one process, on the far side that outlives it.
pub(super) struct Simulated {
    world: Arc<World>,
    number: usize,
    capabilities: Capabilities,
    life: Arc<Lifeline>,
    /// Where a polled channel reads on.
    at: Mutex<usize>,
}

impl Simulated {
    pub(super) fn new(world: &Arc<World>, number: usize, life: &Arc<Lifeline>, at: usize) -> Self {
        let capabilities = capabilities(world.peer(number).idempotent);
        Self { world: Arc::clone(world), number, capabilities, life: Arc::clone(life), at: Mutex::new(at) }
    }

    fn at(&self) -> MutexGuard<'_, usize> {
        self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The peer has more than was handed in.
    pub(super) fn is_behind(&self, peer: &Peer) -> bool {
        peer.unread(*self.at())
    }

    /// Asks the peer once for what is new, hands it in, and advances only when that is on disk.
    pub(super) async fn poll(&self, sink: &dyn InboundSink, most: usize) {
        let at = *self.at();
        let batch = self.world.peer(self.number).fetch(at, most);
        if batch.is_empty() {
            return;
        }
        let after = at + batch.len();
        if self.hand_in(sink, &batch, Some(Cursor(after.to_string()))).await {
            *self.at() = after;
        }
    }

    /// A contact's client sends what was not acknowledged; `deaf` when it doesn't hear the acknowledgement.
    pub(super) async fn push(&self, sink: &dyn InboundSink, contact: usize, most: usize, deaf: bool) {
        let batch: Vec<Update> = {
            let peer = self.world.peer(self.number);
            peer.unacknowledged.get(&contact).into_iter().flatten().take(most).cloned().collect()
        };
        if !batch.is_empty() && self.hand_in(sink, &batch, None).await && !deaf {
            let mut peer = self.world.peer(self.number);
            peer.unacknowledged.entry(contact).or_default().drain(..batch.len());
        }
    }

    async fn hand_in(&self, sink: &dyn InboundSink, batch: &[Update], cursor: Option<Cursor>) -> bool {
        for update in batch {
            self.world.note(Some(update.contact), format!("→ {} {:?}", update.id, update.text()));
        }
        self.world.peer(self.number).unheard += batch.len();
        let answers = sink.accept(batch.iter().map(Update::inbound).collect(), cursor).await;
        match answers {
            Ok(answers) => {
                for (update, answer) in batch.iter().zip(&answers) {
                    self.world.note(Some(update.contact), format!("  {} is {answer:?}", update.id));
                }
                self.world.peer(self.number).heard(batch, answers);
                true
            }
            Err(error) => {
                self.world.note(None, format!("channel {} is told: {error}", self.number));
                false
            }
        }
    }

    fn plan(&self, out: &Delivery) -> Plan {
        self.world.plan(contact_of(&out.thread), out.seq, out.attempt)
    }
}

#[async_trait]
impl ChannelAdapter for Simulated {
    fn kind(&self) -> ChannelKind {
        ChannelKind("simulated".to_owned())
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Receives when the scenario says so, see [`Self::poll`] and [`Self::push`].
    async fn run(&self, _sink: Arc<dyn InboundSink>, stop: StopToken) -> Result<(), AdapterError> {
        stop.stopped().await;
        Ok(())
    }

    async fn deliver(&self, out: &Delivery) -> Result<Receipt, DeliveryError> {
        if self.life.is_dead() {
            std::future::pending::<()>().await;
        }
        let plan = self.plan(out);
        let contact = Some(contact_of(&out.thread));
        let what = format!("{} #{} attempt {}", out.id, out.seq.0, out.attempt);
        self.world.note(contact, format!("← {what} {plan:?} {:?}", out.content.text));
        if plan.dies == Some(Side::Before) {
            return self.die().await;
        }
        let (number, released) = self.world.peer(self.number).begin(out, plan);
        let mut attempt = Attempt { adapter: self, number, out, plan, answered: false };
        // The sender goes with the process only.
        let _ = released.await;
        attempt.answered = true;
        drop(attempt);
        if plan.dies == Some(Side::After) {
            return self.die().await;
        }
        self.world.note(contact, format!("  {what} ends as {:?}", plan.answer));
        if plan.answer == Answer::Panic {
            // As a panic, but without the hook's lines.
            std::panic::resume_unwind(Box::new("the adapter fails"));
        }
        plan.answer
            .error()
            .map_or_else(|| Ok(Receipt { external_ids: vec![ExternalId(format!("far {}", out.id))] }), Err)
    }
}

impl Simulated {
    async fn die(&self) -> Result<Receipt, DeliveryError> {
        self.world.note(None, "the process dies at a send".to_owned());
        self.life.die();
        std::future::pending().await
    }
}

/// Ends at the peer however it ends here.
struct Attempt<'a> {
    adapter: &'a Simulated,
    number: u64,
    out: &'a Delivery,
    plan: Plan,
    answered: bool,
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut peer: MutexGuard<'_, Peer> = self.adapter.world.peer(self.adapter.number);
        peer.end(self.number, self.out, self.plan, self.answered);
    }
}

fn capabilities(idempotent: bool) -> Capabilities {
    Capabilities {
        text_max: 4_000,
        text_unit: TextUnit::Chars,
        inbound_text_max: 4_000,
        markup: Support::Full,
        choices: Support::Full,
        choices_max: 20,
        choice_label_max: 100,
        attachments: Support::Rejected,
        attachment_bytes_max: 0,
        typing: Support::Dropped,
        receipts: Support::Full,
        idempotent_send: idempotent,
        context: false,
        pace: Pace::default(),
    }
}
