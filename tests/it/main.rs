//! The integration tests: one binary, real sockets on loopback, real files in temporary folders.

mod api;
mod configuration;
mod customer;
mod desk;
mod frames;
mod intake;
mod killed;
mod outbox;
mod scripts;
mod server;
mod shipped;
mod store;
mod tidy;
