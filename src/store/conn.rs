//! A connection to either database.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;

use super::changes::Change;
use super::changeset::Changeset;
use super::outbox::Event;
use super::{Error, Result, Trouble, changes, sql};
use switchboard_contract::{InboxId, ThreadKey, ThreadNews, Timestamp};

/// The native connection; owned, lent by a pool or held by a transaction that ends when it is dropped.
pub(super) enum Link {
    Sqlite(Box<dyn DerefMut<Target = SqliteConnection> + Send>),
    Postgres(Box<dyn DerefMut<Target = PgConnection> + Send>),
}

/// A connection, inside or outside a transaction.
pub struct Conn {
    link: Link,
    /// News that is written just before the commit, so that its positions are given in the order of the commits.
    news: Vec<(Change, Timestamp)>,
    /// The first trouble of the database since the transaction began. SQLite undoes the whole transaction then, and
    /// would keep each further statement by itself.
    trouble: Option<(Trouble, String)>,
    /// Where the running job's savepoint stands; none when the whole transaction is the job's.
    job: Option<Mark>,
    /// What was added to threads, told after the commit.
    added: Vec<Added>,
    /// A delivery may go since this transaction, that could not before.
    freed: bool,
    /// Who hears of what is written, once somebody has subscribed.
    ears: Ears,
}

/// What a transaction adds to one thread.
#[derive(Debug)]
pub struct Added {
    /// The inbox of the thread.
    pub inbox: InboxId,
    /// The thread.
    pub thread: ThreadKey,
    /// What its contact may know of it.
    pub news: ThreadNews,
}

/// Shows threads to their contacts.
pub trait Audience: Send + Sync + 'static {
    /// Whether anybody shows the threads of an inbox.
    fn watches(&self, inbox: InboxId) -> bool;

    /// Hears what was added, after the commit and before those who asked for it. Must not block.
    fn added(&self, added: Added);
}

/// Makes events of what is written, for webhooks that want to hear of it.
pub trait Herald: Send + Sync + 'static {
    /// The events of what is about to be written, in order.
    fn events(&self, set: &Changeset, now: Timestamp) -> Vec<Event>;
}

/// Those who hear of what is written, at most one of each kind; shared by all writers.
#[derive(Default)]
pub(super) struct Listeners {
    pub(super) herald: OnceLock<Arc<dyn Herald>>,
    pub(super) audience: OnceLock<Arc<dyn Audience>>,
}

pub(super) type Ears = Arc<Listeners>;

/// Where a savepoint stands in what is told after the commit.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    news: usize,
    added: usize,
}

/// What a transaction left to be told once it is committed.
#[derive(Default)]
pub(super) struct Left {
    pub(super) added: Vec<Added>,
    pub(super) freed: bool,
}

impl Conn {
    pub(super) fn new(link: Link) -> Self {
        let ears = Ears::default();
        Self { link, news: Vec::new(), trouble: None, job: None, added: Vec::new(), freed: false, ears }
    }

    pub(super) fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    /// Has what is written told to those who listen, now or once they do.
    pub(super) fn listen(mut self, ears: &Ears) -> Self {
        self.ears = Arc::clone(ears);
        self
    }

    /// Who makes events of what is written.
    pub(super) fn herald(&self) -> Option<Arc<dyn Herald>> {
        self.ears.herald.get().cloned()
    }

    /// Whether several transactions can be under way at once.
    pub(super) fn is_postgres(&self) -> bool {
        matches!(self.link, Link::Postgres(_))
    }

    /// Keeps a change until the commit.
    pub(super) fn tell(&mut self, change: Change, at: Timestamp) {
        self.news.push((change, at));
    }

    /// Begins a job in a transaction that it shares with others.
    pub(super) async fn begin_job(&mut self) -> Result<()> {
        self.job = Some(self.mark());
        self.run("SAVEPOINT job").await
    }

    /// Undoes what the running job has done so far; it may begin anew.
    pub(crate) async fn undo_job(&mut self) -> Result<()> {
        if let Some(mark) = self.job {
            self.forget_since(mark);
            return self.run("ROLLBACK TO SAVEPOINT job").await;
        }
        self.sound()?;
        self.rollback().await?;
        self.begin().await
    }

    /// Ends a job that shares its transaction.
    pub(super) async fn end_job(&mut self) -> Result<()> {
        self.job = None;
        self.run("RELEASE SAVEPOINT job").await
    }

    /// Whether anybody shows the threads of an inbox.
    pub(super) fn is_watched(&self, inbox: InboxId) -> bool {
        self.ears.audience.get().is_some_and(|audience| audience.watches(inbox))
    }

    /// Keeps what is added to a thread until the commit.
    pub(super) fn add(&mut self, added: Added) {
        self.added.push(added);
    }

    /// Has the outbox look after the commit: something may go that could not before.
    pub(super) fn frees_deliveries(&mut self) {
        self.freed = true;
    }

    /// Takes what is to be told of a transaction that was committed.
    pub(super) fn left(&mut self) -> Left {
        Left { added: std::mem::take(&mut self.added), freed: std::mem::take(&mut self.freed) }
    }

    /// Where a savepoint stands in what will be told.
    pub(super) fn mark(&self) -> Mark {
        Mark { news: self.news.len(), added: self.added.len() }
    }

    /// Forgets what was to be told since a mark. Deliveries may be looked at in vain.
    pub(super) fn forget_since(&mut self, mark: Mark) {
        self.news.truncate(mark.news);
        self.added.truncate(mark.added);
    }

    /// Notes an error of a statement. Somebody else's transaction being in the way is none of the database's troubles.
    pub(super) fn note(&mut self, error: sqlx::Error) -> sqlx::Error {
        if self.trouble.is_none()
            && !super::is_conflict(&error)
            && let Some(trouble) = Trouble::of_database(&error)
        {
            self.trouble = Some((trouble, error.to_string()));
        }
        error
    }

    /// Whether the transaction can still be trusted.
    ///
    /// # Errors
    /// When the database was in trouble since it began, whoever saw the error.
    pub(super) fn sound(&mut self) -> Result<()> {
        self.trouble.take().map_or(Ok(()), |(trouble, detail)| Err(Error::Outage { trouble, detail }))
    }

    pub(super) async fn begin(&mut self) -> Result<()> {
        self.forget();
        self.trouble = None;
        self.job = None;
        // SQLite: the lock is taken now and not in the middle, where waiting for it would be a deadlock.
        let text = if self.is_postgres() { "BEGIN" } else { "BEGIN IMMEDIATE" };
        self.run(text).await
    }

    /// Writes the news, and tells whether there was any; only the commit itself is left to do then.
    pub(super) async fn write_news(&mut self) -> Result<bool> {
        let news = std::mem::take(&mut self.news);
        let any = !news.is_empty();
        changes::write(self, news).await.map(|()| any)
    }

    fn forget(&mut self) {
        self.news.clear();
        self.added.clear();
        self.freed = false;
    }

    pub(super) async fn commit(&mut self) -> Result<()> {
        self.run("COMMIT").await
    }

    pub(super) async fn rollback(&mut self) -> Result<()> {
        self.forget();
        self.run("ROLLBACK").await
    }

    /// Runs a statement that has neither values nor rows.
    pub(super) async fn run(&mut self, text: &'static str) -> Result<()> {
        sql::query(text).execute(self).await.map(drop).map_err(Error::from)
    }
}

/// A connection that is lent and can't write.
pub struct Reader(pub(super) Conn);

impl Deref for Reader {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.0
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.0
    }
}
