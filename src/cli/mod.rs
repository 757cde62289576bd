//! The command line. Data goes to stdout, messages and errors to stderr.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Config, Flags, Loaded, Sources};

mod agent;
mod backup;
mod chat;
mod check;
mod documents;
mod exit;
mod flow;
mod inspect;
mod ledger;
mod outbox;
mod quarantine;
mod serve;

pub use exit::{Failure, Outcome};

const EXIT_CODES: &str = "Exit codes:
  0    done
  1    a check or test failed
  2    the command line is wrong
  69   the server or database can't be reached
  75   not possible at present; try again
  78   the configuration is wrong
  130  interrupted";

const EXAMPLES: &str = "Examples:
  switchboard serve
  switchboard serve --listen 0.0.0.0:8080 --data /var/lib/switchboard
  switchboard chat --trace
  switchboard flow lint flows/*.flow.yaml
  switchboard agent add ana@example.com --name Ana --role admin";

/// A chat-first support bot and omnichannel gateway in one process and one file.
#[derive(Parser)]
#[command(version, about, after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"), max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command understands.
#[derive(Args)]
struct Global {
    /// The configuration file; else `SWITCHBOARD_CONFIG`, `switchboard.toml` here, `/etc/switchboard/switchboard.toml`
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of everything that is kept
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<String>,
    /// The address of a PostgreSQL database; a SQLite file in the data folder unless given
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    /// How much to log: error, warn, info, debug, trace, or directives such as `info,switchboard=debug`
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
    /// How to log: auto, text, json
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Serve),
    /// Talk to the bot in the terminal, with the same engine and the same articles
    Chat(chat::Chat),
    /// Check configuration, database, flows, articles, the servers of mailboxes and a running server
    Check(check::Check),
    /// Check, test and apply flows
    #[command(subcommand)]
    Flow(flow::Flow),
    /// Show what a channel makes of a message, as JSON
    Inspect(inspect::Inspect),
    /// Bring in articles
    #[command(subcommand)]
    Kb(documents::Kb),
    /// Manage the accounts of agents
    #[command(subcommand)]
    Agent(agent::Agent),
    /// Show the account of what came in, and act on what could not be filed
    Ledger(ledger::Ledger),
    /// See what could not be delivered, send it again or give it up
    #[command(subcommand)]
    Outbox(outbox::Outbox),
    /// Write a consistent copy of the database, also while the server runs
    Backup(backup::Backup),
    /// Put a copy in place of a missing database, or only look whether a copy is good
    Restore(backup::Restore),
}

/// Runs a command and says how it ended.
pub fn run(cli: Cli) -> ExitCode {
    let global = &cli.global;
    let config = || load(global, None, None).map(|loaded| loaded.config);
    exit::report(match cli.command {
        Command::Serve(command) => serve::run(command, global),
        Command::Check(command) => check::run(&command, global),
        Command::Chat(command) => config().and_then(|config| chat::run(&command, &config)),
        Command::Inspect(command) => config().and_then(|config| inspect::run(&command, &config)),
        Command::Kb(command) => config().and_then(|config| documents::run(&command, &config)),
        Command::Agent(command) => config().and_then(|config| agent::run(command, &config)),
        Command::Ledger(command) => config().and_then(|config| ledger::run(&command, &config)),
        Command::Outbox(command) => config().and_then(|config| outbox::run(command, &config)),
        Command::Backup(command) => config().and_then(|config| backup::back_up(&command, &config)),
        Command::Restore(command) => config().and_then(|config| backup::restore(&command, &config)),
        Command::Flow(flow::Flow::Apply(command)) => {
            config().and_then(|config| documents::apply_flows(&command.files, &config))
        }
        // These need neither configuration nor database.
        Command::Flow(flow::Flow::Lint(command)) => flow::lint(&command),
        Command::Flow(flow::Flow::Test(command)) => flow::test(&command),
    })
}

/// Reads the configuration.
fn load(global: &Global, listen: Option<String>, base_url: Option<String>) -> Result<Loaded, Failure> {
    let flags = Flags {
        listen,
        base_url,
        data: global.data.clone(),
        database: global.database.clone(),
        log_level: global.log_level.clone(),
        log_format: global.log_format.clone(),
    };
    let sources = Sources::gather(global.config.clone(), flags).map_err(|problem| Failure::config([problem]))?;
    let loaded = Config::load(&sources).map_err(Failure::config)?;
    crate::app::check_inboxes(&loaded.config).map_err(|error| Failure::config([format!("{error:#}")]))?;
    Ok(loaded)
}

/// Runs what needs the runtime.
fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::unavailable(format!("the runtime can't be started: {error}")))?;
    Ok(runtime.block_on(work))
}

/// A line on stdout. A reader that went away is no error of ours, and no reason for a server to end.
fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
