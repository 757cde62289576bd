//! The far side of a channel: what contacts wrote, what really reached them, and how the peer misbehaves.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use switchboard_contract::{
    Accepted, Address, ChoiceId, Content, ConversationId, Delivery, DeliveryError, DeliveryId, ExternalId, Inbound,
    InboundMessage, InboundSignal, MessageId, Proof, Reading, Sender, Seq, Signal, ThreadKey,
};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::chance::Chance;

/// What a contact did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    Writes(String),
    Presses(ChoiceId, String),
    Signals(Signal),
    /// Nobody can read it.
    Garbles,
    /// The adapter leaves it out.
    Echoes,
}

/// One thing that came in, once for each id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Update {
    pub(super) id: String,
    pub(super) contact: usize,
    pub(super) deed: Deed,
    /// Sent again with other bytes, as a broken client does.
    pub(super) altered: bool,
}

impl Update {
    pub(super) fn text(&self) -> String {
        let words = match &self.deed {
            Deed::Writes(words) | Deed::Presses(_, words) => words.clone(),
            Deed::Signals(signal) => format!("{signal:?}"),
            Deed::Garbles => "\u{1}\u{2}".to_owned(),
            Deed::Echoes => "echo".to_owned(),
        };
        if self.altered { format!("{words} (altered)") } else { words }
    }

    pub(super) fn is_message(&self) -> bool {
        matches!(self.deed, Deed::Writes(_) | Deed::Presses(..))
    }

    pub(super) fn inbound(&self) -> Inbound {
        let from = Sender {
            address: Address(format!("contact {}", self.contact)),
            name: Some(format!("Contact {}", self.contact)),
            email: None,
            proof: Proof::Channel,
            language: Some("en".to_owned()),
            facts: BTreeMap::new(),
        };
        let thread = thread(self.contact);
        let message = |choice| {
            let content = Content::plain(self.text());
            Reading::Message(Box::new(InboundMessage {
                from: from.clone(),
                thread: thread.clone(),
                content,
                choice,
                letter: None,
            }))
        };
        let reading = match &self.deed {
            Deed::Writes(_) => message(None),
            Deed::Presses(choice, _) => message(Some(choice.clone())),
            Deed::Signals(signal) => {
                Reading::Signal(Box::new(InboundSignal { from, thread: thread.clone(), signal: *signal }))
            }
            Deed::Garbles => Reading::Unreadable { error: "no letters".to_owned() },
            Deed::Echoes => Reading::Filtered { reason: "our own".to_owned() },
        };
        Inbound {
            external_id: ExternalId(self.id.clone()),
            occurred_at: None,
            raw: format!("{} {}", self.id, self.text()).into_bytes(),
            reading,
        }
    }
}

pub(super) fn thread(contact: usize) -> ThreadKey {
    ThreadKey(format!("thread {contact}"))
}

pub(super) fn contact_of(thread: &ThreadKey) -> usize {
    thread.0.strip_prefix("thread ").and_then(|number| number.parse().ok()).expect("a thread of ours")
}

/// When a message that is being sent reaches its contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    AtOnce,
    WithTheAnswer,
    /// Long after everybody has given up.
    Late,
    Never,
}

/// What the peer says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Taken,
    Cut,
    Down,
    Limited,
    Refused,
    Panic,
    Silence,
}

/// On which side of the send the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    After,
}

/// How the peer treats one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) arrival: Arrival,
    pub(super) answer: Answer,
    /// Answered as soon as it is looked at; else when the scenario says so.
    pub(super) prompt: bool,
    pub(super) dies: Option<Side>,
}

impl Plan {
    pub(super) const GOOD: Self = plan(Arrival::WithTheAnswer, Answer::Taken, true);

    pub(super) fn draw(chance: &mut Chance, attempt: u32) -> Self {
        // A refusal is worst after an attempt that perhaps arrived.
        let refusals = if attempt > 1 { 12 } else { 2 };
        let dies = |side| Self { dies: Some(side), ..Self::GOOD };
        chance.weighed(&[
            (50, Self::GOOD),
            (6, plan(Arrival::AtOnce, Answer::Taken, false)),
            (6, plan(Arrival::WithTheAnswer, Answer::Taken, false)),
            (4, plan(Arrival::AtOnce, Answer::Cut, true)),
            (4, plan(Arrival::Never, Answer::Cut, true)),
            (2, plan(Arrival::Late, Answer::Cut, true)),
            (5, plan(Arrival::Never, Answer::Down, true)),
            (3, plan(Arrival::Never, Answer::Down, false)),
            (4, plan(Arrival::Never, Answer::Limited, true)),
            (refusals, plan(Arrival::Never, Answer::Refused, true)),
            (1, plan(Arrival::Never, Answer::Refused, false)),
            (1, plan(Arrival::AtOnce, Answer::Panic, true)),
            (1, plan(Arrival::Never, Answer::Panic, true)),
            (2, plan(Arrival::AtOnce, Answer::Silence, false)),
            (2, plan(Arrival::Never, Answer::Silence, false)),
            (2, plan(Arrival::Late, Answer::Silence, false)),
            (2, dies(Side::Before)),
            (2, dies(Side::After)),
        ])
    }
}

const fn plan(arrival: Arrival, answer: Answer, prompt: bool) -> Plan {
    Plan { arrival, answer, prompt, dies: None }
}

/// A message as its contact saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) delivery: DeliveryId,
    pub(super) conversation: ConversationId,
    pub(super) message: MessageId,
    pub(super) seq: Seq,
    pub(super) contact: usize,
    pub(super) content: Content,
}

