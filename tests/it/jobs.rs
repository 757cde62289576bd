//! Timers and jobs are rows: they survive restarts, are done once, and late rather than never. On both databases.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use switchboard::app::{Home, open_core};
use switchboard::clock::ManualClock;
use switchboard::core::Core;
use switchboard::intake::InboxSink;
use switchboard::jobs::{self, Job, Progress};
use switchboard::library::Library;
use switchboard::service;
use switchboard::store::entries::{self, Body, Range};
use switchboard::store::jobs::Row;
use switchboard::store::{Conn, Error, Target, conversations, inboxes, settings, sql, timers};
use switchboard_contract::{
    Accepted, Address, Content, ConversationId, ExternalId, Inbound, InboundMessage, InboundSink, InboxId, Proof,
    Reading, Sender, Seq, StopToken, ThreadKey, Timestamp,
};
use switchboard_engine::Happening;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cluster::Cluster;
use crate::server::{START, in_time};

const TEN_MINUTES: Duration = Duration::from_mins(10);
const HOUR: Duration = Duration::from_hours(1);
const WEEK: Duration = Duration::from_hours(7 * 24);

/// A data folder and a database with a clock of its own; programs on them come and go.
struct House {
    home: Home,
    clock: Arc<ManualClock>,
    /// Goes with the test, as the cluster does.
    _folder: TempDir,
    _cluster: Option<Cluster>,
}

/// The program as it runs: a core and as many runners as it is told to have.
struct Program {
    core: Arc<Core>,
    stop: CancellationToken,
    runners: TaskTracker,
}

impl House {
    fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (home, clock) = (Home::at(folder.path()), Arc::new(ManualClock::new(START)));
        Self { home, clock, _folder: folder, _cluster: None }
    }

    /// None where PostgreSQL is not installed; then a line says so.
    async fn on_postgres() -> Option<Self> {
        let cluster = Cluster::shared()?;
        let target = Target::Postgres(cluster.database().await);
        let house = Self::on_sqlite();
        Some(Self { home: Home { target, lanes: 2, ..house.home.clone() }, _cluster: Some(cluster), ..house })
    }

    async fn start(&self, runners: usize, jobs: &'static [Job]) -> Program {
        let core = open_core(&self.home, Arc::clone(&self.clock) as _).await.expect("opens");
        let program = Program { core, stop: CancellationToken::new(), runners: TaskTracker::new() };
        for _ in 0..runners {
            program.add_runner(jobs);
        }
        program
    }
}

/// Each of these behaviours on both databases.
macro_rules! on_both {
    ($($behaviour:ident)+) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $behaviour() {
                super::$behaviour(super::House::on_sqlite()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $behaviour() {
                if let Some(house) = super::House::on_postgres().await {
                    super::$behaviour(house).await;
                }
            })+
        }
    };
}

on_both! {
    a_timer_set_before_a_restart_fires_after_it_late_and_once
    a_timer_before_its_time_waits
    a_firing_that_was_not_committed_happens_again_and_only_once
    many_runners_on_one_store_fire_each_timer_once_and_run_each_job_once
    a_week_without_the_program_costs_one_run_and_a_restart_costs_none
    a_job_that_fails_leaves_nothing_says_why_and_stops_no_other
    a_long_job_goes_on_in_parts_until_it_is_done
    a_clock_that_was_wrong_for_a_while_loses_nothing_and_repeats_nothing
    a_timer_that_cannot_fire_is_given_up_after_a_while_and_costs_only_itself
}

impl Program {
    fn add_runner(&self, jobs: &'static [Job]) {
        let stop = StopToken::new(self.stop.clone().cancelled_owned());
        self.runners.spawn(jobs::run(Arc::clone(&self.core), jobs, stop));
    }

    async fn stop(self) {
        self.stop.cancel();
        self.runners.close();
        in_time("the runners' end", self.runners.wait()).await;
        self.core.store.close().await;
    }

    async fn reader(&self) -> impl std::ops::DerefMut<Target = Conn> {
        self.core.store.reader().await.expect("a reader")
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        self.core.store.write(work).await
    }

