//! Flows, articles and the bot book: read by everybody, edited by knowledge managers and admins.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use switchboard_engine::{Finder, Target, Verdict};
use utoipa::ToSchema;

use super::Web;
use super::conversations::page_size;
use super::dto::{Page, PageQuery, millis, time};
use super::guard::{Anyone, Asked, Editor, Held, Named, Strict, tagged};
use super::problem::{Mistake, Problem, ProblemBody, mistake};
use crate::library;
use crate::service::documents as service;
use crate::store::documents::{self, Document, Key, Kind};
use crate::store::feedback;

/// An article in one language.
#[derive(Serialize, ToSchema)]
pub(super) struct ArticleRow {
    id: String,
    slug: String,
    lang: String,
    title: String,
    /// `draft`, `review`, `published` or `archived`.
    #[schema(value_type = String)]
    state: crate::knowledge::ArticleState,
    /// `public`, `customers` or `internal`.
    #[schema(value_type = String)]
    audience: crate::knowledge::Audience,
    version: i64,
    /// `shipped` or `edited`.
    origin: &'static str,
    updated_at: String,
    shown: i64,
    helped: i64,
    not_helped: i64,
}

/// A flow.
#[derive(Serialize, ToSchema)]
pub(super) struct FlowRow {
    name: String,
    title: String,
    version: i64,
    origin: &'static str,
    updated_at: String,
}

/// A document with its text.
#[derive(Serialize, ToSchema)]
pub(super) struct DocumentDto {
    name: String,
    lang: String,
    version: i64,
    origin: &'static str,
    updated_at: String,
    source: String,
    /// What could be better, though it is no mistake.
    warnings: Vec<Mistake>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    source: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Lint {
    name: String,
    source: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Linted {
    problems: Vec<Mistake>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    question: String,
    #[serde(default)]
    language: Option<String>,
}

/// What the bot would make of a question.
#[derive(Serialize, ToSchema)]
pub(super) struct AnswerDto {
    /// `sure`, `between` or `nothing`.
    verdict: &'static str,
    hits: Vec<HitDto>,
    why: String,
}

#[derive(Serialize, ToSchema)]
struct HitDto {
    /// `article` or `flow`.
    target: &'static str,
    name: String,
    title: String,
    score: f64,
    nearest: String,
}

/// A question that nothing answered.
#[derive(Serialize, ToSchema)]
pub(super) struct UnansweredDto {
    question: String,
    language: String,
    conversation: String,
    at: String,
}

fn origin(document: &Document) -> &'static str {
    if document.shipped { "shipped" } else { "edited" }
}

/// All articles in all languages.
#[utoipa::path(get, path = "/api/v1/articles", tag = "knowledge", responses((status = 200, body = Page<ArticleRow>)))]
pub(super) async fn articles(State(web): State<Arc<Web>>, _: Anyone) -> Result<Json<Page<ArticleRow>>, Problem> {
    let mut conn = web.core.store.reader().await?;
    let tallies = feedback::tallies(&mut conn).await?;
    let heads = documents::load(&mut conn).await?;
    let library = web.core.library.get();
    let data = library
        .knowledge
        .articles()
        .iter()
        .filter_map(|article| {
            let head = heads.iter().find(|head| {
                head.key.kind == Kind::Article && head.key.name == article.slug && head.key.lang == article.lang
            })?;
            let id = article.id.to_string();
            let tally = tallies.get(&id).copied().unwrap_or_default();
            Some(ArticleRow {
                id,
                slug: article.slug.clone(),
                lang: article.lang.clone(),
                title: article.title.clone(),
                state: article.state,
                audience: article.audience,
                version: head.version,
                origin: origin(head),
                updated_at: time(head.created_at),
                shown: tally.shown,
                helped: tally.helped,
                not_helped: tally.not_helped,
            })
        })
        .collect();
    Ok(Json(Page { data, next: None }))
}

/// One article's source: front matter and Markdown.
#[utoipa::path(get, path = "/api/v1/articles/{slug}/{lang}", tag = "knowledge",
    responses((status = 200, body = DocumentDto), (status = 404, body = ProblemBody)))]
