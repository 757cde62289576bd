//! Plays a script.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::compare;
use super::harness::{AgentCommand, Facts, Harness, Heard, Voice};
use super::model::{BriefParts, Check, Expected, Line, LineKind, Script};
use crate::brief::HandoffBrief;
use crate::conversation::Handler;

/// What was said and done, as it would be written in a script.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Transcript {
    /// The lines.
    pub lines: Vec<String>,
}

/// A script that did not hold. Shows what was expected and what really happened side by side, and the seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The script's file.
    pub file: String,
    /// The script's title.
    pub title: String,
    /// The line that did not hold.
    pub line: usize,
    /// What was wrong there.
    pub message: String,
    /// What was expected up to there, each beside what really happened.
    pub rows: Vec<(String, String)>,
    /// The seed of the ids.
    pub seed: u64,
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, title, line, message, rows, seed } = self;
        writeln!(f, "{file}:{line}: {message}\n{title} (seed {seed})\n")?;
        writeln!(f, "  {:WIDTH$} │ real", "expected")?;
        let rule = "─".repeat(WIDTH);
        writeln!(f, "  {rule}─┼─{rule}")?;
        for (expected, real) in rows {
            let (left, right) = (wrap(expected), wrap(real));
            for index in 0..left.len().max(right.len()) {
                let cell = |lines: &[String]| lines.get(index).cloned().unwrap_or_default();
                let (left, right) = (cell(&left), cell(&right));
                let pad = WIDTH.saturating_sub(left.chars().count());
                writeln!(f, "  {left}{:pad$} │ {right}", "")?;
            }
        }
        Ok(())
    }
}

/// The width of a column of a failure, in characters.
const WIDTH: usize = 60;

fn wrap(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.lines() {
        let words = line.trim_start();
        let mut row = line[..line.len() - words.len()].to_owned();
        for word in words.split(' ') {
            if !row.trim().is_empty() && row.chars().count() + 1 + word.chars().count() > WIDTH {
                lines.push(std::mem::take(&mut row));
            }
            if !row.trim().is_empty() {
                row.push(' ');
            }
            row.push_str(word);
        }
        lines.push(row);
    }
    lines
}

/// Plays a script against a harness. `seed` is the one the harness makes its ids from, told in a failure.
///
/// # Errors
/// [`Failure`] at the first line that doesn't hold.
pub fn run(script: &Script, harness: &mut dyn Harness, seed: u64) -> Result<Transcript, Failure> {
    let mut player = Player { script, harness, seed, read: BTreeMap::new(), rows: Vec::new() };
    player.harness.begin(script.config.language.as_deref()).map_err(|error| player.failure(0, error))?;
    let mut lines = script.lines.iter().peekable();
    while let Some(line) = lines.next() {
        let refused = lines.peek().and_then(|next| next.kind.refusal());
        if let Err(message) = player.play(line, refused) {
            return Err(player.failure(line.number, message));
        }
    }
    if let Err(message) = player.nothing_unread() {
        return Err(player.failure(script.lines.last().map_or(0, |line| line.number), message));
    }
    Ok(Transcript { lines: player.rows.into_iter().map(|(_, real)| real).collect() })
}

struct Player<'a> {
    script: &'a Script,
    harness: &'a mut dyn Harness,
    seed: u64,
    /// How much of what each customer heard the script has accounted for.
    read: BTreeMap<String, usize>,
    rows: Vec<(String, String)>,
}

