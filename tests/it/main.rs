//! The integration tests: one binary, real sockets on loopback, real files in temporary folders.

mod api;
mod cluster;
mod configuration;
mod customer;
mod desk;
mod frames;
mod intake;
mod jobs;
mod killed;
mod process;
mod ledger;
mod scripts;
mod server;
mod shipped;
mod store;
mod tidy;
mod widget;
