//! The laws, held against a toy: a good one keeps them all, and each fault breaks the law that is there for it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use switchboard_contract::{
    AdapterError, Address, Capabilities, ChannelAdapter, ChannelKind, Choice, Content, Delivery, DeliveryError,
    DeliveryId, ExternalId, Extras, Inbound, InboundMessage, InboundSink, Pace, Proof, Reading, Receipt, ReceiptMark,
    Sender, StopToken, Support, TextUnit, ThreadKey, Typing, render,
};
use switchboard_testkit::fakes::FakeCore;
use switchboard_testkit::laws;
use switchboard_testkit::rig::{Answer, Rig, Running, Sent, Shown, Stopped};
use switchboard_testkit::within;
use tokio::sync::{Semaphore, mpsc};

/// What is wrong with a toy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    UnstableIds,
    AcknowledgesAnyway,
    ReplaysAtStart,
    CutsText,
    CutsInbound,
    DropsFiles,
    DropsExcessOptions,
    ForgetsPress,
    EchoesItself,
    EscapesTwice,
    SendsTwice,
    OffersUndeclaredTyping,
    SwallowsGarbage,
    FailsAtStop,
}

/// Something the channel offers.
#[derive(Debug, Clone)]
struct Offer {
    id: String,
    body: String,
    choice: Option<Choice>,
}

/// The channel: what it offers, what it was told, what it shows. It outlives adapters.
struct Channel {
    offers: mpsc::UnboundedSender<Offer>,
    inbox: tokio::sync::Mutex<mpsc::UnboundedReceiver<Offer>>,
    told: Mutex<Vec<(String, Answer)>>,
    news: Semaphore,
    shows: mpsc::UnboundedSender<(Delivery, Shown)>,
    known: Mutex<HashSet<DeliveryId>>,
}

struct Toy {
    fault: Fault,
    channel: Arc<Channel>,
    can: Capabilities,
    starts: u32,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn thread() -> ThreadKey {
    ThreadKey("peer".into())
}

impl Channel {
    fn take_told(&self, id: &str) -> Option<Answer> {
        let mut told = lock(&self.told);
        let at = told.iter().position(|(told, _)| told == id)?;
        Some(told.remove(at).1)
    }
}

impl Toy {
    fn read(&self, offer: &Offer) -> Inbound {
        let id =
            if self.fault == Fault::UnstableIds { format!("{}:{}", self.starts, offer.id) } else { offer.id.clone() };
        let sender = Sender {
            address: Address("peer".into()),
            name: None,
            email: None,
            proof: Proof::Channel,
            language: None,
            facts: std::collections::BTreeMap::new(),
        };
        let max = self.can.inbound_text_max;
        let cut = if self.fault == Fault::CutsInbound { max } else { usize::MAX };
        let text: String = offer.body.chars().take(cut).collect();
        let choice =
            offer.choice.as_ref().map(|choice| choice.id.clone()).filter(|_| self.fault != Fault::ForgetsPress);
        let reading = if offer.body == "\u{0}garbage" {
            Reading::Unreadable { error: "no message at all".into() }
        } else {
            let message =
                InboundMessage { from: sender, thread: thread(), content: Content::plain(text), choice, letter: None };
            Reading::Message(Box::new(message))
        };
        Inbound { external_id: ExternalId(id), occurred_at: None, raw: offer.body.clone().into_bytes(), reading }
    }

    async fn handle(&self, sink: &dyn InboundSink, offer: Offer) {
        let inbound = self.read(&offer);
        let answer = if self.fault == Fault::SwallowsGarbage && matches!(inbound.reading, Reading::Unreadable { .. }) {
            Answer::Taken
        } else {
            match sink.accept(vec![inbound], None).await {
                Err(error) if self.fault != Fault::AcknowledgesAnyway => Answer::NotTaken(error.to_string()),
                Ok(_) | Err(_) => Answer::Taken,
            }
        };
        lock(&self.channel.told).push((offer.id, answer));
        self.channel.news.add_permits(1);
    }
}

#[async_trait]
impl ChannelAdapter for Toy {
    fn kind(&self) -> ChannelKind {
        ChannelKind("toy".into())
    }

    fn capabilities(&self) -> &Capabilities {
        &self.can
    }

