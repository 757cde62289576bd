//! What holds for every history, however absurd.

use std::collections::BTreeMap;

use proptest::prelude::*;
use switchboard_contract::{AgentId, ArticleId, ChoiceId, Content, ConversationId, Seq, Timestamp};
use switchboard_engine::Finder;
use switchboard_engine::*;

use crate::world;

/// Something that may happen next.
#[derive(Debug, Clone)]
enum Deed {
    Writes(String),
    /// Presses the option at this place of the present question, or one that is no longer there.
    Presses(usize),
    Opens,
    StartsAnew,
    /// Presses a starting option of a greeting further up.
    PressesOldFlow(&'static str),
    Late(bool),
    Agent(u8, Box<AgentAct>),
    Passes(u32),
    /// A timer fires: the one that runs, or one that was set for a moment before or after.
    Fires(i64),
    /// The flows change under the conversation's feet.
    FlowsVanish,
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(vec![
            "no wifi", "my order", "all off", "dark", "1", "2", "yes", "no", "back", "cancel", "start over", "hi", "thanks",
            "human", "fraud!", "how do I reset my password?", "both", "where can I find both?", "where is my parcel", "qwertz", "AB-1234", "a@b.org",
            "7", "either?", "None of these", "since ever", "A red light", "All normal", "what?", "5", "Loop", "", "Start anew",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,40}",
        1 => Just("{{lights}} **x** `".to_owned()),
    ]
}

fn act() -> impl Strategy<Value = AgentAct> {
    prop_oneof![
        any::<bool>().prop_map(|from_colleague| AgentAct::Claim { from_colleague }),
        ("[a-z]{0,5}", 0_u64..9, any::<bool>(), 0_u64..9).prop_map(|(text, seen, anyway, last)| AgentAct::Reply {
            content: Content::plain(text),
            seen: Seq(seen),
            anyway,
            last_foreign: Seq(last),
        }),
        "[a-z]{0,5}".prop_map(|text| AgentAct::Note { text }),
        (0_u8..3).prop_map(|to| AgentAct::TransferToAgent { to: agent(to), note: None }),
        Just(AgentAct::TransferToTeam { team: "billing".to_owned(), note: Some("look".to_owned()) }),
        Just(AgentAct::ReturnToBot),
        Just(AgentAct::Resolve),
        Just(AgentAct::Reopen),
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        12 => words().prop_map(Deed::Writes),
        5 => (0_usize..6).prop_map(Deed::Presses),
        1 => Just(Deed::Opens),
        1 => Just(Deed::StartsAnew),
        1 => prop::sample::select(vec!["order", "internet", "gone"]).prop_map(Deed::PressesOldFlow),
        1 => any::<bool>().prop_map(Deed::Late),
        4 => (0_u8..3, act()).prop_map(|(who, act)| Deed::Agent(who, Box::new(act))),
        1 => (0_u32..1_000_000).prop_map(Deed::Passes),
        2 => prop::sample::select(vec![0, 0, -1, 1]).prop_map(Deed::Fires),
        1 => Just(Deed::FlowsVanish),
    ]
}

fn agent(who: u8) -> AgentRef {
    AgentRef { id: AgentId::from_parts(Timestamp::default(), u128::from(who)), name: format!("Agent {who}") }
}

/// A conversation with everything that followed from its history.
struct World {
    book: BotBook,
    flows: FlowSet,
    queues: BTreeMap<String, u32>,
    now: Timestamp,
    state: Conversation,
    seq: u64,
    number: u64,
}

/// One event with what followed, searches answered.
struct Outcome {
    before: Conversation,
    event: Event,
    after: Conversation,
    effects: Vec<Effect>,
}

impl World {
    fn new() -> Self {
        let now = Timestamp::from_millis(1_772_442_000_000);
        let id = ConversationId::from_parts(now, 1);
        Self {
            book: world::book(),
            flows: world::flows(),
            queues: BTreeMap::from([("support".to_owned(), 2)]),
            now,
            state: Conversation::new(id, now, "en"),
            seq: 0,
            number: 0,
        }
    }

