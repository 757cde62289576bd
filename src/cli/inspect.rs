//! `switchboard inspect`: what a channel makes of one message, without filing it.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::{Failure, Outcome, block_on};
use crate::app;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::limits::INBOUND_BYTES_MAX;

/// Show what a channel makes of a message, as JSON: what becomes of it, what wrote it, its text, its thread, its sender, and
/// why. Nothing is filed, sent or changed.
///
/// Example: switchboard inspect email mail.eml
#[derive(Args)]
pub(super) struct Inspect {
    /// The kind of channel: `email`
    #[arg(value_name = "KIND")]
    kind: String,
    /// The message as it came in; `-` reads it from stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// By the settings of this inbox; the first of the kind unless given
    #[arg(long, value_name = "SLUG")]
    inbox: Option<String>,
}

pub(super) fn run(command: &Inspect, config: &Config) -> Outcome {
    let raw = read(&command.file).map_err(|error| Failure::usage(format!("{}: {error}", command.file.display())))?;
    if raw.len() > INBOUND_BYTES_MAX {
        return Err(Failure::usage(format!("{}: more than {INBOUND_BYTES_MAX} bytes", command.file.display())));
    }
    let asked = (command.kind.as_str(), command.inbox.as_deref());
    let found = block_on(app::inspect(config, Arc::new(SystemClock), asked, &raw))??.map_err(Failure::usage)?;
    // A reader that went away is no error of ours.
    let _ = writeln!(std::io::stdout(), "{found:#}");
    Ok(())
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let input: Box<dyn Read> =
        if file == Path::new("-") { Box::new(std::io::stdin()) } else { Box::new(std::fs::File::open(file)?) };
    let mut raw = Vec::new();
    input.take(INBOUND_BYTES_MAX as u64 + 1).read_to_end(&mut raw)?;
    Ok(raw)
}
