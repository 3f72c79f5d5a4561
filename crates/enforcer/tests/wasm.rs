//! The report says of every image what the policy's wasm says of it.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use engine::host::HostCalls;
use engine::policy::Policy;
use serde_json::{Value, json};

/// Ends that do not move past the clock, which is the wasm's own.
const SETTINGS: &str = r#"{
    "registry_prefixes": [
        "docker-registry.svc.toolforge.org",
        "tools-harbor.wmcloud.org/{namespace}",
        {
            "prefix": "docker-registry.tools.wmflabs.org",
            "sunset_date": "2999-12-31",
            "replaced_by": "docker-registry.svc.toolforge.org",
            "reason": "T394902"
        },
        {"prefix": "docker.io/feeds", "sunset_date": "2024-01-31", "replaced_by": "docker-registry.svc.toolforge.org/feeds"}
    ],
    "denied_images": [
        {"prefix": "quay.io/mix/web:2.1", "sunset_date": "2998-12-31"},
        {"prefix": "quay.io/mix/web:2.1", "sunset_date": "2999-01-31"},
        {
            "prefix": "docker.io/none/bot",
            "sunset_date": "2024-01-31",
            "replaced_by": "docker-registry.svc.toolforge.org/bot",
            "reason": "no longer maintained"
        }
    ],
    "mirrors": [{"prefix": "quay.io/typo", "replaced_by": "docker-registry.svc.toolforge.org/typo"}],
    "warn_before_days": 1000000,
    "allowed_namespaces": [
        {"name": "tool-mix", "sunset_date": "2999-06-30"},
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

/// What the wasm says that one should use, in a refusal or in a warning, is what the report says.
#[track_caller]
fn check_use(row: &Value, answer: &Value) {
    let warnings = answer["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut texts = warnings.chain(answer["message"].as_str());
    let said =
        texts.find_map(|text| text.split_once("; use ")).map(|(_, rest)| rest.split([' ', '\n']).next().unwrap());
    assert_eq!(said, row["use"].as_str(), "{row} {answer}");
}

#[test]
fn says_what_the_wasm_says() {
    let (policy, settings) = (policy(), serde_json::from_str::<Value>(SETTINGS).unwrap());
    let yaml = include_str!("data/allow-list.yaml");
    let allow_list: Arc<dyn HostCalls> = Arc::new(AllowList(yaml_serde::from_str(yaml).unwrap()));
    let mut verdicts = std::collections::BTreeSet::new();
    for row in rows() {
        let payload = json!({"request": request(&row), "settings": settings}).to_string();
        let answer = policy.call("validate", payload.as_bytes(), allow_list.clone()).unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let verdict = row["verdict"].as_str().unwrap();
        let said = answer["message"].as_str().and_then(|message| message.lines().nth(1));
        let expected = (verdict == "refused").then(|| format!("- {}", row["message"].as_str().unwrap()));
        assert_eq!(said, expected.as_deref(), "{row}");
        // What rests on an exception or on what ends, and nothing else that is accepted, is annotated.
        let ends = answer["audit_annotations"]["ends"].as_str().filter(|_| verdict != "refused");
        let first = ends.and_then(|ends| ends.split(", ").min());
        assert_eq!(first, row["ends"].as_str().filter(|_| verdict != "refused"), "{row}");
        check_use(&row, &answer);
        let dated = if row["ends"].is_null() { "never" } else { "dated" };
        verdicts.insert(format!("{verdict} {dated}"));
    }
    let all = ["approved dated", "approved never", "exception dated", "refused dated", "refused never"];
    assert_eq!(verdicts.into_iter().collect::<Vec<_>>(), all);
}

/// The kinds that have a pod spec, each with the API version and the way to the spec; the last one is described in
/// `custom_kinds`.
const KINDS: &[(&str, &str, &str)] = &[
    ("v1", "Pod", "/spec"),
    ("v1", "PodTemplate", "/template/spec"),
    ("v1", "ReplicationController", "/spec/template/spec"),
    ("apps/v1", "Deployment", "/spec/template/spec"),
    ("apps/v1", "ReplicaSet", "/spec/template/spec"),
    ("apps/v1", "StatefulSet", "/spec/template/spec"),
    ("apps/v1", "DaemonSet", "/spec/template/spec"),
    ("batch/v1", "Job", "/spec/template/spec"),
    ("batch/v1", "CronJob", "/spec/jobTemplate/spec/template/spec"),
    ("argoproj.io/v1alpha1", "Rollout", "/spec/template/spec"),
];
const IMAGES: &[&str] = &[
    "docker-registry.tools.wmflabs.org/a:1",
    "docker-registry.tools.wmflabs.org/a:latest",
    "tools-harbor.wmcloud.org/tool-mix/a:1",
    "nginx",
    "nginx:1.27",
    "quay.io/wikidata/x:2",
    "ghcr.io/x/y:1",
    "docker.io/x@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "UPPER/x",
    "a//b",
    "\u{430}.example/x",
    "",
];
const NAMESPACES: &[&str] =
    &["tool-mix", "tool-wikidata-query", "tool-wikidata-edit", "tool-feeds", "tool-typo", "tool-none", "kube-system"];

/// An object of a kind with some images.
fn generated(number: usize) -> Value {
    let (api_version, kind, path) = KINDS[number % KINDS.len()];
    let image = |step: usize| IMAGES[(number * step + number / KINDS.len()) % IMAGES.len()];
    let mut spec = json!({
        "containers": [{"name": "a", "image": image(1)}, {"name": "b", "image": image(5)}],
        "initContainers": [{"name": "i", "image": image(7)}],
        "volumes": [{"name": "v", "image": {"reference": image(11)}}, {"name": "e", "emptyDir": {}}],
    });
    if number.is_multiple_of(17) {
        spec["containers"] = json!(3);
    }
    for field in path.split('/').skip(1).collect::<Vec<_>>().into_iter().rev() {
        spec = json!({field: spec});
    }
    spec["apiVersion"] = json!(api_version);
    spec["kind"] = json!(kind);
    spec["metadata"] = json!({"name": format!("o{number}"), "namespace": NAMESPACES[number % NAMESPACES.len()]});
    spec
}

const HUB: &str = "docker-registry.svc.toolforge.org/hub";

/// Ends and custom kinds that the sample lacks.
fn mixed_settings() -> Value {
    let mut settings: Value = serde_json::from_str(SETTINGS).unwrap();
    settings["denied_images"] = json!([
        "ghcr.io/x/y:1",
        {"prefix": "docker.io/library/nginx:1.27", "sunset_date": "2024-01-31", "replaced_by": HUB},
        {"prefix": "quay.io/wikidata", "sunset_date": "2999-01-31"},
    ]);
    settings["mirrors"] = json!([{"prefix": "docker.io", "replaced_by": HUB}]);
    let prefixes = settings["registry_prefixes"].as_array_mut().unwrap();
    prefixes.push(json!({"prefix": "docker.io/library/x", "sunset_date": "2024-01-31", "reason": "T1"}));
    settings["custom_kinds"] =
        json!([{"group": "argoproj.io", "kind": "Rollout", "pod_specs": ["/spec/template/spec"]}]);
    settings
}

/// The refusals of the report, by the name of the object.
fn refusals(objects: &[Value], settings: &Value) -> std::collections::BTreeMap<String, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("settings.json"), settings.to_string()).unwrap();
    std::fs::write(path("cluster.json"), json!({"kind": "List", "items": objects}).to_string()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_enforcer"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["report", "--all", "--output", "json", "--allow-list", "tests/data/allow-list.yaml"])
        .args(["--settings", &path("settings.json"), &path("cluster.json")])
        .output()
        .unwrap();
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let mut refusals = std::collections::BTreeMap::<String, Vec<String>>::new();
    for row in rows.iter().filter(|row| row["verdict"] == "refused") {
        let messages = refusals.entry(row["name"].as_str().unwrap().to_owned()).or_default();
        messages.push(row["message"].as_str().unwrap().to_owned());
    }
    refusals
}

#[test]
fn says_of_every_object_of_a_mixed_cluster_what_the_wasm_says() {
    let (policy, settings) = (policy(), mixed_settings());
    let yaml = include_str!("data/allow-list.yaml");
    let allow_list: Arc<dyn HostCalls> = Arc::new(AllowList(yaml_serde::from_str(yaml).unwrap()));
    let objects: Vec<Value> = (1..=420).map(generated).collect();
    let refusals = refusals(&objects, &settings);
    for object in &objects {
        let (api_version, kind) = (object["apiVersion"].as_str().unwrap(), &object["kind"]);
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let metadata = &object["metadata"];
        let request = json!({
            "kind": {"group": group, "version": "v1", "kind": kind}, "operation": "CREATE",
            "namespace": metadata["namespace"], "name": metadata["name"], "object": object,
        });
        let payload = json!({"request": request, "settings": settings}).to_string();
        let answer = policy.call("validate", payload.as_bytes(), allow_list.clone()).unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let message = answer["message"].as_str().unwrap_or_default();
        let mut lines: Vec<String> =
            message.lines().filter_map(|line| line.strip_prefix("- ")).map(str::to_owned).collect();
        if message.contains("cannot be read: ") && lines.is_empty() {
            lines.extend(message.lines().next().map(str::to_owned));
        }
        let mut found = refusals.get(metadata["name"].as_str().unwrap()).cloned().unwrap_or_default();
        lines.sort();
        found.sort();
        assert_eq!((found, answer["accepted"] == true), (lines.clone(), lines.is_empty()), "{object}");
    }
}
