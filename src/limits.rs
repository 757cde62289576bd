//! The bounds of the program outside engine and adapters that several parts or operators meet. What concerns one file alone
//! stands there, by name too.

use std::time::Duration;

/// Jobs that share one commit.
pub const COMMIT_GROUP_MAX: usize = 256;
/// Jobs that may wait for the writer; further callers wait for a place.
pub const WRITE_QUEUE_MAX: usize = 1_024;
/// Connections that read beside the writer.
pub const READERS: u32 = 4;
/// How long a read waits for a connection.
pub const READER_WAIT: Duration = Duration::from_secs(10);
/// Statements kept prepared for each connection.
pub const STATEMENTS_PREPARED: usize = 512;
/// Pages of 4 KiB in SQLite's log before they are copied into the file.
pub const WAL_PAGES: u32 = 8_192;
/// Pages a SQLite connection keeps in memory at most, in KiB; it takes them as it needs them.
pub const PAGE_CACHE_KIB: u32 = 16_384;
/// How long connecting to the database may take.
pub const CONNECT_MAX: Duration = Duration::from_secs(5);
/// How long a transaction may take; the connection is given up then.
pub const TRANSACTION_MAX: Duration = Duration::from_mins(1);
/// How long a statement waits for another process that holds the database.
pub const DATABASE_BUSY: Duration = Duration::from_secs(5);
/// The largest inbound item that is kept, in bytes.
pub const INBOUND_BYTES_MAX: usize = 50 * 1024 * 1024;
/// The longest external id that is kept as it is, in bytes.
pub const EXTERNAL_ID_BYTES_MAX: usize = 512;
/// Items an adapter may hand in at once.
pub const INBOUND_BATCH_MAX: usize = 1_000;
/// Times a step is tried when somebody else writes the conversation at the same moment; then the item goes to quarantine.
pub const STEP_ATTEMPTS_MAX: u32 = 5;
/// Bytes of a quarantined item that are shown as text.
pub const QUARANTINE_TEXT_BYTES_MAX: usize = 64 * 1024;
/// The longest reason for a dismissal, in characters.
pub const DISMISSAL_CHARS_MAX: usize = 500;
/// Rows whose bytes are dropped in one transaction.
pub const RAW_DROPPED_AT_ONCE: u32 = 200;
/// Bytes that are dropped in one transaction before it ends, so that nobody waits long for the writer.
pub const RAW_DROPPED_BYTES_MAX: i64 = 32 * 1024 * 1024;
/// Facts kept of one identity (device, page …).
pub const FACTS_MAX: usize = switchboard_engine::limits::FACTS_MAX;
/// The longest fact, name or address that is kept, in characters.
pub const FACT_CHARS_MAX: usize = 500;
/// Entries of a thread read at once for a contact.
pub const THREAD_PAGE: u32 = 200;
/// The longest text an agent may send or note, in characters.
pub const AGENT_TEXT_CHARS_MAX: usize = switchboard_engine::limits::AGENT_TEXT_CHARS_MAX;

/// The longest reason a person gives for a decision, in characters.
pub const REASON_CHARS_MAX: usize = 500;
/// Deliveries under way at once by each inbox or webhook: one that hangs takes no place of another.
pub const DELIVERIES_AT_ONCE: usize = 128;
/// Ends of deliveries that are saved together.
pub const SETTLED_AT_ONCE: usize = 256;
/// How long a claimed delivery belongs to its claimer before it counts as abandoned.
pub const DELIVERY_LEASE: Duration = Duration::from_mins(1);
/// How long one attempt may take.
pub const DELIVERY_TIMEOUT: Duration = Duration::from_secs(30);
/// Attempts before a delivery becomes a dead letter.
pub const DELIVERY_ATTEMPTS_MAX: u32 = 12;
/// The first pause after a failed attempt; it doubles with each further one.
pub const DELIVERY_BACKOFF_FIRST: Duration = Duration::from_secs(1);
/// The longest pause between attempts.
pub const DELIVERY_BACKOFF_MAX: Duration = Duration::from_mins(15);
/// Failures one after the other, with no success between them, after which a target counts as failing as a whole …
pub const CIRCUIT_FAILURES: u32 = 5;
/// … when they are of at least so many lanes: one dead conversation pauses nobody.
pub const CIRCUIT_LANES: usize = 2;
/// The first pause of a target that fails as a whole; it doubles each time one attempt after it fails too.
pub const CIRCUIT_PAUSE_FIRST: Duration = Duration::from_secs(10);
/// The longest pause of a target that fails as a whole.
pub const CIRCUIT_PAUSE_MAX: Duration = Duration::from_mins(5);
/// The pause of a webhook whose endpoint says that it is gone for good.
pub const CIRCUIT_PAUSE_GONE: Duration = Duration::from_hours(24);
/// How long a webhook's endpoint may take to answer.
pub const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(15);
/// How long the connection to a webhook's endpoint may take.
pub const WEBHOOK_CONNECT: Duration = Duration::from_secs(5);
/// The pause of an endpoint that wants one and does not say how long.
pub const WEBHOOK_PAUSE: Duration = Duration::from_secs(30);
/// Lanes that wait for their thread's pace and are looked past for others, for each target.
pub const PACED_LANES_PASSED: usize = 256;
/// How often the outbox looks for due work when nothing wakes it.
pub const OUTBOX_POLL: Duration = Duration::from_secs(1);
/// How often the outbox looks for deliveries of inboxes and webhooks that are not configured any more.
pub const OUTBOX_TARGETS_POLL: Duration = Duration::from_mins(1);

