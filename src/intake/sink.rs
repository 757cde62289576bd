//! The sink an adapter hands its batches to, bound to one inbox.

use std::sync::Arc;

use async_trait::async_trait;
use switchboard_contract::{
    Accepted, ConversationId, Cursor, Inbound, InboundSink, InboxId, ReceiptMark, Seq, SinkError, ThreadKey,
    ThreadPage, ThreadReader,
};

use super::receipts::Report;
use crate::core::Core;
use crate::limits;
use crate::realtime::News;
use crate::service::thread;
use crate::store::{Error, Trouble, conversations, inboxes};

/// Takes what one inbox receives, and shows its contacts their threads.
pub struct InboxSink {
    core: Arc<Core>,
    inbox: InboxId,
}

impl InboxSink {
    /// A sink for an inbox.
    pub fn new(core: Arc<Core>, inbox: InboxId) -> Self {
        Self { core, inbox }
    }
}

#[async_trait]
impl InboundSink for InboxSink {
    async fn accept(&self, batch: Vec<Inbound>, cursor: Option<Cursor>) -> Result<Vec<Accepted>, SinkError> {
        if batch.len() > limits::INBOUND_BATCH_MAX {
            let most = limits::INBOUND_BATCH_MAX;
            return Err(SinkError::Unavailable(format!("{} items at once; hand in at most {most}", batch.len())));
        }
        self.core.intake.take(&self.core, self.inbox, batch, cursor).await.map_err(unavailable)
    }

    async fn cursor(&self) -> Result<Option<Cursor>, SinkError> {
        let mut conn = self.core.store.reader().await.map_err(unavailable)?;
        inboxes::cursor(&mut conn, self.inbox).await.map_err(unavailable)
    }

    async fn receipt(&self, conversation: ConversationId, seq: Seq, mark: ReceiptMark) -> Result<(), SinkError> {
        let report = Report { inbox: self.inbox, conversation, seq, mark };
        self.core.receipts.note(report).await.map_err(unavailable)
    }

    fn typing(&self, thread: &ThreadKey, on: bool) {
        let (core, inbox, thread) = (Arc::clone(&self.core), self.inbox, thread.clone());
        tokio::spawn(async move {
            let Ok(mut conn) = core.store.reader().await else { return };
            if let Ok(Some(record)) = conversations::latest(&mut conn, inbox, &thread).await {
                core.hub.tell(News::ContactTyping(record.state.id, on));
            }
        });
    }
}

#[async_trait]
impl ThreadReader for InboxSink {
    async fn read(
        &self,
        thread: &ThreadKey,
        conversation: Option<ConversationId>,
        after: Seq,
    ) -> Result<ThreadPage, SinkError> {
        let mut conn = self.core.store.snapshot().await.map_err(unavailable)?;
        thread::read(&mut conn, self.inbox, thread, conversation, after).await.map_err(unavailable)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn unavailable(error: Error) -> SinkError {
    let stopping = Trouble::of(&error) == Some(Trouble::Stopping);
    if stopping { SinkError::Stopping } else { SinkError::Unavailable(error.to_string()) }
}
