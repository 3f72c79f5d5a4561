//! What an image from outside must bring, as a real registry on loopback tells it to the wasm.
#![cfg(not(target_family = "wasm"))]

mod shipped;

use std::sync::Arc;

use serde_json::{Value, json};
use shipped::{payload, pod, refusal, validate};
use xtask::fault_server::{Fault, FaultServer};
use xtask::host::NoHostCalls;
use xtask::live_registry::LiveRegistry;
use xtask::test_image::{Image, THIS_ARCHITECTURE};
use xtask::test_registry::TestRegistry;

const LICENSES: &str = "org.opencontainers.image.licenses";
const SOURCE: &str = "org.opencontainers.image.source";

fn settings(requirements: &Value) -> Value {
    json!({"registry_prefixes": ["approved.example"], "allowed_namespaces": ["tool-mix"], "byoc_requirements": requirements})
}

/// The part of the refusal that says what an image lacks; `None` where it is let in.
#[track_caller]
fn lacks(image: &str, requirements: &Value) -> Option<String> {
    let answer =
        validate(&payload(&pod("tool-mix", image), &settings(requirements)), Arc::new(LiveRegistry::default()));
    let message = refusal(&answer)?;
    let (_, lacks) = message.split_once(" requires: ").unwrap_or_else(|| panic!("{message}"));
    lacks.strip_suffix("\napproved: approved.example").map(str::to_owned)
}

#[test]
fn asks_a_real_registry_for_what_an_image_brings() {
    let Some(registry) = TestRegistry::start() else { return };
    let address = registry.address().to_owned();
    let full = Image::default()
        .created("2099-01-01T00:00:00Z")
        .label(LICENSES, "MIT OR SSPL-1.0")
        .label(SOURCE, "https://example.org/source")
        .layers(&["base", "own"]);
    let digest = registry.push("team/full:1", &full);
    registry.push("team/annotated:1", &full.clone().label(LICENSES, "MIT").annotation(SOURCE, "https://example.org"));
    registry.push("team/bare:1", &Image::default().created("2020-01-01T00:00:00Z").layers(&["other"]));
    registry.push("team/wrong:1", &Image::default().label(LICENSES, "MIT, BSD").label(SOURCE, "http://example.org"));
    registry.push("team/closed:1", &Image::default().label(LICENSES, "SSPL-1.0").label(SOURCE, "https://example.org"));
    registry.push("base:1", &Image::default().layers(&["base"]));
    registry.push("empty:1", &Image::default().layers(&[]));
    registry
        .push_index("team/many:1", &[full.clone().architecture("other"), full.clone().architecture(THIS_ARCHITECTURE)]);
    let base = format!("{address}/base:1");
    let every = json!({"open_source": true, "max_age_days": 180, "registries": [address], "base_images": [base]});
    let image = |name: &str| format!("{address}/{name}");

    let cases: &[(&str, Value, Option<String>)] = &[
        ("team/full:1", every.clone(), None),
        ("team/many:1", every.clone(), None),
        ("team/annotated:1", json!({"open_source": true}), None),
        (
            "team/full:1",
            json!({"pinned_digest": true}),
            Some("it has no digest: add @sha256: and the digest of what was reviewed".into()),
        ),
        (&format!("team/full:1@{digest}"), json!({"pinned_digest": true, "open_source": true}), None),
        (
            "team/full:1",
            json!({"registries": ["proxy.example"]}),
            Some("it does not come through proxy.example: name it there".into()),
        ),
        (
            "team/full:1",
            json!({"base_images": [format!("{address}/empty:1")]}),
            Some(format!("it is not built on {address}/empty:1: build it FROM there")),
        ),
        ("team/full:1", json!({"base_images": [format!("{address}/empty:1"), base]}), None),
        (
            "team/bare:1",
            json!({"open_source": true, "base_images": [base], "pinned_digest": true}),
            Some(format!(
                "it has no digest: add @sha256: and the digest of what was reviewed; it has no label {LICENSES}: add its licence, for example Apache-2.0; \
                 it has no label {SOURCE}: add the https:// address of its source; it is not built on {base}: build it FROM there"
            )),
        ),
        (
            "team/wrong:1",
            json!({"open_source": true}),
            Some(format!(
                "its label {LICENSES} is \"MIT, BSD\", which is no SPDX expression: write for example GPL-3.0-or-later; \
                 its label {SOURCE} is \"http://example.org\", which is no https:// address: write that of its source"
            )),
        ),
        (
            "team/closed:1",
            json!({"open_source": true}),
            Some(format!(
                "its label {LICENSES} is \"SSPL-1.0\", which cannot be met with licences that OSI has approved: use an image under one"
            )),
        ),
    ];
    for (name, requirements, expected) in cases {
        assert_eq!(lacks(&image(name), requirements), *expected, "{name} {requirements}");
    }
    let old = lacks(&image("team/bare:1"), &json!({"max_age_days": 180})).expect("too old");
    assert!(
        old.starts_with("it was created on 2020-01-01, ")
            && old.ends_with(" days ago, of which 180 are allowed: build it again"),
        "{old}"
    );
    let missing = lacks(&image("team/missing:1"), &every).expect("missing");
    assert!(missing.starts_with("its registry cannot be read: ") && !missing.contains('\n'), "{missing}");
}

#[test]
fn refuses_when_the_registry_fails() {
    for fault in [Fault::InternalError, Fault::HangsUp] {
        let server = FaultServer::start(fault);
        let lacks =
            lacks(&format!("{}/team/image:1", server.address()), &json!({"open_source": true})).expect("refused");
        assert!(lacks.starts_with("its registry cannot be read: ") && !lacks.contains('\n'), "{lacks}");
    }
}

#[test]
fn asks_nothing_for_an_approved_image() {
    let every = json!({"open_source": true, "max_age_days": 1, "pinned_digest": true, "registries": ["a.example"], "base_images": ["b.example/c"]});
    let host = Arc::new(NoHostCalls::default());
    let answer = validate(&payload(&pod("tool-mix", "approved.example/x:1"), &settings(&every)), host.clone());
    assert_eq!((refusal(&answer), host.calls()), (None, 0));
}
