//! The moment of death: the process ends at a chosen commit, at a chosen send, or when the scenario says so.

use std::sync::{Mutex, MutexGuard, PoisonError};

use switchboard::store::{Gate, Point};
use tokio::sync::Notify;

/// One process' life line.
#[derive(Default)]
pub(super) struct Lifeline {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    dead: bool,
    /// Commits that were let through and have not said that they are done.
    committing: u32,
    commits: u32,
    /// Dies at this commit, counted over the whole life.
    fatal: Option<(u32, Point)>,
}

impl Lifeline {
    /// Dies at a commit, counted from now; 1 is the next one. Only one such moment is kept.
    pub(super) fn arm(&self, moment: Option<(u32, Point)>) {
        let mut state = self.state();
        state.fatal = moment.map(|(commit, point)| (state.commits + commit, point));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on nothing is committed, sent or answered.
    pub(super) fn die(&self) {
        self.state().dead = true;
        self.changed.notify_one();
    }

    pub(super) fn is_dead(&self) -> bool {
        self.state().dead
    }

    pub(super) fn commits(&self) -> u32 {
        self.state().commits
    }

    /// Somebody has begun to commit and has not heard yet how that ended.
    pub(super) fn is_committing(&self) -> bool {
        self.state().committing > 0
    }

    pub(super) async fn died(&self) {
        self.until(|state| state.dead).await;
    }

    /// A commit that was under way at the moment of death is either on disk or not before anybody looks.
    pub(super) async fn quiet(&self) {
        self.until(|state| state.committing == 0).await;
    }

    async fn until(&self, is_so: impl Fn(&State) -> bool) {
        while !is_so(&self.state()) {
            self.changed.notified().await;
        }
    }
}

impl Gate for Lifeline {
    fn pass(&self, point: Point) -> bool {
        let mut state = self.state();
        match point {
            Point::BeforeCommit => {
                state.commits += u32::from(!state.dead);
                state.dead |= state.fatal == Some((state.commits, point));
                state.committing += u32::from(!state.dead);
            }
            Point::AfterCommit => {
                state.committing -= 1;
                state.dead |= state.fatal == Some((state.commits, point));
            }
        }
        self.changed.notify_one();
        !state.dead
    }
}
