//! The head of an object: what it is, what made it, whether it still asks for anything.
//!
//! The objects are those of every controller that a cluster has, so no part of one is sure to have the form that
//! Kubernetes' own kinds have. What cannot be read here counts as not there: the policy judges the images, and says
//! where it cannot.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// The parts of an object that say what it is.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head<'a> {
    #[serde(borrow, default)]
    api_version: Option<&'a RawValue>,
    #[serde(borrow, default)]
    kind: Option<&'a RawValue>,
    #[serde(borrow, default)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    spec: Option<&'a RawValue>,
    #[serde(borrow, default)]
    status: Option<&'a RawValue>,
}

/// The parts of ObjectMeta (Kubernetes API, meta/v1) that name an object and what made it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    #[serde(borrow, default)]
    namespace: Option<&'a RawValue>,
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    labels: Option<&'a RawValue>,
    #[serde(borrow, default)]
    owner_references: Option<&'a RawValue>,
}

/// What an object is called.
#[derive(Debug, Default)]
pub struct Names<'a> {
    pub namespace: Option<String>,
    pub name: String,
    labels: Option<&'a RawValue>,
    owner_references: Option<&'a RawValue>,
}

/// What made an object.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnerReference {
    #[serde(default)]
    pub api_version: String,
    pub kind: String,
    pub name: String,
    #[serde(default)]
    controller: Option<bool>,
}

#[derive(Default, Deserialize)]
struct Replicas {
    replicas: Option<i64>,
}

#[derive(Default, Deserialize)]
struct PodStatus {
    phase: Option<String>,
}

#[derive(Default, Deserialize)]
struct JobStatus {
    #[serde(default)]
    conditions: Option<Vec<Condition>>,
}

#[derive(Deserialize)]
struct Condition {
    r#type: String,
    status: String,
}

impl<'a> Head<'a> {
    /// Reads the head of an object; what is not an object has an empty one.
    pub fn read(object: &'a RawValue) -> Self {
        read(Some(object)).unwrap_or_default()
    }

    /// The object's own `apiVersion` and `kind`, which the objects of a typed list leave out.
    pub fn own_kind(&self) -> Option<(String, String)> {
        read(self.api_version).zip(read(self.kind))
    }

    /// What the object is called.
    pub fn names(&self) -> Names<'a> {
        let metadata: Metadata<'a> = read(self.metadata).unwrap_or_default();
        let Metadata { namespace, name, labels, owner_references } = metadata;
        let (namespace, name) = (read(namespace), read(name).unwrap_or_default());
        Names { namespace, name, labels, owner_references }
    }

    /// Whether the object has run its course: a pod or a Job that has finished, or what another controller keeps, at
    /// no replicas, to go back to: the old ReplicaSets of a Deployment or a Rollout, the old ReplicationControllers
    /// of a DeploymentConfig.
    pub fn has_ended(&self, group: &str, kind: &str, names: &Names<'_>) -> bool {
        match (group, kind) {
            ("", "Pod") => {
                let status: PodStatus = read(self.status).unwrap_or_default();
                matches!(status.phase.as_deref(), Some("Succeeded" | "Failed"))
            }
            ("batch", "Job") => {
                let status: JobStatus = read(self.status).unwrap_or_default();
                let is_end = |condition: &Condition| {
                    condition.status == "True" && matches!(&*condition.r#type, "Complete" | "Failed")
                };
                status.conditions.iter().flatten().any(is_end)
            }
            ("apps", "ReplicaSet") | ("", "ReplicationController") => {
                let spec: Replicas = read(self.spec).unwrap_or_default();
                spec.replicas == Some(0) && names.controller().is_some()
            }
            _ => false,
        }
    }
}

impl<'a> Names<'a> {
    /// What made the object and keeps it as it is. A node "makes" the mirrors of its static pods, but runs
    /// them without asking anybody.
    pub fn controller(&self) -> Option<OwnerReference> {
        let owners: Vec<OwnerReference> = read(self.owner_references).unwrap_or_default();
        owners.into_iter().find(|owner| owner.controller == Some(true) && owner.kind != "Node")
    }

    /// The Deployment that made the ReplicaSet of this name, as far as the pod tells: the Deployment's name
    /// and the label `pod-template-hash` are what the ReplicaSet's name is made of.
    pub fn deployment_of(&self, replica_set: &str) -> Option<String> {
        #[derive(Deserialize)]
        struct Labels {
            #[serde(rename = "pod-template-hash")]
            pod_template_hash: String,
        }
        let labels: Labels = read(self.labels)?;
        replica_set.strip_suffix(&labels.pod_template_hash)?.strip_suffix('-').map(str::to_owned)
    }

    /// The labels, where each of them is a string.
    pub fn labels(&self) -> BTreeMap<String, String> {
        read(self.labels).unwrap_or_default()
    }
}

