//! The life of one socket: hello, history, then a tail of the thread until the end.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Utf8Bytes, WebSocket};
use switchboard_contract::{
    Accepted, ConversationId, ExternalId, Inbound, InboundSink, ReceiptMark, Seq, SinkError, ThreadPage, ThreadState,
};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::frames::{self, ClientFrame, CloseCode, FrameError, Hello, Limits, ServerFrame};
use crate::inbound::{Refusal, Visitor};
use crate::limits::{self, Bucket};
use crate::registry::Seat;
use crate::wire::{End, Wire};
use crate::{WebChat, outbound, token};

/// Serves one socket to its end.
pub(crate) async fn serve(chat: &WebChat, sink: Arc<dyn InboundSink>, socket: WebSocket, welcome_here: bool) {
    let mut wire = Wire::new(socket, chat.pace);
    let end = if welcome_here {
        tokio::select! {
            end = live(chat, sink, &mut wire) => end,
            () = stop_grace(chat) => End::RESTARTING,
        }
    } else {
        End::closed(CloseCode::Forbidden, "origin_not_allowed", "this site is not among the inbox's allowed sites")
    };
    tracing::debug!(inbox = %chat.inbox, ?end, "socket ends");
    wire.close(&end, chat.closing.is_cancelled()).await;
}

/// What is under way when the program stops gets a moment to end well.
async fn stop_grace(chat: &WebChat) {
    chat.closing.cancelled().await;
    sleep(chat.pace.stop_grace).await;
}

async fn live(chat: &WebChat, sink: Arc<dyn InboundSink>, wire: &mut Wire) -> End {
    match begin(chat, sink, wire).await {
        Err(end) => end,
        Ok(mut session) => {
            let end = session.tail().await.err().unwrap_or(End::Gone);
            session.stop_typing();
            end
        }
    }
}

