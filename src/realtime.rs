//! Live news for consoles: committed changes, and fleeting facts such as who is looking and who is typing.
//!
//! Changes are read from the database when the commit bell rings, so they come in commit order and none is missed. Presence
//! and typing are kept in memory only: losing them costs nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde::Serialize;
use switchboard_contract::{AgentId, ConversationId, InboxId, StopToken, ThreadWatcher, Timestamp};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use utoipa::ToSchema;

use crate::core::Core;
use crate::limits;
use crate::outbox::Adapters;
use crate::store::changes::{self, Change};
use crate::store::{Added, Audience, Result, Store, conversations};

/// Somebody who has a conversation open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Viewer {
    /// The agent's id.
    pub id: String,
    /// Their name.
    pub name: String,
    /// They are writing.
    pub typing: bool,
}

/// A piece of news.
#[derive(Debug, Clone)]
pub enum News {
    /// A committed change, with its position.
    Change(i64, Arc<Change>),
    /// Who has a conversation open.
    Presence(ConversationId, Vec<Viewer>),
    /// The contact started or stopped writing.
    ContactTyping(ConversationId, bool),
}

struct Seen {
    viewer: Viewer,
    until: Timestamp,
}

/// Hands news to whoever listens.
pub struct Hub {
    news: broadcast::Sender<News>,
    present: Mutex<BTreeMap<ConversationId, BTreeMap<AgentId, Seen>>>,
    /// How many consoles each agent has open.
    consoles: Mutex<BTreeMap<AgentId, u32>>,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            news: broadcast::Sender::new(limits::CHANGES_BUFFERED),
            present: Mutex::default(),
            consoles: Mutex::default(),
        }
    }
}

