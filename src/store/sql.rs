//! One SQL text for both databases: a statement with its values, run on whichever connection is at hand.
//!
//! The texts keep to what SQLite and PostgreSQL understand alike: `$1` placeholders, TEXT, BIGINT and bytes. The functions are
//! named as sqlx names them, and what comes back is decoded by the same `FromRow`.

use std::marker::PhantomData;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, FromRow, Postgres, SqlStr, Sqlite};

use super::conn::{Conn, Link};

type Result<T> = std::result::Result<T, sqlx::Error>;

/// The values one statement may carry; both databases take more (32,766 and 65,535).
const VALUES_MAX: usize = 4_096;
/// Rows of one statement at most; rows beyond go into further statements.
const ROWS_MAX: usize = 64;
/// Statements have so many rows, a multiple of it, or fewer: any number is written by few statements, and few texts are prepared.
const ROWS_STEP: usize = 16;

/// A value of a statement. Nulls have a type too: PostgreSQL wants to know it.
#[derive(Debug, Clone)]
pub enum Value {
    /// BIGINT.
    Int(Option<i64>),
    /// TEXT.
    Text(Option<String>),
    /// BLOB or BYTEA.
    Bytes(Option<Vec<u8>>),
    /// A condition inside a statement; never stored.
    Flag(bool),
}

macro_rules! values {
    ($($from:ty => $variant:ident($convert:expr);)+) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                let convert: fn($from) -> _ = $convert;
                Self::$variant(Some(convert(value)))
            }
        }

        impl From<Option<$from>> for Value {
            fn from(value: Option<$from>) -> Self {
                let convert: fn($from) -> _ = $convert;
                Self::$variant(value.map(convert))
            }
        }
    )+};
}

values! {
    i64 => Int(|number| number);
    u32 => Int(i64::from);
    String => Text(|text| text);
    &str => Text(str::to_owned);
    &String => Text(String::clone);
    Vec<u8> => Bytes(|bytes| bytes);
    &[u8] => Bytes(<[u8]>::to_vec);
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}

