//! What a policy was granted: the host capabilities it may use, and the Kubernetes resources it may read.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::capabilities::Capabilities;
use crate::host::{HostCalls, HostRequest};
use crate::metadata::ContextAwareResource;

/// Lets through only the calls that a policy was granted.
pub struct Granted {
    capabilities: Capabilities,
    resources: BTreeSet<ContextAwareResource>,
    host: Arc<dyn HostCalls>,
}

impl Granted {
    /// Puts `host` behind both lists.
    pub fn new(
        capabilities: Capabilities,
        resources: BTreeSet<ContextAwareResource>,
        host: Arc<dyn HostCalls>,
    ) -> Self {
        Self { capabilities, resources, host }
    }

    fn may_use(&self, capability: &str) -> Result<(), String> {
        if self.capabilities.allow(capability) {
            return Ok(());
        }
        Err(format!(
            "Policy has not been granted access to the '{capability}' host capability. \
             The violation has been reported."
        ))
    }

    fn may_ask(&self, request: &HostRequest) -> Result<(), String> {
        let HostRequest::KubernetesGetResource { api_version, kind, .. } = request else {
            return Ok(());
        };
        let granted = |resource: &ContextAwareResource| resource.api_version == *api_version && resource.kind == *kind;
        if self.resources.iter().any(granted) {
            return Ok(());
        }
        Err(format!(
            "Policy has not been granted access to Kubernetes {api_version}/{kind} resources. \
             The violation has been reported."
        ))
    }
}

impl HostCalls for Granted {
    fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        self.may_use(&format!("{namespace}/{operation}"))?;
        self.may_ask(&HostRequest::decode(binding, namespace, operation, payload)?)?;
        self.host.call(binding, namespace, operation, payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::NoHostCalls;

    const GET: &[u8] = br#"{"api_version":"v1","kind":"ConfigMap","name":"byoc","namespace":"admin",
        "disable_cache":false,"field_masks":["data.tool-a"]}"#;

    /// The error of a policy with these grants that asks for a ConfigMap, where nothing answers.
    fn error_of(patterns: &[&str], kind: &str) -> (String, usize) {
        let capabilities = Capabilities::from_patterns(patterns).unwrap();
        let resource = ContextAwareResource { api_version: "v1".to_owned(), kind: kind.to_owned() };
        let counting = Arc::new(NoHostCalls::default());
        let granted = Granted::new(capabilities, [resource].into(), counting.clone());
        let error = granted.call("kubewarden", "kubernetes", "get_resource", GET).unwrap_err();
        (error, counting.calls())
    }

    #[test]
    fn grants_only_what_both_lists_allow() {
        const CAPABILITY: &str = "the 'kubernetes/get_resource' host capability";
        const RESOURCE: &str = "Kubernetes v1/ConfigMap resources";
        const CASES: &[(&[&str], &str, &str, usize)] = &[
            (&["kubernetes/*"], "Secret", RESOURCE, 0),
            (&["oci/*"], "ConfigMap", CAPABILITY, 0),
            // Both allow it: this is the answer of the host behind them.
            (&["kubernetes/get_resource"], "ConfigMap", CAPABILITY, 1),
        ];
        for (patterns, kind, missing, calls) in CASES {
            let text = format!("Policy has not been granted access to {missing}. The violation has been reported.");
            assert_eq!(error_of(patterns, kind), (text, *calls), "{patterns:?} {kind}");
        }
    }
}
