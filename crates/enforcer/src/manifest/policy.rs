//! The ClusterAdmissionPolicy.

use clap::ValueEnum;
use kube::core::{ApiResource, GroupVersionKind};
use serde::{Deserialize, Serialize};
use yaml_serde::{Mapping, Value};

use crate::{
    manifest::conditions::{self, Conditions},
    policy::{Settings, asks_registries, described_kinds, names_allow_list},
};

/// The version of Kubewarden's policies.
pub const API_VERSION: &str = "policies.kubewarden.io/v1";
/// What the policy says of itself, where its rules and annotations stand once.
const METADATA: &str = include_str!("../../../../metadata.yml");
/// The annotations of the module that reports read from the object.
const ANNOTATIONS: &[&str] = &["io.kubewarden.policy.severity", "io.kubewarden.policy.category"];
/// The label with a namespace's own name, which the API server sets.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";
/// How many seconds PolicyServer and the API server wait where registries are asked: the first has to give up first.
const TIMEOUT_EVAL_SECONDS: u32 = 8;
const TIMEOUT_SECONDS: u32 = 10;

/// What the settings do not say.
#[derive(Clone, Debug)]
pub struct Options {
    /// The name of the policy.
    pub name: String,
    /// Where its module is.
    pub module: String,
    /// Whether it refuses.
    pub mode: Mode,
    /// The PolicyServer that serves it.
    pub policy_server: String,
    /// Whether the API server may decide what certainly is approved.
    pub with_conditions: bool,
}

/// Whether the policy refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It refuses
    #[default]
    Protect,
    /// It only writes down what it would refuse
    Monitor,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Policy<'p> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'p>,
    spec: Spec,
}

#[derive(Serialize)]
struct Metadata<'p> {
    name: &'p str,
    annotations: Mapping,
}

/// What a policy does, its fields in the order in which a reader looks for them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spec {
    module: String,
    policy_server: String,
    mode: Mode,
    failure_policy: &'static str,
    mutating: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_eval_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace_selector: Option<Selector>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    context_aware_resources: Vec<Resource>,
    rules: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    match_conditions: Vec<Condition>,
    settings: Value,
}

impl Spec {
    /// A policy with settings, as JSON, that is asked by some rules, and where some conditions are true.
    pub fn new(
        options: &Options,
        json: &str,
        rules: Vec<Value>,
        match_conditions: Vec<Condition>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            module: options.module.clone(),
            policy_server: options.policy_server.clone(),
            mode: options.mode,
            failure_policy: if options.mode == Mode::Protect { "Fail" } else { "Ignore" },
            mutating: false,
            timeout_eval_seconds: None,
            timeout_seconds: None,
            namespace_selector: None,
            context_aware_resources: Vec::new(),
            rules,
            match_conditions,
            settings: yaml_serde::from_str(json)?,
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Selector {
    match_expressions: [Requirement; 1],
}

#[derive(Serialize)]
struct Requirement {
    key: &'static str,
    operator: &'static str,
    values: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    api_version: &'static str,
    kind: &'static str,
}

/// A condition under which the API server asks a policy.
#[derive(Serialize)]
pub struct Condition {
    pub name: &'static str,
    pub expression: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    api_groups: [String; 1],
    api_versions: [&'static str; 1],
    resources: [String; 1],
    operations: [&'static str; 2],
}

/// The rule for what is created or changed of a resource.
pub fn rule(group: &str, version: &'static str, resource: &str) -> anyhow::Result<Value> {
    let operations = ["CREATE", "UPDATE"];
    let (api_groups, resources) = ([group.to_owned()], [resource.to_owned()]);
    Ok(yaml_serde::to_value(Rule { api_groups, api_versions: [version], resources, operations })?)
}

/// What is read of the policy's metadata.
#[derive(Deserialize)]
struct OfModule {
    rules: Vec<Value>,
    annotations: Mapping,
}

/// The policy, and what the operator should know of it.
pub fn object(settings: &Settings<'_>, json: &str, options: &Options) -> anyhow::Result<(Value, Vec<String>)> {
    let of_module: OfModule = yaml_serde::from_str(METADATA)?;
    let (rules, mut notes) = rules(of_module.rules, settings)?;
    let (match_conditions, note) = match_conditions(settings, options)?;
    notes.extend(note);
    let namespaces = exempt_names(settings)?;
    if options.mode == Mode::Protect && namespaces.is_empty() {
        notes.push("no namespace is exempt by its name: without an answer of PolicyServer, the control plane's own pods cannot start".to_owned());
    }
    let timeouts = asks_registries(settings)?.then_some((TIMEOUT_EVAL_SECONDS, TIMEOUT_SECONDS)).unzip();
    let resource = names_allow_list(settings)?.then_some(Resource { api_version: "v1", kind: "ConfigMap" });
    let spec = Spec {
        timeout_eval_seconds: timeouts.0,
        timeout_seconds: timeouts.1,
        namespace_selector: selector(namespaces),
        context_aware_resources: resource.into_iter().collect(),
        ..Spec::new(options, json, rules, match_conditions)?
    };
    let annotations = of_module.annotations.into_iter();
    let annotations = annotations.filter(|(key, _)| key.as_str().is_some_and(|key| ANNOTATIONS.contains(&key)));
    let metadata = Metadata { name: &options.name, annotations: annotations.collect() };
    let policy = Policy { api_version: API_VERSION, kind: "ClusterAdmissionPolicy", metadata, spec };
    Ok((yaml_serde::to_value(policy)?, notes))
}

/// The rules of the module, and one for each kind that only the settings describe.
fn rules(mut rules: Vec<Value>, settings: &Settings<'_>) -> anyhow::Result<(Vec<Value>, Vec<String>)> {
    let mut notes = Vec::new();
    for (group, kind) in described_kinds(settings)? {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, "", kind)).plural;
        notes.push(format!(
            "custom_kinds describes {kind} of {group}, whose resource most likely is {resource}: compare with kubectl api-resources"
        ));
        rules.push(rule(group, "*", &resource)?);
    }
    Ok((rules, notes))
}

/// In monitor mode, the log of every answer is what the mode is for.
fn match_conditions(settings: &Settings<'_>, options: &Options) -> anyhow::Result<(Vec<Condition>, Option<String>)> {
    if !options.with_conditions || options.mode == Mode::Monitor {
        return Ok((Vec::new(), None));
    }
    let Conditions { expression, note } = Conditions::of(settings)?;
    let condition = expression.map(|expression| Condition { name: conditions::NAME, expression });
    Ok((condition.into_iter().collect(), note))
}

/// The exempt namespaces that are written as names: patterns are for the policy.
fn exempt_names(settings: &Settings<'_>) -> anyhow::Result<Vec<String>> {
    let exempt = settings.exempt_namespaces().map_err(|problems| anyhow::anyhow!("{problems}"))?;
    Ok(exempt.iter().map(ToString::to_string).filter(|pattern| !pattern.ends_with('*')).collect())
}

fn selector(names: Vec<String>) -> Option<Selector> {
    let requirement = |values| Requirement { key: NAMESPACE_NAME, operator: "NotIn", values };
    (!names.is_empty()).then(|| Selector { match_expressions: [requirement(names)] })
}
