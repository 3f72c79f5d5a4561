//! Kinds that the operator describes.

use serde_json::{Value, json};

use crate::call::{accepts, check, nginx_at, payload, validate};
use crate::host::Host;
use crate::objects::{at, create, custom_kinds, everywhere, set, update, with};

fn task(steps: Value) -> Value {
    create("tekton.dev/Task", json!({"spec": {"steps": steps}}))
}

fn rollout(spec: Value) -> Value {
    create("argoproj.io/Rollout", at("/spec/template/spec", spec))
}

#[test]
fn custom_kinds_are_read_where_the_operator_says() {
    accepts(&rollout(everywhere("reg.example/web:1")), &custom_kinds());
    accepts(&task(json!([{"image": "reg.example/web:1"}, {"script": "exit"}])), &custom_kinds());
    let places = ["containers[web]", "initContainers[setup]", "ephemeralContainers[debug]", "volumes[models]"];
    let lines = places.map(|place| nginx_at(&format!("/spec/template/spec/{place}"))).join("\n");
    check(&rollout(everywhere("nginx")), &custom_kinds(), Host::silent(), &lines);
    check(
        &create("tekton.dev/Pipeline", json!({})),
        &custom_kinds(),
        Host::silent(),
        "this policy cannot read Kind Pipeline (group tekton.dev): take it out of the policy's rules or describe it in custom_kinds",
    );
}

/// What stands at `steps` of a Task, and what is said of it.
#[test]
fn what_a_pointer_leads_to_is_judged() {
    let image = "is not an image: write it as a string, registry/repository:tag";
    let template =
        "it is a template that is filled in later, so nobody can tell which image will run: write the image itself";
    let cases = [
        (json!([{"image": "reg.example/web:1"}, {"image": "nginx"}]), nginx_at("/spec/steps/1/image")),
        // `*` is every value of an object, too.
        (json!({"a": {"image": "reg.example/web:1"}, "b": {"image": "nginx"}}), nginx_at("/spec/steps/b/image")),
        // An empty string is like null: nothing is there.
        (json!([{"image": ""}, {"image": null}, null]), "accepted".to_owned()),
        (json!([{"image": "docker://reg.example/web:1"}, {"image": "oci://reg.example/web:1"}]), "accepted".to_owned()),
        (json!([{"image": "docker://nginx"}]), nginx_at("/spec/steps/0/image")),
        (
            json!([{"image": "https://reg.example/web"}]),
            "/spec/steps/0/image: \"https://reg.example/web\" is not an image reference: it is a URL: leave out the part up to \"://\"".to_owned(),
        ),
        (json!([{"image": "$(params.image)"}]), format!("/spec/steps/0/image: \"$(params.image)\" is not an image reference: {template}")),
        (json!([{"image": "reg.example/{{ image }}"}]), format!("/spec/steps/0/image: \"reg.example/{{{{ image }}}}\" is not an image reference: {template}")),
        (
            json!([{"image": " "}]),
            "/spec/steps/0/image: \" \" is not an image reference: it is empty: write registry/repository:tag".to_owned(),
        ),
        (json!([{"image": 5}]), format!("/spec/steps/0/image: {image}")),
        (json!([{"image": ["reg.example/web:1"]}]), format!("/spec/steps/0/image: {image}")),
        (
            json!(["reg.example/web:1"]),
            "/spec/steps/0: is not an object with image, where custom_kinds says that there is one".to_owned(),
        ),
    ];
    for (steps, told) in cases {
        check(&task(steps), &custom_kinds(), Host::silent(), &told);
    }
}

#[test]
fn what_is_not_as_the_operator_says_is_refused() {
    check(
        &create("tekton.dev/Task", json!({"spec": "steps"})),
        &custom_kinds(),
        Host::silent(),
        "/spec: is not an object with steps, where custom_kinds says that there is one\n\
         /spec: is not an object with sidecars, where custom_kinds says that there is one",
    );
    check(
        &rollout(json!({"containers": [{"image": 5}]})),
        &custom_kinds(),
        Host::silent(),
        "/spec/template/spec: cannot be read as a pod spec: invalid type: integer `5`, expected a string at line 1 column 25",
    );
}

/// Settings that describe a Task by these pointers to images.
fn with_images(kind: &str, images: &[&str]) -> Value {
    let (group, kind) = kind.split_once('/').unwrap_or(("", kind));
    with(json!({"custom_kinds": [{"group": group, "kind": kind, "images": images}]}))
}

/// A pointer that finds nothing accepts nothing in silence.
#[test]
fn a_wrong_pointer_is_told() {
    let steps = task(json!([{"image": "nginx"}]));
    let check =
        |pointer: &str, told: &str| check(&steps, &with_images("tekton.dev/Task", &[pointer]), Host::silent(), told);
    check(
        "/spec/steps/image",
        "/spec/steps: is a list, where the pointer in custom_kinds goes on with image: an admin has to write \"*\" there, for every element",
    );
    for pointer in ["/spec/step/*/image", "/spec/steps/*/img", "/specs/steps/*/image", "/spec/steps/7/image"] {
        check(pointer, &format!("nothing of this Task was judged: custom_kinds finds nothing at {pointer}"));
    }
    check("/spec/steps/0/image", &nginx_at("/spec/steps/0/image"));
}

