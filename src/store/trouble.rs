//! What keeps the database from doing its work, in words an operator understands. Pure; no word names a path or a secret.

use super::Error;

/// Trouble of the database itself: trying another item makes no sense before it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// There is no room for what is to be kept.
    Full,
    /// Somebody else holds it.
    Locked,
    /// The file refuses to be written: permissions, a quota, a failing disk.
    Unwritable,
    /// The file refuses to be read.
    Unreadable,
    /// The file is gone, or may not be opened.
    Unopened,
    /// The file that was opened is not where it was: what is written to it now would be found by nobody.
    Moved,
    /// What is in the file makes no sense.
    Damaged,
    /// A server that takes no writes, a standby for example.
    ReadOnly,
    /// A server that is gone, stopping or starting.
    Unreachable,
    /// A server that does not let us in.
    Refused,
    /// A server without a connection or memory for us.
    Overloaded,
    /// Nothing came back within its time.
    Slow,
    /// The database is not of this version of the program.
    Outdated,
    /// The program itself is ending.
    Stopping,
    /// Anything else.
    Failing,
}

impl Trouble {
    /// What an error says of the database; none when it concerns one item alone.
    pub fn of(error: &Error) -> Option<Self> {
        match error {
            Error::Database(error) => Self::of_database(error),
            Error::Migrate(_) => Some(Self::Outdated),
            Error::Outage { trouble, .. } => Some(*trouble),
            Error::NotKept(error) => Self::of(error),
            Error::Stopping => Some(Self::Stopping),
            Error::Corrupt { .. } | Error::Stale | Error::Panicked(_) => None,
        }
    }

    pub(super) fn of_database(error: &sqlx::Error) -> Option<Self> {
        match error {
            sqlx::Error::Database(refusal) => refusal.code().map_or(Some(Self::Failing), |code| Self::of_code(&code)),
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolClosed => {
                Some(Self::Unreachable)
            }
            sqlx::Error::PoolTimedOut => Some(Self::Slow),
            sqlx::Error::RowNotFound
            | sqlx::Error::TypeNotFound { .. }
            | sqlx::Error::ColumnIndexOutOfBounds { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::Encode(_)
            | sqlx::Error::Decode(_) => None,
            sqlx::Error::Configuration(_)
            | sqlx::Error::InvalidArgument(_)
            | sqlx::Error::AnyDriverError(_)
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Migrate(_)
            | sqlx::Error::InvalidSavePointStatement
            | sqlx::Error::BeginFailed
            // The list may grow.
            | _ => Some(Self::Failing),
        }
    }

    /// The code of a refusal: SQLSTATE always has five characters, SQLite's codes are numbers of at most four digits.
    fn of_code(code: &str) -> Option<Self> {
        if code.len() == 5 { Self::of_sqlstate(code) } else { Self::of_sqlite(code.parse().ok()?) }
    }

    /// Result codes of SQLite: <https://sqlite.org/rescode.html>
    fn of_sqlite(code: i32) -> Option<Self> {
        // SQLITE_IOERR_READ, _SHORT_READ, _CORRUPTFS, _DATA
        const READING: [i32; 4] = [266, 522, 8_458, 8_202];
        match code & 0xff {
            5 | 6 => Some(Self::Locked),
            8 => Some(Self::Unwritable),
            10 => Some(if READING.contains(&code) { Self::Unreadable } else { Self::Unwritable }),
            11 | 26 => Some(Self::Damaged),
            13 => Some(Self::Full),
            14 => Some(Self::Unopened),
            _ => None,
        }
    }

    /// SQLSTATE of PostgreSQL: <https://www.postgresql.org/docs/current/errcodes-appendix.html>
    fn of_sqlstate(code: &str) -> Option<Self> {
        match code {
            "53100" => return Some(Self::Full),
            "25006" => return Some(Self::ReadOnly),
            "57014" => return Some(Self::Slow),
            // Not available, serialisation, deadlock: somebody else was faster, and the same again works.
            "55P03" | "40001" | "40P01" => return Some(Self::Locked),
            "58030" => return Some(Self::Unwritable),
            "42501" => return Some(Self::Refused),
            "XX001" | "XX002" => return Some(Self::Damaged),
            _ => {}
        }
        match code.get(..2)? {
            "08" | "57" => Some(Self::Unreachable),
            "28" | "3D" => Some(Self::Refused),
            "53" => Some(Self::Overloaded),
            "25" | "58" | "XX" => Some(Self::Failing),
            _ => None,
        }
    }

    /// The words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Full => "the disk is full",
            Self::Locked => "the database is locked by another process",
            Self::Unwritable => "the database file can't be written",
            Self::Unreadable => "the database file can't be read",
            Self::Unopened => "the database file can't be opened",
            Self::Moved => "the database file was moved or replaced while the program runs",
            Self::Damaged => "the database is damaged",
            Self::ReadOnly => "the database takes no writes",
            Self::Unreachable => "the database can't be reached",
            Self::Refused => "the database does not let the program in",
            Self::Overloaded => "the database has no connection or memory left",
            Self::Slow => "the database does not answer in time",
            Self::Outdated => "the database is of another version of the program",
            Self::Stopping => "the program is stopping",
            Self::Failing => "the database fails; the log says how",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_sqlite_have_their_words() {
        let told = |code: &str| Trouble::of_code(code).map(Trouble::words);
        for (code, words) in [
            ("13", "the disk is full"),
            // BUSY and BUSY_SNAPSHOT, LOCKED
            ("5", "the database is locked by another process"),
            ("517", "the database is locked by another process"),
            ("6", "the database is locked by another process"),
            // READONLY, IOERR_WRITE, IOERR_FSYNC
            ("8", "the database file can't be written"),
            ("778", "the database file can't be written"),
            ("1034", "the database file can't be written"),
            ("266", "the database file can't be read"),
            ("14", "the database file can't be opened"),
            ("11", "the database is damaged"),
        ] {
            assert_eq!(told(code), Some(words), "{code}");
        }
        // A broken rule of a table concerns what was written, not the database.
        assert_eq!(told("2067"), None);
        assert_eq!(told("1"), None);
    }

    #[test]
    fn codes_of_postgres_have_their_words() {
        let told = |code: &str| Trouble::of_code(code).map(Trouble::words);
        for (code, words) in [
            ("53100", "the disk is full"),
            ("53300", "the database has no connection or memory left"),
            ("57P01", "the database can't be reached"),
            ("57P03", "the database can't be reached"),
            ("08006", "the database can't be reached"),
            ("25006", "the database takes no writes"),
            ("28P01", "the database does not let the program in"),
            ("55P03", "the database is locked by another process"),
            ("40P01", "the database is locked by another process"),
            ("57014", "the database does not answer in time"),
        ] {
            assert_eq!(told(code), Some(words), "{code}");
        }
        // A broken rule of a table, and a text that is no SQL.
        assert_eq!((told("23505"), told("42601")), (None, None));
    }

    #[test]
    fn what_concerns_one_item_is_no_trouble() {
        assert_eq!(Trouble::of(&Error::Stale), None);
        assert_eq!(Trouble::of(&Error::Database(sqlx::Error::RowNotFound)), None);
        let cut = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        assert_eq!(Trouble::of(&Error::Database(sqlx::Error::Io(cut))), Some(Trouble::Unreachable));
    }
}
