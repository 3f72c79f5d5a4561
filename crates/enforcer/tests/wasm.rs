//! The report says of every image what the policy's wasm says of it.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use engine::host::HostCalls;
use engine::policy::Policy;
use serde_json::{Value, json};

/// Ends that do not move past the clock, which is the wasm's own.
const SETTINGS: &str = r#"{
    "registry_prefixes": ["docker-registry.tools.wmflabs.org", "tools-harbor.wmcloud.org/{namespace}"],
    "allowed_namespaces": [
        {"name": "tool-mix", "sunset_date": "2999-12-31"},
        {"name": "tool-wikidata-*", "sunset_date": "2024-01-31", "registry_prefixes": ["quay.io/wikidata"]}
    ],
    "allow_list_config_map": {"namespace": "registry-enforcer", "name": "byoc-allow-list"},
    "denied_tags": ["latest"],
    "byoc_requirements": {"registries": ["quay.io", "docker.io"]}
}"#;

/// The cluster: the ConfigMap of the sample.
struct AllowList(Value);

impl HostCalls for AllowList {
    fn call(&self, _: &str, _: &str, operation: &str, _: &[u8]) -> Result<Vec<u8>, String> {
        assert_eq!(operation, "get_resource");
        Ok(self.0.to_string().into_bytes())
    }
}

fn policy() -> Policy {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let built = || {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |path| root.join(path));
        target.join("wasm32-wasip1/wasm/registry_enforcer.wasm")
    };
    let path = std::env::var_os("POLICY_WASM").map_or_else(built, PathBuf::from);
    let wasm = std::fs::read(&path)
        .unwrap_or_else(|cause| panic!("{}: {cause}: run `make policy.wasm` first", path.display()));
    Policy::load(&wasm).unwrap()
}

fn rows() -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("settings.json");
    std::fs::write(&settings, SETTINGS).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_enforcer"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["report", "--all", "--output", "json", "--allow-list", "tests/data/allow-list.yaml", "--settings"])
        .args([settings.as_os_str(), "tests/data/cluster.json".as_ref()])
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The pod that a row would need: one container or volume with its image.
fn request(row: &Value) -> Value {
    let (list, name) = row["place"].as_str().unwrap().trim_end_matches(']').split_once('[').unwrap();
    let element = match list {
        "volumes" => json!({"name": name, "image": {"reference": row["image"]}}),
        _ => json!({"name": name, "image": row["image"]}),
    };
    json!({
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "namespace": row["namespace"],
        "name": "p",
        "operation": "CREATE",
        "object": {"spec": {list: [element]}},
    })
}

#[test]
fn says_what_the_wasm_says() {
    let (policy, settings) = (policy(), serde_json::from_str::<Value>(SETTINGS).unwrap());
    let yaml = include_str!("data/allow-list.yaml");
    let allow_list: Arc<dyn HostCalls> = Arc::new(AllowList(yaml_serde::from_str(yaml).unwrap()));
    let mut verdicts = std::collections::BTreeMap::<String, usize>::new();
    for row in rows() {
        let payload = json!({"request": request(&row), "settings": settings}).to_string();
        let answer = policy.call("validate", payload.as_bytes(), allow_list.clone()).unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let verdict = row["verdict"].as_str().unwrap();
        let said = answer["message"].as_str().and_then(|message| message.lines().nth(1));
        let expected = (verdict == "refused").then(|| format!("- {}", row["message"].as_str().unwrap()));
        assert_eq!(said, expected.as_deref(), "{row}");
        // What rests on an exception, and nothing else that is accepted, is annotated.
        let ends = answer["audit_annotations"]["ends"].as_str().filter(|_| verdict == "exception");
        assert_eq!(ends, row["ends"].as_str().filter(|_| verdict == "exception"), "{row}");
        *verdicts.entry(verdict.to_owned()).or_default() += 1;
    }
    assert_eq!(verdicts.into_keys().collect::<Vec<_>>(), ["approved", "exception", "refused"]);
}
