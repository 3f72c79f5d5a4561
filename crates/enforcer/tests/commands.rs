//! Each command on files.

mod common;

use common::{errors, run};

/// Runs the program and compares standard output and the exit status.
#[track_caller]
fn check(arguments: &str, input: &str, stdout: &str, status: i32) {
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let output = run(&arguments, input);
    assert_eq!(String::from_utf8_lossy(&output.stdout), stdout, "{arguments:?} {}", errors(&output));
    assert_eq!(output.status.code(), Some(status), "{arguments:?} {}", errors(&output));
}

/// Runs the program, which has no answer, and compares what it says.
#[track_caller]
fn fails(arguments: &str, input: &str, stderr: &str) {
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let output = run(&arguments, input);
    assert_eq!((errors(&output).as_str(), output.status.code()), (stderr, Some(2)), "{arguments:?}");
}

const JUDGING: &str = "--settings settings.yaml --allow-list allow-list.yaml";

#[test]
fn check_says_what_the_cluster_would_say() {
    for (output, expected) in [
        ("text", include_str!("data/check.txt")),
        ("json", include_str!("data/check.json")),
        ("junit", include_str!("data/check.xml")),
    ] {
        let arguments =
            format!("check {JUDGING} --at 2026-12-10 --namespace tool-mix --output {output} manifests.yaml");
        check(&arguments, "", expected, 1);
    }
}

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: IMAGE}]}\n";

#[test]
fn check_reads_standard_input_and_ends_with_what_it_found() {
    let settings = "--settings settings.yaml --namespace tool-mix --at 2026-08-01 -";
    let approved = POD.replace("IMAGE", "docker-registry.tools.wmflabs.org/a:1");
    check(&format!("check {settings}"), &approved, "1 object: 1 allowed, 0 refused\n", 0);
    // Who may not read the allow list can still judge what needs none.
    let refused = run(&["check", "--settings", "settings.yaml", "-"], &POD.replace("IMAGE", "quay.io/a:1"));
    let text = String::from_utf8_lossy(&refused.stdout).into_owned();
    assert!(
        text.contains("ConfigMap registry-enforcer/byoc-allow-list: it was not given, give it with --allow-list"),
        "{text}"
    );
    assert_eq!(refused.status.code(), Some(1));
    check(
        &format!("check {settings}"),
        &format!("{approved}---\na: [\n---\nb: 1\n"),
        "standard input:6: unreadable document\n  is not YAML: did not find expected node content at line 7 column 1, while parsing a flow node\n\
         standard input:8: unreadable document\n  has no apiVersion or no kind: give manifests of Kubernetes\n\
         3 objects: 1 allowed, 0 refused, 2 unreadable\n",
        2,
    );
}

#[test]
fn junit_has_nothing_that_a_stranger_wrote_as_markup() {
    let pod = POD.replace("IMAGE", "\"]]></failure><x>\\u202e\"");
    let output = run(&["check", "--settings", "settings.yaml", "--output", "junit", "-"], &pod);
    let xml = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!xml.contains("<x>") && !xml.contains('\u{202e}') && xml.contains("\\u{202e}"), "{xml}");
}

#[test]
fn why_shows_the_rule_that_decides() {
    let why = |image, namespace| format!("why {image} --namespace {namespace} {JUDGING} --at 2026-11-01");
    check(
        &why("quay.io/mix/web:2.1", "tool-mix"),
        "",
        "ALLOWED in tool-mix on 2026-11-01: quay.io/mix/web:2.1 is let in by an exception, until 2026-12-31\n\n   \
         exempt_namespaces: tool-mix is not exempt\n   \
         image reference: it is read as quay.io/mix/web:2.1\n   \
         denied_images: is empty\n   \
         denied_tags (settings.yaml:12): no element is its tag\n   \
         registry_prefixes (settings.yaml:1): no element approves it\n\
         => allowed_namespaces[0] (settings.yaml:5): covers it, until 2026-12-31\n   \
         byoc_requirements (settings.yaml:13): are met, as far as no registry was asked\n",
        0,
    );
    check(
        &why("nginx", "tool-mix"),
        "",
        "REFUSED in tool-mix on 2026-11-01: nginx (docker.io/library/nginx:latest) has the tag latest, which is denied (denied_tags: latest): name another version\n\n   \
         exempt_namespaces: tool-mix is not exempt\n   \
         image reference: it is read as docker.io/library/nginx:latest\n   \
         denied_images: is empty\n\
         => denied_tags[0] (settings.yaml:12): is its tag\n\n\
         What would change that:\n- name another tag\n",
        1,
    );
}

