//! How well the sender of a mail is proven.
