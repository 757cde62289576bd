//! What wrote a mail, how well its sender is proven, and whose thread it belongs to.
//!
//! The names of the cases (A1, B1, T1, X1 ...) are those of the checklist for mail.

mod automatic;
mod bounces;
mod data;
mod hostile;
mod identity;
mod signed;
mod threads;
mod writers;

use mail_parser::{Message, MessageParser};
use switchboard_email::machine::{Judgement, Ours, classify};

/// Our side in these tests.
fn ours() -> Ours {
    Ours {
        addresses: vec!["support@shop.example".to_owned(), "sales@shop.example".to_owned()],
        message_id_domain: "mail.shop.example".to_owned(),
        loop_value: "shop-1".to_owned(),
    }
}

fn parse(raw: &str) -> Message<'_> {
    MessageParser::default().parse(raw.as_bytes()).expect("the fixture has a header")
}

fn judge(raw: &str) -> Judgement {
    classify(&parse(raw), raw.as_bytes(), &ours())
}

/// A mail of a person, with more fields on top.
fn person(more: &str) -> String {
    format!(
        "{more}From: Ada Byron <ada@customer.example>\nTo: support@shop.example\nSubject: The kettle leaks\n\
         Message-ID: <k1@customer.example>\nDate: Mon, 2 Mar 2026 09:00:00 +0000\n\nIt drips from below.\n"
    )
}
