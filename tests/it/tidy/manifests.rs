//! Every dependency is chosen once, with a reason, from a public registry.

use super::project::{Finding, Project};

const ROOT: &str = "Cargo.toml";

/// A line of a manifest's table, counted from 1.
struct Entry<'a> {
    line: usize,
    name: &'a str,
    text: &'a str,
    /// A comment line stands above it, with nothing but other entries between.
    under_comment: bool,
}

pub(super) fn dependencies_have_reasons(project: &Project) -> Vec<Finding> {
    let entries = entries(project.text(ROOT).unwrap_or_default(), |table| table == "workspace.dependencies");
    let silent = entries.into_iter().filter(|entry| {
        let reason = entry.text.split_once(" # ").is_some_and(|(_, reason)| !reason.trim().is_empty());
        let ours = entry.text.contains("path = ") && entry.under_comment;
        !reason && !ours
    });
    let finding = |entry: Entry<'_>| Finding {
        path: ROOT.to_owned(),
        line: entry.line,
        what: format!("{} is taken without a reason", entry.name),
        mend: "say at the end of the line what it is for",
    };
    silent.map(finding).collect()
}

pub(super) fn versions_live_in_the_root(project: &Project) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in manifests(project) {
        for entry in entries(text, is_dependency_table).into_iter().filter(|entry| !from_workspace(entry.text)) {
            findings.push(Finding {
                path: path.to_owned(),
                line: entry.line,
                what: format!("{} has a version of its own", entry.name),
                mend: "choose it under [workspace.dependencies] and write `.workspace = true` here",
            });
        }
    }
    findings
}

pub(super) fn dependencies_are_taken(project: &Project) -> Vec<Finding> {
    let taken: Vec<&str> =
        manifests(project).flat_map(|(_, text)| entries(text, is_dependency_table)).map(|entry| entry.name).collect();
    let chosen = entries(project.text(ROOT).unwrap_or_default(), |table| table == "workspace.dependencies");
    let idle = chosen.into_iter().filter(|entry| !taken.contains(&entry.name));
    let finding = |entry: Entry<'_>| Finding {
        path: ROOT.to_owned(),
        line: entry.line,
        what: format!("no package takes {}", entry.name),
        mend: "remove the line",
    };
    idle.map(finding).collect()
}

pub(super) fn locks_name_public_registries(project: &Project) -> Vec<Finding> {
    // Pieces, so that this file does not name what the registry rule forbids.
    let npm = concat!("https://registry.", "npmjs.org/");
    let mut findings = Vec::new();
    for (path, text) in project.files() {
        let public: &dyn Fn(&str) -> bool = if path.ends_with("Cargo.lock") {
            &|line| !line.starts_with("source = ") || line.ends_with("//github.com/rust-lang/crates.io-index\"")
        } else if path.ends_with("package-lock.json") {
            &|line| line.strip_prefix("\"resolved\": \"").is_none_or(|url| url.starts_with(npm))
        } else {
            continue;
        };
        for (index, _) in text.lines().enumerate().filter(|(_, line)| !public(line.trim())) {
            findings.push(Finding {
                path: path.to_owned(),
                line: index + 1,
                what: "this package comes from elsewhere than its public registry".to_owned(),
                mend: "lock it again without a mirror",
            });
        }
    }
    findings
}

fn manifests(project: &Project) -> impl Iterator<Item = (&str, &str)> {
    project.files().filter(|(path, _)| *path == ROOT || path.ends_with("/Cargo.toml"))
}

fn is_dependency_table(table: &str) -> bool {
    table != "workspace.dependencies" && table.rsplit('.').next().is_some_and(|last| last.ends_with("dependencies"))
}

fn from_workspace(entry: &str) -> bool {
    let text = entry.replace(' ', "");
    text.contains(".workspace=true") || text.contains("workspace=true}") || text.contains("workspace=true,")
}

/// The entries of the tables that are wanted. Our manifests keep an entry on one line.
fn entries(manifest: &str, wanted: impl Fn(&str) -> bool) -> Vec<Entry<'_>> {
    let (mut inside, mut under_comment, mut found) = (false, false, Vec::new());
    for (index, line) in manifest.lines().enumerate() {
        let text = line.trim();
        if let Some(table) = text.strip_prefix('[') {
            inside = wanted(table.trim_end_matches(']'));
        } else if text.is_empty() {
            under_comment = false;
        } else if text.starts_with('#') {
            under_comment = true;
        } else if inside && let Some((name, _)) = text.split_once(['=', '.', ' ']) {
            found.push(Entry { line: index + 1, name, text, under_comment });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[workspace.dependencies]\n# our own crates\nours = { path = \"ours\" }\n\nserde = \"1\" # data in and out\n\n[dependencies]\nserde.workspace = true\nours = { workspace = true, features = [\"x\"] }\n";

    fn told(rule: fn(&Project) -> Vec<Finding>, files: &[(&str, &str)]) -> Vec<(String, usize)> {
        rule(&Project::of(files)).into_iter().map(|finding| (finding.path, finding.line)).collect()
    }

    #[test]
    fn a_good_manifest_passes() {
        for rule in [dependencies_have_reasons, versions_live_in_the_root, dependencies_are_taken] {
            assert!(rule(&Project::of(&[(ROOT, GOOD)])).is_empty());
        }
    }

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        let silent = GOOD.replace(" # data in and out", "");
        assert_eq!(told(dependencies_have_reasons, &[(ROOT, &silent)]), [(ROOT.to_owned(), 5)]);
    }

    #[test]
    fn a_version_in_a_member_is_found() {
        let member = ("a/Cargo.toml", "[dev-dependencies]\nserde = \"1\"\n");
        assert_eq!(told(versions_live_in_the_root, &[(ROOT, GOOD), member]), [("a/Cargo.toml".to_owned(), 2)]);
    }

    #[test]
    fn a_dependency_nobody_takes_is_found() {
        let idle = GOOD.replace("serde.workspace = true\n", "");
        assert_eq!(told(dependencies_are_taken, &[(ROOT, &idle)]), [(ROOT.to_owned(), 5)]);
    }

    #[test]
    fn a_mirror_in_a_lock_file_is_found() {
        let cargo = |source: &str| format!("[[package]]\nname = \"a\"\nsource = \"registry+https://{source}\"\n");
        let npm = |host: &str| format!("{{\n  \"resolved\": \"https://{host}/a.tgz\"\n}}\n");
        let good = [cargo("github.com/rust-lang/crates.io-index"), npm(concat!("registry.", "npmjs.org"))];
        assert!(
            told(locks_name_public_registries, &[("Cargo.lock", &good[0]), ("web/package-lock.json", &good[1])])
                .is_empty()
        );
        let bad = [cargo("mirror.example/index"), npm("mirror.example")];
        let findings =
            told(locks_name_public_registries, &[("Cargo.lock", &bad[0]), ("web/package-lock.json", &bad[1])]);
        assert_eq!(findings, [("Cargo.lock".to_owned(), 3), ("web/package-lock.json".to_owned(), 2)]);
    }
}
