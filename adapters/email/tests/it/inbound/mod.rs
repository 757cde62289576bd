//! What a mail becomes for the core.

mod adapter;
mod filed;
mod hostile;
mod known;
mod outcomes;
mod reports;

use switchboard_contract::{ConversationId, DeliveryId, Inbound, InboundMessage, Reading, Timestamp};
use switchboard_email::config::EmailConfig;
use switchboard_email::inbound::read;
use switchboard_email::thread::ids;
use switchboard_email::{House, OwnMail, Secret};

const SECRET: Secret = Secret([7; 32]);

fn own() -> OwnMail {
    let config: EmailConfig = serde_json::from_value(serde_json::json!({
        "address": "Support@shop.example", "aliases": ["help@shop.example"], "imap_host": "localhost",
        "imap_password": "pw", "authserv_ids": ["mx.shop.example"],
    }))
    .expect("settings");
    let addresses = vec!["sales@other.example".to_owned()];
    OwnMail::of(&config, &House { secret: SECRET, addresses })
}

fn delivery(n: u128) -> DeliveryId {
    DeliveryId::from_parts(Timestamp::from_millis(1_700_000_000_000), n)
}

fn conversation(n: u128) -> ConversationId {
    ConversationId::from_parts(Timestamp::from_millis(1_700_000_000_000), n)
}

/// The Message-ID of a delivery of ours.
fn sent(n: u128) -> String {
    ids::message_id(delivery(n), &SECRET, "shop.example")
}

/// A mail of a person, with more fields on top.
fn person(more: &str) -> String {
    format!(
        "{more}From: Ada Byron <Ada@Customer.example>\nTo: support@shop.example\nSubject: The kettle leaks\n\
         Message-ID: <k1@customer.example>\nDate: Mon, 2 Mar 2026 09:00:00 +0000\n\nIt drips from below.\n"
    )
}

/// A delivery status notification about a mail of this id.
fn bounce(id: &str, action: &str, status: &str) -> String {
    format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.far.example (Mail Delivery System)\nTo: support@shop.example\n\
         Subject: Undelivered Mail Returned to Sender\nMessage-ID: <b1@mx.far.example>\nAuto-Submitted: auto-replied\n\
         MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"=cut=\"\n\n\
         --=cut=\nContent-Type: text/plain\n\nSorry, it did not work out.\n\n\
         --=cut=\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.far.example\n\n\
         Final-Recipient: rfc822; Bob@far.example\nAction: {action}\nStatus: {status}\n\
         Diagnostic-Code: smtp; 550 {status} nobody of that name\n\n\
         --=cut=\nContent-Type: message/rfc822\n\nFrom: support@shop.example\nTo: bob@far.example\n\
         Message-ID: <{id}>\nSubject: Your kettle\n\nHello Bob\n\n--=cut=--\n"
    )
}

/// A read receipt for a mail of this id.
fn receipt(id: &str, disposition: &str) -> String {
    format!(
        "From: ada@customer.example\nTo: support@shop.example\nSubject: Read: Your kettle\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=disposition-notification; boundary=\"=cut=\"\n\n\
         --=cut=\nContent-Type: text/plain\n\nThe mail was read.\n\n--=cut=\n\
         Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; ada@customer.example\n\
         Original-Message-ID: <{id}>\nDisposition: {disposition}\n\n--=cut=--\n"
    )
}

/// A feedback report about a mail of this id.
fn complaint(id: &str) -> String {
    format!(
        "From: feedback@far.example\nTo: support@shop.example\nSubject: FW: Your kettle\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=\"=cut=\"\n\n\
         --=cut=\nContent-Type: text/plain\n\nThis is an abuse report.\n\n--=cut=\n\
         Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: F/1\nVersion: 1\n\
         Original-Rcpt-To: bob@far.example\n\n--=cut=\nContent-Type: message/rfc822\n\n\
         From: support@shop.example\nTo: bob@far.example\nMessage-ID: <{id}>\nSubject: Your kettle\n\nHello\n\n--=cut=--\n"
    )
}

fn inbound(raw: &str) -> Inbound {
    read(raw.as_bytes(), &own())
}

#[track_caller]
fn message(raw: &str) -> InboundMessage {
    let reading = inbound(raw).reading;
    let Reading::Message(message) = reading else { panic!("a message, not {reading:?}") };
    *message
}
