//! The state of the allow list itself, by the policy's own judgement.

mod common;

use common::{errors, run};

/// The first day of November 2026, on which an entry may end in January 2027 at the latest.
const JUDGING: &str = "--settings list-settings.yaml --at 2026-11-01";
const LIST: &str = r#"apiVersion: v1
kind: ConfigMap
metadata: {name: byoc-allow-list, namespace: registry-enforcer}
data:
  tool-feeds: '{"sunset_date": "2026-10-31", "reason": "T1", "owner": "feeds"}'
  tool-mix: '{"sunset_date": "2026-11-15", "reason": "T1", "owner": "mix", "registry_prefixes": ["quay.io"]}'
  tool-new: '{"sunset_date": "2027-01-15", "reason": "T1", "owner": "new"}'
  tool-none: ""
  tool-open: '{"sunset_date": "2027-01-15", "reason": "T1", "owner": "open"}'
  tool-typo: 31/12/2026
"#;

/// A folder with the list, and its path.
fn list() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("list.yaml");
    std::fs::write(&path, LIST).expect("a file");
    let path = path.display().to_string();
    (folder, path)
}

/// Runs the program and compares standard output, standard error and the exit status.
#[track_caller]
fn check(arguments: &str, stdout: &str, stderr: &str, status: i32) {
    let output = run(&arguments.split_whitespace().collect::<Vec<_>>(), "");
    assert_eq!(String::from_utf8_lossy(&output.stdout), stdout, "{arguments} {}", errors(&output));
    assert_eq!((errors(&output).as_str(), output.status.code()), (stderr, Some(status)), "{arguments}");
}

#[test]
fn shows_what_would_be_refused_today() {
    let (_folder, path) = list();
    check(
        &format!("allow-list list --file {path} {JUDGING}"),
        "ENDS        USED  NAMESPACE\n\
         wrong          -  tool-typo: \"31/12/2026\" is not a date: write 2026-12-31\n\
         2026-10-31     -  tool-feeds: has ended; every registry; T1; owner: feeds\n\
         2026-11-15     -  tool-mix: 14 days left; quay.io; T1; owner: mix\n\
         2027-01-15     -  tool-new: 75 days left; every registry; T1; owner: new\n\
         2027-01-15     -  tool-open: 75 days left; every registry; T1; owner: open\n\
         never          -  tool-none: every registry; not as required\n",
        "",
        0,
    );
}

#[test]
fn checks_by_what_the_settings_require_and_passes_on_the_policys_warnings() {
    let (_folder, path) = list();
    check(&format!("allow-list check --file {path} {JUDGING}"), include_str!("data/list-check.txt"), "", 1);
}

/// What kubectl prints where somebody edits the list.
const WARNINGS: &str = "note: left as it was, but wrong: tool-typo: \"31/12/2026\" is not a date: write 2026-12-31
note: entries of the allow list that have ended and can go: tool-feeds (2026-10-31)
note: entries of the allow list that end within 30 days: tool-mix (2026-11-15)
note: entries of the allow list that are of no use: allowed_namespaces lets in all images there: tool-open
";

/// An entry that the policy's own end cuts short, and a list that the policy does not read.
#[test]
fn says_which_entries_do_not_count() {
    const GRANT: &str = "allow-list grant tool-x --until 2027-03-31 --dry-run --at 2026-11-01";
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    };
    let list = path("list.yaml", "kind: ConfigMap\nmetadata: {name: other}\ndata:\n  tool-y: ''\n");
    let none = path("none.yaml", "registry_prefixes: [reg.example]\n");
    let other = "note: the file is ConfigMap registry-enforcer/other: the settings name ConfigMap registry-enforcer/byoc-allow-list\n";
    let cases = [
        (
            "settings.yaml",
            format!(
                "{other}note: entries of the allow list that end with the policy's sunset_date, 2026-12-31: tool-x, tool-y\n"
            ),
        ),
        (&none, "note: the settings have no allow_list_config_map, so that the policy reads no list\n".to_owned()),
    ];
    for (settings, notes) in cases {
        let arguments = format!("{GRANT} --file {list} --settings {settings}");
        check(&arguments, "+ tool-x: 2027-03-31\nnothing was written (--dry-run)\n", &notes, 0);
    }
    let shown =
        "ENDS        USED  NAMESPACE\n2026-12-31     -  tool-y: 60 days left; every registry; ends with the policy\n";
    check(&format!("allow-list list --at 2026-11-01 --file {list} --settings settings.yaml"), shown, other, 0);
    let shown = shown.replace("60 days left", "has ended");
    check(&format!("allow-list list --at 2027-01-01 --file {list} --settings settings.yaml"), &shown, other, 0);
}

#[test]
fn writes_nothing_that_the_settings_do_not_take() {
    let (_folder, path) = list();
    let until = |date| format!("allow-list grant tool-x --until {date} --reason T1 --file {path} {JUDGING}");
    check(&until("2027-02-01"), "", include_str!("data/list-grant.txt"), 2);
    assert_eq!(std::fs::read_to_string(&path).expect("a file"), LIST);
    let granted = "+ tool-x: {\"sunset_date\":\"2027-01-30\",\"reason\":\"T1\",\"owner\":\"x\"}\n";
    check(&format!("{} --owner x", until("2027-01-30")), granted, WARNINGS, 0);
    // What the settings require is not asked of an entry that goes.
    check(
        &format!("allow-list revoke tool-none --file {path} {JUDGING}"),
        "- tool-none: (empty: without an end)\n",
        "",
        0,
    );
}

#[test]
fn judges_the_list_as_the_cluster_would_when_it_is_created() {
    let (_folder, path) = list();
    let output = run(&["check", "--settings", "list-settings.yaml", "--at", "2026-11-01", &path], "");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains(":1: refused ConfigMap registry-enforcer/byoc-allow-list\n"), "{text}");
    assert!(text.contains("\n  tool-typo: \"31/12/2026\" is not a date: write 2026-12-31\n"), "{text}");
    let other = LIST.replace("byoc-allow-list", "other");
    let output = run(&["check", "--settings", "list-settings.yaml", "-"], &other);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        (text.as_str(), output.status.code()),
        ("1 object: 0 allowed, 0 refused, not judged: 1 ConfigMap\n", Some(0))
    );
}

const POD: &str = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "tool-mix", "name": "p"},
    "spec": {"containers": [{"name": "c", "image": "quay.io/a:1"}]}}"#;

#[test]
fn a_report_has_the_state_of_the_list() {
    let (_folder, path) = list();
    let report = |output: &str| {
        let arguments = format!("report {JUDGING} --allow-list {path} --output {output} -");
        let output = run(&arguments.split_whitespace().collect::<Vec<_>>(), POD);
        (String::from_utf8_lossy(&output.stdout).into_owned(), errors(&output))
    };
    let note = "note: the allow list has 6 entries; wrong: tool-typo; ended: tool-feeds; not as the settings require: \
                tool-none; without an end: tool-none; used by no workload: tool-new, tool-none, tool-open\n";
    assert_eq!(report("csv").1, note);
    let (metrics, _) = report("prometheus");
    for line in ["enforcer_allow_list_entries 6", "enforcer_allow_list_entries_to_review{state=\"unused\"} 3"] {
        assert!(metrics.lines().any(|found| found == line), "{metrics}");
    }
}
