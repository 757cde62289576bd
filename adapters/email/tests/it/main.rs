//! The email adapter from outside: own mails with one rule each, and the fixtures beside the project where they are present.

mod fixtures;
mod hostile;
mod mails;
mod mime;
mod replies;
