//! The life of one socket: hello, history, then a tail of the thread until the end.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Utf8Bytes, WebSocket};
use switchboard_contract::{
    Accepted, ConversationId, ExternalId, Inbound, InboundSink, ReceiptMark, Seq, SinkError, ThreadEntry,
    ThreadHandler, ThreadNews, ThreadPage, ThreadState,
};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::address::{Guest, Rates};
use crate::bucket::take_all;
use crate::frames::{self, ClientFrame, CloseCode, FrameError, Hello, Limits, ServerFrame};
use crate::inbound::{Refusal, Visitor};
use crate::limits;
use crate::marks::Marks;
use crate::registry::{News, Place, Seat};
use crate::wire::{End, Wire};
use crate::writing::Writing;
use crate::{WebChat, outbound, token};

/// Serves one socket to its end. A refused one is told why, and that is all.
pub(crate) async fn serve(
    chat: &WebChat,
    sink: Arc<dyn InboundSink>,
    socket: WebSocket,
    guest: Option<Guest>,
    refusal: Option<End>,
) {
    let mut wire = Wire::new(socket, chat.pace);
    let rates = guest.as_ref().map(|guest| &*guest.rates);
    let end = if let Some(refusal) = refusal {
        refusal
    } else {
        tokio::select! {
            end = live(chat, sink, &mut wire, rates) => end,
            () = stop_grace(chat) => End::RESTARTING,
        }
    };
    tracing::debug!(inbox = %chat.inbox, ?end, "socket ends");
    wire.close(&end, chat.closing.is_cancelled()).await;
}

/// What is under way when the program stops gets a moment to end well.
async fn stop_grace(chat: &WebChat) {
    chat.closing.cancelled().await;
    sleep(chat.pace.stop_grace).await;
}

async fn live(chat: &WebChat, sink: Arc<dyn InboundSink>, wire: &mut Wire, rates: Option<&Rates>) -> End {
    match begin(chat, sink, wire, rates).await {
        Err(end) => end,
        Ok(mut session) => {
            let end = session.tail().await.err().unwrap_or(End::Gone);
            session.end().await;
            end
        }
    }
}

/// Waits for a time, for ever when there is none.
async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// From the first frame to the last entry of the history.
async fn begin<'a>(
    chat: &'a WebChat,
    sink: Arc<dyn InboundSink>,
    wire: &'a mut Wire,
    rates: Option<&'a Rates>,
) -> Result<Session<'a>, End> {
    let hello = tokio::select! {
        hello = timeout(chat.pace.hello_within, hello(wire)) => hello
            .unwrap_or(Err(End::closed(CloseCode::HelloLate, "hello_late", "the first frame, hello, did not come")))?,
        () = chat.closing.cancelled() => return Err(End::RESTARTING),
    };
    let visitor = identify(chat, &hello)?;
    let seat = chat.registry.join(&visitor.thread, Instant::now()).ok_or(End::closed(
        CloseCode::TooMany,
        "too_many_tabs",
        "this conversation is open too many times",
    ))?;
    let mut session = Session {
        chat,
        sink,
        wire,
        visitor,
        seat,
        conversation: None,
        head: Seq(0),
        sent: Seq(0),
        covered: Seq(0),
        former: Seq(0),
        state: None,
        rates,
        refused: 0,
        strikes: 0,
        marks: Marks::new(chat.pace.receipts_after, chat.pace.receipts_every),
        writing: Writing::new(chat.pace.typing_every),
        opening: None,
        opened: None,
        retry_at: None,
    };
    session.welcome(&hello).await?;
    if session.retry_at.is_some() {
        return Err(End::UNREADABLE);
    }
    session.wire.send(&ServerFrame::Ready).await?;
    Ok(session)
}

/// Reads the first frame, which has to be a hello of our version.
async fn hello(wire: &mut Wire) -> Result<Hello, End> {
    match frames::read(&wire.next().await?) {
        Ok(ClientFrame::Hello(hello)) if hello.v == frames::VERSION => Ok(*hello),
        Ok(ClientFrame::Hello(_)) => {
            Err(End::closed(CloseCode::Malformed, "unknown_version", "this server speaks version 1"))
        }
        Ok(_) | Err(_) => Err(End::closed(CloseCode::Malformed, "malformed", "the first frame has to be a good hello")),
    }
}

