//! What an image from outside must bring, asked of real registries.

use std::sync::Arc;
use std::time::Duration;

use engine::live_registry::LiveRegistry;
use expect_test::expect;
use serde_json::{Value, json};
use test_support::fault_server::{Fault, FaultServer};
use test_support::image::{Image, THIS_ARCHITECTURE};
use test_support::registry::TestRegistry;

use crate::call::{Answer, payload};
use crate::clock::{NOW, validate_at};
use crate::objects::{pod, with};

const LICENSES: &str = "org.opencontainers.image.licenses";
const SOURCE: &str = "org.opencontainers.image.source";

/// An image that meets every requirement of [`all_of`].
fn good() -> Image {
    Image::default()
        .label(LICENSES, "Apache-2.0")
        .label(SOURCE, "https://gitlab.example/tool-mix/web")
        .created("2026-08-01T00:00:00Z")
        .layers(&["base", "app"])
}

/// Every requirement that asks a registry, with the base image in this registry.
fn all_of(registry: &str) -> Value {
    json!({"open_source": true, "max_age_days": 180, "base_images": [format!("{registry}/base:1")]})
}

/// The answer to a Pod with an image of the registry, under these requirements.
#[track_caller]
fn answer(registry: &str, image: &str, requirements: &Value) -> Answer {
    let mut requirements = requirements.clone();
    requirements["registries"] = json!([registry]);
    let settings = with(json!({"allowed_namespaces": ["*"], "byoc_requirements": requirements}));
    let request = pod(&format!("{registry}/{image}"));
    let host = Arc::new(LiveRegistry::with_timeout(Duration::from_secs(5)));
    validate_at(NOW, &payload(&request, &settings), host).0
}

/// Compares what is said of an image to what is expected, `accepted` or what it lacks; where the registry listens
/// differs from run to run.
#[track_caller]
fn check(registry: &str, image: &str, requirements: &Value, expected: &str) {
    let line = answer(registry, image, requirements).line();
    let lacks = format!("containers[a]: {registry}/{image} lacks what the exception for tool-mix requires: ");
    assert_eq!(line.strip_prefix(&lacks).unwrap_or(&line).replace(registry, "127.0.0.1:5000"), expected, "{image}");
}

