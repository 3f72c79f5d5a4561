//! The edge: waPC functions in, host calls out. Nothing else knows the SDK or the shape of an answer.

use std::fmt::Display;

use kubewarden_policy_sdk::settings::SettingsValidationResponse;
use serde::{Serialize, Serializer};
use serde_json_borrow::Value;
use wapc_guest::prelude::*;

use crate::{
    admission::Payload,
    clock,
    facts::{ConfigMap, Facts, ImageDescription},
    requirement::{LICENSES, SOURCE},
    review::{Answer, review},
    settings,
};

/// The HTTP status of every refusal.
const FORBIDDEN: u16 = 403;

/// Judges a request.
pub(crate) fn validate(payload: &[u8]) -> CallResult {
    let answer = match Payload::parse(payload) {
        Ok(Payload { request, settings }) => review(request, &settings, &Host),
        Err(cause) => Answer::refused(cause.to_string()),
    };
    Ok(serde_json::to_vec(&Response::from(&answer))?)
}

/// Checks settings.
pub(crate) fn validate_settings(payload: &[u8]) -> CallResult {
    let json =
        std::str::from_utf8(payload).map_err(|cause| format!("settings: is not UTF-8 ({cause}): send JSON in UTF-8"));
    let checked = json.and_then(|json| settings::validate(json).map_err(|problems| problems.to_string()));
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
    #[serde(skip_serializing_if = "<[_]>::is_empty", serialize_with = "as_map")]
    audit_annotations: &'r [(&'static str, String)],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
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

fn as_map<S: Serializer>(annotations: &[(&'static str, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(annotations.iter().map(|(key, value)| (key, value)))
}

/// The host as the source of facts.
struct Host;

impl Facts for Host {
    fn now(&self) -> i64 {
        clock::now()
    }

    fn allow_list_entry(&self, config_map: &ConfigMap<'_>, namespace: &str) -> Result<Option<String>, String> {
        let request = GetConfigMap {
            api_version: "v1",
            kind: "ConfigMap",
            name: config_map.name,
            namespace: config_map.namespace,
            // The host keeps an answer for 5 seconds.
            disable_cache: false,
            field_masks: [&format!("data.{namespace}")],
        };
        let answer = ask("kubernetes", "get_resource", &request)?;
        text(parse(&answer)?.get("data").get(namespace))
    }

    fn image(&self, reference: &str) -> Result<ImageDescription, String> {
        let answer = ask("oci", "v1/oci_manifest_config", reference)?;
        let answer = parse(&answer)?;
        let (manifest, config) = (answer.get("manifest"), answer.get("config"));
        // An empty label says nothing.
        let label = |name| match text(config.get("config").get("Labels").get(name))?.filter(|label| !label.is_empty()) {
            None => text(manifest.get("annotations").get(name)),
            label => Ok(label),
        };
        Ok(ImageDescription {
            licenses: label(LICENSES)?,
            source: label(SOURCE)?,
            created: text(config.get("created"))?,
            diff_ids: diff_ids(config)?,
        })
    }
}

/// The request of `kubernetes/get_resource`; the SDK's type needs memory for each of its texts.
#[derive(Serialize)]
struct GetConfigMap<'r> {
    api_version: &'r str,
    kind: &'r str,
    name: &'r str,
    namespace: &'r str,
    disable_cache: bool,
    field_masks: [&'r str; 1],
}

/// Calls a capability of the host.
fn ask<T: Serialize + ?Sized>(namespace: &str, operation: &str, request: &T) -> Result<Vec<u8>, String> {
    let request = serde_json::to_vec(request).map_err(|cause| cause.to_string())?;
    host_call("kubewarden", namespace, operation, &request).map_err(|cause| host_error(&cause.to_string()))
}

/// What the host said, without waPC's own words.
fn host_error(text: &str) -> String {
    text.strip_prefix("Host error: ").unwrap_or(text).to_owned()
}

fn unreadable(cause: &dyn Display) -> String {
    format!("its answer cannot be read: {cause}")
}

/// An answer, which has to be an object.
fn parse(answer: &[u8]) -> Result<Value<'_>, String> {
    match serde_json::from_slice(answer) {
        Ok(answer @ Value::Object(_)) => Ok(answer),
        Ok(_) => Err(unreadable(&"an object was expected")),
        Err(cause) => Err(unreadable(&cause)),
    }
}

fn text(value: &Value<'_>) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Str(text) => Ok(Some(text.clone().into_owned())),
        _ => Err(unreadable(&"a text was expected in it")),
    }
}

/// The layers of a configuration; what is no container image (a model, say) has a configuration without any.
fn diff_ids(config: &Value<'_>) -> Result<Vec<String>, String> {
    match (config, config.get("rootfs")) {
        (Value::Object(_), Value::Null) => Ok(Vec::new()),
        (_, rootfs) => texts(rootfs.get("diff_ids")),
    }
}

fn texts(value: &Value<'_>) -> Result<Vec<String>, String> {
    let not_texts = || unreadable(&"a list of texts was expected in it");
    let elements = value.iter_array().ok_or_else(not_texts)?;
    elements.map(|element| element.as_str().map(str::to_owned).ok_or_else(not_texts)).collect()
}
