//! Credentials, encryption and hostile servers.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use switchboard_contract::DeliveryError;
use switchboard_email::outbound::Composed;
use switchboard_email::smtp::Pace;
use switchboard_testkit::within;

use super::rig::{Tls, mail, pace, reason, send, submission, with};
use super::scripted::{Act, Scripted};
use crate::imap::scripted::TokenServer;

const PASSWORD: &str = "a \"good\" päss";

#[tokio::test]
async fn a_password_goes_by_plain_or_by_login() {
    let server = Scripted::start().await;
    assert!(send(&submission(server.port)).await.is_ok());
    let first = STANDARD.encode(format!("\0support@acme.example\0{PASSWORD}"));
    assert_eq!(server.count(&format!("AUTH PLAIN {first}")), 1);
    let server = Scripted::with(&["AUTH LOGIN"], None).await;
    assert!(send(&submission(server.port)).await.is_ok());
    let lines = server.commands();
    let at = lines.iter().position(|line| line == "AUTH LOGIN").expect("AUTH LOGIN");
    assert_eq!(lines[at + 1..at + 3], [STANDARD.encode("support@acme.example"), STANDARD.encode(PASSWORD)]);
    let server = Scripted::with(&[], None).await;
    let no_password = with(server.port, &serde_json::json!({"smtp_password": ""}), pace());
    assert!(send(&no_password).await.is_ok());
    assert_eq!(server.count("AUTH"), 0);
}

#[tokio::test]
async fn refused_credentials_raise_an_alarm_keep_the_queue_and_are_not_hammered() {
    for answer in ["535 5.7.8 bad password", "534 5.7.9 application password required", "530 5.7.0 sign in first"] {
        let server = Scripted::start().await;
        server.rule("AUTH", 1, Act::Say(answer));
        let submission = submission(server.port);
        for _ in 0..5 {
            let error = send(&submission).await.expect_err(answer);
            assert!(matches!(error, DeliveryError::Unavailable { .. }), "{error}");
            assert!(reason(&error).contains("smtp_password") && reason(&error).contains(answer), "{error}");
        }
        assert_eq!((server.count("AUTH"), server.connections()), (1, 1), "{answer}");
        assert!(submission.alarm().is_some_and(|alarm| alarm.contains(answer)));
    }
    // A while later it is tried again, and the alarm ends.
    let server = Scripted::start().await;
    server.rule("AUTH", 1, Act::Say("535 5.7.8 bad password"));
    let submission = with(server.port, &serde_json::json!({}), Pace { refused: Duration::ZERO, ..pace() });
    assert!(send(&submission).await.is_err());
    assert!(send(&submission).await.is_ok());
    assert_eq!(submission.alarm(), None);
}

#[tokio::test]
async fn a_server_without_a_way_to_sign_in_is_told() {
    let server = Scripted::with(&["AUTH CRAM-MD5 GSSAPI"], None).await;
    let error = send(&submission(server.port)).await.expect_err("no way");
    assert!(reason(&error).contains("CRAM-MD5, GSSAPI"), "{error}");
    assert_eq!(server.count("AUTH"), 0);
}

