//! What the speed of the policy is measured on: requests as an API server sends them, with settings as
//! operators write them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use engine::host::HostCalls;
use serde_json::{Value, json};

/// A Pod as its ReplicaSet's controller creates it.
const POD: &str = include_str!("../../data/pod.json");
const OUTSIDE: &str = "quay.io/wikidata/exports:2.1";
/// An end that no clock reaches.
const END: &str = "9999-12-31";

/// A request with settings, and what the host answers to the policy's questions.
pub struct Scenario {
    /// What it is called in a table and in the file of counts.
    pub name: &'static str,
    /// Whether the policy accepts it.
    pub accepted: bool,
    /// What the host sends.
    pub payload: Vec<u8>,
    answers: Arc<[Vec<u8>]>,
}

impl Scenario {
    fn new(name: &'static str, accepted: bool, request: &Value, settings: &Value) -> Self {
        // As a `Value`, whose keys are sorted: the bytes that PolicyServer would send.
        let payload = json!({"request": request, "settings": settings}).to_string().into_bytes();
        Self { name, accepted, payload, answers: Arc::default() }
    }

    fn answering(self, answers: &[Value]) -> Self {
        Self { answers: answers.iter().map(|answer| answer.to_string().into_bytes()).collect(), ..self }
    }

    /// A host for one call.
    #[must_use]
    pub fn host(&self) -> Arc<dyn HostCalls> {
        Arc::new(Answers { answers: self.answers.clone(), next: AtomicUsize::new(0) })
    }
}

/// Answers each call with the next answer.
struct Answers {
    answers: Arc<[Vec<u8>]>,
    next: AtomicUsize,
}

impl HostCalls for Answers {
    fn call(&self, _: &str, namespace: &str, operation: &str, _: &[u8]) -> Result<Vec<u8>, String> {
        let answer = self.answers.get(self.next.fetch_add(1, Ordering::Relaxed)).cloned();
        answer.ok_or_else(|| format!("this scenario has no answer to {namespace}/{operation}"))
    }
}

/// All scenarios, in the order of the table.
pub fn all() -> anyhow::Result<Vec<Scenario>> {
    let pod: Value = serde_json::from_str(POD).context("cannot read data/pod.json")?;
    let outside = with_image(&pod, OUTSIDE);
    let excepted =
        json!([{"name": "tool-*", "sunset_date": END, "registry_prefixes": ["quay.io"], "reason": "T302863"}]);
    let config_map = json!({"namespace": "registry-enforcer", "name": "byoc-allow-list"});
    let requirements = json!({"open_source": true, "max_age_days": 3_650_000, "registries": ["quay.io"]});
    let namespaces: Vec<String> = (0..10_000).map(|number| format!("tool-{number:05}")).collect();
    let prefixes: Vec<String> =
        (1..100).map(|number| format!("registry-{number}.example/team")).chain([approved()]).collect();
    let dated = json!([{"prefix": approved(), "sunset_date": END, "replaced_by": "docker-registry.svc.toolforge.org"}]);
    Ok(vec![
        Scenario::new("approved pod", true, &pod, &settings(&json!({}))),
        Scenario::new("approved until a date", true, &pod, &settings(&json!({"registry_prefixes": dated}))),
        Scenario::new("refused pod", false, &outside, &settings(&json!({}))),
        Scenario::new("exception in the settings", true, &outside, &settings(&json!({"allowed_namespaces": excepted}))),
        Scenario::new(
            "exception in the ConfigMap",
            true,
            &outside,
            &settings(&json!({"allow_list_config_map": config_map})),
        )
        .answering(&[json!({"data": {"tool-mix": END}})]),
        Scenario::new(
            "requirements",
            true,
            &outside,
            &settings(&json!({"allowed_namespaces": excepted, "byoc_requirements": requirements})),
        )
        .answering(&[description()]),
        Scenario::new("update of a Deployment", true, &deployment(&pod)?, &settings(&json!({}))),
        Scenario::new("120 containers", true, &with_containers(&pod, 120)?, &settings(&json!({}))),
        Scenario::new("object of 1 MB", true, &with_environment(&pod, 20_000), &settings(&json!({}))),
        Scenario::new("10,000 allowed namespaces", true, &pod, &settings(&json!({"allowed_namespaces": namespaces}))),
        Scenario::new("100 registry prefixes", true, &pod, &settings(&json!({"registry_prefixes": prefixes}))),
    ])
}

