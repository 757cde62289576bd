use super::*;

fn reply(code: u16, text: &str) -> Fault {
    Fault::Reply { code, text: text.to_owned() }
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Rejected,
    Unavailable,
    Uncertain,
}
use Kind::{Rejected, Unavailable, Uncertain};

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "so that cases are one line each")]
fn check(stage: Stage, fault: Fault, kind: Kind, words: &str) {
    let (seen, reason) = match outcome(stage, &fault) {
        DeliveryError::Rejected { reason } => (Rejected, reason),
        DeliveryError::Unavailable { reason } => (Unavailable, reason),
        DeliveryError::Uncertain { reason } => (Uncertain, reason),
        other @ (DeliveryError::Unsupported { .. } | DeliveryError::RateLimited { .. }) => panic!("{other:?}"),
    };
    assert_eq!(seen, kind, "{stage:?} {fault:?}: {reason}");
    assert!(reason.contains(words), "{reason}");
}

#[test]
fn class_4_is_tried_again_at_every_stage() {
    for stage in [Stage::Hello, Stage::SignIn, Stage::From, Stage::To, Stage::Data, Stage::End] {
        for code in [421, 450, 451, 452, 454, 471] {
            check(stage, reply(code, "4.7.1 later"), Unavailable, "4.7.1 later");
        }
    }
}

#[test]
fn class_5_is_refused_with_words_once_a_mail_is_named() {
    check(Stage::To, reply(550, "5.1.1 x"), Rejected, "There is no such mailbox");
    check(Stage::To, reply(550, "no"), Rejected, "There is no such mailbox");
    check(Stage::To, reply(552, "5.2.2 over quota"), Rejected, "mailbox is full");
    check(Stage::End, reply(552, "5.3.4 too big"), Rejected, "larger");
    check(Stage::End, reply(552, "no"), Rejected, "larger");
    check(Stage::End, reply(554, "5.7.1 listed at a block list"), Rejected, "554 5.7.1 listed");
    check(Stage::From, reply(501, "what"), Rejected, "sender address");
    check(Stage::Data, reply(503, "5.5.1 bad order"), Rejected, "503");
}

#[test]
fn class_5_before_any_mail_is_not_the_mails_fault() {
    check(Stage::Hello, reply(554, "5.7.1 go away"), Unavailable, "takes no mail at present");
    check(Stage::Hello, reply(502, "no"), Unavailable, "502");
}

#[test]
fn refused_credentials_keep_the_queue_and_say_what_to_mend() {
    for (stage, code) in
        [(Stage::SignIn, 535), (Stage::SignIn, 534), (Stage::From, 530), (Stage::SignIn, 504), (Stage::To, 530)]
    {
        check(stage, reply(code, "5.7.8 no"), Unavailable, "`smtp_password`");
    }
    check(Stage::SignIn, reply(454, "4.7.0 later"), Unavailable, "at present");
    check(Stage::SignIn, Fault::Credentials("x".to_owned()), Unavailable, "refuses to let this inbox sign in: x");
}

#[test]
fn only_after_the_last_line_nobody_knows() {
    let broken = [Fault::Lost("x".to_owned()), Fault::Garbled("x".to_owned()), Fault::Silent];
    for fault in broken {
        for stage in [Stage::Hello, Stage::SignIn, Stage::From, Stage::To, Stage::Data] {
            check(stage, fault.clone(), Unavailable, "nothing was sent");
        }
        check(Stage::End, fault, Uncertain, "after the whole mail");
    }
}

#[test]
fn a_servers_words_are_short_and_harmless() {
    let text = format!("5.1.1 a\r\nb\u{1b}[31m {}", "x".repeat(5_000));
    let words = refusal(Stage::To, 550, &text);
    assert!(!words.contains(char::is_control) && words.chars().count() < SERVER_TEXT_CHARS_MAX + 100, "{words}");
}
