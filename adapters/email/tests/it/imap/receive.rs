//! A real Dovecot: what is in a mailbox comes in once, whatever happens.

use std::sync::Arc;

use switchboard_contract::{InboundSink, Reading};
use switchboard_email::imap::State;
use switchboard_testkit::fakes::FakeCore;

use super::dovecot::{Dovecot, PASSWORD, USER};
use super::rig::{Session, config, mail, of};

fn numbered(number: usize) -> String {
    mail(&format!("m{number}"), &format!("text {number}"))
}

fn texts(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| format!("text {number}")).collect()
}

/// A server with so many mails in the inbox. None where there is no Dovecot.
fn filled(count: usize, settings: &str) -> Option<Dovecot> {
    let mut server = Dovecot::make(settings)?;
    for number in 0..count {
        server.put("INBOX", numbered(number).as_bytes());
    }
    server.settle();
    server.resume();
    Some(server)
}

#[tokio::test]
async fn what_is_there_and_what_comes_goes_in_once_and_stays_unseen() {
    let Some(server) = filled(150, "") else { return };
    let core = FakeCore::new();
    let mut session = Session::start(of(&server, ""), core.clone());
    core.until("150 mails", |core| core.balance().received == 150).await;
    session.at_rest().await;
    server.deliver(&mail("live", "came while idling"));
    core.until("the new mail", |core| core.balance().received == 151).await;
    assert_eq!(core.texts().last().map(String::as_str), Some("came while idling"));
    assert_eq!(core.texts()[..150], texts(0..150), "in the order of their UIDs");
    session.stop().await;
    assert!(server.flags("INBOX").iter().all(|flags| !flags.contains('S')), "{:?}", server.flags("INBOX"));
    let mut session = Session::start(of(&server, ""), core.clone());
    session.at_rest().await;
    session.stop().await;
    assert_eq!(core.balance().received, 151, "nothing comes in again");
}

#[tokio::test]
async fn a_mail_another_client_has_read_is_taken_in_all_the_same() {
    let Some(server) = filled(3, "") else { return };
    let new = server.maildir("INBOX").join("new");
    for entry in std::fs::read_dir(&new).expect("a folder").flatten() {
        let seen = format!("{}:2,S", entry.file_name().to_string_lossy());
        std::fs::rename(entry.path(), server.maildir("INBOX").join("cur").join(seen)).expect("moved");
    }
    let core = FakeCore::new();
    let mut session = Session::start(of(&server, ""), core.clone());
    session.at_rest().await;
    assert_eq!(core.texts(), texts(0..3));
    session.stop().await;
    assert_eq!(server.flags("INBOX"), ["S", "S", "S"]);
}

