//! Requests that say of an object what it is not, or where it is not.

use serde_json::{Value, json};

use super::{check, check_raw};
use crate::call::{nginx_at, payload};
use crate::objects::{containers, create, pod, set, update};

#[test]
fn kinds_that_look_alike() {
    check(
        create("POD", json!({"spec": containers(&["reg.example/web"])})),
        "this policy cannot read Kind POD (group \"\"): take it out of the policy's rules or describe it in custom_kinds",
    );
    check(
        create("v1/Pod", json!({"spec": containers(&["reg.example/web"])})),
        "this policy cannot read Kind Pod (group v1): take it out of the policy's rules or describe it in custom_kinds",
    );
    check(
        create("evil.example/PodExecOptions", json!({})),
        "this policy cannot read Kind PodExecOptions (group evil.example): take it out of the policy's rules or describe it in custom_kinds",
    );
    check(
        create("evil.example/Binding", json!({})),
        "this policy cannot read Kind Binding (group evil.example): take it out of the policy's rules or describe it in custom_kinds",
    );
    check(
        create("Pod ", json!({})),
        "this policy cannot read Kind Pod  (group \"\"): take it out of the policy's rules or describe it in custom_kinds",
    );
    check(
        create("PodList", json!({"items": [{"spec": containers(&["nginx"])}]})),
        "this policy cannot read Kind PodList (group \"\"): take it out of the policy's rules or describe it in custom_kinds",
    );
    check(
        create("List", json!({"items": [{"spec": containers(&["nginx"])}]})),
        "this policy cannot read Kind List (group \"\"): take it out of the policy's rules or describe it in custom_kinds",
    );
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
    // kyverno/kyverno#2435: an old violation is no licence for another image.
    check(
        update("Pod", json!({"spec": containers(&["nginx", "redis"])}), new.clone()),
        "containers[b]: redis (docker.io/library/redis:latest) is not from an approved registry; tool-mix has no exception",
    );
    let template = json!({"spec": {"template": {"spec": containers(&["nginx"])}}});
    check(update("Pod", new.clone(), template), &nginx_at("containers[a]"));
    check(
        update("Pod", new.clone(), json!({"metadata": {"annotations": {"image": "nginx"}}})),
        &nginx_at("containers[a]"),
    );
    check(update("Pod", new.clone(), json!([new])), &nginx_at("containers[a]"));
    let none = json!({"spec": {"containers": [{"name": "a", "image": ""}]}});
    check(
        update("Pod", none.clone(), none),
        "let through unchanged, new pods with it will be refused: containers[a]: has no image: name one",
    );
}

#[test]
fn namespaces_that_do_not_exist() {
    let check = |namespace: Value, image: &str, expected| check(set(pod(image), &[("namespace", namespace)]), expected);
    check(
        json!(""),
        "hub.example/web",
        "containers[a]: hub.example/web (hub.example/web:latest) is not from an approved registry; exceptions exist for namespaces only",
    );
    check(
        json!(""),
        "hub.example//web",
        "containers[a]: \"hub.example//web\" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (\".\", \"_\", \"__\", \"-\") in components joined by \"/\"",
    );
    check(
        json!(null),
        "hub.example/{namespace}/web",
        "containers[a]: \"hub.example/{namespace}/web\" is not an image reference: its repository is not well formed: use a-z, 0-9 and single separators (\".\", \"_\", \"__\", \"-\") in components joined by \"/\"",
    );
    check(
        json!("a/b"),
        "hub.example/a/b",
        "containers[a]: hub.example/a/b (hub.example/a/b:latest) is not from an approved registry; a/b has no exception",
    );
    check(
        json!("*"),
        "hub.example/a/b",
        "containers[a]: hub.example/a/b (hub.example/a/b:latest) is not from an approved registry; * has no exception",
    );
    check(
        json!("{namespace}"),
        "hub.example/a/b",
        "containers[a]: hub.example/a/b (hub.example/a/b:latest) is not from an approved registry; {namespace} has no exception",
    );
    check(
        json!("KUBE-SYSTEM"),
        "nginx",
        "containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; KUBE-SYSTEM has no exception",
    );
    check(
        json!("kube-system "),
        "nginx",
        "containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; kube-system  has no exception",
    );
    check(
        json!("kube-system\u{0}"),
        "nginx",
        "containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; kube-system\\u{0} has no exception",
    );
    check(
        json!("n".repeat(100_000)),
        "nginx",
        &*format!(
            "containers[a]: nginx (docker.io/library/nginx:latest) is not from an approved registry; {}... has no exception",
            "n".repeat(300)
        ),
    );
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
