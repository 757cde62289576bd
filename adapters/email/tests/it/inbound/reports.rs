//! B1 to B7: reports about mails of ours, and about those of others.

use switchboard_contract::{InboundReport, Reading, ReportOutcome};

use super::{bounce, complaint, delivery, inbound, person, receipt, sent};

#[track_caller]
fn report(raw: &str) -> InboundReport {
    let reading = inbound(raw).reading;
    let Reading::Report(report) = reading else { panic!("a report, not {reading:?}") };
    *report
}

#[test]
fn a_failure_names_the_delivery_the_recipient_and_the_reason() {
    let report = report(&bounce(&sent(1), "failed", "5.1.1"));
    assert_eq!((report.about, report.outcome), (vec![delivery(1)], ReportOutcome::Failed));
    assert_eq!(report.address.map(|address| address.0).as_deref(), Some("bob@far.example"));
    assert!(report.reason.contains("nobody of that name"), "{}", report.reason);
}

#[test]
fn what_became_of_it_is_told() {
    let action = |action: &str, status: &str| report(&bounce(&sent(1), action, status)).outcome;
    assert_eq!(action("delayed", "4.4.1"), ReportOutcome::Delayed);
    assert_eq!(action("delivered", "2.0.0"), ReportOutcome::Delivered);
    // Nobody knows whether these arrived.
    assert_eq!(action("relayed", "2.0.0"), ReportOutcome::Delayed);
    assert_eq!(action("expanded", "2.0.0"), ReportOutcome::Delayed);
    let disposition = |words: &str| report(&receipt(&sent(1), words)).outcome;
    assert_eq!(disposition("manual-action/MDN-sent-manually; displayed"), ReportOutcome::Seen);
    assert_eq!(disposition("automatic-action/MDN-sent-automatically; deleted"), ReportOutcome::Delivered);
    assert_eq!(disposition("automatic-action/MDN-sent-automatically; failed"), ReportOutcome::Delivered);
    let complaint = report(&complaint(&sent(1)));
    assert_eq!(complaint.outcome, ReportOutcome::Complaint);
    assert_eq!(complaint.address.map(|address| address.0).as_deref(), Some("bob@far.example"));
}

#[test]
fn b6_a_report_on_a_mail_that_never_left_is_filtered() {
    let guessed = format!("{}.aaaaaaaaaaaaaaaa@shop.example", delivery(1));
    for id in ["x@elsewhere.example", guessed.as_str(), "", &sent(1).replace("@shop.example", "@evil.example")] {
        for raw in [bounce(id, "failed", "5.1.1"), receipt(id, "x/y; displayed"), complaint(id)] {
            let reading = inbound(&raw).reading;
            assert!(matches!(reading, Reading::Filtered { .. }), "{id}: {reading:?}");
        }
    }
}

#[test]
fn b4_a_report_is_matched_by_the_address_it_went_to() {
    let local = sent(4).split_once('@').map(|(local, _)| local.to_owned()).expect("two sides");
    for local in [local.clone(), local.to_lowercase(), local.to_uppercase()] {
        let raw = format!(
            "Return-Path: <>\nDelivered-To: support+{local}@shop.example\nFrom: MAILER-DAEMON@old.example\n\
             To: support@shop.example\nSubject: failure notice\n\n\
             Hi. This is the qmail-send program at old.example.\nI'm afraid I wasn't able to deliver your message.\n\n\
             <bob@old.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n"
        );
        assert_eq!(report(&raw).about, [delivery(4)], "{local}");
    }
}

#[test]
fn gateways_that_change_the_case_of_ids_are_understood() {
    for id in [sent(1).to_lowercase(), sent(1).to_uppercase()] {
        assert_eq!(report(&bounce(&id, "failed", "5.1.1")).about, [delivery(1)], "{id}");
    }
}

#[test]
fn a_person_who_passes_a_report_on_is_a_person() {
    let raw = person("").replace(
        "It drips from below.",
        &format!("Why did I get this?\n\n> Undelivered Mail\n> Message-ID: <{}>\n> 550 5.1.1", sent(1)),
    );
    assert!(matches!(inbound(&raw).reading, Reading::Message(_)));
}