/// Receipts written in one job at most.
pub const RECEIPTS_AT_ONCE: usize = 256;

/// Changes kept for consoles that reconnect; an older position reloads everything.
pub const CHANGES_KEPT: i64 = 10_000;
/// Changes a slow console may fall behind in memory before it reads them from the database again.
pub const CHANGES_BUFFERED: usize = 1_024;
/// How often changes are looked for that another process made.
pub const CHANGES_POLL: Duration = Duration::from_secs(1);
/// How long "is viewing" holds without being renewed.
pub const PRESENCE_HOLDS: Duration = Duration::from_secs(45);
/// A pause in an event stream after which a comment keeps the connection open.
pub const EVENTS_HEARTBEAT: Duration = Duration::from_secs(15);

/// The largest request body of the JSON API, in bytes.
pub const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Rows of one page unless asked otherwise.
pub const PAGE_DEFAULT: u32 = 50;
/// Rows of one page at most.
pub const PAGE_MAX: u32 = 200;
/// The shortest password.
pub const PASSWORD_CHARS_MIN: usize = 10;
/// The longest password, in bytes: hashing is bounded work.
pub const PASSWORD_BYTES_MAX: usize = 512;
/// Window over which sign-in attempts are counted.
pub const SIGN_IN_WINDOW: Duration = Duration::from_mins(15);
/// All accounts together may be tried this many times as often from one address as one account: an office has one address.
pub const SIGN_IN_BY_ADDRESS: u32 = 5;
/// One account may be tried this many times as often from all addresses together as from one.
pub const SIGN_IN_BY_ACCOUNT: u32 = 20;
/// Addresses and accounts whose sign-in attempts are remembered.
pub const SIGN_IN_KEYS_MAX: usize = 10_000;
/// Password checks at once: each takes 19 MiB and a core.
pub const PASSWORD_CHECKS_AT_ONCE: usize = 2;
/// How long an invitation link works.
pub const INVITATION_HOLDS: Duration = Duration::from_hours(72);
/// How long the answer to an idempotency key is remembered.
pub const IDEMPOTENCY_HOLDS: Duration = Duration::from_hours(24);
/// The longest idempotency key, in bytes.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 128;
/// The largest flow, article or bot book, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 1024 * 1024;
/// How often the program looks whether another process changed flows or articles.
pub const LIBRARY_POLL: Duration = Duration::from_secs(2);
/// Timers fired at once.
pub const TIMERS_AT_ONCE: usize = 64;
/// Times a timer may fail to fire before it is given up, until the next start.
pub const TIMER_ATTEMPTS_MAX: u32 = 5;
/// The first pause after a timer failed to fire; it doubles with each further one.
pub const TIMER_BACKOFF_FIRST: Duration = Duration::from_secs(10);
/// How often timers and jobs are looked for when nothing wakes them.
pub const JOBS_POLL: Duration = Duration::from_secs(1);
/// The pause between two looks for due timers and jobs, however many commits ring.
pub const JOBS_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause before a job that failed is tried again.
pub const JOB_RETRY: Duration = Duration::from_mins(1);
/// How often old rows are cleared away.
pub const HOUSEKEEPING: Duration = Duration::from_hours(1);
/// How long closing the database may take.
pub const CLOSE_BUDGET: Duration = Duration::from_secs(2);
/// How long open connections may take to end when the program stops.
pub const HTTP_STOP_BUDGET: Duration = Duration::from_secs(4);
/// How long an answer of `/readyz` and `/metrics` is given again, so that asking often costs nothing.
pub const HEALTH_CACHED: Duration = Duration::from_secs(2);
/// How long `/readyz` waits for the database before it says that it does not answer.
pub const PROBE_MAX: Duration = Duration::from_secs(3);
/// The longest pause a peer may ask for between attempts.
pub const RATE_LIMIT_MAX: Duration = Duration::from_hours(1);
/// The longest e-mail address, in bytes (RFC 5321, 4.5.3.1.3).
pub const EMAIL_BYTES_MAX: usize = 254;
/// How long attempts under way may take to end when the program stops; what is left of the budget below is for settling them.
pub const ATTEMPTS_STOP_BUDGET: Duration = Duration::from_secs(11);
/// How long deliveries under way may take to end when the program stops. With the two other budgets that makes 20 seconds.
pub const DELIVERY_STOP_BUDGET: Duration = Duration::from_secs(14);

/// The longest mark of a message, in bytes: room for every Message-ID (RFC 5322 2.1.1 allows lines of 998).
pub const MARK_BYTES_MAX: usize = 1_024;
/// Things a message says of its thread.
pub const SIGNALS_MAX: usize = 64;
/// Marks a message leaves.
pub const MARKS_MAX: usize = 16;
/// People besides us whom a message was written to.
pub const PARTICIPANTS_MAX: usize = 50;
/// Deliveries one report is about.
pub const REPORTED_MAX: usize = 50;
/// Characters of a message that are quoted in the answer to it.
pub const QUOTE_CHARS_MAX: usize = 4_000;
/// Entries among which the contact's last message is looked for, to be quoted.
pub const QUOTED_AMONG: u32 = 50;
/// Messages of the bot to one contact within [`ANSWERS_SPAN_MILLIS`], on channels where machines write too; then it is silent.
pub const ANSWERS_MAX: u32 = 20;
/// The span of [`ANSWERS_MAX`], in milliseconds: an hour.
pub const ANSWERS_SPAN_MILLIS: i64 = 3_600_000;
