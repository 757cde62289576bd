//! Which sockets show which thread, and how they are woken.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use switchboard_contract::ThreadKey;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::bucket::Bucket;
use crate::limits::{MESSAGES_BURST, MESSAGES_PER_SECOND, SESSIONS_PER_THREAD};
use crate::memory::{Memory, lock};

/// The threads that are shown somewhere, and those that were a moment ago.
#[derive(Default)]
pub(crate) struct Registry(Mutex<Memory<ThreadKey, Thread>>);

struct Thread {
    tabs: Vec<Arc<Tab>>,
    /// The rate of all its sockets together.
    messages: Arc<Mutex<Bucket>>,
}

/// What waits for one socket: never more than "look again" and the last word on typing, however much happens.
#[derive(Default)]
pub(crate) struct Tab {
    /// Rings when something waits.
    pub(crate) bell: Notify,
    news: Mutex<News>,
}

/// What a socket has to look after.
#[derive(Default)]
pub(crate) struct News {
    /// The thread changed.
    pub(crate) changed: bool,
    /// Somebody started or stopped writing.
    pub(crate) typing: Option<(String, bool)>,
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
        self.each(thread, |tab| tab.leave(|news| news.changed = true));
    }

    /// Tells every socket of the thread who is writing.
    pub(crate) fn typing(&self, thread: &ThreadKey, who: &str, on: bool) {
        self.each(thread, |tab| tab.leave(|news| news.typing = Some((who.to_owned(), on))));
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
        std::mem::take(&mut lock(&self.news))
    }

    fn leave(&self, change: impl FnOnce(&mut News)) {
        change(&mut lock(&self.news));
        self.bell.notify_one();
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

    /// Has every other socket of the thread look again.
    pub(crate) fn wake_others(&self) {
        self.registry.each(&self.thread, |tab| {
            if !std::ptr::eq(tab, &raw const *self.tab) {
                tab.leave(|news| news.changed = true);
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
