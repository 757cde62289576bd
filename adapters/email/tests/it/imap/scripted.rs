//! An IMAP server that does as it is told, also what no server should.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use switchboard_testkit::within;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// What a server does with a command instead of what it should. `{tag}` is the command's tag.
#[derive(Clone)]
pub(crate) enum Act {
    /// Answers this, and goes on.
    Say(String),
    /// Says this before it answers as it should.
    First(String),
    /// Answers this and cuts the connection.
    Cut(String),
    /// Says nothing any more.
    Hang,
}

/// How often an act is done.
#[derive(Clone)]
struct Rule {
    /// The command begins so, tag left out.
    command: String,
    act: Act,
    left: u32,
}

/// What the server has and does.
pub(crate) struct State {
    pub(crate) abilities: String,
    pub(crate) greeting: String,
    pub(crate) validity: u32,
    /// UIDNEXT, when it is not as it should be; zero leaves it out.
    pub(crate) next: Option<u32>,
    pub(crate) mails: BTreeMap<u32, Vec<u8>>,
    pub(crate) folders: Vec<String>,
    rules: VecDeque<Rule>,
}

pub(crate) struct Scripted {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
    seen: watch::Sender<Vec<String>>,
    news: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Scripted {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = State {
            abilities: "IMAP4rev1 AUTH=PLAIN SASL-IR IDLE UIDPLUS MOVE".to_owned(),
            greeting: "* OK ready".to_owned(),
            validity: 1,
            next: None,
            mails: BTreeMap::new(),
            folders: vec!["INBOX".to_owned()],
            rules: VecDeque::new(),
        };
        let (state, seen, news) = (Arc::new(Mutex::new(state)), watch::Sender::default(), Arc::new(Notify::new()));
        let (shared, commands, bell) = (Arc::clone(&state), seen.clone(), Arc::clone(&news));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let peer = Peer { state: Arc::clone(&shared), seen: commands.clone(), news: Arc::clone(&bell) };
                tokio::spawn(peer.serve(stream));
            }
        });
        Self { port, state, seen, news, task }
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().expect("no panic"));
    }

    /// The next `times` commands that begin so are answered so.
    pub(crate) fn rule(&self, command: &str, times: u32, act: Act) {
        let rule = Rule { command: command.to_owned(), act, left: times };
        self.change(|state| state.rules.push_back(rule));
    }

    /// The same for a line that is no command: it has no tag.
    pub(crate) fn rule_for_line(&self, line: &str, times: u32, act: Act) {
        let rule = Rule { command: format!("\n{line}"), act, left: times };
        self.change(|state| state.rules.push_back(rule));
    }

    /// Puts mails in, UID by UID from 1 on.
    pub(crate) fn fill(&self, count: u32, mail: impl Fn(u32) -> String) {
        self.change(|state| state.mails.extend((1..=count).map(|uid| (uid, mail(uid).into_bytes()))));
    }

    /// Puts a mail in while somebody may wait for it.
    pub(crate) fn bring(&self, uid: u32, mail: String) {
        self.change(|state| {
            state.mails.insert(uid, mail.into_bytes());
        });
        self.news.notify_waiters();
    }

    /// The commands so far, tags left out.
    pub(crate) fn commands(&self) -> Vec<String> {
        self.seen.borrow().clone()
    }

    pub(crate) fn count(&self, command: &str) -> usize {
        self.seen.borrow().iter().filter(|seen| seen.starts_with(command)).count()
    }

    /// Waits for the `times`th command that begins so.
    pub(crate) async fn saw(&self, command: &str, times: usize) {
        let mut seen = self.seen.subscribe();
        let enough = |seen: &Vec<String>| seen.iter().filter(|seen| seen.starts_with(command)).count() >= times;
        let waited = within(command, seen.wait_for(enough)).await;
        drop(waited);
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One connection.
struct Peer {
    state: Arc<Mutex<State>>,
    seen: watch::Sender<Vec<String>>,
    news: Arc<Notify>,
}

impl Peer {
    async fn serve(self, stream: TcpStream) {
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        let greeting = self.lock(|state| format!("{}\r\n", state.greeting));
        if writer.write_all(greeting.as_bytes()).await.is_err() {
            return;
        }
        while let Ok(Some(line)) = lines.next_line().await {
            let (tag, command) = line.split_once(' ').unwrap_or(("", &line));
            self.seen.send_modify(|seen| seen.push(command.to_owned()));
            let asked = if tag.is_empty() { format!("\n{command}") } else { command.to_owned() };
            let act = self.lock(|state| {
                let rule = state.rules.iter_mut().find(|rule| rule.left > 0 && asked.starts_with(&rule.command))?;
                rule.left -= 1;
                Some(rule.act.clone())
            });
            let normal = |state: &mut State| answer(state, tag, command);
            let (mut text, mut goes_on) = (Vec::new(), true);
            match act {
                None => text = self.lock(normal),
                Some(Act::Say(say)) => text = say.replace("{tag}", tag).into_bytes(),
                Some(Act::First(first)) => {
                    text = first.replace("{tag}", tag).into_bytes();
                    text.extend(self.lock(normal));
                }
                Some(Act::Cut(last)) => (text, goes_on) = (last.replace("{tag}", tag).into_bytes(), false),
                Some(Act::Hang) => std::future::pending().await,
            }
            if writer.write_all(&text).await.is_err() || !goes_on {
                return;
            }
            if command == "IDLE" && text.starts_with(b"+") {
                loop {
                    tokio::select! {
                        () = self.news.notified() => {
                            let count = self.lock(|state| state.mails.len());
                            if writer.write_all(format!("* {count} EXISTS\r\n").as_bytes()).await.is_err() {
                                return;
                            }
                        }
                        line = lines.next_line() => {
                            let Ok(Some(line)) = line else { return };
                            self.seen.send_modify(|seen| seen.push(line));
                            break;
                        }
                    }
                }
                if writer.write_all(format!("{tag} OK idled\r\n").as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    }

    fn lock<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().expect("no panic"))
    }
}

/// As a server should.
fn answer(state: &mut State, tag: &str, command: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut say = |text: String| out.extend(format!("{text}\r\n").into_bytes());
    let words: Vec<&str> = command.split(' ').collect();
    match words.as_slice() {
        ["CAPABILITY"] => say(format!("* CAPABILITY {}", state.abilities)),
        ["IDLE"] => {
            say("+ idling".to_owned());
            return out;
        }
        ["SELECT" | "EXAMINE", name, ..] => {
            if !state.folders.iter().any(|folder| folder == name.trim_matches('"')) {
                say(format!("{tag} NO [NONEXISTENT] no such folder"));
                return out;
            }
            say(format!("* {} EXISTS", state.mails.len()));
            say(format!("* OK [UIDVALIDITY {}] ok", state.validity));
            let highest = state.mails.last_key_value().map_or(0, |(uid, _)| *uid);
            match state.next.unwrap_or(highest + 1) {
                0 => {}
                next => say(format!("* OK [UIDNEXT {next}] ok")),
            }
        }
        ["UID", "FETCH", set, ..] => {
            let highest = state.mails.last_key_value().map_or(0, |(uid, _)| *uid);
            for (place, (uid, mail)) in state.mails.iter().enumerate() {
                if !contains(set, *uid, highest) {
                    continue;
                }
                let head = format!("* {} FETCH (UID {uid}", place + 1);
                let mut end = ")".to_owned();
                if command.contains("RFC822.SIZE") {
                    end = format!(" RFC822.SIZE {}{end}", mail.len());
                }
                if command.contains("INTERNALDATE") {
                    end = format!(" INTERNALDATE \"{:02}-Jan-2026 00:00:00 +0000\"{end}", (*uid).min(28));
                }
                if command.contains("FLAGS") {
                    end = format!(" FLAGS (){end}");
                }
                let header = mail.windows(4).position(|four| four == b"\r\n\r\n").map_or(mail.len(), |at| at + 4);
                let part = if command.contains("BODY.PEEK[HEADER]") {
                    Some(("BODY[HEADER]", &mail[..header]))
                } else {
                    command.contains("BODY.PEEK[]").then_some(("BODY[]", &mail[..]))
                };
                out.extend(head.into_bytes());
                if let Some((name, bytes)) = part {
                    let start = if command.contains("<0.") { "<0>" } else { "" };
                    out.extend(format!(" {name}{start} {{{}}}\r\n", bytes.len()).into_bytes());
                    out.extend(bytes);
                }
                out.extend(format!("{end}\r\n").into_bytes());
            }
        }
        ["UID", "SEARCH", "UID", set] => {
            let highest = state.mails.last_key_value().map_or(0, |(uid, _)| *uid);
            let uids = state.mails.keys().filter(|uid| contains(set, **uid, highest)).map(u32::to_string);
            say(format!("* SEARCH {}", uids.collect::<Vec<_>>().join(" ")));
        }
        ["UID", "MOVE" | "EXPUNGE", set, ..] => {
            let highest = state.mails.last_key_value().map_or(0, |(uid, _)| *uid);
            state.mails.retain(|uid, _| !contains(set, *uid, highest));
        }
        _ => {}
    }
    out.extend(format!("{tag} OK done\r\n").into_bytes());
    out
}

fn contains(set: &str, uid: u32, highest: u32) -> bool {
    let number = |text: &str| if text == "*" { highest } else { text.parse().expect("a UID") };
    set.split(',').any(|part| match part.split_once(':') {
        None => number(part) == uid,
        Some((from, to)) => {
            let (from, to) = (number(from), number(to));
            (from.min(to)..=from.max(to)).contains(&uid)
        }
    })
}

/// A token server: answers what it is given, one after the other, and keeps what it was asked.
pub(crate) struct TokenServer {
    pub(crate) url: String,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl TokenServer {
    pub(crate) async fn start(answers: Vec<(u16, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/token", listener.local_addr().expect("an address"));
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            for (status, body) in answers {
                let Ok((mut stream, _)) = listener.accept().await else { return };
                let mut request = Vec::new();
                let mut part = [0; 4096];
                while !is_whole(&request) {
                    let count = stream.read(&mut part).await.expect("a request");
                    assert!(count > 0, "the request was cut");
                    request.extend_from_slice(&part[..count]);
                }
                kept.lock().expect("no panic").push(String::from_utf8_lossy(&request).into_owned());
                let answer = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).await.expect("sent");
            }
        });
        Self { url, asked, task }
    }
}

impl Drop for TokenServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0_usize)
}
