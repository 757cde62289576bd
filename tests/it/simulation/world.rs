//! What outlives every process: the far sides, the agents' screens, the clock on the wall, the history.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use switchboard::clock::Clock;
use switchboard::store::accounts::{Agent, Role};
use switchboard_contract::{AgentId, DeliveryId, InboxId, Seq, Timestamp};

use tokio::time::Instant;

use super::chance::Chance;
use super::desk::Request;
use super::history::History;
use super::peer::{Parked, Peer, Plan, Side};
use crate::server::START;

/// Channels: polled and pushed, each with and without recognising a repeated delivery.
pub(super) const CHANNELS: usize = 4;
/// Agents at the desk.
const AGENTS: [&str; 3] = ["Ana", "Ben", "Cem"];

/// A clock that is set: machines' clocks jump, both ways.
pub(super) struct Wall {
    now: Mutex<Timestamp>,
    /// The latest time it ever showed.
    latest: Mutex<Timestamp>,
}

impl Wall {
    fn new(start: Timestamp) -> Self {
        Self { now: Mutex::new(start), latest: Mutex::new(start) }
    }

    pub(super) fn set(&self, to: Timestamp) {
        *lock(&self.now) = to;
        let mut latest = lock(&self.latest);
        *latest = to.max(*latest);
    }

    pub(super) fn latest(&self) -> Timestamp {
        *lock(&self.latest)
    }
}

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        *lock(&self.now)
    }
}

/// What is wrong, and with whose conversation.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) contact: Option<usize>,
    pub(super) what: String,
}

impl Finding {
    pub(super) fn about(contact: usize, what: impl Into<String>) -> Self {
        Self { contact: Some(contact), what: what.into() }
    }

    pub(super) fn general(what: impl Into<String>) -> Self {
        Self { contact: None, what: what.into() }
    }
}

/// A finding unless it is so.
pub(super) fn must(is_so: bool, finding: impl FnOnce() -> Finding) -> Result<(), Finding> {
    if is_so { Ok(()) } else { Err(finding()) }
}

/// How peers behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weather {
    /// Everything that can go wrong does.
    Stormy,
    /// The peers do as they should.
    Calm,
}

struct Sky {
    weather: Weather,
    sends: u32,
    /// The process dies at this send, counted from 1 over all its lives.
    fatal: Option<(u32, Side)>,
    /// How often it may still die at a send by chance.
    deaths_left: u32,
}

pub(super) struct World {
    pub(super) seed: u64,
    pub(super) wall: Arc<Wall>,
    pub(super) contacts: usize,
    /// Two dispatchers share the database, as those of two nodes, or of a process that was held up and goes on after its lease.
    pub(super) twins: bool,
    pub(super) agents: Vec<Agent>,
    peers: Vec<Mutex<Peer>>,
    requests: Mutex<Vec<Request>>,
    /// Deliveries that a person had sent again or dropped, and how often they asked for it.
    decided: Mutex<BTreeMap<DeliveryId, usize>>,
    history: Mutex<History>,
    sky: Mutex<Sky>,
}

impl World {
    pub(super) fn new(seed: u64, contacts: usize, weather: Weather, fatal: Option<(u32, Side)>) -> Self {
        let peer = |number: usize| Peer::new(number.is_multiple_of(2), number < 2);
        Self {
            seed,
            wall: Arc::new(Wall::new(START)),
            contacts,
            twins: weather == Weather::Stormy && seed.is_multiple_of(3),
            agents: AGENTS.iter().enumerate().map(|(number, name)| agent(number, name)).collect(),
            peers: (0..CHANNELS).map(|number| Mutex::new(peer(number))).collect(),
            requests: Mutex::default(),
            decided: Mutex::default(),
            history: Mutex::default(),
            sky: Mutex::new(Sky { weather, sends: 0, fatal, deaths_left: 2 }),
        }
    }

    pub(super) fn inbox(number: usize) -> InboxId {
        InboxId::from_parts(START, u128::try_from(number).unwrap_or(0) + 1)
    }

    /// The channel a contact uses.
    pub(super) fn channel_of(contact: usize) -> usize {
        contact % CHANNELS
    }

    pub(super) fn peer(&self, number: usize) -> MutexGuard<'_, Peer> {
        lock(&self.peers[number])
    }

    /// Lets attempts that are wanted go on; how many they were.
    pub(super) fn release(&self, wanted: impl Fn(&Parked) -> bool) -> usize {
        self.peers.iter().map(|peer| lock(peer).release(&wanted)).sum()
    }

    /// The attempts that peers have not answered.
    pub(super) fn at_peers(&self) -> BTreeSet<(DeliveryId, u32)> {
        self.peers
            .iter()
            .flat_map(|peer| lock(peer).parked.values().map(|one| one.attempt).collect::<Vec<_>>())
            .collect()
    }

    /// When the attempts that peers have not answered were begun.
    pub(super) fn begun(&self) -> Vec<Instant> {
        self.peers.iter().flat_map(|peer| lock(peer).parked.values().map(|one| one.begun).collect::<Vec<_>>()).collect()
    }

    pub(super) fn requests(&self) -> MutexGuard<'_, Vec<Request>> {
        lock(&self.requests)
    }

    pub(super) fn decided(&self) -> MutexGuard<'_, BTreeMap<DeliveryId, usize>> {
        lock(&self.decided)
    }

    pub(super) fn history(&self) -> MutexGuard<'_, History> {
        lock(&self.history)
    }

    pub(super) fn note(&self, contact: Option<usize>, text: String) {
        self.history().note(contact, text);
    }

    pub(super) fn sends(&self) -> u32 {
        lock(&self.sky).sends
    }

    pub(super) fn calm_down(&self) {
        lock(&self.sky).weather = Weather::Calm;
    }

    /// How the peer treats an attempt: it follows from the seed and the attempt alone.
    pub(super) fn plan(&self, contact: usize, at: Seq, attempt: u32) -> Plan {
        let mut sky = lock(&self.sky);
        sky.sends += 1;
        let sends = sky.sends;
        if let Some((_, side)) = sky.fatal.take_if(|(send, _)| *send == sends) {
            return Plan { dies: Some(side), ..Plan::GOOD };
        }
        if sky.weather == Weather::Calm {
            return Plan::GOOD;
        }
        let drawn = Plan::draw(&mut Chance::about(self.seed, (contact, at.0, attempt)), attempt);
        if drawn.dies.is_some() {
            if sky.deaths_left == 0 {
                return Plan::GOOD;
            }
            sky.deaths_left -= 1;
        }
        drawn
    }

    /// Moves the clock on the wall.
    pub(super) fn pass(&self, by: Duration) {
        self.wall.set(self.wall.now() + by);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn agent(number: usize, name: &str) -> Agent {
    Agent {
        id: AgentId::from_parts(START, u128::try_from(number).unwrap_or(0) + 1),
        email: format!("{}@example.com", name.to_lowercase()),
        name: name.to_owned(),
        role: Role::Agent,
        disabled: false,
        active: true,
    }
}
