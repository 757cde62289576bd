//! The library: what the bot says and knows, read from the documents in the database into one immutable snapshot.
//!
//! A document that can't be read is refused when it is saved. Where one in use can't be read (another program wrote it), its
//! last readable version stays in use with a complaint; without one it is left out, and the shipped bot book stands in.

use std::sync::{Arc, PoisonError, RwLock};

use switchboard_contract::Timestamp;
use switchboard_engine::flow::Action;
use switchboard_engine::{ArticleCard, BotBook, Finder, FlowSet, Found, Place, Problem, book, flow};

use crate::knowledge::{self, Knowledge};
use crate::store::documents::{self, Document, Key, Kind};
use crate::store::{Conn, Error, Result, Store};

pub mod scripted;
pub mod shipped;

/// One consistent state of flows, articles and bot book.
pub struct Library {
    /// What the bot says and understands.
    pub book: BotBook,
    /// The flows, current and pinned.
    pub flows: FlowSet,
    /// Articles and what finds them.
    pub knowledge: Knowledge,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

impl Library {
    /// Reads documents. The shipped bot book stands in for a missing or unreadable one.
    pub fn build(documents: &[Document]) -> Self {
        let mut problems = Vec::new();
        let mut bot_book = None;
        let mut flows = FlowSet::default();
        let mut articles = Vec::new();
        for document in documents {
            match document.key.kind {
                Kind::BotBook => {
                    bot_book = book::parse(shipped::BOT_BOOK, &document.source).map_err(|p| problems.extend(p)).ok();
                }
                Kind::Flow => match flow::parse(&file_name(&document.key), &document.source) {
                    Ok(flow) => flows.insert(u32::try_from(document.version).unwrap_or(u32::MAX), flow, document.head),
                    Err(found) => problems.extend(found),
                },
                Kind::Article => match knowledge::parse(&file_name(&document.key), &document.source) {
                    Ok(article) => articles.push(article),
                    Err(found) => problems.extend(found),
                },
            }
        }
        let book = bot_book.unwrap_or_else(shipped::bot_book);
        let knowledge = Knowledge::build(articles, &flows, book.default_language());
        Self { book, flows, knowledge, problems }
    }

    /// The teams conversations can be handed to: the default one and those that flows name.
    pub fn teams(&self) -> Vec<String> {
        let named = self.flows.iter().flat_map(|(flow, _)| &flow.steps).filter_map(|step| {
            let Action::Handoff(handoff) = &step.action else { return None };
            handoff.team.clone()
        });
        let booked = std::iter::once(&self.book.team).chain(&self.book.teams).cloned();
        let mut teams: Vec<String> = booked.chain(named).collect();
        teams.sort();
        teams.dedup();
        teams
    }

    /// What a flow is called in the default language.
    pub fn flow_title(&self, name: &str) -> String {
        let language = self.book.default_language();
        let title = self.flows.current(name).map(|(flow, _)| flow.title.get(language, language).to_owned());
        title.unwrap_or_else(|| name.to_owned())
    }
}

impl Finder for Library {
    fn find(&self, question: &str, language: &str) -> Found {
        self.knowledge.find(question, language)
    }