/// What each line of `why` is about, and the rule that decides.
#[test]
fn why_agrees_with_the_verdict() {
    const CASES: &[(&str, &str, &str, i32)] = &[
        ("x:1", "kube-system", "=> exempt_namespaces[0]: kube-system is never judged", 0),
        (
            "docker-registry.tools.wmflabs.org/a:1",
            "tool-a",
            "=> registry_prefixes[0] (settings.yaml:2): approves it",
            0,
        ),
        (
            "docker.io/wikidata/q:1",
            "tool-wikidata-query",
            "=> allow_list_config_map (settings.yaml:11): ConfigMap registry-enforcer/byoc-allow-list has an entry: covers it, until 2026-11-15",
            0,
        ),
        ("ghcr.io/x:1", "tool-mix", "=> byoc_requirements (settings.yaml:13): it does not come", 1),
        ("a//b", "tool-a", "=> image reference: it is not one", 1),
        (
            "quay.io/x:1",
            "tool-none",
            "- ask for an exception: enforcer allow-list grant tool-none --until DATE --registry quay.io/x --reason TASK",
            1,
        ),
        ("quay.io/x:1", "tool-feeds", "- ask for a later end: enforcer allow-list renew tool-feeds --until DATE", 1),
    ];
    for &(image, namespace, line, status) in CASES {
        let arguments = format!("why {image} --namespace {namespace} {JUDGING} --at 2026-11-01");
        let output = run(&arguments.split_whitespace().collect::<Vec<_>>(), "");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.lines().any(|found| found.starts_with(line)), "{image} {namespace}: {text}");
        assert_eq!(output.status.code(), Some(status), "{image} {namespace}");
    }
}

const DIFF: &str = "diff settings.yaml new-settings.yaml cluster.json --old-allow-list allow-list.yaml --new-allow-list allow-list.yaml --at 2026-09-15";

#[test]
fn why_knows_the_kinds_that_the_policy_reads() {
    let cases = [("Deployment", 0), ("CronJob.batch", 0), ("Rollout.argoproj.io", 1), ("Service", 1)];
    for (kind, status) in cases {
        let image = "docker-registry.tools.wmflabs.org/a:1";
        let output = run(&["why", image, "-n", "tool-a", "--settings", "settings.yaml", "--kind", kind], "");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let expected = format!("=> custom_kinds: {kind} is not read; describe it there");
        assert_eq!((output.status.code(), text.contains(&expected)), (Some(status), status == 1), "{kind} {text}");
    }
}

#[test]
fn diff_shows_what_other_settings_change() {
    for (output, expected) in [
        ("text", include_str!("data/diff.txt")),
        ("json", include_str!("data/diff.json")),
        ("markdown", include_str!("data/diff.md")),
    ] {
        check(&format!("{DIFF} --output {output}"), "", expected, 1);
    }
    check(&format!("{DIFF} --allow-refusals 1"), "", include_str!("data/diff.txt"), 0);
    let same = DIFF.replace("new-settings", "settings");
    check(&same, "", "8 workloads: 0 newly refused, 0 newly dated, 0 newly let in, 8 unchanged\n", 0);
}

#[test]
fn report_writes_metrics_and_open_reports() {
    let report = |output| format!("report {JUDGING} --at 2026-09-15 --output {output} cluster.json");
    check(&report("prometheus"), "", include_str!("data/report.prom"), 0);
    check(&report("openreports"), "", include_str!("data/report.openreports.json"), 0);
}

