//! What is known of somebody: kept while they are there, and for a while after they left, so that coming back is no way to
//! be unknown.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::limits::{REMEMBERED_FOR, REMEMBERED_MAX};

/// A table of those who are there, and of at most [`REMEMBERED_MAX`] who left: the one who left first is forgotten first.
pub(crate) struct Memory<K, V> {
    known: HashMap<K, Entry<V>>,
    /// Those who left, in the order they left.
    away: BTreeMap<u64, (Instant, K)>,
    departures: u64,
}

struct Entry<V> {
    value: V,
    /// Which departure theirs was, while they are away.
    away: Option<u64>,
}

impl<K, V> Default for Memory<K, V> {
    fn default() -> Self {
        Self { known: HashMap::new(), away: BTreeMap::new(), departures: 0 }
    }
}

impl<K: Clone + Eq + Hash, V> Memory<K, V> {
    /// What is known of `key`, who is there from now on.
    pub(crate) fn arrive(&mut self, key: &K, now: Instant, unknown: impl FnOnce() -> V) -> &mut V {
        self.forget(now);
        let entry = self.known.entry(key.clone()).or_insert_with(|| Entry { value: unknown(), away: None });
        if let Some(departure) = entry.away.take() {
            self.away.remove(&departure);
        }
        &mut entry.value
    }

    /// Nobody of `key` is there any more.
    pub(crate) fn leave(&mut self, key: &K, now: Instant) {
        if let Some(entry) = self.known.get_mut(key).filter(|entry| entry.away.is_none()) {
            entry.away = Some(self.departures);
            self.away.insert(self.departures, (now, key.clone()));
            self.departures += 1;
        }
        self.forget(now);
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.known.get(key).map(|entry| &entry.value)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.known.get_mut(key).map(|entry| &mut entry.value)
    }

    fn forget(&mut self, now: Instant) {
        while let Some(first) = self.away.first_entry() {
            let over = now.saturating_duration_since(first.get().0) >= REMEMBERED_FOR;
            if !over && self.away.len() <= REMEMBERED_MAX {
                break;
            }
            if let Some((_, (_, key))) = self.away.pop_first() {
                self.known.remove(&key);
            }
        }
    }
}

/// Locks what no panic leaves half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_left_is_known_for_a_while_and_then_forgotten() {
        let (mut memory, start) = (Memory::default(), Instant::now());
        memory.arrive(&"ana", start, || 1);
        memory.leave(&"ana", start);
        let soon = start + REMEMBERED_FOR / 2;
        assert_eq!(*memory.arrive(&"ana", soon, || 2), 1);
        // Who is there is not forgotten, however long ago they left before.
        memory.leave(&"ben", start + 3 * REMEMBERED_FOR);
        assert_eq!(memory.get(&"ana"), Some(&1));
        memory.leave(&"ana", soon);
        assert_eq!(*memory.arrive(&"ana", soon + REMEMBERED_FOR, || 3), 3);
    }

    #[test]
    fn so_many_who_left_are_known_and_the_first_to_leave_is_forgotten() {
        let (mut memory, now) = (Memory::default(), Instant::now());
        memory.arrive(&usize::MAX, now, || ());
        for key in 0..=REMEMBERED_MAX {
            memory.arrive(&key, now, || ());
            memory.leave(&key, now);
        }
        assert_eq!((memory.known.len(), memory.away.len()), (REMEMBERED_MAX + 1, REMEMBERED_MAX));
        assert!(memory.get(&usize::MAX).is_some() && memory.get(&0).is_none() && memory.get(&1).is_some());
    }
}
