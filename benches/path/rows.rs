//! The rows a turn writes, learnt from the database: a real turn is played and what it left behind is read. So the ceilings insert
//! the same columns in the same sizes, and a database of many conversations is made of real ones, whatever the schema is.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use switchboard::app::{DATABASE, Home};

use crate::channel::{Channel, GREETING};

/// The conversation that is learnt from: a greeting, then a question with an answer.
const QUESTION: &str = "what are your opening hours";
/// Columns that hold places in a conversation: they move on with it.
const PLACES: [&str; 5] = ["seq", "entry_seq", "position", "contact_seq", "version"];
/// Tables whose rows no conversation owns.
const SHARED: [&str; 2] = ["changes", "received"];

/// A value. Columns without one are left out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// The names in the rows of one conversation: every row that is made gets others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    pub(crate) inbox: String,
    pub(crate) thread: String,
    pub(crate) conversation: String,
    pub(crate) contact: String,
    pub(crate) identity: String,
    /// Of entries, deliveries and what came in, in the order of the rows.
    pub(crate) rows: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
enum Name {
    Inbox,
    Thread,
    Conversation,
    Contact,
    Identity,
    Row(usize),
}

impl Names {
    fn get(&self, name: Name) -> &str {
        match name {
            Name::Inbox => &self.inbox,
            Name::Thread => &self.thread,
            Name::Conversation => &self.conversation,
            Name::Contact => &self.contact,
            Name::Identity => &self.identity,
            Name::Row(at) => &self.rows[at],
        }
    }

    /// Every name with its words, those that may hold another one first.
    fn all(&self) -> Vec<(Name, &str)> {
        let rows = self.rows.iter().enumerate().map(|(at, words)| (Name::Row(at), words.as_str()));
        let fixed = [Name::Inbox, Name::Conversation, Name::Contact, Name::Identity, Name::Thread];
        rows.chain(fixed.map(|name| (name, self.get(name)))).collect()
    }
}

/// A row as it is made again and again.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) table: String,
    columns: Vec<(String, Pattern)>,
}

#[derive(Debug, Clone)]
enum Pattern {
    Same(Cell),
    Text(Vec<Piece>),
    Place(i64),
    /// The conversation's number for people.
    Number,
}

#[derive(Debug, Clone)]
enum Piece {
    Words(String),
    Name(Name),
}

/// What was learnt.
pub(crate) struct Sample {
    /// The names in it; a new row takes as many.
    pub(crate) names: Names,
    /// Everything a conversation of some turns consists of, parents first.
    pub(crate) whole: Vec<Form>,
    /// Greetings go on in such a conversation. What one of them inserts …
    pub(crate) turn: Vec<Form>,
    /// … and the conversation's row after it.
    pub(crate) conversation: Form,
    /// The conversation's last place before that turn.
    pub(crate) seq: i64,
    /// Places that one turn takes.
    pub(crate) step: i64,
}

