//! The other side of a webhook: a bare HTTP server that answers as the test says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::server::in_time;

/// What the endpoint does with a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    /// It answers with this status and these header lines.
    Status(u16, &'static str),
    /// It takes the request and hangs up without an answer.
    Cut,
    /// It takes the request and says nothing.
    Silence,
}

/// A request as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    pub(crate) path: String,
    pub(crate) id: String,
    pub(crate) timestamp: String,
    pub(crate) signature: String,
    pub(crate) text: String,
}

impl Posted {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    pub(crate) fn kind(&self) -> String {
        self.json()["type"].as_str().expect("a type").to_owned()
    }

    /// Whether one of the signatures is by this secret, computed here from the specification.
    pub(crate) fn is_signed_by(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("the prefix")).expect("base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
        mac.update(format!("{}.{}.{}", self.id, self.timestamp, self.text).as_bytes());
        let wanted = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        self.signature.split(' ').any(|signature| signature == wanted)
    }
}

pub(crate) struct Endpoint {
    pub(crate) address: String,
    plan: Arc<Mutex<(VecDeque<Answer>, Answer)>>,
    posted: watch::Sender<Vec<Posted>>,
}

impl Endpoint {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let plan = Arc::new(Mutex::new((VecDeque::new(), Answer::Status(204, ""))));
        let posted = watch::Sender::new(Vec::new());
        let (answers, seen) = (Arc::clone(&plan), posted.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answers), seen.clone()));
            }
        });
        Self { address, plan, posted }
    }

    /// The next answers; afterwards those of every day.
    pub(crate) fn plan(&self, answers: impl IntoIterator<Item = Answer>) {
        self.plan.lock().expect("not poisoned").0.extend(answers);
    }

    /// The answer of every day.
    pub(crate) fn otherwise(&self, answer: Answer) {
        self.plan.lock().expect("not poisoned").1 = answer;
    }

    pub(crate) fn posted(&self) -> Vec<Posted> {
        self.posted.borrow().clone()
    }

    pub(crate) async fn until(&self, what: &str, wanted: impl Fn(&[Posted]) -> bool) -> Vec<Posted> {
        let mut posted = self.posted.subscribe();
        in_time(what, posted.wait_for(|posted| wanted(posted))).await.expect("the endpoint lives").clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    plan: Arc<Mutex<(VecDeque<Answer>, Answer)>>,
    seen: watch::Sender<Vec<Posted>>,
) -> Option<()> {
    let mut bytes = Vec::new();
    let (head, length) = loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length: usize = header(head, "content-length").parse().expect("a length");
            break (head.to_owned(), length);
        }
    };
    while bytes.len() < head.len() + 4 + length {
        stream.read_buf(&mut bytes).await.ok()?;
    }
    let posted = Posted {
        path: head.split(' ').nth(1).unwrap_or_default().to_owned(),
        id: header(&head, "webhook-id"),
        timestamp: header(&head, "webhook-timestamp"),
        signature: header(&head, "webhook-signature"),
        text: String::from_utf8(bytes[head.len() + 4..].to_vec()).expect("text"),
    };
    let answer = {
        let mut plan = plan.lock().expect("not poisoned");
        plan.0.pop_front().unwrap_or(plan.1)
    };
    seen.send_modify(|seen| seen.push(posted));
    match answer {
        Answer::Status(status, headers) => {
            let body = "x".repeat(100_000);
            let answer = format!(
                "HTTP/1.1 {status} Whatever\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let answer = if status == 204 {
                format!("HTTP/1.1 204 Taken\r\n{headers}connection: close\r\n\r\n")
            } else {
                answer
            };
            stream.write_all(answer.as_bytes()).await.ok()
        }
        Answer::Cut => Some(()),
        Answer::Silence => {
            // Until the other side gives up.
            while stream.read_buf(&mut bytes).await.ok()? > 0 {}
            Some(())
        }
    }
}

fn header(head: &str, name: &str) -> String {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut values = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned());
    values.next().unwrap_or_default()
}