#[test]
fn an_image_that_meets_every_requirement_is_accepted() {
    let registry = TestRegistry::start();
    registry.push("base:1", &Image::default().layers(&["base"]));
    let digest = registry.push("web:1", &good());
    let mut requirements = all_of(registry.address());
    expect![[r#"
        accepted
        ends: never
        exception: allowed_namespaces[0]
        images: 127.0.0.1:5000/web:1
    "#]]
    .assert_eq(
        &answer(registry.address(), "web:1", &requirements).to_string().replace(registry.address(), "127.0.0.1:5000"),
    );
    requirements["pinned_digest"] = json!(true);
    check(registry.address(), &format!("web:1@{digest}"), &requirements, "accepted");
    check(registry.address(), "web:1", &requirements, NO_DIGEST);

    let annotated = Image::default().annotation(LICENSES, "MIT OR Proprietary").annotation(SOURCE, "https://a.example");
    registry.push("annotated:1", &annotated);
    check(registry.address(), "annotated:1", &json!({"open_source": true}), "accepted");
}

#[test]
fn a_base_without_layers_is_the_base_of_nothing() {
    let registry = TestRegistry::start();
    registry.push("empty:1", &Image::default().layers(&[]));
    registry.push("base:1", &Image::default().layers(&["base"]));
    registry.push("web:1", &good());
    let [empty, base] = ["empty:1", "base:1"].map(|name| format!("{}/{name}", registry.address()));
    check(
        registry.address(),
        "web:1",
        &json!({"base_images": [empty]}),
        "it is not built on 127.0.0.1:5000/empty:1: build it FROM there",
    );
    check(registry.address(), "web:1", &json!({"base_images": [empty, base]}), "accepted");
}

const NO_DIGEST: &str = "it has no digest: add @sha256: and the digest of what was reviewed";
const NO_LICENSE: &str = "it has no label org.opencontainers.image.licenses: add its licence, for example Apache-2.0";
const NO_SOURCE: &str = "it has no label org.opencontainers.image.source: add the https:// address of its source";
const REBUILD: &str =
    "rebuild it with its time (pack build --creation-time now, or SOURCE_DATE_EPOCH set to the time of its source)";
const OTHER_BASE: &str = "it is not built on 127.0.0.1:5000/base:1: build it FROM there";

#[test]
fn each_unmet_requirement_is_told() {
    let registry = TestRegistry::start();
    registry.push("base:1", &Image::default().layers(&["base"]));
    let license = |license: &str, told: &str| {
        (good().label(LICENSES, license), format!("its label {LICENSES} is \"{license}\", which {told}"))
    };
    let not_approved = "cannot be met with licences that OSI has approved: use an image that can";
    let not_spdx = "is not an SPDX expression: write for example GPL-3.0-or-later";
    let cases = [
        (
            Image::default(),
            format!("{NO_LICENSE}; {NO_SOURCE}; it does not say when it was created: {REBUILD}; {OTHER_BASE}"),
        ),
        license("BUSL-1.1", not_approved),
        license("my own licence", not_spdx),
        license("MIT, BSD", not_spdx),
        (
            good().label(SOURCE, "http://a.example"),
            format!(
                "its label {SOURCE} is \"http://a.example\", which is not an https:// address: write that of its source"
            ),
        ),
        (
            good().created("2025-01-01T00:00:00Z"),
            "it was created on 2025-01-01, 625 days ago; at most 180 days are allowed: rebuild it".to_owned(),
        ),
        (
            good().created("yesterday"),
            format!("its creation time is \"yesterday\", which is not an RFC 3339 time: {REBUILD}"),
        ),
        (good().layers(&["app", "base"]), OTHER_BASE.to_owned()),
    ];
    for (number, (image, told)) in cases.iter().enumerate() {
        let name = format!("image:{number}");
        registry.push(&name, image);
        check(registry.address(), &name, &all_of(registry.address()), told);
    }
    check(registry.address(), "image:0", &json!({"pinned_digest": true}), NO_DIGEST);
}

/// A licence of several is the reader's choice.
#[test]
fn an_image_may_offer_several_licences() {
    let registry = TestRegistry::start();
    registry.push("web:1", &good().label(LICENSES, "MIT OR SSPL-1.0"));
    check(registry.address(), "web:1", &json!({"open_source": true}), "accepted");
}

#[test]
fn an_image_for_several_platforms_is_judged_by_the_one_of_this_machine() {
    let registry = TestRegistry::start();
    registry.push("base:1", &Image::default().layers(&["base"]));
    let other = Image::default().architecture("riscv64");
    registry.push_index("web:1", &[other, good().architecture(THIS_ARCHITECTURE)]);
    check(registry.address(), "web:1", &all_of(registry.address()), "accepted");
}

/// A node may run another variant than the one that was judged.
#[test]
fn a_pinned_index_is_refused() {
    let registry = TestRegistry::start();
    let other = Image::default().architecture("riscv64");
    let index = registry.push_index("web:1", &[other, good().architecture(THIS_ARCHITECTURE)]);
    let requirements = json!({"open_source": true, "pinned_digest": true});
    check(
        registry.address(),
        &format!("web:1@{index}"),
        &requirements,
        "its digest is that of an index, or not the one by which its registry knows it: pin the sha256 digest of one platform's image",
    );
    let (_, variant) = registry.manifest(&format!("web:1-{THIS_ARCHITECTURE}"));
    check(registry.address(), &format!("web@{variant}"), &requirements, "accepted");
}

#[test]
fn an_image_or_a_base_that_is_missing_is_told() {
    let registry = TestRegistry::start();
    let requirements = all_of(registry.address());
    check(registry.address(), "missing:1", &requirements, &unreadable("not found"));
    registry.push("web:1", &good());
    let told = format!("{OTHER_BASE} (127.0.0.1:5000/base:1 cannot be read: not found)");
    check(registry.address(), "web:1", &requirements, &told);
}

/// How a refusal says that a registry could not be asked.
fn unreadable(cause: &str) -> String {
    format!("what its registry says about it cannot be read: {cause}")
}

#[test]
fn a_registry_that_fails_is_told() {
    const CASES: &[(Fault, &str)] = &[
        (Fault::InternalError, "the registry answers with status 500"),
        (Fault::HangsUp, "the registry is not reachable"),
        (Fault::StaysSilent, "no answer in time"),
        (Fault::NeedsLogin, "not authorised"),
        (Fault::Forbids, "not authorised"),
        // The client asks there; neither the address nor the body is told.
        (Fault::SendsElsewhere, "not authorised"),
    ];
    for (fault, cause) in CASES {
        let server = FaultServer::start(*fault);
        check(&server.address(), "web:1", &json!({"open_source": true}), &unreadable(cause));
    }
}
