//! Judging a request never panics; a further exception never refuses a request that was accepted, a
//! further denial never accepts one that was refused. No request takes more memory than it may.
//!
//! The input is four lines: a request, settings, an element of `allowed_namespaces`, one of `denied_images`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use registry_enforcer::{request::payload::Payload, review::review, settings};
use serde_json::Value;

mod memory;
mod world;

/// What a request may take beside four times its payload, in bytes: at all, and for each element of its lists. A pod
/// takes 5 KiB with its refusal, and each further container about 800 bytes.
const MEMORY_MAX: usize = 16 << 10;
const MEMORY_OF_AN_ELEMENT_MAX: usize = 1 << 10;

fuzz_target!(|text: &str| {
    let lines: Vec<&str> = text.split('\n').collect();
    let &[request, settings, exception, denial] = &*lines else { return };
    let Some(before) = accepts(request, settings) else { return };
    if settings::validate(settings).is_err() {
        return;
    }
    let with = |key, element| with(settings, key, element).and_then(|settings| accepts(request, &settings));
    assert!(!before || with("allowed_namespaces", exception) != Some(false), "an exception refuses");
    assert!(before || with("denied_images", denial) != Some(true), "a denial accepts");
});

/// Whether a request is accepted, `None` where the payload cannot be read.
fn accepts(request: &str, settings: &str) -> Option<bool> {
    let payload = format!("{{\"request\": {request}, \"settings\": {settings}}}");
    let (accepted, bytes) = memory::measure(|| {
        let Payload { request, settings } = Payload::parse(payload.as_bytes()).ok()?;
        Some(review(request, &settings, &world::World).accepted)
    });
    let elements = payload.matches(',').count();
    let most = MEMORY_MAX + elements * MEMORY_OF_AN_ELEMENT_MAX + 4 * payload.len();
    assert!(bytes < most, "{bytes} bytes for a payload of {}, with {elements} elements", payload.len());
    accepted
}

/// Valid settings with one more element in a list, `None` where they would not be valid.
fn with(settings: &str, key: &str, element: &str) -> Option<String> {
    let mut settings: Value = serde_json::from_str(settings).ok()?;
    let element = serde_json::from_str(element).ok()?;
    match settings.get_mut(key) {
        Some(Value::Array(elements)) => elements.push(element),
        _ => settings[key] = Value::Array(vec![element]),
    }
    let settings = settings.to_string();
    settings::validate(&settings).is_ok().then_some(settings)
}
