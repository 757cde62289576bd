//! The `switchboard` program.

use std::process::ExitCode;

use clap::Parser;
use switchboard::cli::Cli;

fn main() -> ExitCode {
    switchboard::cli::run(Cli::parse())
}
