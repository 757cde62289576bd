//! Waiting for mail, signing in, and what a server says about both.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use switchboard_contract::SinkError;
use switchboard_email::imap::State;
use switchboard_testkit::fakes::FakeCore;

use super::rig::{Session, config, mail, pace};
use super::scripted::{Act, Scripted, TokenServer};

fn plain(uid: u32) -> String {
    mail(&format!("m{uid}"), &format!("text {uid}"))
}

#[tokio::test]
async fn in_idle_the_server_tells_of_mail() {
    let server = Scripted::start().await;
    server.fill(1, plain);
    let core = FakeCore::new();
    let session = Session::start(config(server.port, "none", None, ""), core.clone());
    for uid in 2..6 {
        server.saw("IDLE", uid as usize - 1).await;
        server.bring(uid, plain(uid));
        core.until("the new mail", |core| core.balance().received == uid).await;
    }
    assert_eq!(server.count("EXAMINE"), 1, "the folder stays open");
    assert_eq!(core.balance().duplicate, 0);
    session.stop().await;
}

#[tokio::test]
async fn mail_that_comes_between_reading_and_idle_is_not_left_lying() {
    let server = Scripted::start().await;
    server.fill(3, plain);
    // It came after the sizes were asked for; the server says so once, and then never again.
    server.rule("UID FETCH 1:3 ", 1, Act::First("* 4 EXISTS\r\n".to_owned()));
    let core = FakeCore::new();
    let mut session = Session::start(config(server.port, "none", None, ""), core.clone());
    server.saw("IDLE", 1).await;
    session.at_rest().await;
    let looks = server.commands().iter().filter(|command| command.contains("RFC822.SIZE")).count();
    assert_eq!(looks, 2, "{:?}", server.commands());
    session.stop().await;
}

#[tokio::test]
async fn idle_is_renewed_and_without_it_the_server_is_asked() {
    let server = Scripted::start().await;
    let mut fast = pace();
    fast.idle = Duration::from_millis(5);
    let session = Session::start_with(config(server.port, "none", None, ""), FakeCore::new(), fast);
    server.saw("DONE", 3).await;
    assert_eq!(server.count("CAPABILITY"), 2, "on one connection");
    session.stop().await;

    for refuses in [false, true] {
        let server = Scripted::start().await;
        server.fill(1, plain);
        if refuses {
            server.rule("IDLE", 1, Act::Say("{tag} BAD no\r\n".to_owned()));
        } else {
            server.change(|state| state.abilities = "IMAP4rev1 AUTH=PLAIN".to_owned());
        }
        let core = FakeCore::new();
        let session = Session::start(config(server.port, "none", None, ""), core.clone());
        core.until("the first", |core| core.balance().received == 1).await;
        server.bring(2, plain(2));
        core.until("the second", |core| core.balance().received == 2).await;
        assert_eq!(server.count("IDLE"), usize::from(refuses));
        session.stop().await;
    }
}

#[tokio::test]
async fn refused_credentials_stop_the_hammering_and_are_said() {
    for (refusal, asks) in [
        ("NO [AUTHENTICATIONFAILED] wrong", State::NeedsHelp),
        ("NO wrong", State::NeedsHelp),
        ("BAD what", State::NeedsHelp),
        ("NO [AUTHORIZATIONFAILED] not you", State::NeedsHelp),
    ] {
        let server = Scripted::start().await;
        server.rule("AUTHENTICATE", 100, Act::Say(format!("{{tag}} {refusal}\r\n")));
        let mut session = Session::start(config(server.port, "none", None, ""), FakeCore::new());
        let health = session.until("a refusal", |health| health.trouble.is_some()).await;
        assert_eq!(health.state, asks, "{refusal}");
        assert_eq!(server.count("AUTHENTICATE"), 1, "{refusal}");
        session.stop().await;
    }
}