#[tokio::test]
async fn a_token_that_ended_is_fetched_anew_once() {
    let granted = |token: &str| (200, format!(r#"{{"access_token":"{token}","expires_in":3600}}"#));
    let oauth = |url: &str| {
        serde_json::json!({
            "smtp_password": null, "imap_password": null, "oauth_token_url": url, "oauth_client_id": "id", "oauth_refresh_token": "r",
        })
    };
    for (way, refusals, sent) in
        [("XOAUTH2", 0, true), ("XOAUTH2", 1, true), ("XOAUTH2", 2, false), ("OAUTHBEARER", 1, true)]
    {
        let tokens = TokenServer::start(vec![granted("one"), granted("two"), granted("three")]).await;
        let server =
            Scripted::with(&[if way == "XOAUTH2" { "AUTH PLAIN XOAUTH2" } else { "AUTH OAUTHBEARER" }], None).await;
        server.rule("AUTH", refusals, Act::Say("334 eyJzdGF0dXMiOiI0MDEifQ=="));
        let submission = with(server.port, &oauth(&tokens.url), pace());
        let result = send(&submission).await;
        assert_eq!(result.is_ok(), sent, "{way} {refusals}: {result:?}");
        assert_eq!(server.count(&format!("AUTH {way}")), (refusals as usize + 1).min(2));
        if !sent {
            assert!(submission.alarm().is_some_and(|alarm| alarm.contains("535")));
        }
    }
}

#[tokio::test]
async fn tls_from_the_first_byte_and_after_a_word() {
    let tls = Tls::make();
    let ca_file = tls.ca_file.to_str().expect("a path");
    for (abilities, security) in [(&["AUTH PLAIN"][..], "tls"), (&["STARTTLS", "AUTH PLAIN"][..], "starttls")] {
        let server = Scripted::with(abilities, Some(tls.server.clone())).await;
        let settings = serde_json::json!({"smtp_security": security, "ca_file": ca_file});
        let sent = send(&with(server.port, &settings, pace())).await;
        assert!(sent.is_ok(), "{security}: {sent:?}");
        assert_eq!(server.taken().len(), 1);
        // Without the authority nobody is believed.
        let server = Scripted::with(abilities, Some(tls.server.clone())).await;
        let strange = with(server.port, &serde_json::json!({"smtp_security": security}), pace());
        let error = send(&strange).await.expect_err("a strange authority");
        assert!(
            matches!(error, DeliveryError::Unavailable { .. }) && reason(&error).contains("certificate"),
            "{error}"
        );
        assert_eq!(server.count("AUTH"), 0);
    }
}

#[tokio::test]
async fn a_starttls_that_is_stripped_refused_or_written_into_sends_nothing() {
    let tls = Tls::make();
    let ca_file = tls.ca_file.to_str().expect("a path");
    let settings = serde_json::json!({"smtp_security": "starttls", "ca_file": ca_file});
    let stripped = Scripted::with(&["AUTH PLAIN"], None).await;
    let refused = Scripted::with(&["STARTTLS", "AUTH PLAIN"], Some(tls.server.clone())).await;
    refused.rule("STARTTLS", 9, Act::Say("454 4.7.0 not now"));
    let written = Scripted::with(&["STARTTLS", "AUTH PLAIN"], Some(tls.server.clone())).await;
    written.rule("STARTTLS", 9, Act::Bytes(b"220 go\r\n250-mail.example.org\r\n250 AUTH PLAIN\r\n".to_vec()));
    for (server, words) in [(stripped, "STARTTLS"), (refused, "454"), (written, "in the clear")] {
        let error = send(&with(server.port, &settings, pace())).await.expect_err(words);
        assert!(matches!(error, DeliveryError::Unavailable { .. }) && reason(&error).contains(words), "{error}");
        assert_eq!((server.count("AUTH"), server.count("MAIL")), (0, 0));
    }
}

#[tokio::test]
async fn nothing_in_an_envelope_is_a_command() {
    let server = Scripted::start().await;
    let submission = submission(server.port);
    let bad = "a@b.example>\r\nRCPT TO:<victim@example.org";
    for mail in [
        Composed { recipients: vec![bad.into()], ..mail("Hello") },
        Composed { envelope_from: Some(bad.into()), ..mail("Hello") },
        Composed { recipients: vec![], ..mail("Hello") },
        Composed { recipients: vec!["a@b.example".into(); 101], ..mail("Hello") },
    ] {
        assert!(matches!(submission.send(&mail).await, Err(DeliveryError::Unsupported { .. })));
    }
    assert_eq!(server.connections(), 0);
    // The empty envelope sender is an address like another.
    let notice = Composed { envelope_from: None, ..mail("Hello") };
    assert!(within("sent", submission.send(&notice)).await.is_ok());
    assert_eq!(server.count("MAIL FROM:<> "), 1);
}

#[tokio::test]
async fn a_server_that_floods_or_writes_strange_signs_does_no_harm() {
    let floods: [Vec<u8>; 4] = [
        vec![b'x'; 200_000],
        "250-x\r\n".repeat(50_000).into_bytes(),
        b"250-mail.example.org\r\n250- \r\n250-\t\r\n250-\r \r\n250 \r\n".to_vec(),
        b"\xff\xfe\r\n".to_vec(),
    ];
    for flood in floods {
        let server = Scripted::start().await;
        server.rule("EHLO", 2, Act::Bytes(flood));
        let submission = with(server.port, &serde_json::json!({}), Pace { before: Duration::from_secs(2), ..pace() });
        let error = send(&submission).await.expect_err("nothing to sign in with, or nothing understood");
        assert!(matches!(error, DeliveryError::Unavailable { .. }), "{error}");
    }
    // A code is understood whatever language the words are in.
    let server = Scripted::start().await;
    server.rule("RCPT", 1, Act::Bytes(b"550 5.1.1 Empf\xe4nger unbekannt\r\n".to_vec()));
    let error = send(&submission(server.port)).await.expect_err("refused");
    assert!(matches!(error, DeliveryError::Rejected { .. }), "{error}");
}

#[tokio::test]
async fn the_settings_can_be_tried_without_a_mail() {
    let server = Scripted::start().await;
    assert!(submission(server.port).probe().await.is_ok());
    assert_eq!((server.count("AUTH"), server.count("MAIL"), server.count("QUIT")), (1, 0, 1));
    server.rule("AUTH", 1, Act::Say("535 5.7.8 no"));
    assert!(submission(server.port).probe().await.is_err());
    drop(server);
}
