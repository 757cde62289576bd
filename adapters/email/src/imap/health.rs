//! How an inbox's connection is, for people.

/// What an inbox does at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// It connects and signs in.
    #[default]
    Connecting,
    /// It takes mail in.
    Reading,
    /// It has everything and waits for more.
    Watching,
    /// It waits before it tries again, after what `trouble` says.
    Paused,
    /// It waits long before it tries again, since only a person can mend what `trouble` says.
    NeedsHelp,
}

/// The state of one inbox.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health {
    /// What it does.
    pub state: State,
    /// Why it does not go on, or what did not work on the side; gone when it works again.
    pub trouble: Option<String>,
    /// Troubles in a row.
    pub failures: u32,
    /// What the server wants people to know (`[ALERT]`), the newest.
    pub alert: Option<String>,
    /// Folders of the settings that are not there.
    pub missing: Vec<String>,
    /// Mails handed in since the start, whatever became of them.
    pub handed_in: u64,
}