#[tokio::test]
async fn what_passes_is_tried_again_soon() {
    for refusal in ["NO [UNAVAILABLE] later", "NO [LIMIT] too many", "NO [OVERQUOTA] full", "NO [INUSE] busy"] {
        let server = Scripted::start().await;
        server.fill(1, plain);
        server.rule("AUTHENTICATE", 3, Act::Say(format!("{{tag}} {refusal}\r\n")));
        let core = FakeCore::new();
        let mut session = Session::start(config(server.port, "none", None, ""), core.clone());
        core.until("the mail", |core| core.balance().received == 1).await;
        let health = session.at_rest().await;
        assert_eq!((health.trouble, health.failures), (None, 0), "{refusal}");
        assert_eq!(server.count("AUTHENTICATE"), 4, "{refusal}");
        session.stop().await;
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_or_says_bye_is_tried_again() {
    let server = Scripted::start().await;
    server.fill(1, plain);
    server.change(|state| state.greeting = "* BYE too many connections".to_owned());
    let core = FakeCore::new();
    let mut session = Session::start(config(server.port, "none", None, ""), core.clone());
    let health = session.until("a third try", |health| health.failures >= 3).await;
    assert!(health.trouble.is_some_and(|trouble| trouble.contains("too many connections")));
    server.change(|state| state.greeting = "* OK ready".to_owned());
    core.until("the mail", |core| core.balance().received == 1).await;
    session.stop().await;
}

#[tokio::test]
async fn an_alert_is_shown() {
    let server = Scripted::start().await;
    server.rule("EXAMINE", 1, Act::First("* OK [ALERT] The server goes down at noon\r\n".to_owned()));
    let mut session = Session::start(config(server.port, "none", None, ""), FakeCore::new());
    let health = session.at_rest().await;
    assert!(health.alert.is_some_and(|alert| alert.contains("down at noon")));
    session.stop().await;
}

#[tokio::test]
async fn starttls_that_is_not_offered_or_refused_sends_no_password() {
    for (abilities, greeting) in [
        ("IMAP4rev1 AUTH=PLAIN", "* OK ready"),
        ("IMAP4rev1 AUTH=PLAIN STARTTLS", "* PREAUTH you are in"),
        ("IMAP4rev1 AUTH=PLAIN STARTTLS", "* OK ready"),
    ] {
        let server = Scripted::start().await;
        server.change(|state| (state.abilities, state.greeting) = (abilities.to_owned(), greeting.to_owned()));
        let refuses = greeting == "* OK ready" && abilities.contains("STARTTLS");
        server.rule("STARTTLS", u32::from(refuses), Act::Say("{tag} NO not today\r\n".to_owned()));
        let mut session = Session::start(config(server.port, "starttls", None, ""), FakeCore::new());
        let health = session.until("a refusal", |health| health.trouble.is_some()).await;
        assert_eq!(health.state, State::NeedsHelp, "{abilities} {greeting}");
        assert_eq!(server.count("AUTHENTICATE") + server.count("LOGIN"), 0);
        assert_eq!(server.count("STARTTLS"), usize::from(refuses), "{abilities} {greeting}");
        session.stop().await;
    }
}

#[tokio::test]
async fn login_is_used_without_plain_and_not_when_it_is_disabled() {
    let server = Scripted::start().await;
    server.change(|state| state.abilities = "IMAP4rev1".to_owned());
    let mut session = Session::start(config(server.port, "none", None, ""), FakeCore::new());
    session.at_rest().await;
    assert!(server.commands().iter().any(|it| it == "LOGIN \"help@example.org\" \"a \\\"good\\\\ päss\""));
    session.stop().await;
    let server = Scripted::start().await;
    server.change(|state| state.abilities = "IMAP4rev1 LOGINDISABLED".to_owned());
    let mut session = Session::start(config(server.port, "none", None, ""), FakeCore::new());
    session.until("a refusal", |health| health.state == State::NeedsHelp).await;
    assert_eq!(server.count("LOGIN"), 0);
    session.stop().await;
}

fn oauth(url: &str) -> String {
    format!(
        r#""imap_password":null,"oauth_token_url":"{url}","oauth_client_id":"me","oauth_client_secret":"s","oauth_refresh_token":"keep""#
    )
}

fn granted(token: &str) -> (u16, String) {
    (200, format!(r#"{{"access_token":"{token}","expires_in":3600,"token_type":"Bearer"}}"#))
}

/// What a server says when it does not take a token: why, then it waits for an empty line.
fn denied() -> Act {
    Act::Say(format!("+ {}\r\n", STANDARD.encode(r#"{"status":"401","schemes":"Bearer"}"#)))
}

#[tokio::test]
async fn a_token_that_ended_is_fetched_anew_once() {
    for mechanism in ["XOAUTH2", "OAUTHBEARER"] {
        let server = Scripted::start().await;
        server.fill(1, plain);
        server.change(|state| state.abilities = format!("IMAP4rev1 SASL-IR IDLE AUTH={mechanism}"));
        server.rule("AUTHENTICATE", 1, denied());
        let tokens = TokenServer::start(vec![granted("first"), granted("second")]).await;
        server.rule_for_line("", 1, Act::Say("S2 NO [AUTHENTICATIONFAILED] expired\r\n".to_owned()));
        let core = FakeCore::new();
        let session = Session::start(config(server.port, "none", None, &oauth(&tokens.url)), core.clone());
        core.until("the mail", |core| core.balance().received == 1).await;
        let commands = server.commands();
        let sent: Vec<String> = commands
            .iter()
            .filter_map(|command| command.strip_prefix(&format!("AUTHENTICATE {mechanism} ")))
            .map(|text| String::from_utf8(STANDARD.decode(text).expect("base64")).expect("text"))
            .collect();
        assert!(sent[0].contains("auth=Bearer first\u{1}") && sent[1].contains("auth=Bearer second\u{1}"), "{sent:?}");
        assert!(commands.iter().any(String::is_empty), "the reason is answered with an empty line: {commands:?}");
        let asked = tokens.asked.lock().expect("no panic").clone();
        assert_eq!(asked.len(), 2);
        assert!(asked[0].contains("grant_type=refresh_token&refresh_token=keep&client_id=me&client_secret=s"));
        session.stop().await;
    }
}

#[tokio::test]
async fn a_fresh_token_that_is_refused_too_needs_a_person() {
    let server = Scripted::start().await;
    server.change(|state| state.abilities = "IMAP4rev1 SASL-IR AUTH=XOAUTH2".to_owned());
    server.rule("AUTHENTICATE", 9, Act::Say("{tag} NO [AUTHENTICATIONFAILED] no\r\n".to_owned()));
    let tokens = TokenServer::start(vec![granted("first"), granted("second"), granted("third")]).await;
    let mut session = Session::start(config(server.port, "none", None, &oauth(&tokens.url)), FakeCore::new());
    session.until("a refusal", |health| health.state == State::NeedsHelp).await;
    assert_eq!(server.count("AUTHENTICATE"), 2);
    assert_eq!(tokens.asked.lock().expect("no panic").len(), 2);
    session.stop().await;
}

#[tokio::test]
async fn without_sasl_ir_the_token_goes_after_the_servers_plus_and_a_dead_grant_is_said() {
    let server = Scripted::start().await;
    server.change(|state| state.abilities = "IMAP4rev1 AUTH=XOAUTH2 IDLE".to_owned());
    server.rule("AUTHENTICATE XOAUTH2", 1, Act::Say("+ \r\n".to_owned()));
    server.rule_for_line(&STANDARD.encode("user=help")[..8], 1, Act::Say("S2 OK in\r\n".to_owned()));
    let tokens = TokenServer::start(vec![granted("first")]).await;
    let mut session = Session::start(config(server.port, "none", None, &oauth(&tokens.url)), FakeCore::new());
    session.at_rest().await;
    session.stop().await;
    let tokens = TokenServer::start(vec![(400, r#"{"error":"invalid_grant"}"#.to_owned())]).await;
    let mut session = Session::start(config(server.port, "none", None, &oauth(&tokens.url)), FakeCore::new());
    let health = session.until("a refusal", |health| health.state == State::NeedsHelp).await;
    assert!(health.trouble.is_some_and(|trouble| trouble.contains("invalid_grant") && !trouble.contains("keep")));
    session.stop().await;
}

#[tokio::test]
async fn a_store_that_fails_keeps_the_cursor_where_it_was() {
    let server = Scripted::start().await;
    server.fill(130, plain);
    let core = FakeCore::new();
    core.refuse(Some(SinkError::Unavailable("the disk is full".to_owned())));
    let mut session = Session::start(config(server.port, "none", None, r#""after":"move:Done""#), core.clone());
    let health = session.until("a second try", |health| health.failures >= 2).await;
    assert!(health.trouble.is_some_and(|trouble| trouble.contains("the disk is full")));
    assert_eq!(server.count("UID MOVE"), 0, "nothing is moved that is not kept");
    core.refuse(None);
    session.at_rest().await;
    assert_eq!((core.balance().filed, core.balance().duplicate), (130, 0));
    server.saw("UID MOVE", 3).await;
    session.stop().await;
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_said_and_tried_again() {
    let server = Scripted::start().await;
    server.fill(2, plain);
    let core = FakeCore::new();
    let more = r#""folders":["INBOX","Orders"]"#;
    let mut session = Session::start(config(server.port, "none", None, more), core.clone());
    let health = session.at_rest().await;
    assert_eq!(health.missing, ["Orders"]);
    assert_eq!(core.balance().received, 2, "the others are read");
    server.change(|state| state.folders.push("Orders".to_owned()));
    session.until("the folder", |health| health.missing.is_empty()).await;
    session.stop().await;
}

#[tokio::test]
async fn stop_ends_within_its_budget_whatever_is_under_way() {
    for command in ["CAPABILITY", "AUTHENTICATE", "EXAMINE", "UID FETCH 1:", "IDLE"] {
        let server = Scripted::start().await;
        server.fill(3, plain);
        server.rule(command, 1, Act::Hang);
        let session = Session::start(config(server.port, "none", None, ""), FakeCore::new());
        server.saw(command, 1).await;
        session.stop().await;
    }
}