    /// Somebody who asked for a person and waits.
    async fn waiting(&self, name: &str) -> ConversationId {
        let inbox = InboxId::from_parts(START, 1);
        self.write(move |conn| {
            Box::pin(async move { inboxes::ensure(conn, inbox, "bare", "bare", "Bare", START).await })
        })
        .await
        .expect("an inbox");
        let from = Sender {
            address: Address(name.to_owned()),
            name: None,
            email: None,
            proof: Proof::Anonymous,
            language: None,
            facts: std::collections::BTreeMap::new(),
        };
        let content = Content::plain("talk to a person");
        let message = InboundMessage { from, thread: ThreadKey(name.to_owned()), content, choice: None, letter: None };
        let inbound = Inbound {
            external_id: ExternalId(name.to_owned()),
            occurred_at: None,
            raw: b"talk to a person".to_vec(),
            reading: Reading::Message(Box::new(message)),
        };
        let sink = InboxSink::new(Arc::clone(&self.core), inbox);
        let accepted = sink.accept(vec![inbound], None).await.expect("accepted").remove(0);
        let Accepted::Filed { conversation, .. } = accepted else { panic!("{accepted:?}") };
        conversation
    }

    /// How often somebody was told that they still wait.
    async fn told(&self, id: ConversationId) -> usize {
        let mut conn = self.reader().await;
        let all = entries::read(&mut conn, id, Range::After(Seq::default()), false, 1_000).await.expect("reads");
        all.iter().filter(|e| matches!(&e.body, Body::Log(log) if log.what == Happening::StillWaiting)).count()
    }

    /// The rows of timers there are, whenever they are due.
    async fn rows(&self) -> Vec<timers::Row> {
        timers::due(&mut *self.reader().await, Timestamp::from_millis(i64::MAX), 1_000).await.expect("reads")
    }

    /// Waits until the database shows something, looking again after each commit. The clock rings no bell when it is moved by
    /// hand, so one commit is made here.
    async fn until(&self, what: &str, shown: impl AsyncFn(&Self) -> bool) {
        let mut bell = self.core.store.commits();
        self.core.store.probe().await.expect("the database works");
        in_time(what, async {
            loop {
                bell.mark_unchanged();
                if shown(self).await {
                    return;
                }
                // Another program's commits ring no bell here.
                let rung = tokio::time::timeout(Duration::from_millis(200), bell.changed()).await;
                assert!(!matches!(rung, Ok(Err(_))), "the store is open");
            }
        })
        .await;
    }

    async fn until_no_timer_runs(&self) {
        self.until("the timers fire", async |program| program.rows().await.is_empty()).await;
    }

    async fn setting(&self, name: &str) -> u32 {
        let kept = settings::get(&mut *self.reader().await, name).await.expect("reads");
        kept.map_or(0, |text| text.parse().expect("a number"))
    }

    async fn job(&self, name: &str) -> Row {
        let rows = switchboard::store::jobs::all(&mut *self.reader().await).await.expect("reads");
        // The runner that gives it a row may not have begun yet.
        let none = Row { name: name.to_owned(), due: Timestamp::default(), last_run: None, last_error: None };
        rows.into_iter().find(|row| row.name == name).unwrap_or(none)
    }
}

async fn a_timer_set_before_a_restart_fires_after_it_late_and_once(house: House) {
    let program = house.start(1, jobs::ALL).await;
    let id = program.waiting("eve").await;
    assert_eq!(program.rows().await.len(), 1, "the timer is a row as soon as the conversation waits");
    program.stop().await;

    house.clock.advance(HOUR);
    let program = house.start(1, jobs::ALL).await;
    program.until_no_timer_runs().await;
    assert_eq!(program.told(id).await, 1);
    program.stop().await;

    house.clock.advance(WEEK);
    let program = house.start(1, jobs::ALL).await;
    program
        .until("the week's chores", async |program| program.job("sweep").await.last_run == Some(START + HOUR + WEEK))
        .await;
    assert_eq!(program.told(id).await, 1, "not again");
    program.stop().await;
}

async fn a_timer_before_its_time_waits(house: House) {
    let program = house.start(1, &[]).await;
    let id = program.waiting("eve").await;
    house.clock.advance(Duration::from_mins(1));
    let later = program.waiting("later").await;
    let due = async |at| timers::due(&mut *program.reader().await, at, 10).await.expect("reads").len();
    let time = START + TEN_MINUTES;
    assert_eq!((due(time - Duration::from_millis(1)).await, due(time).await), (0, 1));
    house.clock.set(time);
    program.until("the first is told", async |program| program.told(id).await == 1).await;
    assert_eq!((program.told(later).await, program.rows().await.len()), (0, 1));
    program.stop().await;
}

