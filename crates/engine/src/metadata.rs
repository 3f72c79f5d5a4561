//! A policy's metadata: what `metadata.yml` says and what the wasm carries in a section of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;
use kubewarden_policy_sdk::metadata::ProtocolVersion;
use serde::{Deserialize, Serialize};
use wasmparser::{Parser, Payload};

/// The wasm section that holds the metadata, as JSON.
pub const SECTION: &str = "io.kubewarden.metadata";

/// The annotations that this tool reads or writes.
pub mod annotation {
    /// The policy's name.
    pub const TITLE: &str = "io.kubewarden.policy.title";
    /// The policy's version, without a leading `v`.
    pub const VERSION: &str = "io.kubewarden.policy.version";
    /// What the policy is for, in one line.
    pub const DESCRIPTION: &str = "io.kubewarden.policy.description";
    /// `name <address>`, separated by commas.
    pub const AUTHOR: &str = "io.kubewarden.policy.author";
    /// The policy's home page.
    pub const URL: &str = "io.kubewarden.policy.url";
    /// Where the policy is published, without a tag.
    pub const OCI_URL: &str = "io.kubewarden.policy.ociUrl";
    /// Where the source is.
    pub const SOURCE: &str = "io.kubewarden.policy.source";
    /// An SPDX expression.
    pub const LICENSE: &str = "io.kubewarden.policy.license";
    /// The README.
    pub const USAGE: &str = "io.kubewarden.policy.usage";
    /// The name and version of the tool that annotated the wasm.
    pub const KWCTL: &str = "io.kubewarden.kwctl";
    /// The kinds that the policy judges, for Artifact Hub.
    pub const RESOURCES: &str = "io.artifacthub.resources";
    /// The policy's name on Artifact Hub.
    pub const DISPLAY_NAME: &str = "io.artifacthub.displayName";
    /// For the search on Artifact Hub, separated by commas.
    pub const KEYWORDS: &str = "io.artifacthub.keywords";
}

/// Metadata, with the fields in the order in which kwctl writes them.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// Asked from the wasm when it is annotated.
    pub protocol_version: Option<ProtocolVersion>,
    /// Which requests the policy is for.
    pub rules: Vec<Rule>,
    /// See [`annotation`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Whether the policy changes objects.
    pub mutating: bool,
    /// Whether the audit scanner may run the policy.
    #[serde(default = "yes")]
    pub background_audit: bool,
    /// How the guest is called.
    #[serde(default)]
    pub execution_mode: ExecutionMode,
    /// What the guest is called with.
    #[serde(default)]
    pub policy_type: PolicyType,
    /// The Kubernetes resources that the policy reads.
    #[serde(default)]
    pub context_aware_resources: BTreeSet<ContextAwareResource>,
    /// The calls that the policy makes to its host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_capabilities: Option<BTreeSet<String>>,
    /// The oldest Kubewarden that can run the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_kubewarden_version: Option<String>,
}

const fn yes() -> bool {
    true
}

/// Which requests a policy is for, as in a webhook's configuration.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// `""` for the core group.
    pub api_groups: Vec<String>,
    /// The versions of the API group.
    pub api_versions: Vec<String>,
    /// In the plural; `resource/subresource`.
    pub resources: Vec<String>,
    /// What is done to the resource.
    pub operations: Vec<Operation>,
}

/// What a request does.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the verbs of Kubernetes")]
pub enum Operation {
    Create,
    Update,
    Delete,
    Connect,
    #[serde(rename = "*")]
    All,
}

/// How the guest is called: this tool knows waPC only.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub enum ExecutionMode {
    /// A waPC guest built with one of Kubewarden's SDKs.
    #[default]
    #[serde(rename = "kubewarden-wapc")]
    KubewardenWapc,
}

/// What the guest is called with: this tool knows Kubernetes' requests only.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub enum PolicyType {
    /// Requests for admission.
    #[default]
    #[serde(rename = "kubernetes")]
    Kubernetes,
}

/// A kind of Kubernetes objects that the policy reads.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContextAwareResource {
    /// `v1` for the core group, else `group/version`.
    pub api_version: String,
    /// The kind, in the singular.
    pub kind: String,
}

impl Metadata {
    /// Reads `metadata.yml`.
    pub fn from_file(path: &Path) -> anyhow::Result<Self> {
        let yaml = std::fs::read_to_string(path).with_context(|| format!("Cannot open {}", path.display()))?;
        yaml_serde::from_str(&yaml).with_context(|| format!("Cannot read {}", path.display()))
    }

    /// Reads the section of an annotated wasm; none if the wasm is not annotated.
    pub fn from_wasm(wasm: &[u8]) -> anyhow::Result<Option<Self>> {
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload.context("Cannot parse the wasm")?;
            let Payload::CustomSection(section) = payload else { continue };
            if section.name() == SECTION {
                let metadata = serde_json::from_slice(section.data());
                return metadata.map(Some).context("Cannot read the metadata in the wasm");
            }
        }
        Ok(None)
    }

    /// Every problem that would keep kwctl or Kubernetes from taking the metadata, each with its path.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !matches!(self.protocol_version, Some(ProtocolVersion::V1)) {
            problems.push("protocolVersion: unknown protocol version; expected v1".to_owned());
        }
        for (index, rule) in self.rules.iter().enumerate() {
            let place = |(field, problem)| format!("rules[{index}].{field}: {problem}");
            problems.extend(rule.problems().into_iter().map(place));
        }
        for (index, resource) in self.context_aware_resources.iter().enumerate() {
            for (field, value) in [("apiVersion", &resource.api_version), ("kind", &resource.kind)] {
                if value.is_empty() {
                    problems.push(format!("contextAwareResources[{index}].{field}: must not be empty"));
                }
            }
        }
        problems
    }
}

