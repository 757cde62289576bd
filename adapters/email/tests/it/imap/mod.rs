//! Receiving: a real Dovecot, and a scripted server for what Dovecot won't do wrong.

pub(crate) mod dovecot;
mod figures;
mod lies;
mod mails;
mod probe;
mod receive;
pub(crate) mod rig;
pub(crate) mod scripted;
mod watch;
