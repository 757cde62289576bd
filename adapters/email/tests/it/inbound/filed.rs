//! A filed mail: its words, its author, its place.

use switchboard_contract::{Address, Anchor, FoldKind, Mark, Proof};
use switchboard_email::thread::token;

use super::{SECRET, conversation, delivery, inbound, message, person, sent};

#[test]
fn words_are_parted_and_nothing_is_lost() {
    let raw = person("") + "\nOn Sun, Mar 1, 2026 at 9:00 AM Support <support@shop.example> wrote:\n> What is wrong?\n";
    let content = message(&raw).content;
    assert_eq!(content.text, "It drips from below.");
    assert_eq!(content.subject.as_deref(), Some("The kettle leaks"));
    let folds: Vec<_> = content.folds.iter().map(|fold| fold.kind).collect();
    assert_eq!(folds, [FoldKind::Quoted], "blank lines are no fold");
    assert!(content.folds[0].text.contains("> What is wrong?"));
}

#[test]
fn a_mail_without_words_says_its_subject() {
    let silent = |subject: &str| {
        message(&person("").replace("The kettle leaks", subject).replace("It drips from below.", "")).content.text
    };
    assert_eq!(silent("Re: The kettle"), "The kettle");
    assert_eq!(silent(""), "(no text)");
    assert_eq!(silent("Re: "), "(no text)");
}

#[test]
fn files_are_listed_by_their_part() {
    let raw = std::fs::read(format!("{}/tests/mails/odd_names.eml", env!("CARGO_MANIFEST_DIR"))).expect("a fixture");
    let content = message(&String::from_utf8_lossy(&raw)).content;
    let zip = &content.attachments[2];
    assert_eq!((zip.name.as_str(), zip.size_bytes), ("file-4.zip", 4));
    let index = zip.key.strip_prefix("part:").and_then(|index| index.parse().ok()).expect("a part");
    assert_eq!(switchboard_email::mail::file(&raw, index).as_deref(), Some(&b"PK\x03\x04"[..]));
}

#[test]
fn x1_an_author_is_a_claim_unless_our_server_says_more() {
    let from = message(&person("")).from;
    assert_eq!((from.address.0.as_str(), from.name.as_deref()), ("ada@customer.example", Some("Ada Byron")));
    assert_eq!((from.email.as_deref(), from.proof), (Some("ada@customer.example"), Proof::Claimed));
    let result = "Authentication-Results: mx.shop.example; dkim=pass header.d=customer.example\n";
    let proven = message(&person(result)).from;
    assert_eq!(proven.proof, Proof::Channel);
    assert!(proven.facts["proof"].contains("customer.example signed"), "{:?}", proven.facts);
    // X2: written by anybody else, X3: about another domain, X4: several authors.
    for (more, raw) in [
        (result.replace("mx.shop", "mx.evil"), person("")),
        (result.replace("d=customer", "d=evil"), person("")),
        (result.to_owned(), person("").replace("From: ", "From: eve@customer.example\nFrom: ")),
    ] {
        assert_eq!(message(&format!("{more}{raw}")).from.proof, Proof::Claimed, "{more}{raw}");
    }
}

#[test]
fn x5_answers_asked_for_elsewhere_are_shown() {
    let from = message(&person("Reply-To: other@evil.example\n")).from;
    assert_eq!(from.address.0, "ada@customer.example");
    assert_eq!(from.facts["reply_to"], "other@evil.example");
    assert!(from.facts["warnings"].contains("other@evil.example"));
}

#[test]
fn a_mail_with_a_bad_from_is_still_somebodys() {
    let without = person("").replace("From: Ada Byron <Ada@Customer.example>\n", "");
    for (field, address) in [
        ("From: Ada\nSender: <Ada@Customer.example>\n", "ada@customer.example"),
        ("Return-Path: <ada@customer.example>\n", "ada@customer.example"),
        ("From: Ada\nReply-To: ada@customer.example\n", "ada@customer.example"),
        ("From: <<Ada@customer.example\n", "ada@customer.example"),
        ("From: <Ada(the first) @ customer. example>\n", "ada@customer.example"),
    ] {
        let result = "Authentication-Results: mx.shop.example; dkim=pass header.d=customer.example\n";
        let from = message(&format!("{result}{field}{without}")).from;
        assert_eq!(from.address.0, address, "{field}");
        if !field.starts_with("From: <") {
            assert_eq!(from.proof, Proof::Claimed, "{field}");
            assert!(from.facts["warnings"].contains("From names no address"), "{field}");
        }
    }
}

#[test]
fn signals_become_what_the_core_looks_up() {
    let cnv = conversation(5);
    let token = token::make(cnv, &SECRET);
    let forged = format!("{}x", token::make(conversation(6), &SECRET));
    let raw = person(&format!(
        "X-Switchboard-Thread: {token}\nCc: support+{forged}@shop.example\nIn-Reply-To: <{}>\nReferences: <a@b.example> <{}>\n",
        sent(1),
        sent(2)
    ));
    let letter = message(&raw).letter.expect("a letter");
    let anchors: Vec<_> = letter.signals.iter().map(|signal| (&signal.anchor, signal.score)).collect();
    assert_eq!(anchors[0], (&Anchor::Conversation(cnv), 100));
    assert_eq!(anchors[1], (&Anchor::Delivery(delivery(1)), 90));
    assert_eq!(anchors[2], (&Anchor::Delivery(delivery(2)), 80));
    assert_eq!(anchors[3], (&Anchor::Mark(Mark("mid:a@b.example".to_owned())), 60));
    assert_eq!(anchors[4], (&Anchor::Mark(Mark("mid:k1@customer.example".to_owned())), 50));
    assert!(letter.signals.iter().all(|signal| signal.score > 0), "what was guessed is not looked up");
    assert!(letter.signals.is_sorted_by_key(|signal| std::cmp::Reverse(signal.score)));
    assert_eq!(letter.marks[0], Mark("mid:k1@customer.example".to_owned()));
    assert_eq!(letter.unanswered, None);
}

#[test]
fn participants_are_the_others() {
    let raw =
        person("Cc: Bob <BOB@x.example>, bob@x.example, help@shop.example, Ada@customer.example, undisclosed:;\n")
            .replace("To: support@shop.example", "To: support+abc@shop.example, \"C\" <c@x.example>");
    let people = message(&raw).letter.expect("a letter").participants;
    let people: Vec<_> = people.iter().map(|one| (one.address.clone(), one.name.as_deref())).collect();
    let address = |text: &str| Address(text.to_owned());
    assert_eq!(people, [(address("c@x.example"), Some("C")), (address("bob@x.example"), Some("Bob"))]);
}

#[test]
fn dates_are_told_however_odd() {
    let at = |date: &str| inbound(&person("").replace("Mon, 2 Mar 2026 09:00:00 +0000", date)).occurred_at;
    for date in ["Thu, 1 Jan 1970 00:00:00 +0000", "Fri, 1 Jan 2100 00:00:00 +0000"] {
        assert!(at(date).is_some(), "{date}");
    }
    assert_eq!(at("yesterday"), None);
}
