//! The sandbox images on a node.

use expect_test::expect;
use serde_json::{Value, json};

use crate::call::{accepts, check, payload, validate};
use crate::host::Host;
use crate::objects::{approved_only, create, set, update, with};

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A node that lists images with these names.
fn node(names: &[&[&str]]) -> Value {
    let images: Vec<Value> = names.iter().map(|names| json!({"names": names, "sizeBytes": 1})).collect();
    let node = create("Node", json!({"status": {"images": images}}));
    let mut node = set(node, &[("name", json!("worker-1"))]);
    node.as_object_mut().unwrap().remove("namespace");
    node
}

#[test]
fn nodes_are_judged_on_their_sandbox_images() {
    let settings = with(json!({"sandbox_repositories": ["pause", "pause-amd64"]}));
    let pinned = format!("reg.example/pause@{DIGEST}");
    accepts(&node(&[&["nginx:1"], &["reg.example/pause:3.9", &pinned]]), &settings);
    accepts(&node(&[]), &settings);
    accepts(&create("Node", json!({})), &settings);
    check(
        &node(&[&["quay.io/x/y:1"], &["registry.k8s.io/pause:3.9", "<none>@<none>"], &["gcr.io/pause-amd64:3.1"]]),
        &settings,
        Host::silent(),
        expect![[r#"
            refused 403
            2 images of Node worker-1 are not allowed:
            - status.images[1]: registry.k8s.io/pause:3.9 is not from an approved registry; exceptions exist for namespaces only
            - status.images[2]: gcr.io/pause-amd64:3.1 is not from an approved registry; exceptions exist for namespaces only
            approved: reg.example
            exception: none
            images: registry.k8s.io/pause:3.9, gcr.io/pause-amd64:3.1
        "#]],
    );
}

/// The names that distributions use are known without a word in the settings: k3s and RKE2 have the first
/// (k3s-io/k3s#9626 shows it).
#[test]
fn the_names_in_use_are_known() {
    for name in ["docker.io/rancher/mirrored-pause:3.6", "registry.k8s.io/pause:3.10", "k8s.gcr.io/pause-amd64:3.1"] {
        check(
            &node(&[&["nginx:1"], &[name]]),
            &approved_only(),
            Host::silent(),
            &format!("status.images[1]: {name} is not from an approved registry; exceptions exist for namespaces only"),
        );
    }
}

/// One image has a name by tag and one by digest, and may have them in several repositories.
#[test]
fn an_image_with_two_names_counts_once_for_each_repository() {
    let pinned = format!("registry.k8s.io/pause@{DIGEST}");
    let told = |name: &str| {
        format!("status.images[0]: {name} is not from an approved registry; exceptions exist for namespaces only")
    };
    let names = node(&[&[&pinned, "registry.k8s.io/pause:3.9"]]);
    check(&names, &approved_only(), Host::silent(), &told(&pinned));
    // Nothing that is approved hides a name that is not.
    let names = node(&[&["reg.example/pause:3.9", "registry.k8s.io/pause:3.9"]]);
    check(&names, &approved_only(), Host::silent(), &told("registry.k8s.io/pause:3.9"));
}

/// A node that is cordoned has the images that it had.
#[test]
fn a_node_that_keeps_its_images_can_be_changed() {
    let node = |unschedulable: bool, image: &str| json!({"spec": {"unschedulable": unschedulable}, "status": {"images": [{"names": [image]}]}});
    let line = |new: Value, old: Value| {
        validate(payload(&update("Node", new, old), &approved_only()).as_bytes(), Host::silent()).line()
    };
    let cordoned = line(node(true, "quay.io/x:1"), node(false, "quay.io/x:1"));
    assert!(
        cordoned.starts_with("let through unchanged, new pods with it will be refused: the sandbox image"),
        "{cordoned}"
    );
    let pulled = line(node(false, "quay.io/y:1"), node(false, "quay.io/x:1"));
    assert!(pulled.starts_with("the sandbox image of Node tool-mix/web is unknown"), "{pulled}");
}

/// The kubelet lists its 50 largest images, and pause is the smallest.
#[test]
fn a_node_without_a_known_sandbox_image_is_reported() {
    let names: Vec<String> = (0..50).map(|number| format!("reg.example/web:{number}")).collect();
    let lists: Vec<[&str; 1]> = names.iter().map(|name| [name.as_str()]).collect();
    let lists: Vec<&[&str]> = lists.iter().map(<[&str; 1]>::as_slice).collect();
    check(
        &node(&lists),
        &with(json!({"sandbox_repositories": ["pause", "mirrored-pause"]})),
        Host::silent(),
        "the sandbox image of Node worker-1 is unknown: of the 50 images that it lists, none has a name of sandbox_repositories (pause, mirrored-pause). The kubelet lists only its 50 largest images: set nodeStatusMaxImages: -1 in its configuration, or add the image's name to sandbox_repositories",
    );
}

#[test]
fn a_list_that_cannot_be_read_is_refused() {
    let told = "send a Node as the Kubernetes API describes it";
    let check = |images: Value, cause: &str| {
        let line = format!("Node tool-mix/web cannot be read: status.images: {cause}: {told}");
        check(&create("Node", json!({"status": {"images": images}})), &approved_only(), Host::silent(), &line);
    };
    check(json!("pause"), "invalid type: string \"pause\", expected a list at line 1 column 7");
    check(json!([{"names": [5]}]), "expected an object with a list of names at line 1 column 15");
    const TOO_MANY: &str = "has more than 10000 sandbox images, or one in more than 100 repositories";
    // Nothing past a bound is left out in silence.
    let names: Vec<String> = (0..10_001).map(|number| format!("reg.example/{number}/pause:1")).collect();
    let images: Vec<Value> = names.iter().map(|name| json!({"names": [name]})).collect();
    for images in [json!(images), json!([{"names": names[..101]}])] {
        let request = create("Node", json!({"status": {"images": images}}));
        let line = validate(payload(&request, &approved_only()).as_bytes(), Host::silent()).line();
        assert!(line.starts_with(&format!("Node tool-mix/web cannot be read: status.images: {TOO_MANY}")), "{line}");
    }
}
