//! What happens in one run: deeds of contacts, agents, peers and clocks, drawn from the seed, over as many lives of the
//! program as it takes; then calm, until nothing is left to do.

use std::sync::Arc;
use std::time::Duration;

use switchboard::ids;
use switchboard::store::{Point, Target};
use switchboard_contract::{ConversationId, Seq};

use super::chance::Chance;
use super::desk;
use super::gate::Lifeline;
use super::life::{Life, broken};
use super::look;
use super::model;
use super::peer::{Answer, Side};
use super::watch::Watch;
use super::world::{CHANNELS, Finding, Weather, World};

/// The most lives before the weather turns.
const LIVES_MAX: u32 = 9;
/// The longest it may take until everything is settled once the peers behave: attempts are not given up before.
const CALM_STEPS: u32 = 80;
const CALM_STEP: Duration = Duration::from_mins(16);

/// Where the process is to die, beside what chance brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Fate {
    pub(super) commit: Option<(u32, Point)>,
    pub(super) send: Option<(u32, Side)>,
}

/// What a run was made of.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) lives: u32,
    pub(super) commits: u32,
    pub(super) sends: u32,
    pub(super) written: usize,
}

pub(super) struct Scenario {
    pub(super) world: Arc<World>,
    pub(super) chance: Chance,
    target: Target,
    pub(super) weather: Weather,
    fate: Fate,
    deeds_left: usize,
    last_deed: Option<usize>,
    pub(super) updates: usize,
    /// The conversations with their contact and last place, as they were at the last rest: what agents have on their screens.
    pub(super) screen: Vec<(ConversationId, usize, Seq)>,
    pub(super) watch: Watch,
    pub(super) tally: Tally,
}

/// How a life ended.
enum End {
    Died,
    Finished,
}

impl Scenario {
    pub(super) fn new(seed: u64, target: Target, weather: Weather, fate: Fate) -> Self {
        let mut chance = Chance::new(seed);
        let (contacts, deeds_left) = match weather {
            Weather::Stormy => (2 + chance.below(5), 30 + chance.below(60)),
            Weather::Calm => (3, 14),
        };
        let world = Arc::new(World::new(seed, contacts, weather, fate.send));
        let watch = Watch::default();
        Self {
            world,
            chance,
            target,
            weather,
            fate,
            deeds_left,
            last_deed: None,
            updates: 0,
            screen: Vec::new(),
            watch,
            tally: Tally::default(),
        }
    }

    /// Runs it to the end.
    pub(super) fn run(&mut self) -> Result<(), Finding> {
        ids::follow(self.world.seed);
        loop {
            self.tally.lives += 1;
            self.world.history().life = self.tally.lives;
            if matches!(self.life()?, End::Finished) {
                self.tally.sends = self.world.sends();
                self.tally.written = (0..CHANNELS).map(|number| self.world.peer(number).written.len()).sum();
                return Ok(());
            }
        }
    }