impl Player<'_> {
    /// Everything so far, and what nobody expected.
    fn failure(&mut self, line: usize, message: String) -> Failure {
        let customers: Vec<String> = self.read.keys().cloned().collect();
        for customer in customers {
            for heard in self.unread(&customer) {
                self.rows.push((String::new(), shown(&heard)));
            }
        }
        Failure {
            file: self.script.file.clone(),
            title: self.script.title.clone(),
            line,
            message,
            rows: std::mem::take(&mut self.rows),
            seed: self.seed,
        }
    }

    fn unread(&mut self, customer: &str) -> Vec<Heard> {
        let read = self.read.get(customer).copied().unwrap_or(0);
        self.harness.heard(customer).into_iter().skip(read).collect()
    }

    fn nothing_unread(&mut self) -> Result<(), String> {
        let customers: Vec<String> = self.read.keys().cloned().collect();
        match customers.iter().find_map(|customer| self.unread(customer).into_iter().next()) {
            Some(heard) => Err(format!("this was said and nobody expected it: {}", shown(&heard))),
            None => Ok(()),
        }
    }

    /// Plays a line; `refused` is the code that the line after it expects.
    fn play(&mut self, line: &Line, refused: Option<&str>) -> Result<(), String> {
        let customer = line.customer.as_str();
        self.read.entry(customer.to_owned()).or_default();
        match &line.kind {
            LineKind::Expects(expected) => self.expect(line, expected),
            LineKind::Holds(check) => self.check(line, check),
            LineKind::Refused(_) => {
                self.rows.push((line.source.clone(), line.source.clone()));
                Ok(())
            }
            LineKind::Opens => self.act(line, |harness| harness.contact_opens(customer)),
            LineKind::Writes(text) => self.act(line, |harness| harness.contact_writes(customer, text)),
            LineKind::StartsAnew => self.act(line, |harness| harness.contact_starts_anew(customer)),
            LineKind::RepeatsLast => self.act(line, |harness| harness.contact_repeats_last(customer)),
            LineKind::Passes(time) => self.act(line, |harness| harness.pass(*time)),
            LineKind::Restarts => self.act(line, |harness| harness.restart()),
            LineKind::ConnectionDrops => self.act(line, |harness| harness.drop_connection(customer)),
            LineKind::Presses(label) => self.act(line, |harness| press(harness, customer, label)),
            LineKind::Agent { name, command } => {
                self.act(line, |_| Ok(()))?;
                self.agent(customer, name, command, refused)
            }
            LineKind::Focus => Ok(()),
        }
    }

    /// Bot or desk must have said this next.
    fn expect(&mut self, line: &Line, expected: &Expected) -> Result<(), String> {
        let Some(heard) = self.unread(&line.customer).into_iter().next() else {
            self.rows.push((line.source.clone(), "(nothing)".to_owned()));
            return Err("nothing was said".to_owned());
        };
        self.hear(&line.customer);
        self.rows.push((line.source.clone(), shown(&heard)));
        compare::difference(expected, &heard).map_or(Ok(()), Err)
    }

    fn check(&mut self, line: &Line, check: &Check) -> Result<(), String> {
        let wrong = if *check == Check::Silence {
            self.nothing_unread().err()
        } else {
            disagreement(check, &self.harness.facts(&line.customer))
        };
        self.rows.push((line.source.clone(), wrong.clone().unwrap_or_else(|| line.source.clone())));
        wrong.map_or(Ok(()), Err)
    }

    /// Something is done, when everything said before is accounted for.
    fn act(&mut self, line: &Line, deed: impl FnOnce(&mut dyn Harness) -> Result<(), String>) -> Result<(), String> {
        self.nothing_unread()?;
        self.rows.push((line.source.clone(), line.source.clone()));
        deed(self.harness)
    }

    fn hear(&mut self, customer: &str) {
        *self.read.entry(customer.to_owned()).or_default() += 1;
    }

    fn agent(
        &mut self,
        customer: &str,
        name: &str,
        command: &AgentCommand,
        refused: Option<&str>,
    ) -> Result<(), String> {
        match (self.harness.agent(customer, name, command), refused) {
            (Err(code), Some(expected)) if code == expected => Ok(()),
            (Err(code), Some(expected)) => Err(format!("refused as `{code}`, expected `{expected}`")),
            (Err(code), None) => Err(format!("refused as `{code}`, expected to be done")),
            (Ok(()), Some(expected)) => Err(format!("done, expected to be refused as `{expected}`")),
            (Ok(()), None) => self.hear_reply(customer, name, command),
        }
    }

    /// What an agent says is heard at once, and needs no line of its own.
    fn hear_reply(&mut self, customer: &str, name: &str, command: &AgentCommand) -> Result<(), String> {
        let AgentCommand::Reply { text, .. } = command else { return Ok(()) };
        let heard = self.unread(customer).into_iter().next();
        let said = heard.filter(|heard| heard.voice == Voice::Agent(name.to_owned()));
        match said {
            Some(said) if compare::flat(&said.text, said.markdown) == compare::flat(text, said.markdown) => {
                self.hear(customer);
                Ok(())
            }
            Some(said) => Err(format!("the customer heard other words: {}", said.text)),
            None => Err("the customer did not hear it".to_owned()),
        }
    }
}

/// Presses the option with this label of the last message that offers one.
fn press(harness: &mut dyn Harness, customer: &str, label: &str) -> Result<(), String> {
    let heard = harness.heard(customer);
    let mut offered = heard.iter().rev().flat_map(|heard| &heard.choices);
    let choice =
        offered.find(|choice| choice.label == label).ok_or_else(|| format!("no option [{label}] was ever offered"))?;
    harness.contact_presses(customer, choice)
}

