//! The shipped articles and flows, asked in other words than their own. No question here is an example there.

use std::path::Path;

use super::{Knowledge, names};
use crate::knowledge::{Article, parse};
use switchboard_engine::FlowSet;

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/flows");

/// Language, question, what may answer it.
const ASKED: &[(&str, &str, &[&str])] = &[
    ("en", "hey, I've forgotten my password again", &["reset-password"]),
    ("en", "How can I change the password of my account?", &["reset-password"]),
    ("en", "the password reset mail never came", &["reset-password"]),
    ("en", "my acount is blocked, what now", &["account-locked"]),
    ("en", "after too many attempts it locked me out", &["account-locked"]),
    ("en", "I need to activate a new SIM", &["activate-sim"]),
    ("en", "can I bring my old phone number with me", &["activate-sim"]),
    ("en", "why did you charge me so much this month", &["bill-explained"]),
    ("en", "the last bill is much higher than before", &["bill-explained"]),
    ("en", "you charged me two times", &["bill-explained"]),
    ("en", "what's the notice period for the contract", &["cancel-contract"]),
    ("en", "I'd like to cancel the contract please", &["cancel-contract"]),
    ("en", "I have a new email address", &["change-address"]),
    ("en", "I got married and my name changed", &["change-address"]),
    ("en", "is it possible to upgrade my plan", &["change-plan"]),
    ("en", "which tariffs are there", &["change-plan"]),
    ("en", "could you give me your phone number", &["contact-ways"]),
    ("en", "how do I register an account online", &["create-account"]),
    ("en", "where can I see my customer number", &["create-account"]),
    ("en", "the parcel came damaged", &["damaged-parcel"]),
    ("en", "the package was crushed when it arrived", &["damaged-parcel"]),
    ("en", "please delete all my personal data", &["data-privacy"]),
    ("en", "what do you know and store about me?", &["data-privacy"]),
    ("en", "how long will the delivery take", &["delivery-times"]),
    ("en", "how much is shipping", &["delivery-times"]),
    ("en", "do you deliver on sundays", &["delivery-times"]),
    ("en", "I changed my bank and have a new IBAN number", &["direct-debit"]),
    ("en", "please send a copy of last month's invoice", &["invoice-copy"]),
    ("en", "how can I download the invoices", &["invoice-copy"]),
    ("en", "I cannot pay this bill in time", &["late-payment"]),
    ("en", "can I get a payment plan or instalments", &["late-payment"]),
    ("en", "somebody stole my phone, block the sim card", &["lost-phone"]),
    ("en", "I've lost my sim", &["lost-phone"]),
    ("en", "we're moving to a new flat, can the internet come along", &["moving-house"]),
    ("en", "I am moving next month", &["moving-house"]),
    ("en", "when does the shop open", &["opening-hours"]),
    ("en", "opening hours on saturday", &["opening-hours"]),
    ("en", "are there any outages in my area right now?", &["outage", "internet-trouble"]),
    ("en", "is the network down", &["outage", "internet-trouble"]),
    ("en", "how to set up parental controls for the kids", &["parental-control"]),
    ("en", "I want to block adult sites", &["parental-control"]),
    ("en", "can I pay by credit card", &["payment-methods"]),
    ("en", "what payment methods do you take", &["payment-methods"]),
    ("en", "when will I get my refund", &["refund-time"]),
    ("en", "still no money back after I returned the item", &["refund-time", "returns"]),
    ("en", "how to restart the router", &["restart-router"]),
    ("en", "rebooting the modem", &["restart-router"]),
    ("en", "I'd like to return a product", &["returns"]),
    ("en", "where's the return label", &["returns"]),
    ("en", "does my phone work abroad", &["roaming"]),
    ("en", "how much does roaming cost in Spain", &["roaming"]),
    ("en", "there's a red light on my router", &["router-lights", "internet-trouble"]),
    ("en", "what is the meaning of the blinking light", &["router-lights"]),
    ("en", "how do I connect my new larkbox", &["set-up-larkbox"]),
    ("en", "am I allowed to use my own router", &["set-up-larkbox"]),
    ("en", "the internet is extremely slow today", &["slow-internet", "internet-trouble"]),
    ("en", "videos buffer all the time", &["slow-internet"]),
    ("en", "where can I run a speed test", &["speed-test"]),
    ("en", "do you offer static ip addresses", &["static-ip"]),
    ("en", "I need a fixed IP", &["static-ip"]),
    ("en", "I need to reschedule the technician", &["technician-appointment"]),
    ("en", "nobody came for the technician appointment", &["technician-appointment"]),
    ("en", "how can I track the parcel", &["track-order", "order-status"]),
    ("en", "tracking number doesn't show anything", &["track-order"]),
    ("en", "how to enable two factor authentication", &["two-step-sign-in"]),
    ("en", "I'm not getting the sign-in code", &["two-step-sign-in"]),
    ("en", "my discount code isn't working", &["voucher"]),
    ("en", "how do I redeem a voucher", &["voucher"]),
    ("en", "does the warranty cover my router", &["warranty"]),
    ("en", "the device broke after six months", &["warranty"]),
    ("en", "where's the wifi password written", &["wifi-password"]),
    ("en", "I want to rename my wifi network", &["wifi-password"]),
    ("en", "the wifi signal is weak in the bedroom", &["wifi-range"]),
    ("en", "how can I improve the wifi upstairs", &["wifi-range"]),
    ("en", "my intrnet is down", &["internet-trouble"]),
    ("en", "there is no internet connection in my house", &["internet-trouble"]),
    ("en", "I can't log in to my account", &["sign-in-trouble"]),
    ("en", "where has my order got to", &["order-status"]),
    ("en", "my order still hasn't arrived", &["order-status"]),
    ("en", "I would like to file a complaint", &["complaint"]),
    ("de", "ich hab mein passwort vergessen", &["reset-password"]),
    ("de", "Wie kann ich das Passwort ändern?", &["reset-password"]),
    ("de", "warum wurde mein Konto gesperrt", &["account-locked"]),
    ("de", "neue SIM-Karte freischalten bzw. aktivieren", &["activate-sim"]),
    ("de", "die Rechnung ist diesmal viel höher", &["bill-explained"]),
    ("de", "Wie lang ist die Kündigungsfrist?", &["cancel-contract"]),
    ("de", "ich möchte in einen anderen Tarif wechseln", &["change-plan"]),
    ("de", "wie ist die Telefonnummer vom Support", &["contact-ways"]),
    ("de", "das Paket ist beschädigt angekommen", &["damaged-parcel"]),
    ("de", "bitte löschen Sie meine Daten", &["data-privacy"]),
    ("de", "was kosten Versand und Lieferung", &["delivery-times"]),
    ("de", "meine IBAN hat sich geändert", &["direct-debit"]),
    ("de", "Kopie der Rechnung bitte", &["invoice-copy"]),
    ("de", "kann ich die Rechnung in Raten zahlen", &["late-payment"]),
    ("de", "Handy verloren, bitte SIM sperren", &["lost-phone"]),
    ("de", "wann hat der Laden offen", &["opening-hours"]),
    ("de", "gibt es gerade eine Störung bei mir?", &["outage", "internet-trouble"]),
    ("de", "wann bekomme ich meine Erstattung", &["refund-time"]),
    ("de", "wie starte ich die Larkbox neu", &["restart-router"]),
    ("de", "ich will den Artikel zurückgeben", &["returns"]),
    ("de", "was bedeutet das rote Licht am Router", &["router-lights"]),
    ("de", "das Internet ist sehr langsam", &["slow-internet"]),
    ("de", "Termin mit dem Techniker verschieben", &["technician-appointment"]),
    ("de", "Gutscheincode geht nicht", &["voucher"]),
    ("de", "wo steht das WLAN-Passwort", &["wifi-password"]),
    ("de", "schlechtes WLAN im Schlafzimmer", &["wifi-range"]),
    ("de", "mein Internet ist ausgefallen", &["internet-trouble"]),
    ("de", "wo bleibt meine Bestellung", &["order-status"]),
    ("de", "ich will mich über Sie beschweren", &["complaint"]),
];