    async fn run(&self, sink: Arc<dyn InboundSink>, stop: StopToken) -> Result<(), AdapterError> {
        let mut inbox = self.channel.inbox.lock().await;
        loop {
            tokio::select! {
                () = stop.stopped() => break,
                offer = inbox.recv() => {
                    let offer = offer.expect("the channel lives");
                    tokio::select! {
                        () = stop.stopped() => break,
                        () = self.handle(&*sink, offer) => {}
                    }
                }
            }
        }
        if self.fault == Fault::FailsAtStop { Err(AdapterError("no farewell".into())) } else { Ok(()) }
    }

    async fn deliver(&self, out: &Delivery) -> Result<Receipt, DeliveryError> {
        let mut content = out.content.clone();
        let max = |fault, max| if self.fault == fault { max } else { usize::MAX };
        content.attachments.truncate(max(Fault::DropsFiles, 0));
        content.choices.truncate(max(Fault::DropsExcessOptions, self.can.choices_max));
        content.text = content.text.chars().take(max(Fault::CutsText, self.can.text_max)).collect();
        if self.fault == Fault::EscapesTwice {
            content.text = content.text.replace('<', "&lt;");
        }
        let unsupported =
            |error: switchboard_contract::RenderError| DeliveryError::Unsupported { reason: error.to_string() };
        let rendered = render(&content, &self.can).map_err(unsupported)?;
        let fresh = lock(&self.channel.known).insert(out.id);
        if !fresh && self.fault != Fault::SendsTwice {
            return Ok(Receipt::default());
        }
        for part in rendered.parts {
            if self.fault == Fault::EchoesItself {
                let echo = Offer { id: format!("echo-{}", out.message), body: part.text.clone(), choice: None };
                self.channel.offers.send(echo).expect("the channel lives");
            }
            let shown = Shown { text: part.text, format: part.format, choices: part.choices };
            self.channel.shows.send((out.clone(), shown)).expect("the peer lives");
        }
        Ok(Receipt::default())
    }

    fn extras(&self) -> Extras<'_> {
        Extras { typing: (self.fault == Fault::OffersUndeclaredTyping).then_some(self as &dyn Typing), watcher: None }
    }
}

impl Typing for Toy {
    fn typing(&self, _: &ThreadKey, _: &str, _: bool) {}
}

struct ToyRig {
    core: Arc<FakeCore>,
    toy: Arc<Toy>,
    running: Option<Running>,
    shows: mpsc::UnboundedReceiver<(Delivery, Shown)>,
    offered: Vec<Offer>,
    open: Vec<String>,
    last: Option<Delivery>,
}

impl ToyRig {
    async fn new(fault: Fault, choices: Support) -> Self {
        let can = Capabilities {
            text_max: 100,
            text_unit: TextUnit::Utf16,
            inbound_text_max: 80,
            markup: Support::Partial,
            choices,
            choices_max: 4,
            choice_label_max: 20,
            attachments: Support::Rejected,
            attachment_bytes_max: 0,
            typing: Support::Dropped,
            receipts: Support::Full,
            idempotent_send: true,
            context: false,
            pace: Pace::default(),
        };
        let (offers, inbox) = mpsc::unbounded_channel();
        let (shows, screen) = mpsc::unbounded_channel();
        let channel = Channel {
            offers,
            inbox: tokio::sync::Mutex::new(inbox),
            told: Mutex::default(),
            news: Semaphore::new(0),
            shows,
            known: Mutex::default(),
        };
        let toy = Arc::new(Toy { fault, channel: Arc::new(channel), can, starts: 0 });
        let core = FakeCore::new();
        let running = Some(Running::start(Arc::clone(&toy) as _, Arc::clone(&core) as _).await);
        Self { core, toy, running, shows: screen, offered: Vec::new(), open: Vec::new(), last: None }
    }

    fn offer(&mut self, body: &str, choice: Option<Choice>) -> Sent {
        let offer = Offer { id: format!("update-{}", self.offered.len()), body: body.into(), choice };
        self.toy.channel.offers.send(offer.clone()).expect("the channel lives");
        self.offered.push(offer.clone());
        self.open.push(offer.id.clone());
        Sent(offer.id)
    }

    async fn told(&self, id: &str) -> Answer {
        within("an answer", async {
            loop {
                if let Some(answer) = self.toy.channel.take_told(id) {
                    return answer;
                }
                self.toy.channel.news.acquire().await.expect("open").forget();
            }
        })
        .await
    }
}

#[async_trait]
impl Rig for ToyRig {
    fn core(&self) -> Arc<FakeCore> {
        Arc::clone(&self.core)
    }

    fn adapter(&self) -> Arc<dyn ChannelAdapter> {
        Arc::clone(&self.toy) as _
    }

