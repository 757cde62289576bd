//! Reads one folder from its mark to its end. The next group is fetched while the present one is handed in.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::task::JoinHandle;

use super::after::{Deed, act, finish};
use super::connect::Abilities;
use super::cursor::{Mark, Progress};
use super::fetch::{group, window};
use super::intake::{Batch, Intake, ended};
use super::limits::{SUSPECTS_MAX, WINDOW};
use super::plan::{Found, Group, LOST, Part, REFUSED, Walk, groups};
use super::trouble::Trouble;
use super::wire::Wire;

/// Mails that could not be fetched, by folder, validity and UID, and how often.
pub(super) type Suspects = HashMap<(String, u32, u32), u32>;

/// Reads one folder.
pub(super) struct Sync<'a> {
    pub(super) wire: &'a mut Wire,
    pub(super) abilities: &'a Abilities,
    pub(super) intake: &'a Arc<Intake>,
    pub(super) progress: &'a mut Progress,
    pub(super) suspects: &'a mut Suspects,
    /// What is done with mails afterwards, if anything.
    pub(super) deed: Option<&'a Deed>,
    /// The folder as the settings name it; it is open.
    pub(super) folder: &'a str,
    pub(super) mark: Mark,
    /// What is being handed in.
    pub(super) pending: Option<Pending>,
    /// The progress as it was handed in last.
    pub(super) saved: Progress,
    /// What was to be done afterwards did not work.
    pub(super) undone: Option<Trouble>,
}

/// A group on its way in.
pub(super) struct Pending {
    task: JoinHandle<Result<(), Trouble>>,
    /// What is to be done something with afterwards.
    uids: Vec<u32>,
    /// The last UID of the group.
    last: u32,
}

impl Sync<'_> {
    /// Reads to the end. `next` is the UID the server says it gives next, `modseq` the folder's when it was opened.
    ///
    /// # Errors
    /// What broke it off; what was kept until then is kept. When only what is done afterwards failed: that, as the value.
    pub(super) async fn run(mut self, next: Option<u32>, modseq: Option<u64>) -> Result<Option<Trouble>, Trouble> {
        self.catch_up().await?;
        let read = self.read(next).await;
        // What was fetched goes in, whatever happened behind it.
        let settled = self.settle().await;
        read.and(settled)?;
        if modseq.is_some() {
            self.mark.modseq = modseq;
        }
        self.progress.folders.insert(self.folder.to_owned(), self.mark);
        if *self.progress != self.saved {
            let cursor = self.progress.cursor();
            let last = Batch { mails: Vec::new(), part: Part::Whole, validity: self.mark.validity, cursor };
            ended(self.intake.begin(last)).await?;
        }
        Ok(self.undone)
    }

    /// Does what a crash left undone between keeping mails and flagging or moving them.
    async fn catch_up(&mut self) -> Result<(), Trouble> {
        let Some(deed) = self.deed else { return Ok(()) };
        let mut from = self.mark.done.max(self.mark.old);
        // Mails that are old by their date are not told apart here: they are left where they are.
        if self.mark.mixed > 0 {
            from = from.max(self.mark.mixed);
        }
        while from < self.mark.last {
            let to = from.saturating_add(WINDOW).min(self.mark.last);
            match finish(self.wire, self.abilities, deed, (from.saturating_add(1), to)).await {
                Ok(()) => self.mark.done = to,
                Err(Trouble::No(answer)) => {
                    self.undone = Some(Trouble::No(answer));
                    return Ok(());
                }
                Err(trouble) => return Err(trouble),
            }
            from = to;
        }
        self.mark.done = self.mark.last;
        Ok(())
    }

    async fn read(&mut self, next: Option<u32>) -> Result<(), Trouble> {
        let mut walk = Walk::behind(self.mark.last, next);
        while let Some(range) = walk.range() {
            let mut window = window(self.wire, &self.mark, range).await?;
            self.suspect(&mut window.found);
            for group in groups(&window.found) {
                self.take(group).await?;
            }
            walk.answered(window.mails, window.cut);
        }
        Ok(())
    }

    async fn take(&mut self, wanted: Group) -> Result<(), Trouble> {
        if wanted.is_large() {
            // Never two of these in memory.
            self.settle().await?;
        }
        let mails = match group(self.wire, &wanted).await {
            Ok(mails) => mails,
            Err(trouble) => {
                self.blame(&wanted, &trouble);
                return Err(trouble);
            }
        };
        self.settle().await?;
        let last = wanted.uids.last().copied().unwrap_or(self.mark.last);
        self.mark.last = self.mark.last.max(last);
        if self.deed.is_none() {
            self.mark.done = self.mark.last;
        }
        self.progress.folders.insert(self.folder.to_owned(), self.mark);
        self.saved = self.progress.clone();
        let acts = self.deed.is_some() && wanted.part != Part::OldHeaders;
        let uids = if acts { mails.keys().copied().collect() } else { Vec::new() };
        let batch = Batch {
            mails: mails.into_iter().collect(),
            part: wanted.part,
            validity: self.mark.validity,
            cursor: self.progress.cursor(),
        };
        self.pending = Some(Pending { task: self.intake.begin(batch), uids, last });
        for uid in &wanted.uids {
            self.suspects.remove(&self.key(*uid));
        }
        if wanted.is_large() { self.settle().await } else { Ok(()) }
    }

    /// Waits until what was handed in is kept; only then anything is done with it in the mailbox.
    async fn settle(&mut self) -> Result<(), Trouble> {
        let Some(pending) = self.pending.take() else { return Ok(()) };
        ended(pending.task).await?;
        if let Some(deed) = self.deed.filter(|_| self.undone.is_none()) {
            match act(self.wire, self.abilities, deed, &pending.uids).await {
                Ok(()) => self.mark.done = self.mark.done.max(pending.last),
                // Receiving goes on: what is undone is tried again the next time.
                Err(Trouble::No(answer)) => self.undone = Some(Trouble::No(answer)),
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(())
    }

    fn suspect(&self, found: &mut [Found]) {
        if !self.suspects.is_empty() {
            for mail in found {
                mail.suspicion = self.suspects.get(&self.key(mail.uid)).copied().unwrap_or(0);
            }
        }
    }

    fn blame(&mut self, group: &Group, trouble: &Trouble) {
        if !trouble.may_be_the_mail() {
            return;
        }
        let weight = if matches!(trouble, Trouble::Lost(_)) { LOST } else { REFUSED };
        if self.suspects.len() > SUSPECTS_MAX {
            self.suspects.clear();
        }
        for uid in &group.uids {
            // One of a group is suspected; one that was alone is the more so each time.
            let suspicion = self.suspects.entry(self.key(*uid)).or_default();
            *suspicion = if group.uids.len() > 1 { LOST } else { suspicion.saturating_add(weight) };
        }
    }

    fn key(&self, uid: u32) -> (String, u32, u32) {
        (self.folder.to_owned(), self.mark.validity, uid)
    }
}
