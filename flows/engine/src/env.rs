//! Everything [`step`](crate::step) may know besides the conversation and the event.

use std::collections::BTreeMap;

use switchboard_contract::Timestamp;

use crate::book::BotBook;
use crate::conversation::Handler;
use crate::flow::FlowSet;

/// The surroundings of one step. The engine never reads a clock, a file or a database: it is told.
#[derive(Debug, Clone, Copy)]
pub struct Env<'a> {
    /// The time at which the event counts.
    pub now: Timestamp,
    /// What the bot says and understands.
    pub book: &'a BotBook,
    /// The flows, all versions that a run may be pinned to.
    pub flows: &'a FlowSet,
    /// How many conversations wait in each team's queue, by the team's name, before the event. A team that is not named has
    /// an empty queue. This conversation counts among them when it waits itself.
    pub queues: &'a BTreeMap<String, u32>,
}

impl Env<'_> {
    /// How many conversations would wait before this one in a team's queue.
    pub(crate) fn ahead(&self, team: &str, holder: &Handler) -> u32 {
        let waiting = self.queues.get(team).copied().unwrap_or_default();
        let itself = matches!(holder, Handler::Queue { team: own, .. } if own == team);
        waiting.saturating_sub(u32::from(itself))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_before_themselves_and_teams_have_their_own_queues() {
        let book = crate::book::parse("bot.yaml", include_str!("../tests/it/fixtures/bot.yaml")).expect("a bot book");
        let queues = BTreeMap::from([("support".to_owned(), 2)]);
        let now = Timestamp::default();
        let env = Env { now, book: &book, flows: &FlowSet::new(), queues: &queues };
        let waits = |team: &str| Handler::Queue { team: team.to_owned(), since: now };
        for (team, holder, ahead) in [
            ("support", Handler::Bot, 2),
            ("support", waits("support"), 1),
            ("support", waits("network"), 2),
            ("network", waits("support"), 0),
            ("network", waits("network"), 0),
        ] {
            assert_eq!(env.ahead(team, &holder), ahead, "{team} from {holder:?}");
        }
    }
}