/// Decides who is there. A signature of the site wins over whatever token the browser keeps.
fn identify(chat: &WebChat, hello: &Hello) -> Result<Visitor, End> {
    let claim = hello.user.as_ref().and_then(|user| user.id.as_deref().zip(user.hash.as_deref()));
    if let (Some(secret), Some((id, hash))) = (&chat.config.identity_secret, claim) {
        return if token::user_is_signed(secret, id, hash) {
            Ok(Visitor::new(token::signed_visitor(id), Some(id), hello))
        } else {
            Err(End::closed(CloseCode::Forbidden, "wrong_signature", "the hash does not sign this user id"))
        };
    }
    if chat.config.require_signed {
        return Err(End::closed(CloseCode::Forbidden, "signature_wanted", "this site wants a signed identity"));
    }
    let key = match &hello.token {
        None => token::anonymous_visitor((chat.ambient.random)()),
        Some(kept) => token::verify(&chat.key, chat.inbox, kept, chat.now())
            .map_err(|_| End::closed(CloseCode::TokenRefused, "token_refused", "the token is not good; begin anew"))?,
    };
    Ok(Visitor::new(key, None, hello))
}

/// A tail of the thread.
struct Session<'a> {
    chat: &'a WebChat,
    sink: Arc<dyn InboundSink>,
    wire: &'a mut Wire,
    visitor: Visitor,
    seat: Seat,
    /// The thread's conversation as the page knows it.
    conversation: Option<ConversationId>,
    /// Its last place.
    head: Seq,
    /// The last entry of it the page was sent.
    sent: Seq,
    /// Up to here the page was sent everything it may see; later than `sent` where the contact sees no entry.
    covered: Seq,
    /// The last entry the page was sent of the conversations before: receipts for them may still be on their way.
    former: Seq,
    state: Option<ThreadState>,
    /// What the visitor's address may do, if it is known.
    rates: Option<&'a Rates>,
    /// Messages refused for their rate, in a row.
    refused: u32,
    strikes: u32,
    /// How far the page has got.
    marks: Marks,
    /// Whether the visitor is writing.
    writing: Writing,
    /// The frame that opened the panel, until the core has it.
    opening: Option<Utf8Bytes>,
    /// The opening the core has, so that one socket says it once.
    opened: Option<ExternalId>,
    /// When to ask a store again that could not answer.
    retry_at: Option<Instant>,
}