impl Hub {
    /// Listens from now on. Who falls behind by more than [`limits::CHANGES_BUFFERED`] is told so and reads the database.
    pub fn listen(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    /// Notes that an agent has a conversation open (or not any more), and tells everybody if that is news.
    pub fn see(&self, conversation: ConversationId, agent: AgentId, viewer: Option<Viewer>, now: Timestamp) {
        let viewers = {
            let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
            let seen = present.entry(conversation).or_default();
            let before = viewers_of(seen, now);
            match viewer {
                Some(viewer) => seen.insert(agent, Seen { viewer, until: now + limits::PRESENCE_HOLDS }),
                None => seen.remove(&agent),
            };
            let after = viewers_of(seen, now);
            seen.retain(|_, seen| seen.until > now);
            present.retain(|_, seen| !seen.is_empty());
            (before != after).then_some(after)
        };
        if let Some(viewers) = viewers {
            self.tell(News::Presence(conversation, viewers));
        }
    }

    /// Who has a conversation open.
    pub fn viewers(&self, conversation: ConversationId, now: Timestamp) -> Vec<Viewer> {
        let present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        present.get(&conversation).map(|seen| viewers_of(seen, now)).unwrap_or_default()
    }

    /// Agents who have a console open, in order.
    pub fn online(&self) -> Vec<AgentId> {
        self.consoles.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// Counts an open console.
    pub fn console_opened(&self, agent: AgentId) {
        *self.consoles.lock().unwrap_or_else(PoisonError::into_inner).entry(agent).or_default() += 1;
    }

    /// Counts a closed console.
    pub fn console_closed(&self, agent: AgentId) {
        let mut consoles = self.consoles.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = consoles.get_mut(&agent) {
            *open -= 1;
            if *open == 0 {
                consoles.remove(&agent);
            }
        }
    }

    /// Tells everybody. Nobody listening is fine.
    pub fn tell(&self, news: News) {
        let _ = self.news.send(news);
    }
}

fn viewers_of(seen: &BTreeMap<AgentId, Seen>, now: Timestamp) -> Vec<Viewer> {
    seen.values().filter(|seen| seen.until > now).map(|seen| seen.viewer.clone()).collect()
}

/// Reads committed changes whenever the bell rings, and now and then, and hands them to `tell`, in order, until `stop` fires.
pub async fn pump(store: &Store, mut position: i64, stop: StopToken, tell: impl Fn(i64, Arc<Change>)) -> Result<()> {
    let (mut bell, mut behind) = (store.changes_bell(), false);
    loop {
        tokio::select! {
            () = stop.stopped() => return Ok(()),
            rung = bell.changed() => if rung.is_err() { return Ok(()) },
            // The command line commits beside this process, where no bell rings.
            () = tokio::time::sleep(limits::CHANGES_POLL) => {}
        }
        bell.mark_unchanged();
        let read = read_new(store, &mut position, &tell).await;
        if let Err(error) = &read
            && !behind
        {
            tracing::error!(%error, "changes can't be read; consoles are late until they can");
        }
        behind = read.is_err();
    }
}

/// Reads on from `position`, which moves with what was told.
async fn read_new(store: &Store, position: &mut i64, tell: &impl Fn(i64, Arc<Change>)) -> Result<()> {
    const PAGE: u32 = 500;
    loop {
        let page = changes::after(&mut *store.reader().await?, *position, PAGE).await?;
        let full = page.len() == PAGE as usize;
        for (at, change) in page {
            *position = at;
            tell(at, Arc::new(change));
        }
        if !full {
            return Ok(());
        }
    }
}

/// Hands what a commit added to a thread to the channel that shows it.
pub struct Showing {
    /// They know the core, which knows the store that knows this.
    adapters: Weak<Adapters>,
}

impl Showing {
    /// To these channels.
    pub fn new(adapters: &Arc<Adapters>) -> Self {
        Self { adapters: Arc::downgrade(adapters) }
    }

    fn with<T>(&self, inbox: InboxId, act: impl FnOnce(&dyn ThreadWatcher) -> T) -> Option<T> {
        self.adapters.upgrade()?.get(&inbox)?.extras().watcher.map(act)
    }
}

impl Audience for Showing {
    fn watches(&self, inbox: InboxId) -> bool {
        self.with(inbox, |_| ()).is_some()
    }

    fn added(&self, Added { inbox, thread, news }: Added) {
        self.with(inbox, |watcher| watcher.added(&thread, news));
    }
}

/// Threads whose place in the queue is told anew when somebody leaves it.
const QUEUE_TOLD: u32 = 200;

/// Tells the channels that can show it when who holds a conversation has changed, until `stop` fires.
pub async fn watch_threads(core: &Core, adapters: &Adapters, stop: StopToken) {
    let mut news = core.hub.listen();
    loop {
        let change = tokio::select! {
            () = stop.stopped() => return,
            news = news.recv() => match news {
                Ok(News::Change(_, change)) => change,
                // What was missed is told with the next change: a page reads its whole state whenever it is told anything.
                Ok(News::Presence(..) | News::ContactTyping(..)) | Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return,
            },
        };
        let has = |wanted: &str| change.reasons.iter().any(|reason| reason == wanted);
        if (has("handler") || has("status"))
            && let Err(error) = tell_threads(core, adapters, change.conversation, has("handler")).await
        {
            tracing::warn!(%error, "a contact is told late who holds the conversation");
        }
    }
}

/// Tells one thread, and those that wait when somebody may have left the queue before them.
async fn tell_threads(core: &Core, adapters: &Adapters, conversation: ConversationId, queue_moved: bool) -> Result<()> {
    let mut conn = core.store.reader().await?;
    let Some(record) = conversations::get(&mut conn, conversation).await? else { return Ok(()) };
    for (inbox, adapter) in adapters {
        let Some(watcher) = adapter.extras().watcher else { continue };
        if record.inbox == *inbox {
            watcher.changed(&record.thread);
        }
        if !queue_moved {
            continue;
        }
        for thread in conversations::waiting_threads(&mut conn, *inbox, QUEUE_TOLD).await? {
            watcher.changed(&thread);
        }
    }
    Ok(())
}
