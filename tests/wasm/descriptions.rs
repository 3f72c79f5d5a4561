//! What a registry says of an image, and what the image lacks by that.

use expect_test::expect;
use serde_json::{Value, json};

use crate::call::{check, payload};
use crate::clock::{NOW, check_at, validate_at};
use crate::host::Host;
use crate::objects::{create, pod, with};

const LICENSES: &str = "org.opencontainers.image.licenses";
const SOURCE: &str = "org.opencontainers.image.source";
const CREATED: &str = "org.opencontainers.image.created";
const REBUILD: &str =
    "rebuild it with its time (pack build --creation-time now, or SOURCE_DATE_EPOCH set to the time of its source)";

/// Settings that let every namespace run what meets the requirements.
fn requiring(mut requirements: Value) -> Value {
    requirements["registries"] = json!(["quay.io"]);
    with(json!({"allowed_namespaces": ["*"], "byoc_requirements": requirements}))
}

/// What an image lacks by the registry's answer, or `accepted`.
fn lacks(requirements: &Value, description: &Value) -> String {
    let payload = payload(&pod("quay.io/x/y:1"), &requiring(requirements.clone()));
    let line = validate_at(NOW, &payload, Host::json(description)).0.line();
    let lacks = "containers[a]: quay.io/x/y:1 lacks what the exception for tool-mix requires: ";
    line.strip_prefix(lacks).unwrap_or(&line).to_owned()
}

#[test]
fn a_description_of_another_shape_meets_nothing() {
    let image = json!({"manifest": [], "config": {"config": "Labels", "created": "yesterday\n- x", "rootfs": {"diff_ids": []}}});
    let host = Host::answering([Ok(image.to_string().into_bytes()), Err("down".to_owned())]);
    let requirements = json!({"open_source": true, "max_age_days": 180, "base_images": ["reg.example/base:1"]});
    check_at(
        NOW,
        &pod("quay.io/x/y:1"),
        &requiring(requirements),
        host,
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - containers[a]: quay.io/x/y:1 lacks what the exception for tool-mix requires: it has no label org.opencontainers.image.licenses: add its licence, for example Apache-2.0; it has no label org.opencontainers.image.source: add the https:// address of its source; its creation time is "yesterday\n- x", which is not an RFC 3339 time: rebuild it with its time (pack build --creation-time now, or SOURCE_DATE_EPOCH set to the time of its source); it is not built on reg.example/base:1: build it FROM there (reg.example/base:1 cannot be read: the policy server could not ask the registry)
            approved: reg.example
            ends: never
            exception: allowed_namespaces[0]
            images: quay.io/x/y:1
            asked: kubewarden oci/v1/oci_manifest_config "quay.io/x/y:1"
            asked: kubewarden oci/v1/oci_manifest_config "reg.example/base:1"
        "#]],
    );
}

#[test]
fn a_creation_time_that_says_nothing_is_refused() {
    const CASES: &[(&str, &str)] = &[
        ("2099-01-01T00:00:00Z", "2099-01-01"),
        ("9999-12-31T23:59:59Z", "9999-12-31"),
        // More than a day ahead of the clock, and a day ahead.
        ("2026-09-19T12:00:01Z", "2026-09-19"),
        ("2026-09-19T12:00:00Z", ""),
        // What builders write for the same bytes each time: buildpacks/pack#931, #977
        ("1980-01-01T00:00:01Z", "1980-01-01"),
        ("1980-01-02T23:59:59Z", "1980-01-02"),
        // GoogleContainerTools/distroless#754
        ("1970-01-01T00:00:00Z", "1970-01-01"),
        // An image without a time, as Docker wrote it: moby/moby#47368, juanfont/headscale#2796
        ("0001-01-01T00:00:00Z", "0001-01-01"),
    ];
    for &(created, day) in CASES {
        let told = format!("its creation time, {day}, cannot be true: {REBUILD}");
        let told = if day.is_empty() { "accepted" } else { &told };
        let images =
            [json!({"config": {"created": created}}), json!({"manifest": {"annotations": {CREATED: created}}})];
        for image in images {
            assert_eq!(lacks(&json!({"max_age_days": 180}), &image), told, "{image}");
        }
    }
}

