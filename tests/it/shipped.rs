//! What comes with the program is in order: every shipped flow, article and text can be read, and the flows have no mistakes.

use switchboard::library::{self, Library, shipped};
use switchboard::store::documents::{Document, Kind};
use switchboard_contract::Timestamp;

fn documents() -> Vec<Document> {
    let shipped = shipped::documents().into_iter();
    let stored = |(key, source)| Document {
        key,
        version: 1,
        source,
        shipped: true,
        head: true,
        created_at: Timestamp::default(),
    };
    shipped.map(stored).collect()
}

fn count(kind: Kind) -> usize {
    documents().iter().filter(|document| document.key.kind == kind).count()
}

#[test]
fn everything_shipped_can_be_read_without_a_complaint() {
    let documents = documents();
    let library = Library::build(&documents);
    let mut complaints: Vec<String> = library.problems.iter().map(ToString::to_string).collect();
    for document in &documents {
        let found = library::check(&document.key, &document.source, &library).unwrap_or_else(|problems| problems);
        complaints.extend(found.iter().map(ToString::to_string));
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn enough_is_shipped_to_begin_with() {
    assert!(count(Kind::Flow) >= 4, "at least four flows");
    assert_eq!(count(Kind::BotBook), 1);
    let english = documents().iter().filter(|d| d.key.kind == Kind::Article && d.key.lang == shipped::LANGUAGE).count();
    assert!(english >= 25, "{english} articles; at least 25");
}

#[test]
fn the_menu_leads_to_flows_that_exist() {
    let library = Library::build(&documents());
    for flow in &library.book.menu {
        assert!(library.flows.current(flow).is_some(), "the menu offers `{flow}`");
    }
}
