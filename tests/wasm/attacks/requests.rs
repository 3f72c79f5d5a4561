//! Requests that say of an object what it is not, or where it is not.

use serde_json::json;

use super::{check, check_raw};
use crate::call::{nginx_at, payload};
use crate::objects::{containers, create, pod, set, update};

#[test]
fn kinds_that_look_alike() {
    let list = json!({"items": [{"spec": containers(&["nginx"])}]});
    let cases = [
        ("POD", json!({"spec": containers(&["reg.example/web"])}), "POD (group \"\")"),
        ("v1/Pod", json!({"spec": containers(&["reg.example/web"])}), "Pod (group v1)"),
        ("evil.example/PodExecOptions", json!({}), "PodExecOptions (group evil.example)"),
        ("evil.example/Binding", json!({}), "Binding (group evil.example)"),
        ("Pod ", json!({}), "Pod  (group \"\")"),
        ("PodList", list.clone(), "PodList (group \"\")"),
        ("List", list, "List (group \"\")"),
    ];
    for (kind, object, shown) in cases {
        let told = format!(
            "this policy cannot read Kind {shown}: take it out of the policy's rules or describe it in custom_kinds"
        );
        check(create(kind, object), &told);
    }
    // What the object says of itself does not count, what the API server says of it does.
    check(create("Pod", json!({"kind": "Binding", "spec": containers(&["nginx"])})), &nginx_at("containers[a]"));
}

#[test]
fn operations_that_look_alike() {
    for operation in ["delete", "DELETE ", "Connect", "", "PATCH"] {
        check(set(pod("nginx"), &[("operation", json!(operation))]), &*nginx_at("containers[a]"));
    }
    check(
        set(pod("nginx"), &[("operation", json!(null))]),
        "the admission request cannot be read: invalid type: null, expected a string at line 1 column 176",
    );
}

#[test]
fn subresources() {
    let debug = json!({"ephemeralContainers": [{"name": "debug", "image": "nginx"}], "containers": [{"name": "web", "image": "reg.example/web"}]});
    let old = json!({"spec": {"containers": [{"name": "web", "image": "reg.example/web"}]}});
    // kyverno/kyverno#16275
    let request =
        set(update("Pod", json!({"spec": debug}), old.clone()), &[("subResource", json!("ephemeralcontainers"))]);
    check(request, &nginx_at("ephemeralContainers[debug]"));
    // sigstore/policy-controller#1974
    let volume = json!({"volumes": [{"name": "models", "image": {"reference": "nginx"}}]});
    check(update("Pod", json!({"spec": volume}), old), &nginx_at("volumes[models]"));
    // Whatever a subresource is called, a Pod is judged.
    check(set(pod("nginx"), &[("subResource", json!("status"))]), &nginx_at("containers[a]"));
    check(
        set(
            pod("nginx"),
            &[("requestKind", json!({"group": "", "version": "v1", "kind": "Binding"})), ("dryRun", json!(true))],
        ),
        &nginx_at("containers[a]"),
    );
}

#[test]
fn old_objects_that_are_no_licence() {
    let new = json!({"spec": containers(&["nginx"])});
    let old_objects = [
        json!({"spec": {"template": {"spec": containers(&["nginx"])}}}),
        json!({"metadata": {"annotations": {"image": "nginx"}}}),
        json!([new]),
    ];
    for old in old_objects {
        check(update("Pod", new.clone(), old), &nginx_at("containers[a]"));
    }
}

#[test]
fn namespaces_that_do_not_exist() {
    let long = "n".repeat(100_000);
    let cases = [
        ("", "exceptions exist for namespaces only"),
        ("a/b", "a/b has no exception"),
        ("*", "* has no exception"),
        ("{namespace}", "{namespace} has no exception"),
        ("KUBE-SYSTEM", "KUBE-SYSTEM has no exception"),
        ("kube-system ", "kube-system  has no exception"),
        ("kube-system\u{0}", "kube-system\\u{0} has no exception"),
        (&long, &format!("{}... has no exception", &long[..300])),
    ];
    for (namespace, told) in cases {
        let told =
            format!("containers[a]: hub.example/a/b (hub.example/a/b:latest) is not from an approved registry; {told}");
        check(set(pod("hub.example/a/b"), &[("namespace", json!(namespace))]), &told);
    }
}

#[test]
fn an_empty_namespace_has_no_exception() {
    let settings = json!({"registry_prefixes": ["reg.example"], "allowed_namespaces": ["*"]});
    let request = set(pod("nginx"), &[("namespace", json!(""))]);
    check_raw(
        &payload(&request, &settings),
        "containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; exceptions exist for namespaces only",
    );
}
