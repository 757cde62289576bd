//! A submission server that does as it is told, also what no server should.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What a server does with a command instead of what it should.
#[derive(Clone)]
pub(crate) enum Act {
    /// Answers this, and goes on.
    Say(&'static str),
    /// Answers these bytes, and goes on.
    Bytes(Vec<u8>),
    /// Answers this, and cuts the connection.
    Cut(&'static str),
    /// Says nothing any more.
    Hang,
}

struct Rule {
    /// The command begins so; `.` is the last line of a mail, `text` its beginning, `hello` a connection.
    command: &'static str,
    act: Act,
    left: u32,
}

/// A mail as the server took it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Taken {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) mail: Vec<u8>,
}

#[derive(Default)]
struct State {
    abilities: Vec<&'static str>,
    rules: VecDeque<Rule>,
    taken: Vec<Taken>,
    connections: usize,
}

pub(crate) struct Scripted {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
    seen: watch::Sender<Vec<String>>,
    task: JoinHandle<()>,
}

pub(crate) const USUAL: &[&str] = &["SIZE 10000000", "8BITMIME", "AUTH PLAIN LOGIN", "ENHANCEDSTATUSCODES"];

impl Scripted {
    pub(crate) async fn start() -> Self {
        Self::with(USUAL, None).await
    }

    /// With these abilities; with TLS when STARTTLS is among them, or from the first byte when there are none of it.
    pub(crate) async fn with(abilities: &[&'static str], tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(Mutex::new(State { abilities: abilities.to_vec(), ..State::default() }));
        let seen = watch::Sender::default();
        let (shared, commands) = (Arc::clone(&state), seen.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let peer = Peer { state: Arc::clone(&shared), seen: commands.clone() };
                peer.lock(|state| state.connections += 1);
                let tls = tls.clone();
                tokio::spawn(async move {
                    let later = peer.lock(|state| state.abilities.contains(&"STARTTLS"));
                    let ended: io::Result<()> = async {
                        let Some(tls) = tls else {
                            peer.serve(BufReader::new(stream), true).await?;
                            return Ok(());
                        };
                        let acceptor = TlsAcceptor::from(tls);
                        if !later {
                            peer.serve(BufReader::new(acceptor.accept(stream).await?), true).await?;
                        } else if let Some(stream) = peer.serve(BufReader::new(stream), true).await? {
                            peer.lock(|state| state.abilities.retain(|ability| *ability != "STARTTLS"));
                            peer.serve(BufReader::new(acceptor.accept(stream.into_inner()).await?), false).await?;
                        }
                        Ok(())
                    }
                    .await;
                    drop(ended);
                });
            }
        });
        Self { port, state, seen, task }
    }

    /// The next `times` commands that begin so are answered so.
    pub(crate) fn rule(&self, command: &'static str, times: u32, act: Act) {
        self.state.lock().expect("no panic").rules.push_back(Rule { command, act, left: times });
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.state.lock().expect("no panic").taken.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.lock().expect("no panic").connections
    }

    pub(crate) fn commands(&self) -> Vec<String> {
        self.seen.borrow().clone()
    }

    pub(crate) fn count(&self, command: &str) -> usize {
        self.seen.borrow().iter().filter(|seen| seen.starts_with(command)).count()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Peer {
    state: Arc<Mutex<State>>,
    seen: watch::Sender<Vec<String>>,
}

impl Peer {
    fn lock<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().expect("no panic"))
    }

    fn act(&self, command: &str) -> Option<Act> {
        self.lock(|state| {
            let rule = state.rules.iter_mut().find(|rule| rule.left > 0 && command.starts_with(rule.command))?;
            rule.left -= 1;
            Some(rule.act.clone())
        })
    }

    /// Answers; false when the connection ends.
    async fn answer<S: AsyncWrite + Unpin>(&self, stream: &mut S, command: &str, usual: &str) -> io::Result<bool> {
        let (text, goes_on) = match self.act(command) {
            None => (format!("{usual}\r\n").into_bytes(), true),
            Some(Act::Say(text)) => (format!("{text}\r\n").into_bytes(), true),
            Some(Act::Bytes(bytes)) => (bytes, true),
            Some(Act::Cut("")) => (Vec::new(), false),
            Some(Act::Cut(text)) => (format!("{text}\r\n").into_bytes(), false),
            Some(Act::Hang) => std::future::pending().await,
        };
        stream.write_all(&text).await?;
        stream.flush().await?;
        if !goes_on {
            stream.shutdown().await?;
        }
        Ok(goes_on && !text.starts_with(b"421"))
    }

