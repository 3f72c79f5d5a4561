//! The exit status of each command: 0 if all is well, 1 if what was asked about is refused or differs, 2 if there is no
//! answer.

mod common;

use common::{errors, run};

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: IMAGE}]}\n";
const APPROVED: &str = "docker-registry.tools.wmflabs.org/a:1";
const LISTS: &str = "--old-allow-list allow-list.yaml --new-allow-list allow-list.yaml --at 2026-09-15";

#[track_caller]
fn check(arguments: &str, input: &str, status: i32) {
    let output = run(&arguments.split_whitespace().collect::<Vec<_>>(), input);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(status), "{arguments}: {text} {}", errors(&output));
    // Whoever gets no answer is told why.
    assert_eq!(errors(&output).starts_with("error: "), status == 2, "{arguments}: {}", errors(&output));
}

#[test]
fn of_each_command_on_files() {
    const JUDGED: &str = "--settings settings.yaml --allow-list allow-list.yaml --at 2026-09-15";
    let cases = [
        (format!("report {JUDGED} cluster.json"), 0),
        (format!("report {JUDGED} --fail-if-refused cluster.json"), 1),
        (format!("report {JUDGED} missing.json"), 2),
        ("report --at tomorrow cluster.json".to_owned(), 2),
        ("report --namespace= --settings settings.yaml".to_owned(), 2),
        ("check --namespace Bad_NS --settings settings.yaml manifests.yaml".to_owned(), 2),
        (format!("why {APPROVED} --namespace tool-a --settings settings.yaml"), 0),
        ("why quay.io/a:1 --namespace tool-a --settings settings.yaml".to_owned(), 1),
        ("why quay.io/a:1 --namespace tool-a --settings allow-list.yaml".to_owned(), 2),
        ("why quay.io/a:1 --settings settings.yaml".to_owned(), 2),
        (format!("diff settings.yaml settings.yaml cluster.json {LISTS}"), 0),
        (format!("diff settings.yaml new-settings.yaml cluster.json {LISTS}"), 1),
        (format!("diff settings.yaml missing.yaml cluster.json {LISTS}"), 2),
        ("allow-list list --file allow-list.yaml".to_owned(), 0),
        ("allow-list check --file allow-list.yaml".to_owned(), 1),
        ("allow-list check --file settings.yaml".to_owned(), 2),
        ("allow-list grant tool-b --until 2999-01-01 --file allow-list.yaml --dry-run".to_owned(), 0),
        ("allow-list grant tool-feeds --until 2999-01-01 --file allow-list.yaml --dry-run".to_owned(), 2),
        ("allow-list renew tool-feeds --until 2999-01-01 --file allow-list.yaml --dry-run".to_owned(), 0),
        ("allow-list renew tool-feeds --file allow-list.yaml --dry-run".to_owned(), 2),
        ("allow-list revoke tool-feeds --file allow-list.yaml --dry-run".to_owned(), 0),
        ("allow-list revoke tool-none --file allow-list.yaml --dry-run".to_owned(), 2),
        ("manifest --settings settings.yaml --module registry://x/y:1".to_owned(), 0),
        ("manifest --settings settings.yaml --module=".to_owned(), 2),
        ("manifest --settings settings.yaml --module x/y:1".to_owned(), 2),
        ("manifest --settings settings.yaml --module registry://x/y:1 --name Bad_Name".to_owned(), 2),
        ("manifest --settings settings.yaml --module registry://x/y:1 --policy-server=".to_owned(), 2),
        ("manifest --settings settings.yaml --module registry://x/y:1 --output prometheus".to_owned(), 2),
        ("completions bash".to_owned(), 0),
        ("completions unknown".to_owned(), 2),
        ("man".to_owned(), 0),
        ("unknown".to_owned(), 2),
    ];
    for (arguments, status) in &cases {
        check(arguments, "", *status);
    }
}

/// Where standard error cannot be written, the status still tells.
#[test]
fn without_standard_error() {
    let cases = [
        ("check missing.yaml --settings settings.yaml", 2),
        ("manifest --settings list-settings.yaml --module registry://x/y:1", 0),
        ("report --settings settings.yaml --allow-list allow-list.yaml --output csv cluster.json", 0),
    ];
    for (arguments, status) in cases {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("a full disk");
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_enforcer"));
        command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data")).args(&arguments).stderr(full);
        let output = command.stdout(std::process::Stdio::null()).status().expect("the program starts");
        assert_eq!(output.code(), Some(status), "{arguments:?}");
    }
}

#[test]
fn of_check() {
    let cases = [
        (POD.replace("IMAGE", APPROVED), 0),
        (POD.replace("IMAGE", "quay.io/a:1"), 1),
        // An answer that is not whole is none.
        (format!("{}---\na: [\n", POD.replace("IMAGE", "quay.io/a:1")), 2),
        ("".to_owned(), 2),
        ("# nothing\n".to_owned(), 2),
    ];
    for (input, status) in &cases {
        check("check --settings settings.yaml --namespace tool-a -", input, *status);
    }
}
