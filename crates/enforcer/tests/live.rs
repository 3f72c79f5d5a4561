//! The wire: pages, conflicts, missing rights, on an API server that answers what a test tells it to.

mod api_server;
mod common;

use api_server::{
    Server,
    cluster::{
        CONFIG_MAP, MODULE, POLICIES, cluster, cluster_but, config_map, group, groups, policy, resource, resources,
    },
    route, status,
};
use serde_json::{Value, json};

#[test]
fn report_lists_the_cluster_in_pages() {
    let server = Server::start(cluster());
    let (stdout, stderr, code) = server.run("report --output csv");
    let rows: Vec<&str> =
        stdout.lines().skip(1).map(|row| row.split(",containers").next().unwrap_or_default()).collect();
    assert_eq!((rows, code), (vec!["tool-b,Pod,two", "tool-a,Pod,one"], Some(0)), "{stdout} {stderr}");
    let requests = server.requests();
    assert!(requests.iter().all(|(request, _)| request.starts_with("GET ")), "{requests:?}");
    assert!(
        !requests.iter().any(|(request, _)| request.contains("services") || request.contains("nodes")),
        "{requests:?}"
    );
    let (stdout, _, _) = server.run("report --output csv --namespace tool-a");
    assert_eq!(stdout.lines().count(), 2, "{stdout}");
    let (stdout, _, _) = server.run("diff live live --namespace tool-a");
    assert!(stdout.starts_with("1 workload: 0 newly refused"), "{stdout}");
}

/// The policy's selector asks for labels, which only the namespace has.
#[test]
fn report_on_one_namespace_reads_its_labels_where_it_may() {
    let server = Server::start(cluster());
    for (namespace, rows) in [("tool-a", 1), ("tool-c", 0), ("tool-secret", 1)] {
        let (stdout, stderr, _) = server.run(&format!("report --output csv --namespace {namespace}"));
        assert_eq!(stdout.lines().count(), 1 + rows, "{namespace} {stdout} {stderr}");
    }
    let (_, stderr, code) = server.run("report --namespace tool-none");
    assert_eq!((stderr.as_str(), code), ("error: the cluster has no namespace tool-none\n", Some(2)));
}

/// A kind may be in a version that its group does not prefer. A group of no kind that is judged is not asked.
#[test]
fn report_lists_the_kinds_of_every_version() {
    let kinds = ["Robot", "Tool"].map(|kind| json!({"group": "x.example", "kind": kind, "images": ["/spec/image"]}));
    let absent = json!({"group": "absent.example", "kind": "Tool", "images": ["/spec/image"]});
    let mut policy = policy("registry-enforcer", MODULE);
    policy["spec"]["settings"]["custom_kinds"] = json!([kinds[0], kinds[1], absent]);
    let (robots, tools) = (resource("robots", "Robot", true), resource("tools", "Tool", true));
    let list = |version: &str, kind: &str| {
        let object = json!({"metadata": {"namespace": "tool-d", "name": version}, "spec": {"image": "quay.io/x:1"}});
        json!({"kind": format!("{kind}List"), "apiVersion": format!("x.example/{version}"), "items": [object]})
    };
    let server = cluster_but(vec![
        route(POLICIES, 200, json!({"items": [policy]})),
        route("GET /apis?", 200, groups(vec![group("x.example", &["v1", "v1beta1"]), group("away.example", &["v1"])])),
        route("GET /apis/x.example/v1?", 200, resources(vec![robots.clone()])),
        route("GET /apis/x.example/v1beta1?", 200, resources(vec![robots, tools])),
        route("GET /apis/x.example/v1/robots?&limit=500", 200, list("v1", "Robot")),
        route("GET /apis/x.example/v1beta1/tools?&limit=500", 200, list("v1beta1", "Tool")),
    ]);
    let (stdout, stderr, code) = server.run("report --output csv");
    let rows = stdout.lines().filter_map(|row| row.strip_prefix("tool-d,")?.split_once(",/spec/image"));
    let rows: Vec<&str> = rows.map(|(object, _)| object).collect();
    assert_eq!((rows, code), (vec!["Robot,v1", "Tool,v1beta1"], Some(0)), "{stdout} {stderr}");
}

#[test]
fn allow_list_counts_what_runs_and_says_where_it_cannot() {
    let (stdout, stderr, code) = Server::start(cluster()).run("allow-list list --at 2026-11-01");
    assert!(stdout.contains("2999-12-31     1  tool-a: "), "{stdout} {stderr}");
    assert_eq!((stderr.as_str(), code), ("", Some(0)));
    let forbidden = route("GET /api/v1/pods?&limit=500", 403, status(403, "no"));
    let (stdout, stderr, code) = cluster_but(vec![forbidden]).run("allow-list list --at 2026-11-01");
    assert!(stdout.contains("2999-12-31     -  tool-a: "), "{stdout} {stderr}");
    let note = "note: who uses the list is not known: cannot list pods in all namespaces: the right is missing (no): ask an admin for it\n";
    assert_eq!((stderr.as_str(), code), (note, Some(0)));
}

