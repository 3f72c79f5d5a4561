//! What a policy may ask of its host while it judges a request, and who answers.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use kubewarden_policy_sdk::host_capabilities::kubernetes::GetResourceRequest;
use serde::{Deserialize, Serialize};

/// Answers the calls that a guest makes to its host.
pub trait HostCalls: Send + Sync {
    /// The answer's bytes, or the text of the error that the guest is to see.
    fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String>;
}

/// A host call, decoded: named and spelt as in kwctl's recorded sessions.
///
/// These are the host capabilities that the policy's metadata declares; for any other one the answer is an error.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostRequest {
    /// `kubernetes/get_resource`
    KubernetesGetResource {
        /// `v1` for the core group, else `group/version`.
        api_version: String,
        /// The kind, in the singular.
        kind: String,
        /// The object's name.
        name: String,
        /// The object's namespace; none for an object of the cluster.
        namespace: Option<String>,
        /// Whether the answer must not come from the host's cache.
        disable_cache: bool,
        /// The fields that the answer is cut down to.
        field_masks: Option<BTreeSet<String>>,
    },
    /// `oci/v1/oci_manifest_config`
    OciManifestAndConfig {
        /// The image whose manifest and config are wanted.
        image: String,
    },
}

impl HostRequest {
    /// Reads the call as kwctl does, with its wording for what is unknown.
    pub fn decode(binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Self, String> {
        match (binding, namespace, operation) {
            ("kubewarden", "kubernetes", "get_resource") => from_json(payload).map(Self::get_resource),
            ("kubewarden", "oci", "v1/oci_manifest_config") => {
                from_json(payload).map(|image| Self::OciManifestAndConfig { image })
            }
            ("kubewarden", "kubernetes" | "oci", _) => Err(format!("unknown operation: {operation}")),
            ("kubewarden", ..) => Err(format!("unknown namespace: {namespace}")),
            _ => Err(format!("unknown binding: {binding}")),
        }
    }

    fn get_resource(request: GetResourceRequest) -> Self {
        Self::KubernetesGetResource {
            api_version: request.api_version,
            kind: request.kind,
            name: request.name,
            namespace: request.namespace,
            disable_cache: request.disable_cache,
            field_masks: request.field_masks,
        }
    }
}

fn from_json<T: serde::de::DeserializeOwned>(payload: &[u8]) -> Result<T, String> {
    serde_json::from_slice(payload).map_err(|error| error.to_string())
}

/// Refuses every call, and counts them: for judgements that must not ask anybody.
#[derive(Debug, Default)]
pub struct NoHostCalls {
    calls: AtomicUsize,
}

impl NoHostCalls {
    /// How many calls were made, all of them refused.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

impl HostCalls for NoHostCalls {
    fn call(&self, _: &str, namespace: &str, operation: &str, _: &[u8]) -> Result<Vec<u8>, String> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Err(format!(
            "Policy has not been granted access to the '{namespace}/{operation}' host capability. \
             The violation has been reported."
        ))
    }
}

/// Stands for the cluster and the registries where no recorded session is given.
#[derive(Debug, Default)]
pub struct Unconnected;

impl HostCalls for Unconnected {
    fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        HostRequest::decode(binding, namespace, operation, payload)?;
        Err(format!(
            "there is no cluster here to answer {namespace}/{operation}: \
             replay a recorded session, or use kwctl with a cluster"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: &[u8] = br#"{"api_version":"v1","kind":"ConfigMap","name":"byoc","namespace":"admin",
        "disable_cache":false,"field_masks":["data.tool-a"]}"#;

    /// Binding, namespace, operation, payload.
    type Call = (&'static str, &'static str, &'static str, &'static [u8]);

    #[track_caller]
    fn assert_refused(host: &dyn HostCalls, call: Call, text: &str) {
        let (binding, namespace, operation, payload) = call;
        let answer = host.call(binding, namespace, operation, payload);
        assert_eq!(answer, Err(text.to_owned()), "{call:?}");
    }

    #[test]
    fn no_host_calls_refuses_and_counts() {
        let host = NoHostCalls::default();
        assert_eq!(host.calls(), 0);
        assert_refused(
            &host,
            ("kubewarden", "oci", "v1/oci_manifest_config", b"\"nginx\""),
            "Policy has not been granted access to the 'oci/v1/oci_manifest_config' host capability. \
             The violation has been reported.",
        );
        assert_eq!(host.calls(), 1);
    }

    #[test]
    fn rejects_calls_that_it_does_not_know() {
        const CASES: &[(Call, &str)] = &[
            (("wapc", "oci", "v1/oci_manifest_config", b"\"a\""), "unknown binding: wapc"),
            (("kubewarden", "net", "v1/dns_lookup_host", b"\"a\""), "unknown namespace: net"),
            (("kubewarden", "oci", "v2/verify", b"{}"), "unknown operation: v2/verify"),
            (("kubewarden", "kubernetes", "can_i", b"{}"), "unknown operation: can_i"),
            (
                ("kubewarden", "oci", "v1/oci_manifest_config", b"{}"),
                "invalid type: map, expected a string at line 1 column 0",
            ),
            (
                ("kubewarden", "kubernetes", "get_resource", GET),
                "there is no cluster here to answer kubernetes/get_resource: \
                 replay a recorded session, or use kwctl with a cluster",
            ),
        ];
        for (call, text) in CASES {
            assert_refused(&Unconnected, *call, text);
        }
    }
}
