//! `why`: the rule that decides, and the ways out.

mod common;

use common::{check, errors, run};

const JUDGING: &str = "--settings settings.yaml --allow-list allow-list.yaml";

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
         image reference: it is read as docker.io/library/nginx:latest (no registry means docker.io, no tag means latest)\n   \
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
        ("quay.io/x:1", "kubewarden", "=> namespaceSelector: the policy is never asked about kubewarden", 0),
        ("quay.io/x:1", "tool-none", "=> verdict: no rule lets it in", 1),
        ("a//b", "tool-a", "=> image reference: it is not one", 1),
        (
            "quay.io/x:1",
            "tool-none",
            "- ask for an exception; a reviewer's command: enforcer allow-list grant tool-none --until DATE --registry quay.io/x --reason TASK",
            1,
        ),
        (
            "quay.io/x:1",
            "tool-feeds",
            "- ask for a later end; a reviewer's command: enforcer allow-list renew tool-feeds --until DATE",
            1,
        ),
    ];
    for &(image, namespace, line, status) in CASES {
        let arguments = format!("why {image} --namespace {namespace} {JUDGING} --at 2026-11-01");
        let output = run(&arguments.split_whitespace().collect::<Vec<_>>(), "");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.lines().any(|found| found.starts_with(line)), "{image} {namespace}: {text}");
        assert_eq!(output.status.code(), Some(status), "{image} {namespace}");
    }
}

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
fn why_wants_a_kind_and_a_namespace_that_can_be() {
    let kind = |typed: &str, meant: &str| format!("there is no kind {typed}: did you mean {meant}?");
    let namespace = |typed: &str| {
        format!(
            "invalid value '{typed}' for '--namespace <NAMESPACE>': use up to 63 of a-z, 0-9 and \"-\", for example tool-mix"
        )
    };
    let nodes = || "a Node is in no namespace: ask enforcer check about it".to_owned();
    let cases = [
        ("--kind", "pod", kind("pod", "Pod")),
        ("--kind", "deployments", kind("deployments", "Deployment")),
        ("--kind", "deployment.apps/v1", kind("deployment.apps/v1", "Deployment")),
        ("--kind", "cronjobs.batch", kind("cronjobs.batch", "CronJob")),
        ("--kind", "Node", nodes()),
        ("--kind", "nodes", nodes()),
        ("-n", "", namespace("")),
        ("-n", "Tool Mix", namespace("Tool Mix")),
    ];
    for (flag, value, told) in cases {
        let given: &[&str] = if flag == "-n" { &[] } else { &["-n", "tool-a"] };
        let arguments = [&["why", "quay.io/a:1", "--settings", "settings.yaml", flag, value], given].concat();
        let output = run(&arguments, "");
        assert!(errors(&output).starts_with(&format!("error: {told}\n")), "{value}: {}", errors(&output));
        assert_eq!(output.status.code(), Some(2), "{value}");
    }
}

/// Who leaves the list out does not know whether there is an exception.
#[test]
fn why_does_not_advise_a_grant_where_the_list_is_not_known() {
    let output = run(&["why", "quay.io/x:1", "-n", "tool-a", "--settings", "settings.yaml"], "");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("- give the allow list with --allow-list: it may have an exception\n"), "{text}");
    assert!(!text.contains("allow-list grant"), "{text}");
}

const WAYS_OUT: &str = "registry_prefixes:
  - reg.example
  - harbor.example/{namespace}
  - {prefix: old.example, sunset_date: 2026-09-30, replaced_by: reg.example}
