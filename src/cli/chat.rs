//! `switchboard chat`: the bot in the terminal. The same engine, articles and flows as the server; nothing is stored.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::sync::Arc;

use clap::Args;
use switchboard_contract::{Choice, Content, ConversationId, Seq, TextFormat, choice, markup};
use switchboard_engine::{ContactFacts, Conversation, Effect, Event, EventKind, Handler, LogEntry, Speaker};

use super::{Failure, Outcome, block_on, say};
use crate::app::{self, Home};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::ids;
use crate::intake::turn;
use crate::library::{Library, shipped};
use crate::store::documents::Document;

/// Talk to the bot in the terminal, with the same engine and the same articles. Nothing is stored.
///
/// Type words, or the number of an option. An empty line or Ctrl-D ends it.
#[derive(Args)]
pub(super) struct Chat {
    /// Show why: what was found, which steps were taken, what was decided
    #[arg(long)]
    trace: bool,
    /// The language the customer's app reports, such as `de`
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
}

pub(super) fn run(command: &Chat, config: &Config) -> Outcome {
    let library = library(config)?;
    let mut talk = Talk::new(&library, command);
    talk.hear(EventKind::ContactOpened { contact: ContactFacts::default(), language: command.language.clone() });
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(Failure::unavailable)?;
        if line.trim().is_empty() {
            break;
        }
        talk.write(&line);
    }
    Ok(())
}

/// The library of the data folder, or the shipped one where there is none yet.
pub(super) fn library(config: &Config) -> Result<Arc<Library>, Failure> {
    if Home::of(config).has_database() {
        return block_on(async {
            let core = app::open_as_it_is(&Home::of(config), Arc::new(SystemClock)).await?;
            core.store.close().await;
            Ok(core.library.get())
        })?;
    }
    let now = SystemClock.now();
    let shipped = shipped::documents().into_iter();
    let documents: Vec<Document> = shipped
        .map(|(key, source)| Document { key, version: 1, source, shipped: true, head: true, created_at: now })
        .collect();
    Ok(Arc::new(Library::build(&documents)))
}

struct Talk<'a> {
    library: &'a Library,
    trace: bool,
    language: Option<String>,
    state: Conversation,
    offered: Vec<Choice>,
}

impl<'a> Talk<'a> {
    fn new(library: &'a Library, command: &Chat) -> Self {
        let now = SystemClock.now();
        let id = ids::new(ConversationId::from_parts, now);
        let state = Conversation::new(id, now, library.book.default_language());
        Self { library, trace: command.trace, language: command.language.clone(), state, offered: Vec::new() }
    }

    fn write(&mut self, line: &str) {
        let chosen = choice::resolve(&self.offered, line).cloned();
        let text = chosen.as_ref().map_or(line, |choice| choice.label.as_str());
        self.hear(EventKind::ContactWrote {
            content: Content::plain(text),
            choice: chosen.map(|choice| choice.id),
            contact: ContactFacts::default(),
            language: self.language.clone(),
        });
        if !matches!(self.state.handler, Handler::Bot) {
            say("  (a person would take over here; the bot is silent from now on)");
        }
    }

    fn hear(&mut self, kind: EventKind) {
        let event = Event { id: None, seq: Seq::default(), kind };
        let (state, effects) = turn::run(self.library, &BTreeMap::new(), &self.state, &event, SystemClock.now());
        self.state = state;
        for effect in &effects {
            self.show(effect);
        }
    }

    fn show(&mut self, effect: &Effect) {
        match effect {
            Effect::Say { speaker, content, .. } => self.show_message(speaker, content),
            Effect::Log(log) if self.trace => say(format_args!("    · {}", explained(log))),
            Effect::Brief(brief) if self.trace => {
                say(format_args!("    · brief: {}", serde_json::to_string(brief).unwrap_or_default()));
            }
            Effect::Log(_)
            | Effect::Brief(_)
            | Effect::Note { .. }
            | Effect::Notify(_)
            | Effect::Voted(_)
            | Effect::Unanswered { .. }
            | Effect::Rated { .. }
            | Effect::Refuse(_) => {}
        }
    }

    fn show_message(&mut self, speaker: &Speaker, content: &Content) {
        let name = match speaker {
            Speaker::Bot => self.library.book.name.as_str(),
            Speaker::System => "*",
            Speaker::Agent { agent } => agent.name.as_str(),
        };
        let text = match content.format {
            TextFormat::Plain => content.text.clone(),
            TextFormat::Markdown => markup::to_plain(&content.text),
        };
        say(format_args!("{name}: {}", text.replace('\n', "\n  ")));
        if let Some(citation) = &content.citation {
            say(format_args!("  (from: {})", citation.title));
        }
        for (index, choice) in content.choices.iter().enumerate() {
            say(format_args!("  {}. {}", index + 1, choice.label));
        }
        if !content.choices.is_empty() {
            self.offered.clone_from(&content.choices);
        }
    }
}

fn explained(log: &LogEntry) -> String {
    let what = serde_json::to_value(&log.what).unwrap_or_default();
    let name = what["what"].as_str().unwrap_or_default().replace('_', " ");
    format!("{name}: {}", log.why)
}
