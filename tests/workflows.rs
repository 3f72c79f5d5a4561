//! The workflows, and what they run, use what was chosen, not what somebody publishes later under the same name.

#![cfg(not(target_family = "wasm"))]

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

const WORKFLOWS: &[(&str, &str)] = &[
    ("cluster.yml", include_str!("../.github/workflows/cluster.yml")),
    ("release.yml", include_str!("../.github/workflows/release.yml")),
    ("test.yml", include_str!("../.github/workflows/test.yml")),
];

/// The values of a key, or what follows a command, in all workflows.
fn values(start: &str) -> Vec<(&'static str, &'static str)> {
    let lines = WORKFLOWS.iter().flat_map(|(name, text)| text.lines().map(|line| (*name, line)));
    let found = lines.filter_map(|(name, line)| line.split_once(start).map(|(_, value)| (name, value.trim())));
    found.collect()
}

/// Whether it is the full name of a commit, which nobody can move.
fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether it starts with a number.
fn is_version(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
}

#[track_caller]
fn assert_all(start: &str, is_pinned: fn(&str) -> bool) {
    let values = values(start);
    assert!(!values.is_empty(), "{start}");
    for (name, value) in values {
        assert!(is_pinned(value), "{name}: {start}{value}");
    }
}

#[test]
fn no_workflow_runs_on_what_moves() {
    assert_all("runs-on: ", |runner| !runner.ends_with("-latest"));
    assert_all("container: ", |image| image.split_once("@sha256:").is_some_and(|(_, digest)| digest.len() == 64));
    assert_all("rustup toolchain install ", is_version);
    assert_all("GOTOOLCHAIN: go", is_version);
    assert_all("KUBEWARDEN: ", is_commit);
    // A workflow of this repository, or what others publish, by its commit with the version that it has.
    assert_all("uses: ", |used| {
        let of_others = || used.split_once('@').and_then(|(_, version)| version.split_once(" # v"));
        used.starts_with("./") || of_others().is_some_and(|(commit, version)| is_commit(commit) && is_version(version))
    });
}

/// Without `--locked`, cargo takes the newest versions where `Cargo.lock` does not fit.
#[test]
fn whatever_is_built_is_built_as_it_is_locked() {
    const SCRIPTS: &[(&str, &str)] = &[
        ("Makefile", include_str!("../Makefile")),
        ("scripts/build-wasm", include_str!("../scripts/build-wasm")),
        ("scripts/setup", include_str!("../scripts/setup")),
    ];
    const STARTS: &[&str] = &["cargo build ", "cargo install ", "$(CARGO) build ", "arguments=(rustc "];
    for start in STARTS {
        let is_built = |line: &&str| line.contains(start);
        let mut lines = WORKFLOWS.iter().chain(SCRIPTS).flat_map(|(_, text)| text.lines()).filter(is_built).peekable();
        assert!(lines.peek().is_some(), "{start}");
        lines.for_each(|line| assert!(line.contains(" --locked"), "{line}"));
    }
}

#[test]
fn a_release_needs_the_advisories() {
    assert_eq!(values("require-advisories: "), [("release.yml", "true")]);
    assert_eq!(values("REQUIRE_ADVISORIES: "), [("test.yml", "${{ inputs.require-advisories }}")]);
}

#[test]
fn only_a_release_fails_without_the_advisories() {
    // A cargo and a cargo-deny that find nothing wrong, and cannot fetch the database.
    const FAKE: &str =
        "#!/bin/sh\ncase $1 in\n--version) echo fake 99.0.0 ;;\nfetch) echo no network >&2; exit 1 ;;\nesac\n";
    const CASES: &[(&str, bool, &str)] = &[
        (
            "false",
            true,
            "ADVISORIES AND YANKED VERSIONS WERE NOT CHECKED: no database, and it cannot be fetched: no network\n",
        ),
        ("true", false, "error: the advisories cannot be checked, and REQUIRE_ADVISORIES is set: no network\n"),
    ];
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("without-advisories");
    fs::create_dir_all(&folder).unwrap();
    for name in ["cargo", "cargo-deny"] {
        fs::write(folder.join(name), FAKE).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    for &(require, succeeds, said) in CASES {
        let mut script = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/check-dependencies"));
        script.env("PATH", &path).env("CARGO_HOME", &folder).env("REQUIRE_ADVISORIES", require);
        let output = script.output().unwrap();
        assert_eq!((output.status.success(), &*String::from_utf8_lossy(&output.stderr)), (succeeds, said), "{require}");
    }
}
