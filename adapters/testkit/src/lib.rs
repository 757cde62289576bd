//! The laws every adapter keeps, and fakes to hold them against.
