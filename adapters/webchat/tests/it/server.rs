//! One web chat on a port of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::serve::ListenerExt;
use switchboard_contract::{ChannelAdapter, InboxId, PublicAuthor, ThreadKey, Timestamp};
use switchboard_contract::{Content, Delivery};
use switchboard_testkit::fakes::FakeCore;
use switchboard_testkit::rig::{Running, Stopped};
use switchboard_webchat::{Ambient, ClientAddress, Pace, SigningKey, WebChat, WebChatConfig};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The header in which a test states a visitor's address, in place of a proxy.
pub(crate) const VISITOR: &str = "x-visitor";

pub(crate) struct Server {
    pub(crate) core: Arc<FakeCore>,
    pub(crate) chat: Arc<WebChat>,
    pub(crate) url: String,
    pub(crate) clock: Arc<AtomicI64>,
    setup: Setup,
    randomness: Arc<AtomicU64>,
    running: Option<Running>,
    serving: JoinHandle<()>,
}

#[derive(Clone, Default)]
pub(crate) struct Setup {
    pub(crate) config: WebChatConfig,
    pub(crate) pace: Pace,
    pub(crate) core: Option<Arc<FakeCore>>,
    /// The server tells the peers of its connections, as it does without a proxy.
    pub(crate) tells_peers: bool,
}

impl Server {
    /// A server as an operator would have it who changed nothing.
    pub(crate) async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let mut server = Self::not_running(setup).await;
        server.run().await;
        server
    }

    /// A server that listens and whose adapter was not told to run.
    pub(crate) async fn not_running(setup: Setup) -> Self {
        let core = setup.core.clone().unwrap_or_else(FakeCore::new);
        let clock = Arc::new(AtomicI64::new(1_795_168_800_000));
        Self::assemble(setup, core, clock, Arc::default()).await
    }

    async fn assemble(setup: Setup, core: Arc<FakeCore>, clock: Arc<AtomicI64>, randomness: Arc<AtomicU64>) -> Self {
        let (now, draws) = (Arc::clone(&clock), Arc::clone(&randomness));
        let ambient = Ambient {
            now: Arc::new(move || Timestamp::from_millis(now.load(Ordering::SeqCst))),
            random: Arc::new(move || u128::from(draws.fetch_add(1, Ordering::SeqCst))),
            bot_name: Arc::new(|| "Juno".to_owned()),
        };
        let inbox = InboxId::from_parts(Timestamp::from_millis(1), 1);
        let key = SigningKey([3; 32]);
        let chat = WebChat::with_pace(inbox, setup.config.clone(), key, Arc::clone(&core) as _, ambient, setup.pace)
            .expect("good settings");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("ws://{}/socket", listener.local_addr().expect("an address"));
        let router = chat.router().layer(axum::middleware::map_request(told_address));
        let listener = listener.tap_io(|socket| socket.set_nodelay(true).expect("a socket"));
        let serving = if setup.tells_peers {
            let router = router.into_make_service_with_connect_info::<SocketAddr>();
            tokio::spawn(async move { axum::serve(listener, router).await.expect("serving") })
        } else {
            tokio::spawn(async move { axum::serve(listener, router).await.expect("serving") })
        };
        Self { core, chat, url, clock, setup, randomness, running: None, serving }
    }

    pub(crate) async fn run(&mut self) {
        let adapter: Arc<dyn ChannelAdapter> = Arc::clone(&self.chat) as _;
        self.running = Some(Running::start(adapter, Arc::clone(&self.core) as _).await);
    }

    pub(crate) async fn stop(&mut self) -> Stopped {
        self.running.take().expect("it runs").stop().await
    }

    /// A fresh adapter on the same core, at another address.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        let (core, clock, randomness) = (Arc::clone(&self.core), Arc::clone(&self.clock), Arc::clone(&self.randomness));
        let mut fresh = Self::assemble(self.setup.clone(), core, clock, randomness).await;
        fresh.run().await;
        *self = fresh;
    }

    pub(crate) fn later(&self, by: Duration) {
        self.clock.fetch_add(i64::try_from(by.as_millis()).expect("not that long"), Ordering::SeqCst);
    }

    /// Commits and delivers a message of the bot, as the outbox would.
    pub(crate) async fn say(&self, thread: &ThreadKey, text: &str) -> Delivery {
        let delivery = self.core.say(thread, PublicAuthor::Bot, Content::plain(text));
        self.chat.deliver(&delivery).await.expect("delivered");
        delivery
    }

    /// Waits until no more than `count` sockets are open.
    pub(crate) async fn until_open(&self, count: usize) {
        switchboard_testkit::within("the end of a socket", async {
            while self.chat.open_sockets() > count {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

async fn told_address(mut request: Request) -> Request {
    let stated = request.headers().get(VISITOR).map(|value| value.to_str().expect("text").to_owned());
    if let Some(stated) = stated {
        request.extensions_mut().insert(ClientAddress(stated.parse().expect("an address")));
    }
    request
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
