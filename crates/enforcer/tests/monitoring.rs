//! The alert rules of deploy/monitoring, tried by promtool, and the metrics that they are about.

mod common;

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/monitoring")
}

#[track_caller]
fn promtool(arguments: &[&str], input: &[u8]) {
    let mut command = Command::new("promtool");
    command.args(arguments).current_dir(folder()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("promtool runs: run `scripts/setup tests`");
    child.stdin.take().expect("its input").write_all(input).expect("an input");
    let output = child.wait_with_output().expect("promtool ends");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn the_alert_rules_fire_when_they_should() {
    promtool(&["check", "rules", "rules.yml"], b"");
    promtool(&["test", "rules", "rules-test.yml"], b"");
}

#[test]
fn the_metrics_are_what_prometheus_reads_and_the_rules_ask_for() {
    let checked =
        common::run(&["manifest", "--check", "../../../../deploy/option-3-nobody.yml", "--output", "prometheus"], "");
    let metrics = include_str!("data/report.prom").to_owned() + &String::from_utf8_lossy(&checked.stdout);
    promtool(&["check", "metrics"], metrics.as_bytes());
    let rules = std::fs::read_to_string(folder().join("rules.yml")).expect("the rules");
    for metric in rules.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_')) {
        let is_own = metric.starts_with("enforcer_");
        assert!(!is_own || metrics.contains(&format!("# TYPE {metric} gauge")), "{metric}");
    }
}

#[test]
fn the_cron_job_may_run_and_uses_what_the_program_has() {
    let manifest = folder().join("cronjob.yml");
    let path = manifest.display().to_string();
    let output = common::run(&["check", "--settings", "settings.yaml", &path], "");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("not judged: 1 ClusterRole.rbac.authorization.k8s.io"), "{text} {}", common::errors(&output));
}
