//! Who may name what in Rust source.

use regex::Regex;

use super::code::{Code, without_tests};
use super::project::{Finding, Package, Project};

const SHELL: &[&str] = &["src/"];
const PURE: &[&str] = &["adapters/contract/src/", "flows/engine/src/"];
const APP: &str = "src/app.rs";

/// Kinds of channel whose names mean nothing else. E-mail is apart: people have e-mail addresses as well.
const CHANNELS: &[&str] = &["discord", "telegram", "web_chat", "webchat"];

pub(super) fn only_app_names_adapters(project: &Project) -> Vec<Finding> {
    let idents: Vec<_> = project.packages().iter().filter(|package| package.is_adapter()).map(Package::ident).collect();
    if idents.is_empty() {
        return Vec::new();
    }
    let pattern = format!(r"\b({})\b", idents.join("|"));
    let mend = "only src/app.rs puts adapters together; everybody else knows the contract";
    scan(project, SHELL, &[APP], &pattern, mend)
}

pub(super) fn only_outbox_delivers(project: &Project) -> Vec<Finding> {
    let mend = "make an outbox row; the dispatcher in src/outbox sends it after the commit";
    scan(project, SHELL, &["src/outbox"], r"(\.|::)deliver\s*\(", mend)
}

pub(super) fn only_intake_and_service_step(project: &Project) -> Vec<Finding> {
    // `step` as a path of the engine, or as a leaf of an import from it; a module of that name is neither.
    let pattern = r"\b(switchboard_engine|engine)::step(::step)?\s*[(;]|\buse\s+switchboard_engine\b[^;]*[\s{:,]step\s*([,;}]|as\b)";
    let mend = "go through src/intake or src/service, which commit what the step decided";
    scan(project, SHELL, &["src/intake", "src/service"], pattern, mend)
}

pub(super) fn sql_lives_in_the_store(project: &Project) -> Vec<Finding> {
    let mend = "give src/store a function for it";
    let mut findings = scan(project, SHELL, &["src/store"], r"\bsqlx\s*::|\buse\s+sqlx\b", mend);
    let statement = regex(
        r"(?i)^\s*(select\s[\s\S]+\sfrom\s|insert\s+(or\s+\w+\s+)?into\s|update\s+\w+\s+set\s|delete\s+from\s|create\s+(table|index)\s|pragma\s)",
    );
    for (path, source) in project.rust(SHELL).filter(|(path, _)| !is_below(path, &["src/store"])) {
        for literal in Code::read(source).literals.into_iter().filter(|literal| statement.is_match(&literal.text)) {
            findings.push(found(path, literal.line, "an SQL statement", mend));
        }
    }
    findings
}

pub(super) fn core_names_no_channel(project: &Project) -> Vec<Finding> {
    let mend = "a difference between channels is data: ask its Capabilities";
    // `kind == "email"`, `"email" != x.kind()`, `ChannelKind::new("email")`: on the source with its literals in place.
    let email = regex(
        r#"(?i)\b(\w*kind|\w*channel)\b(\.\w+)?(\(\))?\s*[!=]=\s*&?"e?mail"|"e?mail"\s*[!=]=\s*&?[\w.]*(kind|channel)|ChannelKind(::\w+)?\(\s*"e?mail"|case\s+"e?mail""#,
    );
    let mut findings = Vec::new();
    for (path, source) in project.rust(&[SHELL, PURE].concat()).filter(|(path, _)| *path != APP) {
        let source = without_tests(path, source);
        let code = Code::read(source);
        for literal in &code.literals {
            if CHANNELS.contains(&literal.text.trim().to_ascii_lowercase().as_str()) {
                findings.push(found(path, literal.line, &format!("names the channel {:?}", literal.text), mend));
            }
        }
        for hit in email.find_iter(source).filter(|hit| is_code(&code, hit.start())) {
            findings.push(found(
                path,
                code.line_at(hit.start()),
                &format!("compares a channel: {}", hit.as_str()),
                mend,
            ));
        }
    }
    findings
}

/// Law 3: no clock, randomness, files, network or tasks.
pub(super) fn contract_and_engine_are_pure(project: &Project) -> Vec<Finding> {
    let pattern = r"\bstd::(env|fs|net|process|thread)\b|\b(SystemTime|Instant|OsRng)\b|\btokio::|\brand::";
    let mend = "time, randomness and files come in as arguments";
    let mut findings = Vec::new();
    for (path, source) in project.rust(PURE) {
        let code = Code::read(without_tests(path, source));
        findings.extend(hits(path, &code, &regex(pattern), mend));
    }
    findings
}

fn scan(project: &Project, folders: &[&str], except: &[&str], pattern: &str, mend: &'static str) -> Vec<Finding> {
    let pattern = regex(pattern);
    let files = project.rust(folders).filter(|(path, _)| !is_below(path, except));
    files.flat_map(|(path, source)| hits(path, &Code::read(source), &pattern, mend)).collect()
}

fn hits(path: &str, code: &Code, pattern: &Regex, mend: &'static str) -> Vec<Finding> {
    let finding = |hit: regex::Match<'_>| {
        let words: Vec<_> = hit.as_str().split_whitespace().collect();
        found(path, code.line_at(hit.end() - 1), &format!("`{}`", words.join(" ")), mend)
    };
    pattern.find_iter(&code.bare).map(finding).collect()
}

