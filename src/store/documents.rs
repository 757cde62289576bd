//! Documents: the sources of flows, articles and the bot book. Every version is kept; a head says which one is in use.

use switchboard_contract::Timestamp;

use super::sql;
use super::{Conn, Error, Result};

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A flow, in YAML.
    Flow,
    /// An article in one language, in Markdown with front matter.
    Article,
    /// The bot book, in YAML. There is one, named `bot`.
    BotBook,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Article => "article",
            Self::BotBook => "bot_book",
        }
    }

    fn read(word: &str) -> Result<Self> {
        match word {
            "flow" => Ok(Self::Flow),
            "article" => Ok(Self::Article),
            "bot_book" => Ok(Self::BotBook),
            other => Err(Error::Corrupt { what: "document kind", detail: other.to_owned() }),
        }
    }
}

/// Names a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What it is.
    pub kind: Kind,
    /// Its slug.
    pub name: String,
    /// Its language; empty for flows and the bot book, which hold all languages.
    pub lang: String,
}

/// One version of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Which document.
    pub key: Key,
    /// Which version, counted from 1.
    pub version: i64,
    /// Its text.
    pub source: String,
    /// It came with the program and was not edited.
    pub shipped: bool,
    /// This version is in use.
    pub head: bool,
    /// When it was saved.
    pub created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    kind: String,
    name: String,
    lang: String,
    version: i64,
    source: String,
    origin: String,
    head: bool,
    created_at: i64,
}

impl TryFrom<Row> for Document {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            key: Key { kind: Kind::read(&row.kind)?, name: row.name, lang: row.lang },
            version: row.version,
            source: row.source,
            shipped: row.origin == "shipped",
            head: row.head,
            created_at: Timestamp::from_millis(row.created_at),
        })
    }
}

macro_rules! documents_sql {
    ($rest:literal) => {
        concat!(
            "SELECT d.kind, d.name, d.lang, d.version, d.source, d.origin, h.version IS NOT NULL AS head, d.created_at ",
            "FROM documents d LEFT JOIN document_heads h ON h.kind = d.kind AND h.name = d.name AND h.lang = d.lang ",
            "AND h.version = d.version ",
            $rest
        )
    };
}

/// Every document in use, and every flow version: running conversations are pinned to theirs.
pub async fn load(conn: &mut Conn) -> Result<Vec<Document>> {
    let rows: Vec<Row> = sql::query_as(documents_sql!(
        "WHERE h.version IS NOT NULL OR d.kind = 'flow' ORDER BY d.kind, d.name, d.lang, d.version"
    ))
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Document::try_from).collect()
}

/// The versions before one, newest first.
pub async fn older(conn: &mut Conn, key: &Key, version: i64) -> Result<Vec<Document>> {
    let rows: Vec<Row> = sql::query_as(documents_sql!(
        "WHERE d.kind = $1 AND d.name = $2 AND d.lang = $3 AND d.version < $4 ORDER BY d.version DESC"
    ))
    .bind(key.kind.word())
    .bind(&key.name)
    .bind(&key.lang)
    .bind(version)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Document::try_from).collect()
}

/// The version in use.
pub async fn head(conn: &mut Conn, key: &Key) -> Result<Option<Document>> {
    let row: Option<Row> =
        sql::query_as(documents_sql!("WHERE h.version IS NOT NULL AND d.kind = $1 AND d.name = $2 AND d.lang = $3"))
            .bind(key.kind.word())
            .bind(&key.name)
            .bind(&key.lang)
            .fetch_optional(conn)
            .await?;
    row.map(Document::try_from).transpose()
}

/// Saves a new version and puts it in use. `expected` is the version in use that the author had before them, 0 for none.
///
/// # Errors
/// [`Error::Stale`] when another version is in use by now: nothing is changed.
pub async fn put(
    conn: &mut Conn,
    key: &Key,
    expected: i64,
    source: &str,
    shipped: bool,
    author: Option<&str>,
    now: Timestamp,
) -> Result<i64> {
    let present: Option<i64> =
        sql::query_scalar("SELECT version FROM document_heads WHERE kind = $1 AND name = $2 AND lang = $3")
            .bind(key.kind.word())
            .bind(&key.name)
            .bind(&key.lang)
            .fetch_optional(&mut *conn)
            .await?;
    if present.unwrap_or(0) != expected {
        return Err(Error::Stale);
    }
    let version = last_version(conn, key).await? + 1;
    sql::query(
        "INSERT INTO documents (kind, name, lang, version, source, origin, author, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(key.kind.word())
    .bind(&key.name)
    .bind(&key.lang)
    .bind(version)
    .bind(source)
    .bind(if shipped { "shipped" } else { "edited" })
    .bind(author)
    .bind(now.millis())
    .execute(&mut *conn)
    .await?;
    sql::query(
        "INSERT INTO document_heads (kind, name, lang, version) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (kind, name, lang) DO UPDATE SET version = excluded.version",
    )
    .bind(key.kind.word())
    .bind(&key.name)
    .bind(&key.lang)
    .bind(version)
    .execute(conn)
    .await?;
    Ok(version)
}

/// Puts a document out of use. Its versions are kept, and it is not shipped anew at the next start.
pub async fn retire(conn: &mut Conn, key: &Key) -> Result<bool> {
    let retired = sql::query("DELETE FROM document_heads WHERE kind = $1 AND name = $2 AND lang = $3")
        .bind(key.kind.word())
        .bind(&key.name)
        .bind(&key.lang)
        .execute(conn)
        .await?;
    Ok(retired.rows_affected() > 0)
}

/// The last version ever saved, in use or not; 0 for none.
pub async fn last_version(conn: &mut Conn, key: &Key) -> Result<i64> {
    Ok(sql::query_scalar("SELECT COALESCE(MAX(version), 0) FROM documents WHERE kind = $1 AND name = $2 AND lang = $3")
        .bind(key.kind.word())
        .bind(&key.name)
        .bind(&key.lang)
        .fetch_one(conn)
        .await?)
}

/// Changes with every saved version and with every document put out of use: how another process's edits are noticed.
pub async fn revision(conn: &mut Conn) -> Result<(i64, i64)> {
    let sql = "SELECT (SELECT COUNT(*) FROM documents), (SELECT COUNT(*) FROM document_heads)";
    Ok(sql::query_as(sql).fetch_one(conn).await?)
}
