//! The workflows run what was chosen, not what somebody publishes later under the same name.

#![cfg(not(target_family = "wasm"))]

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
    assert_all("rustup toolchain install ", |version| version.starts_with(|first: char| first.is_ascii_digit()));
}

#[test]
fn a_release_needs_the_advisories() {
    assert_eq!(values("require-advisories: "), [("release.yml", "true")]);
    assert_eq!(values("REQUIRE_ADVISORIES: "), [("test.yml", "${{ inputs.require-advisories }}")]);
}
