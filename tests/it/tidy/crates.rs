//! Which crate may know which: `src -> engine -> contract <- adapters <- src`.

use std::collections::{BTreeMap, VecDeque};

use super::project::{Finding, Package, Project};

const CONTRACT: &str = "switchboard-contract";
const ENGINE: &str = "switchboard-engine";
const TESTKIT: &str = "switchboard-testkit";
const ROOT: &str = "switchboard";

/// Runtimes, servers, clients and databases: what neither the contract nor the engine may reach, however indirectly.
const WORLDLY: &[&str] = &[
    "async-std",
    "axum",
    "hyper",
    "hyper-util",
    "libsqlite3-sys",
    "mio",
    "reqwest",
    "rusqlite",
    "smol",
    "socket2",
    "sqlx",
    "sqlx-core",
    "tokio",
    "tokio-util",
    "tower",
    "tungstenite",
];

/// What the engine is made of. A new name here wants a reason: is it pure, and does it need neither time nor files?
const ENGINE_NEEDS: &[&str] =
    &[CONTRACT, "regex", "saphyr", "serde", "serde_json", "sha2", "strsim", "thiserror", "unicode-normalization"];

pub(super) fn contract_is_bare(project: &Project) -> Vec<Finding> {
    let Some(contract) = project.package(CONTRACT) else { return Vec::new() };
    let mend = "the contract is vocabulary; what needs this belongs in an adapter or in src/";
    worldly_needs(project, contract, mend)
}

pub(super) fn engine_depends_on_its_list(project: &Project) -> Vec<Finding> {
    let Some(engine) = project.package(ENGINE) else { return Vec::new() };
    let unlisted = engine.needs.iter().filter(|need| !ENGINE_NEEDS.contains(&need.as_str()));
    let mend = "the engine is a pure function; hand the value in, or add the crate to ENGINE_NEEDS with its reason";
    let mut findings: Vec<_> =
        unlisted.map(|need| at(project, engine, need, format!("the engine depends on {need}"), mend)).collect();
    findings.extend(worldly_needs(project, engine, mend));
    findings
}

pub(super) fn adapters_stand_alone(project: &Project) -> Vec<Finding> {
    let adapters: Vec<_> = project.packages().iter().filter(|package| package.is_adapter()).collect();
    let forbidden = |need: &str| need == ROOT || need == ENGINE || adapters.iter().any(|other| other.name == need);
    let mend = "an adapter knows the contract only; share through it, or not at all";
    let mut findings = Vec::new();
    for adapter in &adapters {
        // The test kit holds fakes and laws; shipping it would ship them.
        let needs = adapter.needs.iter().filter(|need| forbidden(need) || *need == TESTKIT);
        for need in needs.chain(adapter.test_needs.iter().filter(|need| forbidden(need))) {
            findings.push(at(project, adapter, need, format!("{} depends on {need}", adapter.name), mend));
        }
    }
    findings
}

/// Contract, engine and test kit stay below those who use them, and the root ships no test kit.
pub(super) fn nothing_points_up(project: &Project) -> Vec<Finding> {
    let mend = "dependencies point one way: src -> engine -> contract <- adapters <- src";
    let mut findings = Vec::new();
    for package in project.packages() {
        let allowed: &[&str] = match package.name.as_str() {
            CONTRACT => &[],
            ENGINE | TESTKIT => &[CONTRACT],
            _ => continue,
        };
        let ours = package.needs.iter().chain(&package.test_needs).filter(|need| project.package(need).is_some());
        for need in ours.filter(|need| !allowed.contains(&need.as_str())) {
            findings.push(at(project, package, need, format!("{} depends on {need}", package.name), mend));
        }
    }
    if let Some(root) = project.package(ROOT).filter(|root| root.needs.iter().any(|need| need == TESTKIT)) {
        findings.push(at(
            project,
            root,
            TESTKIT,
            "the root ships the test kit".to_owned(),
            "take it under [dev-dependencies]",
        ));
    }
    findings
}

fn at(project: &Project, package: &Package, need: &str, what: String, mend: &'static str) -> Finding {
    let line = project.dependency_line(&package.manifest, need);
    Finding { path: package.manifest.clone(), line, what, mend }
}