/// What nothing here answers.
const FOREIGN: &[(&str, &str)] = &[
    ("en", "can you write me a poem"),
    ("en", "what's the capital of France"),
    ("en", "do you sell pizza"),
    ("en", "my cat is sick"),
    ("en", "tell me a joke"),
    ("en", "who won the football match yesterday"),
    ("en", "what's the weather like tomorrow"),
    ("en", "how do I bake sourdough bread"),
    ("en", "what is the meaning of life"),
    ("en", "translate good morning into Spanish"),
    ("en", "who is the president"),
    ("en", "book me a flight to Rome"),
    ("en", "how tall is mount everest"),
    ("en", "recommend a good book"),
    ("en", "my car won't start"),
    ("en", "how many calories are in a banana"),
    ("en", "what's 17 times 23"),
    ("en", "is there life on mars"),
    ("en", "write a python script that sorts a list"),
    ("en", "I have a headache, what should I take"),
    ("en", "do you have any job openings"),
    ("en", "are you hiring"),
    ("en", "which shares should I buy"),
    ("en", "how do I get rid of ants"),
    ("en", "can I bring my dog to your office party"),
    ("en", "my washing machine is leaking"),
    ("en", "how do I file my tax return"),
    ("en", "what time is it in Tokyo"),
    ("en", "sing a song for me"),
    ("en", "are you a real human being or a robot"),
    ("en", "I love you"),
    ("en", "do you like chocolate"),
    ("en", "how old are you"),
    ("en", "set an alarm for seven"),
    ("en", "what is the exchange rate of the dollar"),
    ("en", "my neighbour plays loud music"),
    ("en", "how do I learn to play the guitar"),
    ("en", "is the restaurant next door any good"),
    ("en", "I need a new pair of shoes"),
    ("en", "what should I cook tonight"),
    ("en", "asdf qwer zxcv"),
    ("en", "hello there how are you today"),
    ("en", "what can you do"),
    ("en", "lorem ipsum dolor sit amet"),
    ("en", "the quick brown fox jumps over the lazy dog"),
    ("de", "schreib mir ein Gedicht"),
    ("de", "was ist die Hauptstadt von Frankreich"),
    ("de", "verkauft ihr Pizza"),
    ("de", "meine Katze ist krank"),
    ("de", "wie wird das Wetter morgen"),
    ("de", "erzähl mir einen Witz"),
    ("de", "wer hat gestern das Fußballspiel gewonnen"),
    ("de", "wie backe ich Sauerteigbrot"),
    ("de", "suchen Sie noch Mitarbeiter"),
    ("de", "mein Auto springt nicht an"),
    ("de", "wie heißt der Bundeskanzler"),
    ("de", "ich habe Kopfschmerzen"),
    ("de", "wie alt bist du"),
    ("de", "was soll ich heute kochen"),
    ("de", "bist du ein Mensch"),
];

