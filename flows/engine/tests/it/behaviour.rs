//! The engine's behaviours, as scripts: each file of `fixtures/scripts` is played in the pure harness.

use std::path::PathBuf;

use switchboard_engine::flow;
use switchboard_engine::script::{self, PureHarness};

use crate::world;

#[test]
fn every_script_holds() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures/scripts");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder of scripts")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    files.sort();
    assert!(files.len() >= 10, "only {} scripts", files.len());
    let failures: Vec<String> = files.iter().filter_map(|path| play(path).err()).collect();
    assert!(failures.is_empty(), "{} of {} scripts failed\n\n{}", failures.len(), files.len(), failures.join("\n"));
}

fn play(path: &std::path::Path) -> Result<(), String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let source = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let told = |problems: Vec<switchboard_engine::Problem>| {
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let script = script::parse(&name, &source).map_err(told)?;
    let mut flows = world::flows();
    for raw in &script.flows {
        let flow = flow::parse(&raw.name, &raw.source).map_err(told)?;
        flows.insert(2, flow, true);
    }
    let seed = 7;
    let mut harness = PureHarness::new(world::book(), flows, Box::new(world::Words), script.config.start, seed);
    script::run(&script, &mut harness, seed).map(|_| ()).map_err(|failure| failure.to_string())
}

#[test]
fn a_failure_shows_both_sides_and_the_seed() {
    let source = "# Title\n\n```script\ncustomer: hi\nbot: Hello\n```\n";
    let script = script::parse("a.md", source).expect("a script");
    let mut harness = PureHarness::new(world::book(), world::flows(), Box::new(world::Words), script.config.start, 3);
    let failure = script::run(&script, &mut harness, 3).expect_err("other words");
    insta::assert_snapshot!(failure.to_string(), @"
    a.md:5: the text differs
    Title (seed 3)

      expected                                                     │ real
      ─────────────────────────────────────────────────────────────┼─────────────────────────────────────────────────────────────
      customer: hi                                                 │ customer: hi
      bot: Hello                                                   │ bot: Hi, I'm Juno. What can I help you with?
                                                                   │   [Internet trouble] [Order status] [Talk to a person]
    ");
}
