//! Reads a flow file.

use std::collections::BTreeMap;

use super::model::{
    Action, Answer, Case, Choice, Condition, Flow, Handoff, Jump, Question, Step, Test, Triggers, ValueType,
};
use crate::conversation::Priority;
use crate::limits;
use crate::problem::{Place, Problem, did_you_mean};
use crate::text::Pattern;
use crate::yaml::{self, Map, Node, Reader, list, place};

/// What a step can do, by the key that says so.
const ACTIONS: [&str; 7] = ["say", "ask", "branch", "set", "answer", "handoff", "end"];
const QUESTION_KEYS: [&str; 11] =
    ["slot", "type", "choices", "retry", "attempts", "otherwise", "min", "max", "pattern", "skip_if_filled", "next"];
const TYPES: [&str; 5] = ["choice", "text", "email", "number", "yes_no"];
const TESTS: [&str; 5] = ["is", "in", "filled", "at_least", "below"];

/// Reads a flow file. `name` is the file's name or path: its last part without `.flow.yaml` is the flow's name.
///
/// # Errors
/// Everything that is wrong with the file, in its order, each with its place and what was expected there.
pub fn parse(name: &str, source: &str) -> Result<Flow, Vec<Problem>> {
    let root = yaml::load(name, source)?;
    let mut reader = Reader::new(name);
    let flow = read_flow(&mut reader, name, &root);
    reader.finish(flow)
}

fn read_flow(reader: &mut Reader<'_>, file: &str, root: Node<'_>) -> Option<Flow> {
    let map = reader.map(root, "a flow", &["flow", "title", "triggers", "steps"])?;
    let name = reader.required(&map, "flow", "the flow").and_then(|node| {
        let name = reader.slug(node, "a flow", "-")?;
        let stem = file.rsplit(['/', '\\']).next().unwrap_or(file);
        let stem = stem.strip_suffix(".flow.yaml").unwrap_or(stem);
        if name != stem {
            reader.error(place(node), format!("the flow is called `{name}`, but its file `{stem}.flow.yaml`"));
        }
        Some(name)
    });
    let title_node = reader.required(&map, "title", "the flow");
    let title = title_node.and_then(|node| reader.local_text(node, "the title"));
    let triggers = map.get("triggers").map(|node| read_triggers(reader, node)).unwrap_or_default();
    let steps = reader.required(&map, "steps", "the flow").map(|node| read_steps(reader, node)).unwrap_or_default();
    check_targets(reader, &steps);
    Some(Flow { name: name?, file: file.to_owned(), title: title?, title_at: title_node.map(place)?, triggers, steps })
}

fn read_triggers(reader: &mut Reader<'_>, node: Node<'_>) -> Triggers {
    let Some(map) = reader.map(node, "triggers", &["examples", "patterns"]) else { return Triggers::default() };
    let examples = map.get("examples").map(|node| reader.local_lists(node, "examples")).unwrap_or_default();
    let patterns = map.get("patterns").and_then(|node| reader.list(node, "patterns")).unwrap_or_default();
    let patterns = patterns.iter().filter_map(|node| reader.pattern(node, Pattern::anywhere)).collect();
    Triggers { examples, patterns, at: Some(map.at) }
}

fn read_steps(reader: &mut Reader<'_>, node: Node<'_>) -> Vec<Step> {
    let Some(nodes) = reader.list(node, "steps") else { return Vec::new() };
    if nodes.is_empty() || nodes.len() > limits::FLOW_STEPS_MAX {
        let message = format!("the flow has {} steps; expected 1 to {}", nodes.len(), limits::FLOW_STEPS_MAX);
        reader.error(place(node), message);
    }
    nodes.iter().take(limits::FLOW_STEPS_MAX).filter_map(|node| read_step(reader, node)).collect()
}