/// `oras push` writes the time as an annotation only (oras-project/oras#1719).
#[test]
fn the_annotation_counts_where_the_configuration_says_nothing() {
    let created = |config: Value, annotation: &str| {
        let image = json!({"config": {"created": config}, "manifest": {"annotations": {CREATED: annotation}}});
        lacks(&json!({"max_age_days": 180}), &image)
    };
    for nothing in [json!(null), json!("1980-01-01T00:00:01Z"), json!("yesterday"), json!(5)] {
        assert_eq!(created(nothing.clone(), "2026-08-01T00:00:00Z"), "accepted", "{nothing}");
        let old = created(nothing.clone(), "2025-01-01T00:00:00Z");
        assert!(old.starts_with("it was created on 2025-01-01, 625 days ago"), "{nothing}: {old}");
    }
    let old = created(json!("2025-01-01T00:00:00Z"), "2026-08-01T00:00:00Z");
    assert!(old.starts_with("it was created on 2025-01-01, 625 days ago"), "{old}");
}

/// An image with this licence, and a source.
fn licensed(license: &str) -> Value {
    json!({"config": {"config": {"Labels": {LICENSES: license, SOURCE: "https://example.org/"}}}})
}

#[test]
fn a_licence_that_is_taken_back_is_refused() {
    for license in [
        "MIT WITH LicenseRef-no-commercial-use-exception",
        "MIT WITH Commons-Clause-exception",
        "Apache-2.0 WITH Commons-Clause",
    ] {
        let told = format!(
            "its label {LICENSES} is \"{license}\", which cannot be met with licences that OSI has approved: use an image that can"
        );
        assert_eq!(lacks(&json!({"open_source": true}), &licensed(license)), told);
    }
    let permitted = licensed("GPL-2.0-only WITH Classpath-exception-2.0");
    assert_eq!(lacks(&json!({"open_source": true}), &permitted), "accepted");
}

#[test]
fn a_licence_of_more_than_four_kib_is_not_read() {
    let longest = "MIT OR ".repeat(579) + &"Zlib OR ".repeat(5) + "MIT";
    assert_eq!(longest.len(), 4_096);
    let told = format!("its label {LICENSES} is not a string of at most 4096 bytes: write a shorter one");
    assert_eq!(lacks(&json!({"open_source": true}), &licensed(&longest)), "accepted");
    for license in [longest + " ", "MIT OR ".repeat(600_000) + "MIT", "(".repeat(4 << 20)] {
        assert_eq!(lacks(&json!({"open_source": true}), &licensed(&license)), told);
    }
}

#[test]
fn an_image_that_is_a_second_too_old_is_told_as_a_day() {
    // 180 days before 2026-09-18 12:00:00, and a second before that
    let created = |time: &str| lacks(&json!({"max_age_days": 180}), &json!({"config": {"created": time}}));
    assert_eq!(created("2026-03-22T12:00:00Z"), "accepted");
    let told = "it was created on 2026-03-22, 181 days ago; at most 180 days are allowed: rebuild it";
    assert_eq!(created("2026-03-22T11:59:59Z"), told);
}

