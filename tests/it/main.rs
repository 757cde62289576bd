//! The integration tests: one binary, real sockets on loopback, real files in temporary folders.

mod api;
mod cluster;
mod configuration;
mod customer;
mod desk;
mod faults;
mod frames;
mod intake;
mod jobs;
mod killed;
mod ledger;
mod letters;
mod migrations;
mod outbox;
mod process;
mod scripts;
mod server;
mod shipped;
mod simulation;
mod stopped;
mod store;
mod tidy;
mod webhooks;
mod widget;
