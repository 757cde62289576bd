//! Reads one line of a script. Pure.

use std::time::Duration;

use super::harness::AgentCommand;
use super::model::{BriefParts, Check, Expected, LineKind, ShownPart};
use crate::problem::did_you_mean;

/// Whether an indented line found something to belong to.
pub(super) enum Grown {
    Yes,
    No,
}

/// Adds an indented line to what was said before it: options, a source, or more words.
pub(super) fn grow(kind: &mut LineKind, text: &str) -> Grown {
    match kind {
        LineKind::Expects(expected) => {
            if let Some(labels) = labels(text) {
                expected.choices.get_or_insert_default().extend(labels);
            } else if let Some(title) = text.strip_prefix("(from:").and_then(|rest| rest.strip_suffix(')')) {
                expected.citation = Some(title.trim().to_owned());
            } else {
                expected.text.push('\n');
                expected.text.push_str(text);
            }
            Grown::Yes
        }
        LineKind::Writes(words) | LineKind::Agent { command: AgentCommand::Reply { text: words, .. }, .. } => {
            words.push('\n');
            words.push_str(text);
            Grown::Yes
        }
        LineKind::Opens
        | LineKind::Presses(_)
        | LineKind::StartsAnew
        | LineKind::RepeatsLast
        | LineKind::Focus
        | LineKind::Agent { .. }
        | LineKind::Refused(_)
        | LineKind::Passes(_)
        | LineKind::Restarts
        | LineKind::ConnectionDrops
        | LineKind::Holds(_) => Grown::No,
    }
}

impl LineKind {
    /// The code that this line says the action before it was refused with.
    pub(super) fn refusal(&self) -> Option<&str> {
        if let Self::Refused(code) = self { Some(code) } else { None }
    }
}

/// `[One] [Two]` as labels; none when the line is something else.
fn labels(text: &str) -> Option<Vec<String>> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    Some(inner.split(']').map(|label| label.trim_start().trim_start_matches('[').trim().to_owned()).collect())
}

/// Reads a line that begins at the margin: the customer it names, if any, and what it says.
pub(super) fn read(line: &str) -> Result<(Option<String>, LineKind), String> {
    if let Some(action) = line.strip_prefix("* ") {
        return read_action(action.trim());
    }
    if let Some(check) = line.strip_prefix("= ") {
        return read_check(check.trim()).map(|check| (None, LineKind::Holds(check)));
    }
    let (who, text) = line.split_once(':').ok_or("expected `who: words`, `* action` or `= fact`")?;
    let text = text.trim().to_owned();
    if let Some(customer) = customer(who) {
        return Ok((Some(customer), LineKind::Writes(text)));
    }
    match who {
        "bot" | "system" => {
            let expected = Expected { by_bot: who == "bot", text, choices: None, citation: None };
            Ok((None, LineKind::Expects(expected)))
        }
        _ => {
            let command = AgentCommand::Reply { text, unseen: false };
            Ok((None, LineKind::Agent { name: agent(who)?, command }))
        }
    }
}

/// `customer` is the only one, `customer B` another.
fn customer(who: &str) -> Option<String> {
    let rest = who.strip_prefix("customer")?;
    match rest.strip_prefix(' ') {
        Some(name) => Some(name.trim().to_owned()),
        None => rest.is_empty().then(String::new),
    }
}

/// Agents' names begin with a capital letter, so that a mistyped `customer` isn't one.
fn agent(who: &str) -> Result<String, String> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '\'' | '.');
    if who.chars().next().is_some_and(char::is_uppercase) && who.chars().all(fits) && who.chars().count() <= 40 {
        return Ok(who.to_owned());
    }
    let hint = did_you_mean(who, ["customer", "bot", "system"]);
    Err(format!(
        "`{who}` is nobody: expected `customer`, `bot`, `system`, or an agent, whose name begins with a capital letter{hint}"
    ))
}

