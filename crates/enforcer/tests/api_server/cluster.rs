//! A cluster with the policy, for tests that change an answer or two.

use serde_json::{Value, json};

use super::{Routes, Server, route, status};

pub const POLICIES: &str = "GET /apis/policies.kubewarden.io/v1/clusteradmissionpolicies?";
pub const CONFIG_MAP: &str = "/api/v1/namespaces/registry-enforcer/configmaps/byoc-allow-list";

pub fn policy(name: &str, module: &str) -> Value {
    json!({"metadata": {"name": name}, "spec": {
        "module": module,
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}],
        "namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]},
        "settings": {
            "registry_prefixes": ["reg.example"],
            "allow_list_config_map": {"namespace": "registry-enforcer", "name": "byoc-allow-list"},
        },
    }})
}

pub const MODULE: &str = "registry://ghcr.io/toolforge/policies/registry-enforcer:v0.1.0";

pub fn config_map() -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "byoc-allow-list", "namespace": "registry-enforcer", "resourceVersion": "7"},
        "data": {"tool-a": "2999-12-31"},
    })
}

pub fn pods(names: &[(&str, &str)], continues: &str) -> Value {
    let pod = |(namespace, name): &(&str, &str)| {
        json!({
            "metadata": {"namespace": namespace, "name": name},
            "spec": {"containers": [{"name": "c", "image": "quay.io/x:1"}]},
        })
    };
    let items: Vec<Value> = names.iter().map(pod).collect();
    json!({"kind": "PodList", "apiVersion": "v1", "metadata": {"continue": continues}, "items": items})
}

pub fn namespace(name: &str, labels: Value) -> Value {
    json!({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name, "labels": labels}})
}

pub fn resource(name: &str, kind: &str, namespaced: bool) -> Value {
    json!({"name": name, "kind": kind, "namespaced": namespaced, "singularName": "", "verbs": ["get", "list"]})
}

pub fn resources(resources: Vec<Value>) -> Value {
    json!({"kind": "APIResourceList", "groupVersion": "", "resources": resources})
}

pub fn groups(groups: Vec<Value>) -> Value {
    json!({"kind": "APIGroupList", "groups": groups})
}

/// A group, which prefers its first version.
pub fn group(name: &str, versions: &[&str]) -> Value {
    let versions: Vec<Value> = versions
        .iter()
        .map(|version| json!({"groupVersion": format!("{name}/{version}"), "version": version}))
        .collect();
    json!({"name": name, "preferredVersion": versions[0], "versions": versions})
}

/// A cluster with a policy, its allow list, and pods in two pages. Another policy with the same module judges nodes.
pub fn cluster() -> Routes {
    let mut audit = policy("audit", MODULE);
    audit["spec"]["rules"][0]["resources"] = json!(["nodes"]);
    let policies = [policy("registry-enforcer", MODULE), audit, policy("other", "registry://x/other:1")];
    vec![
        route(POLICIES, 200, json!({"items": policies})),
        route(&format!("GET {CONFIG_MAP}"), 200, config_map()),
        route("GET /apis?", 200, groups(Vec::new())),
        route(
            "GET /api/v1?",
            200,
            resources(vec![
                resource("namespaces", "Namespace", false),
                resource("pods", "Pod", true),
                resource("services", "Service", true),
                resource("pods/log", "Pod", true),
                resource("nodes", "Node", false),
            ]),
        ),
        route(
            "GET /api/v1/namespaces?&limit=500",
            200,
            json!({"kind": "NamespaceList", "apiVersion": "v1", "items": [
                {"metadata": {"name": "tool-c", "labels": {"team": "x"}}}, {"metadata": {"name": "tool-a"}},
            ]}),
        ),
        route("GET /api/v1/pods?&limit=500", 200, pods(&[("tool-a", "one")], "next")),
        route("GET /api/v1/pods?&limit=500&continue=next", 200, pods(&[("tool-b", "two"), ("tool-c", "three")], "")),
        route("GET /api/v1/namespaces/tool-a", 200, namespace("tool-a", json!({}))),
        route("GET /api/v1/namespaces/tool-a/pods?&limit=500", 200, pods(&[("tool-a", "one")], "")),
        route("GET /api/v1/namespaces/tool-c", 200, namespace("tool-c", json!({"team": "x"}))),
        route("GET /api/v1/namespaces/tool-c/pods?&limit=500", 200, pods(&[("tool-c", "three")], "")),
        route("GET /api/v1/namespaces/tool-secret", 403, status(403, "no")),
        route("GET /api/v1/namespaces/tool-secret/pods?&limit=500", 200, pods(&[("tool-secret", "four")], "")),
    ]
}

/// The cluster with other answers to some requests.
pub fn cluster_but(changed: Routes) -> Server {
    let is_changed = |request: &str| changed.iter().any(|(other, ..)| other == request);
    let kept = cluster().into_iter().filter(|(request, ..)| !is_changed(request));
    let routes = kept.chain(changed.clone()).collect();
    Server::start(routes)
}
