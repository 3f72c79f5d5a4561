//! The report as a whole, in each form, and what is said where there is none.

use std::io::Write;
use std::process::{Command, Output, Stdio};

const SETTINGS: &[&str] = &["--settings", "tests/data/settings.yaml"];
const ALLOW_LIST: &[&str] = &["--allow-list", "tests/data/allow-list.yaml"];
const NOTES: &str = "\
note: 1 object of kind Service not judged: the policy reads no Service, unless custom_kinds describes it
note: no registry was asked: of byoc_requirements only pinned_digest and registries are judged
";

fn report(arguments: &[&[&str]], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sunset-report"));
    command.args(arguments.concat()).current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("RUST_BACKTRACE");
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
        r#"{"items": [{"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "n", "name": "p"}, "spec": {"containers": 1}}]}"#,
        "error: standard input: items[0]: Pod n/p: invalid type: integer `1`, expected a list as containers at line 1 column 105 of the object\n",
    );
    fails(
        &[SETTINGS, ALLOW_LIST],
        r#"{"items": [{"metadata": {}}]}"#,
        "error: standard input: items[0]: has no apiVersion or no kind: give what kubectl get … -o json prints\n",
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
             registry_prefixes: is empty: name at least one registry, for example [docker-registry.tools.wmflabs.org]\n\
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