    fn thread(&self) -> ThreadKey {
        thread()
    }

    async fn write(&mut self, text: &str) -> Sent {
        self.offer(text, None)
    }

    async fn press(&mut self, choice: &Choice) -> Sent {
        self.offer(&choice.label, Some(choice.clone()))
    }

    async fn repeat(&mut self, sent: &Sent) {
        let offer = self.offered.iter().find(|offer| offer.id == sent.0).expect("it was offered").clone();
        self.toy.channel.offers.send(offer).expect("the channel lives");
    }

    async fn answer(&mut self, sent: &Sent) -> Answer {
        let answer = self.told(&sent.0).await;
        if answer == Answer::Taken {
            self.open.retain(|id| *id != sent.0);
        }
        answer
    }

    async fn garble(&mut self) -> Answer {
        let sent = self.offer("\u{0}garbage", None);
        self.answer(&sent).await
    }

    async fn shown(&mut self) -> Shown {
        let (delivery, shown) = within("a message", self.shows.recv()).await.expect("the channel lives");
        self.last = Some(delivery);
        shown
    }

    async fn look(&mut self) {
        let last = self.last.as_ref().expect("something was shown");
        self.core.receipt(last.conversation, last.seq, ReceiptMark::Seen).await.expect("noted");
    }

    async fn restart(&mut self) {
        self.stop().await;
        let Toy { fault, channel, can, starts } = &*self.toy;
        let (fault, channel) = (*fault, Arc::clone(channel));
        self.toy = Arc::new(Toy { fault, channel, can: can.clone(), starts: starts + 1 });
        let again = if fault == Fault::ReplaysAtStart {
            self.offered.iter().map(|offer| offer.id.clone()).collect()
        } else {
            self.open.clone()
        };
        for id in again {
            self.repeat(&Sent(id)).await;
        }
        self.running = Some(Running::start(Arc::clone(&self.toy) as _, Arc::clone(&self.core) as _).await);
    }

    async fn stop(&mut self) -> Stopped {
        self.running.take().expect("it runs").stop().await
    }
}

async fn broken(fault: Fault, choices: Support) -> Vec<&'static str> {
    laws::hold_all(async || ToyRig::new(fault, choices).await).await.broken()
}

#[tokio::test]
async fn a_good_adapter_keeps_every_law() {
    for choices in [Support::Full, Support::Partial, Support::Fallback, Support::Rejected] {
        assert_eq!(broken(Fault::None, choices).await, [] as [&str; 0], "{choices:?}");
    }
}

#[tokio::test]
async fn every_law_is_held_against_some_channel() {
    let mut held = HashSet::new();
    for choices in [Support::Full, Support::Fallback, Support::Rejected] {
        let report = laws::hold_all(async || ToyRig::new(Fault::None, choices).await).await;
        held.extend(report.0.into_iter().filter(|(_, verdict)| *verdict == laws::Verdict::Held).map(|(name, _)| name));
    }
    assert_eq!(held.len(), laws::all().len());
}

#[tokio::test]
async fn every_fault_breaks_its_law() {
    for (fault, law) in [
        (Fault::UnstableIds, "one inbound is one accept, with an id that is stable over restarts"),
        (Fault::AcknowledgesAnyway, "nothing is acknowledged before it is kept"),
        (Fault::ReplaysAtStart, "a restart replays nothing accepted and loses nothing unaccepted"),
        (Fault::CutsText, "a text at the limit is sent, and one over is split or refused"),
        (Fault::CutsInbound, "a contact's text at the limit is taken whole, and one over is refused or kept whole"),
        (Fault::DropsFiles, "a file on a channel without files is refused"),
        (Fault::ForgetsPress, "a pressed option is the option that was offered"),
        (Fault::DropsExcessOptions, "more options than the channel shows still reach the contact"),
        (Fault::EchoesItself, "our own messages do not come back as inbound"),
        (Fault::EscapesTwice, "hostile markup arrives as the text it is"),
        (Fault::SendsTwice, "a delivery that is repeated arrives once"),
        (Fault::OffersUndeclaredTyping, "typing is offered exactly when it is declared"),
        (
            Fault::SwallowsGarbage,
            "what nothing can parse is refused or kept in quarantine, and the next one goes through",
        ),
        (Fault::FailsAtStop, "a stop ends within its budget"),
    ] {
        let broken = broken(fault, Support::Full).await;
        assert!(broken.contains(&law), "{fault:?} broke only {broken:?}");
    }
}
