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
        Self::unavailable(told(&error))
    }
}

impl From<crate::store::Error> for Failure {
    fn from(error: crate::store::Error) -> Self {
        Self::unavailable(error)
    }
}

/// An error with its causes, from the outside in. Many errors already tell their cause: it is not told again.
fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.contains(&cause) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause);
    }
    text
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

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::told;

    #[test]
    fn a_cause_is_told_once() {
        let outer = Err::<(), _>(std::io::Error::other("no such host")).context("it can't be reached: no such host");
        let error = outer.context("the database can't be opened").expect_err("an error");
        let text = told(&error);
        assert_eq!(text, "the database can't be opened: it can't be reached: no such host");
    }
}
