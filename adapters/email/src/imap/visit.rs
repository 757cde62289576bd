//! One connection from beginning to end: sign in, read every folder, wait for more, read again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::Inbox;
use super::after::Deed;
use super::auth::sign_in;
use super::connect::{Abilities, abilities, connect};
use super::cursor::Progress;
use super::folder::{Opened, Standing, begin, open, resolve, stand};
use super::health::State;
use super::intake::Intake;
use super::limits::{FREE_LOOKS, Pace};
use super::sync::{Suspects, Sync};
use super::trouble::Trouble;
use super::wire::{Challenge, Wire};
use crate::config::After;

/// A signed-in connection.
pub(super) struct Visit<'a> {
    inbox: &'a Inbox,
    intake: &'a Arc<Intake>,
    suspects: &'a mut Suspects,
    wire: Wire,
    abilities: Abilities,
    progress: Progress,
    /// The server takes names in UTF-8.
    utf8: bool,
    deed: Option<Deed>,
    /// The folder that is open, by its place in the settings.
    selected: Option<usize>,
    missing: BTreeSet<String>,
    /// Folders whose UIDs were found to be others on this connection.
    renewed: BTreeSet<String>,
    /// IDLE was refused.
    no_idle: bool,
}

impl<'a> Visit<'a> {
    /// Connects and signs in.
    pub(super) async fn begin(
        inbox: &'a Inbox,
        intake: &'a Arc<Intake>,
        suspects: &'a mut Suspects,
    ) -> Result<Self, Trouble> {
        let connected = connect(&inbox.config, &inbox.tls, inbox.pace).await?;
        let mut wire = connected.wire;
        if !connected.authenticated {
            sign_in(&mut wire, &connected.abilities, &inbox.config, &inbox.tokens).await?;
        }
        let abilities = abilities(&mut wire).await?;
        let utf8 = abilities.has("ENABLE")
            && (abilities.has("UTF8=ACCEPT") || abilities.has("UTF8=ONLY"))
            && wire.run("ENABLE UTF8=ACCEPT", |_| {}).await.is_ok();
        // What is kept is the truth, not what this process remembers of it.
        let cursor = intake.sink.cursor().await.map_err(|error| Trouble::Store(error.to_string()))?;
        let progress = cursor.as_ref().map_or_else(|| Some(Progress::default()), Progress::read);
        let progress = progress.unwrap_or_else(|| {
            tracing::warn!("the cursor can't be read: everything is read again, and known by its id");
            Progress::default()
        });
        let deed = match &inbox.config.after {
            After::Leave => None,
            After::Flag => Some(Deed::Flag),
            After::Move(target) => resolve(&mut wire, target, utf8).await?.map(Deed::Move),
        };
        Ok(Self {
            inbox,
            intake,
            suspects,
            wire,
            abilities,
            progress,
            utf8,
            deed,
            selected: None,
            missing: BTreeSet::new(),
            renewed: BTreeSet::new(),
            no_idle: false,
        })
    }

    /// Reads and waits until something breaks it off; that is always an `Err`.
    pub(super) async fn stay(&mut self) -> Result<(), Trouble> {
        let folders = &self.inbox.config.folders;
        let mut vain = 0_u32;
        loop {
            self.report(State::Reading, None);
            let before = self.progress.clone();
            let mut undone = None;
            // The first one last: it stays open, and the server tells of what comes into it.
            for index in (0..folders.len()).rev() {
                undone = self.folder(index).await?.or(undone);
            }
            if self.deed.is_none() && self.inbox.config.after != After::Leave {
                undone = Some(Trouble::Garbled("it has no folder of the use that `after` names".to_owned()));
            }
            self.report(State::Watching, undone.map(|trouble| trouble.to_string()));
            vain = if self.progress == before { vain.saturating_add(1) } else { 0 };
            tokio::time::sleep(pause_in_vain(vain, &self.inbox.pace, self.inbox.config.poll())).await;
            self.wait().await?;
        }
    }

    /// Reads one folder. What did not work on the side is the value.
    async fn folder(&mut self, index: usize) -> Result<Option<Trouble>, Trouble> {
        let name = self.inbox.config.folders[index].as_str();
        let Some(mark) = self.enter(index).await? else { return Ok(None) };
        let (mark, opened) = mark;
        let saved = self.progress.clone();
        let sync = Sync {
            wire: &mut self.wire,
            abilities: &self.abilities,
            intake: self.intake,
            progress: &mut self.progress,
            suspects: self.suspects,
            deed: self.deed.as_ref(),
            folder: name,
            mark,
            pending: None,
            saved,
            undone: None,
        };
        sync.run(opened.next, opened.modseq).await
    }

