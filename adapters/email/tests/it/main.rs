//! The email adapter from outside: own mails with one rule each, the fixtures beside the project where they are present, real
//! servers and scripted ones, with a core in memory.

mod fixtures;
mod hostile;
mod imap;
mod inbound;
mod mails;
mod mime;
mod replies;
mod smtp;
