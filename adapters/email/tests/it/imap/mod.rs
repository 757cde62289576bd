//! Receiving: a real Dovecot, and a scripted server for what Dovecot won't do wrong.

mod dovecot;
mod figures;
mod lies;
mod mails;
mod receive;
mod rig;
pub(crate) mod scripted;
mod watch;
