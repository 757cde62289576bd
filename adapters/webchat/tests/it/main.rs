//! The web chat over real sockets, against a core in memory.

mod addresses;
mod catch_up;
mod hello;
mod hostile;
mod laws;
mod messages;
mod peer;
mod server;
mod stop;