fn approved() -> String {
    "docker-registry.tools.wmflabs.org".to_owned()
}

/// Settings that approve Toolforge's registries, with some more or others.
fn settings(more: &Value) -> Value {
    let mut settings = json!({
        "registry_prefixes": [approved(), "tools-harbor.wmcloud.org/toolforge", "tools-harbor.wmcloud.org/{namespace}"],
        "exempt_namespaces": ["kube-system"],
        "sunset_date": END,
        "denied_tags": ["*-rc*"],
        "help": "Ask for an exception: https://phabricator.wikimedia.org/tag/toolforge/",
    });
    let more = more.as_object().into_iter().flatten();
    more.for_each(|(key, value)| settings[key] = value.clone());
    settings
}

fn with_image(pod: &Value, image: &str) -> Value {
    let mut pod = pod.clone();
    pod["object"]["spec"]["containers"][0]["image"] = json!(image);
    pod
}

fn with_containers(pod: &Value, number: usize) -> anyhow::Result<Value> {
    let mut pod = pod.clone();
    let containers = pod.pointer_mut("/object/spec/containers").context("data/pod.json has no containers")?;
    let container = |index| {
        let mut container = containers[0].clone();
        container["name"] = json!(format!("web-{index}"));
        container
    };
    *containers = (0..number).map(container).collect();
    Ok(pod)
}

fn with_environment(pod: &Value, number: usize) -> Value {
    let mut pod = pod.clone();
    let variable = |index| json!({"name": format!("VARIABLE_{index}"), "value": "one of very many"});
    pod["object"]["spec"]["containers"][0]["env"] = (0..number).map(variable).collect();
    pod
}

/// A Deployment that is scaled, applied by kubectl, which writes the object as a text into an annotation.
fn deployment(pod: &Value) -> anyhow::Result<Value> {
    let pod_metadata = pod.pointer("/object/metadata").context("data/pod.json has no metadata")?;
    let scaled = |replicas: u32| {
        let spec = json!({
            "replicas": replicas,
            "selector": {"matchLabels": {"name": "mix"}},
            "template": {"metadata": {"labels": pod_metadata["labels"]}, "spec": pod["object"]["spec"]},
        });
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {
                "name": "web",
                "namespace": "tool-mix",
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": spec.to_string()},
                "managedFields": pod_metadata["managedFields"],
            },
            "spec": spec,
            "status": {"replicas": replicas, "readyReplicas": replicas},
        })
    };
    let mut request = pod.clone();
    let fields = [
        ("kind", json!({"group": "apps", "version": "v1", "kind": "Deployment"})),
        ("resource", json!({"group": "apps", "version": "v1", "resource": "deployments"})),
        ("name", json!("web")),
        ("operation", json!("UPDATE")),
        ("object", scaled(3)),
        ("oldObject", scaled(1)),
    ];
    fields.into_iter().for_each(|(field, value)| request[field] = value);
    Ok(request)
}

/// What the host says of an image that meets the requirements.
fn description() -> Value {
    let digest = |digit: &str| format!("sha256:{}", digit.repeat(64));
    let layer =
        |digit| json!({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest(digit), "size": 1});
    json!({
        "digest": digest("a"),
        "manifest": {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest("b"), "size": 2},
            "layers": [layer("1"), layer("2"), layer("3")],
        },
        "config": {
            "architecture": "amd64",
            "os": "linux",
            "created": "2026-08-01T12:00:00Z",
            "config": {
                "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                "Labels": {
                    "org.opencontainers.image.licenses": "Apache-2.0",
                    "org.opencontainers.image.source": "https://gitlab.wikimedia.org/toolforge-repos/mix",
                },
            },
            "rootfs": {"type": "layers", "diff_ids": [digest("1"), digest("2"), digest("3")]},
        },
    })
}