#[test]
fn allow_list_shows_and_checks_entries() {
    check("allow-list list --file allow-list.yaml --at 2026-11-01", "", include_str!("data/allow-list.txt"), 0);
    check(
        "allow-list check --file allow-list.yaml --at 2026-11-01",
        "",
        "ended: tool-feeds 2026-10-31T12:00:00Z, it can be revoked\n\
         wrong: tool-typo: \"31/12/2026\" is not a date: write 2026-12-31\n3 entries, 1 wrong\n",
        1,
    );
}

#[test]
fn allow_list_changes_one_line_of_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("list.yaml");
    let before = include_str!("data/allow-list.yaml");
    std::fs::write(&path, before).expect("a file");
    let file = format!("--file {} --at 2026-11-01", path.display());
    let text = || std::fs::read_to_string(&path).expect("a file");
    let grant = "allow-list grant tool-new --until 2027-01-31 --registry quay.io/x --reason T1";
    let plus = "+ tool-new: {\"sunset_date\":\"2027-01-31\",\"registry_prefixes\":[\"quay.io/x\"],\"reason\":\"T1\"}\n";
    check(&format!("{grant} --dry-run {file}"), "", &format!("{plus}nothing was written (--dry-run)\n"), 0);
    assert_eq!(text(), before);
    check(&format!("{grant} {file}"), "", plus, 0);
    let value = plus.trim_start_matches("+ tool-new: ").trim_end();
    assert_eq!(text(), format!("{before}  tool-new: '{value}'\n"));
    check(
        &format!("allow-list renew tool-wikidata-query --until 2027-06-30 {file}"),
        "",
        "- tool-wikidata-query: 2026-11-15\n+ tool-wikidata-query: 2027-06-30\n",
        0,
    );
    let revoked = run(&format!("allow-list revoke tool-new {file}").split_whitespace().collect::<Vec<_>>(), "");
    assert_eq!(revoked.status.code(), Some(0), "{revoked:?}");
    assert_eq!(text(), before.replace("2026-11-15", "2027-06-30"));
}

#[test]
fn allow_list_writes_nothing_that_the_policy_would_not_take() {
    let cases = [
        (
            "grant tool-feeds --until 2027-01-31",
            "tool-feeds has an entry already ({\"sunset_date\": \"2026-10-31T12:00:00Z\", \"reason\": \"T400001\", \"owner\": \"feeds\"}): renew it, or revoke it first",
        ),
        ("grant tool-new --until 2026-01-31", "2026-01-31 has passed: give a later end with --until"),
        (
            "grant Tool --until 2027-01-31",
            "Tool is not a namespace: use up to 63 of a-z, 0-9 and \"-\", for example tool-mix",
        ),
        ("renew tool-new --until 2027-01-31", "tool-new has no entry: see enforcer allow-list list"),
        ("revoke tool-new", "tool-new has no entry: see enforcer allow-list list"),
    ];
    for (arguments, error) in cases {
        fails(
            &format!("allow-list {arguments} --file allow-list.yaml --at 2026-11-01"),
            "",
            &format!("error: {error}\n"),
        );
    }
}

#[test]
fn a_name_of_the_plugin_is_the_name_in_the_usage() {
    let folder = tempfile::tempdir().expect("a folder");
    let plugin = folder.path().join("kubectl-enforcer");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_enforcer"), &plugin).expect("a link");
    let output = std::process::Command::new(&plugin).args(["report", "--help"]).output().expect("help");
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(help.contains("Usage: kubectl enforcer report"), "{help}");
}

#[test]
fn every_command_has_an_example_and_a_place_in_the_manual() {
    let man = run(&["man"], "").stdout;
    let man = String::from_utf8_lossy(&man).replace("\\-", "-");
    for command in ["report", "check", "why", "diff", "allow-list", "manifest", "completions"] {
        let help = String::from_utf8_lossy(&run(&[command, "--help"], "").stdout).into_owned();
        assert!(help.contains("Example: ") && help.contains("enforcer "), "{help}");
        assert!(man.contains(command), "{command}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&["completions", shell], "").stdout;
        assert!(String::from_utf8_lossy(&script).contains("allow-list"), "{shell}");
    }
}
