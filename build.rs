//! Compares the web bundle with its sources, so that a missing or stale one is noticed by the build and said by the program.
//!
//! The rule is that of `web/scripts/stamp.mjs`.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

fn main() {
    println!("cargo::rerun-if-changed=web");
    println!("cargo::rerun-if-changed=flows");
    println!("cargo::rerun-if-changed=migrations");
    let web = Path::new("web");
    let state = match std::fs::read_to_string(web.join("dist/stamp.txt")) {
        Err(_) => "missing",
        Ok(stamp) if stamp.trim() == hash(web) => "fresh",
        Ok(_) => "stale",
    };
    if state != "fresh" {
        println!("cargo::warning=the web pages are {state}: run `make web` to build them");
    }
    // Not named SWITCHBOARD_…: `cargo run` hands it on to the program, which takes those for settings.
    println!("cargo::rustc-env=WEB_PAGES_AT_BUILD={state}");
}

fn hash(root: &Path) -> String {
    let mut files = Vec::new();
    collect(root, root, &mut files);
    files.sort();
    let mut hasher = Sha256::new();
    for (name, path) in files {
        let bytes = std::fs::read(path).unwrap_or_default();
        hasher.update(name.as_bytes());
        hasher.update([0]);
        hasher.update(bytes.len().to_string().as_bytes());
        hasher.update([0]);
        hasher.update(&bytes);
    }
    let digits =
        |byte: &u8| [byte >> 4, byte & 15].map(|half| char::from_digit(u32::from(half), 16).unwrap_or_default());
    hasher.finalize().iter().flat_map(digits).collect()
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let hidden = name.to_string_lossy().starts_with('.');
        if hidden || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            if name != "node_modules" && name != "dist" {
                collect(root, &path, files);
            }
        } else if let Ok(relative) = path.strip_prefix(root) {
            files.push((relative.to_string_lossy().replace('\\', "/"), path));
        }
    }
}
