//! What an update may leave as it is, and what it adds.

use serde_json::{Value, json};

use crate::call::{Expected, check, nginx_at, payload, validate};
use crate::clock::{NOW, check_at};
use crate::host::Host;
use crate::objects::{approved_only, at, containers, create, custom_kinds, set, update, with_config_map};

/// How the warning about something that stays begins.
const STAYS: &str = "let through unchanged, new pods with it will be refused: ";

fn deployment(images: &[&str]) -> Value {
    at("/spec/template/spec", containers(images))
}

#[test]
fn an_update_is_judged_on_the_images_it_adds() {
    let nginx = format!("{STAYS}{}", nginx_at("containers[a]"));
    let cases: &[(&[&str], &[&str], &str)] = &[
        // Unchanged: kyverno/kyverno#8815, kubernetes/kubernetes#62666
        (&["nginx"], &["nginx"], &nginx),
        (&["reg.example/web:1"], &["reg.example/web:2"], "accepted"),
        // An old violation is no licence for another image: kyverno/kyverno#2435
        (
            &["nginx"],
            &["nginx", "redis"],
            "containers[b]: redis (docker.io/library/redis:latest) is not from an approved registry; tool-mix has no exception",
        ),
        // The same image under another name is another string, and the API server runs strings.
        (
            &["nginx"],
            &["docker.io/library/nginx:latest"],
            "containers[a]: docker.io/library/nginx:latest is not from an approved registry; tool-mix has no exception",
        ),
        (
            &["nginx:1"],
            &["nginx:2"],
            "containers[a]: nginx:2 (docker.io/library/nginx:2) is not from an approved registry; tool-mix has no exception",
        ),
        (
            &["NGINX"],
            &["NGINX"],
            "let through unchanged, new pods with it will be refused: containers[a]: \"NGINX\" is not an image reference: its repository has an upper-case letter: write it in lower case",
        ),
    ];
    for (old, new, told) in cases {
        let request = update("apps/Deployment", deployment(new), deployment(old));
        check(&request, &approved_only(), Host::silent(), *told);
    }
}

#[test]
fn an_update_adds_the_images_that_are_only_elsewhere_in_the_request() {
    let settings = approved_only();
    let spec = |list: &str| json!({"spec": {list: [{"name": "a", "image": "nginx"}]}});
    // An image that moves to another place of the same object is not new to it.
    let moved = update("Pod", spec("ephemeralContainers"), spec("containers"));
    check(&moved, &settings, Host::silent(), &format!("{STAYS}{}", nginx_at("ephemeralContainers[a]")));
    for old_object in [json!(null), json!({}), json!("garbage"), json!({"spec": {"containers": 7}})] {
        let request = update("Pod", spec("ephemeralContainers"), old_object);
        check(&request, &settings, Host::silent(), &nginx_at("ephemeralContainers[a]"));
    }
    // Only an update has an old object; what a creation sends as one is no licence.
    let request = set(create("Pod", spec("containers")), &[("oldObject", spec("containers"))]);
    check(&request, &settings, Host::silent(), &nginx_at("containers[a]"));
}

/// Defects that an object may have got before anybody looked: kind, where the pod spec is, the pod spec, and what is
/// said of it.
fn defects() -> Vec<(&'static str, &'static str, Value, &'static str)> {
    let template = "/spec/template/spec";
    let volume = |image: Value| json!({"containers": [], "volumes": [{"name": "m", "image": image}]});
    let custom = "argoproj.io/Rollout";
    vec![
        // The API server takes this one in a pod template: kubernetes/kubernetes#135988
        ("apps/Deployment", template, volume(json!({"reference": ""})), "volumes[m]: has no image: name one"),
        ("apps/Deployment", template, volume(json!({})), "volumes[m]: has no image: name one"),
        ("Pod", "/spec", volume(json!({"reference": ""})), "volumes[m]: has no image: name one"),
        ("Pod", "/spec", json!({"containers": [{"name": "a"}]}), "containers[a]: has no image: name one"),
        (
            custom,
            template,
            json!({"containers": [{"name": "a"}]}),
            "/spec/template/spec/containers[a]: has no image: name one",
        ),
        (
            custom,
            template,
            json!({"containers": [{"image": 5}]}),
            "/spec/template/spec: cannot be read as a pod spec: invalid type: integer `5`, expected a string",
        ),
        ("tekton.dev/Task", "/spec/steps", json!([{"image": "$(params.x)"}]), TEMPLATE),
        (
            "apps/Deployment",
            template,
            json!({"containers": 5}),
            "Deployment tool-mix/web cannot be read: invalid type: integer `5`, expected a list as containers",
        ),
    ]
}

const TEMPLATE: &str = "/spec/steps/0/image: \"$(params.x)\" is not an image reference: it is a template that is filled in later, so nobody can tell which image will run: write the image itself";

/// Checks how the line that counts begins; an error says further at which column it is.
#[track_caller]
fn check_start(request: &Value, start: &str) {
    let line = validate(payload(request, &custom_kinds()).as_bytes(), Host::silent()).line();
    assert!(line.starts_with(start), "{line}");
}

