//! The edge: waPC functions in, host calls out. Nothing else knows the SDK or the shape of an answer.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use kubewarden_policy_sdk::{
    Error,
    host_capabilities::kubernetes::{GetResourceRequest, get_resource},
    settings::SettingsValidationResponse,
};
use serde::{Deserialize, Serialize};
use wapc_guest::prelude::*;

use crate::{
    admission::Payload,
    facts::{ConfigMap, Facts, ImageDescription},
    review::{Answer, review},
    settings,
};

/// The HTTP status of every refusal.
const FORBIDDEN: u16 = 403;

/// Judges a request.
pub(crate) fn validate(payload: &[u8]) -> CallResult {
    let answer = match Payload::parse(payload) {
        Ok(Payload { request, settings }) => review(request, &settings, &Host),
        Err(error) => Answer::refused(error.to_string()),
    };
    Ok(serde_json::to_vec(&Response::from(&answer))?)
}

/// Checks settings.
pub(crate) fn validate_settings(payload: &[u8]) -> CallResult {
    let checked = match std::str::from_utf8(payload) {
        Ok(json) => settings::validate(json).map_err(|problems| problems.to_string()),
        Err(_) => Err("settings: is not UTF-8: write YAML or JSON in UTF-8".to_owned()),
    };
    Ok(serde_json::to_vec(&SettingsValidationResponse { valid: checked.is_ok(), message: checked.err() })?)
}

/// The answer as the host reads it. The SDK's type has its annotations in a random order.
#[derive(Serialize)]
struct Response<'r> {
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    audit_annotations: &'r BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    warnings: &'r [String],
}

impl<'r> From<&'r Answer> for Response<'r> {
    fn from(answer: &'r Answer) -> Self {
        Self {
            accepted: answer.accepted,
            message: answer.message.as_deref(),
            code: (!answer.accepted).then_some(FORBIDDEN),
            audit_annotations: &answer.annotations,
            warnings: &answer.warnings,
        }
    }
}

/// The host as the source of facts.
struct Host;

impl Facts for Host {
    fn now(&self) -> i64 {
        // A clock before 1970 is as wrong as one that stands at it.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    }

    fn allow_list_entry(&self, config_map: &ConfigMap<'_>, namespace: &str) -> Result<Option<String>, String> {
        let answer: ConfigMapAnswer = get_resource(&GetResourceRequest {
            api_version: "v1".to_owned(),
            kind: "ConfigMap".to_owned(),
            name: config_map.name.to_owned(),
            namespace: Some(config_map.namespace.to_owned()),
            // The host keeps an answer for 5 seconds.
            disable_cache: false,
            field_masks: Some([format!("data.{namespace}")].into()),
        })
        .map_err(|error| cause(&error))?;
        Ok(answer.data.unwrap_or_default().remove(namespace))
    }

    fn image(&self, reference: &str) -> Result<ImageDescription, String> {
        let request = serde_json::to_vec(reference).map_err(|error| error.to_string())?;
        let answer = host_call("kubewarden", "oci", "v1/oci_manifest_config", &request)
            .map_err(|error| host_error(&error.to_string()))?;
        let answer: ImageAnswer =
            serde_json::from_slice(&answer).map_err(|error| format!("its answer cannot be read: {error}"))?;
        Ok(answer.into())
    }
}

/// What the host said, without the words that every layer adds.
fn cause(error: &Error) -> String {
    match error {
        Error::HostCall { source, .. } => host_error(&source.to_string()),
        Error::Deserialization { source, .. } => format!("its answer cannot be read: {source}"),
        other => other.to_string(),
    }
}

fn host_error(text: &str) -> String {
    text.strip_prefix("Host error: ").unwrap_or(text).to_owned()
}

/// The part of a ConfigMap (Kubernetes API, core/v1) that the field mask leaves.
#[derive(Clone, Deserialize)]
struct ConfigMapAnswer {
    #[serde(default)]
    data: Option<BTreeMap<String, String>>,
}

/// The parts of `oci/v1/oci_manifest_config`'s answer that a requirement needs.
#[derive(Deserialize)]
struct ImageAnswer {
    manifest: Manifest,
    config: Configuration,
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Configuration {
    #[serde(default)]
    created: Option<String>,
    #[serde(default)]
    config: Option<ContainerConfiguration>,
    rootfs: RootFilesystem,
}

#[derive(Deserialize)]
struct ContainerConfiguration {
    #[serde(default, rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct RootFilesystem {
    diff_ids: Vec<String>,
}

impl From<ImageAnswer> for ImageDescription {
    fn from(answer: ImageAnswer) -> Self {
        let ImageAnswer { manifest, config } = answer;
        Self {
            labels: config.config.and_then(|config| config.labels).unwrap_or_default(),
            annotations: manifest.annotations.unwrap_or_default(),
            created: config.created,
            diff_ids: config.rootfs.diff_ids,
        }
    }
}