/// A file or folder of these names, with or without the ending.
fn is_below(path: &str, modules: &[&str]) -> bool {
    modules.iter().any(|module| {
        path.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || rest == ".rs")
    })
}

/// False inside comments, which are blank in the bare code.
fn is_code(code: &Code, offset: usize) -> bool {
    code.bare.as_bytes().get(offset).is_some_and(|byte| *byte != b' ')
}

fn found(path: &str, line: usize, what: &str, mend: &'static str) -> Finding {
    Finding { path: path.to_owned(), line, what: what.to_owned(), mend }
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of the rules are valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule finds nothing in `good`, and in `bad` exactly the line that says `HERE` in a comment.
    #[track_caller]
    fn check(rule: fn(&Project) -> Vec<Finding>, good: &[(&str, &str)], bad: &[(&str, &str)]) {
        let project =
            |files: &[(&str, &str)]| Project::of(files).with_package("switchboard-webchat", "adapters/webchat", &[]);
        let findings = rule(&project(good));
        assert!(findings.is_empty(), "{findings:?}");
        for file in bad {
            let wanted = file.1.lines().position(|line| line.contains("HERE")).expect("the planted line") + 1;
            let lines: Vec<_> = rule(&project(&[*file])).iter().map(|finding| finding.line).collect();
            assert_eq!(lines, [wanted], "{file:?}");
        }
    }

    #[test]
    fn adapters_are_named_in_app_only() {
        check(
            only_app_names_adapters,
            &[
                ("src/app.rs", "use switchboard_webchat::Webchat;"),
                ("src/a.rs", "// switchboard_webchat\nlet a = \"switchboard_webchat\";"),
            ],
            &[("src/http/mod.rs", "fn a() {}\nuse switchboard_webchat::x; // HERE")],
        );
    }

    #[test]
    fn deliveries_leave_from_the_outbox_only() {
        check(
            only_outbox_delivers,
            &[
                ("src/outbox/lane.rs", "a.deliver(&x)"),
                ("src/a.rs", "fn deliver() {}"),
                ("adapters/webchat/src/l.rs", "a.deliver(x)"),
            ],
            &[
                ("src/service/reply.rs", "adapter\n.deliver(&out) // HERE"),
                ("src/outboxes.rs", "A::deliver (x) // HERE"),
            ],
        );
    }

    #[test]
    fn the_engine_is_stepped_in_two_places() {
        check(
            only_intake_and_service_step,
            &[
                ("src/intake.rs", "use switchboard_engine::step;"),
                ("src/service/act.rs", "switchboard_engine::step(a, b, c)"),
                ("src/b.rs", "use switchboard_engine::flow::step::Step;\nfn step() {}\nself.step();"),
            ],
            &[
                ("src/cli/chat.rs", "switchboard_engine::step(s, e, v) // HERE"),
                ("src/cli/flow.rs", "switchboard_engine::step::step(s, e, v) // HERE"),
                ("src/http/a.rs", "use switchboard_engine as engine;\nengine::step(s, e, v) // HERE"),
                ("src/c.rs", "use switchboard_engine::{\n  Event,\n  step, // HERE\n};"),
            ],
        );
    }

    #[test]
    fn sql_outside_the_store_is_found() {
        check(
            sql_lives_in_the_store,
            &[
                ("src/store/a.rs", "sqlx::query(\"SELECT a FROM b\")"),
                ("src/a.rs", "let a = \"please select one\"; // sqlx::x"),
            ],
            &[
                ("src/http/a.rs", "fn f(e: sqlx::Error) {} // HERE"),
                ("src/cli/a.rs", "let q = \"insert into a values (1)\"; // HERE"),
                ("src/jobs/a.rs", "let q = r\"SELECT a // HERE\n FROM b\";"),
            ],
        );
    }

    #[test]
    fn channels_compared_in_the_core_are_found() {
        check(
            core_names_no_channel,
            &[
                ("src/app.rs", "if kind == \"webchat\" {}"),
                ("src/cli/mod.rs", "/// Talks as \"telegram\" would.\nlet help = \"the telegram inbox\";"),
                ("src/http/agents.rs", "let a = (\"email\", \"/email\"); match kind { Kind::Email => \"email\" }"),
                ("flows/engine/src/tests.rs", "ChannelKind::new(\"webchat\")"),
                ("src/a.rs", "#[cfg(test)]\nmod tests { const K: &str = \"discord\"; }"),
            ],
            &[
                ("src/service/a.rs", "if inbox.kind == \"webchat\" {} // HERE"),
                ("src/http/b.rs", "match kind.as_str() {\n \"Telegram\" => 1, // HERE\n _ => 2 }"),
                ("src/http/c.rs", "if inbox.kind() == \"email\" {} // HERE"),
                ("flows/engine/src/lib.rs", "let k = ChannelKind::new(\"email\"); // HERE"),
            ],
        );
    }

    #[test]
    fn time_and_files_in_the_engine_are_found() {
        check(
            contract_and_engine_are_pure,
            &[
                ("flows/engine/src/a.rs", "// std::fs\nfn a() {}\n#[cfg(test)]\nmod tests { use std::fs; }"),
                ("src/a.rs", "use std::fs;"),
            ],
            &[
                ("flows/engine/src/b.rs", "let now = SystemTime::now(); // HERE"),
                ("adapters/contract/src/c.rs", "use std::fs; // HERE"),
            ],
        );
    }
}
