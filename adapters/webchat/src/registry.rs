//! Which sockets show which thread, and how they are woken.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use switchboard_contract::{ConversationId, Seq, ThreadKey, ThreadNews};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::bucket::Bucket;
use crate::limits::{MESSAGES_BURST, MESSAGES_PER_SECOND, NEWS_WAITING_MAX, SESSIONS_PER_THREAD};
use crate::memory::{Memory, lock};

/// The threads that are shown somewhere, and those that were a moment ago.
#[derive(Default)]
pub(crate) struct Registry(Mutex<Memory<ThreadKey, Thread>>);

struct Thread {
    tabs: Vec<Arc<Tab>>,
    /// The rate of all its sockets together.
    messages: Arc<Mutex<Bucket>>,
}

/// A place in a conversation.
pub(crate) type Place = (ConversationId, Seq);

/// What waits for one socket: never more than "look again", a few additions and the last word on typing, however much happens.
#[derive(Default)]
pub(crate) struct Tab {
    /// Rings when something waits.
    pub(crate) bell: Notify,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    news: News,
    /// How far the socket has shown the thread.
    shown: Option<Place>,
}

/// What a socket has to look after.
#[derive(Default)]
pub(crate) struct News {
    /// The thread changed: it has to be read.
    pub(crate) changed: bool,
    /// What was added to the thread, in the order it was told.
    pub(crate) added: VecDeque<Arc<ThreadNews>>,
    /// Somebody started or stopped writing.
    pub(crate) typing: Option<(String, bool)>,
}

impl Inside {
    /// Whether the socket shows this place, or will by what waits for it.
    fn has(&self, (conversation, seq): Place) -> bool {
        let shown = self.shown.is_some_and(|(shown, last)| shown == conversation && last >= seq);
        let mut added = self.news.added.iter();
        shown || self.news.changed || added.any(|news| news.conversation == conversation && news.head >= seq)
    }

    fn changed(&mut self) {
        self.news.changed = true;
        // What is read holds all of it.
        self.news.added.clear();
    }

    /// True when the socket has to be woken.
    fn add(&mut self, news: &Arc<ThreadNews>) -> bool {
        if self.news.changed {
            return false;
        }
        if self.news.added.len() < NEWS_WAITING_MAX {
            self.news.added.push_back(Arc::clone(news));
        } else {
            self.changed();
        }
        true
    }
}

/// A socket's place in the registry, given back when dropped.
pub(crate) struct Seat {
    registry: Arc<Registry>,
    thread: ThreadKey,
    tab: Arc<Tab>,
    messages: Arc<Mutex<Bucket>>,
}

impl Registry {
    /// Takes a place, if the thread has one left.
    pub(crate) fn join(self: &Arc<Self>, key: &ThreadKey, now: Instant) -> Option<Seat> {
        let tab = Arc::new(Tab::default());
        let mut threads = lock(&self.0);
        let thread = threads.arrive(key, now, || Thread::new(now));
        if thread.tabs.len() >= SESSIONS_PER_THREAD {
            return None;
        }
        thread.tabs.push(Arc::clone(&tab));
        let messages = Arc::clone(&thread.messages);
        Some(Seat { registry: Arc::clone(self), thread: key.clone(), tab, messages })
    }

    /// Has every socket of the thread look again.
    pub(crate) fn wake(&self, thread: &ThreadKey) {
        self.each(thread, Tab::wake);
    }

    /// Tells every socket of the thread what was added to it.
    pub(crate) fn add(&self, thread: &ThreadKey, news: ThreadNews) {
        let news = Arc::new(news);
        self.each(thread, |tab| {
            let wake = lock(&tab.inside).add(&news);
            if wake {
                tab.bell.notify_one();
            }
        });
    }

    /// Has every socket of the thread look again that has not got this far.
    pub(crate) fn reach(&self, thread: &ThreadKey, place: Place) {
        self.each(thread, |tab| tab.reach(place));
    }

    /// Tells every socket of the thread who is writing.
    pub(crate) fn typing(&self, thread: &ThreadKey, who: &str, on: bool) {
        self.each(thread, |tab| {
            lock(&tab.inside).news.typing = Some((who.to_owned(), on));
            tab.bell.notify_one();
        });
    }

    fn each(&self, thread: &ThreadKey, act: impl Fn(&Tab)) {
        for tab in lock(&self.0).get(thread).into_iter().flat_map(|thread| &thread.tabs) {
            act(tab);
        }
    }
}

impl Thread {
    fn new(now: Instant) -> Self {
        let messages = Bucket::new(MESSAGES_BURST, MESSAGES_PER_SECOND, Duration::from_secs(1), now);
        Self { tabs: Vec::new(), messages: Arc::new(Mutex::new(messages)) }
    }
}

impl Tab {
    /// Takes what waits.
    pub(crate) fn take(&self) -> News {
        std::mem::take(&mut lock(&self.inside).news)
    }

    /// Takes what waits of the thread itself.
    pub(crate) fn take_thread(&self) -> News {
        let mut inside = lock(&self.inside);
        let typing = inside.news.typing.take();
        let news = std::mem::take(&mut inside.news);
        inside.news.typing = typing;
        news
    }

