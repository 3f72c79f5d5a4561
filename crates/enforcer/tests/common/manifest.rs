//! What `manifest` writes.

use serde::Deserialize;
use serde_json::Value;

use super::{errors, run};

/// Where the tests say that the module is.
pub const MODULE: &str = "registry://reg.example/policies/registry-enforcer:v1";

/// The objects that are written for settings, and the notes.
#[track_caller]
pub fn written(settings: &Value, flags: &[&str]) -> (Vec<Value>, String) {
    let arguments = [&["manifest", "--settings", "-", "--module", MODULE], flags].concat();
    let output = run(&arguments, &settings.to_string());
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let documents = yaml_serde::Deserializer::from_slice(&output.stdout).map(Value::deserialize);
    (documents.collect::<Result<_, _>>().expect("YAML"), errors(&output))
}

/// The policy that is written for settings.
#[track_caller]
pub fn policy(settings: &Value, flags: &[&str]) -> Value {
    written(settings, flags).0.pop().expect("a policy")
}