    fn event(&mut self, deed: &Deed) -> Option<EventKind> {
        let contact = ContactFacts::default();
        match deed {
            Deed::Writes(text) => {
                Some(EventKind::ContactWrote { content: Content::plain(text), choice: None, contact, language: None })
            }
            Deed::Presses(place) => {
                let choices = self.state.pending.as_ref().map(|pending| pending.choices.clone()).unwrap_or_default();
                let (id, label) = choices.get(*place).map_or_else(
                    || (ChoiceId("0.old".to_owned()), "All off".to_owned()),
                    |choice| (choice.id.clone(), choice.label.clone()),
                );
                Some(EventKind::ContactWrote {
                    content: Content::plain(label),
                    choice: Some(id),
                    contact,
                    language: None,
                })
            }
            Deed::Opens => Some(EventKind::ContactOpened { contact, language: Some("de".to_owned()) }),
            Deed::StartsAnew => Some(EventKind::ContactStartedAnew { contact, language: Some("de".to_owned()) }),
            Deed::PressesOldFlow(name) => Some(EventKind::ContactWrote {
                content: Content::plain("A subject"),
                choice: Some(ChoiceId(format!("0.flow:{name}"))),
                contact,
                language: None,
            }),
            Deed::Late(sure) => {
                let verdict = if *sure { Verdict::Sure(world::hit("find-invoice")) } else { Verdict::Nothing };
                Some(EventKind::Found(Found { verdict, why: "Late.".to_owned() }))
            }
            Deed::Agent(who, act) => Some(EventKind::Agent { agent: agent(*who), act: (**act).clone() }),
            Deed::Passes(seconds) => {
                self.now = self.now + std::time::Duration::from_secs(u64::from(*seconds));
                None
            }
            Deed::Fires(off) => {
                let due = self.state.timers.get(&TimerKind::StillWaiting).map_or(self.now.millis(), |due| due.millis());
                let due = Timestamp::from_millis(due + off);
                Some(EventKind::TimerFired { timer: TimerKind::StillWaiting, due, ahead: Some(3) })
            }
            Deed::FlowsVanish => {
                self.flows = if self.flows.iter().next().is_some() { FlowSet::new() } else { world::flows() };
                None
            }
        }
    }