denied_images: [{prefix: reg.example/node12, replaced_by: reg.example/node20}]
denied_tags: [latest]
mirrors: [{prefix: docker.io, replaced_by: \"harbor.example/{namespace}/hub\"}]
allowed_namespaces: [{name: tool-ended, sunset_date: 2026-09-30}]
allow_list_config_map: {namespace: re, name: byoc, requires: [owner]}
";
const LIST: &str = "kind: ConfigMap\nmetadata: {name: byoc}\ndata:\n  tool-a: '{\"registry_prefixes\":[\"quay.io/a\"]}'\n  tool-past: '{\"registry_prefixes\":[\"quay.io/a\"],\"sunset_date\":\"2026-09-30\"}'\n";

/// A reader who follows one of them is not refused for the next reason.
#[test]
fn why_names_every_way_out() {
    const DIGEST: &str = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const PUSH: &str = "push the image to an approved registry: reg.example, harbor.example/tool-b";
    let cases: &[(&str, &str, &[&str])] = &[
        ("redis:7", "tool-b", &["use harbor.example/tool-b/hub/library/redis:7", PUSH]),
        ("harbor.example/tool-b/Bot:1", "tool-b", &["write harbor.example/tool-b/bot:1"]),
        ("{{ .image }}", "tool-b", &["write the image itself"]),
        ("reg.example/a", "tool-b", &["name another tag"]),
        (
            "redis",
            "tool-b",
            &[
                "name another tag, and do one of these as well:",
                "use harbor.example/tool-b/hub/library/redis:TAG",
                PUSH,
            ],
        ),
        (
            &format!("reg.example/a:latest{DIGEST}"),
            "tool-b",
            &[&format!("leave out the tag, since the digest says which image it is: reg.example/a{DIGEST}")],
        ),
        ("reg.example/node12:1", "tool-b", &["use reg.example/node20:1"]),
        ("old.example/a:1", "tool-b", &["use reg.example/a:1", PUSH]),
        (
            "ghcr.io:5000/a:1",
            "tool-a",
            &[
                "push the image to an approved registry: reg.example, harbor.example/tool-a",
                "ask for more registries; a reviewer's command: enforcer allow-list renew tool-a --registry ghcr.io:5000/a",
            ],
        ),
        (
            "ghcr.io/a:1",
            "tool-past",
            &[
                "push the image to an approved registry: reg.example, harbor.example/tool-past",
                "ask for a later end and more registries; a reviewer's command: enforcer allow-list renew tool-past --until DATE --registry ghcr.io/a",
            ],
        ),
        (
            "ghcr.io/a:1",
            "tool-ended",
            &[
                "push the image to an approved registry: reg.example, harbor.example/tool-ended",
                "ask an admin for a later sunset_date of allowed_namespaces[0]",
            ],
        ),
        (
            "ghcr.io/a:1",
            "tool-b",
            &[
                PUSH,
                "ask for an exception; a reviewer's command: enforcer allow-list grant tool-b --until DATE --registry ghcr.io/a --reason TASK --owner WHO",
            ],
        ),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (settings, list) = (path("settings.yaml"), path("list.yaml"));
    std::fs::write(&settings, WAYS_OUT).expect("a file");
    std::fs::write(&list, LIST).expect("a file");
    for (image, namespace, expected) in cases {
        let judging = ["--settings", &settings, "--allow-list", &list, "--at", "2026-11-01"];
        let output = run(&[&["why", image, "--namespace", namespace], &judging[..]].concat(), "");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let ways: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("- ")).take(expected.len()).collect();
        assert_eq!(ways, *expected, "{image} {text} {}", errors(&output));
    }
}

#[test]
fn why_says_what_was_added_to_the_image() {
    const CASES: &[(&str, &str)] = &[
        ("x:1", "docker.io/library/x:1 (no registry means docker.io)"),
        ("x/y", "docker.io/x/y:latest (no registry means docker.io, no tag means latest)"),
        ("REG/x:1", "REG/x:1"),
        ("localhost/x", "localhost/x:latest (no tag means latest)"),
        ("index.docker.io/x:latest", "docker.io/library/x:latest"),
    ];
    for (image, read_as) in CASES {
        let output = run(&["why", image, "-n", "tool-a", "--settings", "settings.yaml"], "");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = format!("   image reference: it is read as {read_as}");
        assert!(text.lines().any(|found| found == line), "{image} {text}");
    }
}

/// The end of an exception is the earlier of its own and the policy's.
#[test]
fn why_says_whose_end_has_to_be_later() {
    const CASES: &[(&str, &str, &str)] = &[
        ("\"*\"", "2026-09-30", "the policy"),
        ("{name: \"*\", sunset_date: 2026-12-15}", "2026-09-30", "the policy"),
        ("{name: \"*\", sunset_date: 2026-10-15}", "2026-09-30", "allowed_namespaces[0] and of the policy"),
        ("{name: \"*\", sunset_date: 2026-09-15}", "2026-09-30", "allowed_namespaces[0] and of the policy"),
        ("{name: \"*\", sunset_date: 2026-09-30}", "2026-12-31", "allowed_namespaces[0]"),
    ];
    for (exception, end, whose) in CASES {
        let settings =
            format!("registry_prefixes: [reg.example]\nallowed_namespaces: [{exception}]\nsunset_date: {end}\n");
        let arguments = ["why", "quay.io/x:1", "-n", "tool-a", "--settings", "-", "--at", "2026-11-01"];
        let text = String::from_utf8_lossy(&run(&arguments, &settings).stdout).into_owned();
        let way = format!("- ask an admin for a later sunset_date of {whose}");
        assert!(text.lines().any(|line| line == way), "{settings} {text}");
    }
}

#[test]
fn why_knows_that_another_namespace_may() {
    let output =
        run(&["why", "tools-harbor.wmcloud.org/tool-b/x:1", "-n", "tool-a", "--settings", "settings.yaml"], "");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("registry_prefixes (settings.yaml:1): no element approves it in tool-a; [1] does in tool-b"),
        "{text}"
    );
}
