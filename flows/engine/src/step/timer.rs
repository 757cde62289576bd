//! What happens when enough time has passed. A timer lives as long as the state it belongs to, and fires once.

use switchboard_contract::Content;

use super::turn::Turn;
use crate::book::TextId;
use crate::conversation::{Handler, TimerKind};
use crate::effect::Happening;

impl Turn<'_> {
    /// The timers that go with a new holder of the turn; those of the one before end.
    pub(super) fn set_timers(&mut self, to: &Handler) {
        let due = match to {
            Handler::Queue { since, .. } => self.env.book.still_waiting_after.map(|after| *since + after),
            Handler::Bot | Handler::Agent { .. } => None,
        };
        let timers = &mut self.state.timers;
        match due {
            Some(due) => timers.insert(TimerKind::StillWaiting, due),
            None => timers.remove(&TimerKind::StillWaiting),
        };
    }

    /// A timer of the state is due. It is over with this.
    pub(super) fn timer_fired(&mut self, timer: TimerKind, ahead: Option<u32>) {
        self.state.timers.remove(&timer);
        match timer {
            TimerKind::StillWaiting => self.still_waiting(ahead),
        }
    }

    /// The contact is told that they are not forgotten. The turn stays with the queue.
    fn still_waiting(&mut self, ahead: Option<u32>) {
        let Handler::Queue { team, since } = self.state.handler.clone() else { return };
        let minutes = self.env.now.since(since).as_secs() / 60;
        let place = ahead.map(|ahead| ahead.saturating_add(1).to_string());
        let at = place.as_ref().map_or_else(String::new, |place| format!(", as number {place}"));
        let unit = if minutes == 1 { "minute" } else { "minutes" };
        let why = format!("The contact has waited for {minutes} {unit} in the queue of the team {team}{at}.");
        self.log(Happening::StillWaiting, why);
        let text = self.text_with(TextId::StillWaiting, &[("place", place.as_deref().unwrap_or_default())]);
        self.system_says(Content::markdown(text));
    }
}
