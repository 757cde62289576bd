//! `switchboard flow apply` and `switchboard kb import`: files become the documents in use, also of a running server.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use switchboard_engine::Finder;

use super::{Failure, Outcome, block_on, chat, say};
use crate::app::{self, Home};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::core::Core;
use crate::library::{file_name, shipped};
use crate::service::documents::{self, Error};
use crate::store::documents::Key;

/// Bring in articles.
#[derive(Subcommand)]
pub(super) enum Kb {
    /// Put articles in use: `slug.md`, or `slug.de.md` for another language. A running server takes them within seconds
    Import(Import),
    /// Ask the bot a question and see what it would answer, and why
    Ask(Ask),
}

/// Example: switchboard kb import knowledge/*.md
#[derive(Args)]
pub(super) struct Import {
    /// Markdown files with front matter
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Example: switchboard kb ask "how do I reset my password"
#[derive(Args)]
pub(super) struct Ask {
    /// The question
    question: String,
    /// The language of the answer; the default language unless given
    #[arg(long)]
    lang: Option<String>,
}

pub(super) fn run(command: &Kb, config: &Config) -> Outcome {
    match command {
        Kb::Import(import) => {
            let keyed = |file: &PathBuf| shipped::key(&format!("knowledge/{}", name_of(file)));
            put_all(&import.files, config, keyed)
        }
        Kb::Ask(ask) => {
            let library = chat::library(config)?;
            let language = ask.lang.as_deref().unwrap_or_else(|| library.book.default_language());
            let found = library.find(&ask.question, language);
            say(serde_json::to_string_pretty(&found).map_err(Failure::unavailable)?);
            Ok(())
        }
    }
}

/// Puts flows and the bot book in use.
pub(super) fn apply_flows(files: &[PathBuf], config: &Config) -> Outcome {
    put_all(files, config, |file| shipped::key(&name_of(file)))
}

fn name_of(file: &Path) -> String {
    file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Saves each file; a bad one is refused with its mistakes, and the rest is saved all the same.
fn put_all(files: &[PathBuf], config: &Config, key: impl Fn(&PathBuf) -> Option<Key>) -> Outcome {
    with_core(config, async |core| {
        let mut wrong = Vec::new();
        for file in files {
            match put(core, file, key(file)).await {
                Ok(said) => say(said),
                Err(lines) => wrong.extend(lines),
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(Failure::check(wrong)) }
    })
}

async fn put(core: &Core, file: &Path, key: Option<Key>) -> Result<String, Vec<String>> {
    let shown = file.display();
    let key = key.ok_or_else(|| {
        vec![format!(
            "{shown}: this name says nothing; expected `name.flow.yaml`, `bot.yaml`, `slug.md` or `slug.de.md`"
        )]
    })?;
    let source = std::fs::read_to_string(file).map_err(|error| vec![format!("{shown}: {error}")])?;
    let held = match documents::get(core, &key).await {
        Ok(document) if document.source == source => {
            return Ok(format!("{shown}: in use already (version {})", document.version));
        }
        Ok(document) => document.version,
        Err(Error::NotFound) => 0,
        Err(error) => return Err(vec![format!("{shown}: {error}")]),
    };
    match documents::put(core, key, held, source, "command line").await {
        Ok((document, warnings)) => {
            for warning in warnings {
                say(warning);
            }
            Ok(format!("{shown}: {} is in use as version {}", file_name(&document.key), document.version))
        }
        Err(Error::Mistakes(problems)) => Err(problems.iter().map(ToString::to_string).collect()),
        Err(error) => Err(vec![format!("{shown}: {error}")]),
    }
}

fn with_core(config: &Config, work: impl AsyncFnOnce(&Core) -> Outcome) -> Outcome {
    block_on(async {
        let core = app::open_core(&Home::of(config), Arc::new(SystemClock)).await?;
        let outcome = work(&core).await;
        core.store.close().await;
        outcome
    })?
}