fn read_step(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Step> {
    let map = reader.open_map(node, "a step")?;
    let actions: Vec<&str> = ACTIONS.into_iter().filter(|action| map.get(action).is_some()).collect();
    let action = match actions.as_slice() {
        [only] => *only,
        // A handoff may say something first, in its own key.
        ["say", "handoff"] => "handoff",
        [] => {
            let near = map.iter().find_map(|entry| crate::problem::nearest(&entry.key, ACTIONS));
            let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            reader.error(map.at, format!("the step does nothing: expected one of {}{hint}", list(&ACTIONS)));
            return None;
        }
        several => {
            reader.error(map.at, format!("the step does several things at once: {}; split it", list(several)));
            return None;
        }
    };
    let rest: &[&str] = match action {
        "ask" => &QUESTION_KEYS,
        "answer" => &["if_helped", "if_not", "next"],
        "handoff" => &["say"],
        "say" | "set" => &["next"],
        _ => &[],
    };
    let keys: Vec<&str> = ["id", action].iter().chain(rest).copied().collect();
    reader.map(node, &format!("a step that does `{action}`"), &keys);
    let id = reader.required(&map, "id", "the step").and_then(|node| reader.slug(node, "a step", "-_"));
    let value = map.get(action)?;
    let action = match action {
        "say" => reader.local_text(value, "say").map(Action::Say),
        "ask" => read_question(reader, &map, value).map(|question| Action::Ask(Box::new(question))),
        "branch" => read_cases(reader, value).map(Action::Branch),
        "set" => read_set(reader, value).map(Action::Set),
        "answer" => read_answer(reader, &map, value).map(Action::Answer),
        "handoff" => read_handoff(reader, &map, value).map(|handoff| Action::Handoff(Box::new(handoff))),
        _ => read_end(reader, value),
    };
    let next = read_jump(reader, &map, "next");
    // A step that is wrong inside still counts as a target, so that one mistake isn't told twice.
    let broken = Action::End { text: None, resolve: false };
    Some(Step { id: id?, action: action.unwrap_or(broken), next, at: map.at })
}

fn read_jump(reader: &mut Reader<'_>, map: &Map<'_>, key: &str) -> Option<Jump> {
    let node = map.get(key)?;
    reader.slug(node, "a step", "-_").map(|step| Jump { step, at: place(node) })
}

fn read_question(reader: &mut Reader<'_>, map: &Map<'_>, text: Node<'_>) -> Option<Question> {
    let text = reader.local_text(text, "ask");
    let slot = reader.required(map, "slot", "the question").and_then(|node| reader.slug(node, "a slot", "_"));
    let value = read_type(reader, map);
    let retry = map.get("retry").and_then(|node| reader.local_text(node, "retry"));
    let attempts = map.get("attempts").and_then(|node| reader.count(node, "attempts", 1, 20));
    let otherwise = map.get("otherwise").and_then(|node| {
        // `handoff` is what happens anyway; it may be said.
        let step = reader.slug(node, "a step", "-_")?;
        (step != "handoff").then(|| Jump { step, at: place(node) })
    });
    let skip_if_filled = map.get("skip_if_filled").and_then(|node| reader.bool(node, "skip_if_filled"));
    Some(Question {
        text: text?,
        slot: slot?,
        value: value?,
        retry,
        attempts: attempts.unwrap_or(limits::ATTEMPTS_DEFAULT),
        otherwise,
        skip_if_filled: skip_if_filled.unwrap_or(false),
    })
}

fn read_type(reader: &mut Reader<'_>, map: &Map<'_>) -> Option<ValueType> {
    let node = reader.required(map, "type", "the question")?;
    let name = reader.text(node, "type")?;
    let (fitting, value): (&[&str], _) = match name.as_str() {
        "choice" => (&["choices"], read_choices(reader, map).map(ValueType::Choice)),
        "text" => (&["min", "max", "pattern"], Some(read_text_type(reader, map))),
        "email" => (&[], Some(ValueType::Email)),
        "number" => {
            let mut bound = |key| map.get(key).and_then(|node| reader.number(node, key));
            let (min, max) = (bound("min"), bound("max"));
            if min.zip(max).is_some_and(|(min, max)| min > max) {
                reader.error(map.at, "`min` is above `max`: no number fits");
            }
            (&["min", "max"], Some(ValueType::Number { min, max }))
        }
        "yes_no" => (&[], Some(ValueType::YesNo)),
        other => {
            let hint = did_you_mean(other, TYPES);
            reader.error(place(node), format!("unknown type `{other}`; expected one of {}{hint}", list(&TYPES)));
            return None;
        }
    };
    for key in ["choices", "min", "max", "pattern"].into_iter().filter(|key| !fitting.contains(key)) {
        if let Some(entry) = map.entry(key) {
            reader.error(entry.at, format!("`{key}` means nothing with type `{name}`"));
        }
    }
    value
}

fn read_text_type(reader: &mut Reader<'_>, map: &Map<'_>) -> ValueType {
    let max_chars = u32::try_from(limits::SLOT_CHARS_MAX).unwrap_or(u32::MAX);
    let mut bound = |key: &str| {
        let count = map.get(key).and_then(|node| reader.count(node, key, 1, max_chars))?;
        usize::try_from(count).ok()
    };
    let (min, max) = (bound("min"), bound("max"));
    if min.zip(max).is_some_and(|(min, max)| min > max) {
        reader.error(map.at, "`min` is above `max`: no text fits");
    }
    let pattern = map.get("pattern").and_then(|node| reader.pattern(node, Pattern::whole));
    ValueType::Text { min, max, pattern }
}

fn read_choices(reader: &mut Reader<'_>, map: &Map<'_>) -> Option<Vec<Choice>> {
    let node = reader.required(map, "choices", "a question of type `choice`")?;
    let nodes = reader.list(node, "choices")?;
    if !(2..=limits::CHOICES_MAX).contains(&nodes.len()) {
        let message = format!("the question has {} of 2 to {} choices", nodes.len(), limits::CHOICES_MAX);
        reader.error(place(node), message);
    }
    let mut choices: Vec<Choice> = Vec::new();
    for node in nodes {
        let Some(map) = reader.map(node, "a choice", &["value", "label", "synonyms", "next"]) else { continue };
        let value = reader.required(&map, "value", "the choice").and_then(|node| reader.slug(node, "a value", "-_"));
        let label = reader.required(&map, "label", "the choice").and_then(|node| reader.local_text(node, "label"));
        let synonyms = map.get("synonyms").map(|node| reader.local_lists(node, "synonyms")).unwrap_or_default();
        let next = read_jump(reader, &map, "next");
        let Some((value, label)) = value.zip(label) else { continue };
        if choices.iter().any(|known| known.value == value) {
            reader.error(map.at, format!("the value `{value}` stands here a second time"));
        }
        choices.push(Choice { value, label, synonyms, next });
    }
    Some(choices)
}

fn read_cases(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Vec<Case>> {
    let nodes = reader.list(node, "branch")?;
    if nodes.is_empty() {
        reader.error(place(node), "the branch has no cases");
    }
    let mut cases = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let Some(map) = reader.map(node, "a case", &["when", "next"]) else { continue };
        let when = map.get("when").map(|node| read_condition(reader, node));
        if when.is_none() && index + 1 < nodes.len() {
            reader.error(map.at, "a case without `when` always holds: it must be the last one");
        }
        if reader.required(&map, "next", "the case").is_some()
            && let Some(next) = read_jump(reader, &map, "next")
        {
            cases.push(Case { when: when.flatten(), next });
        }
    }
    Some(cases)
}

fn read_condition(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Condition> {
    let keys = ["slot", "is", "in", "filled", "at_least", "below", "all", "any", "not"];
    let map = reader.map(node, "a condition", &keys)?;
    let main: Vec<&str> = ["slot", "all", "any", "not"].into_iter().filter(|key| map.get(key).is_some()).collect();
    let [main] = main.as_slice() else {
        reader.error(map.at, "a condition has exactly one of `slot`, `all`, `any`, `not`");
        return None;
    };
    let value = map.get(main)?;
    let many = |reader: &mut Reader<'_>| -> Option<Vec<Condition>> {
        let nodes = reader.list(value, main)?;
        if nodes.is_empty() {
            reader.error(place(value), format!("`{main}` has no conditions"));
        }
        Some(nodes.iter().filter_map(|node| read_condition(reader, node)).collect())
    };
    if *main != "slot" {
        for test in TESTS {
            if let Some(entry) = map.entry(test) {
                reader.error(entry.at, format!("`{test}` needs a `slot`"));
            }
        }
    }
    match *main {
        "all" => many(reader).map(Condition::All),
        "any" => many(reader).map(Condition::Any),
        "not" => read_condition(reader, value).map(|inner| Condition::Not(Box::new(inner))),
        _ => {
            let slot = reader.slug(value, "a slot", "_");
            let test = read_test(reader, &map);
            let (test, at) = test?;
            Some(Condition::Slot { slot: slot?, test, at })
        }
    }
}

fn read_test(reader: &mut Reader<'_>, map: &Map<'_>) -> Option<(Test, Place)> {
    let tests: Vec<&str> = TESTS.into_iter().filter(|key| map.get(key).is_some()).collect();
    let [test] = tests.as_slice() else {
        reader.error(map.at, format!("a condition on a slot has exactly one of {}", list(&TESTS)));
        return None;
    };
    let value = map.get(test)?;
    let test = match *test {
        "is" => reader.text(value, "is").map(Test::Is),
        "in" => Some(Test::In(reader.texts(value, "in"))),
        "filled" => reader.bool(value, "filled").map(Test::Filled),
        "at_least" => reader.number(value, "at_least").map(Test::AtLeast),
        _ => reader.number(value, "below").map(Test::Below),
    };
    test.map(|test| (test, place(value)))
}

fn read_set(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Vec<(String, crate::text::LocalText)>> {
    let map = reader.open_map(node, "set")?;
    if map.iter().next().is_none() {
        reader.error(map.at, "`set` sets nothing");
    }
    let mut slots = Vec::new();
    for entry in map.iter() {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if entry.key.is_empty() || !entry.key.chars().all(fits) || entry.key.len() > limits::SLUG_CHARS_MAX {
            reader.error(entry.at, format!("`{}` is no name for a slot: expected a-z, 0-9, `_`", entry.key));
            continue;
        }
        if let Some(value) = reader.local_text(entry.value, "the value") {
            slots.push((entry.key.clone(), value));
        }
    }
    Some(slots)
}

fn read_answer(reader: &mut Reader<'_>, map: &Map<'_>, node: Node<'_>) -> Option<Answer> {
    let article = reader.slug(node, "an article", "-_")?;
    Some(Answer {
        article,
        article_at: place(node),
        if_helped: read_jump(reader, map, "if_helped"),
        if_not: read_jump(reader, map, "if_not"),
    })
}

fn read_handoff(reader: &mut Reader<'_>, step: &Map<'_>, node: Node<'_>) -> Option<Handoff> {
    let map = reader.map(node, "a handoff", &["team", "why", "priority"])?;
    let team = map.get("team").and_then(|node| reader.slug(node, "a team", "-_"));
    let why = map.get("why").and_then(|node| reader.local_text(node, "why"));
    let priority = map.get("priority").and_then(|node| {
        let text = reader.text(node, "priority")?;
        let found = PRIORITIES.into_iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let names = PRIORITIES.map(|(name, _)| name);
            let hint = did_you_mean(&text, names);
            reader.error(place(node), format!("unknown priority `{text}`; expected one of {}{hint}", list(&names)));
        }
        found.map(|(_, priority)| priority)
    });
    let say = step.get("say").and_then(|node| reader.local_text(node, "say"));
    Some(Handoff { team, why, priority, say })
}

const PRIORITIES: [(&str, Priority); 4] =
    [("low", Priority::Low), ("normal", Priority::Normal), ("high", Priority::High), ("urgent", Priority::Urgent)];

fn read_end(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Action> {
    if yaml::kind(node) == "true or false" {
        if reader.bool(node, "end") == Some(false) {
            reader.error(place(node), "`end: false` says nothing; leave the step out");
        }
        return Some(Action::End { text: None, resolve: true });
    }
    if yaml::kind(node) != "a mapping" {
        let text = reader.local_text(node, "end")?;
        return Some(Action::End { text: Some(text), resolve: true });
    }
    let map = reader.open_map(node, "end")?;
    let resolve = map.get("resolve").and_then(|node| reader.bool(node, "resolve")).unwrap_or(true);
    let mut texts = BTreeMap::new();
    for entry in map.iter().filter(|entry| entry.key != "resolve") {
        if !yaml::is_language(&entry.key) {
            let hint = did_you_mean(&entry.key, ["resolve"]);
            reader.error(entry.at, format!("`{}` is neither `resolve` nor a language tag{hint}", entry.key));
        } else if let Some(text) = reader.text(entry.value, "end") {
            texts.insert(entry.key.clone(), text);
        }
    }
    let text = (!texts.is_empty()).then_some(crate::text::LocalText::By(texts));
    Some(Action::End { text, resolve })
}

/// Every id is unique, and every jump leads to one.
fn check_targets(reader: &mut Reader<'_>, steps: &[Step]) {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for step in steps {
        if let Some(line) = first.get(step.id.as_str()) {
            reader.error(step.at, format!("a second step is called `{}`; the first stands in line {line}", step.id));
        } else {
            first.insert(&step.id, step.at.line);
        }
    }
    for jump in steps.iter().flat_map(Step::jumps) {
        if !first.contains_key(jump.step.as_str()) {
            let hint = did_you_mean(&jump.step, first.keys().copied());
            reader.error(jump.at, format!("there is no step `{}`{hint}", jump.step));
        }
    }
}

impl Step {
    /// Every jump this step can take; not the way on to the next step in order.
    pub(crate) fn jumps(&self) -> Vec<&Jump> {
        let mut jumps: Vec<&Jump> = self.next.iter().collect();
        match &self.action {
            Action::Ask(question) => {
                jumps.extend(&question.otherwise);
                if let ValueType::Choice(choices) = &question.value {
                    jumps.extend(choices.iter().filter_map(|choice| choice.next.as_ref()));
                }
            }
            Action::Branch(cases) => jumps.extend(cases.iter().map(|case| &case.next)),
            Action::Answer(answer) => jumps.extend(answer.if_helped.iter().chain(&answer.if_not)),
            Action::Say(_) | Action::Set(_) | Action::Handoff(_) | Action::End { .. } => {}
        }
        jumps
    }
}
