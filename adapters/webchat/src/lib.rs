//! The web chat adapter: a web socket for the widget.
//!
//! A browser can't be called, so a delivery is *sent* once the page can read it: the durable transcript is the mailbox.
//! Each socket is a tail of its thread. Live messages, history after a reload and whatever came while the page was away go
//! through one mechanism, the session: read what is committed after the last entry sent, send it, remember where. Nothing
//! can be lost between "history" and "live", and nothing doubled.
//!
//! | to learn | open |
//! | --- | --- |
//! | what an operator sets | [`config`] |
//! | who a visitor is | `token` |
//! | the frames, their meaning and the close codes | `frames` |
//! | what a frame becomes for the core | `inbound` |
//! | what an entry becomes for the page | `outbound` |
//! | the life of one socket | `session`, over `wire` |
//! | what a reconnect does not reset | `registry` by thread, `address` by address, both kept in `memory` |
//! | the paces of messages, receipts and typing | `bucket`, `marks`, `writing` |
//! | every bound | [`limits`] |
#![warn(missing_docs)]

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use switchboard_contract::{
    AdapterError, Capabilities, ChannelAdapter, ChannelKind, Delivery, DeliveryError, Extras, InboundSink, InboxId,
    Receipt, StopToken, ThreadKey, ThreadNews, ThreadReader, ThreadWatcher, Timestamp, Typing,
};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

mod address;
mod bucket;
pub mod config;
mod frames;
mod inbound;
mod instant;
pub mod limits;
mod marks;
mod memory;
mod outbound;
mod registry;
mod session;
mod token;
mod wire;
mod writing;

pub use address::ClientAddress;
pub use config::{ConfigError, WebChatConfig};
pub use limits::Pace;
pub use token::SigningKey;

use address::Addresses;
use frames::CloseCode;
use registry::Registry;
use wire::End;

/// What the adapter takes from the world: handed in, so that tests own them.
#[derive(Clone)]
pub struct Ambient {
    /// Tells the time.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Draws 128 random bits fit for secrets.
    pub random: Arc<dyn Fn() -> u128 + Send + Sync>,
    /// The name the bot goes by at present.
    pub bot_name: Arc<dyn Fn() -> String + Send + Sync>,
}

/// The web chat of one inbox.
pub struct WebChat {
    inbox: InboxId,
    config: WebChatConfig,
    key: SigningKey,
    reader: Arc<dyn ThreadReader>,
    ambient: Ambient,
    pace: Pace,
    capabilities: Capabilities,
    sink: OnceLock<Arc<dyn InboundSink>>,
    registry: Arc<Registry>,
    addresses: Arc<Addresses>,
    sockets: Arc<Semaphore>,
    closing: CancellationToken,
    sessions: TaskTracker,
}

impl WebChat {
    /// Makes the web chat of `inbox`. It lets nobody in before [`run`](ChannelAdapter::run) was called.
    ///
    /// # Errors
    /// [`ConfigError`] when the settings can't work.
    pub fn new(
        inbox: InboxId,
        config: WebChatConfig,
        key: SigningKey,
        reader: Arc<dyn ThreadReader>,
        ambient: Ambient,
    ) -> Result<Arc<Self>, ConfigError> {
        Self::with_pace(inbox, config, key, reader, ambient, Pace::default())
    }

    /// The same with time limits of one's own.
    ///
    /// # Errors
    /// [`ConfigError`] when the settings can't work.
    pub fn with_pace(
        inbox: InboxId,
        config: WebChatConfig,
        key: SigningKey,
        reader: Arc<dyn ThreadReader>,
        ambient: Ambient,
        pace: Pace,
    ) -> Result<Arc<Self>, ConfigError> {
        config.check()?;
        Ok(Arc::new(Self {
            inbox,
            config,
            key,
            reader,
            ambient,
            pace,
            capabilities: outbound::capabilities(),
            sink: OnceLock::new(),
            registry: Arc::default(),
            addresses: Arc::default(),
            sockets: Arc::new(Semaphore::new(limits::SOCKETS_MAX)),
            closing: CancellationToken::new(),
            sessions: TaskTracker::new(),
        }))
    }

