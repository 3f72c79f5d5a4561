//! What Kubewarden's controller makes of a policy: an entry of PolicyServer's `policies.yml`, and a webhook.
//!
//! The controller itself does not run here. Two things differ from what it writes: the webhook is called by an address
//! on the loopback interface instead of a Service, and each policy is asked only about the namespaces whose label `policy`
//! is the name of its file, so that many policies can be tried in one cluster.

use std::{path::Path, process::Command};

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The label of a namespace that says which policy is asked about it.
pub const LABEL: &str = "policy";

/// The module that a generated policy names; [`Policy::entry`] puts another one in its place.
const MODULE: &str = "registry://ghcr.io/toolforge/policies/registry-enforcer:v0.1.0";

/// A ClusterAdmissionPolicy or an AdmissionPolicy.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The name of its file, without the ending.
    pub name: String,
    /// The manifest.
    pub manifest: Value,
}

impl Policy {
    /// Reads the policies of a file.
    ///
    /// # Errors
    ///
    /// If it is not YAML.
    pub fn read(path: &Path) -> anyhow::Result<Vec<Self>> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(path, &text)
    }

    /// What `enforcer manifest` makes of a file of settings.
    ///
    /// # Errors
    ///
    /// If it fails, with what it says.
    pub fn generate(enforcer: &Path, settings: &Path) -> anyhow::Result<Vec<Self>> {
        let mut command = Command::new(enforcer);
        command.args(["manifest", "--module", MODULE, "--settings"]).arg(settings);
        let output = command.output().with_context(|| format!("cannot run {}", enforcer.display()))?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "enforcer manifest --settings {}: {said}", settings.display());
        Self::parse(settings, &String::from_utf8(output.stdout)?)
    }

    fn parse(path: &Path, text: &str) -> anyhow::Result<Vec<Self>> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let documents: Result<Vec<Value>, _> =
            yaml_serde::Deserializer::from_str(text).map(Value::deserialize).collect();
        let documents = documents.with_context(|| format!("{} is not YAML", path.display()))?;
        let is_policy =
            |document: &Value| matches!(document["kind"].as_str(), Some("ClusterAdmissionPolicy" | "AdmissionPolicy"));
        Ok(documents.into_iter().filter(is_policy).map(|manifest| Self { name: name.clone(), manifest }).collect())
    }

    fn namespace(&self) -> Option<&str> {
        self.manifest["metadata"]["namespace"].as_str()
    }

    /// The name that the controller gives to what belongs to the policy, of another name.
    fn unique_name(&self, name: &str) -> String {
        self.namespace()
            .map_or_else(|| format!("clusterwide-{name}"), |namespace| format!("namespaced-{namespace}-{name}"))
    }

    /// The name under which PolicyServer knows it.
    #[must_use]
    pub fn id(&self) -> String {
        self.unique_name(&self.name)
    }

    /// Its entry in `policies.yml`, with another module.
    #[must_use]
    pub fn entry(&self, module: &Path) -> Value {
        let spec = &self.manifest["spec"];
        let metadata = &self.manifest["metadata"];
        let mut entry = Map::new();
        entry.insert("namespacedName".into(), json!({"Namespace": metadata["namespace"], "Name": metadata["name"]}));
        entry.insert("module".into(), format!("file://{}", module.display()).into());
        entry.insert("policyMode".into(), spec.get("mode").cloned().unwrap_or_else(|| "protect".into()));
        entry.insert("allowedToMutate".into(), spec["mutating"].clone());
        entry.insert("hostCapabilities".into(), json!(["*"]));
        for key in ["contextAwareResources", "settings", "message", "timeoutEvalSeconds"] {
            if let Some(value) = spec.get(key) {
                entry.insert(key.into(), value.clone());
            }
        }
        Value::Object(entry)
    }

    /// The ValidatingWebhookConfiguration that makes the API server ask PolicyServer at this address.
    #[must_use]
    pub fn webhook(&self, address: &str, authority: &str) -> Value {
        let spec = &self.manifest["spec"];
        let name = self.manifest["metadata"]["name"].as_str().unwrap_or_default();
        let or = |key: &str, default: Value| spec.get(key).cloned().unwrap_or(default);
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": self.id(), "labels": {"app.kubernetes.io/part-of": "kubewarden"}},
            "webhooks": [{
                "name": format!("{}.kubewarden.admission", self.unique_name(name)),
                "clientConfig": {"url": format!("{address}/validate/{}", self.id()), "caBundle": authority},
                "rules": spec["rules"],
                "failurePolicy": or("failurePolicy", "Fail".into()),
                "matchPolicy": or("matchPolicy", "Equivalent".into()),
                "namespaceSelector": {"matchExpressions": self.namespaces()},
                "objectSelector": or("objectSelector", json!({})),
                "sideEffects": or("sideEffects", "None".into()),
                "timeoutSeconds": or("timeoutSeconds", 10.into()),
                "matchConditions": or("matchConditions", json!([])),
                "admissionReviewVersions": ["v1"],
            }],
        })
    }

    /// Which namespaces it is asked about: an AdmissionPolicy about its own.
    fn namespaces(&self) -> Value {
        if let Some(namespace) = self.namespace() {
            return json!([{"key": "kubernetes.io/metadata.name", "operator": "In", "values": [namespace]}]);
        }
        let mut expressions = vec![
            json!({"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kubewarden"]}),
            json!({"key": LABEL, "operator": "In", "values": [self.name]}),
        ];
        let own = self.manifest["spec"]["namespaceSelector"]["matchExpressions"].as_array();
        expressions.extend(own.into_iter().flatten().cloned());
        Value::Array(expressions)
    }
}
