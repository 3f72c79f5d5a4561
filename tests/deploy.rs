//! The manifests in `deploy/` and Rancher's form: of the right shape, with settings that the policy takes.

#![cfg(not(target_family = "wasm"))]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    path::Path,
};

use k8s_openapi::api::{
    core::v1::{Affinity, ConfigMap, Namespace, ServiceAccount},
    rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding},
};
use kubewarden_policy_sdk::crd::policies::{ClusterAdmissionPolicy, ClusterAdmissionPolicyGroup};
use registry_enforcer::settings::{self, Settings, exception::Terms, key::Key, problem::Place};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

/// The last part of the module's address.
const MODULE: &str = concat!("ghcr.io/toolforge/policies/registry-enforcer:v", env!("CARGO_PKG_VERSION"));

/// The part of Kubewarden's PolicyServer (policies.kubewarden.io/v1) that a manifest here may use; the SDK
/// has no type for it.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PolicyServer {
    api_version: String,
    kind: String,
    metadata: BTreeMap<String, String>,
    spec: PolicyServerSpec,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PolicyServerSpec {
    image: String,
    replicas: i32,
    min_available: i32,
    service_account_name: String,
    requests: BTreeMap<String, String>,
    limits: BTreeMap<String, String>,
    affinity: Affinity,
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()))
}

/// The YAML documents of a text, as JSON.
fn documents(name: &str, text: &str) -> Vec<Value> {
    let documents = yaml_serde::Deserializer::from_str(text).map(Value::deserialize);
    documents.collect::<Result<_, _>>().unwrap_or_else(|cause| panic!("{name}: {cause}"))
}

/// Every manifest, with the name of its file.
fn manifests() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    // deploy/monitoring is for the companion, whose tests try it.
    let files = std::fs::read_dir(folder).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file());
    let mut names: Vec<_> = files.map(|entry| entry.file_name()).collect();
    names.sort();
    let mut manifests = Vec::new();
    for name in names {
        let name = format!("deploy/{}", name.to_string_lossy());
        manifests.extend(documents(&name, &read(&name)).into_iter().map(|document| (name.clone(), document)));
    }
    manifests
}

fn of_kind(kind: &str) -> Vec<(String, Value)> {
    manifests().into_iter().filter(|(_, manifest)| manifest["kind"] == kind).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// Each use of this policy: the file, what names the module (a policy or a group's member), and the policy's spec.
fn uses() -> Vec<(String, Value, Value)> {
    let mut uses = Vec::new();
    for (file, manifest) in manifests() {
        let spec = &manifest["spec"];
        let members = spec["policies"].as_object().into_iter().flat_map(Map::values);
        let of_this = members.chain([spec]).filter(|member| member["module"] == format!("registry://{MODULE}"));
        uses.extend(of_this.map(|member| (file.clone(), member.clone(), spec.clone())));
    }
    uses
}

/// Reads a manifest as its type; a field that the type does not have is lost, and so found.
fn assert_shape<T: DeserializeOwned + Serialize>(file: &str, manifest: &Value) {
    let typed: T = serde_json::from_value(manifest.clone()).unwrap_or_else(|cause| panic!("{file}: {cause}"));
    let back = serde_json::to_value(typed).unwrap();
    assert_within(&format!("{file}: "), manifest, &back);
}

/// Whether all of `part` is in `whole`, which may have defaults besides.
fn assert_within(place: &str, part: &Value, whole: &Value) {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            for (key, value) in part {
                assert_within(&format!("{place}.{key}"), value, whole.get(key).unwrap_or(&Value::Null));
            }
        }
        (Value::Array(part), Value::Array(whole)) if part.len() == whole.len() => {
            for (index, (part, whole)) in part.iter().zip(whole).enumerate() {
                assert_within(&format!("{place}[{index}]"), part, whole);
            }
        }
        _ => assert_eq!(part, whole, "{place}"),
    }
}

