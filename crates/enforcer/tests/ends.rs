//! Approvals that end and denials that begin, in `report` and `diff`.

mod common;

use std::collections::BTreeSet;

use common::{check, errors, run};
use serde_json::{Value, json};

const RETIRING: &str = "--settings retiring.yaml --allow-list allow-list.yaml";

const SETTINGS: &str = r#"
registry_prefixes:
  - new.example
  - {prefix: old.example, sunset_date: 2026-09-30, replaced_by: new.example, reason: T1}
  - {prefix: old.example/short, sunset_date: 2026-08-31}
denied_images:
  - {prefix: new.example/node12, sunset_date: 2026-10-31, replaced_by: new.example/node20, reason: node12 is old}
  - {prefix: old.example/node12, sunset_date: 2026-09-10, reason: node12 is old}
  - {prefix: quay.io/node12, sunset_date: "2026-10-31T12:00:00Z"}
  - {prefix: new.example/bad, replaced_by: new.example/good, reason: CVE-1}
mirrors: [{prefix: docker.io, replaced_by: new.example/hub}]
allowed_namespaces:
  - {name: tool-long, sunset_date: 2026-12-31, reason: T2}
  - {name: tool-short, sunset_date: 2026-09-15, reason: T3}
  - {name: tool-ever, reason: T4}
  - {name: tool-list, sunset_date: 2026-11-10, registry_prefixes: [old.example]}
allow_list_config_map: {namespace: n, name: list}
"#;
const LIST: &str = "kind: ConfigMap\nmetadata: {name: list}\ndata: {tool-list: 2026-11-15}\n";

/// The rows of a report on pods with these namespaces and images, in the order of the pods.
fn rows(pods: &[(&str, &str)], at: &str) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    };
    let (settings, list) = (file("settings.yaml", SETTINGS), file("list.yaml", LIST));
    let pod = |(index, (namespace, image)): (usize, &(&str, &str))| {
        let metadata = json!({"namespace": namespace, "name": format!("p{index}")});
        let spec = json!({"containers": [{"name": "c", "image": image}]});
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    };
    let pods: Vec<Value> = pods.iter().enumerate().map(pod).collect();
    let objects = json!({"kind": "List", "items": pods}).to_string();
    let arguments = ["report", "--all", "--output", "json", "--settings", &settings, "--allow-list", &list];
    let output = run(&[&arguments[..], &["--at", at, "-"]].concat(), &objects);
    let rows: Result<Vec<Value>, _> = serde_json::from_slice(&output.stdout);
    let mut rows = rows.unwrap_or_else(|_| panic!("{}", errors(&output)));
    rows.sort_by_key(|row| row["name"].as_str().and_then(|name| name[1..].parse::<usize>().ok()));
    rows
}

