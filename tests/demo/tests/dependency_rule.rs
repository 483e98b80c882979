//! The rule of ARCHITECTURE.md, read out of the workspace itself: a bare noun is pure, a `noun-technology` is an adapter
//! that knows no other adapter, and only the shells wire them.

#![expect(clippy::unwrap_used, reason = "test support outside test functions")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

/// What touches the world: no pure crate depends on it.
const WORLD: [&str; 14] = [
    "axum",
    "eframe",
    "egui",
    "getrandom",
    "mio",
    "pcsc",
    "rand",
    "reqwest",
    "rusqlite",
    "rustls",
    "socket2",
    "tempfile",
    "tokio",
    "ureq",
];
/// What a pure crate's source does not say, outside its tests.
const WORLDLY: [&str; 8] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "std::process",
    "SystemTime",
    "Instant::now",
    "File::open",
];

/// The crates below `crates/`, by the name after `hinamori-`, with their dependencies in products.
fn crates() -> BTreeMap<String, (PathBuf, Vec<String>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(&root)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Metadata = serde_json::from_slice(&output.stdout).unwrap();
    let below = root.canonicalize().unwrap().join("crates");
    let found: BTreeMap<_, _> = metadata
        .packages
        .into_iter()
        .filter(|package| package.manifest_path.starts_with(&below))
        .map(|Package { name, manifest_path, dependencies }| {
            let own = name.strip_prefix("hinamori-").unwrap().to_owned();
            let used = dependencies.into_iter().filter(|of| of.kind.as_deref() != Some("dev"));
            (own, (manifest_path.parent().unwrap().to_owned(), used.map(|of| of.name).collect()))
        })
        .collect();
    assert!(found.len() > 15, "the workspace's crates were not found");
    found
}

/// `sim` is for tests, and touches whatever they need.
fn is_pure(name: &str) -> bool {
    !name.contains('-') && name != "sim"
}

#[test]
fn a_pure_crate_depends_on_pure_crates_and_on_nothing_that_touches_the_world() {
    for (name, (_, dependencies)) in crates().iter().filter(|(name, _)| is_pure(name)) {
        for dependency in dependencies {
            assert!(!WORLD.contains(&dependency.as_str()), "{name} depends on {dependency}");
            if let Some(own) = dependency.strip_prefix("hinamori-") {
                assert!(is_pure(own), "the pure crate {name} depends on the adapter {own}");
            }
        }
    }
}

#[test]
fn an_adapter_knows_no_other_adapter() {
    // The few functions that write files which only their owner may read are no technology.
    let is_adapter = |name: &str| name.contains('-') && name != "private-file";
    for (name, (_, dependencies)) in crates().iter().filter(|(name, _)| !is_pure(name) && *name != "sim") {
        for own in dependencies.iter().filter_map(|dependency| dependency.strip_prefix("hinamori-")) {
            assert!(own != "sim" && !is_adapter(own), "the adapter {name} depends on {own}");
        }
    }
}

#[test]
fn no_source_of_a_pure_crate_reads_a_clock_a_file_or_a_socket() {
    let mut looked_at = BTreeSet::new();
    for (name, (folder, _)) in crates().iter().filter(|(name, _)| is_pure(name)) {
        for file in sources(&folder.join("src")) {
            let text = std::fs::read_to_string(&file).unwrap();
            let product = text.split("#[cfg(test)]").next().unwrap_or_default();
            let code = product.lines().filter(|line| !line.trim_start().starts_with("//"));
            for line in code {
                let found = WORLDLY.iter().find(|word| line.contains(**word));
                assert!(found.is_none(), "{}: {line}", file.display());
            }
            looked_at.insert(name.clone());
        }
    }
    assert!(looked_at.contains("counter") && looked_at.contains("sync"));
}

/// Every source file of a folder but those of its tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if name.ends_with(".rs") && !name.contains("tests") && !name.contains("fixture") {
            found.push(path);
        }
    }
    found
}
