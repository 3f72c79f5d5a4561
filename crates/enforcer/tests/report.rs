//! The report as a whole, in each form, and what is said where there is none.

mod common;

use std::process::Output;

use common::{check, errors, fails, run};

const JUDGING: &str = "--settings settings.yaml --allow-list allow-list.yaml";
const SAMPLE: &str = "report --settings settings.yaml --allow-list allow-list.yaml --at 2026-09-15 cluster.json";

/// The report on objects.
fn report(arguments: &str, objects: &str) -> Output {
    run(&format!("report {arguments} -").split_whitespace().collect::<Vec<_>>(), objects)
}

#[test]
fn writes_a_table_for_80_columns() {
    let table = include_str!("data/report.txt");
    assert!(table.lines().skip(3).all(|line| line.chars().count() <= 80));
    check(SAMPLE, "", table, 0);
}

#[test]
fn writes_records() {
    check(&format!("{SAMPLE} --output json"), "", include_str!("data/report.json"), 0);
    check(&format!("{SAMPLE} --output csv"), "", include_str!("data/report.csv"), 0);
}

/// Where a program reads the report; on a terminal, they are in it.
#[test]
fn tells_notes_past_the_records() {
    const NOTES: &str = "\
note: 1 object of kind Service not judged: the policy reads no Service, unless custom_kinds describes it
note: no registry was asked: of byoc_requirements only pinned_digest and registries are judged
note: the allow list has 3 entries; wrong: tool-typo
";
    for (output, notes) in [("json", NOTES), ("csv", NOTES), ("table", "")] {
        let arguments = format!("{SAMPLE} --output {output}");
        assert_eq!(errors(&run(&arguments.split_whitespace().collect::<Vec<_>>(), "")), notes, "{output}");
    }
}

#[test]
fn fails_if_refused_only_when_asked_and_only_if_refused() {
    check(&format!("{SAMPLE} --output csv --fail-if-refused"), "", include_str!("data/report.csv"), 1);
    let approved = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "n", "name": "p"},
        "spec": {"containers": [{"name": "c", "image": "docker-registry.tools.wmflabs.org/a"}]}}"#;
    let arguments = format!("report {JUDGING} --fail-if-refused --output json -");
    check(&arguments, &approved.replace("org/a", "org/a:1"), "[]\n", 0);
}

#[test]
fn says_where_the_input_is_broken() {
    let whole = include_str!("data/cluster.json");
    let truncated = whole.split_inclusive('\n').take(60).collect::<String>();
    fails(
        &format!("report {JUDGING} -"),
        &truncated,
        "error: standard input: items[1]: EOF while parsing an object at line 61 column 0\n",
    );
    fails(
        &format!("report {JUDGING} -"),
        r#"{"metadata": {}}"#,
        "error: standard input: has no apiVersion or no kind: give what kubectl get -o json prints\n",
    );
    fails(
        &format!("report {JUDGING} missing.json"),
        "",
        "error: missing.json: No such file or directory (os error 2)\n",
    );
}

#[test]
fn says_everything_that_is_wrong_with_the_settings() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("settings.yaml");
    std::fs::write(&path, "registry_prefixes: []\nsunset_date: 31/12/2026\n").expect("a file");
    let name = path.display().to_string();
    fails(
        &format!("report --settings {name} -"),
        "",
        &format!(
            "error: the settings in {name} are not valid:\n\
             registry_prefixes: names no registry: write at least one, for example [docker-registry.tools.wmflabs.org]\n\
             sunset_date: \"31/12/2026\" is not a date: write 2026-12-31\n"
        ),
    );
}

#[test]
fn asks_for_the_allow_list_that_the_settings_name() {
    fails(
        "report --settings settings.yaml -",
        "",
        "error: the settings name ConfigMap registry-enforcer/byoc-allow-list: give it with --allow-list, from kubectl \
         get configmap byoc-allow-list --namespace registry-enforcer --output yaml\n",
    );
}