impl Session<'_> {
    /// Answers the hello, finds out where the page stands, and sends what it has not got.
    async fn welcome(&mut self, hello: &Hello) -> Result<(), End> {
        let held = hello.conversation.as_deref().and_then(|text| text.parse().ok());
        let after = if held.is_some() { hello.after } else { Seq(0) };
        let page = match self.read(held, after).await {
            Ok(page) => page,
            Err(SinkError::Stopping) => return Err(End::RESTARTING),
            Err(SinkError::Unavailable(_)) => return Err(End::UNREADABLE),
        };
        let fits = held == page.conversation && after <= page.head;
        let nothing_held = hello.conversation.is_none() && hello.after == Seq(0);
        self.conversation = page.conversation;
        self.head = page.head;
        self.sent = if fits { after } else { Seq(0) };
        let welcome = ServerFrame::Welcome {
            v: frames::VERSION,
            token: token::issue(&self.chat.key, self.chat.inbox, &self.visitor.thread.0, self.chat.now()),
            conversation: page.conversation,
            head: page.head,
            reset: !(fits || nothing_held),
            limits: Limits { text: limits::TEXT_CHARS_MAX },
            bot: &(self.chat.ambient.bot_name)(),
        };
        self.wire.send(&welcome).await?;
        // Asked for what lies beyond the end, the reader had nothing to give; the page begins anew.
        let beyond = held == page.conversation && !fits;
        let more = beyond || page.more;
        if !beyond {
            self.show(page).await?;
        }
        if more { self.follow().await } else { Ok(()) }
    }

    /// Lives until something ends it; that is always an `Err`.
    async fn tail(&mut self) -> Result<(), End> {
        let tab = Arc::clone(self.seat.tab());
        loop {
            let held_back = [self.marks.due(), self.writing.due()].into_iter().flatten().min();
            tokio::select! {
                () = self.chat.closing.cancelled() => return Err(End::RESTARTING),
                () = tab.bell.notified() => {
                    let mut news = tab.take();
                    if let Some((name, on)) = news.typing.take() {
                        self.wire.send(&ServerFrame::Typing { on, name: &name }).await?;
                    }
                    self.hear(&news, None).await?;
                }
                () = until(held_back) => {
                    self.write_marks(false).await?;
                    let word = self.writing.held_back(Instant::now());
                    self.pass_typing(word);
                }
                () = until(self.retry_at) => {
                    self.retry_at = None;
                    self.follow().await?;
                    self.open().await?;
                }
                text = self.wire.next() => {
                    let text = text?;
                    self.frame(text).await?;
                }
            }
        }
    }

    /// Sends what was added to the thread, and reads it where that leaves a gap: something was missed, `place` is not among it, or
    /// the thread changed in another way.
    async fn hear(&mut self, news: &News, place: Option<Place>) -> Result<(), End> {
        let mut gap = news.changed;
        for added in &news.added {
            gap = gap || !self.show_added(added).await?;
        }
        gap |= place.is_some_and(|(conversation, seq)| self.conversation != Some(conversation) || self.covered < seq);
        if gap { self.follow().await } else { self.wire.flush().await }
    }

    /// Sends what one commit added, if the page has all before it; false when the thread has to be read.
    async fn show_added(&mut self, added: &ThreadNews) -> Result<bool, End> {
        if self.conversation != Some(added.conversation) {
            return Ok(false);
        }
        if added.head <= self.covered && added.after < self.covered {
            // It was read meanwhile.
            return Ok(true);
        }
        if added.after != self.covered {
            return Ok(false);
        }
        self.show_entries(&added.entries).await?;
        self.head = self.head.max(added.head);
        self.cover(added.head);
        let state = match (&added.handler, &self.state) {
            (Some(handler), _) => ThreadState { handler: handler.clone(), resolved: added.resolved },
            // Their place changes only by what others do, and that is told.
            (None, Some(state)) if matches!(state.handler, ThreadHandler::Queue { .. }) => {
                return Ok(state.resolved == added.resolved);
            }
            (None, _) => return Ok(false),
        };
        self.show_state(state).await?;
        Ok(true)
    }

    /// Sends everything committed that the page has not been sent.
    async fn follow(&mut self) -> Result<(), End> {
        // What is in line does not wait for the store.
        self.wire.flush().await?;
        loop {
            let page = match self.read(self.conversation, self.sent).await {
                Ok(page) => page,
                Err(SinkError::Stopping) => return Err(End::RESTARTING),
                Err(SinkError::Unavailable(_)) => {
                    self.retry_in(self.chat.pace.retry_after);
                    return Ok(());
                }
            };
            let more = page.more && !page.entries.is_empty();
            self.show(page).await?;
            if !more {
                return Ok(());
            }
        }
    }

    async fn show(&mut self, page: ThreadPage) -> Result<(), End> {
        if page.conversation != self.conversation {
            // The page forgets the conversation, so there is no better moment for what is not written yet.
            self.write_marks(true).await?;
            self.marks.anew();
            self.former = self.former.max(self.sent);
            self.conversation = page.conversation;
            self.sent = Seq(0);
            self.covered = Seq(0);
            self.state = None;
            if let Some(conversation) = page.conversation {
                self.wire.feed(&ServerFrame::Conversation { conversation, reset: true }).await?;
            }
        }
        self.head = page.head.max(self.sent);
        self.show_entries(&page.entries).await?;
        self.cover(if page.more { self.sent } else { self.head });
        if !page.more
            && let Some(state) = page.state
        {
            self.show_state(state).await?;
        }
        self.wire.flush().await
    }

    /// Puts entries in line.
    async fn show_entries(&mut self, entries: &[ThreadEntry]) -> Result<(), End> {
        for entry in entries {
            if let Some(frame) = outbound::entry(entry, &self.visitor, &self.chat.capabilities) {
                self.wire.feed(&ServerFrame::Entry(frame)).await?;
            }
        }
        self.sent = entries.last().map_or(self.sent, |last| self.sent.max(last.seq));
        Ok(())
    }

    /// Puts the state in line, if the page knows another one.
    async fn show_state(&mut self, state: ThreadState) -> Result<(), End> {
        if self.state.as_ref() != Some(&state) {
            self.wire.feed(&ServerFrame::State { handler: &state.handler, resolved: state.resolved }).await?;
            self.state = Some(state);
        }
        Ok(())
    }

    /// Notes that the page was sent everything up to here.
    fn cover(&mut self, seq: Seq) {
        self.covered = self.covered.max(seq);
        self.seat.tab().showed(self.conversation.map(|conversation| (conversation, self.covered)));
    }

    /// Reads a page. Its head is never behind its entries, though the store may have read the two one after the other: the
    /// page acknowledges what it is sent.
    async fn read(&mut self, conversation: Option<ConversationId>, after: Seq) -> Result<ThreadPage, SinkError> {
        let mut page = self.chat.reader.read(&self.visitor.thread, conversation, after).await?;
        page.head = page.entries.last().map_or(page.head, |last| page.head.max(last.seq));
        Ok(page)
    }

    fn retry_in(&mut self, wait: Duration) {
        self.retry_at = Some(Instant::now() + wait);
    }

    /// Does what a frame asks.
    async fn frame(&mut self, text: Utf8Bytes) -> Result<(), End> {
        match frames::read(&text) {
            Ok(ClientFrame::Send { id, text: said }) => self.message(&id.0, self.visitor.send(&id, said, &text)).await,
            Ok(ClientFrame::Choose { id, choice, label }) => {
                self.message(&id.0, self.visitor.choose(&id, choice, label, &text)).await
            }
            Ok(ClientFrame::Anew { id }) => self.message(&id.0, Ok(self.visitor.anew(&id, &text))).await,
            Ok(ClientFrame::Open) => {
                self.opening = Some(text);
                self.open().await
            }
            Ok(ClientFrame::Got { seq }) => self.receipt(seq, ReceiptMark::Delivered).await,
            Ok(ClientFrame::Seen { seq }) => self.receipt(seq, ReceiptMark::Seen).await,
            Ok(ClientFrame::Typing { on }) => {
                let word = self.writing.say(on, Instant::now());
                self.pass_typing(word);
                Ok(())
            }
            Ok(ClientFrame::Ping) => self.wire.send(&ServerFrame::Pong).await,
            Ok(ClientFrame::Hello(_)) => self.strike("malformed", "hello comes once").await,
            Err(FrameError::Unknown) => self.strike("unknown_frame", "there is no such frame").await,
            Err(FrameError::Malformed(how)) => self.strike("malformed", &how).await,
            Err(FrameError::NotJson) => {
                Err(End::closed(CloseCode::Malformed, "malformed", "frames are JSON objects in UTF-8 text"))
            }
        }
    }

    async fn strike(&mut self, code: &'static str, message: &str) -> Result<(), End> {
        self.strikes += 1;
        if self.strikes >= limits::STRIKES_MAX {
            return Err(End::closed(CloseCode::Malformed, code, "too many frames that can't be understood"));
        }
        self.wire.send(&ServerFrame::Error { code, message }).await
    }

    /// Hands a message in, and says how it went: an ack only when it is on disk.
    async fn message(&mut self, id: &str, inbound: Result<Inbound, Refusal>) -> Result<(), End> {
        if let Err(wait) = self.permit(inbound.is_ok()) {
            self.refused += 1;
            if self.refused >= limits::REFUSALS_IN_A_ROW_MAX {
                return Err(End::closed(CloseCode::TooMany, "too_many_frames", "too many messages in a short time"));
            }
            return self.nack(id, "rate_limited", "too many messages in a short time", Some(wait)).await;
        }
        self.refused = 0;
        let inbound = match inbound {
            Ok(inbound) => inbound,
            Err(Refusal { code, message }) => return self.nack(id, code, &message, None).await,
        };
        match self.accept(inbound).await? {
            None => {
                let wait = self.chat.pace.retry_after;
                self.nack(id, "unavailable", "the message can't be kept at present", Some(wait)).await
            }
            Some(accepted) => {
                let word = self.writing.say(false, Instant::now());
                self.pass_typing(word);
                match answer(&accepted) {
                    Some((seq, duplicate)) => self.wire.feed(&ServerFrame::Ack { id, seq, duplicate }).await?,
                    None => self.nack(id, "not_understood", "the message can't be worked on", None).await?,
                }
                self.catch_up(place(&accepted)).await
            }
        }
    }

    /// Takes a permission for one thing to be handed in, or tells how long to wait for it. What begins a thread takes more.
    fn permit(&self, handed_in: bool) -> Result<(), Duration> {
        let begins = handed_in && self.conversation.is_none();
        let address = self.rates.map(|rates| &rates.messages);
        let threads = self.rates.filter(|_| begins).map(|rates| &rates.threads);
        take_all([Some(self.seat.messages()), address, threads].into_iter().flatten(), Instant::now())
    }

    async fn nack(&mut self, id: &str, code: &'static str, message: &str, wait: Option<Duration>) -> Result<(), End> {
        let retry_after_ms = wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1));
        self.wire.send(&ServerFrame::Nack { id, code, message, retry_after_ms }).await
    }

    /// Gives one thing to the core; none when it can't be kept at present.
    async fn accept(&mut self, inbound: Inbound) -> Result<Option<Accepted>, End> {
        match self.sink.accept(vec![inbound], None).await {
            Ok(accepted) => {
                let accepted = accepted.into_iter().next();
                self.seat.wake_others(accepted.as_ref().and_then(place));
                Ok(accepted)
            }
            Err(SinkError::Unavailable(_)) => Ok(None),
            Err(SinkError::Stopping) => Err(End::RESTARTING),
        }
    }

    /// Sends what came of something that was handed in: it waits already where the core told it, and is read where not.
    async fn catch_up(&mut self, place: Option<Place>) -> Result<(), End> {
        let Some(place) = place else { return self.follow().await };
        let news = self.seat.tab().take_thread();
        self.hear(&news, Some(place)).await
    }

    /// Passes the opened panel on, if there is nothing to go on with: no conversation yet, or a resolved one.
    async fn open(&mut self) -> Result<(), End> {
        let Some(raw) = self.opening.take() else { return Ok(()) };
        let resolved = self.state.as_ref().is_some_and(|state| state.resolved);
        let at = self.conversation.map(|conversation| (conversation, self.head));
        let inbound = self.visitor.opened(at, &raw);
        let external_id = inbound.external_id.clone();
        if (at.is_some() && !resolved) || self.opened.as_ref() == Some(&external_id) {
            return Ok(());
        }
        let retry_after = self.chat.pace.retry_after;
        let accepted = match self.permit(true) {
            Err(wait) => Err(wait.max(retry_after)),
            Ok(()) => self.accept(inbound).await?.ok_or(retry_after),
        };
        match accepted {
            Ok(accepted) => {
                self.opened = Some(external_id);
                self.catch_up(place(&accepted)).await
            }
            Err(wait) => {
                self.opening = Some(raw);
                self.retry_in(wait);
                Ok(())
            }
        }
    }

    /// Notes how far the page has got. A mark beyond what exists is a broken client's.
    async fn receipt(&mut self, seq: Seq, mark: ReceiptMark) -> Result<(), End> {
        if seq > self.sent {
            // What was sent of the conversation before may be answered after the new one began, and says nothing of the new.
            return if seq <= self.former.max(self.head) {
                Ok(())
            } else {
                Err(End::closed(CloseCode::WrongSequence, "wrong_sequence", "there is no entry of that sequence"))
            };
        }
        self.marks.reach(mark, seq, Instant::now());
        self.write_marks(false).await
    }

    /// Writes down how far the page has got; with `last` also what would wait for a better moment.
    async fn write_marks(&mut self, last: bool) -> Result<(), End> {
        let Some(conversation) = self.conversation else { return Ok(()) };
        // What was seen has arrived.
        for mark in [ReceiptMark::Seen, ReceiptMark::Delivered] {
            let Some(seq) = self.marks.next(mark, last, Instant::now()) else { continue };
            match self.sink.receipt(conversation, seq, mark).await {
                Ok(()) => self.marks.written(mark, seq),
                // It stays due.
                Err(SinkError::Unavailable(_)) => {}
                Err(SinkError::Stopping) => return Err(End::RESTARTING),
            }
        }
        Ok(())
    }

    fn pass_typing(&self, word: Option<bool>) {
        if let Some(on) = word {
            self.sink.typing(&self.visitor.thread, on);
        }
    }

    /// Who is gone writes no more, and has seen what they have seen.
    async fn end(&mut self) {
        let word = self.writing.end().then_some(false);
        self.pass_typing(word);
        // There is no later: what can't be written now is told again by the page when it is back.
        let _ = self.write_marks(true).await;
    }
}

/// The place to acknowledge; 0 for what is deliberately not filed. None for what nobody will read: it is in quarantine, or was
/// put there when it came first.
fn answer(accepted: &Accepted) -> Option<(Seq, bool)> {
    match accepted {
        Accepted::Filed { seq, .. } => Some((*seq, false)),
        Accepted::Duplicate { seq, .. } => seq.map(|seq| (seq, true)),
        Accepted::Filtered { .. } => Some((Seq(0), false)),
        Accepted::Quarantined { .. } => None,
    }
}

/// Where it is in the thread, as far as that is told.
fn place(accepted: &Accepted) -> Option<Place> {
    match accepted {
        Accepted::Filed { conversation, seq, .. } => Some((*conversation, *seq)),
        Accepted::Duplicate { conversation, seq, .. } => conversation.zip(*seq),
        Accepted::Filtered { .. } | Accepted::Quarantined { .. } => None,
    }
}
