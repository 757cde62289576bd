//! The laws of every adapter, held against the web chat.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use switchboard_contract::{ChannelAdapter, Choice, ChoiceId, TextFormat, ThreadKey};
use switchboard_testkit::fakes::FakeCore;
use switchboard_testkit::laws;
use switchboard_testkit::rig::{Answer, Rig, Sent, Shown, Stopped};

use crate::peer::{Peer, hello};
use crate::server::Server;

struct WebRig {
    server: Server,
    peer: Peer,
    /// The frames sent, by id.
    frames: Vec<(String, Value)>,
    /// Those not acknowledged, which a page sends again after each welcome.
    open: Vec<String>,
    /// Frames that came while something else was waited for.
    waiting: Vec<Value>,
    held: u64,
}

impl WebRig {
    async fn new() -> Self {
        let server = Server::start().await;
        let peer = Peer::new(&server).await;
        Self { server, peer, frames: Vec::new(), open: Vec::new(), waiting: Vec::new(), held: 0 }
    }

    async fn offer(&mut self, mut frame: Value) -> Sent {
        let id = format!("message-{}", self.frames.len());
        frame["id"] = json!(id);
        self.peer.send(frame.clone()).await;
        self.frames.push((id.clone(), frame));
        self.open.push(id.clone());
        Sent(id)
    }

    /// The next frame that is `wanted`, among those that came before or come now.
    async fn find(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.waiting.iter().position(&wanted) {
            return self.waiting.remove(at);
        }
        loop {
            let frame = self.peer.next().await;
            if wanted(&frame) {
                return frame;
            }
            self.waiting.push(frame);
        }
    }
}

#[async_trait]
impl Rig for WebRig {
    fn core(&self) -> Arc<FakeCore> {
        Arc::clone(&self.server.core)
    }

    fn adapter(&self) -> Arc<dyn ChannelAdapter> {
        Arc::clone(&self.server.chat) as _
    }

    fn thread(&self) -> ThreadKey {
        self.peer.thread()
    }

    async fn write(&mut self, text: &str) -> Sent {
        self.offer(json!({"t": "send", "text": text})).await
    }

    async fn press(&mut self, choice: &Choice) -> Sent {
        self.offer(json!({"t": "choose", "choice": choice.id, "label": choice.label})).await
    }

    async fn repeat(&mut self, sent: &Sent) {
        let (_, frame) = self.frames.iter().find(|(id, _)| *id == sent.0).expect("it was sent").clone();
        self.peer.send(frame).await;
    }

    async fn answer(&mut self, sent: &Sent) -> Answer {
        let answers = |frame: &Value| (frame["t"] == "ack" || frame["t"] == "nack") && frame["id"] == sent.0;
        let answer = self.find(answers).await;
        if answer["t"] == "nack" {
            return Answer::NotTaken(answer["code"].to_string());
        }
        self.open.retain(|id| *id != sent.0);
        Answer::Taken
    }

    async fn garble(&mut self) -> Answer {
        self.peer.send(json!({"t": "garbage", "t2": [1, 2, 3]})).await;
        Answer::NotTaken(self.find(|frame| frame["t"] == "error").await["code"].to_string())
    }

    async fn shown(&mut self) -> Shown {
        let ours = |frame: &Value| frame["t"] == "entry" && frame["from"]["kind"] != "contact";
        let entry = self.find(ours).await;
        self.held = entry["seq"].as_u64().expect("a sequence");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let choice = |choice: &Value| Choice {
            id: ChoiceId(text(&choice["id"])),
            label: text(&choice["label"]),
            synonyms: Vec::new(),
        };
        let format = if entry["format"] == "markdown" { TextFormat::Markdown } else { TextFormat::Plain };
        let choices = entry["choices"].as_array().expect("options").iter().map(choice).collect();
        Shown { text: text(&entry["text"]), format, choices }
    }

    async fn look(&mut self) {
        self.peer.send(json!({"t": "seen", "seq": self.held})).await;
    }

    async fn restart(&mut self) {
        self.server.restart().await;
        let mut hello = hello();
        hello["token"] = self.peer.welcome["token"].clone();
        self.peer = Peer::join(&self.server, hello).await;
        self.waiting.clear();
        for id in self.open.clone() {
            self.repeat(&Sent(id)).await;
        }
    }

    async fn stop(&mut self) -> Stopped {
        self.server.stop().await
    }
}

#[tokio::test]
async fn the_web_chat_keeps_the_laws() {
    laws::hold_all(WebRig::new).await.assert_held();
}