impl Sample {
    /// Plays a conversation and reads what it left behind.
    pub(crate) async fn take() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::at(folder.path());
        let file = folder.path().join(DATABASE);
        let thread = Channel::thread(0);
        play(&home, &[]).await;
        let empty = heads(&file);
        play(&home, &[("first", GREETING), ("second", QUESTION)]).await;
        let before = heads(&file);
        play(&home, &[("third", GREETING)]).await;
        let conn = Connection::open(&file).expect("opens");
        let (whole, turn): (Vec<_>, Vec<_>) = (rows_after(&conn, &empty, &before), rows_after(&conn, &before, &[]));
        let one = |sql: &str| -> String { conn.query_row(sql, [], |row| row.get(0)).expect("a value") };
        let mut names = Names {
            inbox: one("SELECT inbox_id FROM conversations"),
            thread,
            conversation: one("SELECT id FROM conversations"),
            contact: one("SELECT contact_id FROM conversations"),
            identity: one("SELECT identity_id FROM conversations"),
            rows: Vec::new(),
        };
        for (_, row) in whole.iter().chain(&turn) {
            for (column, cell) in row {
                if let (true, Cell::Text(words)) = (column == "id" || column == "external_id", cell)
                    && !names.all().iter().any(|(_, known)| known == words)
                {
                    names.rows.push(words.clone());
                }
            }
        }
        let number = |sql: &str| -> i64 { conn.query_row(sql, [], |row| row.get(0)).expect("a number") };
        let last = number("SELECT seq FROM conversations");
        let before = number("SELECT MIN(entry_seq) - 1 FROM inbound WHERE external_id LIKE '%third'");
        let conversation = rows_of(&conn, "conversations", 0, i64::MAX).pop().expect("one");
        let form = |(table, row): &(String, Row)| Form::learn(table, row, &names);
        let mut whole: Vec<Form> =
            whole.iter().filter(|(table, _)| !SHARED.contains(&table.as_str())).map(form).collect();
        // The conversation's row has moved on since; it is taken with the state it has now.
        let conversation = Form::learn("conversations", &conversation, &names);
        for form in &mut whole {
            if form.table == "conversations" {
                *form = conversation.clone();
            }
        }
        let turn: Vec<Form> = turn.iter().filter(|(table, _)| table != "received").map(form).collect();
        Self { whole, turn, conversation, seq: before, step: last - before, names }
    }

    /// Names for another conversation, all rows of it included. Those of greater eras are greater, as names of later rows are.
    pub(crate) fn others(&self, known: &Names, era: Era, from: usize) -> Names {
        let rows = self.names.rows.iter().enumerate().map(|(at, words)| match words.split_once(':') {
            Some(_) => format!("{}:{:036}", known.thread, from + at),
            None => renamed(words, era, from + at),
        });
        Names { rows: rows.collect(), ..known.clone() }
    }

    /// Rows that one turn writes: what it inserts, the conversation and the count of what was received.
    pub(crate) fn rows_in_a_turn(&self) -> usize {
        self.turn.len() + 2
    }
}

impl Form {
    fn learn(table: &str, row: &Row, names: &Names) -> Self {
        let columns = row.iter().map(|(column, cell)| {
            let pattern = match cell {
                Cell::Int(_) if column == "number" => Pattern::Number,
                Cell::Int(place) if PLACES.contains(&column.as_str()) => Pattern::Place(*place),
                Cell::Text(text) => pattern(text, names),
                Cell::Int(_) | Cell::Bytes(_) => Pattern::Same(cell.clone()),
            };
            (column.clone(), pattern)
        });
        Self { table: table.to_owned(), columns: columns.collect() }
    }

    /// `INSERT INTO … VALUES ($1, …)`
    pub(crate) fn insert(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        let places: Vec<String> = (1..=names.len()).map(|at| format!("${at}")).collect();
        format!("INSERT INTO {} ({}) VALUES ({})", self.table, names.join(", "), places.join(", "))
    }

    /// Writes a conversation's row over the one before it, found by its id.
    pub(crate) fn update(&self) -> String {
        // Setting the id, even to itself, would have SQLite look through every table that refers to it.
        let changed = self.columns.iter().zip(1..).filter(|((name, _), _)| name != "id");
        let sets: Vec<String> = changed.map(|((name, _), at)| format!("{name} = ${at}")).collect();
        let id = self.columns.iter().position(|(name, _)| name == "id").expect("an id") + 1;
        format!("UPDATE {} SET {} WHERE id = ${id}", self.table, sets.join(", "))
    }

    /// Only the columns that a turn changes, and the id.
    pub(crate) fn without_fixed(mut self) -> Self {
        const FIXED: [&str; 6] = ["number", "inbox_id", "contact_id", "identity_id", "thread", "created_at"];
        self.columns.retain(|(name, _)| !FIXED.contains(&name.as_str()));
        self
    }

    /// The values, with other names, places so much further on, and a number.
    pub(crate) fn make(&self, names: &Names, further: i64, number: i64) -> Vec<Cell> {
        let cell = |(_, pattern): &(String, Pattern)| match pattern {
            Pattern::Same(cell) => cell.clone(),
            Pattern::Place(place) => Cell::Int(place + further),
            Pattern::Number => Cell::Int(number),
            Pattern::Text(pieces) => Cell::Text(
                pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Words(words) => words.as_str(),
                        Piece::Name(name) => names.get(*name),
                    })
                    .collect(),
            ),
        };
        self.columns.iter().map(cell).collect()
    }
}

/// Whether made-up ids stand before or after all real ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Era {
    Before,
    After,
}

