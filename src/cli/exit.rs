//! How commands end: exit codes, and errors on stderr.

use std::fmt::Display;
use std::process::ExitCode;

/// What a command returns.
pub type Outcome = Result<(), Failure>;

/// Why a command failed, with its exit code.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    lines: Vec<String>,
}

impl Failure {
    fn new<T: Display>(code: u8, lines: impl IntoIterator<Item = T>) -> Self {
        Self { code, lines: lines.into_iter().map(|line| line.to_string()).collect() }
    }

    /// A check or test failed: 1.
    pub fn check<T: Display>(lines: impl IntoIterator<Item = T>) -> Self {
        Self::new(1, lines)
    }

    /// The command line is wrong: 2.
    pub fn usage(line: impl Display) -> Self {
        Self::new(2, [line])
    }

    /// Something can't be reached: 69.
    pub fn unavailable(line: impl Display) -> Self {
        Self::new(69, [line])
    }

    /// Not possible at present: 75.
    pub fn again(line: impl Display) -> Self {
        Self::new(75, [line])
    }

    /// The configuration is wrong: 78.
    pub fn config<T: Display>(lines: impl IntoIterator<Item = T>) -> Self {
        Self::new(78, lines)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::unavailable(format!("{error:#}"))
    }
}

impl From<crate::store::Error> for Failure {
    fn from(error: crate::store::Error) -> Self {
        Self::unavailable(error)
    }
}

/// Prints why a command failed, and gives its exit code.
#[expect(clippy::print_stderr, reason = "the command line reports errors on stderr")]
pub(super) fn report(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            for line in failure.lines {
                eprintln!("switchboard: {line}");
            }
            ExitCode::from(failure.code)
        }
    }
}