/// What was heard, as it would be written in a script.
fn shown(heard: &Heard) -> String {
    let mut text = format!("{}: {}", compare::name(&heard.voice), compare::flat(&heard.text, heard.markdown));
    if !heard.choices.is_empty() {
        let labels: Vec<&str> = heard.choices.iter().map(|choice| choice.label.as_str()).collect();
        text = format!("{text}\n  {}", compare::options(&labels));
    }
    if let Some(citation) = &heard.citation {
        text = format!("{text}\n  (from: {})", citation.title);
    }
    text
}

/// How the facts differ from a check; none when they don't.
fn disagreement(check: &Check, facts: &Facts) -> Option<String> {
    let differs = |what: &str, wanted: &str, real: String| {
        (wanted != real).then(|| format!("{what} is {real}, expected {wanted}"))
    };
    match check {
        Check::Silence => None,
        Check::Handler(wanted) => differs("the handler", wanted, handler(&facts.handler)),
        Check::Status(wanted) => differs("the status", wanted, word(&facts.status)),
        Check::Priority(wanted) => differs("the priority", wanted, word(&facts.priority)),
        Check::Slot { slot, value } => {
            let real = facts.slots.get(slot);
            let said = |value: Option<&String>| value.map_or("empty".to_owned(), |value| format!("`{value}`"));
            differs(&format!("the slot {slot}"), &said(value.as_ref()), said(real))
        }
        Check::Flow(wanted) => {
            let step = wanted.as_ref().is_some_and(|(_, step)| step.is_some());
            let said = |flow: Option<(&str, &str)>| match flow {
                None => "none".to_owned(),
                Some((flow, at)) if step => format!("{flow} at {at}"),
                Some((flow, _)) => flow.to_owned(),
            };
            let real = facts.flow.as_ref().map(|(flow, step)| (flow.as_str(), step.as_str()));
            let wanted = wanted.as_ref().map(|(flow, step)| (flow.as_str(), step.as_deref().unwrap_or_default()));
            differs("the flow", &said(wanted), said(real))
        }
        Check::Log { kind, exists } => {
            let real = facts.log.contains(kind);
            let seen = || facts.log.join(", ");
            (real != *exists).then(|| {
                let what = if *exists { "there is no log entry" } else { "there is a log entry" };
                format!("{what} `{kind}`; there are: {}", seen())
            })
        }
        Check::WaitingBefore(wanted) => {
            let real = facts.waiting_before.map_or("unknown".to_owned(), |count| count.to_string());
            differs("the number of those waiting before", &wanted.to_string(), real)
        }
        Check::Unanswered(question) => (!facts.unanswered.contains(question))
            .then(|| format!("not reported as unanswered; reported were: {}", facts.unanswered.join(" | "))),
        Check::Brief(parts) => match &facts.brief {
            None => Some("there is no brief".to_owned()),
            Some(brief) => brief_disagreement(parts, brief),
        },
    }
}

fn brief_disagreement(parts: &BriefParts, brief: &HandoffBrief) -> Option<String> {
    let reason = word(&brief.reason);
    if parts.reason.as_ref().is_some_and(|wanted| *wanted != reason) {
        return Some(format!("the brief's reason is {reason}"));
    }
    if parts.team.as_ref().is_some_and(|wanted| *wanted != brief.team) {
        return Some(format!("the brief's team is {}", brief.team));
    }
    if parts.open_question.is_some() && parts.open_question != brief.open_question {
        return Some(format!("the brief's open question is {:?}", brief.open_question));
    }
    if let Some((slot, _)) = parts.slots.iter().find(|(slot, value)| brief.slots.get(*slot) != Some(value)) {
        return Some(format!("the brief's slot {slot} is {:?}", brief.slots.get(slot)));
    }
    let is_shown = |title: &str, helped| brief.shown.iter().any(|shown| shown.title == title && shown.helped == helped);
    if let Some(missing) = parts.shown.iter().find(|part| !is_shown(&part.title, part.helped)) {
        let real: Vec<String> = brief.shown.iter().map(|shown| format!("{} {:?}", shown.title, shown.helped)).collect();
        return Some(format!(
            "the brief doesn't show “{}” with this vote; it shows: {}",
            missing.title,
            real.join(", ")
        ));
    }
    let path: Vec<String> = brief.path.iter().map(|step| format!("{}.{}", step.flow, step.step)).collect();
    let mut rest = path.iter();
    let lost = parts.path.iter().find(|wanted| !rest.any(|step| step == *wanted));
    lost.map(|step| format!("the brief's path doesn't lead over {step}: {}", path.join(" ")))
}

fn handler(handler: &Handler) -> String {
    match handler {
        Handler::Bot => "bot".to_owned(),
        Handler::Queue { team, .. } => format!("queue {team}"),
        Handler::Agent { agent, .. } => format!("agent {}", agent.name),
    }
}

/// The JSON name of a plain enum value.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(error) => error.to_string(),
    }
}