/// Everything worldly that can be reached from a package, each with the way there.
fn worldly_needs(project: &Project, package: &Package, mend: &'static str) -> Vec<Finding> {
    let locked = locked_needs(project.text("Cargo.lock").unwrap_or_default());
    let mut ways: BTreeMap<String, String> = BTreeMap::new();
    let mut waiting: VecDeque<(String, String)> =
        package.needs.iter().map(|need| (need.clone(), format!("{} -> {need}", package.name))).collect();
    while let Some((name, way)) = waiting.pop_front() {
        if ways.contains_key(&name) {
            continue;
        }
        let further = locked.get(&name).into_iter().flatten();
        waiting.extend(further.map(|need| (need.clone(), format!("{way} -> {need}"))));
        ways.insert(name, way);
    }
    let worldly = ways.into_iter().filter(|(name, _)| WORLDLY.contains(&name.as_str()));
    worldly
        .map(|(_, way)| {
            let first = way.split(" -> ").nth(1).unwrap_or_default().to_owned();
            at(project, package, &first, way, mend)
        })
        .collect()
}

/// What each package in the lock file depends on, by name; several versions of one name are taken together.
///
/// The lock file merges what builds and what tests need, so packages of our own are left out: their manifests say it better.
fn locked_needs(lock: &str) -> BTreeMap<String, Vec<String>> {
    let lock: toml::Table = lock.parse().unwrap_or_default();
    let mut needs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in lock.get("package").and_then(toml::Value::as_array).into_iter().flatten() {
        let (Some(name), Some(_)) = (package.get("name").and_then(toml::Value::as_str), package.get("source")) else {
            continue;
        };
        let listed = package.get("dependencies").and_then(toml::Value::as_array).into_iter().flatten();
        let names = listed.filter_map(toml::Value::as_str).filter_map(|entry| entry.split(' ').next());
        needs.entry(name.to_owned()).or_default().extend(names.map(str::to_owned));
    }
    needs
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "
        [[package]]\nname = \"pleasant\"\nversion = \"1.0.0\"\nsource = \"r\"\ndependencies = [\"between 1.0.0\"]
        [[package]]\nname = \"between\"\nversion = \"1.0.0\"\nsource = \"r\"\ndependencies = [\"tokio\"]
        [[package]]\nname = \"tokio\"\nversion = \"1.0.0\"\nsource = \"r\"
        [[package]]\nname = \"serde\"\nversion = \"1.0.0\"\nsource = \"r\"";

    fn project() -> Project {
        Project::of(&[
            ("Cargo.lock", LOCK),
            ("adapters/contract/Cargo.toml", "[dependencies]\npleasant.workspace = true\n"),
            ("flows/engine/Cargo.toml", "[dependencies]\nserde.workspace = true\n"),
        ])
    }

    #[test]
    fn a_runtime_below_the_contract_is_found_however_deep() {
        let clean = project().with_package(CONTRACT, "adapters/contract", &["serde"]);
        assert!(contract_is_bare(&clean).is_empty());
        let findings = contract_is_bare(&project().with_package(CONTRACT, "adapters/contract", &["serde", "pleasant"]));
        let told: Vec<_> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with(
                "adapters/contract/Cargo.toml:2: switchboard-contract -> pleasant -> between -> tokio; the contract"
            ),
            "{told:?}"
        );
    }

    #[test]
    fn the_engine_keeps_to_its_list() {
        let clean = project().with_package(ENGINE, "flows/engine", &["serde", CONTRACT]);
        assert!(engine_depends_on_its_list(&clean).is_empty());
        let findings =
            engine_depends_on_its_list(&project().with_package(ENGINE, "flows/engine", &["rand", "pleasant"]));
        assert_eq!(findings.len(), 3, "rand, pleasant, and tokio below pleasant: {findings:?}");
    }

    #[test]
    fn adapters_know_only_the_contract() {
        let two = |needs: &[&str]| {
            project().with_package("switchboard-webchat", "adapters/webchat", needs).with_package(
                "switchboard-telegram",
                "adapters/telegram",
                &[CONTRACT],
            )
        };
        assert!(adapters_stand_alone(&two(&[CONTRACT, "serde"])).is_empty());
        for need in ["switchboard-telegram", ENGINE, ROOT, TESTKIT] {
            assert_eq!(adapters_stand_alone(&two(&[CONTRACT, need])).len(), 1, "{need}");
        }
    }

    #[test]
    fn nothing_below_knows_what_is_above() {
        let house = |contract: &[&str], root: &[&str]| {
            project()
                .with_package(CONTRACT, "adapters/contract", contract)
                .with_package(ENGINE, "flows/engine", &[CONTRACT])
                .with_package(ROOT, "", root)
        };
        assert!(nothing_points_up(&house(&["serde"], &[ENGINE])).is_empty());
        assert_eq!(nothing_points_up(&house(&[ENGINE], &[])).len(), 1);
        assert_eq!(nothing_points_up(&house(&[], &[TESTKIT])).len(), 1);
    }
}
