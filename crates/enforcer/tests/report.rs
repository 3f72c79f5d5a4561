//! The report as a whole, in each form, and what is said where there is none.

use std::io::Write;
use std::process::{Command, Output, Stdio};

const SETTINGS: &[&str] = &["--settings", "tests/data/settings.yaml"];
const ALLOW_LIST: &[&str] = &["--allow-list", "tests/data/allow-list.yaml"];
const NOTES: &str = "\
note: 1 object of kind Service not judged: the policy reads no Service, unless custom_kinds describes it
note: no registry was asked: of byoc_requirements only pinned_digest and registries are judged
note: the allow list has 3 entries; wrong: tool-typo
";

fn report(arguments: &[&[&str]], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_enforcer"));
    command.arg("report").args(arguments.concat()).current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("RUST_BACKTRACE");
    // Without a file, the cluster would be asked.
    if !arguments.concat().iter().any(|argument| argument.contains("cluster.json") || argument.contains("missing")) {
        command.arg("-");
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    // It may stop at the first error without a look at the rest.
    let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
    child.wait_with_output().expect("the program ends")
}

#[track_caller]
fn check(arguments: &[&str], stdout: &str, stderr: &str, status: i32) {
    let sample = &["--at", "2026-09-15", "tests/data/cluster.json"];
    let output = report(&[SETTINGS, ALLOW_LIST, sample, arguments], "");
    assert_eq!(String::from_utf8_lossy(&output.stdout), stdout, "{arguments:?}");
    assert_eq!((String::from_utf8_lossy(&output.stderr).as_ref(), output.status.code()), (stderr, Some(status)));
}

#[track_caller]
fn fails(arguments: &[&[&str]], input: &str, stderr: &str) {
    let output = report(arguments, input);
    assert_eq!(String::from_utf8_lossy(&output.stderr), stderr, "{arguments:?}");
    assert_eq!((output.stdout.as_slice(), output.status.code()), (b"".as_slice(), Some(2)), "{arguments:?}");
}

#[test]
fn writes_a_table_for_80_columns() {
    let table = include_str!("data/report.txt");
    assert!(table.lines().skip(3).all(|line| line.chars().count() <= 80));
    check(&[], table, "", 0);
}

#[test]
fn writes_records() {
    check(&["--output", "json"], include_str!("data/report.json"), NOTES, 0);
    check(&["--output", "csv"], include_str!("data/report.csv"), NOTES, 0);
}

#[test]
fn fails_if_refused_only_when_asked_and_only_if_refused() {
    check(&["--output", "csv", "--fail-if-refused"], include_str!("data/report.csv"), NOTES, 1);
    let approved = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "n", "name": "p"},
        "spec": {"containers": [{"name": "c", "image": "docker-registry.tools.wmflabs.org/a"}]}}"#;
    let output = report(
        &[SETTINGS, ALLOW_LIST, &["--fail-if-refused", "--output", "json"]],
        &approved.replace("org/a", "org/a:1"),
    );
    assert_eq!((String::from_utf8_lossy(&output.stdout).as_ref(), output.status.code()), ("[]\n", Some(0)));
}

#[test]
fn says_where_the_input_is_broken() {
    let whole = include_str!("data/cluster.json");
    let truncated = whole.split_inclusive('\n').take(60).collect::<String>();
    fails(
        &[SETTINGS, ALLOW_LIST],
        &truncated,
        "error: standard input: items[1]: EOF while parsing an object at line 61 column 0\n",
    );
    fails(
        &[SETTINGS, ALLOW_LIST],
        r#"{"metadata": {}}"#,
        "error: standard input: has no apiVersion or no kind: give what kubectl get -o json prints\n",
    );
    fails(
        &[SETTINGS, ALLOW_LIST, &["missing.json"]],
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
        &[&["--settings", &name]],
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
        &[SETTINGS],
        "",
        "error: the settings name ConfigMap registry-enforcer/byoc-allow-list: give it with --allow-list, from kubectl \
         get configmap byoc-allow-list --namespace registry-enforcer --output yaml\n",
    );
}

/// The report on objects, a line each: its message, or what of the notes is about it.
#[track_caller]
fn check_objects(objects: &str, rows: &[&str], notes: &str) {
    let output = report(&[SETTINGS, ALLOW_LIST, &["--at", "2026-09-15", "--output", "json"]], objects);
    let notes = format!(
        "{notes}note: the allow list has 3 entries; wrong: tool-typo; used by no workload: tool-feeds, tool-wikidata-query\n"
    );
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!((stderr.as_ref(), output.status.code()), (notes.as_str(), Some(0)), "{objects}");
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
    let cases: &[(String, &[&str], &[&str])] = &[
        ("registry_prefixes: [reg.example]".to_owned(), &[], &["cert-manager", "tool-a"]),
        ("registry_prefixes: [reg.example]".to_owned(), &["--skip-namespaces", "tool-a,cert-manager"], &["kubewarden"]),
        (policy("{key: kubernetes.io/metadata.name, operator: NotIn, values: [cert-manager]}"), &[], &["tool-a"]),
        (policy("{key: team, operator: DoesNotExist}"), &[], &["cert-manager"]),
    ];
    for (settings, flags, namespaces) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("settings.yaml");
        std::fs::write(&path, settings).expect("a file");
        let arguments = [&["--settings", path.to_str().expect("a path"), "--output", "json"], *flags];
        let output = report(&arguments, &objects);
        let rows: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).expect("JSON");
        let found: Vec<_> = rows.iter().map(|row| row["namespace"].as_str().expect("a namespace")).collect();
        assert_eq!(found, *namespaces, "{settings} {flags:?}");
    }
}

#[test]
fn nothing_that_a_stranger_wrote_is_a_formula_or_another_row() {
    let pod = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "n", "name": "=cmd|x"},
        "spec": {"containers": [{"name": "c", "image": "-a\nforged,row\u202e\u001b[31m"}]}}"#;
    let csv = report(&[SETTINGS, ALLOW_LIST, &["--output", "csv"]], pod).stdout;
    let csv = String::from_utf8(csv).expect("text");
    let row = csv.lines().nth(1).expect("a row");
    assert!(
        row.starts_with("n,Pod,'=cmd|x,containers[c],\"'-a\\nforged,row\\u{202e}\\u{1b}[31m\",refused,,,,"),
        "{row}"
    );
    assert_eq!(csv.lines().count(), 2, "{csv}");
    for output in ["html", "table"] {
        let text = report(&[SETTINGS, ALLOW_LIST, &["--output", output]], pod).stdout;
        let text = String::from_utf8(text).expect("text");
        assert!(!text.contains(['\u{202e}', '\u{1b}']) && text.contains("\\u{202e}"), "{text}");
    }
    let error = report(&[SETTINGS, ALLOW_LIST, &["missing\u{202e}"]], "").stderr;
    assert!(String::from_utf8_lossy(&error).contains("missing\\u{202e}"), "{error:?}");
}
