//! Puts the program together. The only file that names concrete adapters.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::serve::ListenerExt;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use switchboard_contract::{ChannelAdapter, InboxId, StopToken};
use switchboard_email::{Email, EmailConfig, House, OwnMail, Secret};
use switchboard_webchat::{Ambient, ClientAddress, SigningKey, WebChat, WebChatConfig};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config::{Config, InboxConfig, Network};
use crate::core::Core;
use crate::http::{self, Web};
use crate::intake::InboxSink;
use crate::jobs;
use crate::library::{self, Library};
use crate::outbox::{self, Adapters};
use crate::realtime::{self, News, Showing};
use crate::service::accounts::{self, Doorkeeper};
use crate::service::housekeeping;
use crate::store::inboxes::Inbox;
use crate::store::{self, Open, Store, Target, changes, inboxes, settings};
use crate::webhooks::Webhook;
use crate::{ids, limits};

/// The kind word of web chat inboxes in the configuration.
const WEBCHAT: &str = "webchat";
/// The kind word of email inboxes in the configuration.
const EMAIL: &str = "email";
/// Under which name the key is kept that all email inboxes share.
const MAIL_KEY: &str = "mail_key";
/// The database's name in the data folder.
pub const DATABASE: &str = "switchboard.db";

/// Where everything is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The data folder.
    pub data: PathBuf,
    /// The database: a file in the data folder unless the configuration names another.
    pub target: Target,
    /// Lanes in which inbound is worked on side by side, where the database can.
    pub lanes: usize,
    /// Who is told of what happens.
    pub webhooks: Vec<Webhook>,
}

impl Home {
    /// What the configuration says.
    pub fn of(config: &Config) -> Self {
        let home = Self { webhooks: config.webhooks.clone(), ..Self::at(&config.server.data) };
        match &config.database.url {
            Some(url) => {
                Self { target: Target::Postgres(url.reveal().to_owned()), lanes: config.database.lanes(), ..home }
            }
            None => home,
        }
    }

    /// A SQLite file in a data folder.
    pub fn at(data: &Path) -> Self {
        Self { data: data.to_owned(), target: Target::File(data.join(DATABASE)), lanes: 1, webhooks: Vec::new() }
    }

    /// Whether there is a database yet. That of a server is supposed to be there.
    pub fn has_database(&self) -> bool {
        match &self.target {
            Target::File(file) => file.exists(),
            Target::Postgres(_) => true,
        }
    }
}

