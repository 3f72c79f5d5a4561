//! The edge: waPC functions in, answers out. Nothing else knows the SDK or the shape of an answer.

mod cause;
mod clock;
mod host;

use kubewarden_policy_sdk::settings::SettingsValidationResponse;
use serde::{Serialize, Serializer};
use wapc_guest::prelude::*;

use crate::{answer::Answer, request::payload::Payload, review::review, settings};

/// The HTTP status of every refusal.
const FORBIDDEN: u16 = 403;

/// Judges a request.
pub(crate) fn validate(payload: &[u8]) -> CallResult {
    let answer = match Payload::parse(payload) {
        Ok(Payload { request, settings }) => review(request, &settings, &host::Host),
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