/// A namespace, an image, a day, and what the report says: verdict, ends, days_left, reason, use; and the message.
#[rustfmt::skip]
const CASES: &[(&str, &str, &str, [&str; 5], &str)] = &[
    ("tool-a", "new.example/x:1", "2026-08-15", ["approved", "null", "null", "null", "null"],
        "comes from an approved registry"),
    ("tool-a", "old.example/x:1", "2026-08-15", ["approved", "2026-09-30", "46", "T1", "new.example/x:1"],
        "approved by registry_prefixes[1], until 2026-09-30; use new.example/x:1"),
    ("tool-a", "old.example/x:1", "2026-09-30", ["approved", "2026-09-30", "0", "T1", "new.example/x:1"],
        "approved by registry_prefixes[1], until 2026-09-30; use new.example/x:1"),
    ("tool-a", "old.example/x:1", "2026-10-01", ["refused", "2026-09-30", "-1", "T1", "new.example/x:1"],
        "containers[c]: old.example/x:1: old.example was approved until 2026-09-30; use new.example/x:1 (T1)"),
    // Of several approvals, the last end counts.
    ("tool-a", "old.example/short:1", "2026-08-15", ["approved", "2026-09-30", "46", "T1", "new.example/short:1"],
        "approved by registry_prefixes[1], until 2026-09-30; use new.example/short:1"),
    ("tool-long", "old.example/x:1", "2026-08-15", ["approved", "2026-12-31", "138", "T1", "new.example/x:1"],
        "approved by registry_prefixes[1] until 2026-09-30, then let in by allowed_namespaces[0], until 2026-12-31; use new.example/x:1"),
    ("tool-long", "old.example/x:1", "2026-10-01", ["exception", "2026-12-31", "91", "T2", "new.example/x:1"],
        "let in by allowed_namespaces[0], until 2026-12-31; use new.example/x:1"),
    ("tool-long", "old.example/x:1", "2027-01-01", ["refused", "2026-12-31", "-1", "T1", "new.example/x:1"],
        "containers[c]: old.example/x:1: old.example was approved until 2026-09-30; the exception for tool-long ended on 2026-12-31; use new.example/x:1 (T1)"),
    ("tool-ever", "old.example/x:1", "2026-08-15", ["approved", "null", "null", "T1", "new.example/x:1"],
        "approved by registry_prefixes[1] until 2026-09-30, then let in by allowed_namespaces[2], without an end; use new.example/x:1"),
    ("tool-list", "old.example/x:1", "2026-08-15", ["approved", "2026-11-15", "92", "T1", "new.example/x:1"],
        "approved by registry_prefixes[1] until 2026-09-30, then let in by allowed_namespaces[3], then ConfigMap n/list, until 2026-11-15; use new.example/x:1"),
    // An exception that ended before the approval did adds nothing.
    ("tool-short", "old.example/x:1", "2026-10-01", ["refused", "2026-09-30", "-1", "T1", "new.example/x:1"],
        "containers[c]: old.example/x:1: old.example was approved until 2026-09-30; the exception for tool-short ended on 2026-09-15; use new.example/x:1 (T1)"),
    ("tool-a", "new.example/node12:1", "2026-08-15", ["approved", "2026-10-31", "77", "node12 is old", "new.example/node20:1"],
        "comes from an approved registry, until 2026-10-31, then denied by denied_images[0]; use new.example/node20:1"),
    ("tool-a", "new.example/node12:1", "2026-11-01", ["refused", "2026-10-31", "-1", "node12 is old", "new.example/node20:1"],
        "containers[c]: new.example/node12:1 was allowed until 2026-10-31 (denied_images: new.example/node12); use new.example/node20:1 (node12 is old)"),
    // No exception lasts longer than the denial.
    ("tool-long", "old.example/node12:1", "2026-08-15", ["approved", "2026-09-10", "26", "node12 is old", "null"],
        "comes from an approved registry, until 2026-09-10, then denied by denied_images[1]"),
    ("tool-ever", "quay.io/node12:1", "2026-08-15", ["exception", "2026-10-31T12:00:00Z", "76", "T4", "null"],
        "let in by allowed_namespaces[2], until 2026-10-31T12:00:00Z, then denied by denied_images[2]"),
    ("tool-short", "quay.io/node12:1", "2026-08-15", ["exception", "2026-09-15", "31", "T3", "null"],
        "let in by allowed_namespaces[1], until 2026-09-15"),
    ("tool-a", "new.example/bad:1", "2026-08-15", ["refused", "null", "null", "CVE-1", "new.example/good:1"],
        "containers[c]: new.example/bad:1 is denied (denied_images: new.example/bad); use new.example/good:1 (CVE-1)"),
    // What the refusal at the end will say.
    ("tool-long", "nginx:1", "2026-08-15", ["exception", "2026-12-31", "138", "T2", "new.example/hub/library/nginx:1"],
        "let in by allowed_namespaces[0], until 2026-12-31; use new.example/hub/library/nginx:1"),
];

#[test]
fn a_row_has_the_end_and_what_to_use_instead() {
    for &(namespace, image, at, fields, message) in CASES {
        let row = &rows(&[(namespace, image)], at)[0];
        let shown = |name: &str| row[name].as_str().map_or_else(|| row[name].to_string(), str::to_owned);
        let found = ["verdict", "ends", "days_left", "reason", "use"].map(shown);
        assert_eq!(
            (found.each_ref().map(String::as_str), &*shown("message")),
            (fields, message),
            "{namespace} {image} {at}"
        );
    }
}