/// The report on objects, a line each: its message, or what of the notes is about it.
#[track_caller]
fn check_objects(objects: &str, rows: &[&str], notes: &str) {
    let output = report(&format!("{JUDGING} --at 2026-09-15 --output json"), objects);
    // What is said of the sample's list is not about the objects.
    let errors: String =
        errors(&output).split_inclusive('\n').filter(|line| !line.contains("the allow list has")).collect();
    assert_eq!((errors.as_str(), output.status.code()), (notes, Some(0)), "{objects}");
    let found: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    let found: Vec<_> = found.iter().map(|row| row["message"].as_str().expect("a message")).collect();
    assert_eq!(found, rows, "{objects}");
}

#[test]
fn one_odd_object_ends_no_report() {
    const BAD: &str = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "tool-a", "name": "bad"},
        "spec": {"containers": [{"name": "c", "image": "evil.example/x:1"}]}}"#;
    const OF_BAD: &str = "containers[c]: evil.example/x:1 is not from an approved registry; tool-a has no exception";
    // https://github.com/volcano-sh/volcano/issues/2310 has such a Job.
    const VOLCANO: &str = r#"{"apiVersion": "batch.volcano.sh/v1alpha1", "kind": "Job", "metadata": {"namespace": "tool-a",
        "name": "train"}, "status": {"conditions": [{"status": "Running"}]}}"#;
    let list = |object: &str| format!(r#"{{"kind": "List", "items": [{object}, {BAD}]}}"#);
    check_objects(
        &list(VOLCANO),
        &[OF_BAD],
        "note: 1 object of kind Job.batch.volcano.sh not judged: the policy reads no Job.batch.volcano.sh, unless custom_kinds describes it\n",
    );
    check_objects(
        &list(
            r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "n", "name": "p"}, "spec": {"containers": 1}}"#,
        ),
        &[
            "Pod n/p cannot be read: invalid type: integer `1`, expected a list as containers at line 1 column 105: send a Pod as the Kubernetes API describes it",
            OF_BAD,
        ],
        "",
    );
    for odd in ["5", r#"{"metadata": {}}"#, r#"{"kind": 7, "apiVersion": "v1"}"#] {
        check_objects(&list(odd), &[OF_BAD], "note: 1 object without apiVersion or kind not judged\n");
    }
    check_objects(
        &list(r#"{"apiVersion": "v1", "kind": "Pod", "metadata": 5, "status": [], "spec": {"containers": []}}"#),
        &[
            "Pod (without a name) cannot be read: invalid type: integer `5`, expected an object as metadata at line 1 column 49: send a Pod as the Kubernetes API describes it",
            OF_BAD,
        ],
        "",
    );
    let typed = BAD.replace(r#""apiVersion": "v1", "kind": "Pod", "#, "");
    check_objects(&format!(r#"{{"apiVersion": "v1", "items": [{typed}], "kind": "PodList"}}"#), &[OF_BAD], "");
}

/// Kinds of strangers that are called like Kubernetes' own, and have another shape.
#[test]
fn kinds_of_other_groups_are_not_read_as_the_built_in_ones() {
    const STRANGERS: &[(&str, &str)] = &[
        ("x.example/v1", r#""kind": "Pod", "status": "Running""#),
        ("x.example/v1", r#""kind": "Job", "status": {"conditions": "Complete"}"#),
        ("x.example/v1", r#""kind": "ReplicaSet", "spec": {"replicas": "none"}"#),
        ("x.example/v1", r#""kind": "Namespace", "metadata": ["tool-a"]"#),
    ];
    for (api_version, rest) in STRANGERS {
        let object = format!(r#"{{"apiVersion": "{api_version}", {rest}}}"#);
        let kind = rest.split('"').nth(3).expect("a kind");
        let note = format!(
            "note: 1 object of kind {kind}.x.example not judged: the policy reads no {kind}.x.example, unless custom_kinds describes it\n"
        );
        check_objects(&object, &[], &note);
    }
}

/// The old revisions of a Deployment, a Rollout and a DeploymentConfig, and what Kubewarden runs itself.
#[test]
fn fails_for_nothing_that_will_never_be_asked_about() {
    let kept = |api_version: &str, kind: &str, owner: &str| {
        format!(
            r#"{{"apiVersion": "{api_version}", "kind": "{kind}", "metadata": {{"namespace": "n", "name": "web-1",
            "ownerReferences": [{{"apiVersion": "x/v1", "kind": "{owner}", "name": "web", "controller": true}}]}},
            "spec": {{"replicas": 0, "template": {{"spec": {{"containers": [{{"name": "c", "image": "evil.example/x:1"}}]}}}}}}}}"#
        )
    };
    let kubewarden = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "kubewarden", "name": "server"},
        "spec": {"containers": [{"name": "c", "image": "ghcr.io/kubewarden/policy-server:v1.36.0"}]}}"#;
    let objects = [
        kept("apps/v1", "ReplicaSet", "Deployment"),
        kept("apps/v1", "ReplicaSet", "Rollout"),
        kept("v1", "ReplicationController", "DeploymentConfig"),
        kubewarden.to_owned(),
    ];
    for object in &objects {
        for (object, status) in [
            (object.clone(), 0),
            (object.replace(r#""replicas": 0"#, r#""replicas": 1"#).replace(r#""kubewarden""#, r#""other""#), 1),
        ] {
            let output = report(&format!("{JUDGING} --fail-if-refused --output json"), &object);
            assert_eq!(output.status.code(), Some(status), "{object}");
        }
    }
}

#[test]
fn leaves_out_the_namespaces_that_the_policy_is_never_asked_about() {
    let pod = |namespace: &str| {
        format!(
            r#"{{"apiVersion": "v1", "kind": "Pod", "metadata": {{"namespace": "{namespace}", "name": "p"}},
            "spec": {{"containers": [{{"name": "c", "image": "evil.example/x:1"}}]}}}}"#
        )
    };
    let namespace =
        r#"{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tool-a", "labels": {"team": "x"}}}"#;
    let objects = format!(
        r#"{{"kind": "List", "items": [{}, {}, {}, {namespace}]}}"#,
        pod("kubewarden"),
        pod("tool-a"),
        pod("cert-manager")
    );
    let policy = |expression: &str| {
        format!(
            "kind: ClusterAdmissionPolicy\nspec:\n  settings: {{registry_prefixes: [reg.example]}}\n  \
             namespaceSelector: {{matchExpressions: [{expression}]}}\n"
        )
    };
    let cases: &[(String, &str, &[&str])] = &[
        ("registry_prefixes: [reg.example]".to_owned(), "", &["cert-manager", "tool-a"]),
        ("registry_prefixes: [reg.example]".to_owned(), "--skip-namespaces tool-a,cert-manager", &["kubewarden"]),
        (policy("{key: kubernetes.io/metadata.name, operator: NotIn, values: [cert-manager]}"), "", &["tool-a"]),
        (policy("{key: team, operator: DoesNotExist}"), "", &["cert-manager"]),
    ];
    for (settings, flags, namespaces) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("settings.yaml");
        std::fs::write(&path, settings).expect("a file");
        let output = report(&format!("--settings {} --output json {flags}", path.display()), &objects);
        let rows: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).expect("JSON");
        let found: Vec<_> = rows.iter().map(|row| row["namespace"].as_str().expect("a namespace")).collect();
        assert_eq!(found, *namespaces, "{settings} {flags}");
    }
}

#[test]
fn nothing_that_a_stranger_wrote_is_a_formula_or_another_row() {
    let pod = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "n", "name": "=cmd|x"},
        "spec": {"containers": [{"name": "c", "image": "-a\nforged,row\u202e\u001b[31m"}]}}"#;
    let csv = report(&format!("{JUDGING} --output csv"), pod).stdout;
    let csv = String::from_utf8(csv).expect("text");
    let row = csv.lines().nth(1).expect("a row");
    assert!(
        row.starts_with("n,Pod,'=cmd|x,containers[c],\"'-a\\nforged,row\\u{202e}\\u{1b}[31m\",refused,,,,"),
        "{row}"
    );
    assert_eq!(csv.lines().count(), 2, "{csv}");
    for output in ["html", "table"] {
        let text = report(&format!("{JUDGING} --output {output}"), pod).stdout;
        let text = String::from_utf8(text).expect("text");
        assert!(!text.contains(['\u{202e}', '\u{1b}']) && text.contains("\\u{202e}"), "{text}");
    }
    fails(
        &format!("report {JUDGING} missing\u{202e}"),
        "",
        "error: missing\\u{202e}: No such file or directory (os error 2)\n",
    );
}
