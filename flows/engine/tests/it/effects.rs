//! Effects that no transcript shows: ratings, votes, notices, the turn of each word.

use std::collections::BTreeMap;

use switchboard_contract::{AgentId, ChoiceId, Content, ConversationId, Seq, Timestamp};
use switchboard_engine::{
    AgentAct, AgentRef, Ask, ContactFacts, Conversation, Effect, Env, Event, EventKind, Found, Handler, Happening,
    LogEntry, Notice, PendingKind, Refusal, Speaker, TimerKind, Verdict, step,
};

use crate::world;

const NOW: Timestamp = Timestamp::from_millis(1_772_442_000_000);

fn ana() -> AgentRef {
    AgentRef { id: AgentId::from_parts(NOW, 1), name: "Ana".to_owned() }
}

/// The state and the effects after these events.
fn play(events: Vec<EventKind>) -> (Conversation, Vec<Effect>) {
    let (book, flows) = (world::book(), world::flows());
    let queues = BTreeMap::new();
    let env = Env { now: NOW, book: &book, flows: &flows, queues: &queues };
    let mut state = Conversation::new(ConversationId::from_parts(NOW, 1), NOW, "en");
    let mut effects = Vec::new();
    for (kind, seq) in events.into_iter().zip(1..) {
        let transition = step(&state, &Event { id: None, seq: Seq(seq), kind }, &env);
        assert_eq!(transition.ask, None, "these stories need no search");
        state = transition.state;
        effects = transition.effects;
    }
    (state, effects)
}

fn wrote(text: &str) -> EventKind {
    pressed(text, None)
}

fn pressed(text: &str, choice: Option<&str>) -> EventKind {
    EventKind::ContactWrote {
        content: Content::plain(text),
        choice: choice.map(|id| ChoiceId(id.to_owned())),
        contact: ContactFacts::default(),
        language: None,
    }
}

fn acts(act: AgentAct) -> EventKind {
    EventKind::Agent { agent: ana(), act }
}

fn claim() -> EventKind {
    acts(AgentAct::Claim { from_colleague: false })
}

#[test]
fn a_rating_counts_at_once_and_again_with_its_comment() {
    let resolved = || vec![wrote("human"), claim(), acts(AgentAct::Resolve), pressed("Good", Some("1.4"))];
    let (state, effects) = play(resolved());
    assert!(effects.contains(&Effect::Rated { score: 4, comment: None }), "{effects:?}");
    assert_eq!(state.resolution.and_then(|resolution| resolution.score), Some(4));

    let mut with_comment = resolved();
    with_comment.push(wrote("quick!"));
    let (_, effects) = play(with_comment);
    assert!(effects.contains(&Effect::Rated { score: 4, comment: Some("quick!".to_owned()) }), "{effects:?}");
}

#[test]
fn what_is_open_again_is_not_solved() {
    let solved = || vec![wrote("no wifi"), wrote("human"), claim(), acts(AgentAct::Resolve)];
    let (state, _) = play(solved());
    let team = Some("support".to_owned());
    assert_eq!(state.resolution.and_then(|resolution| resolution.team), team);
    let anew = || EventKind::ContactStartedAnew { contact: ContactFacts::default(), language: None };
    for (opens, holder) in [
        (wrote("It is broken again."), Handler::Queue { team: "support".to_owned(), since: NOW }),
        (wrote("human"), Handler::Queue { team: "support".to_owned(), since: NOW }),
        (acts(AgentAct::Reopen), Handler::Agent { agent: ana(), team }),
        (wrote("start over"), Handler::Bot),
        (pressed("Start anew", Some("0.menu:anew")), Handler::Bot),
        (anew(), Handler::Bot),
    ] {
        let (state, _) = play([solved(), vec![opens.clone()]].concat());
        assert_eq!((state.handler, state.resolution), (holder, None), "{opens:?}");
    }
    for stays in [wrote("thanks"), pressed("Good", Some("1.4")), acts(AgentAct::Note { text: "Done.".to_owned() })] {
        let (state, _) = play([solved(), vec![stays.clone()]].concat());
        assert!(state.resolution.is_some(), "{stays:?}");
    }
}

#[test]
fn opened_again_for_a_person_the_timeline_tells_it_before_the_handoff() {
    for words in ["human", "my lawyer"] {
        let billing = AgentAct::TransferToTeam { team: "billing".to_owned(), note: None };
        let (_, effects) = play(vec![wrote("human"), acts(billing), acts(AgentAct::Resolve), wrote(words)]);
        let place = |wanted: &Happening| {
            effects.iter().position(|effect| matches!(effect, Effect::Log(entry) if entry.what == *wanted))
        };
        let (reopened, handed_off) = (Happening::Reopened, Happening::HandedOff { team: "billing".to_owned() });
        assert!(place(&reopened).is_some() && place(&reopened) < place(&handed_off), "{words}: {effects:?}");
        let waiting = Effect::Notify(Notice::Waiting { team: "billing".to_owned(), since: NOW });
        assert!(effects.contains(&waiting), "{effects:?}");
    }
}