pub(super) async fn article(
    State(web): State<Arc<Web>>,
    _: Anyone,
    Named((slug, lang)): Named<(String, String)>,
) -> Result<Response, Problem> {
    shown(&web, Key { kind: Kind::Article, name: slug, lang }).await
}

/// Saves an article. It is in use at once.
#[utoipa::path(put, path = "/api/v1/articles/{slug}/{lang}", tag = "knowledge", request_body = Source,
    responses((status = 200, body = DocumentDto), (status = 412, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn put_article(
    State(web): State<Arc<Web>>,
    Editor { agent }: Editor,
    Named((slug, lang)): Named<(String, String)>,
    Held(held): Held,
    Strict(body): Strict<Source>,
) -> Result<Response, Problem> {
    saved(&web, Key { kind: Kind::Article, name: slug, lang }, held, body.source, &agent.name).await
}

/// Puts an article out of use. Its versions are kept.
#[utoipa::path(delete, path = "/api/v1/articles/{slug}/{lang}", tag = "knowledge",
    responses((status = 204), (status = 404, body = ProblemBody)))]
pub(super) async fn retire_article(
    State(web): State<Arc<Web>>,
    _: Editor,
    Named((slug, lang)): Named<(String, String)>,
) -> Result<StatusCode, Problem> {
    service::retire(&web.core, Key { kind: Kind::Article, name: slug, lang }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts a flow out of use. Its versions are kept.
#[utoipa::path(delete, path = "/api/v1/flows/{name}", tag = "knowledge",
    responses((status = 204), (status = 404, body = ProblemBody)))]
pub(super) async fn retire_flow(
    State(web): State<Arc<Web>>,
    _: Editor,
    Named(name): Named<String>,
) -> Result<StatusCode, Problem> {
    service::retire(&web.core, Key { kind: Kind::Flow, name, lang: String::new() }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// All flows.
#[utoipa::path(get, path = "/api/v1/flows", tag = "knowledge", responses((status = 200, body = Page<FlowRow>)))]
pub(super) async fn flows(State(web): State<Arc<Web>>, _: Anyone) -> Result<Json<Page<FlowRow>>, Problem> {
    let heads = documents::load(&mut *web.core.store.reader().await?).await?;
    let library = web.core.library.get();
    let data = heads
        .iter()
        .filter(|head| head.head && head.key.kind == Kind::Flow)
        .map(|head| FlowRow {
            name: head.key.name.clone(),
            title: library.flow_title(&head.key.name),
            version: head.version,
            origin: origin(head),
            updated_at: time(head.created_at),
        })
        .collect();
    Ok(Json(Page { data, next: None }))
}

/// One flow's source, in YAML.
#[utoipa::path(get, path = "/api/v1/flows/{name}", tag = "knowledge",
    responses((status = 200, body = DocumentDto), (status = 404, body = ProblemBody)))]
pub(super) async fn flow(
    State(web): State<Arc<Web>>,
    _: Anyone,
    Named(name): Named<String>,
) -> Result<Response, Problem> {
    shown(&web, Key { kind: Kind::Flow, name, lang: String::new() }).await
}

/// Saves a flow. New conversations take it at once; running ones keep the version they began with.
#[utoipa::path(put, path = "/api/v1/flows/{name}", tag = "knowledge", request_body = Source,
    responses((status = 200, body = DocumentDto), (status = 412, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn put_flow(
    State(web): State<Arc<Web>>,
    Editor { agent }: Editor,
    Named(name): Named<String>,
    Held(held): Held,
    Strict(body): Strict<Source>,
) -> Result<Response, Problem> {
    saved(&web, Key { kind: Kind::Flow, name, lang: String::new() }, held, body.source, &agent.name).await
}

/// Checks a flow without saving it.
#[utoipa::path(post, path = "/api/v1/flows/lint", tag = "knowledge", request_body = Lint,
    responses((status = 200, body = Linted)))]
pub(super) async fn lint(State(web): State<Arc<Web>>, _: Anyone, Strict(body): Strict<Lint>) -> Json<Linted> {
    let key = Key { kind: Kind::Flow, name: body.name, lang: String::new() };
    let problems = library::check(&key, &body.source, &web.core.library.get()).unwrap_or_else(|problems| problems);
    Json(Linted { problems: problems.iter().map(mistake).collect() })
}