/// Another id of the same kind and length: `msg_01K…` becomes `msg_0000…42`.
pub(crate) fn renamed(id: &str, era: Era, count: usize) -> String {
    let first = if era == Era::Before { 0 } else { 7 };
    let kind = id.split_once('_').expect("ids are shown with a prefix").0;
    format!("{kind}_{first}{count:025}")
}

/// Cuts a text at the names in it.
fn pattern(text: &str, names: &Names) -> Pattern {
    let mut pieces = vec![Piece::Words(text.to_owned())];
    for (name, words) in names.all() {
        let cut = |piece: Piece| match piece {
            Piece::Words(text) => {
                let mut pieces = Vec::new();
                for (at, part) in text.split(words).enumerate() {
                    if at > 0 {
                        pieces.push(Piece::Name(name));
                    }
                    if !part.is_empty() {
                        pieces.push(Piece::Words(part.to_owned()));
                    }
                }
                pieces
            }
            Piece::Name(_) => vec![piece],
        };
        pieces = pieces.into_iter().flat_map(cut).collect();
    }
    if pieces.iter().any(|piece| matches!(piece, Piece::Name(_))) {
        Pattern::Text(pieces)
    } else {
        Pattern::Same(Cell::Text(text.to_owned()))
    }
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Int(number) => ToSqlOutput::Borrowed(ValueRef::Integer(*number)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

type Row = Vec<(String, Cell)>;

async fn play(home: &Home, says: &[(&str, &str)]) {
    let channel = Channel::open(home).await;
    for (number, text) in says {
        // As long as the ids that pages give.
        channel.send(&Channel::thread(0), &format!("{number:->36}"), text).await;
    }
    channel.core.store.close().await;
}

/// Tables with the last row of each, in the order they were made: parents first.
fn heads(file: &Path) -> Vec<(String, i64)> {
    let conn = Connection::open(file).expect("opens");
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY rowid";
    let mut tables = conn.prepare(tables).expect("prepared");
    let tables = tables.query_map([], |row| row.get::<_, String>(0)).expect("queried");
    tables
        .map(|table| {
            let table = table.expect("a name");
            let last = format!("SELECT COALESCE(MAX(rowid), 0) FROM {table}");
            let last = conn.query_row(&last, [], |row| row.get(0)).expect("a number");
            (table, last)
        })
        .collect()
}

/// The rows after these heads, up to those; all of them where none are named.
fn rows_after(conn: &Connection, heads: &[(String, i64)], until: &[(String, i64)]) -> Vec<(String, Row)> {
    let end = |table: &str| until.iter().find(|(name, _)| name == table).map_or(i64::MAX, |(_, last)| *last);
    heads
        .iter()
        .flat_map(|(table, last)| {
            let rows = rows_of(conn, table, *last, end(table));
            rows.into_iter().map(|row| (table.clone(), row))
        })
        .collect()
}

fn rows_of(conn: &Connection, table: &str, after: i64, until: i64) -> Vec<Row> {
    // What the database counts by itself is not inserted: these columns alone are INTEGER, all others are BIGINT.
    let counted = format!("SELECT name FROM pragma_table_info('{table}') WHERE type = 'INTEGER'");
    let mut counted = conn.prepare(&counted).expect("prepared");
    let counted: BTreeSet<String> =
        counted.query_map([], |row| row.get(0)).expect("queried").map(|name| name.expect("a name")).collect();
    let text = format!("SELECT * FROM {table} WHERE rowid > ?1 AND rowid <= ?2 ORDER BY rowid");
    let mut rows = conn.prepare(&text).expect("prepared");
    let columns: Vec<String> = rows.column_names().into_iter().map(str::to_owned).collect();
    let read = |row: &rusqlite::Row<'_>| {
        let mut cells = Row::new();
        for (at, column) in columns.iter().enumerate().filter(|(_, column)| !counted.contains(*column)) {
            let cell = match row.get_ref(at)? {
                ValueRef::Null => continue,
                ValueRef::Integer(number) => Cell::Int(number),
                ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
                ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
                ValueRef::Real(_) => unreachable!("no column holds fractions"),
            };
            cells.push((column.clone(), cell));
        }
        Ok(cells)
    };
    rows.query_map([after, until], read).expect("queried").map(|row| row.expect("a row")).collect()
}
