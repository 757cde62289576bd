//! Servers that do what Dovecot would not: no mail is lost or doubled, and nothing hangs.

use switchboard_contract::Reading;
use switchboard_email::imap::State;
use switchboard_testkit::fakes::FakeCore;

use super::rig::{Session, config, mail, pace};
use super::scripted::{Act, Scripted};

fn plain(uid: u32) -> String {
    mail(&format!("m{uid}"), &format!("text {uid}"))
}

fn texts(range: std::ops::RangeInclusive<u32>) -> Vec<String> {
    range.map(|uid| format!("text {uid}")).collect()
}

/// Runs a session on a server with so many mails until it is at rest.
async fn receive(server: &Scripted, core: &std::sync::Arc<FakeCore>) -> Session {
    let mut session = Session::start(config(server.port, "none", None, ""), core.clone());
    session.at_rest().await;
    session
}

#[tokio::test]
async fn a_connection_cut_at_any_place_loses_and_doubles_nothing() {
    let cuts = [
        ("UID FETCH 1:", "* 1 FETCH (UID 1 RFC822.SI"),
        ("UID FETCH 1:", "* 1 FETCH (UID 1 RFC822.SIZE 100)\r\n"),
        ("UID FETCH 1:200", ""),
        ("UID FETCH 1:64 ", "* 1 FETCH (UID 1 BODY[] {500}\r\nFrom: "),
        // After a whole response: what came looks complete.
        ("UID FETCH 1:64 ", "* 1 FETCH (UID 1 FLAGS ())\r\n"),
        ("UID FETCH 65:128 ", "* BYE going down\r\n"),
        ("EXAMINE", "* 200 EXISTS\r\n"),
        ("AUTHENTICATE", ""),
        ("CAPABILITY", "* CAPABILITY IMAP4rev1\r\n"),
        ("IDLE", "+ idling\r\n"),
    ];
    for (command, last) in cuts {
        let server = Scripted::start().await;
        server.fill(200, plain);
        server.rule(command, 1, Act::Cut(last.to_owned()));
        let core = FakeCore::new();
        let session = receive(&server, &core).await;
        core.until("all mails", |core| core.balance().received >= 200).await;
        if command == "IDLE" {
            server.saw("EXAMINE", 2).await;
        }
        assert_eq!(core.texts(), texts(1..=200), "{command} {last:?}");
        assert_eq!(core.balance().duplicate, 0, "{command} {last:?}");
        session.stop().await;
    }
}

#[tokio::test]
async fn a_fetch_that_is_refused_is_not_taken_for_an_empty_mailbox() {
    for refusal in ["NO [UNAVAILABLE] later", "NO [LIMIT] too fast", "BAD what", "NO [SERVERBUG] oops"] {
        for command in ["UID FETCH 1:", "UID FETCH 1:64 "] {
            let server = Scripted::start().await;
            server.fill(100, plain);
            server.rule(command, 1, Act::Say(format!("{{tag}} {refusal}\r\n")));
            let core = FakeCore::new();
            let session = receive(&server, &core).await;
            core.until("all mails", |core| core.balance().received >= 100).await;
            assert_eq!(core.texts(), texts(1..=100), "{refusal} {command}");
            session.stop().await;
        }
    }
}

#[tokio::test]
async fn what_nobody_asked_for_and_nobody_can_read_is_passed_over() {
    let odd = [
        "* 7 EXISTS\r\n* 3 EXPUNGE\r\n* 2 FETCH (FLAGS (\\Seen))\r\n* 1 RECENT\r\n",
        "* VANISHED 3:5\r\n* 0 EXISTS\r\n* 4294967295 EXISTS\r\n",
        "* 1 FETCH (UID 1 INTERNALDATE NIL)\r\n",
        "* OK [ALERT]\u{e9}t\u{e9}\r\n",
        "* 1 FETCH (UID 1 BODY[] NIL)\r\n",
        "* 1 FETCH (UID 1 BODY[] {0}\r\n RFC822.SIZE 0 X-WHAT (a (b (c))))\r\n",
        "* XFOO something (new) {3}\r\nabc\r\n",
        "* OK it took {5}\r\n",
        "* NO a warning\r\n* BAD another\r\n",
        "* 99999999999999999999 EXISTS\r\n",
        "* 1 FETCH\r\n*\r\n\r\n* \r\n",
        "* 77 FETCH (UID 4000000000 RFC822.SIZE 5 BODY[] {5}\r\nhello)\r\n",
        "S999 OK of another\r\nA1 NO no\r\n",
        "* LIST (\\X) NIL {3}\r\na\"b\r\n",
        "* ENABLED\r\n* ID NIL\r\n* ESEARCH (TAG \"x\") UID\r\n",
    ];
    for odd in odd {
        for command in ["UID FETCH 1:", "UID FETCH 1:64 ", "EXAMINE", "CAPABILITY", "AUTHENTICATE"] {
            let server = Scripted::start().await;
            server.fill(100, plain);
            server.rule(command, 1, Act::First(odd.to_owned()));
            let core = FakeCore::new();
            let session = receive(&server, &core).await;
            core.until("all mails", |core| core.balance().received >= 100).await;
            assert_eq!(core.texts(), texts(1..=100), "{odd:?} {command}");
            assert_eq!(core.balance().received, 100, "{odd:?} {command}");
            session.stop().await;
        }
    }
}

