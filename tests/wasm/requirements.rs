//! What an image from outside must bring, asked of real registries.

use std::sync::Arc;
use std::time::Duration;

use engine::live_registry::LiveRegistry;
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use test_support::fault_server::{Fault, FaultServer};
use test_support::image::{Image, THIS_ARCHITECTURE};
use test_support::registry::TestRegistry;

use crate::call::payload;
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

/// Every requirement, with the base image in this registry.
fn all_of(registry: &str) -> Value {
    json!({"open_source": true, "max_age_days": 180, "base_images": [format!("{registry}/base:1")]})
}

/// Compares the answer to a Pod with an image of the registry; where that listens differs from run to run.
#[track_caller]
fn check(registry: &str, image: &str, requirements: &Value, expected: Expect) {
    let mut requirements = requirements.clone();
    requirements["registries"] = json!([registry]);
    let settings = with(json!({"allowed_namespaces": ["*"], "byoc_requirements": requirements}));
    let request = pod(&format!("{registry}/{image}"));
    let host = Arc::new(LiveRegistry::with_timeout(Duration::from_secs(5)));
    let (answer, _) = validate_at(NOW, &payload(&request, &settings), host);
    expected.assert_eq(&answer.to_string().replace(registry, "127.0.0.1:5000"));
}

#[test]
fn an_image_that_meets_every_requirement_is_accepted() {
    let registry = TestRegistry::start();
    registry.push("base:1", &Image::default().layers(&["base"]));
    let digest = registry.push("web:1", &good());
    let mut requirements = all_of(registry.address());
    check(
        registry.address(),
        "web:1",
        &requirements,
        expect![[r#"
        accepted
        ends: never
        exception: allowed_namespaces[0]
        images: 127.0.0.1:5000/web:1
    "#]],
    );
    requirements["pinned_digest"] = json!(true);
    requirements["registries"] = json!([registry.address()]);
    check(
        registry.address(),
        &format!("web:1@{digest}"),
        &requirements,
        expect![[r#"
        accepted
        ends: never
        exception: allowed_namespaces[0]
        images: 127.0.0.1:5000/web:1@sha256:86865bc2a61aaa80b12a6abb523aba844bf0e470665ad23504807b308e3b89be
    "#]],
    );
    check(
        registry.address(),
        "web:1",
        &requirements,
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: 127.0.0.1:5000/web:1 lacks what the exception for tool-mix requires: it has no digest: add @sha256: and the digest of what was reviewed
        approved: reg.example
        ends: never
        exception: allowed_namespaces[0]
        images: 127.0.0.1:5000/web:1
    "#]],
    );

    let annotated = Image::default().annotation(LICENSES, "MIT OR Proprietary").annotation(SOURCE, "https://a.example");
    registry.push("annotated:1", &annotated);
    check(
        registry.address(),
        "annotated:1",
        &json!({"open_source": true}),
        expect![[r#"
        accepted
        ends: never
        exception: allowed_namespaces[0]
        images: 127.0.0.1:5000/annotated:1
    "#]],
    );
}

/// A licence that one may choose, and a creation time that is still to come: a build may set either.
#[test]
fn an_image_may_offer_several_licences_and_say_any_later_time() {
    let registry = TestRegistry::start();
    registry.push("web:1", &good().label(LICENSES, "MIT OR SSPL-1.0").created("2099-01-01T00:00:00Z"));
    check(
        registry.address(),
        "web:1",
        &json!({"open_source": true, "max_age_days": 180}),
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - containers[a]: 127.0.0.1:5000/web:1 lacks what the exception for tool-mix requires: its creation time, 2099-01-01, cannot be true: rebuild it with its time (pack build --creation-time now, or SOURCE_DATE_EPOCH set to the time of its source)
            approved: reg.example
            ends: never
            exception: allowed_namespaces[0]
            images: 127.0.0.1:5000/web:1
        "#]],
    );
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
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: 127.0.0.1:5000/web:1 lacks what the exception for tool-mix requires: it is not built on 127.0.0.1:5000/empty:1: build it FROM there
        approved: reg.example
        ends: never
        exception: allowed_namespaces[0]
        images: 127.0.0.1:5000/web:1
    "#]],
    );
    check(
        registry.address(),
        "web:1",
        &json!({"base_images": [empty, base]}),
        expect![[r#"
        accepted
        ends: never
        exception: allowed_namespaces[0]
        images: 127.0.0.1:5000/web:1
    "#]],
    );
}

#[test]
fn each_unmet_requirement_is_told() {
    let registry = TestRegistry::start();
    let check = |name: &str, image: &Image, expected| {
        registry.push(name, image);
        check(registry.address(), name, &all_of(registry.address()), expected);
    };
    registry.push("base:1", &Image::default().layers(&["base"]));
    check(
        "bare:1",
        &Image::default(),
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - containers[a]: 127.0.0.1:5000/bare:1 lacks what the exception for tool-mix requires: it has no label org.opencontainers.image.licenses: add its licence, for example Apache-2.0; it has no label org.opencontainers.image.source: add the https:// address of its source; it does not say when it was created: rebuild it with its time (pack build --creation-time now, or SOURCE_DATE_EPOCH set to the time of its source); it is not built on 127.0.0.1:5000/base:1: build it FROM there
            approved: reg.example
            ends: never
            exception: allowed_namespaces[0]
            images: 127.0.0.1:5000/bare:1
        "#]],
    );
    check(
        "closed:1",
        &good().label(LICENSES, "BUSL-1.1"),
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - containers[a]: 127.0.0.1:5000/closed:1 lacks what the exception for tool-mix requires: its label org.opencontainers.image.licenses is "BUSL-1.1", which cannot be met with licences that OSI has approved: use an image that can
            approved: reg.example
            ends: never
            exception: allowed_namespaces[0]
            images: 127.0.0.1:5000/closed:1
        "#]],
    );
    check(
        "words:1",
        &good().label(LICENSES, "my own licence"),
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - containers[a]: 127.0.0.1:5000/words:1 lacks what the exception for tool-mix requires: its label org.opencontainers.image.licenses is "my own licence", which is not an SPDX expression: write for example GPL-3.0-or-later
            approved: reg.example
            ends: never
            exception: allowed_namespaces[0]
            images: 127.0.0.1:5000/words:1
        "#]],
    );
    check(
        "list:1",
        &good().label(LICENSES, "MIT, BSD"),
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - containers[a]: 127.0.0.1:5000/list:1 lacks what the exception for tool-mix requires: its label org.opencontainers.image.licenses is "MIT, BSD", which is not an SPDX expression: write for example GPL-3.0-or-later
            approved: reg.example
            ends: never
            exception: allowed_namespaces[0]
            images: 127.0.0.1:5000/list:1
        "#]],
    );
    check(
        "http:1",
        &good().label(SOURCE, "http://a.example"),
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - containers[a]: 127.0.0.1:5000/http:1 lacks what the exception for tool-mix requires: its label org.opencontainers.image.source is "http://a.example", which is not an https:// address: write that of its source
            approved: reg.example
            ends: never
            exception: allowed_namespaces[0]
            images: 127.0.0.1:5000/http:1
        "#]],
    );
    check(
        "old:1",
        &good().created("2025-01-01T00:00:00Z"),
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - containers[a]: 127.0.0.1:5000/old:1 lacks what the exception for tool-mix requires: it was created on 2025-01-01, 625 days ago; at most 180 days are allowed: rebuild it
            approved: reg.example
            ends: never
            exception: allowed_namespaces[0]
            images: 127.0.0.1:5000/old:1
        "#]],
    );
    check(
        "when:1",
        &good().created("yesterday"),
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - containers[a]: 127.0.0.1:5000/when:1 lacks what the exception for tool-mix requires: its creation time is "yesterday", which is not an RFC 3339 time: rebuild it with its time (pack build --creation-time now, or SOURCE_DATE_EPOCH set to the time of its source)
            approved: reg.example
            ends: never
            exception: allowed_namespaces[0]
            images: 127.0.0.1:5000/when:1
        "#]],
    );
    check(
        "other:1",
        &good().layers(&["app", "base"]),
        expect![[r#"
        refused 403
        1 image of Pod tool-mix/web is not allowed:
        - containers[a]: 127.0.0.1:5000/other:1 lacks what the exception for tool-mix requires: it is not built on 127.0.0.1:5000/base:1: build it FROM there
        approved: reg.example
        ends: never
        exception: allowed_namespaces[0]
        images: 127.0.0.1:5000/other:1
    "#]],
    );

    let requirements = json!({"pinned_digest": true, "registries": ["proxy.example/{namespace}"]});
    crate::requirements::check(
        registry.address(),
        "bare:1",
        &requirements,
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - containers[a]: 127.0.0.1:5000/bare:1 lacks what the exception for tool-mix requires: it has no digest: add @sha256: and the digest of what was reviewed
            approved: reg.example
            ends: never
            exception: allowed_namespaces[0]
            images: 127.0.0.1:5000/bare:1
        "#]],
    );
}

#[test]
fn an_image_for_several_platforms_is_judged_by_the_one_of_this_machine() {
    let registry = TestRegistry::start();
    registry.push("base:1", &Image::default().layers(&["base"]));
    let other = Image::default().architecture("riscv64");
    registry.push_index("web:1", &[other.clone(), good().architecture(THIS_ARCHITECTURE)]);
    check(
        registry.address(),
        "web:1",
        &all_of(registry.address()),
        expect![[r#"
        accepted
        ends: never
        exception: allowed_namespaces[0]
        images: 127.0.0.1:5000/web:1
    "#]],
    );
}

#[test]
fn an_image_or_a_base_that_is_missing_is_told() {
    let registry = TestRegistry::start();
    check(
        registry.address(),
        "missing:1",
        &all_of(registry.address()),
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - containers[a]: 127.0.0.1:5000/missing:1 lacks what the exception for tool-mix requires: what its registry says about it cannot be read: not found
            approved: reg.example
            ends: never
            exception: allowed_namespaces[0]
            images: 127.0.0.1:5000/missing:1
        "#]],
    );
    registry.push("web:1", &good());
    check(
        registry.address(),
        "web:1",
        &all_of(registry.address()),
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - containers[a]: 127.0.0.1:5000/web:1 lacks what the exception for tool-mix requires: it is not built on 127.0.0.1:5000/base:1: build it FROM there (127.0.0.1:5000/base:1 cannot be read: not found)
            approved: reg.example
            ends: never
            exception: allowed_namespaces[0]
            images: 127.0.0.1:5000/web:1
        "#]],
    );
}

#[test]
fn a_registry_that_fails_is_told() {
    let check = |fault, expected| {
        let server = FaultServer::start(fault);
        check(&server.address(), "web:1", &json!({"open_source": true}), expected);
    };
    check(
        Fault::InternalError,
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - containers[a]: 127.0.0.1:5000/web:1 lacks what the exception for tool-mix requires: what its registry says about it cannot be read: the registry answers with status 500
            approved: reg.example
            ends: never
            exception: allowed_namespaces[0]
            images: 127.0.0.1:5000/web:1
        "#]],
    );
    check(
        Fault::HangsUp,
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - containers[a]: 127.0.0.1:5000/web:1 lacks what the exception for tool-mix requires: what its registry says about it cannot be read: the registry is not reachable
            approved: reg.example
            ends: never
            exception: allowed_namespaces[0]
            images: 127.0.0.1:5000/web:1
        "#]],
    );
    check(
        Fault::StaysSilent,
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - containers[a]: 127.0.0.1:5000/web:1 lacks what the exception for tool-mix requires: what its registry says about it cannot be read: no answer in time
            approved: reg.example
            ends: never
            exception: allowed_namespaces[0]
            images: 127.0.0.1:5000/web:1
        "#]],
    );
    check(
        Fault::NeedsLogin,
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - containers[a]: 127.0.0.1:5000/web:1 lacks what the exception for tool-mix requires: what its registry says about it cannot be read: not authorised
            approved: reg.example
            ends: never
            exception: allowed_namespaces[0]
            images: 127.0.0.1:5000/web:1
        "#]],
    );
    check(
        Fault::Forbids,
        expect![[r#"
            refused 403
            1 image of Pod tool-mix/web is not allowed:
            - containers[a]: 127.0.0.1:5000/web:1 lacks what the exception for tool-mix requires: what its registry says about it cannot be read: not authorised
            approved: reg.example
            ends: never
            exception: allowed_namespaces[0]
            images: 127.0.0.1:5000/web:1
        "#]],
    );
}
