//! What `manifest --check` says of a policy that was applied.

mod common;

use common::{errors, manifest::policy, run};
use serde_json::{Value, json};

/// What `--check` says of a policy, and its exit status.
fn checked(policy: &Value) -> (String, Option<i32>) {
    let output = run(&["manifest", "--check", "-"], &policy.to_string());
    (String::from_utf8_lossy(&output.stdout).into_owned() + &errors(&output), output.status.code())
}

/// What the API server adds to an object is no difference.
#[test]
fn a_policy_of_its_own_settings_is_fine() {
    let settings =
        json!({"registry_prefixes": ["reg.example"], "allow_list_config_map": {"namespace": "lists", "name": "byoc"}});
    for flags in
        [&[] as &[&str], &["--mode", "monitor"], &["--without-conditions", "--name", "mine", "--policy-server", "own"]]
    {
        let mut policy = policy(&settings, flags);
        policy["metadata"]["uid"] = json!("1");
        policy["spec"]["backgroundAudit"] = json!(true);
        policy["spec"]["rules"][0]["scope"] = json!("*");
        policy["status"] = json!({"policyStatus": "active"});
        assert_eq!(checked(&policy), (String::new(), Some(0)), "{flags:?}");
    }
}

/// Changes a policy and says what `--check` then finds.
#[track_caller]
fn differs(change: impl FnOnce(&mut Value), expected: &str) {
    let settings = json!({"registry_prefixes": ["reg.example"]});
    let mut policy = policy(&settings, &[]);
    change(&mut policy["spec"]);
    assert_eq!(checked(&policy), (expected.to_owned(), Some(1)));
}

#[test]
fn what_has_drifted_is_told() {
    differs(
        |spec| spec["settings"]["denied_images"] = json!(["reg.example/old"]),
        "spec.matchConditions[not-certainly-approved].expression, line 53\n  found:    ))\n  expected: && ![\n",
    );
    differs(
        |spec| spec["settings"]["registry_prefixes"] = json!(["docker.io"]),
        "spec.matchConditions[not-certainly-approved]\n  found:    a condition\n  expected: nothing: with these settings every request has to be asked about\nnote: no matchConditions, so the policy is asked about every request: no prefix of registry_prefixes is one that the API server can compare: a registry other than Docker Hub, without * in its host, without tag, digest and sunset_date, and not denied\n",
    );
    differs(
        |spec| spec["settings"]["allow_list_config_map"] = json!({"namespace": "lists", "name": "byoc"}),
        "spec.contextAwareResources\n  found:    nothing\n  expected: [{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\"}]\n",
    );
    differs(
        |spec| spec["settings"]["exempt_namespaces"] = json!(["kube-system", "loki"]),
        "spec.namespaceSelector.matchExpressions[0].values[1]\n  found:    nothing\n  expected: \"loki\"\n",
    );
    differs(
        |spec| drop(spec["rules"].as_array_mut().map(Vec::pop)),
        "spec.rules[3]\n  found:    nothing\n  expected: {\"apiGroups\":[\"batch\"],\"apiVersions\":[\"v1\"],\"operations\":[\"CREATE\",\"UPDATE\"],\"resources\":[\"jobs\",\"cronjobs\"]}\n",
    );
    differs(
        |spec| {
            if let Some(resources) = spec["rules"][0]["resources"].as_array_mut() {
                resources.push(json!("services"));
            }
        },
        "spec.rules[0].resources[3]\n  found:    \"services\"\n  expected: nothing\n",
    );
}

