//! The whole path of a message, measured: `make bench`. Each section is one question; what its numbers mean stands in
//! `benches/README.md`. Prints tables and writes `target/bench/report.json`.
//!
//! `ONLY=turns,postgres` runs these sections alone; `QUICK=1` runs small ones, to see whether the bench itself works.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::time::Instant;

use serde_json::{Value, json};

mod channel;
#[path = "../../tests/it/cluster.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod cluster;
mod flush;
mod growth;
mod live;
mod pipelined;
mod postgres;
mod report;
mod rows;
mod server;
mod socket;
mod sockets;
mod sqlite;
mod step;
mod turns;
mod webchat;

use report::Section;

/// How much is measured.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    /// Runs of each measurement; the median counts.
    runs: usize,
    /// Messages of each run.
    messages: usize,
    /// Conversations in the larger of two databases.
    conversations: usize,
    /// Sockets that are open and silent.
    idle: usize,
    /// Sockets that chat.
    live: usize,
    /// Seconds of chatting that are measured.
    seconds: u32,
}

const FULL: Size = Size { runs: 5, messages: 8_000, conversations: 1_000_000, idle: 10_000, live: 5_000, seconds: 20 };
const QUICK: Size = Size { runs: 1, messages: 1_000, conversations: 20_000, idle: 500, live: 200, seconds: 2 };

/// Sections by name, in the order they run.
const NAMES: [&str; 7] = ["turns", "webchat", "postgres", "growth", "sockets", "live", "step"];

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(run());
}

async fn run() {
    let only = std::env::var("ONLY").unwrap_or_default();
    let wanted: Vec<&str> = only.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if let Some(unknown) = wanted.iter().find(|name| !NAMES.contains(name)) {
        println!("there is no section `{unknown}`; there are {}", NAMES.join(", "));
        std::process::exit(2);
    }
    let size = if std::env::var("QUICK").is_ok_and(|quick| !quick.is_empty()) { QUICK } else { FULL };
    let about = about(size);
    println!("{}\n", about["machine"].as_str().unwrap_or_default());
    let mut sections = Vec::new();
    for name in NAMES.into_iter().filter(|name| wanted.is_empty() || wanted.contains(name)) {
        let start = Instant::now();
        let section = section(name, size).await;
        println!("{}\n_{} took {:.0} s_\n", section.markdown(), name, start.elapsed().as_secs_f64());
        sections.push(section);
        // What is found is kept, though a later section may fail.
        report::save(&sections, &about);
    }
}

async fn section(name: &'static str, size: Size) -> Section {
    match name {
        "turns" => turns::section(size).await,
        "webchat" => webchat::section(size).await,
        "postgres" => postgres::section(size).await,
        "growth" => growth::section(size).await,
        "sockets" => sockets::section(size).await,
        "live" => live::section(size).await,
        _ => step::section(),
    }
}

/// What has to be known to read the numbers.
fn about(size: Size) -> Value {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let flush = report::place();
    let flush = flush::cost(&flush) * 1e3;
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("?").to_owned();
    let machine = format!(
        "{cores} cores, load {load} before the start, a flush (4 KiB appended, fdatasync) in {flush:.2} ms, medians of {} runs",
        size.runs
    );
    json!({"machine": machine, "cores": cores, "load": load, "flush_ms": flush, "runs": size.runs, "messages": size.messages})
}