#[test]
fn manifests_have_the_shape_of_their_kind() {
    for (file, manifest) in manifests() {
        match text(&manifest["kind"]) {
            "ClusterAdmissionPolicy" => assert_shape::<ClusterAdmissionPolicy>(&file, &manifest),
            "ClusterAdmissionPolicyGroup" => assert_shape::<ClusterAdmissionPolicyGroup>(&file, &manifest),
            "PolicyServer" => assert_shape::<PolicyServer>(&file, &manifest),
            "ClusterRole" => assert_shape::<ClusterRole>(&file, &manifest),
            "ClusterRoleBinding" => assert_shape::<ClusterRoleBinding>(&file, &manifest),
            "ConfigMap" => assert_shape::<ConfigMap>(&file, &manifest),
            "Namespace" => assert_shape::<Namespace>(&file, &manifest),
            "Role" => assert_shape::<Role>(&file, &manifest),
            "RoleBinding" => assert_shape::<RoleBinding>(&file, &manifest),
            "ServiceAccount" => assert_shape::<ServiceAccount>(&file, &manifest),
            kind => panic!("{file}: no type is known for {kind}"),
        }
    }
}

#[test]
#[should_panic(expected = "deploy/a.yml: .data.a")]
fn a_field_that_its_type_loses_is_found() {
    assert_within("deploy/a.yml: ", &json!({"data": {"a": 1}}), &json!({"data": {}}));
}

#[test]
fn every_file_says_when_to_use_it() {
    for (file, _) in manifests() {
        assert!(read(&file).starts_with("# "), "{file}");
    }
}

#[test]
fn the_options_of_the_decision_record_have_a_file_each() {
    let files: BTreeSet<String> = uses().into_iter().map(|(file, ..)| file).collect();
    let expected = [
        "deploy/audit-pause-image.yml",
        "deploy/option-1-everybody.yml",
        "deploy/option-2-until-a-date.yml",
        "deploy/option-3-nobody.yml",
        "deploy/option-4-allow-list-config-map.yml",
        "deploy/option-4-allow-list-in-settings.yml",
        "deploy/trial.yml",
        "deploy/with-signatures.yml",
    ];
    assert_eq!(files, expected.map(str::to_owned).into());
}

#[test]
fn settings_are_valid() {
    for (file, member, _) in uses() {
        let settings = member["settings"].to_string();
        if let Err(problems) = settings::validate(&settings) {
            panic!("{file}:\n{problems}");
        }
    }
}

#[test]
fn rules_are_those_of_the_metadata_but_for_the_audit_of_nodes() {
    let metadata = documents("metadata.yml", &read("metadata.yml")).remove(0);
    let nodes = json!([{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["nodes"], "operations": ["CREATE"]}]);
    for (file, _, spec) in uses() {
        let expected = if file == "deploy/audit-pause-image.yml" { &nodes } else { &metadata["rules"] };
        assert_eq!(spec["rules"], *expected, "{file}");
    }
}

#[test]
fn only_the_allow_list_in_a_config_map_needs_access_to_config_maps() {
    for (file, member, _) in uses() {
        let needed = !member["settings"]["allow_list_config_map"].is_null();
        let expected = if needed { json!([{"apiVersion": "v1", "kind": "ConfigMap"}]) } else { Value::Null };
        assert_eq!(member["contextAwareResources"], expected, "{file}");
    }
}

#[test]
fn what_may_not_refuse_lets_pass_what_gets_no_answer() {
    for (file, manifest) in of_kind("ClusterAdmissionPolicy") {
        let expected = if manifest["spec"]["mode"] == "monitor" { "Ignore" } else { "Fail" };
        assert_eq!(manifest["spec"]["failurePolicy"], expected, "{file}");
    }
}

/// The policy accepts what is exempt, but only when it is asked: without an answer, `failurePolicy: Fail` refuses it.
#[test]
fn what_is_exempt_by_name_is_not_asked_about() {
    for (file, member, spec) in uses() {
        let exempt = strings(&member["settings"]["exempt_namespaces"]);
        assert!(spec["failurePolicy"] != "Fail" || exempt.contains("kube-system"), "{file}");
        let by_name = exempt.into_iter().filter(|namespace| !namespace.ends_with('*')).collect();
        assert_eq!(left_out(&spec["namespaceSelector"]), by_name, "{file}");
    }
}

