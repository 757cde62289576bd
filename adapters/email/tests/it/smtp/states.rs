//! Every way an attempt can end.

use std::time::Duration;

use switchboard_contract::DeliveryError;
use switchboard_email::mail::Mail;
use switchboard_email::outbound::Composed;
use switchboard_email::smtp::Pace;
use switchboard_testkit::within;

use super::rig::{T, delivery, mail, own, pace, reason, send, submission, with};
use super::scripted::{Act, Scripted};

fn is_unavailable(error: &DeliveryError) -> bool {
    matches!(error, DeliveryError::Unavailable { .. })
}

fn is_uncertain(error: &DeliveryError) -> bool {
    matches!(error, DeliveryError::Uncertain { .. })
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written() {
    let server = Scripted::start().await;
    let submission = submission(server.port);
    let text = "Hello\n.\n..two\n.dot päss\n\nend";
    let out = delivery(text);
    let receipt = within("sent", submission.deliver(&out, &own(), T)).await.expect("sent");
    let taken = server.taken();
    let [taken] = taken.as_slice() else { panic!("{taken:?}") };
    assert_eq!(
        (taken.from.as_str(), taken.to.as_slice()),
        ("support@acme.example", &["mara@example.net".to_owned()][..])
    );
    let read = Mail::read(&taken.mail);
    assert_eq!(read.text.text.trim_end(), text);
    assert_eq!(read.in_reply_to, ["first@example.net"]);
    assert_eq!(receipt.external_ids[0].0, format!("mid:{}", read.message_id.expect("an id")));
    let size = mail(text).bytes.len();
    assert_eq!(server.count(&format!("MAIL FROM:<support@acme.example> SIZE={size}")), 1, "{:?}", server.commands());
}

#[tokio::test]
async fn class_4_is_tried_again_and_then_sent() {
    for (command, answer) in [
        ("hello", "421 4.3.2 busy"),
        ("EHLO", "421 busy"),
        ("AUTH", "454 4.7.0 later"),
        ("MAIL", "452 4.3.1 full"),
        ("RCPT", "450 4.2.0 greylisted, come back in 300 s"),
        ("RCPT", "451 4.7.1 later"),
        ("DATA", "421 4.7.0 slow down"),
        (".", "451 4.3.0 later"),
    ] {
        let server = Scripted::start().await;
        server.rule(command, 1, Act::Say(answer));
        let submission = submission(server.port);
        let error = send(&submission).await.expect_err(command);
        assert!(is_unavailable(&error), "{command} {answer}: {error}");
        assert!(reason(&error).contains(answer), "{error}");
        assert!(server.taken().is_empty(), "{command}");
        assert!(send(&submission).await.is_ok(), "{command}: the second attempt");
        assert_eq!(server.taken().len(), 1, "{command}");
    }
}

#[tokio::test]
async fn class_5_is_refused_at_once_with_words() {
    for (command, answer, words) in [
        ("MAIL", "553 5.7.1 not yours", "553"),
        ("RCPT", "550 5.1.1 unknown", "no such mailbox"),
        ("RCPT", "552 5.2.2 over quota", "full"),
        ("RCPT", "551 gone", "no such mailbox"),
        ("DATA", "554 5.5.1 no", "554"),
        (".", "554 5.7.1 blocked", "554 5.7.1 blocked"),
        (".", "552 5.3.4 too big", "larger"),
    ] {
        let server = Scripted::start().await;
        server.rule(command, 1, Act::Say(answer));
        let submission = submission(server.port);
        let error = send(&submission).await.expect_err(command);
        assert!(matches!(error, DeliveryError::Rejected { .. }), "{command} {answer}: {error}");
        assert!(reason(&error).contains(words), "{error}");
        assert!(server.taken().is_empty(), "{command}");
        // The next mail goes over the same connection.
        assert!(send(&submission).await.is_ok(), "{command}: the next mail");
        assert_eq!(server.connections(), 1, "{command}");
    }
}

#[tokio::test]
async fn a_mail_above_the_size_is_refused_before_it_is_sent() {
    let server = Scripted::with(&["SIZE 500", "AUTH PLAIN"], None).await;
    let submission = submission(server.port);
    let error = send(&submission).await.expect_err("too large");
    assert!(matches!(error, DeliveryError::Unsupported { .. }), "{error}");
    assert!(reason(&error).contains("at most 500"), "{error}");
    assert_eq!((server.count("MAIL"), server.count("DATA")), (0, 0));
    for unlimited in ["SIZE 0", "SIZE"] {
        let server = Scripted::with(&[unlimited, "AUTH PLAIN"], None).await;
        assert!(send(&super::rig::submission(server.port)).await.is_ok(), "{unlimited}");
    }
}

#[tokio::test]
async fn a_connection_lost_after_the_last_line_is_uncertain_and_before_it_is_not() {
    for (command, cut) in [
        ("hello", ""),
        ("EHLO", ""),
        ("AUTH", ""),
        ("MAIL", ""),
        ("RCPT", ""),
        ("DATA", ""),
        ("text", ""),
        ("DATA", "354 go"),
    ] {
        let server = Scripted::start().await;
        server.rule(command, 1, Act::Cut(cut));
        let submission = submission(server.port);
        let large = Composed { bytes: big(), ..mail("Hello") };
        let error = within("the end", submission.send(&large)).await.expect_err(command);
        assert!(is_unavailable(&error), "{command} {cut:?}: {error}");
        assert!(server.taken().is_empty(), "{command}");
    }
    let server = Scripted::start().await;
    server.rule(".", 1, Act::Cut(""));
    let submission = submission(server.port);
    let error = send(&submission).await.expect_err("cut");
    assert!(is_uncertain(&error), "{error}");
    // It is sent again, and is the same mail.
    assert!(send(&submission).await.is_ok());
    let ids: Vec<_> = server.taken().iter().map(|taken| Mail::read(&taken.mail).message_id).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
    assert!(ids[0].is_some());
}

/// More than the buffers of both sides hold, so that a cut is noticed while it is written.
fn big() -> Vec<u8> {
    let mut bytes = mail("Hello").bytes;
    bytes.extend("x".repeat(70).add_line().repeat(120_000).into_bytes());
    bytes
}

trait AddLine {
    fn add_line(self) -> String;
}

impl AddLine for String {
    fn add_line(mut self) -> String {
        self.push_str("\r\n");
        self
    }
}

#[tokio::test]
async fn silence_ends_and_means_what_its_place_means() {
    for command in ["hello", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"] {
        let server = Scripted::start().await;
        server.rule(command, 1, Act::Hang);
        let submission =
            with(server.port, &serde_json::json!({}), Pace { before: Duration::from_millis(300), ..pace() });
        let error = send(&submission).await.expect_err(command);
        assert!(is_unavailable(&error), "{command}: {error}");
    }
    let server = Scripted::start().await;
    server.rule(".", 1, Act::Hang);
    let submission = with(server.port, &serde_json::json!({}), Pace { end: Duration::from_millis(500), ..pace() });
    let error = send(&submission).await.expect_err("silent");
    assert!(is_uncertain(&error), "{error}");
}

#[tokio::test]
async fn an_answer_nobody_understands_is_like_none() {
    for (command, uncertain) in [("hello", false), ("MAIL", false), ("RCPT", false), ("DATA", false), (".", true)] {
        for answer in ["what", "999 x", "", "25", "250", "354 go"] {
            // These are what the server should say.
            if matches!((command, answer), ("DATA", "354 go") | ("hello" | "MAIL" | "RCPT" | ".", "250" | "354 go"))
                && !(command == "." && answer == "354 go")
            {
                continue;
            }
            let server = Scripted::start().await;
            server.rule(command, 1, Act::Say(answer));
            let submission = submission(server.port);
            let error = send(&submission).await.expect_err(command);
            assert_eq!(
                (is_unavailable(&error), is_uncertain(&error)),
                (!uncertain, uncertain),
                "{command} {answer:?}: {error}"
            );
        }
    }
}

#[tokio::test]
async fn others_get_a_mail_that_some_refuse() {
    let server = Scripted::start().await;
    server.rule("RCPT TO:<bob", 1, Act::Say("550 5.1.1 unknown"));
    server.rule("RCPT TO:<eve", 1, Act::Say("450 4.2.1 later"));
    let submission = submission(server.port);
    let to = ["mara", "bob", "eve", "dan"].map(|name| format!("{name}@example.net"));
    let several = Composed { recipients: to.to_vec(), ..mail("Hello") };
    let sent = within("sent", submission.send(&several)).await.expect("sent");
    let refused: Vec<_> =
        sent.refused.iter().map(|refused| (refused.address.as_str(), refused.reason.as_str())).collect();
    assert_eq!(refused.iter().map(|(address, _)| *address).collect::<Vec<_>>(), ["bob@example.net", "eve@example.net"]);
    assert!(refused[0].1.contains("no such mailbox") && refused[1].1.contains("450 4.2.1 later"), "{refused:?}");
    assert_eq!(server.taken()[0].to, ["mara@example.net", "dan@example.net"]);
}

#[tokio::test]
async fn nobody_gets_a_mail_that_the_contact_does_not_get() {
    for (answer, rejected) in [("550 5.1.1 unknown", true), ("450 4.2.0 greylisted", false)] {
        let server = Scripted::start().await;
        server.rule("RCPT TO:<mara", 1, Act::Say(answer));
        let submission = submission(server.port);
        let several =
            Composed { recipients: vec!["mara@example.net".into(), "bob@example.net".into()], ..mail("Hello") };
        let error = within("the end", submission.send(&several)).await.expect_err(answer);
        assert_eq!(matches!(error, DeliveryError::Rejected { .. }), rejected, "{error}");
        assert!(server.taken().is_empty() && server.count("DATA") == 0);
    }
}

#[tokio::test]
async fn connections_are_kept_and_one_that_ended_meanwhile_costs_nothing() {
    let server = Scripted::start().await;
    let submission = submission(server.port);
    for _ in 0..5 {
        assert!(send(&submission).await.is_ok());
    }
    assert_eq!((server.connections(), server.count("AUTH")), (1, 1));
    for act in [Act::Cut(""), Act::Say("421 4.4.2 idle too long")] {
        server.rule("MAIL", 1, act);
        let before = server.connections();
        assert!(send(&submission).await.is_ok());
        assert_eq!(server.connections(), before + 1);
    }
    submission.close().await;
    assert_eq!(server.count("QUIT"), 1);
    let old = with(server.port, &serde_json::json!({}), Pace { idle: Duration::ZERO, ..pace() });
    let before = server.connections();
    assert!(send(&old).await.is_ok() && send(&old).await.is_ok());
    assert_eq!(server.connections(), before + 2);
}

#[tokio::test]
async fn many_at_once_share_few_connections() {
    let server = Scripted::start().await;
    let submission = std::sync::Arc::new(submission(server.port));
    let tasks: Vec<_> = (0..60)
        .map(|_| {
            let submission = std::sync::Arc::clone(&submission);
            tokio::spawn(async move { send(&submission).await })
        })
        .collect();
    for task in tasks {
        assert!(task.await.expect("no panic").is_ok());
    }
    assert_eq!(server.taken().len(), 60);
    assert!(server.connections() <= 8, "{}", server.connections());
}

#[tokio::test]
async fn what_the_server_can_not_write_is_refused_clearly_and_the_rest_needs_nothing() {
    // Neither 8BITMIME nor SMTPUTF8: text and names outside of ASCII go through.
    let server = Scripted::with(&["AUTH PLAIN"], None).await;
    let submission = submission(server.port);
    let sent = within("sent", submission.send(&mail("Grüße 李"))).await;
    assert!(sent.is_ok(), "{sent:?}");
    assert!(server.taken()[0].mail.is_ascii());
    assert_eq!(Mail::read(&server.taken()[0].mail).text.text.trim_end(), "Grüße 李");
    let mut out = delivery("Hello");
    out.context.as_mut().expect("a context").to.0 = "jürgen@example.net".into();
    let error = within("the end", submission.deliver(&out, &own(), T)).await.expect_err("no SMTPUTF8");
    assert!(
        matches!(error, DeliveryError::Unsupported { .. }) && reason(&error).contains("jürgen@example.net"),
        "{error}"
    );
    let server = Scripted::with(&["AUTH PLAIN", "SMTPUTF8", "8BITMIME"], None).await;
    let submission = super::rig::submission(server.port);
    assert!(within("sent", submission.deliver(&out, &own(), T)).await.is_ok());
    assert_eq!(server.count("MAIL FROM:<support@acme.example> BODY=8BITMIME SMTPUTF8"), 1);
    assert_eq!(server.taken()[0].to, ["jürgen@example.net"]);
}
