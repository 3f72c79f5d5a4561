//! Reads the files that commands are given, and says which one cannot be read.

use std::path::Path;

use anyhow::Context;
use serde::de::DeserializeOwned;

/// The bytes of a file; `what` names its purpose in an error.
pub fn bytes(path: &Path, what: &str) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("Cannot open the {what} {}", path.display()))
}

/// What a JSON file holds.
pub fn json<T: DeserializeOwned>(path: &Path, what: &str) -> anyhow::Result<T> {
    serde_json::from_slice(&bytes(path, what)?).with_context(|| format!("Cannot parse the {what} {}", path.display()))
}

/// What a YAML file holds.
pub fn yaml<T: DeserializeOwned>(path: &Path, what: &str) -> anyhow::Result<T> {
    yaml_serde::from_slice(&bytes(path, what)?).with_context(|| format!("Cannot parse the {what} {}", path.display()))
}
