//! A group is worked on in rounds: while the database writes one round, the next one is decided.

use std::collections::HashSet;
use std::pin::pin;
use std::task::Poll;

use futures_util::poll;
use switchboard_contract::{Accepted, ExternalId, Inbound, InboxId, Reading, Timestamp};

use super::group::{Arrival, Group, Lack, Taken};
use crate::store::changeset::Changeset;
use crate::store::inbound::{self, Outcome};
use crate::store::{Conn, Error, Result, quarantine};

/// Items of one round: enough for few statements, few enough for several rounds in a large group.
const ROUND_ITEMS: usize = 32;

/// Items on their way, in order.
pub(super) struct Work<'a> {
    group: Group<'a>,
    items: &'a [Arrival<'a>],
    /// Ids that are known already, and those of the items so far.
    seen: HashSet<(InboxId, &'a ExternalId)>,
    /// How each item ended, as far as the work has come.
    outcomes: Vec<Accepted>,
    later: Later,
    round: Round<'a>,
    lack: Option<Lack>,
    failed: Option<Error>,
}

/// Items that are left for later, by their number: the database has to be asked about each.
#[derive(Default)]
pub(super) struct Later {
    /// Those that had been seen.
    pub(super) again: Vec<usize>,
    /// Reports.
    pub(super) reports: Vec<usize>,
}

/// What was decided at a time.
#[derive(Default)]
pub(super) struct Round<'a> {
    items: usize,
    rows: Vec<inbound::Row<'a>>,
    set: Changeset,
}

/// What has to be done next.
pub(super) enum Next<'a> {
    /// A round is to be written.
    Write(Box<Round<'a>>),
    /// Something is to be read for the next item.
    Read(Lack),
    /// Every item has been worked on, but for those that are left for later: how each ended.
    Done(Vec<Accepted>, Later),
}

impl<'a> Work<'a> {
    pub(super) fn new(group: Group<'a>, items: &'a [Arrival<'a>], known: &'a HashSet<(InboxId, ExternalId)>) -> Self {
        let mut seen = HashSet::with_capacity(items.len());
        seen.extend(known.iter().map(|(inbox, id)| (*inbox, id)));
        let outcomes = Vec::with_capacity(items.len());
        Self {
            group,
            items,
            seen,
            outcomes,
            later: Later::default(),
            round: Round::default(),
            lack: None,
            failed: None,
        }
    }

    /// Works on items until there is something to do for the database.
    pub(super) fn next(&mut self) -> Result<Next<'a>> {
        loop {
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            if !self.round.rows.is_empty() {
                let mut round = std::mem::take(&mut self.round);
                round.set = self.group.round();
                return Ok(Next::Write(Box::new(round)));
            }
            if let Some(lack) = self.lack.take() {
                return Ok(Next::Read(lack));
            }
            if self.outcomes.len() == self.items.len() {
                return Ok(Next::Done(std::mem::take(&mut self.outcomes), std::mem::take(&mut self.later)));
            }
            self.round.items = 0;
            while self.one() {}
        }
    }

    /// Works on one item; false when the round is over.
    pub(super) fn one(&mut self) -> bool {
        if self.round.items == ROUND_ITEMS || self.lack.is_some() || self.failed.is_some() {
            return false;
        }
        let Some((inbox, item)) = self.items.get(self.outcomes.len()).copied() else { return false };
        self.round.items += 1;
        if self.seen.contains(&(inbox, &item.external_id)) {
            self.later.again.push(self.outcomes.len());
            self.outcomes.push(Accepted::Duplicate { conversation: None, message: None, seq: None });
            return true;
        }
        if let Reading::Report(_) = item.reading {
            self.seen.insert((inbox, &item.external_id));
            self.later.reports.push(self.outcomes.len());
            self.outcomes.push(Accepted::Filtered { reason: String::new() });
            return true;
        }
        match self.group.take(inbox, item) {
            Ok(Taken::Done(accepted)) => {
                self.seen.insert((inbox, &item.external_id));
                self.round.rows.push(ledger_row(inbox, item, &accepted));
                self.outcomes.push(accepted);
                true
            }
            Ok(Taken::Lacks(lack)) => {
                self.lack = Some(lack);
                false
            }
            Err(error) => {
                self.failed = Some(error);
                false
            }
        }
    }

    pub(super) async fn supply(&mut self, conn: &mut Conn, lack: Lack) -> Result<()> {
        self.group.supply(conn, lack).await
    }
}

impl Round<'_> {
    pub(super) async fn write(self, conn: &mut Conn, now: Timestamp) -> Result<()> {
        insert(conn, &self.rows, now).await?;
        self.set.save(conn, now).await
    }
}

/// Writes the ledger, and of what is in quarantine what is needed to file it later.
pub(super) async fn insert(conn: &mut Conn, rows: &[inbound::Row<'_>], now: Timestamp) -> Result<()> {
    inbound::insert_all(conn, rows, now).await?;
    for row in rows.iter().filter(|row| row.outcome == Outcome::Quarantined) {
        quarantine::keep(conn, row.inbox, row.item).await?;
    }
    Ok(())
}

pub(super) fn ledger_row<'a>(inbox: InboxId, item: &'a Inbound, accepted: &Accepted) -> inbound::Row<'a> {
    let (outcome, reason, filed) = match accepted {
        Accepted::Filed { conversation, message, seq } => (Outcome::Filed, None, Some((*conversation, *message, *seq))),
        Accepted::Filtered { reason } => (Outcome::Filtered, Some(reason.clone()), None),
        Accepted::Quarantined { error } => (Outcome::Quarantined, Some(error.clone()), None),
        // Told apart before; a row of it would be a mistake that is seen in quarantine.
        Accepted::Duplicate { .. } => (Outcome::Quarantined, Some("a duplicate".to_owned()), None),
    };
    inbound::Row { inbox, item, outcome, reason, filed }
}

/// Waits for the database and works meanwhile, as long as there is something to work on.
pub(super) async fn beside<T>(waiting: impl Future<Output = T>, mut work: impl FnMut() -> bool) -> T {
    let mut waiting = pin!(waiting);
    loop {
        // Looked at between two items, so that the next statement goes out soon after the one before it has ended.
        if let Poll::Ready(done) = poll!(waiting.as_mut()) {
            return done;
        }
        if !work() {
            return waiting.await;
        }
    }
}
