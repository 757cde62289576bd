//! T1 to T8: the signals of a thread, in the order of their strength.

use switchboard_contract::{ConversationId, DeliveryId, Timestamp};
use switchboard_email::thread::subject::{base, tickets};
use switchboard_email::thread::token::{Secret, address, in_subject, make};
use switchboard_email::thread::{Kind, Own, Signal, id_mark, ids, marks, signals, thread_mark};

use super::{parse, person};

const SECRET: Secret = Secret([7; 32]);
const DOMAIN: &str = "mail.shop.example";

fn found(raw: &str) -> Vec<Signal> {
    signals(&parse(raw), raw.as_bytes(), Own { secret: &SECRET, domain: DOMAIN })
}

fn first(raw: &str) -> Signal {
    found(raw).into_iter().next().expect("a signal")
}

fn conversation(n: u128) -> ConversationId {
    ConversationId::from_parts(Timestamp::from_millis(1_700_000_000_000), n)
}

fn sent(n: u128) -> String {
    ids::message_id(DeliveryId::from_parts(Timestamp::from_millis(1_700_000_000_000), n), &SECRET, DOMAIN)
}

#[test]
fn our_message_id_is_the_same_on_every_attempt() {
    let id = sent(1);
    assert_eq!(id, sent(1));
    assert_ne!(id, sent(2));
    assert!(id.starts_with("dlv_") && id.ends_with("@mail.shop.example"), "{id}");
    assert!(ids::is_ours(&id, &SECRET, DOMAIN).is_some());
    assert!(ids::is_ours(&format!("<{id}>"), &SECRET, DOMAIN).is_some());
    assert_eq!(ids::is_ours(&id, &Secret([8; 32]), DOMAIN), None);
    assert_eq!(ids::is_ours(&id, &SECRET, "other.example"), None);
    assert_eq!(ids::is_ours(&id.replace('.', ".a"), &SECRET, DOMAIN), None);
}

#[test]
fn t1_in_reply_to_names_our_mail() {
    let signal = first(&person(&format!("In-Reply-To: <{}>\nReferences: <a@b.example> <{}>\n", sent(1), sent(1))));
    assert_eq!((signal.kind, signal.score), (Kind::OurReply, 90));
    assert_eq!(signal.mark, id_mark(&sent(1)));
}

#[test]
fn t2_references_are_searched_from_the_last_to_the_first() {
    let raw = person(&format!("References: <{}> <{}>\n <late@customer.example>\n", sent(1), sent(2)));
    let marks: Vec<_> = found(&raw).into_iter().map(|signal| (signal.kind, signal.score, signal.mark)).collect();
    assert_eq!(marks[0], (Kind::OurReference, 80, id_mark(&sent(2))));
    assert_eq!(marks[1], (Kind::OurReference, 80, id_mark(&sent(1))));
    assert_eq!(marks[2], (Kind::Reference, 65, id_mark("late@customer.example")));
}

#[test]
fn t3_several_ids_comments_and_folds_are_read() {
    let raw = person(&format!(
        "In-Reply-To: (your mail of <monday@x.example>) <one@customer.example>\n\t<{}>\n <fol\n ded@customer.example>\n",
        sent(1)
    ));
    let found = found(&raw);
    assert_eq!(found[0].mark, id_mark(&sent(1)), "ours goes first");
    let others: Vec<_> =
        found.iter().filter(|signal| signal.kind == Kind::Reply).map(|signal| signal.mark.as_str()).collect();
    assert_eq!(others, ["mid:one@customer.example", "mid:folded@customer.example"]);
    let bare = first(&person("In-Reply-To: bare@customer.example\n"));
    assert_eq!(bare.mark, "mid:bare@customer.example");
}

#[test]
fn t4_a_token_is_found_wherever_it_may_stand() {
    let cnv = conversation(5);
    let address = address("support@shop.example", cnv, &SECRET).expect("it fits");
    assert!(address.len() < 80 && address.starts_with("support+cnv_"), "{address}");
    let plain = person("");
    for raw in [
        plain.replace("support@shop.example", &address),
        plain.replace("support@shop.example", &address.to_uppercase()),
        format!("Cc: Shop <{address}>\n{plain}"),
        format!("Delivered-To: {address}\n{plain}"),
        format!("X-Original-To: {address}\n{plain}"),
        format!("Envelope-To: <{address}>\n{plain}"),
        format!("X-Switchboard-Thread: {}\n{plain}", make(cnv, &SECRET)),
        plain.replace("The kettle leaks", &format!("Re: The kettle leaks {}", in_subject(cnv, &SECRET))),
    ] {
        let signal = first(&raw);
        assert_eq!((signal.kind, signal.score, signal.mark), (Kind::Token, 100, thread_mark(cnv)), "{raw}");
    }
}

