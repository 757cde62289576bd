//! One life of the program: from opening the database to the moment it dies or is no longer needed.
//!
//! The clock of the runtime stands still and is moved by the scenario alone. It would move by itself whenever nothing runs in
//! the runtime, also while the database works on its own thread, so a blocking task holds it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use switchboard::core::Core;
use switchboard::intake::InboxSink;
use switchboard::jobs;
use switchboard::library::{Library, shipped};
use switchboard::limits;
use switchboard::outbox::{Adapters, run as dispatch};
use switchboard::store::documents::{Document, Kind};
use switchboard::store::{Conn, Error, Store, Target, circuits, inboxes, jobs as chores, outbox, timers};
use switchboard_contract::{ChannelAdapter, DeliveryId, InboundSink, StopSource, StopToken, Timestamp};

use super::channel::Simulated;
use super::gate::Lifeline;
use super::look;
use super::world::{CHANNELS, Finding, World};
use crate::server::PATIENCE;

/// Writers where the database lets several write side by side.
const LANES: usize = 3;
/// Longer than this, and time is not passed in slices.
const LONG: Duration = Duration::from_mins(2);

/// A running program and the simulated channels it has.
pub(super) struct Life {
    pub(super) core: Arc<Core>,
    world: Arc<World>,
    lifeline: Arc<Lifeline>,
    channels: Vec<(Arc<Simulated>, Arc<InboxSink>)>,
    /// Operations of contacts and agents that wait for their answer.
    under_way: Arc<AtomicUsize>,
    /// Claims of a process that died: nobody settles them before their lease is over.
    inherited: BTreeSet<(DeliveryId, u32)>,
}

impl Life {
    /// Starts as the program does: database, inboxes, cursors, outbox.
    pub(super) async fn begin(world: &Arc<World>, target: &Target, lifeline: &Arc<Lifeline>) -> Result<Self, Error> {
        let store = Store::open_with(target, LANES, Arc::clone(lifeline) as _).await?;
        let inherited = look::claimed(&look::outbox(&mut *store.reader().await?).await?);
        let clock = Arc::clone(&world.wall) as _;
        let core = Core::new(store, clock, library());
        let (mut channels, mut adapters) = (Vec::new(), Adapters::new());
        for number in 0..CHANNELS {
            let (inbox, now) = (World::inbox(number), core.now());
            let slug = format!("channel-{number}");
            core.store
                .write::<_, Error, _>(move |conn| {
                    Box::pin(async move { inboxes::ensure(conn, inbox, &slug, "simulated", &slug, now).await })
                })
                .await?;
            let sink = Arc::new(InboxSink::new(Arc::clone(&core), inbox));
            let cursor = sink.cursor().await.expect("the database can be read");
            let at = cursor.map_or(0, |cursor| cursor.0.parse().expect("a cursor of ours"));
            let adapter = Arc::new(Simulated::new(world, number, lifeline, at));
            adapters.insert(inbox, Arc::clone(&adapter) as Arc<dyn ChannelAdapter>);
            channels.push((adapter, sink));
        }
        let adapters = Arc::new(adapters);
        if world.twins {
            let never = StopToken::new(std::future::pending());
            tokio::spawn(dispatch(Arc::clone(&core), Arc::clone(&adapters), never));
        }
        let never = StopToken::new(std::future::pending());
        tokio::spawn(dispatch(Arc::clone(&core), adapters, never));
        let lifeline = Arc::clone(lifeline);
        Ok(Self { core, world: Arc::clone(world), lifeline, channels, under_way: Arc::default(), inherited })
    }

    /// A channel's adapter and the sink it hands in to.
    pub(super) fn channel(&self, number: usize) -> (Arc<Simulated>, Arc<InboxSink>) {
        let (adapter, sink) = &self.channels[number];
        (Arc::clone(adapter), Arc::clone(sink))
    }

    /// Starts something that ends by itself; [`Self::rest`] waits for it.
    pub(super) fn start(&self, operation: impl Future<Output = ()> + Send + 'static) {
        let under_way = Arc::clone(&self.under_way);
        under_way.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(async move {
            operation.await;
            under_way.fetch_sub(1, Ordering::SeqCst);
        });
    }

    /// Waits until the program has nothing to do but to wait for people, for the clock, or for peers that take their time.
    ///
    /// Peers answer only when all else has come to rest, so that how fast the database is decides nothing.
    pub(super) async fn rest(&self) -> Result<(), Finding> {
        let begun = Instant::now();
        loop {
            if self.is_idle().await.map_err(broken)? {
                self.reads_are_over().await.map_err(broken)?;
                let idle = self.is_idle().await.map_err(broken)?;
                if idle && self.world.release(|one| one.plan.prompt) == 0 {
                    return Ok(());
                }
            }
            if begun.elapsed() > PATIENCE {
                return Err(self.restless().await.unwrap_or_else(broken));
            }
            tokio::task::yield_now().await;
        }
    }

    /// Nobody waits for an answer, nothing is due, and whatever is claimed is at a peer or was a dead process'.
    async fn is_idle(&self) -> Result<bool, Error> {
        // The database shows a commit before the one who made it has heard of it: a clock that is set on between would end their
        // patience.
        if self.under_way.load(Ordering::SeqCst) > 0 || self.lifeline.is_committing() {
            return Ok(false);
        }
        let mut conn = self.core.store.reader().await?;
        let claimed = look::claimed(&look::outbox(&mut conn).await?);
        let at_peers = self.world.at_peers();
        let nobodys = claimed.iter().any(|one| !at_peers.contains(one) && !self.inherited.contains(one));
        Ok(!nobodys && !self.anything_due(&mut conn).await?)
    }

