//! Answers what the policy asks about images from their registries, as PolicyServer does.

use std::time::Duration;

use anyhow::Context;
use oci_client::Reference;
use oci_client::manifest::OciImageManifest;
use serde::Serialize;
use serde_json::Value;

use crate::host::{HostCalls, HostRequest, Unconnected};
use crate::registry::Connection;

/// How long the registry of one image may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The registries that the images name; what is asked of the cluster stays unanswered.
///
/// It keeps nothing: PolicyServer would answer from its cache for 60 seconds.
#[derive(Debug)]
pub struct LiveRegistry {
    timeout: Duration,
}

impl Default for LiveRegistry {
    fn default() -> Self {
        Self::with_timeout(TIMEOUT)
    }
}

/// What [`kubewarden_policy_sdk::host_capabilities::oci::OciManifestAndConfigResponse`] reads in the guest.
///
/// The host passes the config on as it found it, so that a guest meets what no type describes.
#[derive(Serialize)]
struct ManifestAndConfig {
    manifest: OciImageManifest,
    digest: String,
    config: Value,
}

impl LiveRegistry {
    /// Gives each image's registry that long.
    pub fn with_timeout(timeout: Duration) -> Self {
        Self { timeout }
    }

    /// Of an image for several platforms it is the one of this machine, as in PolicyServer.
    fn manifest_and_config(&self, image: &str) -> anyhow::Result<Vec<u8>> {
        let connection = Connection::open(Reference::try_from(image)?, false)?;
        let call = connection.client().pull_manifest_and_config(connection.reference(), connection.auth());
        let (manifest, digest, config) = connection.wait(self.timeout, call).map_err(|failure| {
            // As the host says it: what failed in the first line, its causes below.
            let text = format!("Fail to interact with OCI registry: {failure}");
            anyhow::Error::new(failure).context(text)
        })?;
        let config = serde_json::from_str(&config)?;
        serde_json::to_vec(&ManifestAndConfig { manifest, digest, config }).context("error serializing payload")
    }
}

impl HostCalls for LiveRegistry {
    fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        match HostRequest::decode(binding, namespace, operation, payload)? {
            HostRequest::OciManifestAndConfig { image } => {
                self.manifest_and_config(&image).map_err(|error| format!("Callback evaluation failure: {error:?}"))
            }
            HostRequest::KubernetesGetResource { .. } => Unconnected.call(binding, namespace, operation, payload),
        }
    }
}
