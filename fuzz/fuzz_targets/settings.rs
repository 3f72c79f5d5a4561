//! Checking settings never panics, nor does a request with settings that were never checked; and
//! settings that are valid are never the reason of a refusal.

#![no_main]

use libfuzzer_sys::fuzz_target;
use registry_enforcer::{request::payload::Payload, review::review, settings};

mod world;

/// An update, so that images that stay are judged too.
const REQUEST: &str = r#"{"kind": {"group": "", "kind": "Pod"}, "name": "web", "namespace": "tool-mix", "operation": "UPDATE",
    "object": {"spec": {"containers": [{"name": "a", "image": "nginx"}, {"name": "b", "image": "quay.io/x/y:1"}]}},
    "oldObject": {"spec": {"containers": [{"name": "a", "image": "nginx"}]}}}"#;

fuzz_target!(|json: &str| {
    let is_valid = settings::validate(json).is_ok();
    let payload = format!("{{\"request\": {REQUEST}, \"settings\": {json}}}");
    let Ok(Payload { request, settings }) = Payload::parse(payload.as_bytes()) else { return assert!(!is_valid, "{json}") };
    let message = review(request, &settings, &world::World).message.unwrap_or_default();
    assert!(!is_valid || !message.contains("settings of this policy are not valid"), "{message}");
});
