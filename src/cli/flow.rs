//! `switchboard flow …`: nothing here needs a server, and only `apply` touches the database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use switchboard_engine::script::{self, PureHarness};
use switchboard_engine::{Problem, Severity};

use super::{Failure, Outcome, say};
use crate::library::{self, Library, scripted, shipped};
use crate::store::documents::{Document, Key};
use switchboard_contract::Timestamp;

/// Scripts and flows read at once, at most.
const FILES_MAX: usize = 10_000;
/// The largest script, in bytes.
const SCRIPT_BYTES_MAX: u64 = 1024 * 1024;

/// Check, test and apply flows.
#[derive(Subcommand)]
pub(super) enum Flow {
    /// Check flows without running them: every mistake with file, line and column
    Lint(Lint),
    /// Play conversation scripts against the engine
    Test(Test),
    /// Put flows in use; a running server takes them within seconds. Bad ones are refused
    Apply(Apply),
}

/// Example: switchboard flow lint flows/*.flow.yaml
#[derive(Args)]
pub(super) struct Lint {
    /// Files: `name.flow.yaml`, `bot.yaml`, articles under `knowledge/`. None: the shipped ones
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Let warnings fail the check too
    #[arg(long)]
    strict: bool,
}

/// Example: switchboard flow test tests/scripts
#[derive(Args)]
pub(super) struct Test {
    /// Scripts, or folders of scripts
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The seed of the ids: a failure prints it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print every transcript
    #[arg(long)]
    verbose: bool,
}

/// Example: switchboard flow apply flows/internet-trouble.flow.yaml
#[derive(Args)]
pub(super) struct Apply {
    /// Files named `name.flow.yaml`, or `bot.yaml`
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

pub(super) fn lint(command: &Lint) -> Outcome {
    let mut documents = shipped::documents();
    let mut wrong = Vec::new();
    let mut asked: Vec<Key> = Vec::new();
    for file in &command.files {
        match read(file) {
            Ok((key, source)) => {
                documents.retain(|(known, _)| *known != key);
                asked.push(key.clone());
                documents.push((key, source));
            }
            Err(line) => wrong.push(line),
        }
    }
    let stored: Vec<Document> = documents
        .iter()
        .map(|(key, source)| Document {
            key: key.clone(),
            version: 1,
            source: source.clone(),
            shipped: true,
            head: true,
            created_at: Timestamp::default(),
        })
        .collect();
    let library = Library::build(&stored);
    let (mut errors, mut warnings) = (wrong.len(), 0);
    for (key, source) in documents.iter().filter(|(key, _)| command.files.is_empty() || asked.contains(key)) {
        for problem in library::check(key, source, &library).unwrap_or_else(|problems| problems) {
            let counted = if problem.severity == Severity::Error { &mut errors } else { &mut warnings };
            *counted += 1;
            wrong.push(problem.to_string());
        }
    }
    for problem in &wrong {
        say(problem);
    }
    say(format_args!("{errors} error(s), {warnings} warning(s)"));
    if errors == 0 && (warnings == 0 || !command.strict) {
        return Ok(());
    }
    Err(Failure::check(["the files need to be mended"]))
}

fn read(file: &Path) -> Result<(Key, String), String> {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let key = shipped::key(&name).or_else(|| shipped::key(&format!("knowledge/{name}")));
    let key = key.ok_or_else(|| format!("{}: expected a `.flow.yaml`, `bot.yaml` or `.md` file", file.display()))?;
    let source = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok((key, source))
}

pub(super) fn test(command: &Test) -> Outcome {
    let files = scripts(&command.paths)?;
    let (mut passed, mut failed) = (0_usize, Vec::new());
    for file in &files {
        match play(file, command.seed) {
            Ok(lines) => {
                passed += 1;
                if command.verbose {
                    say(format_args!("{}\n{}\n", file.display(), lines.join("\n")));
                }
            }
            Err(why) => {
                say(format_args!("FAILED {why}\n"));
                failed.push(format!("{} failed", file.display()));
            }
        }
    }
    say(format_args!("{passed} passed, {} failed", failed.len()));
    if failed.is_empty() { Ok(()) } else { Err(Failure::check(failed)) }
}

/// Plays one script against the engine and returns its transcript, or why it failed.
fn play(file: &Path, seed: u64) -> Result<Vec<String>, String> {
    let name = file.display().to_string();
    let size = std::fs::metadata(file).map_err(|error| format!("{name}: {error}"))?.len();
    if size > SCRIPT_BYTES_MAX {
        return Err(format!("{name}: {size} bytes; a script has at most {SCRIPT_BYTES_MAX}"));
    }
    let source = std::fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
    let listed = |problems: Vec<Problem>| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let script = script::parse(&name, &source).map_err(listed)?;
    let library = Library::build(&scripted::documents(&script));
    if !library.problems.is_empty() {
        return Err(listed(library.problems));
    }
    let (book, flows) = (library.book.clone(), library.flows.clone());
    let mut harness = PureHarness::new(book, flows, Box::new(Arc::new(library)), script.config.start, seed);
    match script::run(&script, &mut harness, seed) {
        Ok(transcript) => Ok(transcript.lines),
        Err(failure) => Err(failure.to_string()),
    }
}

/// The scripts below the given paths, in order.
fn scripts(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let (mut files, mut open) = (Vec::new(), paths.to_vec());
    while let Some(path) = open.pop() {
        if files.len() + open.len() > FILES_MAX {
            return Err(Failure::usage(format!("more than {FILES_MAX} files")));
        }
        if path.is_dir() {
            let entries =
                std::fs::read_dir(&path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
            open.extend(
                entries
                    .filter_map(|entry| Some(entry.ok()?.path()))
                    .filter(|path| path.is_dir() || path.extension().is_some_and(|extension| extension == "md")),
            );
        } else {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Failure::usage("there is no script (`*.md`) below these paths"));
    }
    Ok(files)
}
