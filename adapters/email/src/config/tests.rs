use super::*;

fn config(more: &str) -> Result<EmailConfig, serde_json::Error> {
    let base = r#""address":"help@example.org","imap_host":"mail.example.org""#;
    serde_json::from_str(&format!("{{{base}{more}}}"))
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "so that cases are one line each")]
fn check(more: &str, result: Result<(), ConfigError>) {
    let checked = config(more).expect("it reads").check();
    assert_eq!(checked, result, "{more}");
}

const PASSWORD: &str = r#","imap_password":"pw""#;

#[test]
fn what_is_left_out_is_as_usual() {
    let config = config(PASSWORD).expect("it reads");
    assert_eq!(config.check(), Ok(()));
    assert_eq!((config.imap_port(), config.imap_user()), (993, "help@example.org"));
    assert_eq!((config.folders.as_slice(), config.poll_seconds), (&["INBOX".to_owned()][..], 60));
    assert_eq!((config.after, config.start), (After::Leave, Start::Now));
}

#[test]
fn settings_that_can_not_work_are_refused() {
    let with = |more: &str| format!("{PASSWORD},{more}");
    check("", Err(ConfigError::NoCredentials));
    check(r#","imap_password":"""#, Err(ConfigError::NoCredentials));
    check(r#","imap_password":"a\nb""#, Err(ConfigError::Unsendable("imap_password")));
    check(&with(r#""oauth_client_id":"x""#), Err(ConfigError::TwoCredentials));
    check(&with(r#""folders":[]"#), Err(ConfigError::Folders(0)));
    check(&with(r#""folders":["a\r\nb"]"#), Err(ConfigError::Unsendable("folders")));
    check(&with(r#""poll_seconds":0"#), Err(ConfigError::Poll(0)));
    check(&with(r#""after":"move:inbox""#), Err(ConfigError::MovesInCircles("inbox".to_owned())));
    check(r#","oauth_client_id":"x""#, Err(ConfigError::OauthIncomplete("token_url")));
    check(&with(r#""aliases":["help@example.com","nobody"]"#), Err(ConfigError::NotAnAddress("nobody".to_owned())));
    check(&with(r#""token_secret":"short""#), Err(ConfigError::SecretShort(5)));
    check(&with(r#""token_secret":"sixteen bytes or""#), Ok(()));
    let many = vec!["mx.example.org"; NAMES_MAX + 1];
    check(&with(&format!(r#""authserv_ids":{many:?}"#)), Err(ConfigError::TooMany("authserv_ids", NAMES_MAX + 1)));
}

#[test]
fn secrets_go_out_encrypted_or_stay_on_this_machine() {
    let none = r#","imap_password":"pw","imap_security":"none""#;
    check(none, Err(ConfigError::Insecure("imap_security")));
    check(&format!(r#"{none},"insecure_allowed":true"#), Ok(()));
    assert!(is_this_machine("localhost") && is_this_machine("127.0.0.1") && is_this_machine("::1"));
    assert!(!is_this_machine("localhost.example.org") && !is_this_machine("127.0.0.1.example.org"));
    let oauth =
        |url: &str| format!(r#","oauth_token_url":"{url}","oauth_client_id":"id","oauth_refresh_token":"token""#);
    check(&oauth("https://login.example.org/token"), Ok(()));
    check(&oauth("http://127.0.0.1:8080/token"), Ok(()));
    check(&oauth("http://login.example.org/token"), Err(ConfigError::Insecure("oauth_token_url")));
    check(&oauth("http://localhost@example.org/"), Err(ConfigError::Insecure("oauth_token_url")));
    check(&oauth("http://localhost:1@example.org/"), Err(ConfigError::Insecure("oauth_token_url")));
}

#[test]
fn what_is_done_afterwards_is_one_of_three() {
    let after = |word: &str| config(&format!(r#"{PASSWORD},"after":"{word}""#)).map(|config| config.after);
    assert_eq!(after("flag").ok(), Some(After::Flag));
    assert_eq!(after("move: Done/2026").ok(), Some(After::Move("Done/2026".to_owned())));
    assert!(after("move:").is_err() && after("delete").is_err());
}

#[test]
fn secrets_are_never_printed_and_unknown_settings_are_refused() {
    let config = config(r#","imap_password":"top-secret","oauth_refresh_token":"hidden""#).expect("it reads");
    let shown = format!("{config:?}");
    assert!(!shown.contains("top-secret") && !shown.contains("hidden"), "{shown}");
    assert!(self::config(r#","imap_pasword":"x""#).is_err());
}
