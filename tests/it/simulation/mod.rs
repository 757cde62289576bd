//! The program under a storm, from a seed, compared with an obviously right model.
//!
//! The real core (store on a file, intake, outbox, desk) runs in one process; contacts, agents, peers, clocks and the moments
//! of death follow from the seed. `SEED=7` runs one seed and shows its whole history when it fails; `SIMULATE_SECONDS=120`
//! hunts that long.
//!
//! | file | job |
//! | --- | --- |
//! | `chance` | all randomness, from the seed |
//! | `gate` | the moment of death at a commit |
//! | `peer`, `channel` | the far side's truth and misbehaviour; the adapter before it |
//! | `desk` | what agents ask for and are told |
//! | `life` | one life of the program, and when it is at rest |
//! | `scenario` | the deeds, over as many lives as it takes |
//! | `look` | the truth of the tables |
//! | `watch`, `model`, `timeline` | what has to be so |
//! | `history`, `world` | what happened; what outlives every process |

mod chance;
mod channel;
mod desk;
mod gate;
mod history;
mod life;
mod look;
mod model;
mod peer;
mod scenario;
mod timeline;
mod watch;
mod world;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use switchboard::clock::{Clock, SystemClock};
use switchboard::store::Point;
use switchboard::store::{Error, Store, Target, accounts};
use tempfile::TempDir;

use peer::Side;
use scenario::{Fate, Scenario, Tally};
use world::{Weather, World};

/// How long the hunt takes unless `SIMULATE_SECONDS` says otherwise.
const SECONDS: u64 = 5;

/// A folder in memory where there is one: what a process leaves behind when it dies is the same there, and a flush to disk
/// costs nothing.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.expect("a folder")
}

fn number(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name}={value} is no number")))
}

fn commit() -> String {
    let shown = Command::new("git").args(["rev-parse", "--short", "HEAD"]).output().ok();
    let shown = shown
        .filter(|shown| shown.status.success())
        .map(|shown| String::from_utf8_lossy(&shown.stdout).trim().to_owned());
    shown.unwrap_or_else(|| "unknown".to_owned())
}

/// A database with its tables and the agents, as bytes: each run begins with a copy.
fn template(folder: &Path) -> Vec<u8> {
    let file = folder.join("template.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(&Target::File(file.clone())).await.expect("opens");
        let agents = World::new(0, 0, Weather::Calm, None).agents;
        store
            .write::<_, Error, _>(move |conn| {
                Box::pin(async move {
                    for agent in &agents {
                        accounts::add_agent(conn, agent, crate::server::START).await?;
                    }
                    Ok(())
                })
            })
            .await
            .expect("agents");
        store.close().await;
    });
    std::fs::read(&file).expect("the database")
}

/// Runs one scenario; panics with all that is needed to see it again.
fn run(seed: u64, folder: &Path, template: &[u8], weather: Weather, fate: Fate, whole: bool) -> (Tally, String) {
    let mut scenario = Scenario::new(seed, folder, weather, fate);
    let found = scenario.run(template);
    for file in std::fs::read_dir(folder).expect("the folder").flatten() {
        if file.file_name().to_string_lossy().starts_with(&format!("{seed}.db")) {
            let _ = std::fs::remove_file(file.path());
        }
    }
    let history = scenario.world.history();
    if let Err(finding) = found {
        let lines = if whole { history.all() } else { history.about(finding.contact) };
        let commit = commit();
        let who = finding.contact.map_or_else(String::new, |contact| format!("contact {contact}: "));
        panic!(
            "SEED={seed} at commit {commit}, {fate:?}:\n{who}{}\n\n{lines}\nSEED={seed} at commit {commit}",
            finding.what
        );
    }
    (scenario.tally, history.all())
}

#[test]
fn nothing_is_lost_and_nothing_is_done_twice_whatever_happens() {
    let (folder, begun) = (folder(), Instant::now());
    let template = template(folder.path());
    if let Some(seed) = number("SEED") {
        let (tally, history) = run(seed, folder.path(), &template, Weather::Stormy, Fate::default(), true);
        println!("{history}\nSEED={seed} at commit {}: nothing was found ({tally:?})", commit());
        return;
    }
    let seconds = Duration::from_secs(number("SIMULATE_SECONDS").unwrap_or(SECONDS));
    // Other seeds each time: a hunt that always looks at the same place finds nothing.
    let first = u64::try_from(SystemClock.now().millis()).unwrap_or(0) % 1_000_000_000 * 1_000;
    println!("the simulation begins at SEED={first}, commit {}", commit());
    let (mut seeds, mut sum) = (0, Tally::default());
    while seeds == 0 || begun.elapsed() < seconds {
        let (tally, _) = run(first + seeds, folder.path(), &template, Weather::Stormy, Fate::default(), false);
        seeds += 1;
        sum.lives += tally.lives;
        sum.commits += tally.commits;
        sum.sends += tally.sends;
        sum.written += tally.written;
    }
    println!(
        "simulation: {seeds} seeds in {:.0} s found nothing: {} lives, {} commits, {} items in, {} sends",
        begun.elapsed().as_secs_f64(),
        sum.lives,
        sum.commits,
        sum.written,
        sum.sends
    );
}

#[test]
fn a_seed_runs_again_as_it_ran() {
    let folder = folder();
    let template = template(folder.path());
    for seed in 1..=3 {
        let (_, first) = run(seed, folder.path(), &template, Weather::Stormy, Fate::default(), true);
        let (_, again) = run(seed, folder.path(), &template, Weather::Stormy, Fate::default(), true);
        let apart = first.lines().zip(again.lines()).find(|(one, other)| one != other);
        assert!(first == again, "SEED={seed} went another way: {apart:?}");
    }
}

#[test]
fn a_crash_on_either_side_of_every_commit_and_every_send_is_survived() {
    let folder = folder();
    let template = template(folder.path());
    let seed = 11;
    let (whole, _) = run(seed, folder.path(), &template, Weather::Calm, Fate::default(), true);
    let mut runs = 0;
    for commit in 1..=whole.commits {
        for point in [Point::BeforeCommit, Point::AfterCommit] {
            let fate = Fate { commit: Some((commit, point)), send: None };
            let (tally, _) = run(seed, folder.path(), &template, Weather::Calm, fate, true);
            assert_eq!(tally.lives, 2, "{fate:?}");
            runs += 1;
        }
    }
    for send in 1..=whole.sends {
        for side in [Side::Before, Side::After] {
            let fate = Fate { commit: None, send: Some((send, side)) };
            let (tally, _) = run(seed, folder.path(), &template, Weather::Calm, fate, true);
            assert_eq!(tally.lives, 2, "{fate:?}");
            runs += 1;
        }
    }
    println!("{runs} crashes over {} commits and {} sends were survived", whole.commits, whole.sends);
}
