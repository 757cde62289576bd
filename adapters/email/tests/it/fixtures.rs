//! The fixtures beside the project. They are no part of it: without them the tests that use them say so and end.

#![expect(clippy::print_stdout, reason = "the output says how much was tested")]

use std::path::{Path, PathBuf};

/// A folder of mail fixtures, when it is there.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The project stands beside `shared`; a worktree of it may stand elsewhere and names it.
    let named = std::env::var_os("SWITCHBOARD_SHARED").map(PathBuf::from);
    let beside = root.ancestors().skip(2).take(2).map(|above| above.join("shared")).find(|shared| shared.is_dir());
    let folder = named.or(beside)?.join("data/email").join(name);
    if folder.is_dir() {
        println!("with the fixtures in {}", folder.display());
        return Some(folder);
    }
    None
}

/// The files of a folder with an ending, in order.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder is readable")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|it| it == ending))
        .collect();
    files.sort();
    files
}

/// Says that a test did less than it could.
pub(crate) fn absent(name: &str) {
    println!("without the fixtures `{name}`: not measured");
}