/// Docker makes no more than 127 layers, and a registry's answers about a hundred images are kept.
#[test]
fn what_registries_answer_takes_no_more_memory_than_it_may() {
    let image = |layers: usize, digest: &str| {
        let text = "x".repeat(4_000);
        let config = json!({
            "created": text, "config": {"Labels": {LICENSES: text, SOURCE: text}}, "rootfs": {"diff_ids": vec![digest; layers]},
        });
        json!({"config": config, "digest": "d".repeat(100_000)}).to_string().into_bytes()
    };
    let (short, long) = (format!("sha512:{}", "a".repeat(128)), "a".repeat(4_000));
    let requirements = requiring(json!({"base_images": ["reg.example/base:1"]}));
    // As many images as are asked about, or as many megabytes as would be too much.
    for (images, layers, digest, told) in [
        (99, 127, &short, "accepted"),
        (99, 128, &short, "has no list of up to 127 layers"),
        (5, 1_000, &long, "has no list of up to 127 layers"),
    ] {
        let host = || Host::answering((0..2 * images).map(|_| Ok(image(layers, digest))));
        let images: Vec<Value> = (0..images).map(|number| json!({"image": format!("quay.io/x/y:{number}")})).collect();
        let payload = payload(&create("Pod", json!({"spec": {"containers": images}})), &requirements);
        crate::bounds::check_costs(told, &payload, host());
        let line = validate_at(NOW, &payload, host()).0.line();
        assert!(line.contains(told), "{line}");
    }
}

/// Facts that no requirement needs cannot make an answer unreadable.
#[test]
fn layers_count_only_where_they_are_needed() {
    for rootfs in
        [json!(null), json!({}), json!({"diff_ids": null}), json!({"diff_ids": 5}), json!({"diff_ids": [null]})]
    {
        let mut image = licensed("MIT");
        image["config"]["rootfs"] = rootfs.clone();
        assert_eq!(lacks(&json!({"open_source": true}), &image), "accepted", "{rootfs}");
        let told = "its configuration has no list of up to 127 layers: build it as a container image";
        assert_eq!(lacks(&json!({"base_images": ["reg.example/base:1"]}), &image), told, "{rootfs}");
    }
}

/// A tenant chooses the address of an image: one that the requirements do not allow is never connected to.
#[test]
fn a_registry_that_the_requirements_do_not_allow_is_not_asked() {
    let requirements = json!({"open_source": true, "pinned_digest": true, "registries": ["harbor.example"]});
    check(
        &pod("127.0.0.1:5000/x:1"),
        &with(json!({"allowed_namespaces": ["*"], "byoc_requirements": requirements})),
        Host::silent(),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: 127.0.0.1:5000/x:1 lacks what the exception for tool-mix requires: it has no digest: add @sha256: and the digest of what was reviewed; it does not come through harbor.example: name it there
        approved: reg.example
        ends: never
        exception: allowed_namespaces[0]
        images: 127.0.0.1:5000/x:1
    "#]],
    );
}

/// A tenant chooses how many images a Pod names, and each question to a registry holds up those of others.
#[test]
fn registries_are_asked_about_a_hundred_images_of_a_request() {
    let containers: Vec<Value> = (0..10_000).map(|number| json!({"image": format!("quay.io/x/y:{number}")})).collect();
    let request = create("Pod", json!({"spec": {"containers": containers}}));
    let host = Host::answering((0..10_000).map(|_| Ok(licensed("MIT").to_string().into_bytes())));
    let payload = payload(&request, &requiring(json!({"open_source": true})));
    let (answer, _) = validate_at(NOW, &payload, host.clone());
    assert_eq!(host.asked().len(), 100);
    let told = "containers[100]: quay.io/x/y:100 lacks what the exception for tool-mix requires: what its registry says about it cannot be read: registries are asked about at most 100 images of a request: name fewer";
    assert_eq!(answer.line().lines().next(), Some(told));
}

#[test]
fn an_empty_label_says_no_more_than_none() {
    let labels = json!({LICENSES: "", SOURCE: "https://example.org/"});
    let image = json!({"manifest": {"annotations": {LICENSES: "MIT"}}, "config": {"config": {"Labels": labels}}});
    assert_eq!(lacks(&json!({"open_source": true}), &image), "accepted");
}

/// What an image volume mounts need not be a container image: its configuration is then an empty object.
#[test]
fn an_artifact_is_described_by_its_annotations() {
    let annotations = json!({LICENSES: "Apache-2.0", SOURCE: "https://example.org/model"});
    let artifact = json!({"manifest": {"annotations": annotations}, "config": {}});
    assert_eq!(lacks(&json!({"open_source": true}), &artifact), "accepted");
}