/// An attempt that the program waits for.
pub(super) struct Parked {
    pub(super) attempt: (DeliveryId, u32),
    pub(super) plan: Plan,
    /// On the runtime's clock.
    pub(super) begun: Instant,
    release: oneshot::Sender<()>,
}

/// One channel's far side. It outlives every process.
#[derive(Default)]
pub(super) struct Peer {
    /// Recognises a repeated delivery by its id.
    pub(super) idempotent: bool,
    /// Asked for updates with a cursor; else every contact pushes and waits for an acknowledgement.
    pub(super) polled: bool,
    /// A polled channel's updates, and how many of them the peer has forgotten because they were confirmed.
    pub(super) stream: Vec<Update>,
    forgotten: usize,
    /// A pushing contact's updates that nobody has acknowledged.
    pub(super) unacknowledged: BTreeMap<usize, VecDeque<Update>>,
    /// In the order in which the core may see them, each once.
    pub(super) written: Vec<Update>,
    /// Every answer of the core, in order.
    pub(super) answers: Vec<(Update, Accepted)>,
    /// Items whose answer was never heard.
    pub(super) unheard: usize,
    /// What contacts saw, in order.
    pub(super) seen: Vec<Seen>,
    known: BTreeSet<DeliveryId>,
    late: Vec<Seen>,
    /// By a number of its own: two attempts may believe that they are the same one.
    pub(super) parked: BTreeMap<u64, Parked>,
    begun: u64,
    /// How far each contact's side has reported.
    pub(super) reported: BTreeMap<ConversationId, Seq>,
}

impl Peer {
    pub(super) fn new(idempotent: bool, polled: bool) -> Self {
        Self { idempotent, polled, ..Self::default() }
    }

    /// A contact's new update reaches the peer.
    pub(super) fn take(&mut self, update: Update) {
        if !update.altered && !self.written.iter().any(|known| known.id == update.id) {
            self.written.push(update.clone());
        }
        if self.polled {
            self.stream.push(update);
        } else {
            self.unacknowledged.entry(update.contact).or_default().push_back(update);
        }
    }

    /// The updates after a place. Asking confirms what is before it: the peer forgets that.
    pub(super) fn fetch(&mut self, after: usize, most: usize) -> Vec<Update> {
        self.forgotten = self.forgotten.max(after);
        self.stream[self.forgotten..].iter().take(most).cloned().collect()
    }

    /// Something is left that the program has not confirmed.
    pub(super) fn unread(&self, at: usize) -> bool {
        at < self.stream.len()
    }

    pub(super) fn heard(&mut self, batch: &[Update], answers: Vec<Accepted>) {
        self.unheard -= batch.len();
        self.answers.extend(batch.iter().cloned().zip(answers));
    }

    /// The program begins to send.
    pub(super) fn begin(&mut self, out: &Delivery, plan: Plan) -> (u64, oneshot::Receiver<()>) {
        if plan.arrival == Arrival::AtOnce {
            self.arrive(seen(out));
        }
        let (release, released) = oneshot::channel();
        self.begun += 1;
        self.parked.insert(self.begun, Parked { attempt: (out.id, out.attempt), plan, begun: Instant::now(), release });
        (self.begun, released)
    }

    /// The peer answers, or nobody waits for it any more.
    pub(super) fn end(&mut self, number: u64, out: &Delivery, plan: Plan, answered: bool) {
        self.parked.remove(&number);
        match plan.arrival {
            Arrival::WithTheAnswer if answered => self.arrive(seen(out)),
            Arrival::Late => self.late.push(seen(out)),
            Arrival::WithTheAnswer | Arrival::AtOnce | Arrival::Never => {}
        }
    }

    fn arrive(&mut self, seen: Seen) {
        if self.known.insert(seen.delivery) || !self.idempotent {
            self.seen.push(seen);
        }
    }

    /// What was under way for long arrives.
    pub(super) fn arrive_late(&mut self) -> usize {
        let late = std::mem::take(&mut self.late);
        let count = late.len();
        for seen in late {
            self.arrive(seen);
        }
        count
    }

    /// Lets attempts that are wanted go on; how many they were.
    pub(super) fn release(&mut self, wanted: impl Fn(&Parked) -> bool) -> usize {
        let ready: Vec<_> =
            self.parked.iter().filter(|(_, parked)| wanted(parked)).map(|(number, _)| *number).collect();
        for number in &ready {
            if let Some(parked) = self.parked.remove(number) {
                // Nobody waits any more when the program has given up meanwhile.
                let _ = parked.release.send(());
            }
        }
        ready.len()
    }
}

fn seen(out: &Delivery) -> Seen {
    Seen {
        delivery: out.id,
        conversation: out.conversation,
        message: out.message,
        seq: out.seq,
        contact: contact_of(&out.thread),
        content: out.content.clone(),
    }
}

impl Answer {
    /// What the adapter makes of it; none when there is no answer at all.
    pub(super) fn error(self) -> Option<DeliveryError> {
        let reason = |text: &str| text.to_owned();
        match self {
            Self::Taken | Self::Panic | Self::Silence => None,
            Self::Cut => Some(DeliveryError::Uncertain { reason: reason("the connection was cut") }),
            Self::Down => Some(DeliveryError::Unavailable { reason: reason("connection refused") }),
            Self::Limited => Some(DeliveryError::RateLimited { retry_after: Duration::from_secs(7) }),
            Self::Refused => Some(DeliveryError::Rejected { reason: reason("the contact has blocked us") }),
        }
    }
}
