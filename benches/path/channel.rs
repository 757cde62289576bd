//! A bare channel inside this process: what a turn costs with nothing around it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use futures_util::StreamExt;
use switchboard::app::{Home, open_core};
use switchboard::clock::SystemClock;
use switchboard::core::Core;
use switchboard::intake::InboxSink;
use switchboard::limits::COMMIT_GROUP_MAX;
use switchboard::store::{Error, inboxes};
use switchboard_contract::{
    Accepted, Address, Content, ExternalId, Inbound, InboundMessage, InboundSink, InboxId, Proof, Reading, Sender,
    ThreadKey,
};

use crate::report::{median, rate};

/// A greeting is answered each time, with the menu: one message in, one out.
pub(crate) const GREETING: &str = "hello";

/// Slug, kind and name of the inbox: those of the configuration that is shipped, so that the program takes it for its own.
const INBOX: (&str, &str, &str) = ("web", "webchat", "Website");

/// The core with one inbox that nobody else knows.
pub(crate) struct Channel {
    pub(crate) core: Arc<Core>,
    pub(crate) inbox: InboxId,
    sink: InboxSink,
}

/// What driving it showed.
pub(crate) struct Driven {
    /// Turns a second, over all callers.
    pub(crate) rate: f64,
    /// Turns in one commit, the mean.
    pub(crate) group: f64,
    /// Seconds of one turn, the median.
    pub(crate) turn: f64,
}

/// Which thread writes: by caller and number of the message.
pub(crate) type Pick = dyn Fn(usize, usize) -> String + Send + Sync;

impl Channel {
    pub(crate) async fn open(home: &Home) -> Arc<Self> {
        let core = open_core(home, Arc::new(SystemClock)).await.expect("opens");
        let (now, (slug, kind, name)) = (core.now(), INBOX);
        let id = InboxId::from_parts(now, 1);
        let inbox = core.store.write::<_, Error, _>(move |conn| {
            Box::pin(async move { inboxes::ensure(conn, id, slug, kind, name, now).await })
        });
        let id = inbox.await.expect("an inbox").id;
        Arc::new(Self { sink: InboxSink::new(Arc::clone(&core), id), inbox: id, core })
    }

    /// The thread of a caller. All names have one length, so that rows have one size.
    pub(crate) fn thread(caller: usize) -> String {
        format!("visitor-{caller:014}")
    }

    /// Has so many callers begin their conversations: what is measured afterwards is the life of a conversation, not its birth.
    pub(crate) async fn begin(self: &Arc<Self>, callers: usize) {
        let beginnings = futures_util::stream::iter(0..callers);
        let begin = async |caller: usize| self.send(&Self::thread(caller), "begins", GREETING).await;
        beginnings.for_each_concurrent(COMMIT_GROUP_MAX, begin).await;
    }

    /// Sends one message and waits until it is on disk.
    pub(crate) async fn send(&self, thread: &str, number: &str, text: &str) {
        let from = Sender {
            address: Address(thread.to_owned()),
            name: None,
            email: None,
            proof: Proof::Anonymous,
            language: None,
            facts: BTreeMap::new(),
        };
        let content = Content::plain(text);
        let message =
            InboundMessage { from, thread: ThreadKey(thread.to_owned()), content, choice: None, letter: None };
        let inbound = Inbound {
            external_id: ExternalId(format!("{thread}:{number}")),
            occurred_at: None,
            raw: format!(r#"{{"t":"send","id":"0193f0c0-7a3e-7d5c-9f59-3a0d4c1b2e6f","text":"{text}"}}"#).into_bytes(),
            reading: Reading::Message(Box::new(message)),
        };
        let accepted = self.sink.accept(vec![inbound], None).await.expect("accepted");
        assert!(matches!(accepted.as_slice(), [Accepted::Filed { .. }]), "{accepted:?}");
    }

    /// Has so many callers send one after the other, each waiting for its acknowledgement.
    pub(crate) async fn drive(self: &Arc<Self>, callers: usize, messages: usize, pick: Arc<Pick>) -> Driven {
        let each = messages.div_ceil(callers);
        let commits = self.core.store.commits();
        let (before, start) = (*commits.borrow(), Instant::now());
        let work: Vec<_> = (0..callers)
            .map(|caller| {
                let (channel, pick) = (Arc::clone(self), Arc::clone(&pick));
                tokio::spawn(async move {
                    let mut turns = Vec::with_capacity(each);
                    for number in 0..each {
                        let start = Instant::now();
                        channel.send(&pick(caller, number), &format!("{caller:012}-{number:023}"), GREETING).await;
                        turns.push(start.elapsed().as_secs_f64());
                    }
                    turns
                })
            })
            .collect();
        let mut turns = Vec::with_capacity(each * callers);
        for task in work {
            turns.extend(task.await.expect("a caller ends well"));
        }
        let rate = rate(turns.len(), start.elapsed().as_secs_f64());
        let made = *commits.borrow() - before;
        let group = rate_of(turns.len(), made);
        Driven { rate, group, turn: median(&turns) }
    }
}

fn rate_of(turns: usize, commits: u64) -> f64 {
    rate(turns, f64::from(u32::try_from(commits).expect("few")))
}