/// From the first frame to the last entry of the history.
async fn begin<'a>(chat: &'a WebChat, sink: Arc<dyn InboundSink>, wire: &'a mut Wire) -> Result<Session<'a>, End> {
    let hello = tokio::select! {
        hello = timeout(chat.pace.hello_within, hello(wire)) => hello
            .unwrap_or(Err(End::closed(CloseCode::HelloLate, "hello_late", "the first frame, hello, did not come")))?,
        () = chat.closing.cancelled() => return Err(End::RESTARTING),
    };
    let visitor = identify(chat, &hello)?;
    let seat = chat.registry.join(&visitor.thread).ok_or(End::closed(
        CloseCode::TooMany,
        "too_many_tabs",
        "this conversation is open too many times",
    ))?;
    let now = Instant::now();
    let mut session = Session {
        chat,
        sink,
        wire,
        visitor,
        seat,
        conversation: None,
        head: Seq(0),
        sent: Seq(0),
        former_head: Seq(0),
        state: None,
        messages: Bucket::new(limits::MESSAGES_BURST, limits::MESSAGES_PER_SECOND, now),
        refused: 0,
        strikes: 0,
        arrived: Seq(0),
        seen: Seq(0),
        typing: None,
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
    /// The last entry the page was sent.
    sent: Seq,
    /// The last place of the conversation before: receipts for it may still be on their way.
    former_head: Seq,
    state: Option<ThreadState>,
    messages: Bucket,
    /// Messages refused for their rate, in a row.
    refused: u32,
    strikes: u32,
    arrived: Seq,
    seen: Seq,
    /// When "is writing" was last passed on, while it lasts.
    typing: Option<Instant>,
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
            let retry_at = self.retry_at;
            let retry = async move {
                match retry_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.chat.closing.cancelled() => return Err(End::RESTARTING),
                () = tab.bell.notified() => {
                    let news = tab.take();
                    if let Some((name, on)) = news.typing {
                        self.wire.send(&ServerFrame::Typing { on, name: &name }).await?;
                    }
                    if news.changed {
                        self.follow().await?;
                    }
                }
                () = retry => {
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

    /// Sends everything committed that the page has not been sent.
    async fn follow(&mut self) -> Result<(), End> {
        loop {
            let page = match self.read(self.conversation, self.sent).await {
                Ok(page) => page,
                Err(SinkError::Stopping) => return Err(End::RESTARTING),
                Err(SinkError::Unavailable(_)) => {
                    self.retry_later();
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
            self.former_head = self.former_head.max(self.head);
            self.conversation = page.conversation;
            (self.sent, self.arrived, self.seen) = (Seq(0), Seq(0), Seq(0));
            self.state = None;
            if let Some(conversation) = page.conversation {
                self.wire.send(&ServerFrame::Conversation { conversation, reset: true }).await?;
            }
        }
        self.head = page.head;
        for entry in &page.entries {
            if let Some(frame) = outbound::entry(entry, &self.visitor, &self.chat.capabilities) {
                self.wire.send(&ServerFrame::Entry(frame)).await?;
            }
        }
        self.sent = page.entries.last().map_or(self.sent, |last| self.sent.max(last.seq));
        if !page.more
            && let Some(state) = page.state.filter(|state| self.state.as_ref() != Some(state))
        {
            self.wire.send(&ServerFrame::State { handler: &state.handler, resolved: state.resolved }).await?;
            self.state = Some(state);
        }
        Ok(())
    }

    async fn read(&mut self, conversation: Option<ConversationId>, after: Seq) -> Result<ThreadPage, SinkError> {
        self.chat.reader.read(&self.visitor.thread, conversation, after).await
    }

    fn retry_later(&mut self) {
        self.retry_at = Some(Instant::now() + self.chat.pace.retry_after);
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
                self.pass_typing(on);
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
        if let Err(wait) = self.messages.take(Instant::now()) {
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
                self.stop_typing();
                let (seq, duplicate) = place(&accepted);
                self.wire.send(&ServerFrame::Ack { id, seq, duplicate }).await?;
                self.follow().await
            }
        }
    }

    async fn nack(&mut self, id: &str, code: &'static str, message: &str, wait: Option<Duration>) -> Result<(), End> {
        let retry_after_ms = wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1));
        self.wire.send(&ServerFrame::Nack { id, code, message, retry_after_ms }).await
    }

    /// Gives one thing to the core; none when it can't be kept at present.
    async fn accept(&mut self, inbound: Inbound) -> Result<Option<Accepted>, End> {
        match self.sink.accept(vec![inbound], None).await {
            Ok(accepted) => {
                self.seat.wake_others();
                Ok(accepted.into_iter().next())
            }
            Err(SinkError::Unavailable(_)) => Ok(None),
            Err(SinkError::Stopping) => Err(End::RESTARTING),
        }
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
        if self.messages.take(Instant::now()).is_err() || self.accept(inbound).await?.is_none() {
            self.opening = Some(raw);
            self.retry_later();
            return Ok(());
        }
        self.opened = Some(external_id);
        self.follow().await
    }

    /// Notes how far the page has got. A mark beyond what exists is a broken client's.
    async fn receipt(&mut self, seq: Seq, mark: ReceiptMark) -> Result<(), End> {
        if seq > self.head {
            // What was sent of the conversation before may be answered after the new one began.
            return if seq <= self.former_head {
                Ok(())
            } else {
                Err(End::closed(CloseCode::WrongSequence, "wrong_sequence", "there is no entry of that sequence"))
            };
        }
        let known = match mark {
            ReceiptMark::Delivered => self.arrived,
            ReceiptMark::Seen => self.seen,
        };
        let Some(conversation) = self.conversation.filter(|_| seq > known) else { return Ok(()) };
        match self.sink.receipt(conversation, seq, mark).await {
            Ok(()) => {
                match mark {
                    ReceiptMark::Delivered => self.arrived = seq,
                    ReceiptMark::Seen => self.seen = seq,
                }
                Ok(())
            }
            // The next mark covers this one.
            Err(SinkError::Unavailable(_)) => Ok(()),
            Err(SinkError::Stopping) => Err(End::RESTARTING),
        }
    }

    /// Passes "is writing" on when it changes, and now and then while it lasts.
    fn pass_typing(&mut self, on: bool) {
        let now = Instant::now();
        let news = match self.typing {
            Some(last) if on => now.saturating_duration_since(last) >= self.chat.pace.typing_every,
            Some(_) => true,
            None => on,
        };
        if news {
            self.typing = on.then_some(now);
            self.sink.typing(&self.visitor.thread, on);
        }
    }

    /// Who is gone writes no more.
    fn stop_typing(&mut self) {
        if self.typing.take().is_some() {
            self.sink.typing(&self.visitor.thread, false);
        }
    }
}

/// The place to acknowledge; 0 for what is kept and has none.
fn place(accepted: &Accepted) -> (Seq, bool) {
    match accepted {
        Accepted::Filed { seq, .. } => (*seq, false),
        Accepted::Duplicate { seq, .. } => (seq.unwrap_or_default(), true),
        Accepted::Filtered { .. } | Accepted::Quarantined { .. } => (Seq(0), false),
    }
}
