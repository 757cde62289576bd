//! Values the program makes for itself and has to find again.

use super::sql;
use super::{Conn, Result};

/// Reads a value.
pub async fn get(conn: &mut Conn, name: &str) -> Result<Option<String>> {
    Ok(sql::query_scalar("SELECT value FROM settings WHERE name = $1").bind(name).fetch_optional(conn).await?)
}

/// Writes a value.
pub async fn set(conn: &mut Conn, name: &str, value: &str) -> Result<()> {
    sql::query(
        "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(name)
    .bind(value)
    .execute(conn)
    .await?;
    Ok(())
}

/// Reads a value, or writes what `make` gives when there is none.
pub async fn get_or_set(conn: &mut Conn, name: &str, make: impl FnOnce() -> String) -> Result<String> {
    if let Some(value) = get(conn, name).await? {
        return Ok(value);
    }
    let value = make();
    set(conn, name, &value).await?;
    Ok(value)
}
