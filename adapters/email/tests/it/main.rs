//! The email adapter against real servers and scripted ones, with a core in memory.

mod imap;
