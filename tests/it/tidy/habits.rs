//! Small habits that rot when nobody looks.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::code::Code;
use super::project::{Finding, Project, extension};

/// Longer than this, and a file has more than one job.
const LINES_MAX: usize = 700;

// Forbidden words are written in two pieces, so that this file does not contain what it looks for.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/tm", "p/")];
const REGISTRIES: &[&str] = &[
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("registry.", "npmjs.org"),
    concat!("files.", "pythonhosted.org"),
    concat!("deb.", "debian.org"),
];
const SERVICES: &[&str] = &[
    concat!("api.", "telegram.org"),
    concat!("discord", ".com"),
    concat!("discord", ".gg"),
    concat!("discord", "app.com"),
    concat!("imap.", "gmail.com"),
    concat!("smtp.", "gmail.com"),
    concat!("googleapis", ".com"),
    concat!("office", "365.com"),
    concat!("graph.", "microsoft.com"),
];

pub(super) fn nothing_is_switched_off(project: &Project) -> Vec<Finding> {
    let attribute = regex(r"#!?\[\s*(cfg_attr\s*\([^\]]*)?\b(allow|ignore)\b");
    let call = regex(r"\b(it|test|describe|suite)\.(only|skip|todo|fails)\b|@ts-(ignore|nocheck)");
    let mend = "write #[expect(lint, reason = \"…\")] for a lint; a test runs or goes";
    let mut findings = Vec::new();
    for (path, text) in project.files() {
        if extension(path) == "rs" {
            let code = Code::read(text);
            let lines = attribute.find_iter(&code.bare).map(|hit| code.line_at(hit.start()));
            findings.extend(lines.map(|line| finding(path, line, "something is switched off", mend)));
        } else if is_script(path) {
            findings.extend(lines_with(path, text, |line| call.is_match(line), "something is switched off", mend));
        }
    }
    findings
}

pub(super) fn no_machine_paths(project: &Project) -> Vec<Finding> {
    let mend = "ask for a temporary folder, or name the path from the root of the project";
    everywhere(project, |_| true, MACHINE_PATHS, mend)
}

pub(super) fn no_registry_hosts(project: &Project) -> Vec<Finding> {
    let lock = |path: &str| path.ends_with("Cargo.lock") || path.ends_with("package-lock.json");
    everywhere(project, |path| !lock(path), REGISTRIES, "leave the choice of registry to the machine's own settings")
}

pub(super) fn no_real_services_in_tests(project: &Project) -> Vec<Finding> {
    let is_test = |path: &str| {
        path.starts_with("tests/")
            || path.starts_with("adapters/testkit/")
            || path.contains("/tests/")
            || path.ends_with("/tests.rs")
            || path.contains(".test.")
    };
    everywhere(project, is_test, SERVICES, "use an emulator on 127.0.0.1, or a name below .example")
}

pub(super) fn files_are_short(project: &Project) -> Vec<Finding> {
    let mend = "split it by job";
    let source = |path: &str| matches!(extension(path), "rs" | "svelte") || is_script(path);
    let files = project.files().filter(|(path, _)| source(path));
    let long = files.map(|(path, text)| (path, text.lines().count())).filter(|(_, lines)| *lines > LINES_MAX);
    long.map(|(path, lines)| finding(path, lines, &format!("{lines} lines, {LINES_MAX} at most"), mend)).collect()
}

pub(super) fn migrations_are_numbered(project: &Project) -> Vec<Finding> {
    let name = regex(r"^(\d{4})(_[a-z0-9]+){2,}\.sql$");
    let mend = "name it NNNN_verb_noun.sql, count on from 0001, and write it for every database";
    let mut databases: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut findings = Vec::new();
    for (path, _) in project.files() {
        let Some((database, file)) = path.strip_prefix("migrations/").and_then(|rest| rest.split_once('/')) else {
            continue;
        };
        databases.entry(database).or_default().insert(file);
    }
    for (database, files) in &databases {
        for (index, file) in files.iter().enumerate() {
            let number = name.captures(file).and_then(|parts| parts[1].parse::<usize>().ok());
            let wanted = index + 1;
            if number != Some(wanted) {
                let what = format!("this migration is not number {wanted:04}");
                findings.push(finding(&format!("migrations/{database}/{file}"), 0, &what, mend));
            }
        }
        for file in databases.values().flatten().filter(|file| !files.contains(*file)) {
            let what = "another database has this migration, this one has not";
            findings.push(finding(&format!("migrations/{database}/{file}"), 0, what, mend));
        }
    }
    findings
}