    /// The outbox has something to do: a head of a lane whose inbox is not paused, or what a dead process left.
    async fn anything_due(&self, conn: &mut Conn) -> Result<bool, Error> {
        let now = self.core.now();
        let at_peers = self.world.at_peers();
        let left = outbox::abandoned(conn, now, 1_000).await?;
        // The one that sends it waits for its peer; a twin knows nothing of that.
        if left.iter().any(|ticket| self.world.twins || !at_peers.contains(&(ticket.id, ticket.attempt))) {
            return Ok(true);
        }
        let paused = circuits::all(conn).await?;
        for number in 0..CHANNELS {
            let target = outbox::Target::Inbox(World::inbox(number));
            let is_paused = paused.get(&target).is_some_and(|circuit| circuit.retry_at > now);
            if !is_paused && !outbox::heads(conn, &target, now, 1).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Waits until whoever was reading has read: nobody is about to act on what they saw before.
    async fn reads_are_over(&self) -> Result<(), Error> {
        // Who has every reader knows that nobody else has one; the second time, that nobody had waited for one.
        for _ in 0..2 {
            let mut all = Vec::new();
            for _ in 0..limits::READERS {
                all.push(self.core.store.reader().await?);
            }
            drop(all);
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Lets timers and chores have their turn, until none is due. Outside of it they are late. (With the outbox beside them it
    /// would be the database's speed that says who is first.)
    pub(super) async fn ring(&self) -> Result<(), Finding> {
        let (mut source, stop) = StopSource::new();
        let ringing = tokio::spawn(jobs::run(Arc::clone(&self.core), jobs::ALL, stop));
        let begun = Instant::now();
        loop {
            self.rest().await?;
            if !self.anything_to_ring().await.map_err(broken)? {
                break;
            }
            tokio::time::advance(limits::JOBS_PAUSE).await;
            if begun.elapsed() > PATIENCE {
                return Err(Finding::general("a timer or a chore is due and is never done"));
            }
        }
        source.stop();
        ringing.await.map_err(|error| Finding::general(format!("timers and chores have ended: {error}")))
    }

    async fn anything_to_ring(&self) -> Result<bool, Error> {
        let (mut conn, now) = (self.core.store.reader().await?, self.core.now());
        let known = chores::all(&mut conn).await?;
        let chore = known.len() < jobs::ALL.len() || known.iter().any(|chore| chore.due <= now);
        Ok(chore || !timers::due(&mut conn, now, 1).await?.is_empty())
    }

    /// Why it never came to rest.
    async fn restless(&self) -> Result<Finding, Error> {
        let mut conn = self.core.store.reader().await?;
        let due = self.anything_due(&mut conn).await?;
        let open: Vec<_> = look::outbox(&mut conn).await?.into_iter().filter(|row| !row.is_over()).collect();
        let waiting = self.under_way.load(Ordering::SeqCst);
        Ok(Finding::general(format!(
            "the program never came to rest: {waiting} operations wait for an answer, something is due: {due}, open: {open:?}, \
             claimed by a process that died: {:?}",
            self.inherited
        )))
    }

    /// Time goes by, for the program and on the wall.
    pub(super) async fn pass(&self, by: Duration) -> Result<(), Finding> {
        let mut left = by;
        while !left.is_zero() {
            // As much as an attempt may take, so that a lease does not end before it.
            let slice = left.min(limits::DELIVERY_TIMEOUT + limits::OUTBOX_POLL);
            let slice = if by > LONG { left } else { slice };
            self.world.pass(slice);
            self.advance(slice).await?;
            left -= slice;
        }
        Ok(())
    }

    /// The clock on the wall is set; the program looks at it when its next pause is over.
    pub(super) async fn jump(&self, to: Timestamp) -> Result<(), Finding> {
        self.world.wall.set(to);
        self.advance(limits::OUTBOX_POLL).await
    }

    /// Moves the runtime's clock, from one thing that it ends to the next, with a rest after each: two that end at once would
    /// leave it to the database's speed which is first. The odd millisecond keeps them apart.
    async fn advance(&self, by: Duration) -> Result<(), Finding> {
        let mut left = by + Duration::from_millis(1);
        let mut first = limits::OUTBOX_POLL;
        while !left.is_zero() {
            let now = tokio::time::Instant::now();
            let ending = self.world.begun().into_iter().map(|begun| begun + limits::DELIVERY_TIMEOUT);
            let next = ending.filter(|end| *end > now).map(|end| end - now).min().unwrap_or(left);
            let step = left.min(first).min(next);
            tokio::time::advance(step).await;
            self.rest().await?;
            left -= step;
            first = first.saturating_sub(step);
            if first.is_zero() {
                first = left;
            }
        }
        Ok(())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
pub(super) fn broken(error: Error) -> Finding {
    Finding::general(format!("the database can't be read: {error}"))
}

/// The shipped bot book, two flows and a few articles: all that a turn can meet. Read once, because that takes longer than many
/// a life.
fn library() -> Arc<Library> {
    static LIBRARY: OnceLock<Arc<Library>> = OnceLock::new();
    let wanted = |kind: Kind, name: &str| match kind {
        Kind::BotBook => true,
        Kind::Flow => matches!(name, "complaint" | "order-status"),
        Kind::Article => matches!(name, "reset-password" | "opening-hours" | "invoice-copy"),
    };
    let document = |(key, source)| Document {
        key,
        version: 1,
        source,
        shipped: true,
        head: true,
        created_at: crate::server::START,
    };
    let read = || {
        let documents = shipped::documents().into_iter().filter(|(key, _)| wanted(key.kind, &key.name)).map(document);
        Arc::new(Library::build(&documents.collect::<Vec<_>>()))
    };
    Arc::clone(LIBRARY.get_or_init(read))
}
