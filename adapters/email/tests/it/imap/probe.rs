//! A mailbox is tried as an operator sets it up: each failure says what mends it.

use switchboard_email::config::EmailConfig;
use switchboard_email::imap::{Failed, Step, probe};
use switchboard_email::probe::probe as whole;

use super::dovecot::Dovecot;
use super::rig::{config, mail, of, pace};
use super::scripted::{Act, Scripted};

async fn tried(config: EmailConfig) -> Vec<Step> {
    probe(config, pace()).await
}

/// The only step that failed.
async fn failure(config: EmailConfig) -> (String, Failed) {
    let mut failed: Vec<_> =
        tried(config).await.into_iter().filter_map(|step| Some((step.what, step.trouble?))).collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    failed.swap_remove(0)
}

#[tokio::test]
async fn a_mailbox_that_works_is_told_and_stays_as_it_was() {
    let Some(mut server) = Dovecot::make("") else { return };
    server.put("INBOX", mail("one", "text").as_bytes());
    server.settle();
    server.resume();
    let steps = tried(of(&server, r#""after":"move:Done""#)).await;
    assert!(steps.iter().all(|step| step.trouble.is_none()), "{steps:?}");
    let told: Vec<_> = steps.iter().map(|step| step.what.as_str()).collect();
    assert!(told[0].ends_with("(tls)") && told[1].starts_with("IMAP sign-in as "), "{told:?}");
    assert!(told[2].contains("IDLE") && told[3] == "IMAP folder INBOX: 1 mails", "{told:?}");
    assert!(told[4].contains("Done") && told[4].contains("made with the first mail"), "{told:?}");
    assert!(server.flags("INBOX").iter().all(|flags| !flags.contains('S')), "it is still unseen");
    assert!(!server.maildir("Done").exists());
}

#[tokio::test]
async fn what_is_wrong_says_what_mends_it() {
    let Some(mut server) = Dovecot::make("") else { return };
    server.resume();
    let (what, failed) = failure(of(&server, r#""imap_password":"wrong""#)).await;
    assert!(what.contains("sign-in") && failed.mend.contains("imap_password"), "{what}: {failed:?}");
    let (what, failed) = failure(of(&server, r#""folders":["INBOX","Absent"]"#)).await;
    assert!(what.contains("Absent") && failed.mend.contains("its name"), "{what}: {failed:?}");
    let (_, failed) = failure(of(&server, r#""ca_file":null"#)).await;
    assert!(failed.mend.contains("ca_file"), "{failed:?}");
    let gone = of(&server, "");
    server.stop();
    let (what, failed) = failure(gone).await;
    assert!(what.contains("connection") && failed.mend.contains("imap_port"), "{what}: {failed:?}");
}

#[tokio::test]
async fn the_usual_settings_of_a_big_provider_are_named() {
    let server = Scripted::start().await;
    server.rule("AUTHENTICATE", 1, Act::Cut("* BYE no\r\n".to_owned()));
    let (_, failed) = failure(config(server.port, "none", None, r#""address":"shop@gmail.com""#)).await;
    assert!(!failed.mend.contains("app password"), "nothing says that the account is to blame: {failed:?}");
    let (_, failed) = failure(config(1, "tls", None, r#""address":"shop@gmail.com""#)).await;
    assert!(failed.mend.contains("Gmail: IMAP at ") && failed.mend.contains("app password"), "{failed:?}");
}

#[tokio::test]
async fn reading_and_sending_are_tried_each_by_itself() {
    let steps = whole(config(1, "tls", None, r#""smtp_host":"localhost","smtp_port":1,"smtp_security":"tls""#)).await;
    let failed: Vec<_> = steps.into_iter().filter_map(|step| Some((step.what, step.trouble?.mend))).collect();
    assert_eq!(failed.len(), 2, "{failed:?}");
    assert!(
        failed[1].0.starts_with("SMTP connection to localhost:1") && failed[1].1.contains("smtp_port"),
        "{failed:?}"
    );
    let receives_only = whole(config(1, "tls", None, "")).await;
    assert!(receives_only.iter().any(|step| step.trouble.is_none() && step.what.contains("receives only")));
}
