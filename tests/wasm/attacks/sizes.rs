//! Names and requests that are too long.

use serde_json::json;

use super::{check, settings};
use crate::call::{accepts, nginx_at, payload, validate};
use crate::host::Host;
use crate::objects::{containers, create, pod, update, with};

/// A string that is cut after 300 bytes.
fn cut(text: &str) -> String {
    format!("{}...", &text[..300])
}

#[test]
fn very_long_names() {
    accepts(&pod(&format!("reg.example/{}", "a".repeat(255))), &settings());
    let cases = [
        (format!("reg.example/{}", "a".repeat(256)), "its repository is longer than 255 characters"),
        (format!("{}/x", "reg.example.".repeat(10_000)), "its registry is not a host name"),
        (format!("reg.example/{}", "a/".repeat(100_000)), "its repository is not well formed"),
        (format!("reg.example/x:{}", "1".repeat(129)), "its tag is not well formed"),
        ("x".repeat(10 << 20), "its repository is longer than 255 characters"),
    ];
    for (image, cause) in &cases {
        let shown = if image.len() > 300 { cut(image) } else { image.clone() };
        let request = create("Pod", json!({"spec": containers(&[image])}));
        let line = validate(payload(&request, &settings()).as_bytes(), Host::silent()).line();
        assert!(line.starts_with(&format!("containers[a]: \"{shown}\" is not an image reference: {cause}")), "{line}");
    }
}

#[test]
fn requests_of_ten_megabytes() {
    let padding = "x".repeat(10 << 20);
    accepts(
        &create("Pod", json!({"metadata": {"annotations": {"a": padding}}, "spec": containers(&["reg.example/web"])})),
        &settings(),
    );
    check(
        create("Pod", json!({"metadata": {"annotations": {"a": padding}}, "spec": containers(&["nginx"])})),
        &nginx_at("containers[a]"),
    );
    check(
        create(&padding, json!({})),
        &*format!(
            "this policy cannot read Kind {} (group \"\"): take it out of the policy's rules or describe it in custom_kinds",
            cut(&padding)
        ),
    );
}

#[test]
fn a_hundred_thousand_containers() {
    let spec = |image: &str, count: usize| {
        let container = json!({"name": "c", "image": image});
        json!({"spec": {"containers": vec![container; count]}})
    };
    accepts(&create("Pod", spec("reg.example/web", 10_000)), &settings());
    check(
        create("Pod", spec("nginx", 100_000)),
        "Pod tool-mix/web cannot be read: containers has more than 10000 images at line 1 column 290052: send a Pod as the Kubernetes API describes it",
    );
    let container = json!({"image": "nginx"});
    check(
        create(
            "Pod",
            json!({"spec": {"containers": vec![container.clone(); 6_000], "initContainers": vec![container; 6_000]}}),
        ),
        "Pod tool-mix/web cannot be read: it has more than 10000 images at line 1 column 216043: send a Pod as the Kubernetes API describes it",
    );
    let mut object = spec("reg.example/web", 9_999);
    object["more"] = json!(["reg.example/data:1", "reg.example/data:2"]);
    let more = with(json!({"custom_kinds": [{"group": "", "kind": "Pod", "images": ["/more/*"]}]}));
    crate::call::check(
        &create("Pod", object),
        &more,
        Host::silent(),
        "Pod tool-mix/web cannot be read: it has more than 10000 images: send a Pod as the Kubernetes API describes it",
    );
    check(
        update("Pod", spec("redis", 100_000), spec("nginx", 100_000)),
        "Pod tool-mix/web cannot be read: containers has more than 10000 images at line 1 column 290052: send a Pod as the Kubernetes API describes it",
    );
}
