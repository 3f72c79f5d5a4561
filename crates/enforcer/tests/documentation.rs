//! What the documentation shows of this program is what it prints.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

const ENFORCER: &str = include_str!("../../../docs/enforcer.md");
const MIGRATION: &str = include_str!("../../../docs/migration.md");
const README: &str = include_str!("../../../README.md");
const SUNSET: &str = include_str!("../../../docs/sunset.md");

/// The commands that run this program on the sample, each with the output shown below it.
fn shown(text: &str) -> Vec<(&str, String)> {
    let mut shown: Vec<(&str, String)> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            inside = command.starts_with("enforcer ") && command.contains("--at") | command.contains('|');
            if inside {
                shown.push((command, String::new()));
            }
        } else if line.starts_with("```") {
            inside = false;
        } else if let (true, Some((_, output))) = (inside, shown.last_mut()) {
            output.push_str(line);
            output.push('\n');
        }
    }
    shown
}

/// Runs a command as a reader's shell would, in a folder that has what it names.
fn run(command: &str, folder: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_enforcer"));
    let search = env::var_os("PATH").unwrap_or_default();
    let folders = program.parent().map(PathBuf::from).into_iter().chain(env::split_paths(&search));
    let path = env::join_paths(folders).expect("a search path");
    let output = Command::new("sh").args(["-c", command]).current_dir(folder).env("PATH", path).output();
    String::from_utf8(output.expect("a shell").stdout).expect("text")
}

#[track_caller]
fn check(text: &str, count: usize, folder: &Path) {
    let shown = shown(text);
    assert_eq!(shown.len(), count);
    for (command, output) in shown {
        assert_eq!(run(command, folder), output, "{command}");
    }
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

#[test]
fn every_command_prints_what_is_shown() {
    check(ENFORCER, 11, &sample());
}

#[test]
fn the_reports_on_the_way_to_a_sunset_are_as_shown() {
    check(SUNSET, 2, &sample());
}

#[test]
fn the_report_before_a_migration_is_as_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = MIGRATION.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("settings");
    std::fs::write(folder.path().join("enforcer.yaml"), settings).expect("a file");
    std::fs::copy(sample().join("cluster.json"), folder.path().join("cluster.json")).expect("a file");
    check(MIGRATION, 1, folder.path());
}

#[test]
fn the_command_in_the_readme_makes_a_policy_of_its_settings() {
    let settings = README.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("settings");
    let command = README.lines().find_map(|line| line.strip_prefix("$ ")?.strip_suffix(" > policy.yml"));
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("settings.yml"), settings).expect("a file");
    let policy = run(command.expect("a command that writes policy.yml"), folder.path());
    assert!(policy.contains("kind: ClusterAdmissionPolicy"), "{policy}");
    assert!(policy.contains(&format!("  settings:\n    {settings}")), "{policy}");
}
