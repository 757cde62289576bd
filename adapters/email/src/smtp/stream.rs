//! The bytes of a connection, made fit for the reader above: what is not ASCII and lines without an end don't reach it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::limits::{LINE_BYTES_MAX, REPLY_BYTES_MAX};

/// With or without encryption.
#[derive(Debug)]
enum Bytes {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection as the reader sees it.
#[derive(Debug)]
pub(super) struct Stream {
    bytes: Bytes,
    /// Read before anything of the server.
    first: &'static [u8],
    /// Bytes of the line that is being read, and its last one.
    line: usize,
    last: u8,
    /// Bytes read since something was written.
    reply: usize,
}

impl Stream {
    pub(super) fn plain(stream: TcpStream) -> Self {
        Self::new(Bytes::Plain(stream))
    }

    pub(super) fn tls(stream: TlsStream<TcpStream>) -> Self {
        Self::new(Bytes::Tls(Box::new(stream)))
    }

    fn new(bytes: Bytes) -> Self {
        Self { bytes, first: b"", line: 0, last: b'\n', reply: 0 }
    }

    /// After STARTTLS a server does not greet again (RFC 3207, 4.2), and the reader waits for it.
    pub(super) fn greeted(self) -> Self {
        Self { first: b"220 TLS\r\n", ..self }
    }

    fn inner(&mut self) -> Pin<&mut (dyn Transport + '_)> {
        match &mut self.bytes {
            Bytes::Plain(stream) => Pin::new(stream),
            Bytes::Tls(stream) => Pin::new(&mut **stream),
        }
    }

    /// Replies are ASCII (RFC 5321, 4.2). Words in an old character set would hide the code before them, and the reader does
    /// not survive a line of an answer to EHLO that is nothing but white space.
    fn sanitize(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.reply += bytes.len();
        for byte in bytes {
            let lone = (self.last == b'\r') != (*byte == b'\n');
            let begins_blank = self.line == TEXT_AT && matches!(*byte, b' ' | b'\t' | 0x0b | 0x0c);
            if lone || begins_blank || !byte.is_ascii() {
                *byte = b'?';
            }
            self.line = if *byte == b'\n' { 0 } else { self.line + 1 };
            self.last = *byte;
            if self.line > LINE_BYTES_MAX || self.reply > REPLY_BYTES_MAX {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "an answer without an end"));
            }
        }
        Ok(())
    }
}

/// Where the text of a line begins, after the code and a sign.
const TEXT_AT: usize = 4;

trait Transport: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Transport for T {}

impl AsyncTokioStream for Stream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.bytes {
            Bytes::Plain(stream) => stream.peer_addr(),
            Bytes::Tls(stream) => stream.get_ref().0.peer_addr(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.first.is_empty() {
            let count = self.first.len().min(buf.remaining());
            let (now, later) = self.first.split_at(count);
            buf.put_slice(now);
            self.first = later;
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(self.inner().poll_read(cx, buf))?;
        let fresh = buf.filled_mut().get_mut(before..).unwrap_or_default();
        Poll::Ready(self.sanitize(fresh))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.reply = 0;
        self.inner().poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &[u8]) -> io::Result<String> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let mut stream = Stream::plain(TcpStream::connect(listener.local_addr()?).await?);
        let mut bytes = bytes.to_vec();
        stream.sanitize(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    #[tokio::test]
    async fn what_the_reader_does_not_survive_does_not_reach_it() {
        let cases: [(&[u8], &str); 7] = [
            (b"250-a\r\n250 b\r\n", "250-a\r\n250 b\r\n"),
            (b"250-\r\n250  \r\n", "250-\r\n250 ?\r\n"),
            (b"250-\t \r\n", "250-? \r\n"),
            (b"250-\r \r\n", "250-\r?\r\n"),
            (b"250-\n \r\n", "250-? \r\n"),
            (b"550 Benutzer ung\xfcltig\r\n", "550 Benutzer ung?ltig\r\n"),
            (b"250-\r\r\r\n", "250-\r?\r\n"),
        ];
        for (sent, seen) in cases {
            assert_eq!(read(sent).await.ok().as_deref(), Some(seen), "{sent:?}");
        }
    }

    #[tokio::test]
    async fn an_answer_without_an_end_is_an_error() {
        assert!(read(&vec![b'x'; LINE_BYTES_MAX + 1]).await.is_err());
        assert!(read("250-a\r\n".repeat(REPLY_BYTES_MAX / 7 + 1).as_bytes()).await.is_err());
        assert!(read("250-a\r\n".repeat(REPLY_BYTES_MAX / 7).as_bytes()).await.is_ok());
    }
}
