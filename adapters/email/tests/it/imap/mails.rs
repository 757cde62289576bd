//! Mails that are odd, gone, too large, or not given out.

use switchboard_contract::Reading;
use switchboard_testkit::fakes::FakeCore;

use super::lies::{plain, receive, texts};
use super::scripted::{Act, Scripted};

#[tokio::test]
async fn a_mail_that_goes_while_it_is_fetched_is_skipped_and_no_other() {
    let server = Scripted::start().await;
    server.fill(10, plain);
    // It says that all are there and then gives all but one; NO, as some do.
    let core = FakeCore::new();
    let some: String = (1..=10).filter(|uid| *uid != 4).map(fetched).collect();
    server.rule("UID FETCH 1:10 ", 1, Act::Say(format!("{some}* 4 EXPUNGE\r\n{{tag}} NO some are gone\r\n")));
    server.rule("NOOP", 1, Act::Say("* 9 EXISTS\r\n{tag} OK\r\n".to_owned()));
    server.rule("UID FETCH 4 (UID)", 1, Act::Say("{tag} OK nothing\r\n".to_owned()));
    let session = receive(&server, &core).await;
    let mut wanted = texts(1..=10);
    wanted.remove(3);
    assert_eq!(core.texts(), wanted);
    let place = |wanted: &str| server.commands().iter().position(|command| command == wanted);
    assert!(place("NOOP") < place("UID FETCH 4 (UID)"), "before, a server may not say what is gone");
    assert!(place("NOOP").is_some());
    session.stop().await;
}

fn fetched(uid: u32) -> String {
    let mail = plain(uid);
    format!("* {uid} FETCH (UID {uid} BODY[] {{{}}}\r\n{mail})\r\n", mail.len())
}

#[tokio::test]
async fn a_mail_left_out_of_an_answer_is_asked_for_again() {
    let server = Scripted::start().await;
    server.fill(10, plain);
    let some: String = (1..=10).filter(|uid| *uid != 4).map(fetched).collect();
    server.rule("UID FETCH 1:10 ", 1, Act::Say(format!("{some}{{tag}} OK done\r\n")));
    let core = FakeCore::new();
    let session = receive(&server, &core).await;
    assert_eq!(core.texts(), texts(1..=10));
    session.stop().await;
}

#[tokio::test]
async fn a_mail_whose_size_can_not_be_read_is_not_passed_over() {
    for odd in ["* 4 FETCH (UID 4 RFC822.SIZE ((1)))\r\n", "* 4 FETCH (UID 4 RFC822.SIZE 1\r\n", ""] {
        let server = Scripted::start().await;
        server.fill(10, plain);
        let size = |uid: u32| format!("* {uid} FETCH (UID {uid} RFC822.SIZE 150)\r\n");
        let sizes: String = (1..=10).map(|uid| if uid == 4 { odd.to_owned() } else { size(uid) }).collect();
        let end = if odd.is_empty() { "NO some are not there" } else { "OK done" };
        server.rule("UID FETCH 1:", 1, Act::Say(format!("{sizes}{{tag}} {end}\r\n")));
        let core = FakeCore::new();
        let session = receive(&server, &core).await;
        assert_eq!(core.texts(), texts(1..=10), "{odd:?}");
        session.stop().await;
    }
}

#[tokio::test]
async fn a_mail_that_always_breaks_the_connection_ends_in_quarantine_and_the_others_come() {
    for (how, headers, raw) in [
        ("", true, "Message-ID"),
        ("* 5 FETCH (UID 5 BODY[] {900000000}\r\n", true, "Message-ID"),
        ("* 5 FETCH (UID 5 BODY[] {300000}\r\nshort", false, ""),
    ] {
        let server = Scripted::start().await;
        server.fill(9, plain);
        // Asked for with others or alone, it breaks; with some its headers do as well.
        server.rule("UID FETCH 1:9 (UID BODY", 1_000, Act::Cut(how.to_owned()));
        let last = if headers { "UID FETCH 5 (UID BODY.PEEK[])" } else { "UID FETCH 5 (UID BODY" };
        server.rule(last, 1_000, Act::Cut(how.to_owned()));
        let core = FakeCore::new();
        let session = receive(&server, &core).await;
        let balance = core.balance();
        assert_eq!((balance.received, balance.filed, balance.quarantined), (9, 8, 1), "{how:?}");
        let ledger = core.ledger();
        let odd = ledger.iter().find(|line| matches!(line.inbound.reading, Reading::Unreadable { .. })).expect("one");
        let kept = String::from_utf8_lossy(&odd.inbound.raw).into_owned();
        assert!(kept.contains(raw) && kept.is_empty() != headers, "{kept:?}");
        session.stop().await;
    }
}

#[tokio::test]
async fn mails_of_odd_sizes_come_whole() {
    let server = Scripted::start().await;
    let sizes = [0, 1, 2, 4_095, 4_096, 4_097, 65_535, 65_536, 262_143, 262_144, 262_145, 1_000_003, 9_000_001];
    let bytes = |size: usize| (0..size).map(|at| b"ab\r\n)( {5}\"\\\0\xff"[at % 14]).collect::<Vec<u8>>();
    server.change(|state| {
        let uids = (1_u32..).zip(sizes).map(|(uid, size)| (uid, bytes(size)));
        state.mails.extend(uids);
    });
    let core = FakeCore::new();
    let session = receive(&server, &core).await;
    let raw: Vec<Vec<u8>> = core.ledger().into_iter().map(|line| line.inbound.raw).collect();
    assert_eq!(raw.iter().map(Vec::len).collect::<Vec<_>>(), sizes);
    assert!(raw.iter().zip(sizes).all(|(raw, size)| *raw == bytes(size)));
    session.stop().await;
}

#[tokio::test]
async fn a_mail_above_the_limit_is_kept_by_its_headers() {
    let server = Scripted::start().await;
    server.fill(3, plain);
    server.rule(
        "UID FETCH 1:",
        1,
        Act::Say(
            "* 1 FETCH (UID 1 RFC822.SIZE 99)\r\n* 2 FETCH (UID 2 RFC822.SIZE 60000001)\r\n\
             * 3 FETCH (UID 3 RFC822.SIZE 99)\r\n{tag} OK\r\n"
                .to_owned(),
        ),
    );
    let core = FakeCore::new();
    let session = receive(&server, &core).await;
    let ledger = core.ledger();
    assert!(matches!(&ledger[1].inbound.reading, Reading::Unreadable { error } if error.contains("60000001")));
    assert!(ledger[1].inbound.raw.ends_with(b"\r\n\r\n"));
    assert_eq!((core.balance().filed, core.balance().quarantined), (2, 1));
    assert!(!server.commands().iter().any(|command| command.starts_with("UID FETCH 2 (UID BODY.PEEK[])")));
    session.stop().await;
}
