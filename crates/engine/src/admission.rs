//! `AdmissionRequest` and `AdmissionResponse` of `admission.k8s.io/v1`, with the fields that kwctl reads and prints.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use k8s_openapi::api::authentication::v1::UserInfo;
use kubewarden_policy_sdk::response::ValidationResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A request for admission: what is not listed here does not reach the policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionRequest {
    /// Comes back in the response.
    pub uid: String,
    kind: GroupVersionKind,
    resource: GroupVersionResource,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_kind: Option<GroupVersionKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_resource: Option<GroupVersionResource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_sub_resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    operation: String,
    user_info: UserInfo,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_object: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Value>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct GroupVersionKind {
    group: String,
    version: String,
    kind: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct GroupVersionResource {
    group: String,
    version: String,
    resource: String,
}

impl AdmissionRequest {
    /// Reads a request that stands alone or inside of an `AdmissionReview`.
    pub fn read(request: &Value) -> anyhow::Result<Self> {
        let Some(object) = request.as_object() else { bail!("Invalid request object") };
        let request = if object.get("kind").and_then(Value::as_str) == Some("AdmissionReview") {
            object.get("request").context("invalid AdmissionReview object")?
        } else {
            request
        };
        Self::deserialize(request)
            .map_err(|error| anyhow::anyhow!("cannot build AdmissionRequest object from given input: {error}"))
    }

    /// What the guest is called with to judge the request.
    pub fn payload(&self, settings: &Value) -> Vec<u8> {
        // As a `Value`, whose keys are sorted: the guest sees the bytes that PolicyServer would send.
        json!({"request": self, "settings": settings}).to_string().into_bytes()
    }
}

/// The answer to a request, printed by `run` as kwctl prints it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionResponse {
    /// The request's.
    pub uid: String,
    /// Whether the object may be stored.
    pub allowed: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// For the audit log. kwctl prints them in no fixed order.
    pub audit_annotations: Option<BTreeMap<String, String>>,
    /// For the user at the terminal.
    pub warnings: Option<Vec<String>>,
}

/// What Kubernetes tells a user whose request is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The status code of HTTP that goes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
}

impl AdmissionResponse {
    /// The policy's verdict on the request `uid`.
    pub fn from_verdict(uid: String, verdict: ValidationResponse) -> Self {
        let status = Status { message: verdict.message, code: verdict.code };
        Self {
            uid,
            allowed: verdict.accepted,
            status: (status != Status::default()).then_some(status),
            audit_annotations: verdict.audit_annotations.map(BTreeMap::from_iter),
            warnings: verdict.warnings,
        }
    }

    /// The refusal that a policy which fails amounts to.
    pub fn internal_error(uid: String, cause: &dyn std::fmt::Display) -> Self {
        let status = Status { message: Some(format!("internal server error: {cause}")), code: Some(500) };
        Self { uid, status: Some(status), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod_request() -> Value {
        json!({
            "uid": "1299d386-525b-4032-98ae-1949f69f9cfc",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "operation": "CREATE",
            "userInfo": {"username": "alice", "unknown": true},
            "object": {"kind": "Pod", "z": null, "a": [1.50]},
            "oldObject": null,
            "somethingNew": 1
        })
    }

    #[test]
    fn keeps_the_fields_that_reach_a_policy() {
        let expected = json!({
            "uid": "1299d386-525b-4032-98ae-1949f69f9cfc",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "operation": "CREATE",
            "userInfo": {"username": "alice"},
            "object": {"kind": "Pod", "z": null, "a": [1.50]}
        });
        let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": pod_request()});
        for request in [pod_request(), review] {
            let read = AdmissionRequest::read(&request).unwrap();
            assert_eq!(serde_json::to_value(read).unwrap(), expected, "{request}");
        }
    }

    #[test]
    fn rejects_what_is_not_a_request() {
        let without = |field: &str| {
            let mut request = pod_request();
            request.as_object_mut().unwrap().remove(field);
            request
        };
        let missing =
            |field: &str| format!("cannot build AdmissionRequest object from given input: missing field `{field}`");
        let mut cases: Vec<(Value, String)> = vec![
            (json!([]), "Invalid request object".to_owned()),
            (json!({"kind": "AdmissionReview"}), "invalid AdmissionReview object".to_owned()),
        ];
        for field in ["uid", "kind", "resource", "operation", "userInfo"] {
            cases.push((without(field), missing(field)));
        }
        for (request, text) in cases {
            let error = AdmissionRequest::read(&request).unwrap_err();
            assert_eq!(error.to_string(), text, "{request}");
        }
    }

    #[test]
    fn prints_the_fields_in_the_order_of_kwctl() {
        let refused = AdmissionResponse::internal_error("u".to_owned(), &"trap");
        assert_eq!(
            serde_json::to_string(&refused).unwrap(),
            r#"{"uid":"u","allowed":false,"status":{"message":"internal server error: trap","code":500},"auditAnnotations":null,"warnings":null}"#
        );
    }
}
