//! What the policy asks of its host is what metadata.yml declares: an operator grants that, and nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use engine::metadata::{ContextAwareResource, Metadata};
use serde_json::{Value, json};

use crate::call::{payload, policy, wasm};
use crate::host::Host;
use crate::objects::{pod, with};

/// Settings that leave each question open which the policy has for its host: the entry in the ConfigMap, and what an
/// image brings.
fn asking_everything() -> [Value; 2] {
    let config_map = json!({"namespace": "registry-enforcer", "name": "byoc-allow-list"});
    let requirements = json!({"open_source": true, "max_age_days": 180, "pinned_digest": false,
        "registries": ["quay.io"], "base_images": ["reg.example/base:1"]});
    [
        with(json!({"allow_list_config_map": config_map})),
        with(json!({"allowed_namespaces": ["tool-mix"], "byoc_requirements": requirements})),
    ]
}

/// The host calls, each as binding, `namespace/operation` and payload.
fn asked() -> Vec<(String, String, String)> {
    let mut asked = Vec::new();
    for settings in asking_everything() {
        let host = Host::silent();
        let calling = Arc::clone(&host);
        policy().call("validate", payload(&pod("quay.io/x/y:1"), &settings).as_bytes(), calling).unwrap();
        for call in host.asked() {
            let mut parts = call.splitn(3, ' ').map(str::to_owned);
            asked.push((parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap()));
        }
    }
    asked
}

#[test]
fn the_metadata_declares_what_the_policy_asks_its_host() {
    let metadata = Metadata::from_wasm(&wasm()).unwrap().expect("the wasm is annotated");
    let asked = asked();
    assert!(asked.iter().all(|(binding, ..)| binding == "kubewarden"), "{asked:?}");
    let capabilities: BTreeSet<String> = asked.iter().map(|(_, capability, _)| capability.clone()).collect();
    assert_eq!(Some(capabilities), metadata.host_capabilities);

    let resource = |(_, capability, payload): &(String, String, String)| {
        let get: Value = (capability == "kubernetes/get_resource").then(|| serde_json::from_str(payload).unwrap())?;
        let text = |field: &str| get[field].as_str().unwrap_or_default().to_owned();
        Some(ContextAwareResource { api_version: text("api_version"), kind: text("kind") })
    };
    let resources: BTreeSet<ContextAwareResource> = asked.iter().filter_map(resource).collect();
    assert_eq!(resources, metadata.context_aware_resources);
}