    /// Serves until the connection ends; gives it back when TLS is to begin.
    async fn serve<S>(&self, mut stream: BufReader<S>, greet: bool) -> io::Result<Option<BufReader<S>>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if greet && !self.answer(&mut stream, "hello", "220 mail.example.org ready").await? {
            return Ok(None);
        }
        let mut taken = Taken::default();
        // What is answered to the next lines, which are no commands.
        let mut asked: VecDeque<&str> = VecDeque::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(None);
            }
            let line = line.trim_end_matches("\r\n").to_owned();
            self.seen.send_modify(|seen| seen.push(line.clone()));
            let usual = asked.pop_front().map_or_else(|| self.usual(&line), str::to_owned);
            if line == "AUTH LOGIN" {
                asked.extend(["334 UGFzc3dvcmQ6", "235 2.7.0 in"]);
            }
            let planned =
                self.lock(|state| state.rules.iter().any(|rule| rule.left > 0 && line.starts_with(rule.command)));
            if !self.answer(&mut stream, &line, &usual).await? {
                return Ok(None);
            }
            match line.split(':').next().unwrap_or_default() {
                "STARTTLS" if !planned => return Ok(Some(stream)),
                "MAIL FROM" => taken = Taken { from: inside(&line), ..Taken::default() },
                "RCPT TO" if !planned => taken.to.push(inside(&line)),
                "RSET" => taken = Taken::default(),
                "DATA" if !planned => {
                    if let Some(act) = self.act("text") {
                        assert!(matches!(act, Act::Cut(_)), "the text of a mail can only be cut");
                        return Ok(None);
                    }
                    taken.mail = text(&mut stream).await?;
                    self.seen.send_modify(|seen| seen.push(".".to_owned()));
                    let refuses = self.lock(|state| {
                        state.rules.iter().any(|rule| rule.left > 0 && rule.command == "." && !keeps(&rule.act))
                    });
                    if !refuses {
                        let taken = std::mem::take(&mut taken);
                        self.lock(|state| state.taken.push(taken));
                    }
                    if !self.answer(&mut stream, ".", "250 2.0.0 taken").await? {
                        return Ok(None);
                    }
                }
                _ => {}
            }
        }
    }

    fn usual(&self, line: &str) -> String {
        let verb = line.split([' ', ':']).next().unwrap_or_default();
        match verb {
            "EHLO" => {
                let abilities = self.lock(|state| state.abilities.clone());
                let mut lines = vec!["mail.example.org"];
                lines.extend(abilities);
                let last = lines.len() - 1;
                let lines = lines
                    .iter()
                    .enumerate()
                    .map(|(at, line)| format!("250{}{line}", if at == last { ' ' } else { '-' }));
                lines.collect::<Vec<_>>().join("\r\n")
            }
            "AUTH" if line == "AUTH LOGIN" => "334 VXNlcm5hbWU6".to_owned(),
            // Whoever is told why a token is refused says nothing, and is then refused.
            "" => "535 5.7.8 the token is no good".to_owned(),
            "AUTH" => "235 2.7.0 in".to_owned(),
            "DATA" => "354 go".to_owned(),
            "STARTTLS" => "220 go".to_owned(),
            "QUIT" => "221 bye".to_owned(),
            _ => "250 2.1.0 ok".to_owned(),
        }
    }
}

/// Whether a server that does this with the last line of a mail has it nevertheless.
fn keeps(act: &Act) -> bool {
    matches!(act, Act::Cut(""))
}

fn inside(line: &str) -> String {
    line.split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
        .map(|(inside, _)| inside.to_owned())
        .unwrap_or_default()
}

/// The text of a mail up to its last line, dots taken off again.
async fn text<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> io::Result<Vec<u8>> {
    let mut mail = Vec::new();
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" {
            return Ok(mail);
        }
        mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
