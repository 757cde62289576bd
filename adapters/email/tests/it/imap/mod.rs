//! Receiving: a real Dovecot, and a scripted server for what Dovecot won't do wrong.

mod dovecot;
mod receive;
mod rig;