fn shipped() -> Knowledge {
    let flows = Path::new(SHIPPED);
    let read =
        |path: &Path| std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let list = |folder: &Path, end: &str| {
        let files = std::fs::read_dir(folder)
            .expect("the folder of the shipped files")
            .map(|file| file.expect("a file").path());
        files.filter(|path| path.to_string_lossy().ends_with(end)).collect::<Vec<_>>()
    };
    let mut articles: Vec<Article> = Vec::new();
    for path in list(&flows.join("knowledge"), ".md") {
        articles.push(parse(&path.to_string_lossy(), &read(&path)).unwrap_or_else(|problems| panic!("{problems:#?}")));
    }
    let mut set = FlowSet::new();
    for path in list(flows, ".flow.yaml") {
        let flow = switchboard_engine::flow::parse(&path.to_string_lossy(), &read(&path));
        set.insert(1, flow.unwrap_or_else(|problems| panic!("{problems:#?}")), true);
    }
    Knowledge::build(articles, &set, "en")
}

#[test]
fn paraphrases_are_answered_and_hardly_any_wrongly() {
    let knowledge = shipped();
    let (mut sure, mut missed, mut wrong) = (0, Vec::new(), Vec::new());
    for (lang, question, right) in ASKED {
        let found = knowledge.find(question, lang);
        let (is_sure, names) = names(&found);
        let is_right = names.iter().any(|name| right.contains(&name.as_str()));
        match (is_sure, is_right) {
            (true, true) => sure += 1,
            (true, false) => wrong.push(format!("{question}: {}", found.why)),
            (false, true) => {}
            (false, false) => missed.push(format!("{question}: {}", found.why)),
        }
    }
    let all = ASKED.len();
    assert!(wrong.len() * 100 <= all * 3, "{} of {all} wrong: {wrong:#?}", wrong.len());
    assert!((missed.len() + wrong.len()) * 100 <= all * 20, "{} of {all} missed: {missed:#?}", missed.len());
    assert!(sure * 100 >= all * 60, "{sure} of {all} surely");
}

#[test]
fn what_nothing_answers_is_not_answered() {
    let knowledge = shipped();
    let mut bluffs = Vec::new();
    for (lang, question) in FOREIGN {
        let found = knowledge.find(question, lang);
        let (is_sure, names) = names(&found);
        assert!(!is_sure, "{question}: {}", found.why);
        if !names.is_empty() {
            bluffs.push(format!("{question}: {}", found.why));
        }
    }
    assert!(bluffs.len() * 100 <= FOREIGN.len() * 5, "{} of {}: {bluffs:#?}", bluffs.len(), FOREIGN.len());
}

#[test]
fn every_example_leads_to_its_own_entry() {
    let knowledge = shipped();
    let (mut all, mut lost) = (0, Vec::new());
    for article in knowledge.articles().iter().filter(|article| article.is_shown()) {
        for question in &article.questions {
            all += 1;
            let found = knowledge.find(question, &article.lang);
            if !names(&found).1.contains(&article.slug) {
                lost.push(format!("{}: {question}: {}", article.slug, found.why));
            }
        }
    }
    assert!(lost.len() * 100 <= all * 3, "{} of {all}: {lost:#?}", lost.len());
}
