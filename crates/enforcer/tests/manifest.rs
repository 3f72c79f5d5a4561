//! What `manifest` writes for settings.

mod common;

use common::{
    errors,
    manifest::{MODULE, policy, written},
    run,
};
use serde_json::{Value, json};

#[test]
fn a_policy_is_what_the_settings_need() {
    let settings = json!({
        "registry_prefixes": ["reg.example"],
        "exempt_namespaces": ["kube-system", "cert-manager", "infra-*"],
        "byoc_requirements": {"open_source": true, "registries": ["quay.io/team"]},
        "custom_kinds": [
            {"group": "argoproj.io", "kind": "Rollout", "pod_specs": ["/spec/template/spec"]},
            {"group": "", "kind": "Pod", "images": ["/metadata/annotations/a"]},
            {"group": "argoproj.io", "kind": "Rollout", "images": ["/metadata/annotations/a"]},
        ],
    });
    let (objects, notes) = written(&settings, &["--name", "mine", "--policy-server", "own"]);
    let [policy] = objects.try_into().expect("one object");
    assert_eq!(policy["metadata"]["name"], "mine");
    assert_eq!(policy["metadata"]["annotations"]["io.kubewarden.policy.severity"], "medium");
    let spec = &policy["spec"];
    assert_eq!((&spec["module"], &spec["policyServer"]), (&json!(MODULE), &json!("own")));
    assert_eq!((&spec["mode"], &spec["failurePolicy"]), (&json!("protect"), &json!("Fail")));
    assert_eq!((&spec["timeoutEvalSeconds"], &spec["timeoutSeconds"]), (&json!(8), &json!(10)));
    let selector = &spec["namespaceSelector"]["matchExpressions"];
    assert_eq!(
        *selector,
        json!([{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system", "cert-manager"]}])
    );
    assert_eq!(spec["contextAwareResources"], Value::Null);
    let rules = spec["rules"].as_array().expect("rules");
    let rollouts = json!({"apiGroups": ["argoproj.io"], "apiVersions": ["*"], "resources": ["rollouts"], "operations": ["CREATE", "UPDATE"]});
    assert_eq!((rules.len(), &rules[4]), (5, &rollouts));
    assert_eq!(spec["settings"], settings);
    assert_eq!(spec["matchConditions"][0]["name"], "not-certainly-approved");
    assert_eq!(
        notes,
        "note: custom_kinds describes Rollout of argoproj.io, whose resource most likely is rollouts: compare with kubectl api-resources\n"
    );
}

#[test]
fn an_allow_list_brings_the_right_to_read_it() {
    let list = json!({"namespace": "lists", "name": "byoc"});
    let settings = json!({"registry_prefixes": ["reg.example"], "allow_list_config_map": list});
    for (server, account) in [("own", "own"), ("default", "policy-server")] {
        let objects = written(&settings, &["--policy-server", server]).0;
        let kinds: Vec<&str> = objects.iter().filter_map(|object| object["kind"].as_str()).collect();
        assert_eq!(kinds, ["Namespace", "Role", "RoleBinding", "AdmissionPolicy", "ClusterAdmissionPolicy"]);
        assert_eq!(objects[0]["metadata"], json!({"name": "lists"}));
        assert_eq!(objects[1]["metadata"], json!({"namespace": "lists", "name": "read-byoc"}));
        let rule =
            json!([{"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["byoc"], "verbs": ["get"]}]);
        assert_eq!(objects[1]["rules"], rule);
        assert_eq!(
            objects[2]["subjects"],
            json!([{"kind": "ServiceAccount", "namespace": "kubewarden", "name": account}])
        );
        assert_eq!(objects[4]["spec"]["contextAwareResources"], json!([{"apiVersion": "v1", "kind": "ConfigMap"}]));
    }
}

#[test]
fn the_list_is_judged_by_the_same_settings_and_nothing_else_is() {
    let settings =
        json!({"registry_prefixes": ["reg.example"], "allow_list_config_map": {"namespace": "lists", "name": "byoc"}});
    let judge = &written(&settings, &[]).0[3];
    assert_eq!(judge["metadata"], json!({"namespace": "lists", "name": "byoc"}));
    let spec = &judge["spec"];
    let rule = json!({"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["CREATE", "UPDATE"]});
    assert_eq!(spec["rules"], json!([rule]));
    let condition = json!([{"name": "is-the-allow-list", "expression": "object.metadata.name == 'byoc'"}]);
    assert_eq!(spec["matchConditions"], condition);
    assert_eq!((&spec["settings"], &spec["failurePolicy"]), (&settings, &json!("Fail")));
    assert_eq!((&spec["contextAwareResources"], &spec["namespaceSelector"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_trial_refuses_nothing_and_is_asked_everything() {
    let spec = policy(&json!({"registry_prefixes": ["reg.example"]}), &["--mode", "monitor"])["spec"].take();
    assert_eq!((&spec["mode"], &spec["failurePolicy"]), (&json!("monitor"), &json!("Ignore")));
    assert_eq!(spec["matchConditions"], Value::Null);
    let spec = policy(&json!({"registry_prefixes": ["reg.example"]}), &["--without-conditions"])["spec"].take();
    assert_eq!(spec["matchConditions"], Value::Null);
}

#[test]
fn what_the_api_server_cannot_decide_is_told() {
    let many = |count: usize| (0..count).map(|index| format!("reg{index}.example")).collect::<Vec<String>>();
    let denials: Vec<String> = (0..3_000).map(|index| format!("reg.example/x{index}")).collect();
    let hub = json!({"registry_prefixes": ["docker.io", "*.example.org", "quay.io/x:1", "reg.example", "index.docker.io/x", "[::1]:5000/", "REG/x"]});
    let every_kind: Vec<Value> = registry_enforcer::kind::workloads()
        .map(|(group, kind, _)| json!({"group": group, "kind": kind, "images": ["/metadata/annotations/a"]}))
        .collect();
    const NONE: &str = "note: no matchConditions, so the policy is asked about every request: ";
    let cases = [
        (json!({"registry_prefixes": many(100)}), true, String::new()),
        (json!({"registry_prefixes": many(101)}), false, format!("{NONE}registry_prefixes has 101 prefixes to compare, and 100 are about what the API server allows the cost of\n")),
        (json!({"registry_prefixes": ["docker.io"]}), false, format!("{NONE}no prefix of registry_prefixes is one that the API server can compare: a registry other than Docker Hub, without * in its host, without tag, digest and sunset_date, and not denied\n")),
        (json!({"registry_prefixes": [{"prefix": "reg.example", "sunset_date": "2099-12-31"}]}), false, format!("{NONE}no prefix of registry_prefixes is one that the API server can compare: a registry other than Docker Hub, without * in its host, without tag, digest and sunset_date, and not denied\n")),
        (json!({"registry_prefixes": ["reg.example"], "denied_images": denials}), false, format!("{NONE}registry_prefixes, denied_images and denied_tags together cost more than the API server allows\n")),
        (json!({"registry_prefixes": ["reg.example"], "custom_kinds": every_kind}), false, format!("{NONE}custom_kinds adds images to every kind that has a pod spec\n")),
        (hub, true, "note: the policy is always asked about images of docker.io, *.example.org, quay.io/x:1, index.docker.io/x, [::1]:5000/ and 1 more: the API server cannot compare them as the policy does\n".to_owned()),
        (json!({"registry_prefixes": ["reg.example"], "exempt_namespaces": []}), true, "note: no namespace is exempt by its name: without an answer of PolicyServer, the control plane's own pods cannot start\n".to_owned()),
    ];
    for (settings, has_condition, expected) in cases {
        let (mut objects, notes) = written(&settings, &[]);
        let policy = objects.pop().expect("a policy");
        assert_eq!((policy["spec"]["matchConditions"].is_array(), notes), (has_condition, expected), "{settings}");
    }
}

/// How many images an object may have, which the cost decides that the API server allows.
#[test]
fn fewer_images_are_compared_with_more_prefixes() {
    let images = |settings: Value| {
        let policy = policy(&settings, &[]);
        let expression = policy["spec"]["matchConditions"][0]["expression"].as_str().expect("an expression").to_owned();
        let line = expression.lines().find(|line| line.contains("size(volumes) <= ")).expect("a cap").to_owned();
        line.rsplit(' ').next().expect("a number").parse::<usize>().expect("a number")
    };
    let starts =
        |count: usize, path: &str| (0..count).map(|index| format!("reg{index}.example{path}")).collect::<Vec<String>>();
    let of_prefixes = |count, path| images(json!({"registry_prefixes": starts(count, path)}));
    assert_eq!([1, 10, 100].map(|count| of_prefixes(count, "")), [400, 400, 180]);
    assert_eq!([1, 10, 100].map(|count| of_prefixes(count, "/{namespace}")), [400, 400, 128]);
    assert_eq!([1, 10, 100].map(|count| of_prefixes(count, "/*/a")), [400, 259, 42]);
}

/// Beside the policy that judges the allow list, and with the settings of either.
#[test]
fn everything_that_is_written_passes_the_check() {
    let settings =
        json!({"registry_prefixes": ["reg.example"], "allow_list_config_map": {"namespace": "lists", "name": "byoc"}});
    let written = run(&["manifest", "--settings", "-", "--module", MODULE], &settings.to_string());
    let text = String::from_utf8_lossy(&written.stdout).into_owned();
    let checked = run(&["manifest", "--check", "-"], &text);
    // The policy that judges the allow list has settings of its own.
    let note = "note: the AdmissionPolicy of the file was not compared\n";
    assert_eq!((&*errors(&checked), checked.status.code()), (note, Some(0)), "{checked:?}");
    let again = run(&["manifest", "--settings", "-", "--module", MODULE], &text);
    assert_eq!(String::from_utf8_lossy(&again.stdout), text);
}

#[test]
fn nothing_is_written_for_wrong_settings() {
    let wrong = run(&["manifest", "--settings", "-", "--module", MODULE], "registry_prefix: [reg.example]\n");
    assert!(errors(&wrong).starts_with("error: the settings in standard input are not valid:\n"), "{}", errors(&wrong));
    assert_eq!(wrong.status.code(), Some(2));
}
