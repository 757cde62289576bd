//! A connection to either database.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;

use super::changes::Change;
use super::changeset::Changeset;
use super::outbox::Event;
use super::{Error, Result, Trouble, changes, sql};
use switchboard_contract::Timestamp;

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
    /// The running job's savepoint, by its mark in the news; none when the whole transaction is the job's.
    job: Option<usize>,
    /// Who makes events of what is written, once somebody has subscribed.
    herald: Subscriber,
}

/// Makes events of what is written, for webhooks that want to hear of it.
pub trait Herald: Send + Sync + 'static {
    /// The events of what is about to be written, in order.
    fn events(&self, set: &Changeset, now: Timestamp) -> Vec<Event>;
}

/// At most one herald, shared by all writers.
pub(super) type Subscriber = Arc<OnceLock<Arc<dyn Herald>>>;

impl Conn {
    pub(super) fn new(link: Link) -> Self {
        Self { link, news: Vec::new(), trouble: None, job: None, herald: Subscriber::default() }
    }

    pub(super) fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    /// Has what is written told to a herald, now or when there is one.
    pub(super) fn listen(mut self, herald: &Subscriber) -> Self {
        self.herald = Arc::clone(herald);
        self
    }

    /// Who makes events of what is written.
    pub(super) fn herald(&self) -> Option<Arc<dyn Herald>> {
        self.herald.get().cloned()
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
        self.job = Some(self.news.len());
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

    /// Where a savepoint stands in the news.
    pub(super) fn mark(&self) -> usize {
        self.news.len()
    }

    /// Forgets the news since a mark.
    pub(super) fn forget_since(&mut self, mark: usize) {
        self.news.truncate(mark);
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
        self.news.clear();
        self.trouble = None;
        self.job = None;
        // SQLite: the lock is taken now and not in the middle, where waiting for it would be a deadlock.
        let text = if self.is_postgres() { "BEGIN" } else { "BEGIN IMMEDIATE" };
        self.run(text).await
    }

    /// Writes the news; only the commit itself is left to do then.
    pub(super) async fn write_news(&mut self) -> Result<()> {
        let news = std::mem::take(&mut self.news);
        changes::write(self, news).await
    }

    pub(super) async fn commit(&mut self) -> Result<()> {
        self.run("COMMIT").await
    }

    pub(super) async fn rollback(&mut self) -> Result<()> {
        self.news.clear();
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