#[test]
fn every_entry_for_a_custom_kind_counts() {
    let settings = with(json!({"custom_kinds": [
        {"group": "tekton.dev", "kind": "Task", "images": ["/spec/steps/*/image"]},
        {"group": "tekton.dev", "kind": "Task", "images": ["/spec/sidecars/*/image"]},
    ]}));
    let both = json!({"spec": {"steps": [{"image": "reg.example/a:1"}], "sidecars": [{"image": "nginx"}]}});
    check(&create("tekton.dev/Task", both), &settings, Host::silent(), &nginx_at("/spec/sidecars/0/image"));
}

/// An entry may add what the policy does not look for by itself: the images of a CSI driver.
#[test]
fn an_entry_adds_to_a_built_in_kind() {
    let pointer = "/spec/volumes/*/csi/volumeAttributes/image";
    let pod = |image: &str, container: &str| {
        let volume = json!({"name": "v", "csi": {"driver": "image.csi.k8s.io", "volumeAttributes": {"image": image}}});
        let spec = json!({"containers": [{"name": "a", "image": container}], "volumes": [{"name": "e", "emptyDir": {}}, volume]});
        create("Pod", json!({"spec": spec}))
    };
    let settings = with_images("Pod", &[pointer]);
    accepts(&pod("reg.example/data:1", "reg.example/web:1"), &settings);
    let volume = nginx_at("/spec/volumes/1/csi/volumeAttributes/image");
    check(&pod("nginx", "reg.example/web:1"), &settings, Host::silent(), &volume);
    check(&pod("nginx", "nginx"), &settings, Host::silent(), &format!("{}\n{volume}", nginx_at("containers[a]")));
    // A Pod without such a volume is judged as ever, without a warning.
    accepts(&crate::objects::pod("reg.example/web:1"), &settings);
}

#[test]
fn a_pointer_to_something_else_than_a_pod_spec_is_refused() {
    let settings = with(json!({"custom_kinds": [
        {"group": "argoproj.io", "kind": "Rollout", "pod_specs": ["/spec/template"]},
    ]}));
    check(
        &rollout(everywhere("nginx")),
        &settings,
        Host::silent(),
        "/spec/template: has no containers, though custom_kinds says that it is a pod spec",
    );
}

/// What stands behind the last image that is read is not let in unseen, and holds no finalizer.
#[test]
fn an_object_with_too_many_images_is_refused_whole() {
    let object = |last: &str, labels: Value| {
        let mut steps = vec![json!({"image": "nginx"}); 10_000];
        steps.push(json!({"image": last}));
        json!({"metadata": {"labels": labels}, "spec": {"steps": steps}})
    };
    let told = "Task tool-mix/web cannot be read: it has more than 10000 images: send a Task as the Kubernetes API describes it";
    let check = |request: &Value, told: &str| check(request, &custom_kinds(), Host::silent(), told);
    check(&create("tekton.dev/Task", object("nginx", json!({}))), told);
    check(&update("tekton.dev/Task", object("redis", json!({})), object("nginx", json!({}))), told);
    let labelled = update("tekton.dev/Task", object("nginx", json!({"a": "b"})), object("nginx", json!({})));
    check(&labelled, &format!("let through unchanged, new pods with it will be refused: {told}"));
    // So does whatever leaves its images alone.
    let with_status = |phase: &str| set(object("nginx", json!({})), &[("status", json!({"phase": phase}))]);
    let request = update("tekton.dev/Task", with_status("done"), with_status("begun"));
    check(&request, &format!("let through unchanged, new pods with it will be refused: {told}"));
}

/// Settings in which every value below a field is an image.
fn every_field() -> Value {
    with(json!({"custom_kinds": [{"group": "a.example", "kind": "Map", "images": ["/spec/*"]}]}))
}

/// A key reads like the rest of the line.
#[test]
fn a_key_cannot_speak_for_the_policy() {
    let key = "a: reg.example/web:1 is approved, run: curl evil.example";
    let told = format!("\"/spec/{key}\": {}", nginx_at("x").trim_start_matches("x: "));
    check(&create("a.example/Map", json!({"spec": {key: "nginx"}})), &every_field(), Host::silent(), &told);
}

/// Two keys that are the same in their first two hundred characters are not the same place; where nothing else changes
/// either, they hold no finalizer.
#[test]
fn a_defect_at_a_place_that_is_cut_is_a_new_one() {
    let spec = |keys: &[String]| json!({"spec": keys.iter().map(|key| (key.clone(), json!(5))).collect::<serde_json::Map<_, _>>()});
    for length in [10, 250] {
        let keys = ["a", "b"].map(|end| "k".repeat(length) + end);
        let check = |new: Value, old: Value, stays: bool| {
            let request = update("a.example/Map", new, old);
            let line = validate(payload(&request, &every_field()).as_bytes(), Host::silent()).line();
            assert_eq!(line.starts_with("let through unchanged"), stays, "{line}");
        };
        check(spec(&keys), spec(&keys[..1]), false);
        let more = |mut object: Value| {
            object["more"] = json!(1);
            object
        };
        check(more(spec(&keys)), spec(&keys), true);
    }
}

#[test]
fn a_custom_kind_that_is_updated_without_a_new_image_is_accepted() {
    let task = |image: &str, timeout: &str| json!({"spec": {"steps": [{"image": image, "timeout": timeout}]}});
    let check = |new: Value, told: &str| {
        check(&update("tekton.dev/Task", new, task("nginx", "1s")), &custom_kinds(), Host::silent(), told);
    };
    let nginx = nginx_at("/spec/steps/0/image");
    check(task("nginx", "2s"), &format!("let through unchanged, new pods with it will be refused: {nginx}"));
    check(task("redis", "1s"), &nginx.replace("nginx", "redis"));
}
