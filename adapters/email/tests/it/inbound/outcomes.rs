//! Every kind of mail, and what becomes of it.

use switchboard_email::inbound::{Outcome, inspect};

use super::{bounce, complaint, own, person, receipt, sent};

#[track_caller]
fn check(what: &str, raw: &str, outcome: Outcome, class: &str, why: &str) {
    let found = inspect(raw.as_bytes(), &own());
    assert_eq!((found.outcome, found.class), (outcome, class), "{what}: {:?}", found.reasons);
    assert!(found.reasons.iter().any(|reason| reason.contains(why)), "{what}: {why:?} is not in {:?}", found.reasons);
    assert_eq!(found.unanswered.is_some(), outcome == Outcome::Filed && class != "human" && found.report.is_none());
}

#[test]
fn every_kind_of_mail_has_its_outcome() {
    use Outcome::{Filed, Filtered, Quarantined};
    let foreign = "x1@elsewhere.example";
    let list = [
        ("a person", person(""), Filed, "human", "nothing says that a machine"),
        ("an absence", person("Auto-Submitted: auto-replied\n"), Filed, "auto_reply", "a machine is not answered"),
        ("a program", person("Auto-Submitted: auto-generated\n"), Filed, "auto_reply", "a machine is not answered"),
        ("a list", person("List-Id: <kettles.lists.example>\n"), Filed, "list", "over a list"),
        ("a failure", bounce(&sent(1), "failed", "5.1.1"), Filed, "bounce", "nobody of that name"),
        ("a foreign failure", bounce(foreign, "failed", "5.1.1"), Filtered, "bounce", "not sent from here"),
        ("a receipt", receipt(&sent(1), "manual-action/MDN-sent-manually; displayed"), Filed, "receipt", "showed"),
        ("a foreign receipt", receipt(foreign, "x/y; displayed"), Filtered, "receipt", "not sent from here"),
        ("a complaint", complaint(&sent(1)), Filed, "complaint", "spam"),
        ("a foreign complaint", complaint(foreign), Filtered, "complaint", "not sent from here"),
        ("own", person("").replace("Ada@Customer", "support@shop"), Filtered, "auto_reply", "our own mail"),
        ("own, an alias", person("").replace("Ada@Customer", "HELP+x@Shop"), Filtered, "auto_reply", "our own mail"),
        ("of the house", person("").replace("Ada@Customer", "sales@other"), Filtered, "auto_reply", "our own mail"),
        ("own id", person("").replace("k1@customer.example", &sent(3)), Filtered, "auto_reply", "our own mail"),
        ("no author", "Subject: hello\nTo: support@shop.example\n\nx".to_owned(), Quarantined, "human", "nobody"),
        ("no header", "Where is my parcel?\n\nMara".to_owned(), Quarantined, "human", "no header"),
        ("nothing", String::new(), Quarantined, "human", "no header"),
    ];
    for (what, raw, outcome, class, why) in list {
        check(what, &raw, outcome, class, why);
    }
    let looped = format!("X-Switchboard-Loop: {}\n", own().ours.loop_value);
    check("a loop", &person(&looped), Filtered, "auto_reply", "our own mail");
    check("another's loop", &person("X-Switchboard-Loop: aaaaaaaaaaaaaaaa\n"), Filed, "human", "nothing says");
}

#[test]
fn who_unsubscribes_is_seen_by_people_and_never_answered() {
    let raw = person("").replace("The kettle leaks", "unsubscribe").replace("It drips from below.", "");
    let found = inspect(raw.as_bytes(), &own());
    assert_eq!((found.outcome, found.class), (Outcome::Filed, "complaint"), "{:?}", found.reasons);
    assert!(found.unanswered.is_some());
    let answer = format!("In-Reply-To: <{}>\n{raw}", sent(1));
    let found = inspect(answer.as_bytes(), &own());
    assert_eq!(found.outcome, Outcome::Filed);
    assert!(found.unanswered.is_none(), "it is a report on the mail that it answers");
}

#[test]
fn an_inspection_names_what_it_shows() {
    let raw = format!(
        "Authentication-Results: mx.shop.example; dmarc=pass header.from=customer.example\nIn-Reply-To: <{}>\nCc: Bob <bob@x.example>\n{}\
         \n-- \nAda\n\n> What is wrong?\n",
        sent(1),
        person("")
    );
    let found = serde_json::to_value(inspect(raw.as_bytes(), &own())).expect("JSON");
    assert_eq!(found["outcome"], "filed");
    assert_eq!(found["text"], "It drips from below.");
    assert!(found["quoted"].as_str().is_some_and(|quoted| quoted.contains("Ada")), "{found:#}");
    assert_eq!(found["identity"]["proof"], "aligned");
    assert_eq!(found["identity"]["address"], "ada@customer.example");
    assert_eq!(found["participants"], serde_json::json!(["bob@x.example"]));
    assert_eq!((&found["thread"][0]["kind"], &found["thread"][0]["score"]), (&"our_reply".into(), &90.into()));
    assert_eq!(found["attachments"], serde_json::json!([]));
    // Bytes without a header are shown all the same.
    assert_eq!(inspect(b"Where is my parcel?\n\n> now", &own()).text, "Where is my parcel?");
}
