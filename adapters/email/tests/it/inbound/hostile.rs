//! Bad input: whatever the bytes are, there is a reading, bounded, with a reason.

use proptest::prelude::*;
use switchboard_contract::{Proof, Reading};
use switchboard_email::inbound::{Outcome, inspect, read};

use super::{inbound, message, own, person};

#[test]
fn a_thousand_recipients_and_files_are_bounded() {
    let people: Vec<_> = (0..1_500).map(|n| format!("n{n}@x.example")).collect();
    let letter = message(&person(&format!("Cc: {}\n", people.join(",\n ")))).letter.expect("a letter");
    assert_eq!(letter.participants.len(), 50);
    let part = |n| format!("--b\nContent-Disposition: attachment; filename=f{n}.txt\n\nx\n");
    let parts: Vec<_> = (0..900).map(part).collect();
    let raw = person("Content-Type: multipart/mixed; boundary=b\n") + &parts.concat() + "--b--\n";
    assert_eq!(message(&raw).content.attachments.len(), 200);
}

#[test]
fn folds_are_bounded_and_none_is_lost() {
    let answers: Vec<_> = (0..5_000).map(|n| format!("> question {n}\nanswer {n}\n")).collect();
    let raw = person("") + &answers.concat();
    let content = message(&raw).content;
    assert!(content.folds.len() <= 100, "{}", content.folds.len());
    let folded: String = content.folds.iter().map(|fold| fold.text.as_str()).collect();
    assert!(folded.contains("question 4999") && content.text.contains("answer 4999"));
}

#[test]
fn long_ids_and_chains_are_bounded() {
    let long = format!("{}@x.example", "i".repeat(990));
    let raw =
        person(&format!("References: {}\n", "<a.b@c.example> ".repeat(10_000))).replace("k1@customer.example", &long);
    let found = inbound(&raw);
    assert!(found.external_id.0.len() < 512, "{}", found.external_id.0.len());
    let Reading::Message(message) = found.reading else { panic!("a message") };
    assert!(message.letter.expect("a letter").signals.len() <= 64);
}

#[test]
fn names_and_subjects_can_not_bring_fields_along() {
    let raw = person("")
        .replace("Ada Byron", "=?utf-8?Q?Ada=0D=0ABcc:_all@x.example?=")
        .replace("The kettle leaks", "=?utf-8?Q?Hi=0D=0AX-Evil:_1=00?=");
    let found = message(&raw);
    let words = [found.from.name.unwrap_or_default(), found.content.subject.unwrap_or_default()];
    assert!(words.iter().all(|word| !word.contains(['\r', '\n', '\0'])), "{words:?}");
}

#[test]
fn a_look_alike_is_pointed_out() {
    let from = message(&person("").replace("Ada@Customer.example", "boss@sh\u{43e}p.example")).from;
    assert_eq!(from.proof, Proof::Claimed);
    assert!(from.facts["warnings"].contains("looks like"), "{:?}", from.facts);
}

/// With the bytes themselves, less than three times their size.
#[test]
fn a_mail_of_fifty_megabytes_is_read_in_little_memory() {
    let line = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY3\n";
    let raw = person("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n")
        + "--b\n\nSee the film.\n--b\nContent-Type: video/mp4\nContent-Transfer-Encoding: base64\n\n"
        + &line.repeat((50 << 20) / line.len())
        + "--b--\n";
    let own = own();
    let used = allocation_counter::measure(|| drop(read(raw.as_bytes(), &own)));
    println!("a mail of {} MB: {} MB at most while reading", raw.len() >> 20, used.bytes_max >> 20);
    assert!(usize::try_from(used.bytes_max).expect("fits") + raw.len() < 3 * raw.len(), "{}", used.bytes_max);
}

#[test]
fn our_fixtures_all_have_a_reading() {
    let folder = format!("{}/tests/mails", env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(folder).expect("fixtures").flatten() {
        let raw = std::fs::read(entry.path()).expect("a fixture");
        let found = inspect(&raw, &own());
        let name = entry.file_name();
        assert!(!found.reasons.is_empty(), "{name:?}");
        assert_eq!(found.outcome == Outcome::Quarantined, name == "no_header.eml", "{name:?}: {:?}", found.reasons);
    }
}

proptest! {
    #[test]
    fn any_bytes_have_a_reading(raw in prop::collection::vec(any::<u8>(), 0..2_000)) {
        read(&raw, &own());
    }

    #[test]
    fn any_fields_have_a_reading(fields in prop::collection::vec(("(From|To|Cc|Subject|Message-ID|In-Reply-To|References|Date|Content-Type|Reply-To|Return-Path|Authentication-Results)", ".{0,80}"), 0..12), body in ".{0,200}") {
        let head: Vec<_> = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let raw = format!("{}\n\n{body}", head.join("\n"));
        let found = inspect(raw.as_bytes(), &own());
        prop_assert!(!found.reasons.is_empty());
    }
}
