//! What is wrong with a file, and where.

use std::fmt;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The file can't be used.
    Error,
    /// The file can be used; somebody should look at it.
    Warning,
}

/// A place in a file, for people: both count from 1; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

/// One mistake of a file. Shows as `file:line:column: message`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Problem {
    /// The file, as it was named to the parser.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, what was expected, and what mends it.
    pub message: String,
}

impl Problem {
    /// An error at a place.
    pub fn error(file: &str, at: Place, message: impl Into<String>) -> Self {
        Self::new(file, at, Severity::Error, message)
    }

    /// A warning at a place.
    pub fn warning(file: &str, at: Place, message: impl Into<String>) -> Self {
        Self::new(file, at, Severity::Warning, message)
    }

    fn new(file: &str, at: Place, severity: Severity, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: at.line, column: at.column, severity, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, severity, message } = self;
        match severity {
            Severity::Error => write!(f, "{file}:{line}:{column}: {message}"),
            Severity::Warning => write!(f, "{file}:{line}:{column}: warning: {message}"),
        }
    }
}

impl std::error::Error for Problem {}

/// The known word nearest to a mistyped one, when it is near enough to be meant.
pub(crate) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let one_slip = |word| typed.len() >= 3 && strsim::damerau_levenshtein(typed, word) == 1;
    known
        .into_iter()
        .map(|word| (strsim::jaro_winkler(typed, word), word))
        .filter(|(likeness, word)| *likeness >= 0.8 || one_slip(word))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

/// `; did you mean …?` for the nearest known word, or nothing.
pub(crate) fn did_you_mean<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(typed, known).map_or_else(String::new, |word| format!("; did you mean `{word}`?"))
}
