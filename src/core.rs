//! What every part of the shell shares.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use switchboard_contract::Timestamp;

use crate::clock::Clock;
use crate::intake::{Lanes, Receipts};
use crate::library::{Library, LibraryHandle};
use crate::realtime::Hub;
use crate::store::Store;
use crate::webhooks::{Webhook, Webhooks};

/// The database, the clock, the library and the hub of live news. Shared by reference.
pub struct Core {
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Flows, articles and the bot book.
    pub library: LibraryHandle,
    /// Live news for consoles.
    pub hub: Hub,
    /// Where inbound goes.
    pub intake: Lanes,
    /// Where receipts go.
    pub receipts: Receipts,
    /// Who is told of what happens; nobody where nobody says.
    pub webhooks: OnceLock<Arc<Webhooks>>,
    /// How long the bytes of what came in are kept; for ever where nobody says.
    pub keep_raw: OnceLock<Duration>,
}

impl Core {
    /// Puts a core together, with nobody listening yet.
    pub fn new(store: Store, clock: Arc<dyn Clock>, library: impl Into<Arc<Library>>) -> Arc<Self> {
        Arc::new_cyclic(|core| Self {
            intake: Lanes::start(core, store.lanes()),
            receipts: Receipts::start(core),
            store,
            clock,
            library: LibraryHandle::new(library),
            hub: Hub::default(),
            webhooks: OnceLock::new(),
            keep_raw: OnceLock::new(),
        })
    }

    /// Tells webhooks of everything that happens from now on. Only the first call counts.
    pub fn tell(&self, webhooks: Vec<Webhook>) {
        if webhooks.is_empty() {
            return;
        }
        let webhooks = Arc::new(Webhooks::new(webhooks));
        self.store.subscribe(Arc::clone(&webhooks) as _);
        let _ = self.webhooks.set(webhooks);
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
