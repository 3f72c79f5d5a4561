//! What the policy asks about images, answered by their registries.

use std::time::Duration;

use engine::host::HostCalls;
use engine::live_registry::LiveRegistry;
use serde_json::{Value, json};
use test_support::fault_server::{Fault, FaultServer};
use test_support::image::{Image, THIS_ARCHITECTURE};
use test_support::registry::TestRegistry;

/// Asks as a guest does.
fn ask(host: &LiveRegistry, image: &str) -> Result<Value, String> {
    let payload = serde_json::to_vec(image).unwrap();
    let answer = host.call("kubewarden", "oci", "v1/oci_manifest_config", &payload)?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

#[track_caller]
fn assert_unanswered(host: &LiveRegistry, image: &str, first_line: &str) {
    let text = ask(host, image).unwrap_err();
    assert_eq!(text.lines().next(), Some(first_line), "{text}");
}

fn licensed(licence: &str) -> Image {
    Image::default()
        .created("2026-05-06T07:08:09Z")
        .label("org.opencontainers.image.licenses", licence)
        .annotation("org.opencontainers.image.source", "https://tools.example/tool.git")
        .layers(&["base", "tool"])
}

#[test]
fn answers_with_manifest_digest_and_config() {
    let registry = TestRegistry::start();
    let image = licensed("MIT");
    let digest = registry.push("tool-mix/web:1", &image);
    let manifest: Value = serde_json::from_str(&registry.manifest("tool-mix/web:1").0).unwrap();
    assert_eq!(manifest["annotations"], json!({"org.opencontainers.image.source": "https://tools.example/tool.git"}));
    let config = image.config();
    assert_eq!(config["created"], "2026-05-06T07:08:09Z");
    assert_eq!(config["rootfs"]["diff_ids"][1], manifest["layers"][1]["digest"]);

    let expected = json!({"manifest": manifest, "digest": digest, "config": config});
    for name in ["tool-mix/web:1".to_owned(), format!("tool-mix/web@{digest}"), format!("tool-mix/web:1@{digest}")] {
        let answer = ask(&LiveRegistry::default(), &format!("{}/{name}", registry.address()));
        assert_eq!(answer, Ok(expected.clone()), "{name}");
    }
}

#[test]
fn chooses_the_platform_of_this_machine() {
    let registry = TestRegistry::start();
    let here = licensed("MIT");
    let elsewhere = licensed("GPL-3.0-only").architecture("s390x");
    registry.push_index("web:1", &[elsewhere.clone(), here.clone()]);
    registry.push_index("web:2", &[elsewhere]);

    let (manifest, digest) = registry.manifest(&format!("web:1-{THIS_ARCHITECTURE}"));
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let host = LiveRegistry::default();
    assert_eq!(
        ask(&host, &format!("{}/web:1", registry.address())),
        Ok(json!({"manifest": manifest, "digest": digest, "config": here.config()}))
    );
    assert_unanswered(
        &host,
        &format!("{}/web:2", registry.address()),
        "Callback evaluation failure: Fail to interact with OCI registry: Image manifest not found: \
         no entry found in image index manifest matching client's default platform",
    );
}

#[test]
fn passes_on_why_there_is_no_answer() {
    let registry = TestRegistry::start();
    registry.push("tool:1", &Image::default());
    let address = registry.address();
    let host = LiveRegistry::default();
    assert_unanswered(
        &host,
        &format!("{address}/tool:2"),
        &format!(
            "Callback evaluation failure: Fail to interact with OCI registry: Registry error: \
             url http://{address}/v2/tool/manifests/2, envelope: OCI API errors: [OCI API error: manifest unknown]"
        ),
    );
    assert_unanswered(&host, "Tool", "Callback evaluation failure: invalid reference format");

    let registry = TestRegistry::start_with_login();
    let address = registry.address();
    assert_unanswered(
        &host,
        &format!("{address}/tool:1"),
        &format!(
            "Callback evaluation failure: Fail to interact with OCI registry: \
             Not authorized: url http://{address}/v2/tool/manifests/1"
        ),
    );
}

#[test]
fn passes_on_how_a_registry_fails() {
    // Only silence is waited out; the others have the time of a busy machine.
    let (short, long) = (Duration::from_millis(500), Duration::from_secs(20));
    let failing = [
        (Fault::InternalError, long, "Server error: url URL, code: 500, message: the disk is full"),
        (Fault::NeedsLogin, long, "Not authorized: url URL"),
        (Fault::Forbids, long, "Server error: url URL, code: 403, message: not for you"),
        (Fault::HangsUp, long, "error sending request for url (URL)"),
        (Fault::StaysSilent, short, "operation timed out: no answer within 500ms"),
    ];
    for (fault, timeout, text) in failing {
        let host = LiveRegistry::with_timeout(timeout);
        let server = FaultServer::start(fault);
        let text = text.replace("URL", &format!("http://{}/v2/tool/manifests/1", server.address()));
        assert_unanswered(
            &host,
            &format!("{}/tool:1", server.address()),
            &format!("Callback evaluation failure: Fail to interact with OCI registry: {text}"),
        );
    }
}

#[test]
fn knows_no_cluster() {
    let payload = br#"{"api_version":"v1","kind":"ConfigMap","name":"a","namespace":"b","disable_cache":false}"#;
    assert_eq!(
        LiveRegistry::default().call("kubewarden", "kubernetes", "get_resource", payload),
        Err("there is no cluster here to answer kubernetes/get_resource: \
             replay a recorded session, or use kwctl with a cluster"
            .to_owned())
    );
}
