//! The requests that tests are made of.

use serde_json::{Value, json};

/// Settings that approve `reg.example`.
pub fn approved_only() -> Value {
    json!({"registry_prefixes": ["reg.example"]})
}

/// Those settings with some more.
pub fn with(more: Value) -> Value {
    let mut settings = approved_only();
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    settings
}

/// Settings that describe two kinds, one by its pod spec and one by its images.
pub fn custom_kinds() -> Value {
    with(json!({"custom_kinds": [
        {"group": "argoproj.io", "kind": "Rollout", "pod_specs": ["/spec/template/spec"]},
        {"group": "tekton.dev", "kind": "Task", "images": ["/spec/steps/*/image", "/spec/sidecars/*/image"]},
    ]}))
}

/// Settings with a ConfigMap.
pub fn with_config_map() -> Value {
    with(json!({"allow_list_config_map": {"namespace": "registry-enforcer", "name": "byoc-allow-list"}}))
}

/// Settings with every key in use; they approve `reg.example` and `hub.example/{namespace}`.
pub fn every_setting() -> Value {
    json!({
        "registry_prefixes": ["reg.example", "hub.example/{namespace}"],
        "exempt_namespaces": ["kube-system"],
        "allowed_namespaces": ["tool-a", {"name": "tool-*", "sunset_date": "2026-09-30", "registry_prefixes": ["quay.io"], "reason": "T302863"}],
        "sunset_date": "2026-12-31",
        "warn_before_days": 30,
        "allow_list_config_map": {"namespace": "registry-enforcer", "name": "byoc-allow-list"},
        "denied_images": ["docker.io/library/log4shell-demo"],
        "denied_tags": ["latest", "*-rc*"],
        "mirrors": [{"prefix": "docker.io", "replaced_by": "hub.example/{namespace}"}],
        "byoc_requirements": {"open_source": true, "max_age_days": 180, "pinned_digest": true, "registries": ["quay.io"], "base_images": ["reg.example/base:1"]},
        "custom_kinds": [{"group": "argoproj.io", "kind": "Rollout", "pod_specs": ["/spec/template/spec"]}],
        "sandbox_repositories": ["pause"],
        "help": "Ask the admins.",
    })
}

/// A request to create an object called `web` in `tool-mix`; the kind is `group/Kind`, or `Kind` for the core group.
pub fn create(kind: &str, object: Value) -> Value {
    let (group, kind) = kind.split_once('/').unwrap_or(("", kind));
    json!({
        "uid": "1299d386-525b-4032-98ae-1949f69f9cfc",
        "kind": {"group": group, "version": "v1", "kind": kind},
        "resource": {"group": group, "version": "v1", "resource": format!("{}s", kind.to_lowercase())},
        "namespace": "tool-mix",
        "name": "web",
        "operation": "CREATE",
        "userInfo": {"username": "alice"},
        "object": object,
    })
}

/// A request to change one.
pub fn update(kind: &str, object: Value, old_object: Value) -> Value {
    set(create(kind, object), &[("operation", json!("UPDATE")), ("oldObject", old_object)])
}

/// A request to create a Pod with one container.
pub fn pod(image: &str) -> Value {
    create("Pod", json!({"spec": containers(&[image])}))
}

/// A pod spec whose containers are called `a`, `b` and so on.
pub fn containers(images: &[&str]) -> Value {
    let containers: Vec<Value> =
        ('a'..).zip(images).map(|(name, image)| json!({"name": name.to_string(), "image": image})).collect();
    json!({"containers": containers})
}

/// The request with other fields.
pub fn set(mut request: Value, fields: &[(&str, Value)]) -> Value {
    for (field, value) in fields {
        request[*field] = value.clone();
    }
    request
}

/// An image in each place of a pod spec.
pub fn everywhere(image: &str) -> Value {
    json!({
        "containers": [{"name": "web", "image": image}],
        "initContainers": [{"name": "setup", "image": image}],
        "ephemeralContainers": [{"name": "debug", "image": image, "targetContainerName": "web"}],
        "volumes": [{"name": "empty", "emptyDir": {}}, {"name": "models", "image": {"reference": image}}],
    })
}

/// An object with `value` at a JSON pointer.
pub fn at(pointer: &str, value: Value) -> Value {
    pointer.rsplit('/').filter(|key| !key.is_empty()).fold(value, |value, key| json!({key: value}))
}