#[test]
fn t4_an_altered_or_guessed_token_is_refused() {
    let token = make(conversation(5), &SECRET);
    let other = make(conversation(6), &SECRET);
    let (name, mark) = token.split_once('.').expect("a name and a mark");
    let (_, other_mark) = other.split_once('.').expect("a name and a mark");
    for forged in [
        format!("{name}.{other_mark}"),
        format!("{name}.{}", "a".repeat(16)),
        format!("{name}.{}", &mark[..15]),
        format!("{name}.{mark}a"),
        name.to_owned(),
        format!("{name}."),
        "cnv_".to_owned(),
        "cnv_zzzzzzzzzzzzzzzzzzzzzzzzzz.aaaaaaaaaaaaaaaa".to_owned(),
        make(conversation(5), &Secret([8; 32])),
    ] {
        let raw = person("").replace("support@shop.example", &format!("support+{forged}@shop.example"));
        let found = found(&raw);
        assert!(found.iter().all(|signal| signal.kind != Kind::Token), "{forged}: {found:?}");
        let refused = found.iter().find(|signal| signal.kind == Kind::Refused).expect("the refusal is told");
        assert!(refused.score == 0 && !refused.why.is_empty());
    }
}

#[test]
fn t4_every_flipped_character_makes_a_forgery() {
    let token = make(conversation(5), &SECRET);
    for index in 0..token.len() {
        for replacement in ["0", "a", "b", "."] {
            let mut forged = token.clone();
            forged.replace_range(index..=index, replacement);
            // The alphabet of ids reads O as 0 and I as 1: what names the same conversation is the same token.
            if forged != token {
                let raw = person(&format!("X-Switchboard-Thread: {forged}\n"));
                let other =
                    found(&raw).into_iter().find(|s| s.kind == Kind::Token && s.mark != thread_mark(conversation(5)));
                assert_eq!(other, None, "{forged}");
            }
        }
    }
}

#[test]
fn a_mailbox_with_a_long_name_gets_no_token_in_its_address() {
    let local = "a".repeat(40);
    assert_eq!(address(&format!("{local}@shop.example"), conversation(1), &SECRET), None);
}

#[test]
fn an_id_that_only_looks_like_ours_is_never_looked_up() {
    let id = sent(1);
    let forged = format!("{}.aaaaaaaaaaaaaaaa@{DOMAIN}", id.split_once('.').expect("two parts").0);
    let found = found(&person(&format!("In-Reply-To: <{forged}>\n")));
    let refused = found.iter().find(|signal| signal.kind == Kind::Refused).expect("the refusal is told");
    assert!(refused.score == 0 && !refused.mark.starts_with("mid:"), "{refused:?}");
}

#[test]
fn t6_a_subject_says_something_only_with_its_correspondent() {
    let subject = |raw: &str| found(raw).into_iter().find(|signal| signal.kind == Kind::Subject).expect("a subject");
    let asked = person("");
    let answered = person("").replace("The kettle leaks", "AW: RE[2]: the KETTLE   leaks");
    assert_eq!(subject(&asked).mark, subject(&answered).mark);
    assert!(subject(&asked).score < subject(&answered).score && subject(&answered).score == 30);
    let stranger = answered.replace("ada@customer.example", "eve@customer.example");
    assert_ne!(subject(&asked).mark, subject(&stranger).mark);
    assert!(found(&person("").replace("The kettle leaks", "Re: hi")).iter().all(|signal| signal.kind != Kind::Subject));
}

