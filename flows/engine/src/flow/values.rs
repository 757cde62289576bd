//! What a slot can hold, and the tests of it that can never hold.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Action, Condition, Flow, Step, Test, ValueType};
use crate::problem::{Place, did_you_mean};
use crate::template;
use crate::text::LocalText;
use crate::yaml::list;

/// The values of each slot that is filled by options and fixed texts only; none for a slot that can hold anything. Slots
/// outlive their flow, so every flow that fills one counts.
type Values<'a> = BTreeMap<&'a str, Option<BTreeSet<&'a str>>>;

/// What is wrong with the tests of a flow, each with its place. `others` are the flows beside it.
pub(super) fn impossible_tests<'a>(flow: &'a Flow, others: impl Iterator<Item = &'a Flow>) -> Vec<(Place, String)> {
    let mut values = Values::new();
    for (slot, filled) in others.chain([flow]).flat_map(|flow| &flow.steps).flat_map(filled_with) {
        let known = values.entry(slot).or_insert_with(|| Some(BTreeSet::new()));
        *known = known.take().zip(filled).map(|(known, filled)| known.into_iter().chain(filled).collect());
    }
    let mut wrong = Vec::new();
    for (slot, test, at) in flow.steps.iter().flat_map(tests) {
        let Some(Some(values)) = values.get(slot) else { continue };
        let (key, wanted) = match test {
            Test::Is(wanted) => ("is", std::slice::from_ref(wanted)),
            Test::In(wanted) => ("in", wanted.as_slice()),
            Test::Filled(_) | Test::AtLeast(_) | Test::Below(_) => continue,
        };
        let strange = wanted.iter().filter(|value| !values.contains(value.as_str()));
        wrong.extend(strange.map(|value| (at, message(slot, key, value, values))));
    }
    wrong
}

fn message(slot: &str, key: &str, value: &str, values: &BTreeSet<&str>) -> String {
    let all: Vec<&str> = values.iter().copied().collect();
    let mend = match yes_or_no(value).filter(|word| values.contains(word)) {
        Some(word) if key == "is" => format!("; write `is: \"{word}\"`"),
        Some(word) => format!("; write `\"{word}\"` in the list"),
        None => did_you_mean(value, all.iter().copied()),
    };
    format!("the slot `{slot}` is never `{value}`; expected one of {}{mend}", list(&all))
}

/// What an author means who writes one of YAML's words for true and false.
fn yes_or_no(value: &str) -> Option<&'static str> {
    match value.to_lowercase().as_str() {
        "true" | "yes" | "y" | "on" => Some("yes"),
        "false" | "no" | "n" | "off" => Some("no"),
        _ => None,
    }
}

/// The slots that a step fills, each with all values it can give; none when it can give any.
fn filled_with(step: &Step) -> Vec<(&str, Option<Vec<&str>>)> {
    match &step.action {
        Action::Ask(question) => {
            let values = match &question.value {
                ValueType::Choice(choices) => Some(choices.iter().map(|choice| choice.value.as_str()).collect()),
                ValueType::YesNo => Some(vec!["yes", "no"]),
                ValueType::Text { .. } | ValueType::Email | ValueType::Number { .. } => None,
            };
            vec![(question.slot.as_str(), values)]
        }
        Action::Set(slots) => slots.iter().map(|(slot, text)| (slot.as_str(), fixed(text))).collect(),
        Action::Say(_) | Action::Branch(_) | Action::Answer(_) | Action::Handoff(_) | Action::End { .. } => Vec::new(),
    }
}

/// The texts themselves, when they hold no placeholders.
fn fixed(text: &LocalText) -> Option<Vec<&str>> {
    let texts: Vec<&str> = text.all().map(|(_, text)| text).collect();
    texts.iter().all(|text| template::placeholders(text).is_empty()).then_some(texts)
}

/// Every test of a slot in a step.
pub(super) fn tests(step: &Step) -> Vec<(&str, &Test, Place)> {
    let Action::Branch(cases) = &step.action else { return Vec::new() };
    let mut open: Vec<&Condition> = cases.iter().filter_map(|case| case.when.as_ref()).collect();
    let mut tests = Vec::new();
    while let Some(condition) = open.pop() {
        match condition {
            Condition::Slot { slot, test, at } => tests.push((slot.as_str(), test, *at)),
            Condition::All(inner) | Condition::Any(inner) => open.extend(inner),
            Condition::Not(inner) => open.push(inner),
        }
    }
    tests
}
