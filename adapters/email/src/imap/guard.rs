//! Stands between a server and the parser, and lets through only what the parser can take.
//!
//! async-imap gives a connection up at the first response its parser does not know, keeps up to 512 MiB for what a server
//! announces, and its parser recurses and in two places panics. So each response is framed here first, bounded, and tried; one
//! that can't be read is left out and counted, and the connection lives on.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_imap::imap_proto::Response;
use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::frame::{Frame, Step, is_fetch};
use super::limits::{HELD_BYTES_MAX, MAIL_BYTES_MAX, READ_BYTES};

/// A connection, plain or encrypted.
pub(super) trait Io: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug> Io for T {}

/// What a server may announce beyond a mail of the largest size that is asked for.
const SLACK_BYTES: u64 = 1_000_000;

/// The guarded connection.
#[derive(Debug)]
pub(super) struct Guard {
    inner: Box<dyn Io>,
    /// How long the server may say nothing.
    silence: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    /// Where bytes are read to before they are framed.
    buffer: Vec<u8>,
    frame: Frame,
    /// The present response, as long as it is not let through.
    held: BytesMut,
    /// Bytes of the present literal still to come.
    literal: u64,
    /// The present response is let through as it comes: the data of a large mail.
    passing: bool,
    /// What may be read by the parser.
    out: BytesMut,
    left_out: u64,
}

impl Guard {
    /// Guards a connection on which the server may be silent for so long.
    pub(super) fn new(inner: Box<dyn Io>, silence: Duration) -> Self {
        Self {
            inner,
            silence,
            timer: None,
            buffer: vec![0; READ_BYTES],
            frame: Frame::default(),
            held: BytesMut::new(),
            literal: 0,
            passing: false,
            out: BytesMut::new(),
            left_out: 0,
        }
    }

    /// Sets how long the server may say nothing from now on.
    pub(super) fn set_silence(&mut self, silence: Duration) {
        self.silence = silence;
        self.timer = None;
    }

    /// Responses left out so far because they can't be read.
    pub(super) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The connection itself. What was read and not used is dropped: behind the begin of TLS it would be of an intruder.
    pub(super) fn into_inner(self) -> Box<dyn Io> {
        self.inner
    }

    /// Moves what was read to where it belongs.
    fn sort(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let (used, step) = if self.literal > 0 {
                let count = usize::try_from(self.literal).unwrap_or(usize::MAX).min(bytes.len());
                self.literal -= count as u64;
                (count, Step::More)
            } else {
                let step = self.frame.read(bytes).map_err(|_| broken("a line of the server is too long"))?;
                match step {
                    Step::More => (bytes.len(), step),
                    Step::Literal { used, .. } | Step::End { used } => (used, step),
                }
            };
            let target = if self.passing { &mut self.out } else { &mut self.held };
            target.extend_from_slice(&bytes[..used]);
            bytes = &bytes[used..];
            match step {
                Step::More => {}
                Step::Literal { length, .. } => self.begin_literal(length)?,
                Step::End { .. } => self.end(),
            }
        }
        Ok(())
    }

    fn begin_literal(&mut self, length: u64) -> io::Result<()> {
        if length > u64::from(MAIL_BYTES_MAX) + SLACK_BYTES {
            return Err(broken("the server announces more bytes than a mail may have"));
        }
        self.literal = length;
        if self.passing {
            // A mail has one text. More of them would be kept in memory together.
            return Err(broken("the server sends several texts for one mail"));
        }
        if self.held.len() as u64 + length <= HELD_BYTES_MAX as u64 {
            return Ok(());
        }
        if self.frame.is_too_deep() || !is_fetch(&self.held) {
            return Err(broken("the server sends much that is no mail"));
        }
        self.passing = true;
        self.out.unsplit(self.held.split());
        Ok(())
    }

    fn end(&mut self) {
        let frame = std::mem::take(&mut self.frame);
        if std::mem::take(&mut self.passing) {
            return;
        }
        let held = self.held.split();
        if !frame.is_too_deep() && is_readable(&held) {
            self.out.extend_from_slice(&held);
        } else {
            self.left_out += 1;
            tracing::debug!(bytes = held.len(), "a response of the mail server can't be read and is left out");
        }
    }

    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        let silence = self.silence;
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + silence)));
        timer.as_mut().poll(context).is_ready()
    }
}

/// Whether the parser takes it, all of it. It panics at a date that is NIL, and behind a code where a letter that is not
/// ASCII follows without a space.
fn is_readable(response: &[u8]) -> bool {
    catch_unwind(AssertUnwindSafe(|| matches!(Response::parse(response), Ok(([], _))))).unwrap_or(false)
}

fn broken(how: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, how)
}

impl AsyncRead for Guard {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if !this.out.is_empty() {
                let count = this.out.len().min(buf.remaining());
                buf.put_slice(&this.out[..count]);
                this.out.advance(count);
                return Poll::Ready(Ok(()));
            }
            // A large mail goes straight to where the parser wants it.
            if this.passing && this.literal > 0 {
                let room = usize::try_from(this.literal).unwrap_or(usize::MAX).min(buf.remaining());
                let mut part = ReadBuf::new(buf.initialize_unfilled_to(room));
                if Pin::new(&mut this.inner).poll_read(context, &mut part)?.is_pending() {
                    return this.pending(context);
                }
                let count = part.filled().len();
                buf.advance(count);
                this.literal -= count as u64;
                this.timer = None;
                return Poll::Ready(Ok(()));
            }
            let mut part = ReadBuf::new(&mut this.buffer);
            if Pin::new(&mut this.inner).poll_read(context, &mut part)?.is_pending() {
                return this.pending(context);
            }
            let count = part.filled().len();
            if count == 0 {
                return Poll::Ready(Ok(()));
            }
            this.timer = None;
            let buffer = std::mem::take(&mut this.buffer);
            let sorted = this.sort(&buffer[..count]);
            this.buffer = buffer;
            sorted?;
        }
    }
}

impl Guard {
    fn pending(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_late(context) {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the server says nothing any more")));
        }
        Poll::Pending
    }
}

impl AsyncWrite for Guard {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(context, buf);
        if polled.is_pending() {
            ready!(self.pending(context))?;
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(context);
        if polled.is_pending() { self.pending(context) } else { polled }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