/// The last second in which something may happen, and the first in which it may not.
#[rustfmt::skip]
const ENDS: &[(&str, &str, &str)] = &[
    ("2026-08-31", "2026-08-31T23:59:59Z", "2026-09-01T00:00:00Z"),
    ("2026-09-10", "2026-09-10T23:59:59Z", "2026-09-11T00:00:00Z"),
    ("2026-09-15", "2026-09-15T23:59:59Z", "2026-09-16T00:00:00Z"),
    ("2026-09-30", "2026-09-30T23:59:59Z", "2026-10-01T00:00:00Z"),
    ("2026-10-31", "2026-10-31T23:59:59Z", "2026-11-01T00:00:00Z"),
    ("2026-10-31T12:00:00Z", "2026-10-31T11:59:59Z", "2026-10-31T12:00:00Z"),
    ("2026-11-10", "2026-11-10T23:59:59Z", "2026-11-11T00:00:00Z"),
    ("2026-11-15", "2026-11-15T23:59:59Z", "2026-11-16T00:00:00Z"),
    ("2026-12-31", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"),
];

#[test]
fn what_ends_is_refused_from_that_second_on_and_not_before() {
    let namespaces = ["tool-a", "tool-long", "tool-short", "tool-ever", "tool-list"];
    let images = ["new.example/x", "new.example/node12", "old.example/x", "old.example/short", "old.example/node12"];
    let images = images.into_iter().chain(["quay.io/x", "quay.io/node12"]);
    let pods: Vec<(&str, &str)> = images.flat_map(|image| namespaces.map(|namespace| (namespace, image))).collect();
    let first = rows(&pods, "2026-08-01");
    let end = |row: &Value| ENDS.iter().find(|end| row["ends"] == end.0).map(|end| end.2);
    let known: BTreeSet<&str> = first.iter().filter_map(end).collect();
    assert_eq!(known.len(), 7, "ends that count: {known:?}");
    for &(_, before, after) in ENDS {
        for at in [before, after] {
            for (row, then) in first.iter().zip(rows(&pods, at)).filter(|(row, _)| row["verdict"] != "refused") {
                // RFC 3339 times of one zone are in the order of their strings.
                let has_ended = end(row).is_some_and(|end| end <= at);
                assert_eq!(then["verdict"] == "refused", has_ended, "{at}: {row} {then}");
                assert!(row["ends"].is_null() || row["use"] == then["use"], "{at}: {row} {then}");
            }
        }
    }
}

const REPORTS: &[(&str, &[&str])] = &[
    (
        "table",
        &[
            "4 of 8 workloads rest on exceptions on 2026-10-15, 1 on approvals with an end; 3 are refused. Next: 1 workload stops after 2026-10-31T12:00:00Z.\n",
            " 2026-10-31   tool-ok Pod/web                         comes from an approved\n 16 days      containers[web]: ",
            "use tools-harbor.wmclou\n",
        ],
    ),
    (
        "csv",
        &[
            "verdict,ends,days_left,reason,message,owner,use\n",
            "tool-ok,Pod,web,containers[web],tools-harbor.wmcloud.org/tool-ok/web:1,approved,2026-10-31,16,web:1 is no longer maintained,",
            "denied_images[0]; use tools-harbor.wmcloud.org/tool-ok/web:2\",,tools-harbor.wmcloud.org/tool-ok/web:2\n",
        ],
    ),
    (
        "html",
        &[
            "<td class=\"image\">tools-harbor.wmcloud.org/tool-ok/web:2</td>",
            "Workloads that rest on exceptions or on approvals with an end, day by day",
            "<desc id=\"chart-description\">From 5, to 4 after 2026-10-31T12:00:00Z, to 3 after 2026-10-31,",
        ],
    ),
    (
        "openreports",
        &[
            "\"summary\": {\n        \"error\": 0,\n        \"fail\": 0,\n        \"pass\": 0,\n        \"skip\": 0,\n        \"warn\": 1\n",
            "\"use\": \"tools-harbor.wmcloud.org/tool-ok/web:2\"",
        ],
    ),
    (
        "prometheus",
        &[
            "enforcer_approval_end_timestamp_seconds{exported_namespace=\"tool-ok\",kind=\"Pod\",workload=\"web\"} 1793491200\n",
            "enforcer_workloads{verdict=\"approved\"} 1\nenforcer_workloads{verdict=\"exception\"} 4\n",
        ],
    ),
];

#[test]
fn every_output_has_what_ends() {
    for &(output, parts) in REPORTS {
        let arguments = format!("report {RETIRING} --at 2026-10-15 --output {output} cluster.json");
        let found = run(&arguments.split_whitespace().collect::<Vec<_>>(), "");
        let text = String::from_utf8_lossy(&found.stdout).into_owned();
        for part in parts {
            assert!(text.contains(part), "{output}: {part}\n{text}{}", errors(&found));
        }
    }
}

#[test]
fn an_approval_counts_as_refused_after_its_end() {
    let status = |at: &str| {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "tool-a", "name": "p"},
            "spec": {"containers": [{"name": "c", "image": "docker-registry.tools.wmflabs.org/x:1"}]}});
        let arguments = format!("report {RETIRING} --at {at} --output csv --fail-if-refused -");
        run(&arguments.split_whitespace().collect::<Vec<_>>(), &pod.to_string()).status.code()
    };
    assert_eq!((status("2026-09-30"), status("2026-10-01")), (Some(0), Some(1)));
}

#[test]
fn diff_knows_what_is_newly_dated() {
    check(
        "diff settings.yaml retiring.yaml cluster.json --old-allow-list allow-list.yaml --at 2026-09-15",
        "",
        "8 workloads: 0 newly refused, 2 newly dated, 1 newly let in, 5 unchanged\n\
         newly dated: tool-mix Deployment/web, until 2026-11-30 instead of 2026-12-31\n  \
         let in by allowed_namespaces[0], until 2026-11-30, then denied by denied_images[1]\n\
         newly dated: tool-ok Pod/web, until 2026-10-31\n  \
         comes from an approved registry, until 2026-10-31, then denied by denied_images[0]; use tools-harbor.wmcloud.org/tool-ok/web:2\n\
         newly let in: tool-mix Pod/shell, until 2026-12-31\n  \
         let in by allowed_namespaces[0], until 2026-12-31; use tools-harbor.wmcloud.org/dockerhub-cache/library/nginx\n",
        0,
    );
}