#[test]
fn asking_which_answer_is_meant_in_a_flow_explains_itself() {
    let (book, flows) = (world::book(), world::flows());
    let queues = BTreeMap::new();
    let env = Env { now: NOW, book: &book, flows: &flows, queues: &queues };
    let after = |state: &Conversation, kind| step(state, &Event { id: None, seq: Seq(1), kind }, &env);
    let found = |verdict| EventKind::Found(Found { verdict, why: "Two are near.".to_owned() });
    let told = |effects: &[Effect], what: Happening, why: &str| {
        let entry = Effect::Log(LogEntry { what, why: why.to_owned() });
        assert!(effects.contains(&entry), "{effects:?}");
    };
    let (asking, _) = play(vec![wrote("no wifi")]);
    let searching = after(&asking, wrote("bill?")).state;
    let hits = vec![world::hit("find-invoice"), world::hit("restart-router")];
    let between = after(&searching, found(Verdict::Between(hits)));
    let titles = vec!["Find your invoice".to_owned(), "Restart your router".to_owned()];
    let why = "The words “bill?” look like a question in between. Two are near.";
    told(&between.effects, Happening::AskedBetween { titles }, why);
    assert_eq!(between.state.run, asking.run);

    let picked = after(&between.state, pressed("Find your invoice", Some("2.article:find-invoice")));
    let slug = "find-invoice".to_owned();
    assert_eq!(picked.ask, Some(Ask::Article { slug, language: "en".to_owned() }));
    let shown = after(&picked.state, found(Verdict::Sure(world::hit("find-invoice"))));
    let answered = |effect: &Effect| {
        matches!(effect, Effect::Log(LogEntry { what: Happening::Answered { title, .. }, why })
            if title == "Find your invoice" && why == "The contact picked it between several. Two are near.")
    };
    assert!(shown.effects.iter().any(answered), "{:?}", shown.effects);
    assert_eq!(shown.state.run, asking.run);

    let gone = after(&picked.state, found(Verdict::Nothing));
    let why = "“bill?” is no answer to `lights`. The article that was picked is no longer there.";
    told(&gone.effects, Happening::NotUnderstood, why);
    assert_eq!(gone.state.run.map(|run| run.attempts), Some(1));

    let none = after(&between.state, pressed("None of these", Some("2.none")));
    let why = "“bill?” is no answer to `lights`. The contact picked none of the answers that were offered.";
    told(&none.effects, Happening::NotUnderstood, why);
    assert_eq!(none.state.run.map(|run| run.attempts), Some(1));
}

#[test]
fn beginning_anew_tells_why_nothing_is_said() {
    let anew = || EventKind::ContactStartedAnew { contact: ContactFacts::default(), language: None };
    for (events, why) in [
        (vec![wrote("human"), anew()], "The contact asked to begin anew; the conversation waits for a person."),
        (vec![wrote("human"), claim(), anew()], "The contact asked to begin anew; a person holds the conversation."),
    ] {
        let (before, _) = play(events[..events.len() - 1].to_vec());
        let (mut state, effects) = play(events);
        assert_eq!(effects, [Effect::Log(LogEntry { what: Happening::Silent, why: why.to_owned() })]);
        state.seq = before.seq;
        assert_eq!(state, before);
    }
}

#[test]
fn a_newer_conversation_is_named_by_its_number() {
    let refusal = Refusal::Superseded { number: 17 };
    assert_eq!(refusal.to_string(), "the contact has begun a newer conversation, #17; go on there");
    assert_eq!(refusal.code(), "superseded");
    let json = serde_json::to_value(refusal).expect("JSON");
    assert_eq!(json, serde_json::json!({"code": "superseded", "number": 17}));
}

#[test]
fn a_question_asked_again_keeps_the_ids_of_its_options() {
    let again = vec![wrote("no wifi"), pressed("Old", Some("0.old"))];
    let (state, _) = play(again.clone());
    assert_eq!(state.questions_asked, 1);
    let (state, _) = play([again, vec![pressed("All off", Some("1.all_off"))]].concat());
    assert_eq!(state.slots.get("lights").map(String::as_str), Some("all_off"));
    assert_eq!(state.questions_asked, 2, "another question has other ids");
}