#[test]
fn why_and_check_ask_the_cluster_for_what_judges() {
    let server = Server::start(cluster());
    let (stdout, stderr, code) = server.run("why quay.io/x:1 --namespace tool-a");
    assert!(stdout.contains("=> allow_list_config_map: ConfigMap"), "{stdout} {stderr}");
    assert_eq!(code, Some(0));
    let (stdout, _, code) = server.run("check manifests.yaml");
    assert!(stdout.contains("4 objects: 0 allowed, 3 refused, not judged: 1 Service\n"), "{stdout}");
    assert_eq!(code, Some(1));
}

/// As kubectl does.
#[test]
fn check_takes_the_namespace_of_the_context() {
    let server = Server::start(cluster());
    let kubeconfig = std::fs::read_to_string(server.kubeconfig()).expect("a kubeconfig");
    let kubeconfig = kubeconfig.replace("\"cluster\":\"test\",", "\"cluster\":\"test\",\"namespace\":\"tool-a\",");
    std::fs::write(server.kubeconfig(), kubeconfig).expect("a file");
    for (arguments, expected) in [
        ("check manifests.yaml", "\"tool-a\""),
        ("check manifests.yaml --namespace tool-b", "\"tool-b\""),
        ("check manifests.yaml --settings settings.yaml", "\"default\""),
    ] {
        let (stdout, stderr, _) = server.run(&format!("{arguments} --output json"));
        assert!(stdout.contains(expected), "{arguments}: {stdout} {stderr}");
    }
}

/// The policy of the test has neither the rules nor the selector that its settings give.
#[test]
fn manifest_checks_the_policy_of_the_cluster() {
    let server = Server::start(cluster());
    let (stdout, stderr, code) = server.run("manifest --check live");
    let places: Vec<&str> = stdout.lines().filter(|line| line.starts_with("spec.")).collect();
    let expected = ["spec.namespaceSelector.matchExpressions[0].key", "spec.rules[0].operations[1]"];
    assert!(expected.iter().all(|place| places.contains(place)), "{stdout} {stderr}");
    assert_eq!(code, Some(1));
}

#[test]
fn diff_compares_the_cluster_with_a_file() {
    let server = Server::start(cluster());
    let (stdout, stderr, code) = server.run("diff live settings.yaml --new-allow-list allow-list.yaml --at 2026-11-01");
    assert!(stdout.starts_with("2 workloads: 1 newly refused,"), "{stdout} {stderr}");
    assert_eq!(code, Some(1));
}

#[test]
fn allow_list_changes_the_version_that_was_read() {
    let put = format!("PUT {CONFIG_MAP}?&fieldManager=enforcer");
    let server = cluster_but(vec![route(&put, 200, config_map())]);
    let (stdout, stderr, code) = server.run("allow-list grant tool-b --until 2999-01-31");
    assert_eq!((stdout.as_str(), code), ("+ tool-b: 2999-01-31\n", Some(0)), "{stderr}");
    let requests = server.requests();
    let (request, body) = requests.last().expect("a request");
    let body: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(*request, put);
    assert_eq!(body["metadata"]["resourceVersion"], "7");
    assert_eq!(body["data"], json!({"tool-a": "2999-12-31", "tool-b": "2999-01-31"}));
}

#[test]
fn allow_list_lets_the_server_try_a_dry_run() {
    let put = format!("PUT {CONFIG_MAP}?&dryRun=All&fieldManager=enforcer");
    let server = cluster_but(vec![route(&put, 200, config_map())]);
    let (stdout, stderr, code) = server.run("allow-list revoke tool-a --dry-run");
    assert_eq!(
        (stdout.as_str(), code),
        ("- tool-a: 2999-12-31\nnothing was written (--dry-run)\n", Some(0)),
        "{stderr}"
    );
}

