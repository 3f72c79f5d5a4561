//! The objects of openreports.io have the fields that their definition has, and no other: an API server drops a field
//! that it does not know, or refuses the object.

mod common;

use serde_json::Value;

/// The fields of a Report and a ClusterReport that the program may write, and their types. Taken from
/// `config/crd/openreports.io_reports.yaml` of openreports/reports-api, v0.2.1.
const FIELDS: &[(&str, &str)] = &[
    ("", "object"),
    (".apiVersion", "string"),
    (".kind", "string"),
    (".metadata", "object"),
    (".metadata.name", "string"),
    (".metadata.namespace", "string"),
    (".metadata.labels", "object"),
    (".metadata.labels.app.kubernetes.io/managed-by", "string"),
    (".source", "string"),
    (".summary", "object"),
    (".summary.error", "integer"),
    (".summary.fail", "integer"),
    (".summary.pass", "integer"),
    (".summary.skip", "integer"),
    (".summary.warn", "integer"),
    (".results", "array"),
    (".results[]", "object"),
    (".results[].message", "string"),
    (".results[].policy", "string"),
    (".results[].properties", "object"),
    (".results[].resources", "array"),
    (".results[].resources[]", "object"),
    (".results[].resources[].kind", "string"),
    (".results[].resources[].name", "string"),
    (".results[].resources[].namespace", "string"),
    (".results[].result", "string"),
    (".results[].source", "string"),
    (".results[].timestamp", "object"),
    (".results[].timestamp.nanos", "integer"),
    (".results[].timestamp.seconds", "integer"),
];
/// A map whose values are strings.
const MAP: &str = ".results[].properties.";
const RESULTS: &[&str] = &["pass", "fail", "warn", "error", "skip"];

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Object(_) => "object",
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Number(number) if number.is_i64() => "integer",
        _ => "another type",
    }
}

/// Compares a value and everything in it with the table.
fn check(path: &str, value: &Value) {
    let field = FIELDS.iter().find(|(field, _)| *field == path);
    let expected = field.map(|(_, kind)| *kind).or(path.starts_with(MAP).then_some("string"));
    assert_eq!(Some(type_of(value)), expected, "{path}: {value}");
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| check(&format!("{path}.{name}"), value)),
        Value::Array(elements) => elements.iter().for_each(|element| check(&format!("{path}[]"), element)),
        _ => {}
    }
}

fn reports(arguments: &[&str], input: &str) -> Vec<Value> {
    let report = ["report", "--all", "--output", "openreports", "--at", "2026-10-20"];
    let output = common::run(&[&report, arguments].concat(), input);
    let list: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&list["apiVersion"], &list["kind"]), (&Value::from("v1"), &Value::from("List")));
    list["items"].as_array().expect("items").clone()
}

#[test]
fn every_field_is_one_of_the_definition() {
    let sample = ["--settings", "settings.yaml", "--allow-list", "allow-list.yaml", "cluster.json"];
    let mut results = Vec::new();
    for report in reports(&sample, "") {
        check("", &report);
        assert_eq!((&report["apiVersion"], &report["kind"]), (&"openreports.io/v1alpha1".into(), &"Report".into()));
        for entry in report["results"].as_array().expect("results") {
            let result = entry["result"].as_str().expect("a result").to_owned();
            assert!(RESULTS.contains(&result.as_str()) && entry["policy"] == "registry-enforcer", "{entry}");
            results.push(result);
        }
    }
    // Otherwise the sample shows too little.
    assert!(["pass", "fail", "warn"].iter().all(|result| results.iter().any(|found| found == result)), "{results:?}");
}

#[test]
fn what_is_in_no_namespace_is_in_a_cluster_report() {
    let settings =
        "registry_prefixes: [reg.example]\ncustom_kinds: [{group: x.example, kind: Runner, images: [/spec/image]}]\n";
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("settings.yaml");
    std::fs::write(&path, settings).expect("a file");
    let runner = r#"{"apiVersion": "x.example/v1", "kind": "Runner", "metadata": {"name": "r"}, "spec": {"image": "quay.io/x:1"}}"#;
    let reports = reports(&["--settings", path.to_str().expect("a path"), "-"], runner);
    assert_eq!((reports.len(), &reports[0]["kind"]), (1, &Value::from("ClusterReport")), "{reports:?}");
    check("", &reports[0]);
}
