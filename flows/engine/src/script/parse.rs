//! Reads a script: its Markdown, its blocks, its lines.

use switchboard_contract::Timestamp;

use super::line::{self, Grown};
use super::model::{Config, Line, LineKind, RawArticle, RawFlow, Script};
use crate::problem::{Place, Problem, did_you_mean};

const BLOCKS: [&str; 4] = ["flow", "article", "config", "script"];
const CONFIG_KEYS: [&str; 3] = ["language", "start", "shipped"];
const FENCE: &str = "```";

/// When the virtual clock starts unless a script says otherwise: 2026-03-02T09:00:00Z, a Monday.
const START: Timestamp = Timestamp::from_millis(1_772_442_000_000);

/// Reads a script. `file` is how problems name it.
///
/// # Errors Everything that is wrong with it, in its order: a block of unknown kind, a line that says nothing known, no
/// title, no script. Flows and articles in it are taken as they are; their own readers tell what is wrong in them.
pub fn parse(file: &str, source: &str) -> Result<Script, Vec<Problem>> {
    let mut reading = Reading::new(file);
    let mut lines = source.lines().enumerate().map(|(index, text)| (index + 1, text));
    while let Some((number, text)) = lines.next() {
        if let Some(info) = text.strip_prefix(FENCE) {
            let mut block = Block { number, info: info.trim(), lines: Vec::new() };
            let mut closed = false;
            for (number, text) in lines.by_ref() {
                if text.trim_end() == FENCE {
                    closed = true;
                    break;
                }
                block.lines.push((number, text));
            }
            if !closed {
                reading.error(number, "the block is never closed");
            }
            reading.block(&block);
        } else if let Some(title) = text.strip_prefix("# ")
            && reading.script.title.is_empty()
        {
            title.trim().clone_into(&mut reading.script.title);
        }
    }
    reading.finish()
}

/// A fenced block with the numbers of its lines.
struct Block<'s> {
    number: usize,
    info: &'s str,
    lines: Vec<(usize, &'s str)>,
}

impl Block<'_> {
    fn source(&self) -> String {
        self.lines.iter().fold(String::new(), |text, (_, line)| text + line + "\n")
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.info.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }

    fn inside(&self) -> Place {
        Place { line: self.number + 1, column: 1 }
    }
}

struct Reading {
    script: Script,
    problems: Vec<Problem>,
    /// The customer whom lines concern that name none.
    focus: String,
}

impl Reading {
    fn new(file: &str) -> Self {
        let script = Script {
            file: file.to_owned(),
            title: String::new(),
            flows: Vec::new(),
            articles: Vec::new(),
            config: Config { language: None, start: START, shipped: true },
            lines: Vec::new(),
        };
        Self { script, problems: Vec::new(), focus: String::new() }
    }

    fn error(&mut self, line: usize, message: impl Into<String>) {
        self.problems.push(Problem::error(&self.script.file, Place { line, column: 1 }, message));
    }

    fn finish(mut self) -> Result<Script, Vec<Problem>> {
        if self.script.title.is_empty() {
            self.error(1, "the script has no title; begin it with `# What somebody would miss`");
        }
        if self.script.lines.is_empty() && self.problems.is_empty() {
            self.error(1, "nothing happens in this script; add a block ```` ```script ````");
        }
        self.problems.sort_by_key(|problem| problem.line);
        if self.problems.is_empty() { Ok(self.script) } else { Err(self.problems) }
    }

    fn block(&mut self, block: &Block<'_>) {
        match block.info.split_whitespace().next().unwrap_or_default() {
            "flow" => self.flow(block),
            "article" => self.article(block),
            "config" => block.lines.iter().for_each(|(number, text)| self.config(*number, text)),
            "script" => block.lines.iter().for_each(|(number, text)| self.line(*number, text)),
            other => {
                let kinds = crate::yaml::list(&BLOCKS);
                let message =
                    format!("unknown block `{other}`; expected one of {kinds}{}", did_you_mean(other, BLOCKS));
                self.error(block.number, message);
            }
        }
    }

    fn flow(&mut self, block: &Block<'_>) {
        let name = block.lines.iter().find_map(|(_, line)| line.strip_prefix("flow:"));
        match name {
            Some(name) => {
                let name = name.split('#').next().unwrap_or_default().trim().to_owned();
                self.script.flows.push(RawFlow { name, source: block.source(), at: block.inside() });
            }
            None => self.error(block.number, "the flow has no name; expected a line `flow: name`"),
        }
    }