#[test]
fn an_old_option_offers_no_flow_that_is_gone() {
    for (option, offered) in [("0.flow:order", true), ("0.flow:internet", false), ("0.flow:gone", false)] {
        let (state, _) = play(vec![wrote("no wifi"), pressed("A subject", Some(option))]);
        let asked = state.pending.map(|pending| pending.kind);
        assert_eq!(asked != Some(PendingKind::FlowAnswer), offered, "{option}: {asked:?}");
        assert_eq!(state.run.map(|run| (run.step, run.attempts)), Some(("lights".to_owned(), 0)), "{option}");
    }
}

#[test]
fn agents_hear_of_who_waits_and_who_writes() {
    let (_, effects) = play(vec![wrote("human")]);
    assert!(effects.contains(&Effect::Notify(Notice::Waiting { team: "support".to_owned(), since: NOW })));

    let (_, effects) = play(vec![wrote("human"), claim(), wrote("hello")]);
    assert_eq!(effects, [Effect::Notify(Notice::ContactWrote { agent: ana() })]);

    let ben = AgentRef { id: AgentId::from_parts(NOW, 2), name: "Ben".to_owned() };
    let note = Some("knows routers".to_owned());
    let (state, effects) = play(vec![wrote("human"), acts(AgentAct::TransferToAgent { to: ben.clone(), note })]);
    assert!(effects.contains(&Effect::Notify(Notice::Assigned { agent: ben.clone() })));
    assert!(effects.contains(&Effect::Note { agent: ana(), text: "knows routers".to_owned() }));
    assert_eq!(state.handler, Handler::Agent { agent: ben, team: Some("support".to_owned()) });
}

#[test]
fn every_word_carries_the_turn_it_was_said_in() {
    let (state, effects) = play(vec![wrote("human"), claim()]);
    let turns: Vec<u64> = effects
        .iter()
        .filter_map(|effect| if let Effect::Say { turn, .. } = effect { Some(*turn) } else { None })
        .collect();
    assert_eq!((state.turn, turns), (2, vec![2]));
}

#[test]
fn a_reply_needs_words_the_turn_and_open_eyes() {
    let reply = |text: &str, seen, anyway| {
        let content = Content::plain(text);
        acts(AgentAct::Reply { content, seen: Seq(seen), anyway, last_foreign: Seq(2) })
    };
    for (event, refused) in [
        (reply("hello", 2, false), None),
        (reply("hello", 1, true), None),
        (reply("hello", 1, false), Some("newer_messages")),
        (reply("  ", 2, false), Some("bad_content")),
        (reply(&"x".repeat(10_001), 2, false), Some("bad_content")),
    ] {
        let (_, effects) = play(vec![wrote("human"), claim(), event]);
        let code =
            effects.iter().find_map(|effect| if let Effect::Refuse(why) = effect { Some(why.code()) } else { None });
        assert_eq!(code, refused);
        let said = effects.iter().any(|effect| matches!(effect, Effect::Say { speaker: Speaker::Agent { .. }, .. }));
        assert_eq!(said, refused.is_none());
    }
    let (_, effects) = play(vec![wrote("human"), reply("hello", 2, false)]);
    let holder = "the queue of the team support".to_owned();
    assert!(effects.contains(&Effect::Refuse(Refusal::NotYourTurn { holder })), "{effects:?}");
}

#[test]
fn who_waits_is_told_their_place_or_that_nobody_knows_it() {
    let due = NOW + world::STILL_WAITING;
    for (ahead, said) in [
        (Some(0), "Still waiting, number 1."),
        (Some(41), "Still waiting, number 42."),
        (None, "Still waiting, number ?."),
    ] {
        let (state, effects) =
            play(vec![wrote("human"), EventKind::TimerFired { timer: TimerKind::StillWaiting, due, ahead }]);
        let [
            Effect::Log(LogEntry { what: Happening::StillWaiting, .. }),
            Effect::Say { speaker: Speaker::System, content, turn },
        ] = effects.as_slice()
        else {
            panic!("{effects:?}")
        };
        assert_eq!((content.text.replace('\\', "").as_str(), *turn), (said, state.turn));
        assert!(state.timers.is_empty() && matches!(state.handler, Handler::Queue { .. }), "{state:?}");
    }
}

#[test]
fn a_state_that_was_kept_before_there_were_timers_can_be_read() {
    let state = Conversation::new(ConversationId::from_parts(NOW, 1), NOW, "en");
    let json = serde_json::to_value(&state).expect("JSON");
    assert!(json.get("timers").is_none(), "a state without timers says nothing of them: {json}");
    assert_eq!(serde_json::from_value::<Conversation>(json).expect("reads"), state);
}
