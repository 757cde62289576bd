//! What one step of the engine allocates, counted and not timed: a regression is seen on a noisy machine too. A binary of its
//! own, since it counts what its thread allocates.
//!
//! A count is of blocks, of the second time the same step is played: what is prepared once (a pattern's working space) is not a
//! step's own. When a change is meant to allocate more, its ceiling is raised with it.

use std::collections::BTreeMap;

use allocation_counter::{AllocationInfo, measure};
use switchboard_contract::{Content, ConversationId, Seq, Timestamp};
use switchboard_engine::{ContactFacts, Conversation, Effect, Env, Event, EventKind, Handler, play};

#[path = "it/world.rs"]
#[expect(dead_code, reason = "the other tests use more of the world")]
mod world;

const NOW: Timestamp = Timestamp::from_millis(1_772_442_000_000);

/// A step: what was written before it, what is written in it, and the most blocks it may allocate.
struct Step {
    name: &'static str,
    before: &'static [&'static str],
    says: &'static str,
    ceiling: u64,
}

/// Each ceiling is what was counted and a few in a hundred more.
const STEPS: [Step; 4] = [
    Step { name: "greeting", before: &[], says: "hello", ceiling: 126 },
    Step { name: "answer in a flow", before: &["no wifi"], says: "All off", ceiling: 78 },
    Step { name: "search", before: &["hello"], says: "how do I reset my password?", ceiling: 240 },
    Step { name: "handoff", before: &["no wifi", "All off"], says: "human", ceiling: 78 },
];

#[test]
fn a_step_allocates_no_more_than_its_ceiling() {
    let (book, flows) = (world::book(), world::flows());
    let queues = BTreeMap::new();
    let env = Env { now: NOW, book: &book, flows: &flows, queues: &queues };
    let mut over = Vec::new();
    for step in &STEPS {
        let mut state = Conversation::new(ConversationId::from_parts(NOW, 1), NOW, "en");
        for text in step.before {
            state = play(&state, &wrote(&state, text), &env, &world::Words).0;
        }
        let event = wrote(&state, step.says);
        let once = || play(&state, &event, &env, &world::Words);
        let (after, effects) = once();
        assert_happened(step.name, &after, &effects);
        let counted = count(once);
        assert_eq!(counted.count_total, count(once).count_total, "{}: the same step counts the same", step.name);
        // The bench shows these lines.
        println!("step | {} | {} | {} | {}", step.name, counted.count_total, counted.bytes_total, step.ceiling);
        if counted.count_total > step.ceiling {
            over.push(format!("{}: {} blocks, at most {}", step.name, counted.count_total, step.ceiling));
        }
    }
    assert!(over.is_empty(), "these steps allocate more than they may: {over:#?}");
}

fn wrote(state: &Conversation, text: &str) -> Event {
    let kind = EventKind::ContactWrote {
        content: Content::plain(text),
        choice: None,
        contact: ContactFacts::default(),
        language: None,
    };
    // The next place; only that it grows matters here.
    Event { id: None, seq: Seq(state.seq.0 + 1), kind }
}

fn count<T>(step: impl FnOnce() -> T) -> AllocationInfo {
    let mut result = None;
    // What the step returns is dropped outside: freeing is not counted, and nothing is optimised away.
    let counted = measure(|| result = Some(step()));
    drop(std::hint::black_box(result));
    counted
}

/// The step is the one that its name says.
fn assert_happened(name: &str, after: &Conversation, effects: &[Effect]) {
    let says = effects.iter().filter(|effect| matches!(effect, Effect::Say { .. })).count();
    match name {
        "handoff" => assert!(matches!(after.handler, Handler::Queue { .. }), "{after:?}"),
        "answer in a flow" => assert!(after.run.is_some() && says > 0, "{after:?}"),
        "search" => assert!(!after.shown.is_empty(), "{after:?}"),
        _ => assert!(says > 0 && after.run.is_none(), "{after:?}"),
    }
}