/// Killed in the middle again and again, wherever that is; each life hands in what it can.
#[tokio::test]
async fn killed_at_any_moment_nothing_is_lost_and_nothing_filed_twice() {
    for after in ["leave", "flag", "move:Done"] {
        let Some(server) = filled(700, "") else { return };
        let core = FakeCore::new();
        let more = format!(r#""after":"{after}""#);
        for life in 0_u32..8 {
            let before = core.balance().filed;
            let session = Session::start(of(&server, &more), core.clone());
            // Each life ends a little later than the one before, before and after its first commit.
            core.until("some mails", |core| core.balance().filed >= (before + life * 20).min(700)).await;
            session.kill().await;
        }
        let mut session = Session::start(of(&server, &more), core.clone());
        session.at_rest().await;
        session.stop().await;
        assert_eq!(core.balance().filed, 700, "{after}");
        let mut all = core.texts();
        all.sort_by_key(|text| text[5..].parse::<usize>().expect("a number"));
        assert_eq!(all, texts(0..700), "{after}");
        let flagged = |folder| server.flags(folder).iter().filter(|flags| flags.contains('F')).count();
        match after {
            // Opened for writing, and still unseen.
            "flag" => assert_eq!(server.flags("INBOX"), ["F"; 700]),
            // The server may still be moving what a killed session asked for while the next one asks for the same: then some mails are
            // copied twice. None stays, and none is missing.
            "move:Done" => {
                let (left, moved) = (server.flags("INBOX").len(), server.flags("Done").len());
                assert!(left == 0 && moved >= 700, "{left} left, {moved} moved");
            }
            _ => assert_eq!((server.flags("INBOX").len(), flagged("INBOX")), (700, 0)),
        }
    }
}

/// The moment between keeping mails and moving them, exactly.
#[tokio::test]
async fn killed_between_keeping_and_moving_the_mails_are_moved_by_the_next_life() {
    for settings in ["", "imap_capability = IMAP4rev1 SASL-IR IDLE UIDPLUS\n"] {
        let Some(server) = filled(50, settings) else { return };
        let core = FakeCore::new();
        let config = || of(&server, r#""after":"move:Done""#);
        let hold = core.hold();
        let session = Session::start(config(), core.clone());
        hold.reached(1).await;
        session.kill().await;
        // The commit goes through though nobody is there any more to hear of it.
        drop(hold);
        core.until("the commit", |core| core.balance().filed == 50).await;
        assert_eq!(server.flags("INBOX").len(), 50, "nothing is moved before it is kept");
        let mut session = Session::start(config(), core.clone());
        session.at_rest().await;
        session.stop().await;
        assert_eq!((server.flags("INBOX").len(), server.flags("Done").len()), (0, 50), "{settings}");
        assert_eq!((core.balance().filed, core.balance().received), (50, 50));
    }
}

#[tokio::test]
async fn without_move_mails_are_copied_and_only_these_expunged() {
    let Some(server) = filled(10, "imap_capability = IMAP4rev1 SASL-IR IDLE UIDPLUS\n") else { return };
    let core = FakeCore::new();
    let mut session = Session::start(of(&server, r#""after":"move:Erledigt.Größe""#), core.clone());
    session.at_rest().await;
    server.deliver(&mail("late", "one more"));
    core.until("the new mail", |core| core.balance().received == 11).await;
    session.at_rest().await;
    session.stop().await;
    let mut session = Session::start(of(&server, r#""after":"move:Erledigt.Größe""#), core.clone());
    session.at_rest().await;
    session.stop().await;
    assert_eq!((server.flags("INBOX").len(), server.flags("Erledigt.Gr&APYA3w-e").len()), (0, 11));
    assert_eq!(core.balance().received, 11);
}

#[tokio::test]
async fn where_mails_can_not_be_moved_they_are_taken_in_and_it_is_said() {
    let Some(server) = filled(100, "") else { return };
    let core = FakeCore::new();
    // The server's folders can't have such a name.
    let mut session = Session::start(of(&server, r#""after":"move:a/b""#), core.clone());
    let health = session.at_rest().await;
    assert_eq!((core.balance().received, server.flags("INBOX").len()), (100, 100));
    assert!(health.trouble.is_some_and(|trouble| trouble.contains("refuses")));
    session.stop().await;
    // Mended, all of it is done.
    let mut session = Session::start(of(&server, r#""after":"move:b""#), core.clone());
    let health = session.at_rest().await;
    assert_eq!((server.flags("INBOX").len(), server.flags("b").len(), health.trouble), (0, 100, None));
    session.stop().await;
}

#[tokio::test]
async fn uids_that_change_double_nothing_and_lose_nothing() {
    let Some(mut server) = filled(120, "") else { return };
    let core = FakeCore::new();
    let mut session = Session::start(of(&server, ""), core.clone());
    session.at_rest().await;
    session.stop().await;
    server.stop();
    server.renumber("INBOX");
    server.put("INBOX", mail("new", "meanwhile").as_bytes());
    server.settle();
    server.resume();
    let mut session = Session::start(of(&server, ""), core.clone());
    session.at_rest().await;
    session.stop().await;
    let balance = core.balance();
    assert_eq!((balance.filed, balance.duplicate, balance.received), (121, 120, 241));
}

#[tokio::test]
async fn old_mails_are_left_taken_in_or_kept_by_their_headers_as_the_operator_chooses() {
    for (start, filed, filtered) in [("now", 0, 0), ("all", 30, 0), ("headers", 0, 30)] {
        let Some(mut server) = filled(30, "") else { return };
        let core = FakeCore::new();
        let more = format!(r#""start":"{start}""#);
        let mut session = Session::start(of(&server, &more), core.clone());
        session.at_rest().await;
        assert_eq!((core.balance().filed, core.balance().filtered), (filed, filtered), "{start}");
        assert!(core.ledger().iter().all(|line| start != "headers" || line.inbound.raw.ends_with(b"\r\n\r\n")));
        server.deliver(&mail("new", "since then"));
        core.until("the new mail", |core| core.balance().filed == filed + 1).await;
        session.stop().await;
        // Their UIDs change: what was there before is still old.
        server.stop();
        server.renumber("INBOX");
        server.resume();
        let mut session = Session::start(of(&server, &more), core.clone());
        session.at_rest().await;
        session.stop().await;
        assert_eq!(core.balance().filed, filed + 1, "{start}");
    }
}

#[tokio::test]
async fn folders_go_by_their_names_in_any_script_and_by_their_use() {
    let Some(mut server) = Dovecot::make("") else { return };
    server.put("INBOX", mail("one", "in the inbox").as_bytes());
    server.put("&U,BTFw- &- Co", mail("two", "in another script").as_bytes());
    server.put("Unerw&APw-nscht", mail("three", "by its use").as_bytes());
    server.settle();
    server.resume();
    let core = FakeCore::new();
    let more = r#""folders":["INBOX","台北 & Co","\\Junk","Nowhere"]"#;
    let mut session = Session::start(of(&server, more), core.clone());
    let health = session.at_rest().await;
    let mut texts = core.texts();
    texts.sort();
    assert_eq!(texts, ["by its use", "in another script", "in the inbox"]);
    assert_eq!(health.missing, ["Nowhere"]);
    server.deliver(&mail("four", "while several are watched"));
    core.until("the new mail", |core| core.balance().received == 4).await;
    session.stop().await;
}

#[tokio::test]
async fn mails_expunged_by_another_client_while_they_are_fetched_are_skipped() {
    let Some(server) = filled(400, "") else { return };
    let core = FakeCore::new();
    let hold = core.hold();
    let mut session = Session::start(of(&server, ""), core.clone());
    hold.reached(1).await;
    // The first group is being handed in and the second was fetched at most: the last mail goes now.
    let mut files: Vec<_> = ["cur", "new"]
        .iter()
        .flat_map(|part| std::fs::read_dir(server.maildir("INBOX").join(part)).into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .collect();
    files.sort_by_key(|path| path.file_name().map(std::ffi::OsStr::to_owned));
    std::fs::remove_file(&files[399]).expect("removed");
    std::fs::remove_file(&files[300]).expect("removed");
    drop(hold);
    session.at_rest().await;
    let mut wanted = texts(0..399);
    wanted.remove(300);
    assert_eq!(core.texts(), wanted);
    session.stop().await;
}

#[tokio::test]
async fn a_server_that_goes_and_comes_is_found_again() {
    let Some(mut server) = filled(5, "") else { return };
    let core = FakeCore::new();
    let mut session = Session::start(of(&server, ""), core.clone());
    session.at_rest().await;
    server.stop();
    session.until("the loss", |health| health.state == State::Paused).await;
    server.put("INBOX", mail("away", "came while away").as_bytes());
    server.settle();
    server.resume();
    core.until("the new mail", |core| core.balance().received == 6).await;
    session.stop().await;
}

#[tokio::test]
async fn starttls_works_and_a_server_of_another_authority_is_not_believed() {
    let Some(server) = filled(2, "") else { return };
    let core = FakeCore::new();
    let starttls = config(server.imap, "starttls", Some(&server.ca_file()), "");
    let mut session = Session::start(starttls, core.clone());
    session.at_rest().await;
    assert_eq!(core.balance().received, 2);
    session.stop().await;
    for (port, security) in [(server.imaps, "tls"), (server.imap, "starttls")] {
        let mut session = Session::start(config(port, security, None, ""), FakeCore::new());
        let health = session.until("a refusal", |health| health.trouble.is_some()).await;
        assert_eq!(health.state, State::NeedsHelp, "{:?}", health.trouble);
        assert!(health.trouble.is_some_and(|trouble| trouble.contains("certificate")));
        session.stop().await;
    }
    assert!(!server.log().contains(PASSWORD));
}

#[tokio::test]
async fn a_wrong_password_is_said_once() {
    let Some(server) = filled(1, "") else { return };
    let core = FakeCore::new();
    let mut session = Session::start(of(&server, r#""imap_password":"wrong""#), core.clone());
    let health = session.until("a refusal", |health| health.trouble.is_some()).await;
    assert_eq!((health.state, health.failures), (State::NeedsHelp, 1));
    assert_eq!(core.balance().received, 0);
    session.stop().await;
}

#[tokio::test]
async fn a_mail_over_lmtp_is_kept_byte_for_byte() {
    let Some(server) = filled(0, "") else { return };
    let core: Arc<FakeCore> = FakeCore::new();
    let sink: Arc<dyn InboundSink> = core.clone();
    let session = Session::start(of(&server, ""), sink);
    let text = format!(
        "Message-ID: <odd@example.net>\r\nSubject: =?utf-8?q?=C3=A9?=\r\nTo: {USER}\r\n\r\n.dot\r\n\r\n{}\r\n",
        "é".repeat(300)
    );
    server.deliver(&text);
    core.until("the mail", |core| core.balance().received == 1).await;
    let raw = core.ledger()[0].inbound.raw.clone();
    assert!(raw.ends_with(text.as_bytes()), "{}", String::from_utf8_lossy(&raw));
    assert!(matches!(core.ledger()[0].inbound.reading, Reading::Message(_)));
    session.stop().await;
}
