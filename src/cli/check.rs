//! `switchboard check`: says of each part what was tried, what was seen and what mends it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::{Failure, Global, Outcome, block_on, load, say};
use crate::app::{self, Home};
use crate::clock::SystemClock;
use crate::config::{Config, Loaded};
use crate::http;
use crate::library::{self, Library};
use crate::store::accounts;
use crate::store::documents::{self, Kind};

/// How long a running server may take to answer.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(5);
/// The most bytes of its answer that are read.
const HEALTH_BYTES_MAX: u64 = 64 * 1024;

/// Check configuration, database, flows, articles, the servers of mailboxes and, with --health, a running server.
#[derive(Args)]
pub(super) struct Check {
    /// Print every setting with its value and origin; secrets are hidden
    #[arg(long)]
    show: bool,
    /// Only ask the running server whether it is ready
    #[arg(long)]
    health: bool,
}

pub(super) fn run(command: &Check, global: &Global) -> Outcome {
    let loaded = load(global, None, None)?;
    if command.health {
        return health(loaded.config.server.listen);
    }
    if command.show {
        show(&loaded);
        return Ok(());
    }
    say("ok    configuration");
    match http::bundle_problem() {
        None => say("ok    web pages"),
        Some(problem) => say(format_args!("warn  web pages: {problem}")),
    }
    let database = block_on(database(&loaded.config))?;
    // Both are told, whatever the first one says.
    let channels = block_on(channels(&loaded.config))?;
    database.and(channels)
}

/// Tries what inboxes connect to.
async fn channels(config: &Config) -> Outcome {
    let mut wrong = Vec::new();
    for told in app::probe(config).await? {
        match told {
            Ok(what) => say(format_args!("ok    {what}")),
            Err(why) => wrong.push(why),
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failure::check(wrong)) }
}

fn show(loaded: &Loaded) {
    for setting in loaded.shown() {
        say(format_args!("{} = {}  ({})", setting.key, setting.value, setting.origin));
    }
}

async fn database(config: &Config) -> Outcome {
    let home = Home::of(config);
    if !home.has_database() {
        say(format_args!("ok    database: {} will be made at the first start", home.target));
        return Ok(());
    }
    let core = app::open_as_it_is(&home, Arc::new(SystemClock)).await?;
    core.store.probe().await.map_err(Failure::from)?;
    say(format_args!("ok    database {}", home.target));
    let documents = documents::load(&mut *core.store.reader().await?).await?;
    let library = core.library.get();
    let mut wrong: Vec<String> = library.problems.iter().map(ToString::to_string).collect();
    for document in documents.iter().filter(|document| document.head) {
        wrong.extend(mistakes(document, &library));
    }
    let count = |kind| documents.iter().filter(|document| document.head && document.key.kind == kind).count();
    if wrong.is_empty() {
        say(format_args!("ok    {} flows, {} articles, bot book", count(Kind::Flow), count(Kind::Article)));
    }
    let admins = accounts::admins(&mut *core.store.reader().await?).await?;
    if admins == 0 {
        say("warn  nobody can administer: `switchboard agent add EMAIL --role admin`");
    } else {
        say(format_args!("ok    {admins} admin(s)"));
    }
    core.store.close().await;
    if wrong.is_empty() { Ok(()) } else { Err(Failure::check(wrong)) }
}

fn mistakes(document: &documents::Document, library: &Library) -> Vec<String> {
    let found = library::check(&document.key, &document.source, library);
    found.err().into_iter().flatten().map(|problem| problem.to_string()).collect()
}

/// Asks `/readyz` of the server on this machine. Plain HTTP by hand: a health check must not need more than a socket.
fn health(listen: SocketAddr) -> Outcome {
    let mut address = listen;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let answer = ask(address).map_err(|error| Failure::unavailable(format!("no answer from {address}: {error}")))?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    if answer.starts_with("HTTP/1.1 200") {
        say("ready");
        return Ok(());
    }
    let told: Option<serde_json::Value> = serde_json::from_str(body).ok();
    let why = told.as_ref().and_then(|told| told["why"].as_str()).unwrap_or(body.trim());
    Err(Failure::again(format!("the server is not ready: {why}")))
}

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, HEALTH_TIMEOUT)?;
    stream.set_read_timeout(Some(HEALTH_TIMEOUT))?;
    stream.write_all(format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.take(HEALTH_BYTES_MAX).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
