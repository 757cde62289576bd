//! What may never be seen to change back, looked at whenever the program rests.

use std::collections::{BTreeMap, BTreeSet};

use switchboard_contract::DeliveryId;

use super::look::Sending;
use super::world::{Finding, World, must};

/// What was seen so far.
#[derive(Default)]
pub(super) struct Watch {
    known: BTreeMap<DeliveryId, Sending>,
    /// Channels and contacts that are being served in this deed.
    pub(super) polls: BTreeSet<usize>,
    pub(super) pushes: BTreeSet<usize>,
}

impl Watch {
    /// What waits for a person's decision.
    pub(super) fn stuck(&self) -> Vec<DeliveryId> {
        let stuck = self.known.values().filter(|row| matches!(row.state.as_str(), "failed" | "uncertain"));
        stuck.map(|row| row.id).collect()
    }

    /// A delivery never vanishes, and one that is over stays as it is.
    pub(super) fn look(&mut self, world: &World, rows: &[Sending]) -> Result<(), Finding> {
        self.polls.clear();
        self.pushes.clear();
        let present: BTreeMap<DeliveryId, Sending> = rows.iter().map(|row| (row.id, row.clone())).collect();
        for (id, before) in &self.known {
            let Some(now) = present.get(id) else {
                return Err(Finding::general(format!("the delivery {before:?} has vanished")));
            };
            let stays = !before.is_over() || before == now || world.decided().contains_key(id);
            must(stays, || {
                Finding::general(format!("a delivery was over and is not any more: {before:?} became {now:?}"))
            })?;
        }
        for (id, now) in &present {
            let before = self.known.get(id).map_or("nothing", |before| before.state.as_str());
            if before != now.state {
                world.note(None, format!("  {id} #{} goes from {before} to {}", now.seq.0, now.state));
            }
        }
        self.known = present;
        Ok(())
    }
}
