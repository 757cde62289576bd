//! Sending, to a scripted server that misbehaves on command.

mod rig;
mod safe;
mod scripted;
mod states;
