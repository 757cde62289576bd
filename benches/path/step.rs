//! What steps of the engine allocate, as its own test counts it.

use std::process::Command;

use serde_json::json;

use crate::report::Section;

/// How the lines of the test begin.
const LINE: &str = "step | ";

pub(crate) fn section() -> Section {
    // Cargo names itself to what it runs.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args([
        "test",
        "--locked",
        "--quiet",
        "-p",
        "switchboard-engine",
        "--test",
        "allocations",
        "--",
        "--nocapture",
    ]);
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let number = |text: &str| text.parse::<u64>().expect("a number");
    let rows = text.lines().filter_map(|line| line.split_once(LINE)).map(|(_, line)| {
        let cells: Vec<&str> = line.split(" | ").collect();
        let &[name, blocks, bytes, ceiling] = cells.as_slice() else { panic!("four cells: {line}") };
        vec![json!(name), json!(number(blocks)), json!(number(bytes)), json!(number(ceiling))]
    });
    let rows: Vec<_> = rows.collect();
    assert!(!rows.is_empty(), "the test names its steps:\n{text}");
    let about = "Counted, not timed; the test fails above the ceiling.".to_owned();
    Section { name: "step", about, columns: &["step", "allocations", "bytes", "ceiling"], rows }
}