#[test]
fn no_defect_that_an_object_has_already_holds_its_finalizer() {
    for (kind, pointer, spec, told) in defects() {
        let object = at(pointer, spec);
        check_start(&create(kind, object.clone()), told);
        let [held, freed] = [json!(["a.example/b"]), json!([])]
            .map(|finalizers| set(object.clone(), &[("metadata", json!({"finalizers": finalizers}))]));
        // A warning is cut after 256 characters.
        check_start(&update(kind, freed, held), &format!("{STAYS}{}", &told[..told.len().min(150)]));
    }
}

#[test]
fn a_defect_that_an_update_adds_is_refused() {
    let good = json!({"containers": [{"name": "a", "image": "reg.example/web:1"}]});
    for (kind, pointer, spec, told) in defects() {
        let old = if pointer == "/spec/steps" { json!([]) } else { good.clone() };
        check_start(&update(kind, at(pointer, spec), at(pointer, old)), told);
    }
    // The same defect at another place is another one.
    let spec = |names: &[&str]| json!({"spec": {"containers": names.iter().map(|name| json!({"name": name})).collect::<Vec<_>>()}});
    let request = update("Pod", spec(&["a", "b"]), spec(&["a"]));
    check(&request, &approved_only(), Host::silent(), "containers[b]: has no image: name one");
}

/// A Deployment with `nginx` and some more in it.
fn with_nginx(pointer: &str, more: Value) -> Value {
    let mut object = deployment(&["nginx"]);
    object["metadata"] = json!({});
    object["spec"]["template"]["metadata"] = json!({});
    if let Some(place) = object.pointer_mut(pointer) {
        place["x"] = more;
    }
    object
}

#[track_caller]
fn check_with_list(pointer: &str, host: std::sync::Arc<Host>, asked: usize, expected: impl Expected) {
    let request = update("apps/Deployment", with_nginx(pointer, json!("new")), with_nginx(pointer, json!("old")));
    check_at(NOW, &request, &with_config_map(), host.clone(), expected);
    assert_eq!(host.asked().len(), asked, "{pointer}");
}

/// `kubectl rollout restart` changes the template; it would hang without a word.
#[test]
fn an_update_of_the_template_asks_for_its_warning() {
    let nginx = format!("{STAYS}{}", nginx_at("containers[a]"));
    let entry = |entry: &str| Host::config_map("tool-mix", entry);
    check_with_list("/spec/template/metadata", Host::json(&json!({"data": {}})), 1, &nginx);
    check_with_list("/spec/template/metadata", entry(""), 1, "accepted");
    let ended = nginx.replace("tool-mix has no exception", "the exception for tool-mix ended on 2026-09-17");
    check_with_list("/spec/template/metadata", entry("2026-09-17"), 1, &ended);
    // What nobody can tell is neither a warning nor a refusal.
    check_with_list("/spec/template/metadata", Host::failing("down"), 1, "accepted");
}

/// So does that of a kind whose pod specs `custom_kinds` describes.
#[test]
fn an_update_of_a_described_template_asks_for_its_warning() {
    let mut settings = custom_kinds();
    settings["allow_list_config_map"] = with_config_map()["allow_list_config_map"].clone();
    let check = |pointer: &str, asked: usize, told: &str| {
        let host = Host::json(&json!({"data": {}}));
        let request =
            update("argoproj.io/Rollout", with_nginx(pointer, json!("new")), with_nginx(pointer, json!("old")));
        check_at(NOW, &request, &settings, host.clone(), told);
        assert_eq!(host.asked().len(), asked, "{pointer}");
    };
    check("/spec/template/metadata", 1, &format!("{STAYS}{}", nginx_at("/spec/template/spec/containers[a]")));
    check("/spec", 0, "accepted");
}

/// Where pod specs are in a list, the list counts.
#[test]
fn an_update_of_a_list_of_pod_specs_asks_for_its_warning() {
    check_list_of_pod_specs("/spec/jobs/*/template/spec");
    check_list_of_pod_specs("/spec/jobs/0/template/spec");
}

#[track_caller]
fn check_list_of_pod_specs(pointer: &str) {
    let mut settings = with_config_map();
    settings["custom_kinds"] = json!([{"group": "a.example", "kind": "Set", "pod_specs": [pointer]}]);
    let object = |variable: &str, replicas: usize| {
        let template = json!({"metadata": {"labels": {"a": variable}}, "spec": containers(&["nginx"])});
        json!({"spec": {"replicas": replicas, "jobs": [{"template": template}]}})
    };
    let check = |new: Value, asked: usize, told: &str| {
        let host = Host::json(&json!({"data": {}}));
        check_at(NOW, &update("a.example/Set", new, object("b", 1)), &settings, host.clone(), told);
        assert_eq!(host.asked().len(), asked);
    };
    check(object("c", 1), 1, &format!("{STAYS}{}", nginx_at("/spec/jobs/0/template/spec/containers[a]")));
    check(object("b", 2), 0, "accepted");
}

#[test]
fn an_update_that_leaves_the_template_alone_asks_nobody() {
    for pointer in ["/metadata", "/spec", ""] {
        check_with_list(pointer, Host::silent(), 0, "accepted");
    }
}