/// A field that the settings do not give: a default of it, and what would leave out requests.
#[test]
fn what_leaves_out_requests_is_a_difference() {
    let selector = || json!({"matchLabels": {"x": "y"}});
    let cases = [
        ("/spec", "objectSelector", json!({}), selector()),
        ("/spec", "objectSelector", json!({"matchLabels": {}, "matchExpressions": []}), selector()),
        ("/spec", "namespaceSelector", json!({}), selector()),
        ("/spec", "matchPolicy", json!("Equivalent"), json!("Exact")),
        ("/spec/rules/0", "scope", json!("*"), json!("Cluster")),
    ];
    let policy = policy(&json!({"registry_prefixes": ["reg.example"], "exempt_namespaces": []}), &[]);
    for (object, field, default, other) in cases {
        let checked_with = |value: &Value| {
            let mut policy = policy.clone();
            policy.pointer_mut(object).expect("an object")[field] = value.clone();
            checked(&policy)
        };
        let (told, status) = checked_with(&default);
        assert_eq!((told.contains(field), status), (false, Some(0)), "{field} {default} {told}");
        let (told, status) = checked_with(&other);
        let is_told = told.contains(&format!("{field}\n  found:    {other}\n  expected: nothing\n"));
        assert_eq!((is_told, status), (true, Some(1)), "{field} {other} {told}");
    }
    differs(
        |spec| spec["namespaceSelector"]["matchLabels"] = json!({"x": "y"}),
        "spec.namespaceSelector.matchLabels\n  found:    {\"x\":\"y\"}\n  expected: nothing\n",
    );
}

/// An editor of another system, or a templating tool, may change the ends of lines.
#[test]
fn another_end_of_lines_is_no_difference() {
    let mut policy = policy(&json!({"registry_prefixes": ["reg.example"]}), &[]);
    let expression = &mut policy["spec"]["matchConditions"][0]["expression"];
    *expression = json!(expression.as_str().expect("an expression").replace('\n', "\r\n"));
    assert_eq!(checked(&policy), (String::new(), Some(0)));
}

#[test]
fn the_condition_of_a_trial_is_a_difference() {
    differs(
        |spec| {
            spec["mode"] = json!("monitor");
            spec["failurePolicy"] = json!("Ignore");
        },
        "spec.matchConditions[not-certainly-approved]\n  found:    a condition\n  expected: nothing: a policy in monitor mode has no condition\n",
    );
}

#[test]
fn a_condition_of_somebody_else_is_noted() {
    let mut policy = policy(&json!({"registry_prefixes": ["reg.example"]}), &[]);
    let conditions = policy["spec"]["matchConditions"].as_array_mut().expect("conditions");
    conditions.push(json!({"name": "not-an-admin", "expression": "request.userInfo.username != 'admin'"}));
    let note = "note: the condition not-an-admin is not of this program: whether it lets through what should be refused is not checked\n";
    assert_eq!(checked(&policy), (note.to_owned(), Some(0)));
}

#[test]
fn the_number_of_differences_is_a_metric() {
    let mut policy = policy(&json!({"registry_prefixes": ["reg.example"]}), &[]);
    policy["spec"]["failurePolicy"] = json!("Ignore");
    let output = run(&["manifest", "--check", "-", "--output", "prometheus"], &policy.to_string());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.ends_with("\n# TYPE enforcer_manifest_differences gauge\nenforcer_manifest_differences 1\n"),
        "{text}"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn there_is_no_answer_without_a_policy() {
    let two = run(
        &["manifest", "--check", "-"],
        "kind: ClusterAdmissionPolicy\nspec: {}\n---\nkind: ClusterAdmissionPolicy\nspec: {}\n",
    );
    assert_eq!(errors(&two), "error: standard input: has more than one policy: give a file with one\n");
    let no_policy = run(&["manifest", "--check", "-"], "registry_prefixes: [reg.example]\n");
    let no_cluster_policy = "error: standard input: has no ClusterAdmissionPolicy: give a file with one\n";
    assert_eq!(errors(&no_policy), no_cluster_policy);
    let judge = run(&["manifest", "--check", "../../../../deploy/allow-list-policy.yml"], "");
    assert_eq!(errors(&judge), no_cluster_policy.replace("standard input", "../../../../deploy/allow-list-policy.yml"));
    assert_eq!(no_policy.status.code(), Some(2));
}