fn read_action(action: &str) -> Result<(Option<String>, LineKind), String> {
    let ours = |kind| Ok((None, kind));
    if let Some(who) = action.strip_prefix("with ") {
        let customer = customer(who).ok_or_else(|| format!("`{who}` is no customer"))?;
        return Ok((Some(customer), LineKind::Focus));
    }
    if let Some(code) = action.strip_prefix("refused:") {
        return ours(LineKind::Refused(code.trim().to_owned()));
    }
    match action {
        "the server restarts" => return ours(LineKind::Restarts),
        "the connection drops" => return ours(LineKind::ConnectionDrops),
        _ => {}
    }
    if let Some(time) = action.strip_suffix(" pass").or_else(|| action.strip_suffix(" passes")) {
        return ours(LineKind::Passes(duration(time)?));
    }
    if let Some(rest) = action.strip_prefix("customer") {
        return customer_action(rest);
    }
    agent_action(action).map(|kind| (None, kind))
}

fn customer_action(rest: &str) -> Result<(Option<String>, LineKind), String> {
    let verbs = [" opens", " presses ", " starts anew", " repeats the last message"];
    let found =
        verbs.iter().find_map(|verb| rest.split_once(verb).map(|(name, after)| (*verb, name.trim(), after.trim())));
    let Some((verb, name, after)) = found else {
        return Err(format!(
            "`customer{rest}` is no action: a customer `opens`, `presses …`, `starts anew` or `repeats the last message`"
        ));
    };
    let kind = match verb {
        " opens" => LineKind::Opens,
        " presses " => LineKind::Presses(after.trim_matches(['[', ']']).to_owned()),
        " starts anew" => LineKind::StartsAnew,
        _ => LineKind::RepeatsLast,
    };
    Ok((Some(name.to_owned()), kind))
}