impl From<&Option<String>> for Value {
    fn from(value: &Option<String>) -> Self {
        Self::Text(value.clone())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

impl Value {
    fn add_to<A: Arguments>(self, arguments: &mut A) -> std::result::Result<(), sqlx::error::BoxDynError>
    where
        for<'t> Option<i64>: sqlx::Encode<'t, A::Database> + sqlx::Type<A::Database>,
        for<'t> Option<String>: sqlx::Encode<'t, A::Database> + sqlx::Type<A::Database>,
        for<'t> Option<Vec<u8>>: sqlx::Encode<'t, A::Database> + sqlx::Type<A::Database>,
        for<'t> bool: sqlx::Encode<'t, A::Database> + sqlx::Type<A::Database>,
    {
        match self {
            Self::Int(number) => arguments.add(number),
            Self::Text(text) => arguments.add(text),
            Self::Bytes(bytes) => arguments.add(bytes),
            Self::Flag(flag) => arguments.add(flag),
        }
    }
}

/// What a row of either database can be read as.
pub trait Fetched: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T> Fetched for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// What a statement did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done(u64);

impl Done {
    /// How many rows it changed.
    pub fn rows_affected(self) -> u64 {
        self.0
    }
}

/// A text that is written here, never by users: values are bound.
#[derive(Debug, Clone)]
enum Text {
    Written(&'static str),
    Built(String),
}

impl Text {
    fn into_sql(self) -> SqlStr {
        match self {
            Self::Written(text) => sqlx::SqlSafeStr::into_sql_str(text),
            Self::Built(text) => sqlx::SqlSafeStr::into_sql_str(AssertSqlSafe(text)),
        }
    }
}

/// A statement with its values.
#[derive(Debug, Clone)]
#[must_use = "a statement does nothing until it is executed"]
pub struct Query {
    text: Text,
    values: Vec<Value>,
}

/// A statement whose rows are read as `T`.
#[must_use = "a statement does nothing until it is fetched"]
pub struct QueryAs<T>(Query, PhantomData<fn() -> T>);

/// A statement whose rows hold one value each.
#[must_use = "a statement does nothing until it is fetched"]
pub struct QueryScalar<T>(Query, PhantomData<fn() -> T>);

/// A statement that is executed.
pub fn query(text: &'static str) -> Query {
    Query { text: Text::Written(text), values: Vec::new() }
}

/// A statement whose rows are read as a `FromRow` type.
pub fn query_as<T>(text: &'static str) -> QueryAs<T> {
    QueryAs(query(text), PhantomData)
}

/// A statement whose rows hold one value each.
pub fn query_scalar<T>(text: &'static str) -> QueryScalar<T> {
    QueryScalar(query(text), PhantomData)
}

fn arguments<A: Arguments>(values: Vec<Value>) -> Result<A>
where
    for<'t> Option<i64>: sqlx::Encode<'t, A::Database> + sqlx::Type<A::Database>,
    for<'t> Option<String>: sqlx::Encode<'t, A::Database> + sqlx::Type<A::Database>,
    for<'t> Option<Vec<u8>>: sqlx::Encode<'t, A::Database> + sqlx::Type<A::Database>,
    for<'t> bool: sqlx::Encode<'t, A::Database> + sqlx::Type<A::Database>,
{
    let mut arguments = A::default();
    arguments.reserve(values.len(), values.len() * 16);
    for value in values {
        value.add_to(&mut arguments).map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

impl Query {
    /// Gives the next placeholder its value.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Runs the statement; tells how many rows it changed.
    pub async fn execute(self, conn: &mut Conn) -> Result<Done> {
        let done = self.done(conn).await;
        done.map_err(|error| conn.note(error))
    }

    async fn done(self, conn: &mut Conn) -> Result<Done> {
        let text = self.text.into_sql();
        match conn.link() {
            Link::Sqlite(link) => {
                let values: SqliteArguments = arguments(self.values)?;
                let done = sqlx::query_with::<Sqlite, _>(text, values).execute(&mut ***link).await?;
                Ok(Done(done.rows_affected()))
            }
            Link::Postgres(link) => {
                let values: PgArguments = arguments(self.values)?;
                let done = sqlx::query_with::<Postgres, _>(text, values).execute(&mut ***link).await?;
                Ok(Done(done.rows_affected()))
            }
        }
    }

    async fn rows<T: Fetched>(self, conn: &mut Conn) -> Result<Vec<T>> {
        let rows = self.fetched(conn).await;
        rows.map_err(|error| conn.note(error))
    }

    async fn fetched<T: Fetched>(self, conn: &mut Conn) -> Result<Vec<T>> {
        let text = self.text.into_sql();
        match conn.link() {
            Link::Sqlite(link) => {
                let values: SqliteArguments = arguments(self.values)?;
                sqlx::query_as_with::<Sqlite, T, _>(text, values).fetch_all(&mut ***link).await
            }
            Link::Postgres(link) => {
                let values: PgArguments = arguments(self.values)?;
                sqlx::query_as_with::<Postgres, T, _>(text, values).fetch_all(&mut ***link).await
            }
        }
    }
}

impl<T: Fetched> QueryAs<T> {
    /// Gives the next placeholder its value.
    pub fn bind(self, value: impl Into<Value>) -> Self {
        Self(self.0.bind(value), PhantomData)
    }

    /// Every row.
    pub async fn fetch_all(self, conn: &mut Conn) -> Result<Vec<T>> {
        self.0.rows(conn).await
    }

    /// The first row, if there is one.
    pub async fn fetch_optional(self, conn: &mut Conn) -> Result<Option<T>> {
        Ok(self.0.rows(conn).await?.into_iter().next())
    }

    /// The first row; an error when there is none.
    pub async fn fetch_one(self, conn: &mut Conn) -> Result<T> {
        self.fetch_optional(conn).await?.ok_or(sqlx::Error::RowNotFound)
    }
}

impl<T> QueryScalar<T>
where
    (T,): Fetched,
{
    /// Gives the next placeholder its value.
    pub fn bind(self, value: impl Into<Value>) -> Self {
        Self(self.0.bind(value), PhantomData)
    }

    /// The value of every row.
    pub async fn fetch_all(self, conn: &mut Conn) -> Result<Vec<T>> {
        Ok(self.0.rows::<(T,)>(conn).await?.into_iter().map(|(value,)| value).collect())
    }

    /// The value of the first row, if there is one.
    pub async fn fetch_optional(self, conn: &mut Conn) -> Result<Option<T>> {
        Ok(self.0.rows::<(T,)>(conn).await?.into_iter().next().map(|(value,)| value))
    }

    /// The value of the first row; an error when there is none.
    pub async fn fetch_one(self, conn: &mut Conn) -> Result<T> {
        self.fetch_optional(conn).await?.ok_or(sqlx::Error::RowNotFound)
    }
}

/// Rows of values that go into one statement: `before VALUES (…), (…) after`. However many there are, few statements are sent and
/// few texts are prepared.
pub struct Rows<'a> {
    /// The text before `VALUES`.
    pub before: &'a str,
    /// The values, row by row; all rows have the same number.
    pub rows: Vec<Vec<Value>>,
    /// The text after the last row.
    pub after: &'a str,
}

impl Rows<'_> {
    /// Runs it; tells how many rows were changed.
    pub async fn execute(self, conn: &mut Conn) -> Result<u64> {
        let mut changed = 0;
        for query in self.queries(conn.is_postgres()) {
            changed += query.execute(conn).await?.rows_affected();
        }
        Ok(changed)
    }

    /// Runs it and reads what comes back.
    pub async fn fetch_all<T: Fetched>(self, conn: &mut Conn) -> Result<Vec<T>> {
        let mut found = Vec::new();
        for query in self.queries(conn.is_postgres()) {
            found.extend(query.rows(conn).await?);
        }
        Ok(found)
    }

    fn queries(self, numbered: bool) -> Vec<Query> {
        let width = self.rows.first().map_or(1, Vec::len).max(1);
        let most = ROWS_MAX.min(VALUES_MAX / width).max(1);
        let (mut left, mut queries) = (self.rows.len(), Vec::new());
        let mut rows = self.rows.into_iter();
        while left > 0 {
            let size = size(left, most);
            left -= size;
            let values: Vec<Value> = rows.by_ref().take(size).flatten().collect();
            queries.push(Query { text: Text::Built(text(self.before, (size, width), self.after, numbered)), values });
        }
        queries
    }
}

/// How many of the rows that are left go into the next statement.
fn size(left: usize, most: usize) -> usize {
    let size = left.min(most);
    if size > ROWS_STEP { size - size % ROWS_STEP } else { size }
}

/// `before VALUES ($1, $2), ($3, $4) after`; with `?` where they need not be numbered: SQLite finds a numbered one by going through all
/// of them, which for hundreds costs more than the rows.
fn text(before: &str, (rows, width): (usize, usize), after: &str, numbered: bool) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(before.len() + after.len() + rows * width * 6 + 16);
    text.push_str(before);
    for row in 0..rows {
        text.push_str(if row == 0 { " VALUES (" } else { ", (" });
        for column in 0..width {
            text.push_str(if column == 0 { "" } else { ", " });
            if numbered {
                // Writing to a String can't fail.
                let _ = write!(text, "${}", row * width + column + 1);
            } else {
                text.push('?');
            }
        }
        text.push(')');
    }
    text.push_str(after);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_numbered_through() {
        let text = |numbered| text("INSERT INTO a (b, c)", (2, 2), " RETURNING b", numbered);
        assert_eq!(text(true), "INSERT INTO a (b, c) VALUES ($1, $2), ($3, $4) RETURNING b");
        assert_eq!(text(false), "INSERT INTO a (b, c) VALUES (?, ?), (?, ?) RETURNING b");
    }

    #[test]
    fn many_rows_need_few_texts() {
        let sizes = |rows: usize| {
            let rows = Rows { before: "", rows: vec![vec![Value::Int(Some(1))]; rows], after: "" };
            rows.queries(true).iter().map(|query| query.values.len()).collect::<Vec<_>>()
        };
        assert_eq!((sizes(0), sizes(1), sizes(45), sizes(130)), (vec![], vec![1], vec![32, 13], vec![64, 64, 2]));
    }
}