    /// Notes how far the thread is shown, so that nobody wakes the socket for what it has.
    pub(crate) fn showed(&self, place: Option<Place>) {
        lock(&self.inside).shown = place;
    }

    fn wake(&self) {
        lock(&self.inside).changed();
        self.bell.notify_one();
    }

    fn reach(&self, place: Place) {
        let mut inside = lock(&self.inside);
        if !inside.has(place) {
            inside.changed();
            drop(inside);
            self.bell.notify_one();
        }
    }
}

impl Seat {
    /// The socket's own side.
    pub(crate) fn tab(&self) -> &Arc<Tab> {
        &self.tab
    }

    /// The rate the socket shares with every other of its thread.
    pub(crate) fn messages(&self) -> &Mutex<Bucket> {
        &self.messages
    }

    /// Has every other socket of the thread look again, if it has not got to this place; without one whatever it has.
    pub(crate) fn wake_others(&self, place: Option<Place>) {
        self.registry.each(&self.thread, |tab| {
            if !std::ptr::eq(tab, &raw const *self.tab) {
                place.map_or_else(|| tab.wake(), |place| tab.reach(place));
            }
        });
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut threads = lock(&self.registry.0);
        let Some(thread) = threads.get_mut(&self.thread) else { return };
        thread.tabs.retain(|tab| !Arc::ptr_eq(tab, &self.tab));
        if thread.tabs.is_empty() {
            threads.leave(&self.thread, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use switchboard_contract::Timestamp;

    use super::*;
    use crate::bucket::take_all;
    use crate::limits::REMEMBERED_FOR;

    fn thread(name: &str) -> ThreadKey {
        ThreadKey(name.to_owned())
    }

    #[test]
    fn a_thread_seats_so_many_and_no_more() {
        let (registry, now) = (Arc::new(Registry::default()), Instant::now());
        let mut seats: Vec<_> = (0..SESSIONS_PER_THREAD).filter_map(|_| registry.join(&thread("a"), now)).collect();
        assert_eq!(seats.len(), SESSIONS_PER_THREAD);
        assert!(registry.join(&thread("a"), now).is_none());
        assert!(registry.join(&thread("b"), now).is_some());
        seats.pop();
        assert!(registry.join(&thread("a"), now).is_some());
    }

    #[test]
    fn an_empty_thread_keeps_its_rate_for_a_while_and_then_leaves_nothing_behind() {
        let (registry, now) = (Arc::new(Registry::default()), Instant::now());
        let take = |seat: Option<Seat>| take_all([seat.expect("a place").messages()], now).is_ok();
        for _ in 0..MESSAGES_BURST {
            assert!(take(registry.join(&thread("a"), now)));
        }
        assert!(!take(registry.join(&thread("a"), now)), "coming back filled the bucket");
        assert!(take(registry.join(&thread("b"), now + 2 * REMEMBERED_FOR)));
        assert!(lock(&registry.0).get(&thread("a")).is_none());
    }

    fn news(conversation: ConversationId, after: u64, head: u64) -> ThreadNews {
        let (after, head) = (Seq(after), Seq(head));
        ThreadNews { conversation, after, head, entries: Vec::new(), handler: None, resolved: false }
    }

    #[test]
    fn a_tab_is_not_woken_for_what_it_shows_or_will_show() {
        let (registry, id) = (Arc::new(Registry::default()), |n| ConversationId::from_parts(Timestamp::default(), n));
        let seat = registry.join(&thread("a"), Instant::now()).expect("a place");
        let reach = |place| {
            registry.reach(&thread("a"), place);
            seat.tab().take().changed
        };
        seat.tab().showed(Some((id(1), Seq(4))));
        assert!(!reach((id(1), Seq(4))) && reach((id(1), Seq(5))) && reach((id(2), Seq(1))));
        registry.add(&thread("a"), news(id(1), 4, 6));
        registry.reach(&thread("a"), (id(1), Seq(6)));
        let waiting = seat.tab().take();
        assert_eq!((waiting.changed, waiting.added.len()), (false, 1));
    }

    #[test]
    fn a_tab_that_falls_behind_reads_and_keeps_nothing() {
        let (registry, id) = (Arc::new(Registry::default()), ConversationId::from_parts(Timestamp::default(), 1));
        let seat = registry.join(&thread("a"), Instant::now()).expect("a place");
        for at in 0..20 {
            registry.add(&thread("a"), news(id, at, at + 1));
        }
        let waiting = seat.tab().take();
        assert_eq!((waiting.changed, waiting.added.len()), (true, 0));
    }

    #[test]
    fn however_often_it_is_woken_a_tab_holds_one_piece_of_news() {
        let registry = Arc::new(Registry::default());
        let seat = registry.join(&thread("a"), Instant::now()).expect("a place");
        for count in 0..1_000 {
            registry.wake(&thread("a"));
            registry.typing(&thread("a"), "Ana", count % 2 == 0);
        }
        let news = seat.tab().take();
        assert!(news.changed && news.typing == Some(("Ana".to_owned(), false)));
        let nothing = seat.tab().take();
        assert!(!nothing.changed && nothing.typing.is_none());
    }
}