    /// Opens a folder and finds where to go on; none when there is nothing to do in it.
    async fn enter(&mut self, index: usize) -> Result<Option<(super::cursor::Mark, Opened)>, Trouble> {
        let name = self.inbox.config.folders[index].as_str();
        if self.selected == Some(index)
            && let Some(mark) = self.progress.folders.get(name)
        {
            self.wire.news.arrived = false;
            return Ok(Some((*mark, Opened::default())));
        }
        self.selected = None;
        let Some(opened) = self.select(name).await? else { return Ok(None) };
        self.selected = Some(index);
        self.wire.news.arrived = false;
        let mark = self.progress.folders.get(name).copied();
        let standing = stand(mark, &opened, !self.renewed.contains(name))?;
        Ok(match standing {
            Standing::Unchanged(_) => None,
            Standing::Same(mark) => Some((mark, opened)),
            Standing::Renewed(mark) => {
                self.renewed.insert(name.to_owned());
                tracing::warn!(
                    folder = name,
                    "the UIDs of the folder have changed: it is read again from its beginning"
                );
                Some((mark, opened))
            }
            Standing::New { validity } => {
                let mark = begin(&mut self.wire, &opened, validity, self.inbox.config.start).await?;
                tracing::info!(
                    folder = name,
                    last = mark.last,
                    old = mark.old,
                    "the folder is read for the first time"
                );
                Some((mark, opened))
            }
        })
    }

    /// Opens a folder; none when it is not there, which is said once.
    async fn select(&mut self, name: &str) -> Result<Option<Opened>, Trouble> {
        let opened = match resolve(&mut self.wire, name, self.utf8).await? {
            Some(wire_name) => open(&mut self.wire, &self.abilities, &wire_name, self.deed.is_some()).await.map(Some),
            None => Ok(None),
        };
        let answer = match opened {
            Ok(Some(opened)) => {
                if self.missing.remove(name) {
                    tracing::info!(folder = name, "the folder is there again");
                }
                return Ok(Some(opened));
            }
            Ok(None) => "no folder has this use".to_owned(),
            Err(Trouble::No(answer)) => answer.to_string(),
            Err(trouble) => return Err(trouble),
        };
        if self.missing.insert(name.to_owned()) {
            tracing::warn!(folder = name, answer, "the folder can't be opened; it is tried again");
        }
        Ok(None)
    }

    /// Waits until there may be more: the server says so, or it is time to look.
    async fn wait(&mut self) -> Result<(), Trouble> {
        self.wire.glance()?;
        if self.wire.news.arrived {
            return Ok(());
        }
        let poll = self.inbox.config.poll();
        let watched = self.selected == Some(0);
        if !watched || self.no_idle || !self.abilities.has("IDLE") {
            tokio::time::sleep(poll).await;
            // The server tells now what happened; and a connection that died unnoticed is found.
            self.wire.run("NOOP", |_| {}).await?;
            if !watched {
                self.selected = None;
            }
            return Ok(());
        }
        let others = self.inbox.config.folders.len() > 1;
        self.idle(if others { poll.min(self.inbox.pace.idle) } else { self.inbox.pace.idle }).await
    }

    async fn idle(&mut self, at_most: Duration) -> Result<(), Trouble> {
        let tag = match self.wire.begin("IDLE").await {
            Ok((tag, Challenge::Go(_))) => tag,
            Ok((_, Challenge::End(_))) => {
                self.no_idle = true;
                tracing::info!("the mail server refuses IDLE: it is asked from time to time");
                return Ok(());
            }
            Err(trouble) => return Err(trouble),
        };
        if let Ok(waited) = timeout(at_most, self.wire.wait_for_news()).await {
            waited?;
        }
        // A server that is gone does not answer this: that is how it is found out.
        self.wire.stop_waiting();
        self.wire.line("DONE").await?;
        self.wire.finish(&tag, |_| {}).await.map(drop)
    }

    fn report(&mut self, state: State, trouble: Option<String>) {
        let alert = self.wire.news.alert.take();
        if let Some(alert) = &alert {
            tracing::warn!(alert, "the mail server alerts");
        }
        let missing: Vec<String> = self.missing.iter().cloned().collect();
        self.intake.health.send_if_modified(|health| {
            let before = health.clone();
            (health.state, health.trouble, health.missing) = (state, trouble, missing);
            if state == State::Watching {
                health.failures = 0;
            }
            health.alert = alert.or(health.alert.take());
            *health != before
        });
    }
}

/// How long to wait before looking again when nothing was found so many times in a row. A server that always says that
/// something came would else be asked without end. The first look in vain is usual: what came was met already.
fn pause_in_vain(vain: u32, pace: &Pace, poll: Duration) -> Duration {
    match vain.checked_sub(FREE_LOOKS) {
        None | Some(0) => Duration::ZERO,
        Some(more) => pace.retry_first.saturating_mul(1 << (more - 1).min(16)).min(poll),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_in_vain_become_rare_and_others_stay_quick() {
        let pause = |vain| pause_in_vain(vain, &Pace::default(), Duration::from_mins(1));
        assert_eq!([pause(0), pause(FREE_LOOKS)], [Duration::ZERO; 2]);
        assert_eq!(pause(FREE_LOOKS + 1), Duration::from_secs(1));
        assert_eq!(pause(FREE_LOOKS + 3), Duration::from_secs(4));
        assert_eq!(pause(u32::MAX), Duration::from_mins(1));
    }
}
