//! What the rules look at: the text files and the packages of the project, from the disk or made up for a test.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Folders that hold nothing of ours, wherever they are.
const FOREIGN_FOLDERS: &[&str] = &[".git", "node_modules", "target", "dist", "out"];

/// Something to mend.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) path: String,
    /// Counted from 1; 0 when the file as a whole is meant.
    pub(super) line: usize,
    pub(super) what: String,
    pub(super) mend: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, what, mend } = self;
        if *line == 0 { write!(f, "{path}: {what}; {mend}") } else { write!(f, "{path}:{line}: {what}; {mend}") }
    }
}

/// A package of the workspace with what it depends on.
#[derive(Debug, Clone)]
pub(super) struct Package {
    pub(super) name: String,
    /// Relative to the root, for example `adapters/contract/Cargo.toml`.
    pub(super) manifest: String,
    /// What its library or binary needs.
    pub(super) needs: Vec<String>,
    /// What only its tests need.
    pub(super) test_needs: Vec<String>,
}

impl Package {
    /// The name as Rust code writes it.
    pub(super) fn ident(&self) -> String {
        self.name.replace('-', "_")
    }

    /// A channel adapter: everything under `adapters/` but the contract and the test kit.
    pub(super) fn is_adapter(&self) -> bool {
        self.manifest.starts_with("adapters/")
            && !self.manifest.starts_with("adapters/contract/")
            && !self.manifest.starts_with("adapters/testkit/")
    }
}

#[derive(Debug, Default)]
pub(super) struct Project {
    files: BTreeMap<String, String>,
    packages: Vec<Package>,
}

impl Project {
    /// Reads the checkout this test was built from.
    pub(super) fn load() -> Self {
        let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("tests are run by cargo"));
        let mut files = BTreeMap::new();
        read_folder(&root, &root, &mut files);
        Self { files, packages: read_packages(&root) }
    }

    /// A project made up of these files.
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Self { files, packages: Vec::new() }
    }

    /// The same project with one more package, whose manifest is at `folder`.
    pub(super) fn with_package(mut self, name: &str, folder: &str, needs: &[&str]) -> Self {
        let manifest = if folder.is_empty() { "Cargo.toml".to_owned() } else { format!("{folder}/Cargo.toml") };
        let needs = needs.iter().map(|&need| need.to_owned()).collect();
        self.packages.push(Package { name: name.to_owned(), manifest, needs, test_needs: Vec::new() });
        self
    }

    /// All text files by their path from the root, with `/` between the parts.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The Rust files below one of these folders.
    pub(super) fn rust(&self, folders: &[&str]) -> impl Iterator<Item = (&str, &str)> {
        self.files()
            .filter(move |(path, _)| extension(path) == "rs" && folders.iter().any(|folder| path.starts_with(folder)))
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    pub(super) fn packages(&self) -> &[Package] {
        &self.packages
    }

    pub(super) fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// The line of a manifest that names a dependency; 0 when there is none.
    pub(super) fn dependency_line(&self, manifest: &str, dependency: &str) -> usize {
        let names_it = |line: &str| line.strip_prefix(dependency).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
        self.text(manifest).and_then(|text| text.lines().position(names_it)).map_or(0, |index| index + 1)
    }
}

/// What follows the last dot of a path.
pub(super) fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

fn read_folder(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("a folder of the checkout can be read") {
        let entry = entry.expect("a folder of the checkout can be listed");
        let path = entry.path();
        let kind = entry.file_type().expect("a file of the checkout has a type");
        let name = entry.file_name();
        if kind.is_dir() {
            // The database of `make run` lies in the root; a folder of that name deeper down may be source.
            let data = folder == root && name == "data";
            if !data && !FOREIGN_FOLDERS.iter().any(|foreign| name == *foreign) {
                read_folder(root, &path, files);
            }
        } else if kind.is_file()
            // In a second working tree this names where the first one is.
            && name != ".git"
            && let Ok(text) = fs::read_to_string(&path)
        {
            let relative = path.strip_prefix(root).expect("the walk stays below the root");
            let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
            files.insert(parts.join("/"), text);
        }
    }
}

fn read_packages(root: &Path) -> Vec<Package> {
    // Without resolving: the workspace's own manifests say all we ask, and nothing is fetched for other platforms.
    let metadata = MetadataCommand::new().manifest_path(root.join("Cargo.toml")).no_deps().exec();
    let metadata = metadata.expect("cargo can read the manifests of the workspace");
    let relative = |path: &Path| path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    let of_kind = |package: &cargo_metadata::Package, test: bool| {
        let wanted = package.dependencies.iter().filter(|need| (need.kind == DependencyKind::Development) == test);
        wanted.map(|need| need.name.clone()).collect()
    };
    let package = |package: &cargo_metadata::Package| Package {
        name: package.name.to_string(),
        manifest: relative(package.manifest_path.as_std_path()),
        needs: of_kind(package, false),
        test_needs: of_kind(package, true),
    };
    metadata.packages.iter().map(package).collect()
}