    fn article(&mut self, block: &Block<'_>) {
        match block.attribute("slug") {
            Some(slug) => self.script.articles.push(RawArticle {
                slug: slug.to_owned(),
                lang: block.attribute("lang").unwrap_or("en").to_owned(),
                source: block.source(),
                at: block.inside(),
            }),
            None => self.error(block.number, "the article has no slug; write ```` ```article slug=name lang=en ````"),
        }
    }

    fn config(&mut self, number: usize, text: &str) {
        let text = text.split('#').next().unwrap_or_default().trim();
        if text.is_empty() {
            return;
        }
        let (key, value) = text.split_once(':').map_or((text, ""), |(key, value)| (key.trim(), value.trim()));
        let config = &mut self.script.config;
        match key {
            "language" if crate::yaml::is_language(value) => config.language = Some(value.to_owned()),
            "start" => match instant(value) {
                Some(start) => config.start = start,
                None => self.error(number, format!("`{value}` is no time; expected one as `2026-03-02T09:00:00Z`")),
            },
            "shipped" if matches!(value, "yes" | "no") => config.shipped = value == "yes",
            known if CONFIG_KEYS.contains(&known) => self.error(number, format!("`{value}` is no value for `{known}`")),
            other => {
                let keys = crate::yaml::list(&CONFIG_KEYS);
                self.error(
                    number,
                    format!("unknown key `{other}`; expected one of {keys}{}", did_you_mean(other, CONFIG_KEYS)),
                );
            }
        }
    }

    fn line(&mut self, number: usize, text: &str) {
        let bare = text.trim();
        if bare.is_empty() || bare.starts_with('#') {
            return;
        }
        if text.starts_with([' ', '\t']) {
            let last = self.script.lines.last_mut();
            match last.map(|last| (line::grow(&mut last.kind, bare), last)) {
                Some((Grown::Yes, last)) => {
                    last.source.push('\n');
                    last.source.push_str(text.trim_end());
                }
                Some((Grown::No, _)) | None => {
                    self.error(number, "an indented line belongs to words said before it, and there are none");
                }
            }
            return;
        }
        match line::read(bare) {
            Ok((customer, kind)) => {
                if let Some(customer) = customer {
                    self.focus = customer;
                }
                let customer = self.focus.clone();
                if kind != LineKind::Focus {
                    self.script.lines.push(Line { number, source: text.trim_end().to_owned(), customer, kind });
                }
            }
            Err(message) => self.error(number, message),
        }
    }
}

/// An instant in UTC, written as RFC 3339 with whole seconds.
fn instant(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let numbers = |text: &str, sign: char| -> Option<[i64; 3]> {
        let parts: Vec<i64> = text.split(sign).map(|part| part.parse().ok()).collect::<Option<_>>()?;
        parts.try_into().ok()
    };
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let valid = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..60).contains(&second);
    // Days since 1970-01-01 in the proleptic Gregorian calendar, counted in years that begin in March.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    valid.then(|| Timestamp::from_millis((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read() {
        assert_eq!(instant("1970-01-01T00:00:00Z"), Some(Timestamp::from_millis(0)));
        assert_eq!(instant("2026-03-02T09:00:00Z"), Some(START));
        assert_eq!(instant("2024-02-29T23:59:59Z"), Some(Timestamp::from_millis(1_709_251_199_000)));
        for wrong in ["", "2026-03-02", "2026-13-02T09:00:00Z", "2026-03-02T24:00:00Z", "2026-03-02T09:00:00+01:00"] {
            assert_eq!(instant(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let source = "```script\ncustmer: hi\n* customer oopens\n= hanlder: bot\n  [x]\n```\n```scrpt\n```\n```config\nstart: now\n```\n";
        let problems = parse("a.md", source).expect_err("all wrong");
        let told = problems.iter().fold(String::new(), |told, problem| told + &problem.to_string() + "\n");
        insta::assert_snapshot!(told, @"
        a.md:1:1: the script has no title; begin it with `# What somebody would miss`
        a.md:2:1: `custmer` is nobody: expected `customer`, `bot`, `system`, or an agent, whose name begins with a capital letter; did you mean `customer`?
        a.md:3:1: `customer oopens` is no action: a customer `opens`, `presses …`, `starts anew` or `repeats the last message`
        a.md:4:1: unknown fact `hanlder`; expected one of `handler`, `status`, `slot`, `flow`, `priority`, `brief`, `log`, `waiting before`, `unanswered`, `silence`; did you mean `handler`?
        a.md:5:1: an indented line belongs to words said before it, and there are none
        a.md:7:1: unknown block `scrpt`; expected one of `flow`, `article`, `config`, `script`; did you mean `script`?
        a.md:10:1: `now` is no time; expected one as `2026-03-02T09:00:00Z`
        ");
    }
}