/// The namespaces that a selector leaves out by their names.
fn left_out(selector: &Value) -> BTreeSet<&str> {
    assert!(selector["matchLabels"].is_null(), "Kubewarden drops matchLabels: {selector}");
    let expressions = selector["matchExpressions"].as_array().into_iter().flatten();
    let by_name = expressions.filter(|it| it["key"] == "kubernetes.io/metadata.name" && it["operator"] == "NotIn");
    by_name.flat_map(|expression| strings(&expression["values"])).collect()
}

fn strings(list: &Value) -> BTreeSet<&str> {
    list.as_array().into_iter().flatten().map(text).collect()
}

#[test]
fn names_fit_together() {
    let server = &of_kind("PolicyServer")[0].1;
    let account = &of_kind("ServiceAccount")[0].1["metadata"];
    assert_eq!(server["spec"]["serviceAccountName"], account["name"]);
    for (file, manifest) in [of_kind("ClusterAdmissionPolicy"), of_kind("ClusterAdmissionPolicyGroup")].concat() {
        assert_eq!(manifest["spec"]["policyServer"], server["metadata"]["name"], "{file}");
    }

    let list = &of_kind("ConfigMap")[0].1["metadata"];
    let role = &of_kind("Role")[0].1;
    assert_eq!(role["metadata"]["namespace"], list["namespace"]);
    assert_eq!(
        role["rules"],
        json!([{"apiGroups": [""], "resources": ["configmaps"], "resourceNames": [list["name"]], "verbs": ["get"]}])
    );
    let binding = &of_kind("RoleBinding")[0].1;
    assert_eq!(binding["metadata"]["namespace"], list["namespace"]);
    assert_eq!(binding["roleRef"]["name"], role["metadata"]["name"]);
    let subject = json!({"kind": "ServiceAccount", "namespace": account["namespace"], "name": account["name"]});
    assert_eq!(binding["subjects"], json!([subject]));

    let named: Vec<Value> =
        uses().into_iter().map(|(_, member, _)| member["settings"]["allow_list_config_map"].clone()).collect();
    let named: Vec<&Value> = named.iter().filter(|name| !name.is_null()).collect();
    assert_eq!(named, [list]);
}

/// Names and verbs are those of Kubewarden's chart, in charts/kubewarden-controller/templates/audit-scanner-*.yaml.
#[test]
fn the_audit_scanner_may_see_nodes() {
    let role = &of_kind("ClusterRole")[0].1;
    assert_eq!(role["rules"], json!([{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]}]));
    let binding = &of_kind("ClusterRoleBinding")[0].1;
    let named =
        json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role["metadata"]["name"]});
    assert_eq!(binding["roleRef"], named);
    let subject = json!({"kind": "ServiceAccount", "namespace": "kubewarden", "name": "audit-scanner"});
    assert_eq!(binding["subjects"], json!([subject]));
}

#[test]
fn entries_of_the_allow_list_are_exceptions() {
    let list = &of_kind("ConfigMap")[0].1;
    for (namespace, entry) in list["data"].as_object().unwrap() {
        if let Err(problems) = Terms::parse(text(entry), &Place::Top.key(namespace)) {
            panic!("{problems}");
        }
    }
}

/// The types of Rancher's form that the questions use, and what a field of such a type holds while it is empty.
fn empty(question: &Value) -> Value {
    match text(&question["type"]) {
        "array[" | "sequence[" => json!([]),
        "map[" => json!({}),
        "string" => json!(""),
        "boolean" => json!(false),
        "int" => Value::Null,
        other => panic!("{}: Rancher's form has no type {other}", question["variable"]),
    }
}

fn questions() -> Vec<Value> {
    let form = documents("questions-ui.yml", &read("questions-ui.yml")).remove(0);
    form["questions"].as_array().unwrap().clone()
}

fn list<'v>(question: &'v Value, key: &str) -> Vec<&'v Value> {
    question[key].as_array().into_iter().flatten().collect()
}

#[test]
fn the_form_asks_for_each_setting() {
    let questions = questions();
    let asked: Vec<&str> = questions.iter().map(|question| text(&question["variable"])).collect();
    assert_eq!(asked, Key::NAMES);
}

