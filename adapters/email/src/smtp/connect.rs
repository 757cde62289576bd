//! From a host's name to a server that is ready for mail.

use std::net::SocketAddr;
use std::sync::Arc;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::fault::{Fault, tidy};
use super::limits::{LINE_BYTES_MAX, REPLY_BYTES_MAX};
use super::stream::Stream;
use crate::config::{EmailConfig, Security};

/// What a server says of itself (RFC 5321, 4.1.1.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Abilities(Vec<String>);

impl Abilities {
    /// Reads the lines of an answer to EHLO; the first one is the server's name.
    pub(super) fn read<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        // What begins with white space comes here with a question mark (`Stream`).
        Self(lines.skip(1).map(|line| line.trim_start_matches(['?', ' ']).to_ascii_uppercase()).collect())
    }

    /// What follows a keyword, if it is there.
    fn parameters(&self, keyword: &str) -> Option<&str> {
        let rest = self.0.iter().find_map(|line| {
            line.strip_prefix(keyword).filter(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        });
        rest.map(|rest| rest.trim_start_matches(['=', ' ']).trim())
    }

    pub(super) fn has(&self, keyword: &str) -> bool {
        self.parameters(keyword).is_some()
    }

    /// The largest mail in bytes, where there is a limit (RFC 1870, 4).
    pub(super) fn size_max(&self) -> Option<u64> {
        self.parameters("SIZE")?.parse().ok().filter(|max| *max > 0)
    }

    /// Ways to sign in (RFC 4954, 3; some old servers write `AUTH=`).
    pub(super) fn signs_in_with(&self, mechanism: &str) -> bool {
        self.sign_in_ways().any(|known| known == mechanism)
    }

    pub(super) fn sign_in_ways(&self) -> impl Iterator<Item = &str> {
        let lines = self.0.iter().filter_map(|line| line.strip_prefix("AUTH")?.strip_prefix([' ', '=']));
        lines.flat_map(|ways| ways.split([' ', '=']).filter(|way| !way.is_empty()))
    }
}

/// Connects and greets; with encryption, unless the settings say none.
pub(super) async fn connect(
    config: &EmailConfig,
    tls: &Arc<ClientConfig>,
) -> Result<(AsyncSmtpConnection, Abilities), Fault> {
    let host = config.smtp_host().ok_or_else(|| Fault::Lost("`smtp_host` is not set".to_owned()))?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, config.smtp_port())).await.map_err(lost)?;
    stream.set_nodelay(true).map_err(lost)?;
    let name = client_name(stream.local_addr().map_err(lost)?);
    let stream = match config.smtp_security {
        Security::None => Stream::plain(stream),
        Security::Tls => Stream::tls(encrypt(host, tls, stream).await?),
        Security::Starttls => {
            let stream = ask_for_tls(stream, &name).await?;
            Stream::tls(encrypt(host, tls, stream).await?).greeted()
        }
    };
    let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &name).await?;
    // Once more, since what the library keeps of the answer lacks the size.
    let hello = connection.command(super::Line(format!("EHLO {name}"))).await?;
    let abilities = Abilities::read(hello.message());
    Ok((connection, abilities))
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn lost(error: std::io::Error) -> Fault {
    Fault::Lost(tidy(&error.to_string()))
}

/// Our own address on this connection: all we know for certain of ourselves (RFC 5321, 4.1.4).
fn client_name(local: SocketAddr) -> ClientId {
    match local {
        SocketAddr::V4(address) => ClientId::Ipv4(*address.ip()),
        SocketAddr::V6(address) => {
            address.ip().to_ipv4_mapped().map_or_else(|| ClientId::Ipv6(*address.ip()), ClientId::Ipv4)
        }
    }
}

async fn encrypt(host: &str, tls: &Arc<ClientConfig>, stream: TcpStream) -> Result<TlsStream<TcpStream>, Fault> {
    let name = ServerName::try_from(host.to_owned()).map_err(|error| Fault::Insecure(error.to_string()))?;
    TlsConnector::from(Arc::clone(tls)).connect(name, stream).await.map_err(|error| {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match inner {
            Some(rustls::Error::InvalidCertificate(how)) => {
                Fault::Insecure(format!("the certificate of the mail server is not good ({how:?}); see `ca_file`"))
            }
            Some(other) => Fault::Lost(format!("TLS does not begin: {other}")),
            None => Fault::Lost(format!("TLS does not begin: {}", tidy(&error.to_string()))),
        }
    })
}