/// The process dies after the turn was decided and before the commit: nothing of it happened, the row least of all.
async fn a_firing_that_was_not_committed_happens_again_and_only_once(house: House) {
    let program = house.start(0, &[]).await;
    let id = program.waiting("eve").await;
    house.clock.advance(TEN_MINUTES);
    let row = program.rows().await.remove(0);
    let (library, fired) = (program.core.library.get(), row.clone());
    let cut = program.write(move |conn| Box::pin(fire_and_die(conn, library, fired))).await;
    assert!(matches!(cut, Err(Error::Panicked(_))), "{cut:?}");
    assert_eq!((program.told(id).await, program.rows().await), (0, vec![row.clone()]));
    program.stop().await;

    let program = house.start(1, &[]).await;
    program.until_no_timer_runs().await;
    assert_eq!(program.told(id).await, 1);
    // Whoever had read the row before comes too late.
    let library = program.core.library.get();
    let late = program.write(move |conn| Box::pin(async move { fire(conn, &library, &row).await })).await;
    assert!(late.is_ok(), "{late:?}");
    assert_eq!(program.told(id).await, 1);
    program.stop().await;
}

async fn fire(conn: &mut Conn, library: &Library, row: &timers::Row) -> Result<(), Error> {
    service::timers::fire(conn, library, row, START + TEN_MINUTES).await
}

async fn fire_and_die(conn: &mut Conn, library: Arc<Library>, row: timers::Row) -> Result<(), Error> {
    fire(conn, &library, &row).await?;
    let conversation = row.read()?.0;
    let record = conversations::get(conn, conversation).await?;
    assert!(record.is_none_or(|record| !record.state.timers.is_empty()), "the power fails here");
    Ok(())
}

async fn many_runners_on_one_store_fire_each_timer_once_and_run_each_job_once(house: House) {
    let program = house.start(0, &[]).await;
    let mut waiting = Vec::new();
    for number in 0..100 {
        waiting.push(program.waiting(&format!("visitor {number}")).await);
    }
    house.clock.advance(TEN_MINUTES);
    for _ in 0..4 {
        program.add_runner(COUNTING);
    }
    program.until_no_timer_runs().await;
    program.until("the job runs", async |program| program.setting("counted").await > 0).await;
    house.clock.advance(HOUR);
    program.until("the job runs again", async |program| program.setting("counted").await > 1).await;
    program.stop().await;

    let program = house.start(0, &[]).await;
    for id in waiting {
        assert_eq!(program.told(id).await, 1);
    }
    assert_eq!(program.setting("counted").await, 2, "one run for each date, whoever looked");
    program.stop().await;
}

/// Two whole programs, with writers of their own, which only the database keeps apart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_programs_on_one_postgres_fire_each_timer_once_and_run_each_job_once() {
    let Some(house) = House::on_postgres().await else { return };
    let one = house.start(0, &[]).await;
    let two = house.start(0, &[]).await;
    let mut waiting = Vec::new();
    for number in 0..100 {
        waiting.push(one.waiting(&format!("visitor {number}")).await);
    }
    house.clock.advance(TEN_MINUTES);
    for program in [&one, &two] {
        program.add_runner(COUNTING);
        program.add_runner(COUNTING);
    }
    one.until_no_timer_runs().await;
    one.until("the job runs", async |program| program.setting("counted").await > 0).await;
    house.clock.advance(HOUR);
    one.until("the job runs again", async |program| program.setting("counted").await > 1).await;
    one.stop().await;
    two.stop().await;

    let program = house.start(0, &[]).await;
    for id in waiting {
        assert_eq!(program.told(id).await, 1);
    }
    assert_eq!(program.setting("counted").await, 2, "one run for each date, whoever looked");
    program.stop().await;
}

const COUNTING: &[Job] = &[Job { name: "counting", period: HOUR, work: |_, conn, _| Box::pin(count(conn, "counted")) }];

async fn count(conn: &mut Conn, name: &str) -> Result<Progress, Error> {
    let before: u32 = settings::get(conn, name).await?.map_or(0, |text| text.parse().expect("a number"));
    settings::set(conn, name, &(before + 1).to_string()).await?;
    Ok(Progress::Done)
}

async fn a_week_without_the_program_costs_one_run_and_a_restart_costs_none(house: House) {
    let program = house.start(1, COUNTING).await;
    program.until("the first run", async |program| program.setting("counted").await == 1).await;
    program.stop().await;

    let program = house.start(1, COUNTING).await;
    program.waiting("somebody").await;
    program.stop().await;

    house.clock.advance(WEEK);
    let program = house.start(1, COUNTING).await;
    program.until("the run after a week", async |program| program.setting("counted").await > 1).await;
    let row = program.job("counting").await;
    assert_eq!((row.last_run, row.due), (Some(START + WEEK), START + WEEK + HOUR));
    program.stop().await;
    let program = house.start(0, &[]).await;
    assert_eq!(program.setting("counted").await, 2);
    program.stop().await;
}

