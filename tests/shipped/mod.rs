//! The wasm that users get, as `make policy.wasm` leaves it, on PolicyServer's engine.

use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};
use xtask::host::HostCalls;
use xtask::policy::Policy;

fn policy() -> &'static Policy {
    static POLICY: OnceLock<Policy> = OnceLock::new();
    POLICY.get_or_init(|| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/policy.wasm");
        let wasm = std::fs::read(path).unwrap_or_else(|cause| panic!("{path}: {cause}: run `make policy.wasm` first"));
        Policy::load(&wasm).expect("the wasm loads")
    })
}

/// The guest's answer to a payload; a guest that traps fails the test.
#[track_caller]
pub fn validate(payload: &[u8], host: Arc<dyn HostCalls>) -> Value {
    let answer = policy().call("validate", payload, host).expect("the guest does not fail");
    serde_json::from_slice(&answer).expect("an answer is JSON")
}

/// A request for a pod with one container.
pub fn pod(namespace: &str, image: &str) -> Value {
    json!({
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "name": "web", "namespace": namespace, "operation": "CREATE",
        "object": {"spec": {"containers": [{"name": "web", "image": image}]}},
    })
}

/// What the host sends.
pub fn payload(request: &Value, settings: &Value) -> Vec<u8> {
    json!({"request": request, "settings": settings}).to_string().into_bytes()
}

/// The message of a refusal, `None` where the request was accepted.
pub fn refusal(answer: &Value) -> Option<&str> {
    assert_eq!(answer["accepted"], answer["message"].is_null(), "{answer}");
    assert!(answer["accepted"] == true || answer["code"] == 403, "{answer}");
    answer["message"].as_str()
}