fn bot_book_key() -> Key {
    Key { kind: Kind::BotBook, name: "bot".to_owned(), lang: String::new() }
}

/// The bot book's source: what the bot says and understands outside flows.
#[utoipa::path(get, path = "/api/v1/bot-book", tag = "knowledge", responses((status = 200, body = DocumentDto)))]
pub(super) async fn bot_book(State(web): State<Arc<Web>>, _: Anyone) -> Result<Response, Problem> {
    shown(&web, bot_book_key()).await
}

/// Saves the bot book.
#[utoipa::path(put, path = "/api/v1/bot-book", tag = "knowledge", request_body = Source,
    responses((status = 200, body = DocumentDto), (status = 412, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn put_bot_book(
    State(web): State<Arc<Web>>,
    Editor { agent }: Editor,
    Held(held): Held,
    Strict(body): Strict<Source>,
) -> Result<Response, Problem> {
    saved(&web, bot_book_key(), held, body.source, &agent.name).await
}

async fn shown(web: &Web, key: Key) -> Result<Response, Problem> {
    let document = service::get(&web.core, &key).await?;
    Ok(tagged(document.version, dto(document, Vec::new())))
}

async fn saved(web: &Web, key: Key, held: i64, source: String, author: &str) -> Result<Response, Problem> {
    let (document, warnings) = service::put(&web.core, key, held, source, author).await?;
    Ok(tagged(document.version, dto(document, warnings.iter().map(mistake).collect())))
}

fn dto(document: Document, warnings: Vec<Mistake>) -> DocumentDto {
    DocumentDto {
        origin: origin(&document),
        version: document.version,
        updated_at: time(document.created_at),
        name: document.key.name,
        lang: document.key.lang,
        source: document.source,
        warnings,
    }
}

/// What the bot would make of a question, and why. Nothing is stored.
#[utoipa::path(post, path = "/api/v1/knowledge/ask", tag = "knowledge", request_body = Question,
    responses((status = 200, body = AnswerDto)))]
pub(super) async fn ask(State(web): State<Arc<Web>>, _: Anyone, Strict(body): Strict<Question>) -> Json<AnswerDto> {
    let library = web.core.library.get();
    let language = body.language.unwrap_or_else(|| library.book.default_language().to_owned());
    let found = library.find(&body.question, &language);
    let (verdict, hits) = match found.verdict {
        Verdict::Sure(hit) => ("sure", vec![hit]),
        Verdict::Between(hits) => ("between", hits),
        Verdict::Nothing => ("nothing", Vec::new()),
    };
    let hits = hits
        .into_iter()
        .map(|hit| {
            let (target, name, title) = match hit.target {
                Target::Article(card) => ("article", card.slug, card.title),
                Target::Flow { name, title } => ("flow", name, title),
            };
            HitDto { target, name, title, score: hit.score, nearest: hit.nearest }
        })
        .collect();
    Json(AnswerDto { verdict, hits, why: found.why })
}

/// Questions that nothing answered, newest first.
#[utoipa::path(get, path = "/api/v1/knowledge/unanswered", tag = "knowledge", params(PageQuery),
    responses((status = 200, body = Page<UnansweredDto>)))]
pub(super) async fn unanswered(
    State(web): State<Arc<Web>>,
    _: Anyone,
    Asked(query): Asked<PageQuery>,
) -> Result<Json<Page<UnansweredDto>>, Problem> {
    let limit = page_size(query.limit);
    let before = match query.after.as_deref() {
        None => i64::MAX,
        Some(after) => after.parse().map_err(|_| Problem::validation("/after", "pass what `next` said"))?,
    };
    let rows = feedback::unanswered(&mut *web.core.store.reader().await?, before, limit).await?;
    let next = rows.last().filter(|_| rows.len() >= limit as usize).map(|row| row.id.to_string());
    let data = rows
        .into_iter()
        .map(|row| UnansweredDto {
            question: row.question,
            language: row.language,
            conversation: row.conversation_id,
            at: millis(row.at),
        })
        .collect();
    Ok(Json(Page { data, next }))
}
