//! A real Dovecot: what is in a mailbox comes in once, whatever happens.

use switchboard_testkit::fakes::FakeCore;

use super::dovecot::Dovecot;
use super::rig::{Session, mail, of};

#[tokio::test]
async fn what_is_there_and_what_comes_goes_in_once_and_stays_unseen() {
    let Some(server) = Dovecot::make("") else { return };
    for number in 0..150 {
        server.put("INBOX", mail(&format!("m{number}"), &format!("text {number}")).as_bytes());
    }
    let mut server = server;
    server.settle();
    server.resume();
    let core = FakeCore::new();
    let mut session = Session::start(of(&server, ""), core.clone());
    core.until("150 mails", |core| core.balance().received == 150).await;
    session.at_rest().await;
    server.deliver(&mail("live", "came while idling"));
    core.until("the new mail", |core| core.balance().received == 151).await;
    assert_eq!(core.texts().last().map(String::as_str), Some("came while idling"));
    let wanted: Vec<String> = (0..150).map(|number| format!("text {number}")).collect();
    assert_eq!(core.texts()[..150], wanted, "in the order of their UIDs");
    session.stop().await;
    assert!(server.flags("INBOX").iter().all(|flags| !flags.contains('S')), "{:?}", server.flags("INBOX"));
    let mut session = Session::start(of(&server, ""), core.clone());
    session.at_rest().await;
    session.stop().await;
    assert_eq!(core.balance().received, 151, "nothing comes in again");
}
