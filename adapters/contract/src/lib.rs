//! What every channel adapter and the core agree on: the vocabulary, what a channel can do, and the few
//! operations between them.
//!
//! The crate knows no runtime, no server and no database. Differences between channels are data
//! ([`Capabilities`]), never the name of a channel.
//!
//! | to learn | open |
//! | --- | --- |
//! | who sends and receives | [`adapter`] |
//! | what comes in | [`inbound`] |
//! | … where the channel has no threads of its own | [`letter`] |
//! | what goes out, and how it ends | [`delivery`] |
//! | the body of a message | [`content`] |
//! | how a body is fitted to a channel | [`render`](mod@render) |
//! | how an answer finds its option | [`choice`] |
//! | what a web page may ask about its thread | [`thread`] |
#![warn(missing_docs)]

pub mod adapter;
pub mod capabilities;
pub mod choice;
pub mod content;
mod content_id;
pub mod delivery;
pub mod ids;
pub mod inbound;
pub mod letter;
pub mod markup;
pub mod render;
pub mod text;
pub mod thread;
pub mod time;

pub use adapter::{
    AdapterError, ChannelAdapter, Extras, InboundSink, SinkError, StopSource, StopToken, ThreadWatcher, Typing,
};
pub use capabilities::{Capabilities, Pace, Rate, Support, TextUnit};
pub use choice::{Choice, ChoiceId};
pub use content::{Attachment, Citation, Content, Fold, FoldKind, TextFormat};
pub use delivery::{Delivery, DeliveryError, DeliveryState, Receipt};
pub use ids::{
    AgentId, ArticleId, ContactId, ConversationId, DeliveryId, IdError, IdentityId, InboxId, MessageId, TeamId,
};
pub use inbound::{
    Accepted, Address, ChannelKind, Cursor, ExternalId, Inbound, InboundMessage, InboundSignal, KeptInbound,
};
pub use inbound::{Mark, Proof, Reading, Sender, Signal, ThreadKey};
pub use letter::{Anchor, CHAIN_MAX, Context, InboundReport, Letter, Participant, Quote, ReportOutcome, ThreadSignal};
pub use render::{Part, RenderError, Rendered, render};
pub use thread::{
    PublicAuthor, ReceiptMark, Seq, ThreadEntry, ThreadHandler, ThreadNews, ThreadPage, ThreadReader, ThreadState,
};
pub use time::Timestamp;