/// A part of an object, where it is there and has the form that is expected of it.
fn read<'a, T: Deserialize<'a>>(json: Option<&'a RawValue>) -> Option<T> {
    json.and_then(|json| serde_json::from_str(json.get()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).expect(json)
    }

    const OWNED: &str = r#""metadata": {"ownerReferences": [{"kind": "Owner", "name": "web", "controller": true}]}"#;

    #[track_caller]
    fn check_ended(group: &str, kind: &str, json: &str, expected: bool) {
        let object = raw(json);
        let head = Head::read(&object);
        assert_eq!(head.has_ended(group, kind, &head.names()), expected, "{group} {kind} {json}");
    }

    #[test]
    fn tells_what_has_ended() {
        const CASES: &[(&str, &str, &str, bool)] = &[
            ("", "Pod", r#"{"status": {"phase": "Running"}}"#, false),
            ("", "Pod", r#"{"status": {"phase": "Succeeded"}}"#, true),
            ("", "Pod", r#"{"status": {"phase": "Failed"}}"#, true),
            ("", "Pod", "{}", false),
            ("", "Pod", r#"{"status": 1}"#, false),
            ("example.org", "Pod", r#"{"status": {"phase": "Failed"}}"#, false),
            ("batch", "Job", r#"{"status": {"conditions": [{"type": "Suspended", "status": "True"}]}}"#, false),
            ("batch", "Job", r#"{"status": {"conditions": [{"type": "Complete", "status": "True"}]}}"#, true),
            ("batch", "Job", r#"{"status": {"conditions": [{"type": "Failed", "status": "False"}]}}"#, false),
            ("batch", "Job", r#"{"status": null}"#, false),
            // The Job of Volcano has conditions without a type.
            ("batch.volcano.sh", "Job", r#"{"status": {"conditions": [{"status": "Running"}]}}"#, false),
            ("batch.volcano.sh", "Job", r#"{"status": {"conditions": [{"type": "Failed", "status": "True"}]}}"#, false),
            ("apps", "ReplicaSet", r#"{"spec": {"replicas": 0}}"#, false),
            ("apps", "Deployment", r#"{"spec": {"replicas": 0}}"#, false),
        ];
        for &(group, kind, json, expected) in CASES {
            check_ended(group, kind, json, expected);
        }
    }

    #[test]
    fn leaves_out_what_a_controller_keeps_at_no_replicas() {
        for (group, kind) in [("apps", "ReplicaSet"), ("", "ReplicationController")] {
            check_ended(group, kind, &format!(r#"{{{OWNED}, "spec": {{"replicas": 0}}}}"#), true);
            check_ended(group, kind, &format!(r#"{{{OWNED}, "spec": {{"replicas": 1}}}}"#), false);
        }
    }

    #[test]
    fn finds_the_controller() {
        const CASES: &[(&str, Option<&str>)] = &[
            ("[]", None),
            ("null", None),
            ("5", None),
            (r#"[{"kind": "ReplicaSet", "name": "web-1"}]"#, None),
            (
                r#"[{"kind": "Tool", "name": "t"}, {"kind": "ReplicaSet", "name": "web-1", "controller": true}]"#,
                Some("web-1"),
            ),
            (r#"[{"kind": "Node", "name": "worker-1", "controller": true}]"#, None),
        ];
        for &(owners, expected) in CASES {
            let object = raw(&format!(r#"{{"metadata": {{"ownerReferences": {owners}}}}}"#));
            let names = Head::read(&object).names();
            assert_eq!(names.controller().as_ref().map(|owner| owner.name.as_str()), expected, "{owners}");
        }
    }

    #[test]
    fn finds_the_deployment_in_the_name_of_a_replica_set() {
        let object = raw(r#"{"metadata": {"labels": {"pod-template-hash": "6d4cf56db6"}}}"#);
        let names = Head::read(&object).names();
        const CASES: &[(&str, Option<&str>)] = &[
            ("web-6d4cf56db6", Some("web")),
            ("web-front-6d4cf56db6", Some("web-front")),
            ("web6d4cf56db6", None),
            ("web-0000000000", None),
        ];
        for &(replica_set, expected) in CASES {
            assert_eq!(names.deployment_of(replica_set).as_deref(), expected, "{replica_set}");
        }
    }

    #[test]
    fn reads_what_it_can_of_odd_objects() {
        for json in
            ["5", "[]", r#"{"metadata": 5}"#, r#"{"metadata": {"name": 5, "labels": [], "ownerReferences": {}}}"#]
        {
            let object = raw(json);
            let head = Head::read(&object);
            let names = head.names();
            assert!(head.own_kind().is_none() && names.controller().is_none(), "{json}");
            assert_eq!((names.name.as_str(), names.labels().len()), ("", 0), "{json}");
        }
    }
}
