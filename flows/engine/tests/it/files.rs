//! What is wrong with a file is told at once, each mistake with its place and what mends it.

use std::collections::BTreeSet;
use std::time::Duration;

use switchboard_engine::flow::{self, LintContext};
use switchboard_engine::{FlowSet, Problem, TextId, book};

use crate::world;

fn told(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |told, problem| told + &problem.to_string() + "\n")
}

fn flow_problems(source: &str) -> String {
    flow::parse("trouble.flow.yaml", source)
        .map_or_else(|problems| told(&problems), |flow| format!("no mistake in {}", flow.name))
}

#[test]
fn every_mistake_of_a_flow_is_told() {
    let source = r#"flow: truble
titel: Trouble
triggers:
  patterns: ['(']
steps:
  - id: ask
    ask: "What?"
    slot: What
    type: choices
  - id: ask
    say: Hello
    nxt: end
  - id: lights
    ask: {en: "Lights?"}
    slot: lights
    type: choice
    choices: [{value: red, label: Red, next: lihgts}]
    min: 3
  - id: say it
    say: ""
  - sya: Hello
  - id: both
    say: a
    ask: b
  - id: fork
    branch:
      - next: ask
      - when: {slot: a, is: b, below: 3}
        next: nowhere
      - when: {is: b}
        next: ask
  - id: over
    handoff: {team: support, prio: high, priority: hihg}
  - id: number
    ask: Number?
    slot: n
    type: number
    min: nine
    attempts: 0
    skip_if_filled: yes
  - id: fin
    end: {resolv: false}
"#;
    insta::assert_snapshot!(flow_problems(source), @"
    trouble.flow.yaml:1:1: the flow lacks the key `title`
    trouble.flow.yaml:1:7: the flow is called `truble`, but its file `trouble.flow.yaml`
    trouble.flow.yaml:2:1: unknown key `titel` in a flow; did you mean `title`?
    trouble.flow.yaml:4:14: `(` is not a pattern: unclosed group
    trouble.flow.yaml:8:11: `What` is no name for a slot: expected 1 to 80 of a-z, 0-9, `_`
    trouble.flow.yaml:9:11: unknown type `choices`; expected one of `choice`, `text`, `email`, `number`, `yes_no`; did you mean `choice`?
    trouble.flow.yaml:10:5: a second step is called `ask`; the first stands in line 6
    trouble.flow.yaml:12:5: unknown key `nxt` in a step that does `say`; did you mean `next`?
    trouble.flow.yaml:17:14: the question has 1 of 2 to 25 choices
    trouble.flow.yaml:17:46: there is no step `lihgts`; did you mean `lights`?
    trouble.flow.yaml:18:5: `min` means nothing with type `choice`
    trouble.flow.yaml:19:9: `say it` is no name for a step: expected 1 to 80 of a-z, 0-9, `-` and `_`
    trouble.flow.yaml:20:10: say is empty
    trouble.flow.yaml:21:5: the step does nothing: expected one of `say`, `ask`, `branch`, `set`, `answer`, `handoff`, `end`; did you mean `say`?
    trouble.flow.yaml:22:5: the step does several things at once: `say`, `ask`; split it
    trouble.flow.yaml:27:9: a case without `when` always holds: it must be the last one
    trouble.flow.yaml:28:15: a condition on a slot has exactly one of `is`, `in`, `filled`, `at_least`, `below`
    trouble.flow.yaml:29:15: there is no step `nowhere`
    trouble.flow.yaml:30:15: a condition has exactly one of `slot`, `all`, `any`, `not`
    trouble.flow.yaml:33:30: unknown key `prio` in a handoff; did you mean `priority`?
    trouble.flow.yaml:33:52: unknown priority `hihg`; expected one of `low`, `normal`, `high`, `urgent`; did you mean `high`?
    trouble.flow.yaml:38:10: min: expected a number, found a text
    trouble.flow.yaml:39:15: attempts is 0; expected 1 to 20
    trouble.flow.yaml:40:21: skip_if_filled: expected `true` or `false`, found a text
    trouble.flow.yaml:42:11: `resolv` is neither `resolve` nor a language tag; did you mean `resolve`?
    ");
}

#[test]
fn what_hides_meaning_is_refused() {
    for (source, expected) in [
        ("flow: &a trouble\ntitle: *a\n", "anchor"),
        ("flow: trouble\ntitle: !text Trouble\n", "tag"),
        ("flow: trouble\ntitle: !!str Trouble\n", "tag"),
        ("flow: trouble\nflow: trouble\n", "duplicated key"),
        ("flow: trouble\n---\nflow: trouble\n", "second document"),
        ("", "empty"),
        ("- a\n", "a flow: expected a mapping"),
        ("flow: [\n", "not YAML"),
        ("flow: *a\n", "not YAML"),
        ("steps: [&x {id: a}, *x]\n", "anchor"),
    ] {
        let told = flow_problems(source);
        assert!(told.contains(expected), "{source:?} told: {told}");
    }
    let text = "flow: trouble\ntitle: Trouble\nsteps:\n  - id: a\n    say: |\n      **Bold** & more\n  - id: b\n    say: '*a & !b'\n";
    assert_eq!(flow_problems(text), "no mistake in trouble");
}

#[test]
fn hostile_sizes_are_refused_quickly() {
    let huge = format!("flow: trouble\ntitle: {}\n", "a".repeat(300_000));
    assert!(flow_problems(&huge).contains("bytes"));
    let nested = format!("flow: {}", "[".repeat(100_000));
    assert!(flow_problems(&nested).contains("not YAML"));
    let nested = "- ".repeat(100_000);
    assert!(flow_problems(&nested).contains("nested deeper"));
    let steps = "  - {id: a, say: a}\n".repeat(600);
    assert!(flow_problems(&format!("flow: trouble\ntitle: T\nsteps:\n{steps}")).contains("600 steps"));
    let choices = "{value: a, label: a},".repeat(26);
    let source =
        format!("flow: trouble\ntitle: T\nsteps: [{{id: a, ask: a, slot: a, type: choice, choices: [{choices}]}}]");
    assert!(flow_problems(&source).contains("26 of 2 to 25 choices"));
}

#[test]
fn lint_finds_what_is_surely_not_meant() {
    let source = r"flow: trouble
title: {en: Trouble, de: Ärger}
triggers:
  examples: {en: [My internet is down!]}
steps:
  - id: hello
    say: {en: 'Hello {{name}}, {{nick|you}}'}
    next: round
  - id: lost
    say: {en: Nobody hears this, de: Niemand}
  - id: round
    set: {a: {en: b, de: b}}
  - id: again
    branch:
      - when: {slot: a, is: b}
        next: round
      - when: {slot: z, is: b}
        next: show
  - id: show
    answer: restart-ruter
  - id: fin
    end: {de: Ende}
  - id: after
    say: Nobody hears this either
";
    let flow = flow::parse("trouble.flow.yaml", source).unwrap_or_else(|problems| panic!("{}", told(&problems)));
    let articles = BTreeSet::from(["restart-router".to_owned()]);
    let (flows, book) = (world::flows(), world::book());
    let context = LintContext { flows: &flows, articles: &articles, book: &book };
    insta::assert_snapshot!(told(&flow::lint(&flow, &context)), @"
    trouble.flow.yaml:4:3: the example `My internet is down!` stands in the flow `internet` too
    trouble.flow.yaml:6:5: warning: the step `hello` lacks a text in `de`; contacts read it in `en`
    trouble.flow.yaml:6:5: warning: `{{name}}` is used before any step can have filled it; give it words: `{{name|…}}`
    trouble.flow.yaml:9:5: nothing leads to the step `lost`
    trouble.flow.yaml:11:5: the steps from `round` on go round in a circle that never asks anything
    trouble.flow.yaml:13:5: warning: the slot `z` is tested before any step can have filled it
    trouble.flow.yaml:20:13: there is no article `restart-ruter`; did you mean `restart-router`?
    trouble.flow.yaml:21:5: the step `fin` lacks a text in the default language `en`
    trouble.flow.yaml:23:5: nothing leads to the step `after`
    ");
}

#[test]
fn a_test_that_can_never_hold_is_an_error() {
    let source = r#"flow: trouble
title: {en: Trouble, de: Ärger}
triggers: {patterns: [trouble]}
steps:
  - id: wet
    ask: {en: Is it wet?, de: Nass?}
    slot: wet
    type: yes_no
  - id: colour
    ask: {en: Which colour?, de: Welche?}
    slot: colour
    type: choice
    choices: [{value: dark_red, label: {en: Red, de: Rot}}, {value: blue, label: {en: Blue, de: Blau}}]
  - id: why
    ask: {en: Why?, de: Warum?}
    slot: why
    type: text
  - id: fix
    set: {fixed: {en: done, de: fertig}, open: "{{why}}", lights: green}
  - id: fork
    branch:
      - when: {slot: wet, is: true}
        next: wet
      - when: {slot: wet, is: Yes}
        next: wet
      - when: {slot: wet, is: yes}
        next: wet
      - when: {slot: wet, in: [yes, FALSE, maybe]}
        next: wet
      - when:
          any:
            - slot: colour
              is: dark_rde
            - not: {slot: colour, in: [green, blue]}
        next: wet
      - when: {all: [{slot: why, is: anything}, {slot: open, is: anything}, {slot: order_number, is: x}]}
        next: wet
      - when: {all: [{slot: fixed, is: done}, {slot: fixed, is: fertig}, {slot: fixed, is: doen}]}
        next: wet
      - when: {any: [{slot: colour, filled: true}, {slot: colour, at_least: 1}, {slot: lights, in: [red, green, rde]}]}
        next: wet
      - when: {slot: plug, is: on}
        next: wet
"#;
    let flow = flow::parse("trouble.flow.yaml", source).unwrap_or_else(|problems| panic!("{}", told(&problems)));
    let (mut flows, articles, book) = (world::flows(), BTreeSet::new(), world::book());
    let errors = |flows: &FlowSet| {
        let problems = flow::lint(&flow, &LintContext { flows, articles: &articles, book: &book });
        told(&problems.into_iter().filter(|problem| problem.severity == flow::Severity::Error).collect::<Vec<_>>())
    };
    // What the flow itself was before doesn't count.
    let free = |name: &str| {
        let source = format!("flow: {name}\ntitle: T\nsteps: [{{id: a, ask: Wet?, slot: wet, type: text}}]\n");
        flow::parse(name, &source).unwrap_or_else(|problems| panic!("{}", told(&problems)))
    };
    flows.insert(1, free("trouble"), true);
    insta::assert_snapshot!(errors(&flows), @r#"
    trouble.flow.yaml:22:31: the slot `wet` is never `true`; expected one of `no`, `yes`; write `is: "yes"`
    trouble.flow.yaml:24:31: the slot `wet` is never `Yes`; expected one of `no`, `yes`; write `is: "yes"`
    trouble.flow.yaml:28:31: the slot `wet` is never `false`; expected one of `no`, `yes`; write `"no"` in the list
    trouble.flow.yaml:28:31: the slot `wet` is never `maybe`; expected one of `no`, `yes`
    trouble.flow.yaml:33:19: the slot `colour` is never `dark_rde`; expected one of `blue`, `dark_red`; did you mean `dark_red`?
    trouble.flow.yaml:34:39: the slot `colour` is never `green`; expected one of `blue`, `dark_red`
    trouble.flow.yaml:38:92: the slot `fixed` is never `doen`; expected one of `done`, `fertig`; did you mean `done`?
    trouble.flow.yaml:40:100: the slot `lights` is never `rde`; expected one of `all_off`, `green`, `normal`, `red`; did you mean `red`?
    trouble.flow.yaml:42:32: the slot `plug` is never `on`; expected one of `no`, `yes`; write `is: "yes"`
    "#);

    // Another flow that takes any words for the slot does.
    flows.insert(1, free("free"), true);
    assert!(!errors(&flows).contains("the slot `wet`"), "{}", errors(&flows));
}

#[test]
fn a_flow_that_nothing_begins_is_warned_of() {
    let source = "flow: trouble\ntitle: T\nsteps:\n  - id: a\n    end: true\n";
    let flow = flow::parse("trouble.flow.yaml", source).unwrap_or_else(|problems| panic!("{}", told(&problems)));
    let (flows, articles, book) = (FlowSet::new(), BTreeSet::new(), world::book());
    let problems = flow::lint(&flow, &LintContext { flows: &flows, articles: &articles, book: &book });
    assert!(told(&problems).contains("nothing begins this flow"), "{}", told(&problems));
}

#[test]
fn every_mistake_of_a_bot_book_is_told() {
    let good = include_str!("fixtures/bot.yaml");
    let bad = good
        .replace("  greeting_again: Hello again! What can I do?\n", "")
        .replace("  yes: {en: \"Yes\", de: Ja}", "  yes: {de: Ja}")
        .replace("menu_prompt:", "menu_promt:")
        .replace("team: support", "team: Support Team")
        .replace("still_waiting_after: 7", "still_waiting_after: 20000")
        .replace("{{agent}} has joined", "{{agnet|Somebody}} has joined")
        .replace("Hallo, ich bin {{bot}}", "Hallo, ich bin {{agent}}")
        .replace("phrases: [mensch, mitarbeiter]", "phrase: [mensch]")
        .replace(r"'\bfraud\w*'", "'[a'");
    let problems = book::parse("bot.yaml", &bad).expect_err("many mistakes");
    insta::assert_snapshot!(told(&problems), @"
    bot.yaml:4:7: `Support Team` is no name for a team: expected 1 to 80 of a-z, 0-9, `-` and `_`
    bot.yaml:6:22: still_waiting_after is 20000; expected 0 to 10080
    bot.yaml:8:3: nothing fills `{{agent}}` in the text `greeting`; it may hold `bot`, `contact.name`, `contact.email`
    bot.yaml:8:3: the text `greeting_again` is missing in the default language `en`
    bot.yaml:8:3: the text `menu_prompt` is missing in the default language `en`
    bot.yaml:9:3: unknown key `menu_promt` in texts; did you mean `menu_prompt`?
    bot.yaml:33:3: nothing fills `{{agnet}}` in the text `joined`; did you mean `agent`?
    bot.yaml:58:3: the text `yes` is missing in the default language `en`
    bot.yaml:64:10: unknown key `phrase` in the words; did you mean `phrases`?
    bot.yaml:72:57: `[a` is not a pattern: unclosed character class
    ");
}

#[test]
fn the_time_until_who_waits_hears_of_it_is_the_books_or_ten_minutes_or_never() {
    let good = include_str!("fixtures/bot.yaml");
    let after = |line: &str| {
        let source = good.replace("still_waiting_after: 7\n", line);
        book::parse("bot.yaml", &source).expect("a bot book").still_waiting_after
    };
    assert_eq!(after("still_waiting_after: 7\n"), Some(Duration::from_mins(7)));
    assert_eq!(after(""), Some(Duration::from_mins(10)));
    assert_eq!(after("still_waiting_after: 0\n"), None);
}

#[test]
fn a_bot_book_needs_every_text() {
    for id in TextId::ALL {
        let name = id.as_str();
        let source: String = include_str!("fixtures/bot.yaml")
            .lines()
            .filter(|line| !line.starts_with(&format!("  {name}: ")) || line.contains("phrases"))
            .fold(String::new(), |source, line| source + line + "\n");
        let problems = book::parse("bot.yaml", &source).expect_err(name);
        assert!(
            told(&problems).contains(&format!("the text `{name}` is missing in the default language `en`")),
            "{name}"
        );
    }
}

#[test]
fn words_mean_what_the_book_says_in_any_language() {
    use switchboard_engine::book::Meaning;
    let book = world::book();
    for (words, meaning, heard) in [
        ("HUMAN!!", Meaning::Human, true),
        ("I want a human now", Meaning::Human, true),
        ("humanity", Meaning::Human, false),
        ("can I talk to a person?", Meaning::Human, true),
        ("Mitarbeiter bitte", Meaning::Human, true),
        ("back", Meaning::Back, true),
        ("my back hurts", Meaning::Back, false),
        ("yes?", Meaning::Yes, true),
        ("Ja.", Meaning::Yes, true),
        ("what is this", Meaning::Question, true),
        ("really?", Meaning::Question, true),
        ("", Meaning::Question, false),
    ] {
        assert_eq!(book.hears(meaning, words, "en").is_some(), heard, "{words:?} as {meaning:?}");
    }
    assert_eq!(book.language_for("de-AT"), "de");
    assert_eq!(book.language_for("DE"), "de");
    assert_eq!(book.language_for("fr"), "en");
}