    /// One life, in a runtime of its own: when it dies, every task goes with it and none says goodbye.
    fn life(&mut self) -> Result<End, Finding> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
        let (clock, stands) = std::sync::mpsc::channel::<()>();
        let lifeline = Arc::new(Lifeline::default());
        lifeline.arm(self.fate.commit.take());
        self.last_deed = self.deed_of_death();
        let end = runtime.block_on(async {
            tokio::task::spawn_blocking(move || stands.recv());
            let end = tokio::select! {
                biased;
                () = lifeline.died() => Ok(End::Died),
                done = self.live(&lifeline) => done.map(|()| End::Finished),
            };
            lifeline.die();
            lifeline.quiet().await;
            end
        });
        self.tally.commits += lifeline.commits();
        drop(clock);
        drop(runtime);
        if matches!(end, Ok(End::Died)) {
            self.world.note(None, format!("† after {} commits", lifeline.commits()));
        }
        end
    }

    /// Before which deed of this life, counted from 0, the moment of death is set: one of the commits that follow.
    fn deed_of_death(&mut self) -> Option<usize> {
        let dies = self.weather == Weather::Stormy && self.tally.lives < LIVES_MAX && self.chance.percent(80);
        dies.then(|| self.chance.below(25))
    }

    /// Sets the moment of death when the deed has come.
    fn tempt_fate(&mut self, lifeline: &Lifeline) {
        if let Some(left) = self.last_deed {
            self.last_deed = left.checked_sub(1);
            if left == 0 {
                let point = *self.chance.pick(&[Point::BeforeCommit, Point::AfterCommit]);
                lifeline.arm(Some((*self.chance.pick(&[1, 1, 1, 2, 2, 3, 4]), point)));
            }
        }
    }

    async fn live(&mut self, lifeline: &Arc<Lifeline>) -> Result<(), Finding> {
        let life = Life::begin(&self.world, &self.target, lifeline)
            .await
            .map_err(|error| Finding::general(format!("the program does not start: {error}")))?;
        self.tempt_fate(lifeline);
        life.ring().await?;
        self.rest(&life).await?;
        while self.deeds_left > 0 {
            self.deeds_left -= 1;
            self.tempt_fate(lifeline);
            let several = if self.chance.percent(40) { 1 + self.chance.below(4) } else { 1 };
            for _ in 0..several {
                self.deed(&life, lifeline).await?;
            }
            self.rest(&life).await?;
        }
        self.calm(&life).await?;
        model::check(&self.world, &life.core).await
    }

    pub(super) async fn rest(&mut self, life: &Life) -> Result<(), Finding> {
        life.rest().await?;
        let mut conn = life.core.store.reader().await.map_err(broken)?;
        let rows = look::outbox(&mut conn).await.map_err(broken)?;
        self.screen = look::screen(&mut conn).await.map_err(broken)?;
        self.watch.look(&self.world, &rows)
    }

    /// One thing that happens. What needs the database is started and not waited for.
    async fn deed(&mut self, life: &Life, lifeline: &Lifeline) -> Result<(), Finding> {
        let stormy = self.weather == Weather::Stormy;
        let contact = self.chance.below(self.world.contacts);
        let storm = |weight: usize| if stormy { weight } else { 0 };
        // A clock that jumps while a peer takes its time ends a lease under an attempt that is alive.
        let (slow, twins) = (!self.world.at_peers().is_empty(), self.world.twins);
        match self.chance.weighed(&[
            (30, 0),
            (22, 1),
            (20, 2),
            (7, 3),
            (storm(5), 4),
            (storm(8), 5),
            (storm(if slow && twins { 12 } else { 2 }), 6),
            (storm(if slow { 9 } else { 2 }), 7),
            (storm(3), 8),
            (storm(4), 9),
            (storm(1), 10),
        ]) {
            0 => self.write(contact),
            1 => self.receive(life, contact),
            2 => self.act(life),
            3 => self.report(life, contact),
            4 => self.say_again(contact),
            5 => {
                let by = *self.chance.pick(&[1, 2, 8, 31, 65, 1_200]);
                // What was started before has its answer first: how fast the database is must not matter.
                self.rest(life).await?;
                self.world.note(None, format!("{by} s pass"));
                life.pass(Duration::from_secs(by)).await?;
                if self.chance.percent(70) {
                    life.ring().await?;
                }
                self.rest(life).await?;
            }
            6 => self.jump(life).await?,
            7 => {
                let number = self.chance.below(CHANNELS);
                let count = self.world.peer(number).release(|one| one.plan.answer != Answer::Silence);
                self.world.note(None, format!("channel {number} answers {count} slow attempts"));
            }
            8 => {
                let late: usize = (0..CHANNELS).map(|number| self.world.peer(number).arrive_late()).sum();
                self.world.note(None, format!("{late} messages arrive late"));
            }
            9 => self.decide(life),
            _ => {
                if self.tally.lives < LIVES_MAX {
                    self.rest(life).await?;
                    self.world.note(None, "the power fails".to_owned());
                    lifeline.die();
                    std::future::pending::<()>().await;
                }
            }
        }
        Ok(())
    }

    /// Peers behave from here on; everything that was begun comes to its end.
    async fn calm(&mut self, life: &Life) -> Result<(), Finding> {
        self.world.calm_down();
        self.weather = Weather::Calm;
        self.world.note(None, "the storm is over".to_owned());
        for _ in 0..CALM_STEPS {
            self.watch.polls.clear();
            self.watch.pushes.clear();
            self.world.release(|one| one.plan.answer != Answer::Silence);
            for number in 0..CHANNELS {
                self.world.peer(number).arrive_late();
            }
            for contact in 0..self.world.contacts {
                self.receive(life, contact);
            }
            let open: Vec<usize> = {
                let requests = self.world.requests();
                requests
                    .iter()
                    .enumerate()
                    .filter(|(_, request)| request.is_open(&self.world.wall))
                    .map(|(number, _)| number)
                    .collect()
            };
            for number in open {
                life.start(desk::send(Arc::clone(&self.world), Arc::clone(&life.core), number));
            }
            self.rest(life).await?;
            life.ring().await?;
            self.rest(life).await?;
            if self.is_over(life).await? {
                return Ok(());
            }
            life.pass(CALM_STEP).await?;
            self.rest(life).await?;
        }
        let mut conn = life.core.store.reader().await.map_err(broken)?;
        let open = look::outbox(&mut conn).await.map_err(broken)?.into_iter().filter(|row| !row.is_over());
        Err(Finding::general(format!(
            "after {CALM_STEPS} quiet steps this is still open: {:?}",
            open.collect::<Vec<_>>()
        )))
    }

    async fn is_over(&self, life: &Life) -> Result<bool, Finding> {
        for number in 0..CHANNELS {
            let peer = self.world.peer(number);
            let unread = peer.polled && life.channel(number).0.is_behind(&peer);
            if unread || !peer.parked.is_empty() || peer.unacknowledged.values().any(|left| !left.is_empty()) {
                return Ok(false);
            }
        }
        if self.world.requests().iter().any(|request| request.is_open(&self.world.wall)) {
            return Ok(false);
        }
        let mut conn = life.core.store.reader().await.map_err(broken)?;
        Ok(look::outbox(&mut conn).await.map_err(broken)?.iter().all(look::Sending::is_over))
    }
}