/// Settings with every field of the form filled in, under the names that the form gives them.
fn filled_in(questions: &[Value]) -> Value {
    fn fill(question: &Value) -> Value {
        if question["type"] == "sequence[" {
            let fields = list(question, "sequence_questions").into_iter();
            return json!([Value::Object(
                fields.map(|field| (text(&field["variable"]).to_owned(), fill(field))).collect()
            )]);
        }
        let parts = list(question, "subquestions");
        if !parts.is_empty() {
            let prefix = format!("{}.", text(&question["variable"]));
            let name = |part: &Value| text(&part["variable"]).strip_prefix(&prefix).map(str::to_owned).unwrap();
            return Value::Object(parts.into_iter().map(|part| (name(part), fill(part))).collect());
        }
        example(text(&question["variable"]))
    }
    Value::Object(questions.iter().map(|question| (text(&question["variable"]).to_owned(), fill(question))).collect())
}

fn example(variable: &str) -> Value {
    match variable {
        "registry_prefixes" | "byoc_requirements.registries" => json!(["reg.example/team"]),
        "prefix" => json!("reg.example/old"),
        "replaced_by" => json!("reg.example/new"),
        "byoc_requirements.base_images" => json!(["reg.example/base:1"]),
        "exempt_namespaces" => json!(["kube-system"]),
        "denied_tags" => json!(["latest"]),
        "sandbox_repositories" => json!(["pause"]),
        "pod_specs" => json!(["/spec/template/spec"]),
        "images" => json!(["/spec/steps/*/image"]),
        "name" | "allow_list_config_map.namespace" | "allow_list_config_map.name" => json!("tool-mix"),
        "sunset_date" => json!("2027-06-30"),
        "group" => json!("tekton.dev"),
        "kind" => json!("Task"),
        "reason" | "help" => json!("T302863"),
        "byoc_requirements.open_source" | "byoc_requirements.pinned_digest" => json!(true),
        "warn_before_days" | "byoc_requirements.max_age_days" => json!(30),
        other => panic!("the form asks for {other}: give an example of it here"),
    }
}

#[test]
fn what_the_form_writes_is_valid() {
    let mut settings = filled_in(&questions());
    // What replaces the one prefix that the form gives has to be approved.
    settings["registry_prefixes"].as_array_mut().unwrap().push(json!("reg.example/new"));
    let settings = settings.to_string();
    assert_eq!(settings::validate(&settings).map_err(|problems| problems.to_string()), Ok(()), "{settings}");
}

/// Each setting's value, as the policy reads it.
fn read_values(settings: &Settings<'_>) -> Vec<(&'static str, String)> {
    fn shown<T: Debug, E: Debug>(value: Result<T, E>) -> String {
        format!("{:?}", value.unwrap())
    }
    vec![
        ("exempt_namespaces", shown(settings.exempt_namespaces())),
        ("allowed_namespaces", shown(settings.allowed_namespaces())),
        ("sunset_date", shown(settings.sunset_date())),
        ("warn_before_days", shown(settings.warn_before_days())),
        ("allow_list_config_map", shown(settings.allow_list_config_map())),
        ("denied_images", shown(settings.denied_images())),
        ("denied_tags", shown(settings.denied_tags())),
        ("mirrors", shown(settings.mirrors())),
        ("byoc_requirements", shown(settings.byoc_requirements())),
        ("custom_kinds", shown(settings.custom_kinds())),
        ("sandbox_repositories", shown(settings.sandbox_repositories())),
        ("help", shown(settings.help())),
    ]
}

#[test]
fn the_form_starts_with_what_the_policy_does_without_a_setting() {
    let mut initial = Map::new();
    for question in questions() {
        if question["default"] != empty(&question) {
            initial.insert(text(&question["variable"]).to_owned(), question["default"].clone());
        }
    }
    initial.insert("registry_prefixes".to_owned(), json!(["reg.example"]));
    let initial = Value::Object(initial).to_string();
    let settings = |json: &str| read_values(&serde_json::from_str(json).unwrap());
    assert_eq!(settings(&initial), settings(r#"{"registry_prefixes": ["reg.example"]}"#));
}