const FAILING: &[Job] = &[
    Job {
        name: "failing",
        period: HOUR,
        work: |_, conn, _| {
            Box::pin(async move {
                count(conn, "lost").await?;
                Err(Error::Corrupt { what: "cup", detail: "it leaks".to_owned() })
            })
        },
    },
    Job { name: "sound", period: HOUR, work: |_, conn, _| Box::pin(count(conn, "sound")) },
];

async fn a_job_that_fails_leaves_nothing_says_why_and_stops_no_other(house: House) {
    let program = house.start(1, FAILING).await;
    program.until("the sound one runs", async |program| program.setting("sound").await == 1).await;
    program.until("the failure is noted", async |program| program.job("failing").await.last_error.is_some()).await;
    let row = program.job("failing").await;
    assert_eq!(row.last_error.as_deref(), Some("the stored cup can't be read: it leaks"));
    assert!(
        row.last_run.is_none() && row.due > START && row.due < START + HOUR,
        "tried again before its period: {row:?}"
    );
    assert_eq!(program.setting("lost").await, 0, "what a failed run wrote is undone");
    program.stop().await;
}

const IN_PARTS: &[Job] = &[Job {
    name: "in_parts",
    period: HOUR,
    work: |_, conn, _| {
        Box::pin(async move {
            count(conn, "parts").await?;
            let done: u32 = settings::get(conn, "parts").await?.map_or(0, |text| text.parse().expect("a number"));
            Ok(if done.is_multiple_of(5) { Progress::Done } else { Progress::More })
        })
    },
}];

async fn a_long_job_goes_on_in_parts_until_it_is_done(house: House) {
    let program = house.start(1, IN_PARTS).await;
    program.until("it ends", async |program| program.job("in_parts").await.due == START + HOUR).await;
    assert_eq!(program.setting("parts").await, 5);
    program.stop().await;
}

async fn a_clock_that_was_wrong_for_a_while_loses_nothing_and_repeats_nothing(house: House) {
    let program = house.start(1, COUNTING).await;
    let id = program.waiting("eve").await;
    program.until("the first run", async |program| program.setting("counted").await == 1).await;
    // Years ahead: what is due by then happens, once.
    house.clock.advance(WEEK * 500);
    program.until("it is told early", async |program| program.told(id).await == 1).await;
    program.until("the second run", async |program| program.setting("counted").await == 2).await;
    // Back again: the job does not wait for years, and who was told is not told again.
    house.clock.set(START + Duration::from_mins(1));
    program.until("the third run", async |program| program.setting("counted").await == 3).await;
    assert_eq!(program.job("counting").await.due, START + Duration::from_mins(1) + HOUR);
    let next = program.waiting("next").await;
    house.clock.advance(TEN_MINUTES);
    program.until("the next is told", async |program| program.told(next).await == 1).await;
    assert_eq!((program.told(id).await, program.setting("counted").await), (1, 3));
    program.stop().await;
}

async fn a_timer_that_cannot_fire_is_given_up_after_a_while_and_costs_only_itself(house: House) {
    let program = house.start(1, &[]).await;
    let poisoned = program.waiting("poisoned").await;
    let good = program.waiting("good").await;
    let state = program
        .write(move |conn| {
            Box::pin(async move {
                let state: String = sql::query_scalar("SELECT state FROM conversations WHERE id = $1")
                    .bind(poisoned.to_string())
                    .fetch_one(&mut *conn)
                    .await?;
                set_state(conn, poisoned, "{not json").await?;
                Ok(state)
            })
        })
        .await
        .expect("poisoned");
    house.clock.advance(TEN_MINUTES);
    program.until("the good one fires", async |program| program.told(good).await == 1).await;
    program
        .until("the poisoned one is given up", async |program| {
            house.clock.advance(TEN_MINUTES);
            timers::count_given_up(&mut *program.reader().await).await.expect("reads") == 1
        })
        .await;
    assert!(program.rows().await.is_empty(), "nobody looks at it any more");
    program.stop().await;

    // A program that can read it again is given the chance.
    let program = house.start(0, &[]).await;
    program.write(move |conn| Box::pin(async move { set_state(conn, poisoned, &state).await })).await.expect("mended");
    program.add_runner(&[]);
    program.until("it fires after all", async |program| program.told(poisoned).await == 1).await;
    assert_eq!(timers::count_given_up(&mut *program.reader().await).await.expect("reads"), 0);
    program.stop().await;
}

async fn set_state(conn: &mut Conn, id: ConversationId, state: &str) -> Result<(), Error> {
    sql::query("UPDATE conversations SET state = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(state)
        .execute(conn)
        .await?;
    Ok(())
}
