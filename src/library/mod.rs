//! The library: what the bot says and knows, read from the documents in the database into one immutable snapshot.
//!
//! A document that can't be read is refused when it is saved. One that can't be read any more (an older program wrote it)
//! is left out with a complaint; for the bot book, which the bot can't do without, the shipped one steps in.

use std::sync::{Arc, PoisonError, RwLock};

use switchboard_contract::Timestamp;
use switchboard_engine::flow::Action;
use switchboard_engine::{ArticleCard, BotBook, FlowSet, Found, Problem, book, flow};

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
                Kind::BotBook => bot_book = book::parse(shipped::BOT_BOOK, &document.source).map_err(|p| problems.extend(p)).ok(),
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

    /// Searches articles and flows for the words of a contact.
    pub fn find(&self, question: &str, language: &str) -> Found {
        self.knowledge.find(question, language)
    }

    /// The teams conversations can be handed to: the default one and those that flows name.
    pub fn teams(&self) -> Vec<String> {
        let named = self.flows.iter().flat_map(|(flow, _)| &flow.steps).filter_map(|step| {
            let Action::Handoff(handoff) = &step.action else { return None };
            handoff.team.clone()
        });
        let mut teams: Vec<String> = std::iter::once(self.book.team.clone()).chain(named).collect();
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

    /// Looks up an article that may be shown.
    pub fn article(&self, slug: &str, language: &str) -> Option<ArticleCard> {
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
            split(flow::lint(&flow, &flow::LintContext { flows: &library.flows, articles: &slugs, book: &library.book }))
        }
        Kind::BotBook => book::parse(shipped::BOT_BOOK, source).map(|_| Vec::new()),
        Kind::Article => knowledge::parse(&file_name(key), source).map(|_| Vec::new()),
    }
}

fn split(problems: Vec<Problem>) -> Result<Vec<Problem>, Vec<Problem>> {
    let broken = problems.iter().any(|problem| problem.severity == switchboard_engine::Severity::Error);
    if broken { Err(problems) } else { Ok(problems) }
}

/// Holds the library in use. Reading is cheap and never waits for a reload.
pub struct LibraryHandle {
    present: RwLock<Arc<Library>>,
}

impl LibraryHandle {
    /// Starts with a library.
    pub fn new(library: Library) -> Self {
        Self { present: RwLock::new(Arc::new(library)) }
    }

    /// The library in use.
    pub fn get(&self) -> Arc<Library> {
        Arc::clone(&self.present.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the documents again and puts them in use.
    pub async fn reload(&self, store: &Store) -> Result<()> {
        let documents = documents::load(&mut *store.reader().await?).await?;
        // Building the index takes a while: not on a thread that answers.
        let library = tokio::task::spawn_blocking(move || Library::build(&documents))
            .await
            .map_err(|error| Error::Panicked(error.to_string()))?;
        for problem in &library.problems {
            tracing::error!(%problem, "a document can't be read and is left out");
        }
        *self.present.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(library);
        Ok(())
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

/// A library that a pure harness searches.
pub struct LibraryFinder(pub Arc<Library>);

impl switchboard_engine::script::Finder for LibraryFinder {
    fn find(&self, question: &str, language: &str) -> Found {
        self.0.find(question, language)
    }

    fn article(&self, slug: &str, language: &str) -> Option<ArticleCard> {
        self.0.article(slug, language)
    }
}