fn is_script(path: &str) -> bool {
    matches!(extension(path), "ts" | "mjs" | "js")
}

fn everywhere(
    project: &Project,
    wanted: impl Fn(&str) -> bool,
    words: &'static [&'static str],
    mend: &'static str,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in project.files().filter(|(path, _)| wanted(path)) {
        for word in words {
            findings.extend(lines_with(path, text, |line| line.contains(word), &format!("names {word}"), mend));
        }
    }
    findings
}

fn lines_with(path: &str, text: &str, hit: impl Fn(&str) -> bool, what: &str, mend: &'static str) -> Vec<Finding> {
    let lines = text.lines().enumerate().filter(|(_, line)| hit(line));
    lines.map(|(index, _)| finding(path, index + 1, what, mend)).collect()
}

fn finding(path: &str, line: usize, what: &str, mend: &'static str) -> Finding {
    Finding { path: path.to_owned(), line, what: what.to_owned(), mend }
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of the rules are valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the rule finds something, as `path:line`.
    fn places(rule: fn(&Project) -> Vec<Finding>, files: &[(&str, &str)]) -> Vec<String> {
        rule(&Project::of(files)).iter().map(|finding| format!("{}:{}", finding.path, finding.line)).collect()
    }

    #[test]
    fn a_switched_off_lint_or_test_is_found() {
        let files = [
            ("src/good.rs", "#[expect(lint, reason = \"x\")]\n// #[ignore]\nlet a = \"#[allow(x)]\";"),
            ("src/a.rs", "\n#[ignore]\nfn a() {}"),
            ("src/b.rs", "#![allow(dead_code)]"),
            ("src/c.rs", "#[cfg_attr(test, allow(x))]"),
            (
                "web/a.test.ts",
                "it(\"works\", f);\nit.skip(\"works not\", f);".replace(".skip", concat!(".sk", "ip")).leak(),
            ),
        ];
        assert_eq!(
            places(nothing_is_switched_off, &files),
            ["src/a.rs:2", "src/b.rs:1", "src/c.rs:1", "web/a.test.ts:2"]
        );
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        let text = format!("one\ncd {}project\n", MACHINE_PATHS[0]);
        assert_eq!(
            places(no_machine_paths, &[("README.md", &text), ("src/a.rs", "let a = \"/api/v1\";")]),
            ["README.md:2"]
        );
    }

    #[test]
    fn a_registry_is_found_outside_lock_files() {
        let text = format!("\"{}\"", REGISTRIES[2]);
        assert_eq!(places(no_registry_hosts, &[("Makefile", &text), ("web/package-lock.json", &text)]), ["Makefile:1"]);
    }

    #[test]
    fn a_real_service_in_a_test_is_found() {
        let text = format!("let host = \"{}\";", SERVICES[0]);
        let files =
            [("adapters/telegram/src/lib.rs", &*text), ("adapters/testkit/src/a.rs", &text), ("tests/it/a.rs", &text)];
        assert_eq!(places(no_real_services_in_tests, &files), ["adapters/testkit/src/a.rs:1", "tests/it/a.rs:1"]);
    }

    #[test]
    fn a_long_file_is_found() {
        let (short, long) = ("\n".repeat(LINES_MAX), "\n".repeat(LINES_MAX + 1));
        let files = [("src/a.rs", &*short), ("src/b.rs", &long), ("web/a.svelte", &long), ("README.md", &long)];
        assert_eq!(places(files_are_short, &files), ["src/b.rs:701", "web/a.svelte:701"]);
    }

    #[test]
    fn a_gap_between_migrations_is_found() {
        let sqlite = [("migrations/sqlite/0001_create_all.sql", ""), ("migrations/sqlite/0002_add_notes.sql", "")];
        assert!(places(migrations_are_numbered, &sqlite).is_empty());
        let gap = [sqlite[0], ("migrations/sqlite/0003_add_notes.sql", "")];
        assert_eq!(places(migrations_are_numbered, &gap), ["migrations/sqlite/0003_add_notes.sql:0"]);
        let misnamed = [("migrations/sqlite/0001_notes.sql", "")];
        assert_eq!(places(migrations_are_numbered, &misnamed).len(), 1);
        let uneven = [sqlite[0], sqlite[1], ("migrations/postgres/0001_create_all.sql", "")];
        assert_eq!(places(migrations_are_numbered, &uneven), ["migrations/postgres/0002_add_notes.sql:0"]);
    }
}
