//! The adapter put together: from a mailbox into a core.

use std::sync::Arc;

use switchboard_contract::{ChannelAdapter, ExternalId, KeptInbound, Reading, Timestamp};
use switchboard_email::config::EmailConfig;
use switchboard_email::{Email, House};
use switchboard_testkit::fakes::FakeCore;
use switchboard_testkit::rig::Running;

use super::{SECRET, bounce, person, sent};
use crate::imap::dovecot::Dovecot;
use crate::imap::rig::{config, of, pace};

fn adapter(config: EmailConfig) -> Arc<Email> {
    let house = House { secret: SECRET, addresses: vec!["support@shop.example".to_owned()] };
    Email::with_pace(config, &house, Arc::new(|| Timestamp::from_millis(0)), Arc::new(|| 250), pace())
        .expect("good settings")
}

#[tokio::test]
async fn every_mail_of_a_mailbox_is_accounted_for_once() {
    let Some(mut server) = Dovecot::make("") else { return };
    let another = person("").replace("It drips", "It leaks").replace("k1@", "k2@");
    let mails = [person(""), another, bounce("x@elsewhere.example", "failed", "5.1.1"), "no header at all".to_owned()];
    for mail in mails.iter().chain(&[person("Received: by another way\n")]) {
        server.put("INBOX", mail.replace('\n', "\r\n").as_bytes());
    }
    server.settle();
    server.resume();
    let core = FakeCore::new();
    let running = Running::start(adapter(of(&server, "")), core.clone()).await;
    core.until("all mails", |core| core.balance().received == 5).await;
    let balance = core.balance();
    assert_eq!((balance.filed, balance.duplicate, balance.filtered, balance.quarantined), (2, 1, 1, 1));
    assert_eq!(core.texts(), ["It drips from below.", "It leaks from below."]);
    running.stop().await.result.expect("it ends well");
    assert!(core.ledger().iter().all(|line| !line.inbound.raw.is_empty()), "the bytes are kept");
}

#[test]
fn what_was_kept_is_read_again_if_it_is_whole() {
    let adapter = adapter(config(1, "none", None, ""));
    let kept = |raw: &str, error: &str| KeptInbound {
        external_id: ExternalId("x".to_owned()),
        occurred_at: None,
        raw: raw.as_bytes().to_vec(),
        error: error.to_owned(),
    };
    let reread = |raw: &str, error: &str| adapter.reread(&kept(raw, error));
    assert!(matches!(reread(&person(""), "a mistake of an earlier version"), Some(Reading::Message(_))));
    let id = sent(1).replace("shop.example", "example.net");
    assert!(matches!(
        reread(&bounce(&id, "failed", "5.1.1"), "x"),
        Some(Reading::Report(_) | Reading::Filtered { .. })
    ));
    assert_eq!(
        reread(&person(""), "the mail has 70000000 bytes, which is too large; only its headers are kept here"),
        None
    );
    assert_eq!(reread("", "the mail server does not give this mail out"), None);
}
