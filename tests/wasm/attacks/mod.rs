//! Every known way past a policy for registries, and the answer to it.
//!
//! `reg.example` and `hub.example/{namespace}` are approved, and each image tries to pass for one of theirs.

mod payloads;
mod references;
mod requests;
mod sizes;

use serde_json::{Value, json};

use crate::call::{Expected, check_payload, payload};
use crate::host::Host;
use crate::objects::{containers, create};

fn settings() -> Value {
    json!({"registry_prefixes": ["reg.example", "hub.example/{namespace}", "quay.io/x/y:1"]})
}

#[track_caller]
fn check(request: Value, expected: impl Expected) {
    check_raw(&payload(&request, &settings()), expected);
}

#[track_caller]
fn check_raw(payload: &str, expected: impl Expected) {
    check_payload(payload.as_bytes(), Host::silent(), expected);
}

#[track_caller]
fn check_images(images: &[&str], expected: impl Expected) {
    check(create("Pod", json!({"spec": containers(images)})), expected);
}