#[test]
fn base_subjects_are_found_under_the_prefixes_of_many_languages() {
    for subject in [
        "Re: Kettle",
        "RE: Kettle",
        "Re : Kettle",
        "Re[2]: Kettle",
        "Re(3): Kettle",
        "RE^2: Kettle",
        "Re:Re: Kettle",
        "AW: Kettle",
        "Antw: Kettle",
        "SV: Kettle",
        "VS: Kettle",
        "RIF: Kettle",
        "R: Kettle",
        "RES: Kettle",
        "Odp: Kettle",
        "YNT: Kettle",
        "Отв: Kettle",
        "回复: Kettle",
        "回复：Kettle",
        "返信: Kettle",
        "답장: Kettle",
        "Vá: Kettle",
        "ΑΠ: Kettle",
        "Fwd: Kettle",
        "FW: Kettle",
        "WG: Kettle",
        "TR: Kettle",
        "ENC: Kettle",
        "Doorst: Kettle",
        "VL: Kettle",
        "Re: Fwd: AW: Kettle",
        "[list] Re: Kettle",
        "Re: [list] Kettle",
        "[Fwd: Kettle]",
        "Kettle (fwd)",
        "Re: Kettle (fwd)",
        "  Re:\tKettle  ",
    ] {
        let found = base(subject);
        assert_eq!(found.text, "Kettle", "{subject}");
        assert!(found.prefixes > 0, "{subject}");
    }
    for whole in ["Kettle", "Reply needed: kettle", "Order: kettle", "R", "10:30 kettle", "Kettle: re", "[#123] Kettle"]
    {
        assert_eq!(base(whole).text, whole);
    }
    assert!(base("WG: Kettle").forwarded && !base("AW: Kettle").forwarded);
    assert_eq!(base(&"Re: ".repeat(10_000)).prefixes, 50);
}

#[test]
fn foreign_ticket_numbers_are_found() {
    for (subject, number) in [
        ("Re: [#123] Kettle", "123"),
        ("[Ticket#2026030212] Kettle", "2026030212"),
        ("Kettle (Case 0123)", "0123"),
        ("Kettle [Case: 00123456]", "00123456"),
        ("[Ticket: 4711] Kettle", "4711"),
        ("Re: Ticket #4711: Kettle", "4711"),
        ("Anfrage 12345 Kessel", "12345"),
        ("INC0012345 [INC0012345]", "INC0012345"),
        ("Kettle {#99}", "99"),
        ("[KET-1234] Kettle", "KET-1234"),
    ] {
        let found = tickets(subject);
        assert!(found.iter().any(|ticket| ticket.number == number), "{subject}: {found:?}");
    }
    for none in [
        "Kettle",
        "Kettle (2 pieces)",
        "Order of 2026",
        "Just in case 5",
        "[list] Kettle",
        "(2026)",
        "Ref",
        "showcase 1234",
    ] {
        assert_eq!(tickets(none), [], "{none}");
    }
    let signal =
        found(&person("").replace("The kettle leaks", "[#1234] Kettle")).into_iter().find(|s| s.kind == Kind::Ticket);
    let signal = signal.expect("a ticket");
    assert_eq!((signal.score, signal.mark.as_str()), (40, "ticket:customer.example:1234"));
}

#[test]
fn signals_find_the_marks_of_earlier_mail() {
    let early = person("").replace("The kettle leaks", "[#1234] The kettle leaks");
    let late = person("In-Reply-To: <k1@customer.example>\n")
        .replace("The kettle leaks", "Re: [#1234] The kettle leaks")
        .replace("Message-ID: <k1@", "Message-ID: <k2@");
    let marks = marks(&parse(&early), early.as_bytes());
    let kinds: Vec<_> =
        found(&late).into_iter().filter(|signal| marks.contains(&signal.mark)).map(|signal| signal.kind).collect();
    assert_eq!(kinds, [Kind::Reply, Kind::Ticket, Kind::Subject]);
}

#[test]
fn t7_every_copy_of_a_mail_has_the_same_first_mark() {
    let one = format!("Delivered-To: support@shop.example\nReceived: from a\n{}", person(""));
    let two = format!("Delivered-To: sales@shop.example\n{}", person("")).replace('\n', "\r\n");
    assert_eq!(marks(&parse(&one), one.as_bytes()).first(), marks(&parse(&two), two.as_bytes()).first());
}

#[test]
fn t8_a_mail_without_a_proper_message_id_gets_a_stable_surrogate() {
    let line = "Message-ID: <k1@customer.example>\n";
    let mark = |raw: &str| marks(&parse(raw), raw.as_bytes()).swap_remove(0);
    for id in [
        "",
        "Message-ID: \n",
        "Message-ID: <>\n",
        "Message-ID: <nonsense>\n",
        "Message-ID: <a@b> <c@d>\n",
        "Message-ID: <é@x>\n",
    ] {
        let raw = person("").replace(line, id);
        let found = mark(&raw);
        assert!(found.starts_with("hash:"), "{id}: {found}");
        let copy = format!("Received: by another\n{raw}\n\n").replace('\n', "\r\n");
        assert_eq!(found, mark(&copy), "{id}");
        assert_ne!(found, mark(&raw.replace("below", "above")), "{id}");
        assert_ne!(found, mark(&raw.replace("09:00", "09:01")), "{id}");
    }
}
