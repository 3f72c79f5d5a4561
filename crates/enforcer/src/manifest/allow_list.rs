//! What the ConfigMap of exceptions needs: its namespace, PolicyServer's right to read it, and the policy that judges it
//! when it is written.
//!
//! The ConfigMap itself is not written: people edit it, and what they wrote would be taken back.

use anyhow::anyhow;
use serde::Serialize;
use yaml_serde::Value;

use crate::{
    manifest::policy::{API_VERSION, Condition, Options, Spec, rule},
    policy::{ConfigMap, Settings},
};

const RBAC: &str = "rbac.authorization.k8s.io";
/// Kubewarden's namespace, in which PolicyServers have their service accounts.
const KUBEWARDEN: &str = "kubewarden";
/// The name of the condition that leaves out every other ConfigMap.
const IS_THE_LIST: &str = "is-the-allow-list";
/// The PolicyServer of Kubewarden's own chart, and its service account.
const DEFAULT_SERVER: (&str, &str) = ("default", "policy-server");

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<B: Serialize> {
    api_version: String,
    kind: &'static str,
    metadata: Metadata,
    #[serde(flatten)]
    body: B,
}

#[derive(Serialize)]
struct Metadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    name: String,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct Role {
    rules: [PolicyRule; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicyRule {
    api_groups: [&'static str; 1],
    resources: [&'static str; 1],
    resource_names: [String; 1],
    verbs: [&'static str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoleBinding {
    role_ref: RoleRef,
    subjects: [Subject; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoleRef {
    api_group: &'static str,
    kind: &'static str,
    name: String,
}

#[derive(Serialize)]
struct Subject {
    kind: &'static str,
    namespace: &'static str,
    name: String,
}

#[derive(Serialize)]
struct Judge {
    spec: Spec,
}

/// The objects, none where the settings name no ConfigMap.
pub fn objects(settings: &Settings<'_>, json: &str, options: &Options) -> anyhow::Result<Vec<Value>> {
    let config_map = settings.allow_list_config_map().map_err(|problems| anyhow!("{problems}"))?;
    let Some(ConfigMap { namespace, name }) = config_map.as_ref().map(|name| name.as_fact()) else {
        return Ok(Vec::new());
    };
    let role_name = format!("read-{name}");
    let named = |name: &str| Metadata { namespace: Some(namespace.to_owned()), name: name.to_owned() };
    let version = format!("{RBAC}/v1");
    let own = Metadata { namespace: None, name: namespace.to_owned() };
    let own = Object { api_version: "v1".to_owned(), kind: "Namespace", metadata: own, body: Empty {} };
    let role = Object { api_version: version.clone(), kind: "Role", metadata: named(&role_name), body: role(name) };
    let body = binding(&role_name, &options.policy_server);
    let binding = Object { api_version: version, kind: "RoleBinding", metadata: named(&role_name), body };
    let (api_version, body) = (API_VERSION.to_owned(), judge(name, json, options)?);
    let judge = Object { api_version, kind: "AdmissionPolicy", metadata: named(name), body };
    Ok(vec![
        yaml_serde::to_value(own)?,
        yaml_serde::to_value(role)?,
        yaml_serde::to_value(binding)?,
        yaml_serde::to_value(judge)?,
    ])
}

/// A policy in the list's own namespace, which is asked about no other namespace, and of that about the list only.
fn judge(config_map: &str, json: &str, options: &Options) -> anyhow::Result<Judge> {
    let expression = format!("object.metadata.name == '{config_map}'");
    let condition = Condition { name: IS_THE_LIST, expression };
    Ok(Judge { spec: Spec::new(options, json, vec![rule("", "v1", "configmaps")?], vec![condition])? })
}

/// PolicyServer asks for the one ConfigMap by its name. It neither lists nor watches.
fn role(config_map: &str) -> Role {
    let rule = PolicyRule {
        api_groups: [""],
        resources: ["configmaps"],
        resource_names: [config_map.to_owned()],
        verbs: ["get"],
    };
    Role { rules: [rule] }
}

/// The service account of a PolicyServer has its name, as in deploy/policy-server.yml, but for that of the chart.
fn binding(role: &str, policy_server: &str) -> RoleBinding {
    let account = if policy_server == DEFAULT_SERVER.0 { DEFAULT_SERVER.1 } else { policy_server };
    let subject = Subject { kind: "ServiceAccount", namespace: KUBEWARDEN, name: account.to_owned() };
    let role_ref = RoleRef { api_group: RBAC, kind: "Role", name: role.to_owned() };
    RoleBinding { role_ref, subjects: [subject] }
}
