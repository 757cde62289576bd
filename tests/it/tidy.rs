//! Holds the rules of the house: which crate may know which, who may deliver, step and speak SQL, and the small habits that
//! rot when nobody looks. Every finding names file, line and the mend.
//!
//! A rule is a function over [`Project`], so each is shown a planted violation in the tests beside it.

mod code;
mod crates;
mod habits;
mod manifests;
mod project;
mod sources;

use project::{Finding, Project};

type Rule = fn(&Project) -> Vec<Finding>;

/// Every rule by the sentence it holds.
const RULES: &[(&str, Rule)] = &[
    ("the contract has no runtime, server or database", crates::contract_is_bare),
    ("the engine depends on its allow-list only", crates::engine_depends_on_its_list),
    ("an adapter knows no other adapter, the engine or the root", crates::adapters_stand_alone),
    ("dependencies point one way", crates::nothing_points_up),
    ("every dependency says why it is taken", manifests::dependencies_have_reasons),
    ("versions are chosen once, in the root", manifests::versions_live_in_the_root),
    ("every chosen dependency is taken", manifests::dependencies_are_taken),
    ("lock files know the public registries only", manifests::locks_name_public_registries),
    ("only app.rs names a concrete adapter", sources::only_app_names_adapters),
    ("the core never names a channel", sources::core_names_no_channel),
    ("only the outbox delivers", sources::only_outbox_delivers),
    ("only intake and service step the engine", sources::only_intake_and_service_step),
    ("SQL lives in the store", sources::sql_lives_in_the_store),
    ("contract and engine are pure", sources::contract_and_engine_are_pure),
    ("no lint is switched off and no test is left out", habits::nothing_is_switched_off),
    ("no path of one machine", habits::no_machine_paths),
    ("no package registry is named", habits::no_registry_hosts),
    ("no test can reach a real service", habits::no_real_services_in_tests),
    ("a file has one job", habits::files_are_short),
    ("migrations are numbered without gaps, the same for every database", habits::migrations_are_numbered),
];

#[test]
fn the_house_keeps_its_rules() {
    let project = Project::load();
    let mut broken = Vec::new();
    for (sentence, rule) in RULES {
        let lines: Vec<_> = rule(&project).iter().map(|finding| format!("  {finding}\n")).collect();
        if !lines.is_empty() {
            broken.push(format!("\n{sentence}:\n{}", lines.concat()));
        }
    }
    assert!(broken.is_empty(), "{}", broken.concat());
}

/// The scan is worth nothing when it looks at an empty folder.
#[test]
fn the_scan_sees_the_project() {
    let project = Project::load();
    for path in ["Cargo.toml", "Cargo.lock", "src/main.rs", "adapters/contract/src/lib.rs", "flows/engine/src/lib.rs"] {
        assert!(project.text(path).is_some(), "{path} is not among the scanned files");
    }
    for name in ["switchboard", "switchboard-contract", "switchboard-engine", "switchboard-webchat"] {
        assert!(project.package(name).is_some(), "{name} is not among the packages");
    }
    assert!(project.files().all(|(path, _)| !path.contains("node_modules/") && !path.starts_with("target/")));
}
