//! One socket as frames: what comes in is text and small, what goes out goes out in time, and every end has a reason.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::SinkExt;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{self, error::ProtocolError};

use crate::bucket::Bucket;
use crate::frames::{CloseCode, ServerFrame};
use crate::limits::{self, Pace};

/// Why a connection ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The peer is gone, or can't be spoken to any more.
    Gone,
    /// The peer closed it.
    Left,
    /// We close it, and say why.
    Closed {
        code: CloseCode,
        /// For the page's program.
        error: &'static str,
        /// For the page's author.
        message: &'static str,
    },
}

impl End {
    pub(crate) const RESTARTING: Self = Self::closed(CloseCode::Restarting, "restarting", "the server restarts");
    pub(crate) const UNREADABLE: Self =
        Self::closed(CloseCode::TryLater, "unavailable", "the conversation can't be read at present");
    const TOO_LARGE: Self = Self::closed(CloseCode::TooLarge, "too_large", "a frame has at most 65536 bytes");
    const TOO_MANY: Self = Self::closed(CloseCode::TooMany, "too_many_frames", "too many frames in a short time");
    const NOT_TEXT: Self = Self::closed(CloseCode::Malformed, "malformed", "frames are JSON objects in UTF-8 text");

    pub(crate) const fn closed(code: CloseCode, error: &'static str, message: &'static str) -> Self {
        Self::Closed { code, error, message }
    }
}

/// A socket, and what it may still do.
pub(crate) struct Wire {
    socket: WebSocket,
    pace: Pace,
    frames: Bucket,
    heard: Instant,
    ping_at: Instant,
    /// The library can't read on after an error, so nothing more can be drained.
    broken: bool,
    /// A frame is in line that was not sent.
    fed: bool,
}

impl Wire {
    pub(crate) fn new(socket: WebSocket, pace: Pace) -> Self {
        let now = Instant::now();
        let frames = Bucket::new(limits::FRAMES_BURST, limits::FRAMES_PER_SECOND, Duration::from_secs(1), now);
        Self { socket, pace, frames, heard: now, ping_at: now + pace.ping_every, broken: false, fed: false }
    }

    /// The next frame; may be dropped and called again without losing one. Quiet peers are asked whether they live.
    pub(crate) async fn next(&mut self) -> Result<Utf8Bytes, End> {
        loop {
            let dead_at = self.heard + self.pace.dead_after;
            tokio::select! {
                received = self.socket.recv() => {
                    let message = self.received(received)?;
                    if let Some(text) = self.admit(message)? {
                        return Ok(text);
                    }
                }
                () = sleep_until(dead_at) => return Err(End::Gone),
                () = sleep_until(self.ping_at) => {
                    self.ping_at += self.pace.ping_every;
                    self.put(Message::Ping(Bytes::new())).await?;
                }
            }
        }
    }

    fn received(&mut self, received: Option<Result<Message, axum::Error>>) -> Result<Message, End> {
        match received {
            Some(Ok(message)) => Ok(message),
            None => Err(End::Gone),
            Some(Err(error)) => {
                self.broken = true;
                Err(unreadable(error))
            }
        }
    }

    /// Counts a frame and keeps its text, if it has one for us.
    fn admit(&mut self, message: Message) -> Result<Option<Utf8Bytes>, End> {
        self.heard = Instant::now();
        if self.frames.take(self.heard).is_err() {
            return Err(End::TOO_MANY);
        }
        match message {
            Message::Text(text) => Ok(Some(text)),
            Message::Binary(_) => Err(End::NOT_TEXT),
            // The library answers pings by itself.
            Message::Ping(_) | Message::Pong(_) => Ok(None),
            Message::Close(_) => Err(End::Left),
        }
    }

    /// Sends a frame; a reader that takes too long for it is cut off.
    pub(crate) async fn send(&mut self, frame: &ServerFrame<'_>) -> Result<(), End> {
        let text = serde_json::to_string(frame).map_err(|_| End::Gone)?;
        self.put(Message::Text(text.into())).await
    }

    /// Puts a frame in line, to leave with the next that is sent or when [`flush`](Self::flush) is called.
    pub(crate) async fn feed(&mut self, frame: &ServerFrame<'_>) -> Result<(), End> {
        let text = serde_json::to_string(frame).map_err(|_| End::Gone)?;
        self.fed = true;
        let feeding = SinkExt::feed(&mut self.socket, Message::Text(text.into()));
        let fed = timeout(self.pace.send_within, feeding).await;
        fed.map_or(Err(End::Gone), |fed| fed.map_err(|_| End::Gone))
    }

    /// Sends what is in line.
    pub(crate) async fn flush(&mut self) -> Result<(), End> {
        if !std::mem::take(&mut self.fed) {
            return Ok(());
        }
        let flushing = SinkExt::<Message>::flush(&mut self.socket);
        let flushed = timeout(self.pace.send_within, flushing).await;
        flushed.map_or(Err(End::Gone), |flushed| flushed.map_err(|_| End::Gone))
    }

    async fn put(&mut self, message: Message) -> Result<(), End> {
        self.fed = false;
        match timeout(self.pace.send_within, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }

    /// Says why, and gives the peer a moment to read it: a connection dropped with unread bytes takes the reason with it.
    pub(crate) async fn close(mut self, end: &End, stopping: bool) {
        let linger = if stopping { self.pace.stop_linger } else { self.pace.linger };
        let farewell = async {
            match *end {
                End::Gone => return Ok(()),
                // Reading on answers the peer's own close.
                End::Left => {}
                End::Closed { code, error, message } => {
                    if code != CloseCode::Restarting {
                        self.send(&ServerFrame::Error { code: error, message }).await?;
                    }
                    self.put(Message::Close(Some(CloseFrame { code: code.number(), reason: error.into() }))).await?;
                }
            }
            if self.broken {
                std::future::pending::<()>().await;
            }
            while let Some(Ok(_)) = self.socket.recv().await {}
            Ok::<(), End>(())
        };
        // Either way the connection ends here.
        let _ = timeout(linger, farewell).await;
    }
}

/// What an unreadable frame ends in.
fn unreadable(error: axum::Error) -> End {
    match error.into_inner().downcast_ref::<tungstenite::Error>() {
        Some(tungstenite::Error::Capacity(_)) => End::TOO_LARGE,
        Some(tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => End::Gone,
        Some(tungstenite::Error::Utf8(_) | tungstenite::Error::Protocol(_)) => End::NOT_TEXT,
        _ => End::Gone,
    }
}