    /// The routes of this inbox, to be nested under its address: `/socket`. The server around it tells each request's
    /// [`ClientAddress`]; without one, nothing bounds what comes from one address.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new().route("/socket", get(upgrade)).with_state(Arc::clone(self))
    }

    /// Sockets open at present.
    pub fn open_sockets(&self) -> usize {
        self.sessions.len()
    }

    fn now(&self) -> Timestamp {
        (self.ambient.now)()
    }
}

#[async_trait]
impl ChannelAdapter for WebChat {
    fn kind(&self) -> ChannelKind {
        ChannelKind("webchat".to_owned())
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn run(&self, sink: Arc<dyn InboundSink>, stop: StopToken) -> Result<(), AdapterError> {
        if self.sink.set(sink).is_err() {
            return Err(AdapterError("this web chat runs already: make another for a second run".to_owned()));
        }
        stop.stopped().await;
        self.closing.cancel();
        self.sessions.close();
        if tokio::time::timeout(self.pace.stop_budget, self.sessions.wait()).await.is_err() {
            tracing::warn!(inbox = %self.inbox, left = self.sessions.len(), "sockets did not end in time");
        }
        Ok(())
    }

    async fn deliver(&self, out: &Delivery) -> Result<Receipt, DeliveryError> {
        let receipt = outbound::check(out, &self.capabilities)?;
        self.registry.reach(&out.thread, (out.conversation, out.seq));
        Ok(receipt)
    }

    fn extras(&self) -> Extras<'_> {
        Extras { typing: Some(self), watcher: Some(self) }
    }
}

impl Typing for WebChat {
    fn typing(&self, thread: &ThreadKey, who: &str, on: bool) {
        self.registry.typing(thread, who, on);
    }
}

/// Opens a socket, or says why not. A page that may not come in is still let through to a close code: browsers show a page
/// nothing of a refused upgrade, and it would try again for ever.
async fn upgrade(State(chat): State<Arc<WebChat>>, socket: WebSocketUpgrade, request: Request) -> Response {
    let Some(sink) = chat.sink.get().cloned().filter(|_| !chat.closing.is_cancelled()) else {
        return come_back("this chat is not open at present");
    };
    let Ok(permit) = Arc::clone(&chat.sockets).try_acquire_owned() else {
        return come_back("too many visitors at present");
    };
    let address = ClientAddress::of(request.extensions());
    let guest = address.map(|address| chat.addresses.enter(address, Instant::now()));
    if matches!(guest, Some(None)) {
        return come_back("too many connections from this address at present");
    }
    let guest = guest.flatten();
    let origin = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let refusal = if !chat.config.allows(origin) {
        Some(FOREIGN_SITE)
    } else if guest.as_ref().is_some_and(|guest| !guest.inside) {
        Some(CROWDED_ADDRESS)
    } else {
        None
    };
    socket
        .read_buffer_size(limits::READ_BUFFER_BYTES)
        .write_buffer_size(limits::WRITE_BUFFER_BYTES)
        .max_write_buffer_size(limits::WRITE_BUFFER_BYTES_MAX)
        .max_frame_size(limits::FRAME_BYTES_MAX)
        .max_message_size(limits::FRAME_BYTES_MAX)
        .on_upgrade(move |socket| {
            let sessions = chat.sessions.clone();
            sessions.track_future(async move {
                session::serve(&chat, sink, socket, guest, refusal).await;
                drop(permit);
            })
        })
}

const FOREIGN_SITE: End =
    End::closed(CloseCode::Forbidden, "origin_not_allowed", "this site is not among the inbox's allowed sites");
const CROWDED_ADDRESS: End =
    End::closed(CloseCode::TooMany, "too_many_sockets", "too many connections from this address");

fn come_back(why: &'static str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], why).into_response()
}

impl ThreadWatcher for WebChat {
    fn changed(&self, thread: &ThreadKey) {
        self.registry.wake(thread);
    }

    fn added(&self, thread: &ThreadKey, news: ThreadNews) {
        self.registry.add(thread, news);
    }
}
