//! Inboxes: the configured instances of channels, and how far each has been read.

use switchboard_contract::{Cursor, InboxId, Timestamp};

use super::sql;
use super::{Conn, Result, parse};

/// An inbox as the database knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbox {
    /// Its id, made when it was first configured.
    pub id: InboxId,
    /// Its short name in addresses.
    pub slug: String,
    /// The kind of medium, for display.
    pub kind: String,
    /// Its name, for people.
    pub name: String,
}

/// Finds the inbox of that slug and updates kind and name, or makes it with the id given.
pub async fn ensure(
    conn: &mut Conn,
    new_id: InboxId,
    slug: &str,
    kind: &str,
    name: &str,
    now: Timestamp,
) -> Result<Inbox> {
    let id: String = sql::query_scalar(
        "INSERT INTO inboxes (id, slug, kind, name, created_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (slug) DO UPDATE SET kind = excluded.kind, name = excluded.name RETURNING id",
    )
    .bind(new_id.to_string())
    .bind(slug)
    .bind(kind)
    .bind(name)
    .bind(now.millis())
    .fetch_one(conn)
    .await?;
    Ok(Inbox { id: parse("inbox id", &id)?, slug: slug.to_owned(), kind: kind.to_owned(), name: name.to_owned() })
}

/// Finds the inbox of that slug.
pub async fn by_slug(conn: &mut Conn, slug: &str) -> Result<Option<Inbox>> {
    let row: Option<(String, String, String)> =
        sql::query_as("SELECT id, kind, name FROM inboxes WHERE slug = $1").bind(slug).fetch_optional(conn).await?;
    row.map(|(id, kind, name)| Ok(Inbox { id: parse("inbox id", &id)?, slug: slug.to_owned(), kind, name })).transpose()
}

/// Every inbox there ever was, by slug.
pub async fn all(conn: &mut Conn) -> Result<Vec<Inbox>> {
    let rows: Vec<(String, String, String, String)> =
        sql::query_as("SELECT id, slug, kind, name FROM inboxes ORDER BY slug").fetch_all(conn).await?;
    rows.into_iter().map(|(id, slug, kind, name)| Ok(Inbox { id: parse("inbox id", &id)?, slug, kind, name })).collect()
}

/// Reads how far an inbox has been read.
pub async fn cursor(conn: &mut Conn, inbox: InboxId) -> Result<Option<Cursor>> {
    let cursor: Option<Option<String>> = sql::query_scalar("SELECT cursor FROM inboxes WHERE id = $1")
        .bind(inbox.to_string())
        .fetch_optional(conn)
        .await?;
    Ok(cursor.flatten().map(Cursor))
}

/// Saves how far an inbox has been read.
pub async fn set_cursor(conn: &mut Conn, inbox: InboxId, cursor: &Cursor) -> Result<()> {
    sql::query("UPDATE inboxes SET cursor = $2 WHERE id = $1")
        .bind(inbox.to_string())
        .bind(&cursor.0)
        .execute(conn)
        .await?;
    Ok(())
}