    fn happen(&mut self, deed: &Deed) -> Option<Outcome> {
        let kind = self.event(deed)?;
        self.number += 1;
        self.seq += 1;
        let id = matches!(kind, EventKind::ContactWrote { .. }).then(|| format!("event {}", self.number));
        let event = Event { id, seq: Seq(self.seq), kind };
        let before = self.state.clone();
        let env = Env { now: self.now, book: &self.book, flows: &self.flows, queues: &self.queues };
        let mut effects = Vec::new();
        let mut next = Some(event.clone());
        let mut asks = 0;
        while let Some(event) = next.take() {
            let transition = step(&self.state, &event, &env);
            assert_eq!(transition, step(&self.state, &event, &env), "the same input gives the same output");
            self.state = transition.state;
            effects.extend(transition.effects);
            next = transition.ask.map(|ask| {
                asks += 1;
                assert!(asks <= limits::ASKS_PER_EVENT_MAX, "searches are bounded");
                let found = match &ask {
                    Ask::Find { question, language } => world::Words.find(question, language),
                    Ask::Article { slug, .. } => {
                        Found { verdict: Verdict::Sure(world::hit(slug)), why: "By name.".to_owned() }
                    }
                };
                Event { id: None, seq: Seq(self.seq), kind: EventKind::Found(found) }
            });
        }
        Some(Outcome { before, event, after: self.state.clone(), effects })
    }
}

fn is_log(effect: &Effect, wanted: &Happening) -> bool {
    matches!(effect, Effect::Log(entry) if entry.what == *wanted)
}

/// Whoever doesn't hold the turn is silent.
fn one_speaker(outcome: &Outcome) {
    if outcome.before.handler == Handler::Bot {
        return;
    }
    let returned = outcome.effects.iter().any(|effect| is_log(effect, &Happening::ReturnedToBot));
    for effect in &outcome.effects {
        if let Effect::Say { speaker: Speaker::Bot, turn, .. } = effect {
            assert!(returned && *turn > outcome.before.turn, "the bot spoke while somebody else held the turn");
        }
    }
}

/// Every message of a contact is answered, queued, told to its agent, or muted with a reason.
fn nobody_is_ignored(outcome: &Outcome) {
    let (EventKind::ContactWrote { .. } | EventKind::ContactStartedAnew { .. }) = outcome.event.kind else { return };
    let cared_for = outcome.effects.iter().any(|effect| {
        matches!(effect, Effect::Say { .. } | Effect::Notify(Notice::ContactWrote { .. }))
            || is_log(effect, &Happening::Silent)
    });
    let queued = matches!(outcome.after.handler, Handler::Queue { .. });
    // A flow may end without a word; its log tells so.
    let ended = outcome.effects.iter().any(|effect| {
        matches!(effect, Effect::Log(entry) if matches!(entry.what, Happening::FlowEnded { .. } | Happening::Resolved { .. }))
    });
    assert!(cared_for || queued || ended, "{:?} led to {:?}", outcome.event, outcome.effects);
}

/// A brief holds everything the bot knows.
fn briefs_are_complete(outcome: &Outcome) {
    for effect in &outcome.effects {
        let Effect::Brief(brief) = effect else { continue };
        let state = &outcome.after;
        assert_eq!(brief.slots, state.slots);
        assert_eq!(brief.path, state.path.iter().cloned().collect::<Vec<_>>());
        assert_eq!(brief.shown, state.shown.iter().cloned().collect::<Vec<_>>());
        assert_eq!(brief.open_question, state.open_question);
        assert_eq!(brief.priority, state.priority);
        assert_eq!(brief.transcript_through, outcome.event.seq);
        if let EventKind::ContactWrote { content, choice: None, .. } = &outcome.event.kind
            && matches!(brief.reason, HandoffReason::Sensitive | HandoffReason::Reopened)
        {
            assert_eq!(brief.open_question.as_deref(), Some(content.text.trim()), "verbatim");
        }
    }
    let handed_off = outcome.before.handler == Handler::Bot && outcome.after.handler != Handler::Bot;
    let reopened = outcome.before.status == Status::Resolved && matches!(outcome.after.handler, Handler::Agent { .. });
    let briefs = outcome.effects.iter().filter(|effect| matches!(effect, Effect::Brief(_))).count();
    if handed_off && !reopened {
        assert_eq!(briefs, 1, "one brief goes with a handoff");
    }
}

/// What has to be true of a state between events.
fn state_is_sound(outcome: &Outcome) {
    let state = &outcome.after;
    assert!(state.path.len() <= limits::PATH_MAX && state.shown.len() <= limits::SHOWN_MAX);
    assert!(state.applied.len() <= limits::APPLIED_MAX && state.slots.len() <= limits::SLOTS_MAX);
    assert!(state.slots.values().all(|value| value.chars().count() <= limits::SLOT_CHARS_MAX));
    assert!(state.turn >= outcome.before.turn, "turns never go back");
    let changed = std::mem::discriminant(&state.handler) != std::mem::discriminant(&outcome.before.handler);
    assert!(!changed || state.turn > outcome.before.turn, "a change of the holder is a new turn");
    if state.handler != Handler::Bot {
        assert!(state.run.is_none() && state.pending.is_none(), "the bot waits for nothing while others hold the turn");
        assert_ne!(state.status, Status::Resolved);
    }
    assert_eq!(state.resolution.is_some(), state.status == Status::Resolved, "solved and nothing else");
    let searching = state.pending.as_ref().is_some_and(|pending| matches!(pending.kind, PendingKind::Search { .. }));
    assert!(!searching, "no search outlives its transaction");
    if state.run.is_some() {
        assert!(state.pending.is_some(), "a flow that runs waits for something");
    }
    let json = serde_json::to_string(state).expect("a state is JSON");
    assert_eq!(serde_json::from_str::<Conversation>(&json).expect("and back"), *state);
}

/// Every live timer belongs to a live state: it runs while the queue holds the turn that it was set for, and once.
fn timers_belong_to_their_state(outcome: &Outcome) {
    const TIMER: TimerKind = TimerKind::StillWaiting;
    let (before, after) = (&outcome.before, &outcome.after);
    let running = after.timers.get(&TIMER);
    match &after.handler {
        Handler::Queue { since, .. } => {
            let wanted = *since + world::STILL_WAITING;
            assert!(running.is_none_or(|due| *due == wanted), "it is due {running:?}, set at {since:?}");
            assert!(after.handler == before.handler || running.is_some(), "who comes into a queue is not forgotten");
        }
        Handler::Bot | Handler::Agent { .. } => assert_eq!(running, None, "nobody waits any more"),
    }
    let told = |effect: &&Effect| is_log(effect, &Happening::StillWaiting);
    let told = outcome.effects.iter().filter(told).count();
    let EventKind::TimerFired { due, .. } = &outcome.event.kind else {
        assert_eq!(told, 0, "only a timer says so");
        assert!(before.handler != after.handler || running == before.timers.get(&TIMER), "waiting on changes no timer");
        return;
    };
    if before.timers.get(&TIMER) == Some(due) {
        let mut expected = before.clone();
        expected.timers.remove(&TIMER);
        (expected.seq, expected.greeted) = (after.seq, after.greeted);
        assert_eq!(*after, expected, "nothing else changes");
        assert!(matches!(outcome.effects.as_slice(), [Effect::Log(_), Effect::Say { speaker: Speaker::System, .. }]));
        assert_eq!(told, 1);
    } else {
        assert_eq!(before, after, "late or again, it changes nothing");
        assert!(outcome.effects.is_empty(), "{:?}", outcome.effects);
    }
}

fn refusals_change_nothing(outcome: &Outcome) {
    if outcome.effects.iter().any(|effect| matches!(effect, Effect::Refuse(_))) {
        assert_eq!(outcome.before, outcome.after);
        let only = outcome.effects.iter().all(|effect| matches!(effect, Effect::Refuse(_) | Effect::Log(_)));
        assert!(only, "{:?}", outcome.effects);
    }
}

/// A button of an earlier question answers nothing that is asked now, whatever stands on it; that of another flow may ask
/// whether to go there.
fn old_buttons_answer_nothing(outcome: &Outcome) {
    let EventKind::ContactWrote { choice: Some(id), .. } = &outcome.event.kind else { return };
    let (before, after) = (&outcome.before, &outcome.after);
    let Some(pending) = before.pending.as_ref().filter(|pending| pending.kind != PendingKind::Menu) else { return };
    if pending.choices.iter().any(|choice| choice.id == *id) || matches!(after.handler, Handler::Queue { .. }) {
        return;
    }
    assert_eq!((&before.slots, before.misses), (&after.slots, after.misses));
    assert_eq!(before.run, after.run, "no attempt is counted");
    let asked = after.pending.as_ref().map(|pending| &pending.kind);
    let running = before.run.as_ref().map(|run| run.flow.name.as_str());
    let switch = id.0.strip_prefix("0.flow:").filter(|name| *name != "gone" && running.is_some_and(|it| it != *name));
    let offered = matches!((asked, switch), (Some(PendingKind::SwitchFlow { flow }), Some(name)) if flow == name);
    assert!(offered || asked == Some(&pending.kind), "the same is still asked");
    let said = outcome.effects.iter().filter(|effect| matches!(effect, Effect::Say { .. })).count();
    assert_eq!(said, 1, "{:?}", outcome.effects);
    let logged = |effect: &Effect| {
        matches!(effect, Effect::Log(LogEntry { what: Happening::Odd | Happening::AskedBetween { .. }, .. }))
    };
    assert!(outcome.effects.iter().any(logged), "{:?}", outcome.effects);
}

/// Asking which answer is meant, in the middle of a flow, leaves the flow where it is.
fn asking_costs_nothing(outcome: &Outcome) {
    let (before, after) = (&outcome.before, &outcome.after);
    let between = after.pending.as_ref().is_some_and(|pending| matches!(pending.kind, PendingKind::Between { .. }));
    if between && after.run.is_some() {
        assert_eq!((&before.run, &before.slots), (&after.run, &after.slots));
    }
}

/// What was solved is not open again without a word of it.
fn opening_again_is_told(outcome: &Outcome) {
    if outcome.before.status == Status::Resolved && outcome.after.status != Status::Resolved {
        let told = |happening| outcome.effects.iter().any(|effect| is_log(effect, &happening));
        assert!(told(Happening::Reopened) || told(Happening::StartedOver), "{:?}", outcome.effects);
    }
}

fn reasons_are_phrases(outcome: &Outcome) {
    for effect in &outcome.effects {
        if let Effect::Log(entry) = effect {
            assert!(entry.why.chars().count() >= 5 && !entry.why.trim().is_empty(), "{entry:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_history_keeps_the_promises(deeds in prop::collection::vec(deed(), 1..40)) {
        let mut world = World::new();
        for deed in &deeds {
            let Some(outcome) = world.happen(deed) else { continue };
            one_speaker(&outcome);
            nobody_is_ignored(&outcome);
            briefs_are_complete(&outcome);
            state_is_sound(&outcome);
            timers_belong_to_their_state(&outcome);
            refusals_change_nothing(&outcome);
            old_buttons_answer_nothing(&outcome);
            asking_costs_nothing(&outcome);
            opening_again_is_told(&outcome);
            reasons_are_phrases(&outcome);
            if outcome.event.id.is_some() {
                let env = Env { now: world.now, book: &world.book, flows: &world.flows, queues: &world.queues };
                let again = step(&world.state, &outcome.event, &env);
                prop_assert_eq!(&again.state, &world.state);
                prop_assert!(again.effects.is_empty() && again.ask.is_none(), "applying an event twice changes nothing");
            }
        }
    }

    #[test]
    fn no_text_breaks_the_readers(text in "\\PC{0,300}", yaml in "[a-z:{}\\[\\]&*!|>\"'\n -]{0,200}") {
        let _ = flow::parse("a.flow.yaml", &text);
        let _ = flow::parse("a.flow.yaml", &yaml);
        let _ = book::parse("bot.yaml", &yaml);
        let _ = script::parse("a.md", &format!("# T\n```script\n{text}\n{yaml}\n```\n"));
    }
}

#[test]
fn many_messages_leave_a_bounded_state() {
    let mut world = World::new();
    for round in 0..400 {
        for words in ["how do I reset my password?", "my order", "AB-1234", "back", "start over"] {
            world.happen(&Deed::Writes(format!("{words}{}", " ".repeat(round % 3))));
        }
    }
    assert_eq!(world.state.shown.len(), limits::SHOWN_MAX);
    assert_eq!(world.state.applied.len(), limits::APPLIED_MAX);
    assert_eq!(world.state.path.len(), limits::PATH_MAX);
    let size = serde_json::to_string(&world.state).map(|json| json.len()).expect("JSON");
    assert!(size < 100_000, "{size} bytes");
}

#[test]
fn a_long_event_id_is_kept_short_and_still_known() {
    let mut world = World::new();
    let kind = world.event(&Deed::Writes("hi".to_owned())).expect("an event");
    let event = Event { id: Some("x".repeat(10_000)), seq: Seq(1), kind };
    let env = Env { now: world.now, book: &world.book, flows: &world.flows, queues: &world.queues };
    let state = step(&world.state, &event, &env).state;
    let size = |state: &Conversation| serde_json::to_string(state).map(|json| json.len()).expect("JSON");
    assert!(size(&state) < size(&world.state) + 5_000, "{} bytes", size(&state));
    assert!(step(&state, &event, &env).effects.is_empty());
}

#[test]
fn an_article_that_is_not_the_searched_one_is_shown_only_when_asked_for() {
    let mut world = World::new();
    let outcome = world.happen(&Deed::Late(true)).expect("an event");
    assert!(outcome.effects.iter().all(|effect| matches!(effect, Effect::Log(_))), "{:?}", outcome.effects);
    assert!(outcome.effects.iter().any(|effect| is_log(effect, &Happening::Refused { who: "bot".to_owned() })));
    assert_eq!(ArticleId::PREFIX, "art_");
}