/// STARTTLS (RFC 3207), by ourselves: what somebody wrote behind the answer, in the clear, must not be taken for the server's.
async fn ask_for_tls(stream: TcpStream, name: &ClientId) -> Result<TcpStream, Fault> {
    let mut stream = BufReader::with_capacity(LINE_BYTES_MAX, stream);
    expect(&read_reply(&mut stream).await?)?;
    write(&mut stream, &format!("EHLO {name}\r\n")).await?;
    let hello = read_reply(&mut stream).await?;
    expect(&hello)?;
    if !Abilities::read(hello.iter().map(|line| line.get(4..).unwrap_or_default())).has("STARTTLS") {
        let how = "the server does not offer STARTTLS; use `tls`, or somebody between takes it out";
        return Err(Fault::Insecure(how.to_owned()));
    }
    write(&mut stream, "STARTTLS\r\n").await?;
    let answer = read_reply(&mut stream).await?;
    if let Err(Fault::Reply { code, text }) = expect(&answer) {
        return Err(Fault::Insecure(format!("the server refuses STARTTLS: {code} {}", tidy(&text))));
    }
    if !stream.buffer().is_empty() {
        return Err(Fault::Insecure("somebody wrote in the clear before TLS began".to_owned()));
    }
    Ok(stream.into_inner())
}

async fn write(stream: &mut BufReader<TcpStream>, line: &str) -> Result<(), Fault> {
    stream.write_all(line.as_bytes()).await.map_err(lost)
}

/// The lines of one answer, without their ends.
async fn read_reply(stream: &mut BufReader<TcpStream>) -> Result<Vec<String>, Fault> {
    let (mut lines, mut left) = (Vec::new(), REPLY_BYTES_MAX as u64);
    loop {
        let mut line = Vec::new();
        let count = (&mut *stream).take(left).read_until(b'\n', &mut line).await.map_err(lost)?;
        left = left.saturating_sub(count as u64);
        if !line.ends_with(b"\n") {
            return Err(Fault::Lost("it ended in the middle of an answer".to_owned()));
        }
        let text: String =
            line.trim_ascii_end().iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect();
        let more = text.as_bytes().get(3) == Some(&b'-');
        lines.push(text);
        if !more {
            return Ok(lines);
        }
    }
}

/// That an answer is of class 2.
fn expect(lines: &[String]) -> Result<(), Fault> {
    let last = lines.last().map(String::as_str).unwrap_or_default();
    let code = last.get(..3).and_then(|code| code.parse::<u16>().ok());
    let code = code.ok_or_else(|| Fault::Garbled(tidy(last)))?;
    let text = lines.iter().filter_map(|line| line.get(4..)).collect::<Vec<_>>().join(" ");
    match code {
        200..=299 => Ok(()),
        400..=599 => Err(Fault::Reply { code, text }),
        _ => Err(Fault::Garbled(tidy(last))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn abilities(lines: &[&str]) -> Abilities {
        Abilities::read(std::iter::once("mail.example.org").chain(lines.iter().copied()))
    }

    #[test]
    fn abilities_are_read_however_they_are_written() {
        let known = abilities(&["size 1000", "auth=LOGIN plain", "AUTH XOAUTH2", "STARTTLSX", "8bitmime"]);
        assert_eq!(known.size_max(), Some(1_000));
        assert!(known.signs_in_with("LOGIN") && known.signs_in_with("PLAIN") && known.signs_in_with("XOAUTH2"));
        assert!(known.has("8BITMIME") && !known.has("STARTTLS") && !known.has("MAIL.EXAMPLE.ORG"));
    }

    #[test]
    fn a_size_that_is_none_is_no_limit() {
        for line in ["SIZE", "SIZE 0", "SIZE many", "SIZE -1", "X"] {
            assert_eq!(abilities(&[line]).size_max(), None, "{line}");
        }
    }

    #[test]
    fn an_answer_is_taken_by_its_last_code() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(expect(&lines("220-a\n220 b")), Ok(()));
        assert_eq!(expect(&lines("554-no\n554 go")), Err(Fault::Reply { code: 554, text: "no go".to_owned() }));
        assert!(matches!(expect(&lines("hello")), Err(Fault::Garbled(_))));
        assert!(matches!(expect(&lines("354 x")), Err(Fault::Garbled(_))));
    }
}
