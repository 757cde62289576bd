//! Switchboard: a chat-first support bot and omnichannel gateway in one process and one file.
//!
//! `ARCHITECTURE.md` beside this file is the map.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod core;
pub mod http;
pub mod ids;
pub mod intake;
pub mod jobs;
pub mod knowledge;
pub mod library;
pub mod lifecycle;
pub mod limits;
pub mod outbox;
pub mod realtime;
pub mod service;
pub mod store;
pub mod telemetry;
pub mod webhooks;