    fn article(&self, slug: &str, language: &str) -> Option<ArticleCard> {
        self.knowledge.card(slug, language)
    }
}

/// The file a document would be, for messages.
pub fn file_name(key: &Key) -> String {
    match key.kind {
        Kind::Flow => format!("{}.flow.yaml", key.name),
        Kind::BotBook => shipped::BOT_BOOK.to_owned(),
        Kind::Article if key.lang == shipped::LANGUAGE => format!("{}.md", key.name),
        Kind::Article => format!("{}.{}.md", key.name, key.lang),
    }
}

/// Checks a document before it is saved.
///
/// # Errors
/// Everything that is wrong with it; warnings alone are no error.
pub fn check(key: &Key, source: &str, library: &Library) -> Result<Vec<Problem>, Vec<Problem>> {
    match key.kind {
        Kind::Flow => {
            let flow = flow::parse(&file_name(key), source)?;
            let slugs = library.knowledge.articles().iter().map(|article| article.slug.clone()).collect();
            split(flow::lint(
                &flow,
                &flow::LintContext { flows: &library.flows, articles: &slugs, book: &library.book },
            ))
        }
        Kind::BotBook => {
            let book = book::parse(shipped::BOT_BOOK, source)?;
            let unknown = book.menu.iter().filter(|flow| library.flows.current(flow).is_none());
            none_or_all(unknown.map(|flow| missing_flow(source, flow)).collect())
        }
        Kind::Article => {
            let file = file_name(key);
            let article = knowledge::parse(&file, source)?;
            let mut wrong: Vec<Problem> =
                knowledge::conflict(&file, &article, library.knowledge.articles()).into_iter().collect();
            if article.lang != key.lang {
                let message =
                    format!("`lang` is `{}`, and the file's name says `{}`: make them agree", article.lang, key.lang);
                wrong.push(Problem::error(&file, line_of(source, "lang:"), message));
            }
            none_or_all(wrong)
        }
    }
}

fn none_or_all(wrong: Vec<Problem>) -> Result<Vec<Problem>, Vec<Problem>> {
    if wrong.is_empty() { Ok(wrong) } else { Err(wrong) }
}

fn missing_flow(source: &str, flow: &str) -> Problem {
    Problem::error(
        shipped::BOT_BOOK,
        line_of(source, "menu:"),
        format!("the menu offers the flow `{flow}`, and there is none"),
    )
}

/// The line that begins with a key, for a mistake that only shows beside other documents.
fn line_of(source: &str, key: &str) -> Place {
    let line = source.lines().position(|line| line.starts_with(key)).map_or(1, |at| at + 1);
    Place { line, column: 1 }
}

fn split(problems: Vec<Problem>) -> Result<Vec<Problem>, Vec<Problem>> {
    let broken = problems.iter().any(|problem| problem.severity == switchboard_engine::Severity::Error);
    if broken { Err(problems) } else { Ok(problems) }
}

/// Holds the library in use. Reading is cheap and never waits for a reload.
pub struct LibraryHandle {
    present: RwLock<Arc<Library>>,
    /// One reload at a time, so that an older state never replaces a newer one.
    reloading: tokio::sync::Mutex<()>,
}

impl LibraryHandle {
    /// Starts with a library.
    pub fn new(library: impl Into<Arc<Library>>) -> Self {
        Self { present: RwLock::new(library.into()), reloading: tokio::sync::Mutex::default() }
    }

    /// The library in use.
    pub fn get(&self) -> Arc<Library> {
        Arc::clone(&self.present.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the documents again and puts them in use.
    pub async fn reload(&self, store: &Store) -> Result<()> {
        let _turn = self.reloading.lock().await;
        let library = load(store).await?;
        *self.present.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(library);
        Ok(())
    }
}

/// Reads the library from the database. Where the version in use can't be read (another program wrote it), the last one that
/// can stays in use, with a complaint.
pub async fn load(store: &Store) -> Result<Library> {
    let mut conn = store.reader().await?;
    let mut documents = documents::load(&mut conn).await?;
    for document in documents.iter_mut().filter(|document| document.head) {
        let Err(problems) = parse(&document.key, &document.source) else { continue };
        for problem in problems {
            tracing::error!(%problem, "the version in use can't be read");
        }
        let older = documents::older(&mut conn, &document.key, document.version).await?;
        if let Some(good) = older.into_iter().find(|older| parse(&older.key, &older.source).is_ok()) {
            tracing::warn!(document = file_name(&good.key), version = good.version, "an older version stays in use");
            *document = Document { head: true, ..good };
        }
    }
    drop(conn);
    // Building the index takes a while: not on a thread that answers.
    tokio::task::spawn_blocking(move || Library::build(&documents))
        .await
        .map_err(|error| Error::Panicked(error.to_string()))
}

/// Whether a document can be read at all, whatever stands beside it.
fn parse(key: &Key, source: &str) -> Result<(), Vec<Problem>> {
    match key.kind {
        Kind::BotBook => book::parse(shipped::BOT_BOOK, source).map(drop),
        Kind::Flow => flow::parse(&file_name(key), source).map(drop),
        Kind::Article => knowledge::parse(&file_name(key), source).map(drop),
    }
}

/// Saves what came with the program: what is missing is added, what was not edited is brought up to date, and what was
/// edited is left alone. Returns the names of edited documents whose shipped version is newer.
pub async fn install(conn: &mut Conn, now: Timestamp) -> Result<Vec<String>> {
    let mut kept = Vec::new();
    for (key, source) in shipped::documents() {
        let head = documents::head(conn, &key).await?;
        match head {
            Some(head) if head.source == source => {}
            Some(head) if !head.shipped => kept.push(file_name(&key)),
            Some(head) => drop(documents::put(conn, &key, head.version, &source, true, None, now).await?),
            // Put out of use by a person: that stands, like any edit.
            None if documents::last_version(conn, &key).await? > 0 => {}
            None => drop(documents::put(conn, &key, 0, &source, true, None, now).await?),
        }
    }
    Ok(kept)
}