#[test]
fn says_what_the_api_server_refused_and_what_to_do() {
    let put = format!("PUT {CONFIG_MAP}?&fieldManager=enforcer");
    let forbidden = "pods is forbidden: User \"me\u{202e}\" cannot list resource \"pods\"";
    let ours = policy("second", MODULE);
    let two = json!({"items": [policy("first", MODULE), ours]});
    let none = json!({"items": [policy("other", "registry://x/other:1")]});
    let cases = [
        (
            route(&put, 409, status(409, "conflict")),
            "allow-list revoke tool-a",
            "cannot change ConfigMap registry-enforcer/byoc-allow-list: somebody else changed it in between: try again",
        ),
        // With the code that Kubewarden answers with, which is not about rights.
        (
            route(
                &put,
                403,
                status(
                    403,
                    "admission webhook \"x\" denied the request: the allow list cannot be written so:\ntool-a: wrong",
                ),
            ),
            "allow-list revoke tool-a",
            "cannot change ConfigMap registry-enforcer/byoc-allow-list: admission webhook \"x\" denied the request: the allow list cannot be written so:\ntool-a: wrong",
        ),
        (
            route("GET /api/v1/pods?&limit=500", 403, status(403, forbidden)),
            "report",
            "cannot list pods in all namespaces: the right is missing (pods is forbidden: User \"me\\u{202e}\" cannot list resource \"pods\"): ask an admin for it",
        ),
        (
            route("GET /api/v1?", 500, status(500, "no")),
            "diff live live",
            "cannot ask which kinds there are (/api/v1): the API server answered 500 (no)",
        ),
        (
            route("GET /apis?", 200, groups(vec![group("apps", &["v1"])])),
            "report",
            "cannot ask which kinds there are (/apis/apps/v1): it is not there",
        ),
        (
            route(&format!("GET {CONFIG_MAP}"), 404, status(404, "")),
            "report",
            "cannot read ConfigMap registry-enforcer/byoc-allow-list: it is not there: create it, as deploy/allow-list.yml does",
        ),
        (
            route(POLICIES, 404, status(404, "")),
            "report",
            "cannot list clusteradmissionpolicies.policies.kubewarden.io: this cluster has no Kubewarden: give the settings with --settings",
        ),
        (
            route(POLICIES, 200, two),
            "report",
            "more than one ClusterAdmissionPolicy runs this policy: first, second: name one with --policy",
        ),
        (
            route(POLICIES, 200, none),
            "report",
            "no ClusterAdmissionPolicy with a module named registry-enforcer has a rule about pods; there are: other: name one with --policy",
        ),
        (
            route("x", 200, json!({})),
            "allow-list list misspelt.json",
            "misspelt.json: No such file or directory (os error 2)",
        ),
        (
            route("GET /api/v1/pods?&limit=500", 500, status(500, "no")),
            "allow-list list",
            "cannot list pods in all namespaces: the API server answered 500 (no)",
        ),
        (
            route("x", 200, json!({})),
            "report --policy mine",
            "there is no ClusterAdmissionPolicy mine; there are: registry-enforcer, audit, other",
        ),
    ];
    for (changed, arguments, error) in cases {
        let (_, stderr, code) = cluster_but(vec![changed]).run(arguments);
        assert_eq!((stderr, code), (format!("error: {error}\n"), Some(2)), "{arguments}");
    }
}

/// As with kubectl, a file of $KUBECONFIG that is not there is left out.
#[test]
fn reads_the_files_of_kubeconfig_that_are_there() {
    let server = Server::start(cluster());
    let good = server.kubeconfig().display().to_string();
    for list in [format!("{good}:/nope"), format!("/nope:{good}:")] {
        let output = common::run_with(&["report", "--output", "csv"], "", &[("KUBECONFIG", list.as_ref())]);
        assert_eq!(output.status.code(), Some(0), "{list}: {}", common::errors(&output));
    }
}

/// What a command prints, which may be a token, is not repeated.
#[test]
fn says_that_the_command_of_a_kubeconfig_failed() {
    let server = Server::start(cluster());
    for (script, error) in [
        ("echo secret; exit 3", "the kubeconfig's command sh failed with exit status: 3"),
        ("echo '{secret'", "the kubeconfig's command sh did not print credentials that can be read"),
    ] {
        let mut kubeconfig: Value =
            serde_json::from_slice(&std::fs::read(server.kubeconfig()).expect("a file")).expect("JSON");
        let api_version = "client.authentication.k8s.io/v1";
        kubeconfig["users"][0]["user"] = json!({"exec": {"apiVersion": api_version, "command": "sh",
            "args": ["-c", script], "interactiveMode": "Never"}});
        std::fs::write(server.kubeconfig(), kubeconfig.to_string()).expect("a file");
        let (_, stderr, code) = server.run("report");
        assert_eq!((stderr, code), (format!("error: {error}\n"), Some(2)), "{script}");
    }
}

#[test]
fn says_that_there_is_no_cluster() {
    let output = common::run(&["report"], "");
    let stderr = common::errors(&output);
    assert!(
        stderr.starts_with("error: there is no cluster to ask (failed to read kubeconfig from ")
            && stderr.ends_with("): give --settings and files, or a kubeconfig with --kubeconfig\n"),
        "{stderr}"
    );
    assert_eq!(output.status.code(), Some(2));
}
