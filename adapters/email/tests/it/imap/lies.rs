//! Servers that do what Dovecot would not: no mail is lost or doubled, and nothing hangs.

use switchboard_email::imap::State;
use switchboard_testkit::fakes::FakeCore;

use super::rig::{Session, config, mail, pace};
use super::scripted::{Act, Scripted};

pub(super) fn plain(uid: u32) -> String {
    mail(&format!("m{uid}"), &format!("text {uid}"))
}

pub(super) fn texts(range: std::ops::RangeInclusive<u32>) -> Vec<String> {
    range.map(|uid| format!("text {uid}")).collect()
}

/// Runs a session on a server with so many mails until it is at rest.
pub(super) async fn receive(server: &Scripted, core: &std::sync::Arc<FakeCore>) -> Session {
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
