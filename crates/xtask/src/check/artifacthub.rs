//! `artifacthub-pkg.yml`, as `kwctl scaffold artifacthub` makes it from the metadata and the questions.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use engine::metadata::{Metadata, annotation};
use serde::Serialize;

const HEADER: &str = "\
# Kubewarden Artifacthub Package config
#
# Use this config to submit the policy to https://artifacthub.io.
#
# Made from metadata.yml and questions-ui.yml: cargo xtask check --write
";

/// The package, with the fields in the order in which kwctl writes them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    version: String,
    name: String,
    display_name: String,
    created_at: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    license: Option<String>,
    #[serde(rename = "homeURL", skip_serializing_if = "Option::is_none")]
    home_url: Option<String>,
    containers_images: [Image; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    keywords: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<Link>,
    install: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    maintainers: Vec<Maintainer>,
    provider: Provider,
    recommendations: [Recommendation; 1],
    annotations: BTreeMap<&'static str, String>,
}

#[derive(Debug, Serialize)]
struct Image {
    name: &'static str,
    image: String,
}

#[derive(Debug, Serialize)]
struct Link {
    name: &'static str,
    url: String,
}

#[derive(Debug, Serialize)]
struct Maintainer {
    name: String,
    email: String,
}

#[derive(Debug, Serialize)]
struct Provider {
    name: &'static str,
}

#[derive(Debug, Serialize)]
struct Recommendation {
    url: &'static str,
}

impl Package {
    /// Makes the package; `created_at` is an RFC 3339 time.
    pub fn new(metadata: &Metadata, questions: &str, created_at: String) -> anyhow::Result<Self> {
        if questions.is_empty() {
            bail!("questions-ui content cannot be empty");
        }
        let optional = |name: &str| metadata.annotations.get(name).cloned();
        let required = |name: &str| {
            optional(name).with_context(|| format!("policy metadata must specify {name:?} in annotations"))
        };
        let version = required(annotation::VERSION)?;
        let image = format!("{}:v{version}", required(annotation::OCI_URL)?);
        Ok(Self {
            name: required(annotation::TITLE)?,
            display_name: required(annotation::DISPLAY_NAME)?,
            created_at,
            description: required(annotation::DESCRIPTION)?,
            license: optional(annotation::LICENSE),
            home_url: optional(annotation::URL),
            install: install(&image),
            containers_images: [Image { name: "policy", image }],
            keywords: optional(annotation::KEYWORDS).map(|csv| keywords(&csv)).transpose()?,
            links: optional(annotation::SOURCE).map(|url| links(url, &version)).unwrap_or_default(),
            maintainers: match optional(annotation::AUTHOR) {
                Some(authors) => maintainers(&authors)?,
                None => Vec::new(),
            },
            provider: Provider { name: "kubewarden" },
            recommendations: [Recommendation {
                url: "https://artifacthub.io/packages/helm/kubewarden/kubewarden-controller",
            }],
            annotations: annotations(metadata, questions)?,
            version,
        })
    }

    /// The whole file.
    pub fn to_yaml(&self) -> anyhow::Result<String> {
        Ok(format!("{HEADER}{}", yaml_serde::to_string(self)?))
    }
}

fn install(image: &str) -> String {
    format!(
        "The policy can be obtained using [kwctl](https://docs.kubewarden.io/howtos/install-kwctl):\n\
         ```console\n\
         kwctl pull {image}\n\
         ```\n\
         Then, generate the policy manifest and tune it to your liking. For example:\n\
         ```console\n\
         kwctl scaffold manifest -t ClusterAdmissionPolicy registry://{image}\n\
         ```\n"
    )
}

fn keywords(csv: &str) -> anyhow::Result<Vec<String>> {
    let keywords: Vec<String> = csv.split(',').map(|word| word.trim().to_owned()).collect();
    if keywords.iter().any(String::is_empty) {
        bail!("{}: an empty keyword in {csv:?}: write words separated by commas", annotation::KEYWORDS);
    }
    Ok(keywords)
}

/// Only GitHub's releases are known to hold the wasm.
fn links(source: String, version: &str) -> Vec<Link> {
    let release = source
        .starts_with("https://github.com/")
        .then(|| Link { name: "policy", url: format!("{source}/releases/download/v{version}/policy.wasm") });
    release.into_iter().chain([Link { name: "source", url: source }]).collect()
}

fn maintainers(authors: &str) -> anyhow::Result<Vec<Maintainer>> {
    let maintainer = |author: &str| {
        let (name, address) = author.trim().strip_suffix('>')?.split_once('<')?;
        let well_formed = address.contains('@') && !address.contains(char::is_whitespace);
        well_formed.then(|| Maintainer { name: name.trim().to_owned(), email: address.to_owned() })
    };
    let wrong = || format!("{}: {authors:?}: write name <address>, separated by commas", annotation::AUTHOR);
    authors.split(',').map(maintainer).collect::<Option<_>>().with_context(wrong)
}

