//! Which sockets show which thread, and how they are woken.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use switchboard_contract::ThreadKey;
use tokio::sync::Notify;

use crate::limits::SESSIONS_PER_THREAD;

/// The sockets of every thread that is shown somewhere.
#[derive(Default)]
pub(crate) struct Registry(Mutex<HashMap<ThreadKey, Vec<Arc<Tab>>>>);

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
}

impl Registry {
    /// Takes a place, if the thread has one left.
    pub(crate) fn join(self: &Arc<Self>, thread: &ThreadKey) -> Option<Seat> {
        let tab = Arc::new(Tab::default());
        let mut threads = lock(&self.0);
        let tabs = threads.entry(thread.clone()).or_default();
        if tabs.len() >= SESSIONS_PER_THREAD {
            return None;
        }
        tabs.push(Arc::clone(&tab));
        Some(Seat { registry: Arc::clone(self), thread: thread.clone(), tab })
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
        for tab in lock(&self.0).get(thread).into_iter().flatten() {
            act(tab);
        }
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
        if let Some(tabs) = threads.get_mut(&self.thread) {
            tabs.retain(|tab| !Arc::ptr_eq(tab, &self.tab));
            if tabs.is_empty() {
                threads.remove(&self.thread);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thread(name: &str) -> ThreadKey {
        ThreadKey(name.to_owned())
    }

    #[test]
    fn a_thread_seats_so_many_and_no_more() {
        let registry = Arc::new(Registry::default());
        let mut seats: Vec<_> = (0..SESSIONS_PER_THREAD).filter_map(|_| registry.join(&thread("a"))).collect();
        assert_eq!(seats.len(), SESSIONS_PER_THREAD);
        assert!(registry.join(&thread("a")).is_none());
        assert!(registry.join(&thread("b")).is_some());
        seats.pop();
        assert!(registry.join(&thread("a")).is_some());
    }

    #[test]
    fn an_empty_thread_leaves_nothing_behind() {
        let registry = Arc::new(Registry::default());
        drop(registry.join(&thread("a")));
        assert!(lock(&registry.0).is_empty());
    }

    #[test]
    fn however_often_it_is_woken_a_tab_holds_one_piece_of_news() {
        let registry = Arc::new(Registry::default());
        let seat = registry.join(&thread("a")).expect("a place");
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