fn agent_action(action: &str) -> Result<LineKind, String> {
    /// Makes the command from what stands after the verb.
    type Make = fn(&str) -> AgentCommand;
    let patterns: [(&str, Make); 10] = [
        (" claims from colleague", |_| AgentCommand::Claim { from_colleague: true }),
        (" claims", |_| AgentCommand::Claim { from_colleague: false }),
        (" resolves", |_| AgentCommand::Resolve),
        (" reopens", |_| AgentCommand::Reopen),
        (" returns to bot", |_| AgentCommand::ReturnToBot),
        (" transfers to team ", |team| AgentCommand::TransferToTeam(team.to_owned())),
        (" transfers to ", |to| AgentCommand::TransferToAgent(to.to_owned())),
        (" notes:", |text| AgentCommand::Note(text.to_owned())),
        (" replies unseen:", |text| AgentCommand::Reply { text: text.to_owned(), unseen: true }),
        (" replies:", |text| AgentCommand::Reply { text: text.to_owned(), unseen: false }),
    ];
    for (verb, command) in patterns {
        if let Some((name, rest)) = action.split_once(verb) {
            return Ok(LineKind::Agent { name: agent(name.trim())?, command: command(rest.trim()) });
        }
    }
    Err(format!("`{action}` is no action that a script knows"))
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time: expected as `8 days`");
    let (count, unit) = text.split_once(' ').ok_or_else(wrong)?;
    let count: u64 = count.parse().map_err(|_| wrong())?;
    let seconds = match unit.trim_end_matches('s') {
        "second" => 1,
        "minute" => 60,
        "hour" => 60 * 60,
        "day" => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    Ok(Duration::from_secs(count.saturating_mul(seconds)))
}

fn read_check(check: &str) -> Result<Check, String> {
    if check == "silence" {
        return Ok(Check::Silence);
    }
    if let Some(slot) = check.strip_prefix("no slot ") {
        return Ok(Check::Slot { slot: slot.trim().to_owned(), value: None });
    }
    let facts =
        ["handler", "status", "slot", "flow", "priority", "brief", "log", "waiting before", "unanswered", "silence"];
    let (fact, value) = check.split_once(':').ok_or_else(|| {
        let hint = did_you_mean(check, facts);
        format!("`{check}` is no fact: expected `fact: value` with one of {}{hint}", crate::yaml::list(&facts))
    })?;
    let value = value.trim();
    let text = value.to_owned();
    match fact.trim() {
        "handler" => Ok(Check::Handler(text)),
        "status" => one_of(value, &["open", "waiting", "resolved"]).map(Check::Status),
        "priority" => one_of(value, &["low", "normal", "high", "urgent"]).map(Check::Priority),
        "flow" if value == "none" => Ok(Check::Flow(None)),
        "flow" => {
            let (flow, step) = value.split_once(" at ").map_or((value, None), |(flow, step)| (flow, Some(step.trim())));
            Ok(Check::Flow(Some((flow.trim().to_owned(), step.map(str::to_owned)))))
        }
        "brief" => read_brief(value).map(|brief| Check::Brief(Box::new(brief))),
        "log" => Ok(Check::Log { kind: text, exists: true }),
        "no log" => Ok(Check::Log { kind: text, exists: false }),
        "waiting before" => {
            let count = value.parse().map_err(|_| format!("`{value}` is no number of conversations"))?;
            Ok(Check::WaitingBefore(count))
        }
        "unanswered" => Ok(Check::Unanswered(unquote(value))),
        other => {
            if let Some(slot) = other.strip_prefix("slot ") {
                return Ok(Check::Slot { slot: slot.trim().to_owned(), value: Some(text) });
            }
            let hint = did_you_mean(other, facts);
            Err(format!("unknown fact `{other}`; expected one of {}{hint}", crate::yaml::list(&facts)))
        }
    }
}

fn one_of(value: &str, known: &[&str]) -> Result<String, String> {
    if known.contains(&value) {
        return Ok(value.to_owned());
    }
    let hint = did_you_mean(value, known.iter().copied());
    Err(format!("`{value}` is unknown; expected one of {}{hint}", crate::yaml::list(known)))
}

fn read_brief(text: &str) -> Result<BriefParts, String> {
    let mut brief = BriefParts::default();
    for part in split_outside_quotes(text) {
        let part = part.trim();
        if let Some(reason) = part.strip_prefix("reason ") {
            brief.reason = Some(reason.trim().to_owned());
        } else if let Some(team) = part.strip_prefix("team ") {
            brief.team = Some(team.trim().to_owned());
        } else if let Some(question) = part.strip_prefix("open question ") {
            brief.open_question = Some(unquote(question));
        } else if let Some(slot) = part.strip_prefix("slot ") {
            let (slot, value) =
                slot.split_once('=').ok_or_else(|| format!("expected `slot name=value`, found `{part}`"))?;
            brief.slots.insert(slot.trim().to_owned(), unquote(value));
        } else if let Some(shown) = part.strip_prefix("shown ") {
            brief.shown.push(read_shown(shown)?);
        } else if let Some(path) = part.strip_prefix("path ") {
            brief.path.extend(path.split([' ', ',']).filter(|step| !step.is_empty()).map(str::to_owned));
        } else {
            let known = ["reason", "team", "open question", "slot", "shown", "path"];
            return Err(format!("`{part}` is no part of a brief; expected one of {}", crate::yaml::list(&known)));
        }
    }
    Ok(brief)
}

fn read_shown(text: &str) -> Result<ShownPart, String> {
    let (title, vote) =
        text.trim().rsplit_once(' ').ok_or_else(|| format!("expected `shown \"Title\" yes`, found `{text}`"))?;
    let helped = match vote {
        "yes" => Some(true),
        "no" => Some(false),
        "unvoted" => None,
        other => return Err(format!("`{other}` is no vote: expected `yes`, `no` or `unvoted`")),
    };
    Ok(ShownPart { title: unquote(title), helped })
}

fn unquote(text: &str) -> String {
    let text = text.trim();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).to_owned()
}

fn split_outside_quotes(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ';' if !quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.into_iter().filter(|part| !part.trim().is_empty()).collect()
}
