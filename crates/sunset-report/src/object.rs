//! The head of an object: what it is, what made it, whether it still asks for anything.

use anyhow::Context;
use registry_enforcer::text::Text;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The parts of an object that say what it is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head<'a> {
    #[serde(borrow, default)]
    pub api_version: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub metadata: Metadata<'a>,
    /// Its shape is the kind's.
    #[serde(borrow, default)]
    spec: Option<&'a RawValue>,
    #[serde(borrow, default)]
    status: Option<&'a RawValue>,
}

/// The parts of ObjectMeta (Kubernetes API, meta/v1) that name an object and what made it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata<'a> {
    #[serde(borrow, default)]
    pub namespace: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub name: Text<'a>,
    #[serde(borrow, default)]
    labels: Option<Labels<'a>>,
    #[serde(borrow, default)]
    owner_references: Option<Vec<OwnerReference<'a>>>,
}

#[derive(Debug, Deserialize)]
struct Labels<'a> {
    #[serde(borrow, default, rename = "pod-template-hash")]
    pod_template_hash: Option<Text<'a>>,
}

/// What made an object.
#[derive(Debug, Deserialize)]
pub struct OwnerReference<'a> {
    #[serde(borrow)]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub name: Text<'a>,
    #[serde(default)]
    controller: Option<bool>,
}

#[derive(Default, Deserialize)]
struct ReplicaSetSpec {
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
    /// Reads the head of an object.
    pub fn parse(object: &'a RawValue) -> anyhow::Result<Self> {
        serde_json::from_str(object.get()).context("is no object of Kubernetes")
    }

    /// What made the object and keeps it as it is. A node "makes" the mirrors of its static pods, but runs
    /// them without asking anybody.
    pub fn controller(&self) -> Option<&OwnerReference<'a>> {
        let owners = self.metadata.owner_references.iter().flatten();
        owners.into_iter().find(|owner| owner.controller == Some(true) && &*owner.kind != "Node")
    }

    /// The Deployment that made the ReplicaSet of this name, as far as the pod tells: the Deployment's name
    /// and the label `pod-template-hash` are what the ReplicaSet's name is made of.
    pub fn deployment_of(&self, replica_set: &str) -> Option<String> {
        let hash = self.metadata.labels.as_ref()?.pod_template_hash.as_deref()?;
        replica_set.strip_suffix(hash)?.strip_suffix('-').map(str::to_owned)
    }

    /// Whether the object has run its course: a pod or a Job that has finished, or a ReplicaSet that its
    /// Deployment keeps, at no replicas, to go back to.
    pub fn has_ended(&self, kind: &str) -> anyhow::Result<bool> {
        Ok(match kind {
            "Pod" => {
                let status: PodStatus = part(self.status).context("status")?;
                matches!(status.phase.as_deref(), Some("Succeeded" | "Failed"))
            }
            "Job" => {
                let status: JobStatus = part(self.status).context("status")?;
                let is_end = |condition: &Condition| {
                    condition.status == "True" && matches!(&*condition.r#type, "Complete" | "Failed")
                };
                status.conditions.iter().flatten().any(is_end)
            }
            "ReplicaSet" if self.controller().is_some() => {
                let spec: ReplicaSetSpec = part(self.spec).context("spec")?;
                spec.replicas == Some(0)
            }
            _ => false,
        })
    }
}

fn part<'a, T: Default + Deserialize<'a>>(json: Option<&'a RawValue>) -> serde_json::Result<T> {
    let part: Option<T> = json.map(|json| serde_json::from_str(json.get())).transpose()?.flatten();
    Ok(part.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).expect(json)
    }

    #[test]
    fn tells_what_has_ended() {
        const CASES: &[(&str, &str, bool)] = &[
            ("Pod", r#"{"status": {"phase": "Running"}}"#, false),
            ("Pod", r#"{"status": {"phase": "Succeeded"}}"#, true),
            ("Pod", r#"{"status": {"phase": "Failed"}}"#, true),
            ("Pod", "{}", false),
            ("Job", r#"{"status": {"conditions": [{"type": "Suspended", "status": "True"}]}}"#, false),
            ("Job", r#"{"status": {"conditions": [{"type": "Complete", "status": "True"}]}}"#, true),
            ("Job", r#"{"status": {"conditions": [{"type": "Failed", "status": "False"}]}}"#, false),
            ("Job", r#"{"status": null}"#, false),
            ("ReplicaSet", r#"{"spec": {"replicas": 0}}"#, false),
            ("Deployment", r#"{"spec": {"replicas": 0}}"#, false),
            (
                "ReplicaSet",
                r#"{"metadata": {"ownerReferences": [{"kind": "Deployment", "name": "web", "controller": true}]}, "spec": {"replicas": 0}}"#,
                true,
            ),
        ];
        for &(kind, json, expected) in CASES {
            let object = raw(json);
            let head = Head::parse(&object).expect(json);
            assert_eq!(head.has_ended(kind).expect(json), expected, "{kind} {json}");
        }
    }

    #[test]
    fn finds_the_controller() {
        const CASES: &[(&str, Option<&str>)] = &[
            ("[]", None),
            ("null", None),
            (r#"[{"kind": "ReplicaSet", "name": "web-1"}]"#, None),
            (
                r#"[{"kind": "Tool", "name": "t"}, {"kind": "ReplicaSet", "name": "web-1", "controller": true}]"#,
                Some("web-1"),
            ),
            (r#"[{"kind": "Node", "name": "worker-1", "controller": true}]"#, None),
        ];
        for &(owners, expected) in CASES {
            let object = raw(&format!(r#"{{"metadata": {{"ownerReferences": {owners}}}}}"#));
            let head = Head::parse(&object).expect(owners);
            assert_eq!(head.controller().map(|owner| &*owner.name), expected, "{owners}");
        }
    }

    #[test]
    fn finds_the_deployment_in_the_name_of_a_replica_set() {
        let object = raw(r#"{"metadata": {"labels": {"pod-template-hash": "6d4cf56db6"}}}"#);
        let head = Head::parse(&object).expect("a head");
        const CASES: &[(&str, Option<&str>)] = &[
            ("web-6d4cf56db6", Some("web")),
            ("web-front-6d4cf56db6", Some("web-front")),
            ("web6d4cf56db6", None),
            ("web-0000000000", None),
        ];
        for &(replica_set, expected) in CASES {
            assert_eq!(head.deployment_of(replica_set).as_deref(), expected, "{replica_set}");
        }
    }
}
