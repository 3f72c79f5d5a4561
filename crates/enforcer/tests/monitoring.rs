//! The alert rules of deploy/monitoring, tried by promtool, the metrics that they are about, and the CronJob that writes
//! these.

mod api_server;
mod common;

use std::{
    collections::BTreeSet,
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use api_server::{Server, route};
use kube::core::{ApiResource, GroupVersionKind};
use serde::Deserialize;
use serde_json::{Value, json};

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
    let rules = fs::read_to_string(folder().join("rules.yml")).expect("the rules");
    for metric in rules.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_')) {
        let is_own = metric.starts_with("enforcer_");
        assert!(!is_own || metrics.contains(&format!("# TYPE {metric} gauge")), "{metric}");
    }
}

/// The objects of cronjob.yml.
fn objects() -> Vec<Value> {
    let text = fs::read_to_string(folder().join("cronjob.yml")).expect("the manifest");
    yaml_serde::Deserializer::from_str(&text).map(|object| Value::deserialize(object).expect("YAML")).collect()
}

#[test]
fn the_cron_job_may_run_where_its_registry_is_approved() {
    let manifest = folder().join("cronjob.yml").display().to_string();
    let settings = tempfile::NamedTempFile::new().expect("a file");
    fs::write(settings.path(), "registry_prefixes: [registry.example]").expect("a file");
    let output = common::run(&["check", "--settings", &settings.path().display().to_string(), &manifest], "");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text} {}", common::errors(&output));
    assert!(text.contains(": 1 allowed, 0 refused, not judged: 1 ClusterRole.rbac.authorization.k8s.io"), "{text}");
}

#[test]
fn the_cron_job_may_list_what_the_report_reads() {
    let role = objects().into_iter().find(|object| object["kind"] == "ClusterRole").expect("a role");
    let mut found = BTreeSet::new();
    for rule in role["rules"].as_array().expect("rules") {
        assert_eq!(rule["verbs"], json!(["list"]), "{rule}");
        let group = rule["apiGroups"][0].as_str().expect("a group").to_owned();
        let resources = rule["resources"].as_array().expect("resources").iter();
        found.extend(resources.map(|name| (group.clone(), name.as_str().expect("a name").to_owned())));
    }
    let plural = |group, kind| ApiResource::from_gvk(&GroupVersionKind::gvk(group, "", kind)).plural;
    let workloads = registry_enforcer::kind::workloads().map(|(group, kind, _)| (group, kind));
    let kinds = workloads.chain([("", "Namespace"), ("policies.kubewarden.io", "ClusterAdmissionPolicy")]);
    assert_eq!(found, kinds.map(|(group, kind)| (group.to_owned(), plural(group, kind))).collect());
}

/// The policy differs from what its settings give, which ends no Job.
#[test]
fn the_cron_job_writes_metrics() {
    let policy = json!({"metadata": {"name": "registry-enforcer"}, "spec": {
        "module": "registry-enforcer", "rules": [{"resources": ["pods"]}], "settings": {"registry_prefixes": ["reg.example"]},
    }});
    let server = Server::start(vec![
        route("GET /apis/policies.kubewarden.io/v1/clusteradmissionpolicies?", 200, json!({"items": [policy]})),
        route("GET /apis?", 200, json!({"groups": []})),
        route("GET /api/v1?", 200, json!({"groupVersion": "v1", "resources": []})),
    ]);
    let job = objects().into_iter().find(|object| object["kind"] == "CronJob").expect("a job");
    let command = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["initContainers"][0]["command"];
    let metrics = tempfile::tempdir().expect("a folder");
    let script = command[2].as_str().expect("a script").replace("/metrics", &metrics.path().display().to_string());
    let program = Path::new(env!("CARGO_BIN_EXE_enforcer")).parent().expect("a folder").display().to_string();
    let path = format!("{program}:{}", env::var("PATH").expect("a search path"));
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).env("PATH", path).env("KUBECONFIG", server.kubeconfig());
    let output = shell.output().expect("a shell");
    assert_eq!((command[0].as_str(), output.status.code()), (Some("sh"), Some(0)), "{output:?}");
    let written = fs::read(metrics.path().join("enforcer.prom")).expect("metrics");
    promtool(&["check", "metrics"], &written);
    let written = String::from_utf8(written).expect("text");
    assert!(written.contains("enforcer_report_timestamp_seconds") && !written.contains("_differences 0"), "{written}");
}