/// Opens the database of a home for what needs neither flows nor articles: accounts, the ledger.
pub async fn open_bare(home: &Home, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<Core>> {
    let store = open_store(home).await?;
    let core = Core::new(store, clock, Library::build(&[]));
    core.tell(home.webhooks.clone());
    Ok(core)
}

async fn open_store(home: &Home) -> anyhow::Result<Store> {
    make_folder(&home.data)?;
    // One process brings the database up to date at a time; the lock ends with this function.
    let turn = lock_file(&home.data, "open.lock").and_then(|lock| lock.lock().map(|()| lock));
    let _turn = turn.with_context(|| unwritable(&home.data))?;
    let target = &home.target;
    if let Target::File(_) = target {
        // SQLite makes its files as it finds this one.
        lock_file(&home.data, DATABASE).with_context(|| format!("the {target} can't be written"))?;
    }
    let opened = Store::open_with(target, home.lanes, Arc::new(Open)).await;
    opened.with_context(|| format!("the {target} can't be opened"))
}

/// Makes the data folder, readable for its owner only: it holds what customers wrote, and signing keys.
fn make_folder(data: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(data);
    made.with_context(|| format!("the data folder {} can't be made", data.display()))
}

/// Copies a database file into a data folder that has none.
pub fn put_database(data: &Path, file: &Path) -> anyhow::Result<()> {
    let _folder = take_folder(data)?;
    // Under another name first: what stops half way is never taken for the database.
    let (half, whole) = (data.join("restoring.db"), data.join(DATABASE));
    std::fs::copy(file, &half).with_context(|| format!("{} can't be copied", file.display()))?;
    File::open(&half)?.sync_all()?;
    std::fs::rename(&half, &whole).with_context(|| format!("{} can't be put in place", whole.display()))?;
    File::open(data)?.sync_all()?;
    Ok(())
}

fn unwritable(data: &Path) -> String {
    format!("the data folder {} can't be written by this user", data.display())
}

fn lock_file(data: &Path, name: &str) -> std::io::Result<File> {
    File::options().create(true).truncate(false).write(true).mode(0o600).open(data.join(name))
}

/// Takes the data folder for a server: two of them would both deliver.
fn take_folder(data: &Path) -> anyhow::Result<File> {
    make_folder(data)?;
    let lock = lock_file(data, "serve.lock").with_context(|| unwritable(data))?;
    lock.try_lock().map_err(|_| anyhow!("another server runs on the data folder {}; stop it first", data.display()))?;
    Ok(lock)
}

/// Opens the database of a home with the documents in it, and adds none.
pub async fn open_as_it_is(home: &Home, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<Core>> {
    let core = with_library(open_store(home).await?, clock).await?;
    core.tell(home.webhooks.clone());
    Ok(core)
}

/// Opens the database of a home, with the shipped documents in place.
pub async fn open_core(home: &Home, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<Core>> {
    let core = with_documents(open_store(home).await?, clock).await?;
    core.tell(home.webhooks.clone());
    Ok(core)
}

/// A core on a store that is open, with the shipped documents in place.
pub async fn with_documents(store: Store, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<Core>> {
    let now = clock.now();
    let kept = store.write::<_, store::Error, _>(move |conn| Box::pin(library::install(conn, now))).await?;
    for name in kept {
        tracing::info!(document = name, "the program ships another version of this; yours was edited and is kept");
    }
    with_library(store, clock).await
}

async fn with_library(store: Store, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<Core>> {
    let library = library::load(&store).await?;
    Ok(Core::new(store, clock, library))
}

/// A running server.
pub struct App {
    /// What the parts share.
    pub core: Arc<Core>,
    /// The address that is listened on.
    pub address: SocketAddr,
    /// The address people use.
    pub base_url: String,
    /// The one-time link of the first admin, on the very first start.
    pub first_link: Option<String>,
    /// The slug of the inbox that the demo page uses.
    pub demo_inbox: Option<String>,
    /// Fires when a part that has to run has ended by itself.
    broken: CancellationToken,
    receiving: CancellationToken,
    sending: CancellationToken,
    receivers: TaskTracker,
    senders: TaskTracker,
    /// Held as long as the server runs.
    _folder: File,
}

impl App {
    /// Opens the database, starts adapters, outbox and chores, and listens.
    pub async fn start(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let folder = take_folder(&config.server.data)?;
        let home = Home::of(config);
        let core = open_core(&home, clock).await?;
        if let Target::File(_) = home.target {
            // Nobody else serves from this folder: what a killed process was sending need not wait for its leases.
            core.store.write::<_, store::Error, _>(|conn| Box::pin(store::outbox::end_leases(conn))).await?;
        }
        if let Some(keep) = config.ledger.keep_raw() {
            // It is new: nobody has said anything before.
            let _ = core.keep_raw.set(keep);
        }
        let listener = TcpListener::bind(config.server.listen)
            .await
            .with_context(|| format!("can't listen on {} (`server.listen`)", config.server.listen))?;
        let address = listener.local_addr()?;
        let base_url = config.server.base_url_at(address);
        let (receiving, sending) = (CancellationToken::new(), CancellationToken::new());
        let (receivers, senders) = (TaskTracker::new(), TaskTracker::new());
        let broken = CancellationToken::new();
        let stop = token(&receiving);

        let trusted = Arc::new(config.server.trusted_proxies.clone());
        let (mut adapters, mut channels, mut demo_inbox) = (Adapters::new(), Router::new(), None);
        let mut paces = BTreeMap::new();
        for inbox in &config.inboxes {
            let known = register(&core, inbox).await?;
            let sink = Arc::new(InboxSink::new(Arc::clone(&core), known.id));
            let (adapter, routes) = adapter(&core, config, inbox, &known, &sink).await?;
            if let Some(routes) = routes {
                let routes = routes.layer(from_fn_with_state(trusted.clone(), tell_address));
                channels = channels.nest(&format!("/webchat/{}", known.slug), routes);
                demo_inbox.get_or_insert_with(|| known.slug.clone());
            }
            adapters.insert(known.id, Arc::clone(&adapter));
            paces.insert(known.id, inbox.pace);
            receivers.spawn(receive(adapter, sink, known.slug, stop.clone()));
        }

        let adapters = Arc::new(adapters);
        core.store.show(Arc::new(Showing::new(&adapters)));
        let dispatching = outbox::run_paced(Arc::clone(&core), Arc::clone(&adapters), paces, token(&sending));
        senders.spawn(watched("the outbox", dispatching, sending.clone(), broken.clone()));
        spawn_chores(&core, &adapters, &receivers, &receiving, &broken).await?;

        let first_link = accounts::first_admin(&core).await?.map(|token| http::invitation_url(&base_url, &token));
        let web = Arc::new(Web {
            core: Arc::clone(&core),
            adapters,
            door: Doorkeeper::new(config.desk.sign_in_attempts),
            session_holds: Duration::from_secs(u64::from(config.desk.session_hours) * 3_600),
            base_url: base_url.clone(),
            title: config.desk.console_title.clone(),
            demo_inbox: demo_inbox.clone(),
            trusted: config.server.trusted_proxies.clone(),
            stop: stop.clone(),
            probed: tokio::sync::Mutex::default(),
            figures: tokio::sync::Mutex::default(),
            started: core.now(),
        });
        let routes = http::router(web, channels).into_make_service_with_connect_info::<SocketAddr>();
        let serving = async move {
            // Frames are small and wait for nobody: without this a round trip takes tens of milliseconds.
            let listener = listener.tap_io(|stream| {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection keeps Nagle's algorithm");
                }
            });
            let serving = axum::serve(listener, routes).with_graceful_shutdown(async move { stop.stopped().await });
            if let Err(error) = serving.await {
                tracing::error!(%error, "the HTTP server ended");
            }
        };
        receivers.spawn(watched("the HTTP server", serving, receiving.clone(), broken.clone()));
        Ok(Self {
            core,
            address,
            base_url,
            first_link,
            demo_inbox,
            broken,
            receiving,
            sending,
            receivers,
            senders,
            _folder: folder,
        })
    }

    /// Waits until a part that has to run has ended by itself: there is no use in going on then.
    pub async fn broken(&self) {
        self.broken.cancelled().await;
    }

    /// Stops within 20 seconds: first nothing more is taken in, then what is under way is settled, then the
    /// database is closed.
    pub async fn stop(self) {
        self.receiving.cancel();
        self.receivers.close();
        if tokio::time::timeout(limits::HTTP_STOP_BUDGET, self.receivers.wait()).await.is_err() {
            tracing::warn!("some connections did not end in time and are cut");
        }
        self.sending.cancel();
        self.senders.close();
        if tokio::time::timeout(limits::DELIVERY_STOP_BUDGET, self.senders.wait()).await.is_err() {
            tracing::warn!(
                "some deliveries did not end in time; their leases run out and they are settled after the next start"
            );
        }
        self.core.store.close().await;
    }
}

fn token(source: &CancellationToken) -> StopToken {
    StopToken::new(source.clone().cancelled_owned())
}

async fn register(core: &Core, inbox: &InboxConfig) -> anyhow::Result<Inbox> {
    let now = core.now();
    let (id, slug, kind, name) =
        (ids::new(InboxId::from_parts, now), inbox.slug.clone(), inbox.kind.clone(), inbox.name.clone());
    let known = core
        .store
        .write::<_, store::Error, _>(move |conn| {
            Box::pin(async move { inboxes::ensure(conn, id, &slug, &kind, &name, now).await })
        })
        .await?;
    Ok(known)
}

/// Makes the adapter of an inbox, and the routes it wants to have served.
async fn adapter(
    core: &Arc<Core>,
    config: &Config,
    inbox: &InboxConfig,
    known: &Inbox,
    sink: &Arc<InboxSink>,
) -> anyhow::Result<(Arc<dyn ChannelAdapter>, Option<Router>)> {
    match inbox.kind.as_str() {
        WEBCHAT => {
            let settings: WebChatConfig = inbox.settings().map_err(|problems| anyhow!(lines(&problems)))?;
            let clock = Arc::clone(&core.clock);
            let library = Arc::clone(core);
            let ambient = Ambient {
                now: Arc::new(move || clock.now()),
                random: Arc::new(ids::random),
                bot_name: Arc::new(move || library.library.get().book.name.clone()),
            };
            let key = SigningKey(signing_key(core, known.id).await?);
            let reader = Arc::clone(sink) as Arc<dyn switchboard_contract::ThreadReader>;
            let webchat = WebChat::new(known.id, settings, key, reader, ambient)
                .with_context(|| format!("the inbox `{}` can't work", known.slug))?;
            let routes = webchat.router();
            Ok((webchat, Some(routes)))
        }
        EMAIL => {
            let house =
                House { secret: Secret(stored_key(core, MAIL_KEY.to_owned()).await?), addresses: mailboxes(config)? };
            let settings = email_settings(inbox)?;
            let clock = Arc::clone(&core.clock);
            let now = Arc::new(move || clock.now());
            let email = Email::new(settings, &house, now, Arc::new(ids::random))
                .with_context(|| format!("the inbox `{}` can't work", known.slug))?;
            Ok((email, None))
        }
        other => bail!("{}", unknown_kind(&known.slug, other)),
    }
}

/// The adapters of the inboxes that have received something, made for reading only: none of them runs.
pub async fn readers(core: &Arc<Core>, config: &Config) -> anyhow::Result<Adapters> {
    let mut adapters = Adapters::new();
    for inbox in &config.inboxes {
        let known = inboxes::by_slug(&mut *core.store.reader().await?, &inbox.slug).await?;
        // One that never ran has nothing to read again; one of another kind now can't read what the earlier one kept.
        let Some(known) = known.filter(|known| known.kind == inbox.kind) else { continue };
        let sink = Arc::new(InboxSink::new(Arc::clone(core), known.id));
        let (adapter, _) = adapter(core, config, inbox, &known, &sink).await?;
        adapters.insert(known.id, adapter);
    }
    Ok(adapters)
}

/// Tells the web chat where a request comes from, so that it can bound what comes from one place.
async fn tell_address(State(trusted): State<Arc<Vec<Network>>>, mut request: Request, next: Next) -> Response {
    if let Some(address) = http::client_address(&request, &trusted) {
        request.extensions_mut().insert(ClientAddress(address));
    }
    next.run(request).await
}

/// The settings of an inbox are checked before anything is opened: the server refuses to start on a bad configuration.
pub fn check_inboxes(config: &Config) -> anyhow::Result<()> {
    for inbox in &config.inboxes {
        match inbox.kind.as_str() {
            WEBCHAT => {
                let settings: WebChatConfig = inbox.settings().map_err(|problems| anyhow!(lines(&problems)))?;
                settings.check().with_context(|| format!("the inbox `{}` can't work", inbox.slug))?;
            }
            EMAIL => {
                let settings = email_settings(inbox)?;
                settings.check().with_context(|| format!("the inbox `{}` can't work", inbox.slug))?;
            }
            other => bail!("{}", unknown_kind(&inbox.slug, other)),
        }
    }
    Ok(())
}

/// Tries the mailboxes of all inboxes with the real protocols, and changes nothing: what was tried, and if it failed, why and what
/// mends it. Each line names its inbox.
pub async fn probe(config: &Config) -> anyhow::Result<Vec<Result<String, String>>> {
    let mut told = Vec::new();
    for inbox in config.inboxes.iter().filter(|inbox| inbox.kind == EMAIL) {
        let steps = switchboard_email::probe::probe(email_settings(inbox)?).await;
        told.extend(steps.into_iter().map(|step| {
            let what = format!("inbox `{}`: {}", inbox.slug, step.what);
            step.trouble.map_or(Ok(what.clone()), |failed| Err(format!("{what}: {}. {}", failed.why, failed.mend)))
        }));
    }
    Ok(told)
}

fn unknown_kind(slug: &str, kind: &str) -> String {
    format!("the inbox `{slug}` has the unknown kind `{kind}`; known: `{EMAIL}`, `{WEBCHAT}`")
}

fn email_settings(inbox: &InboxConfig) -> anyhow::Result<EmailConfig> {
    let mut settings: EmailConfig = inbox.settings().map_err(|problems| anyhow!(lines(&problems)))?;
    settings.name.get_or_insert_with(|| inbox.name.clone());
    Ok(settings)
}

/// The addresses of all email inboxes.
fn mailboxes(config: &Config) -> anyhow::Result<Vec<String>> {
    let mut addresses = Vec::new();
    for inbox in config.inboxes.iter().filter(|inbox| inbox.kind == EMAIL) {
        let settings = email_settings(inbox)?;
        addresses.push(settings.address);
        addresses.extend(settings.aliases);
    }
    Ok(addresses)
}

/// What the adapter of a kind makes of the bytes of one item, as JSON: by the settings of the inbox named, else of the first of
/// that kind, else as if nothing were ours. Nothing is filed.
///
/// The inner error is the asker's: a kind or an inbox that is not there.
pub async fn inspect(
    config: &Config,
    clock: Arc<dyn Clock>,
    (kind, slug): (&str, Option<&str>),
    raw: &[u8],
) -> anyhow::Result<Result<serde_json::Value, String>> {
    if kind != EMAIL {
        return Ok(Err(format!("`{kind}` can't be inspected; known: `{EMAIL}`")));
    }
    let mut inboxes = config.inboxes.iter().filter(|inbox| inbox.kind == kind);
    let inbox = inboxes.find(|inbox| slug.is_none_or(|slug| inbox.slug == slug));
    let own = match (inbox, slug) {
        (Some(inbox), _) => {
            let secret = known_mail_key(config, clock).await?.unwrap_or(Secret([0; 32]));
            OwnMail::of(&email_settings(inbox)?, &House { secret, addresses: mailboxes(config)? })
        }
        (None, Some(slug)) => return Ok(Err(format!("there is no inbox `{slug}` of the kind `{kind}`"))),
        (None, None) => OwnMail::nobodys(Secret([0; 32])),
    };
    Ok(Ok(serde_json::to_value(switchboard_email::inbound::inspect(raw, &own))?))
}

/// The key of the email inboxes, if there is one already.
async fn known_mail_key(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Option<Secret>> {
    let home = Home::of(config);
    if !home.has_database() {
        return Ok(None);
    }
    let core = open_bare(&home, clock).await?;
    let text = settings::get(&mut *core.store.reader().await?, MAIL_KEY).await?;
    core.store.close().await;
    text.map(|text| Ok(Secret(key_of(MAIL_KEY, &text)?))).transpose()
}

fn lines<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The key an inbox signs its visitors' tokens with: made once, kept in the database.
async fn signing_key(core: &Core, inbox: InboxId) -> anyhow::Result<[u8; 32]> {
    stored_key(core, format!("signing_key.{inbox}")).await
}

/// A key that is made once and kept in the database.
async fn stored_key(core: &Core, name: String) -> anyhow::Result<[u8; 32]> {
    let kept = name.clone();
    let text = core
        .store
        .write::<_, store::Error, _>(move |conn| {
            Box::pin(async move { settings::get_or_set(conn, &kept, || STANDARD.encode(ids::key())).await })
        })
        .await?;
    key_of(&name, &text)
}

fn key_of(name: &str, text: &str) -> anyhow::Result<[u8; 32]> {
    STANDARD.decode(text)?.try_into().map_err(|_| anyhow!("the stored key `{name}` has not 32 bytes"))
}

async fn receive(adapter: Arc<dyn ChannelAdapter>, sink: Arc<InboxSink>, slug: String, stop: StopToken) {
    match adapter.run(sink, stop).await {
        Ok(()) => tracing::info!(inbox = slug, "the inbox has stopped receiving"),
        Err(error) => tracing::error!(inbox = slug, %error, "the inbox receives nothing until this is mended"),
    }
}

/// Runs a part that has to run until it is told to stop. When it ends by itself, by an error or a panic, the program is told.
async fn watched(
    name: &'static str,
    part: impl Future<Output = ()> + Send + 'static,
    stopping: CancellationToken,
    broken: CancellationToken,
) {
    let ended = tokio::spawn(part).await;
    if !stopping.is_cancelled() {
        tracing::error!(
            part = name,
            panicked = ended.is_err(),
            "a part that has to run has ended; the program ends too"
        );
        broken.cancel();
    }
}

async fn spawn_chores(
    core: &Arc<Core>,
    adapters: &Arc<Adapters>,
    tasks: &TaskTracker,
    source: &CancellationToken,
    broken: &CancellationToken,
) -> anyhow::Result<()> {
    let (_, head) = changes::span(&mut *core.store.reader().await?).await?;
    let (shared, stop) = (Arc::clone(core), token(source));
    let pumping = async move {
        let told =
            realtime::pump(&shared.store, head, stop, |at, change| shared.hub.tell(News::Change(at, change))).await;
        if let Err(error) = told {
            tracing::error!(%error, "consoles get no live news");
        }
    };
    // It ends with the writer: so it tells of that one's end too.
    tasks.spawn(watched("the writer or the live news", pumping, source.clone(), broken.clone()));
    let (shared, channels, stop) = (Arc::clone(core), Arc::clone(adapters), token(source));
    tasks.spawn(async move { realtime::watch_threads(&shared, &channels, stop).await });
    let (shared, stop) = (Arc::clone(core), token(source));
    let timing = jobs::run(shared, jobs::ALL, stop);
    tasks.spawn(watched("timers and jobs", timing, source.clone(), broken.clone()));
    let (shared, stop) = (Arc::clone(core), token(source));
    tasks.spawn(async move { housekeeping::watch_documents(&shared, stop).await });
    Ok(())
}