fn annotations(metadata: &Metadata, questions: &str) -> anyhow::Result<BTreeMap<&'static str, String>> {
    let mut annotations = BTreeMap::from([
        ("kubewarden/mutation", metadata.mutating.to_string()),
        ("kubewarden/rules", yaml_serde::to_string(&metadata.rules)?),
        ("kubewarden/questions-ui", questions.to_owned()),
    ]);
    if !metadata.context_aware_resources.is_empty() {
        let resources = yaml_serde::to_string(&metadata.context_aware_resources)?;
        annotations.insert("kubewarden/contextAwareResources", resources);
    }
    if let Some(resources) = metadata.annotations.get(annotation::RESOURCES) {
        annotations.insert("kubewarden/resources", resources.clone());
    }
    Ok(annotations)
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"
rules:
- apiGroups: [""]
  apiVersions: [v1]
  resources: [pods]
  operations: [CREATE]
mutating: false
contextAwareResources:
- apiVersion: v1
  kind: ConfigMap
annotations:
  io.kubewarden.policy.title: a-policy
  io.kubewarden.policy.version: 0.2.1
  io.kubewarden.policy.description: A description
  io.kubewarden.policy.author: An Author <a@b.example>, Another <c@d.example>
  io.kubewarden.policy.ociUrl: ghcr.io/org/policies/a-policy
  io.kubewarden.policy.url: https://github.com/org/a-policy
  io.kubewarden.policy.source: https://github.com/org/a-policy
  io.kubewarden.policy.license: Apache-2.0
  io.artifacthub.displayName: A Policy
  io.artifacthub.resources: Pod
  io.artifacthub.keywords: one, two
"#;

    /// Made by `kwctl scaffold artifacthub` 1.36.
    const PACKAGE: &str = r#"
version: 0.2.1
name: a-policy
displayName: A Policy
createdAt: 2026-01-02T03:04:05Z
description: A description
license: Apache-2.0
homeURL: https://github.com/org/a-policy
containersImages:
- name: policy
  image: ghcr.io/org/policies/a-policy:v0.2.1
keywords:
- one
- two
links:
- name: policy
  url: https://github.com/org/a-policy/releases/download/v0.2.1/policy.wasm
- name: source
  url: https://github.com/org/a-policy
install: |
  The policy can be obtained using [kwctl](https://docs.kubewarden.io/howtos/install-kwctl):
  ```console
  kwctl pull ghcr.io/org/policies/a-policy:v0.2.1
  ```
  Then, generate the policy manifest and tune it to your liking. For example:
  ```console
  kwctl scaffold manifest -t ClusterAdmissionPolicy registry://ghcr.io/org/policies/a-policy:v0.2.1
  ```
maintainers:
- name: An Author
  email: a@b.example
- name: Another
  email: c@d.example
provider:
  name: kubewarden
recommendations:
- url: https://artifacthub.io/packages/helm/kubewarden/kubewarden-controller
annotations:
  kubewarden/contextAwareResources: |
    - apiVersion: v1
      kind: ConfigMap
  kubewarden/mutation: 'false'
  kubewarden/questions-ui: |
    questions: []
  kubewarden/resources: Pod
  kubewarden/rules: |
    - apiGroups:
      - ''
      apiVersions:
      - v1
      resources:
      - pods
      operations:
      - CREATE
"#;

    fn package(metadata: &str) -> anyhow::Result<Package> {
        let metadata: Metadata = yaml_serde::from_str(metadata).unwrap();
        Package::new(&metadata, "questions: []\n", "2026-01-02T03:04:05Z".to_owned())
    }

    #[test]
    fn is_what_kwctl_makes() {
        let yaml = package(METADATA).unwrap().to_yaml().unwrap();
        assert_eq!(yaml.strip_prefix(HEADER), Some(PACKAGE.trim_start()));
    }

    #[test]
    fn rejects_metadata_that_kwctl_rejects() {
        const CASES: &[(&str, &str, &str)] = &[
            ("policy.title", "x", "policy metadata must specify \"io.kubewarden.policy.title\" in annotations"),
            ("policy.version", "x", "policy metadata must specify \"io.kubewarden.policy.version\" in annotations"),
            ("policy.ociUrl", "x", "policy metadata must specify \"io.kubewarden.policy.ociUrl\" in annotations"),
            (
                "one, two",
                "one,, two",
                "io.artifacthub.keywords: an empty keyword in \"one,, two\": write words separated by commas",
            ),
            (
                "<a@b.example>, Another <c@d.example>",
                "a@b.example",
                "io.kubewarden.policy.author: \"An Author a@b.example\": write name <address>, separated by commas",
            ),
        ];
        for (from, to, text) in CASES {
            let error = package(&METADATA.replacen(from, to, 1)).unwrap_err();
            assert_eq!(error.to_string(), *text, "{from} -> {to}");
        }
    }
}