#[tokio::test]
async fn nesting_and_floods_end_the_connection_and_not_the_program() {
    let deep = format!("* 1 FETCH (BODYSTRUCTURE {})\r\n", "(".repeat(30_000));
    let long = format!("* OK {}\r\n", "x".repeat(300_000));
    let huge = "* 1 FETCH (UID 1 BODY[] {4000000000}\r\nFrom".to_owned();
    let large = "* LIST () \"/\" {50000000}\r\nabc".to_owned();
    for odd in [deep, long, huge, large] {
        let server = Scripted::start().await;
        server.fill(10, plain);
        server.rule("UID FETCH 1:", 1, Act::First(odd.clone()));
        let core = FakeCore::new();
        let session = receive(&server, &core).await;
        core.until("all mails", |core| core.balance().received >= 10).await;
        assert_eq!(core.texts(), texts(1..=10), "{:?}", &odd[..40]);
        session.stop().await;
    }
}

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
async fn a_server_that_lies_about_counts_and_uids_is_read_to_the_end() {
    for next in [0, 1, 3, 50, 4_000_000_000] {
        let server = Scripted::start().await;
        server.fill(30, plain);
        server.change(|state| {
            state.mails.insert(3_000_000_000, plain(31).into_bytes());
            state.next = Some(next);
        });
        let core = FakeCore::new();
        let session = receive(&server, &core).await;
        assert_eq!(core.texts(), texts(1..=31), "UIDNEXT {next}");
        session.stop().await;
        assert!(server.count("UID FETCH") < 60, "{}", server.count("UID FETCH"));
    }
}

#[tokio::test]
async fn uids_that_fall_and_a_validity_that_changes_have_the_folder_read_again() {
    let server = Scripted::start().await;
    server.fill(20, plain);
    let core = FakeCore::new();
    receive(&server, &core).await.stop().await;
    // A restored backup: the same validity, fewer mails, and a new one under an old UID.
    server.change(|state| {
        state.mails = (1..=10).map(|uid| (uid, plain(uid).into_bytes())).collect();
        state.mails.insert(11, plain(777).into_bytes());
    });
    receive(&server, &core).await.stop().await;
    assert_eq!(core.balance().filed, 21);
    assert!(core.texts().contains(&"text 777".to_owned()));
    // Another validity: everything again, and nothing twice.
    server.change(|state| {
        state.validity = 2;
        state.mails.insert(12, plain(888).into_bytes());
    });
    receive(&server, &core).await.stop().await;
    let balance = core.balance();
    assert_eq!((balance.filed, balance.duplicate), (22, 21));
}

#[tokio::test]
async fn without_validity_nothing_is_taken_in_and_it_is_said() {
    let server = Scripted::start().await;
    server.fill(3, plain);
    server.rule("EXAMINE", 3, Act::Say("* 3 EXISTS\r\n{tag} OK\r\n".to_owned()));
    let core = FakeCore::new();
    let mut session = Session::start(config(server.port, "none", None, ""), core.clone());
    let health = session.until("trouble", |health| health.state == State::Paused).await;
    assert!(health.trouble.is_some_and(|trouble| trouble.contains("UIDVALIDITY")));
    session.at_rest().await;
    assert_eq!(core.balance().received, 3);
    session.stop().await;
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

#[tokio::test]
async fn a_server_that_falls_silent_is_left() {
    for command in ["UID FETCH 1:", "UID FETCH 1:10 ", "EXAMINE", "AUTHENTICATE", "CAPABILITY", "DONE", "NOOP"] {
        let server = Scripted::start().await;
        server.fill(10, plain);
        server.rule(command, 1, Act::Hang);
        let mut pace = pace();
        pace.silence = std::time::Duration::from_millis(100);
        pace.idle = std::time::Duration::from_millis(100);
        let core = FakeCore::new();
        let session = Session::start_with(config(server.port, "none", None, ""), core.clone(), pace);
        core.until("all mails", |core| core.balance().received >= 10).await;
        assert_eq!(core.texts(), texts(1..=10), "{command}");
        session.stop().await;
    }
}