impl Rule {
    /// The field and what is wrong with it.
    fn problems(&self) -> Vec<(&'static str, String)> {
        let all = |values: &[String]| values.iter().any(|value| value == "*");
        let fields = [
            ("apiGroups", self.api_groups.len(), all(&self.api_groups)),
            ("apiVersions", self.api_versions.len(), all(&self.api_versions)),
            // `*` may stand beside `pods/exec`: the resources have rules of their own.
            ("resources", self.resources.len(), false),
            ("operations", self.operations.len(), self.operations.contains(&Operation::All)),
        ];
        let mut problems: Vec<_> = fields
            .into_iter()
            .filter_map(|(field, len, all)| list_problem(len, all).map(|text| (field, text.to_owned())))
            .collect();
        problems.extend(resource_problems(&self.resources).into_iter().map(|text| ("resources", text)));
        problems
    }
}

fn list_problem(len: usize, all: bool) -> Option<&'static str> {
    match len {
        0 => Some("must not be empty"),
        1 => None,
        _ => all.then_some("'*' must stand alone"),
    }
}

/// The rules of Kubernetes' own validation of webhooks: nothing beside a wildcard that already covers it.
fn resource_problems(resources: &[String]) -> Vec<String> {
    let has = |wanted: &str| resources.iter().any(|resource| resource == wanted);
    let problem = |resource: &String| {
        let Some((parent, sub)) = resource.split_once('/') else {
            return match resource.as_str() {
                "" => Some("an empty resource is not allowed".to_owned()),
                "*" => None,
                _ => has("*").then(|| format!("'*' already covers '{resource}'")),
            };
        };
        [format!("{parent}/*"), format!("*/{sub}")]
            .into_iter()
            .find(|wildcard| wildcard != resource && has(wildcard))
            .map(|wildcard| format!("'{wildcard}' already covers '{resource}'"))
    };
    if resources.len() > 1 && has("*/*") {
        return vec!["'*/*' must stand alone".to_owned()];
    }
    resources.iter().filter_map(problem).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = r#"
protocolVersion: v1
rules:
- apiGroups: [""]
  apiVersions: [v1]
  resources: [pods]
  operations: [CREATE]
mutating: false
"#;

    /// `VALID` with one replacement, and what is wrong with it then.
    const CASES: &[(&str, &str, &[&str])] = &[
        ("", "", &[]),
        (r#"[""]"#, "['*']", &[]),
        (r#"[""]"#, "[]", &["rules[0].apiGroups: must not be empty"]),
        (r#"[""]"#, r#"["", "*"]"#, &["rules[0].apiGroups: '*' must stand alone"]),
        ("[v1]", "[]", &["rules[0].apiVersions: must not be empty"]),
        ("[v1]", "['*', v1]", &["rules[0].apiVersions: '*' must stand alone"]),
        ("[CREATE]", "[]", &["rules[0].operations: must not be empty"]),
        ("[CREATE]", "[CREATE, '*']", &["rules[0].operations: '*' must stand alone"]),
        ("[pods]", "[]", &["rules[0].resources: must not be empty"]),
        ("[pods]", "['']", &["rules[0].resources: an empty resource is not allowed"]),
        ("[pods]", "['*', a/b, 'c/*', '*/d']", &[]),
        ("[pods]", "['*', pods]", &["rules[0].resources: '*' already covers 'pods'"]),
        ("[pods]", "[pods, '*', a/b]", &["rules[0].resources: '*' already covers 'pods'"]),
        ("[pods]", "['pods/*', pods]", &[]),
        ("[pods]", "['a/*', a/x]", &["rules[0].resources: 'a/*' already covers 'a/x'"]),
        ("[pods]", "[x/a, '*/a']", &["rules[0].resources: '*/a' already covers 'x/a'"]),
        ("[pods]", "['*/*', a]", &["rules[0].resources: '*/*' must stand alone"]),
        ("v1\nrules", "Unknown\nrules", &["protocolVersion: unknown protocol version; expected v1"]),
        (
            "mutating",
            "contextAwareResources: [{apiVersion: '', kind: ''}]\nmutating",
            &[
                "contextAwareResources[0].apiVersion: must not be empty",
                "contextAwareResources[0].kind: must not be empty",
            ],
        ),
        (
            "[CREATE]",
            "[]\n- {apiGroups: [], apiVersions: [v1], resources: [pods], operations: [UPDATE]}",
            &["rules[0].operations: must not be empty", "rules[1].apiGroups: must not be empty"],
        ),
    ];

    #[test]
    fn reports_every_problem_with_its_path() {
        for (from, to, problems) in CASES {
            let yaml = VALID.replacen(from, to, 1);
            let metadata: Metadata = yaml_serde::from_str(&yaml).unwrap();
            assert_eq!(metadata.problems(), *problems, "{yaml}");
        }
    }

    #[test]
    fn rejects_what_this_tool_does_not_know() {
        const CASES: &[(&str, &str, &str)] = &[
            ("CREATE", "PATCH", "rules[0].operations[0]: unknown variant `PATCH`, expected one of"),
            ("mutating", "executionMode: opa\nmutating", "executionMode: unknown variant `opa`"),
            ("mutating", "policyType: raw\nmutating", "policyType: unknown variant `raw`"),
            ("mutating", "mutate: true\nmutating", "unknown field `mutate`"),
        ];
        for (from, to, text) in CASES {
            let yaml = VALID.replacen(from, to, 1);
            let error = yaml_serde::from_str::<Metadata>(&yaml).unwrap_err().to_string();
            assert!(error.starts_with(text), "{yaml}: {error}");
        }
    }
}
