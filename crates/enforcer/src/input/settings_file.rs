//! A file with the settings alone, or with the policy that has them.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    input::{document, lines::line_of, namespace_selector::NamespaceSelector},
    policy::{Settings, Shown, settings},
};

/// The kind of a policy that judges the whole cluster.
const CLUSTER_POLICY: &str = "ClusterAdmissionPolicy";
/// The kind of a policy that judges one namespace, as that of the allow list does.
const NAMESPACED_POLICY: &str = "AdmissionPolicy";
/// The kinds of Kubewarden's policies, which have the settings at `spec.settings`.
const POLICY_KINDS: &[&str] = &[CLUSTER_POLICY, NAMESPACED_POLICY];

const MORE_THAN_ONE: &str = "has more than one policy: give a file with one";

/// The settings of a policy, which are valid, and what the policy says of namespaces.
#[derive(Debug)]
pub struct SettingsFile {
    json: String,
    /// What a message calls it.
    name: String,
    /// The text, where it is a file.
    text: Option<String>,
    /// `None` where the file has the settings alone.
    pub selector: Option<NamespaceSelector>,
}

#[derive(Deserialize)]
struct Manifest<'a> {
    #[serde(default)]
    kind: Option<String>,
    #[serde(borrow, default)]
    spec: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    #[serde(borrow, default)]
    settings: Option<&'a RawValue>,
    #[serde(default)]
    namespace_selector: Option<NamespaceSelector>,
}

impl SettingsFile {
    /// Reads settings, or a policy, and checks the settings.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let name = document::name(path);
        let text = document::read_text(path)?;
        let file = Self::parse(&text).with_context(|| name.clone())?;
        Self { name, text: Some(text), ..file }.checked()
    }

    /// The settings of a policy in the cluster.
    pub fn of_policy(json: &str, name: &str) -> anyhow::Result<Self> {
        let manifest: Manifest<'_> = serde_json::from_str(json).with_context(|| name.to_owned())?;
        let file = Self::of_spec(manifest.spec.map_or("{}", RawValue::get)).with_context(|| name.to_owned())?;
        Self { name: name.to_owned(), ..file }.checked()
    }

    /// A file with a ClusterAdmissionPolicy: the policy as JSON, its settings, and which kind of policy stands beside it.
    pub fn read_policy(path: &Path) -> anyhow::Result<(String, Self, Option<&'static str>)> {
        let name = document::name(path);
        let documents = document::all_to_json(&document::read_text(path)?).with_context(|| name.clone())?;
        let policy = one_policy(&documents, &[CLUSTER_POLICY]).with_context(|| name.clone())?;
        let policy = policy.ok_or_else(|| anyhow!("{name}: has no {CLUSTER_POLICY}: give a file with one"))?;
        let is_beside = documents.iter().any(|document| policy_of(document, &[NAMESPACED_POLICY]).is_some());
        Ok((policy.to_owned(), Self::of_policy(policy, &name)?, is_beside.then_some(NAMESPACED_POLICY)))
    }

    /// The settings as they were read, in JSON.
    pub fn json(&self) -> &str {
        &self.json
    }

    fn checked(self) -> anyhow::Result<Self> {
        match settings::validate(&self.json) {
            Ok(()) => Ok(self),
            Err(problems) => bail!("the settings in {} are not valid:\n{problems}", self.name),
        }
    }

    /// Where a setting stands, or an element of the list that it is: `settings.yaml:7`.
    pub fn place(&self, key: &str, index: Option<usize>) -> Option<String> {
        let line = self.text.as_deref().and_then(|text| line_of(text, key, index))?;
        Some(format!("{}:{line}", self.name))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let documents = document::all_to_json(text)?;
        match &*documents {
            [] => Self::of_document("null"),
            [document] => Self::of_document(document),
            documents => match one_policy(documents, POLICY_KINDS)? {
                Some(policy) => Self::of_document(policy),
                None => bail!("has more than one document, and none is a policy: give one with the settings"),
            },
        }
    }

    fn of_document(json: &str) -> anyhow::Result<Self> {
        let Some(spec) = policy(json) else {
            // Settings have no such field.
            if let Ok(Manifest { kind: Some(kind), .. }) = serde_json::from_str(json) {
                bail!("is a {}: give the settings, or the one policy that has them", Shown(&kind));
            }
            return Ok(Self { json: json.to_owned(), name: String::new(), text: None, selector: None });
        };
        Self::of_spec(spec.get())
    }

    fn of_spec(spec: &str) -> anyhow::Result<Self> {
        let spec: Spec<'_> = serde_json::from_str(spec).context("spec")?;
        let json = spec.settings.map_or("{}", RawValue::get).to_owned();
        let selector = Some(spec.namespace_selector.unwrap_or_default());
        Ok(Self { json, name: String::new(), text: None, selector })
    }

    /// The settings.
    pub fn settings(&self) -> anyhow::Result<Settings<'_>> {
        serde_json::from_str(&self.json).map_err(|cause| anyhow!("the settings cannot be read: {cause}"))
    }
}

/// The policy among documents: the policy of the cluster, beside which another one may judge the allow list.
fn one_policy<'d>(documents: &'d [String], kinds: &[&str]) -> anyhow::Result<Option<&'d str>> {
    for kind in kinds {
        let mut policies = documents.iter().filter(|document| policy_of(document, &[kind]).is_some());
        match (policies.next(), policies.next()) {
            (Some(policy), None) => return Ok(Some(policy)),
            (Some(_), Some(_)) => bail!("{MORE_THAN_ONE}"),
            (None, _) => {}
        }
    }
    Ok(None)
}

/// The `spec` of a policy, `None` where the document is something else.
fn policy(json: &str) -> Option<&RawValue> {
    policy_of(json, POLICY_KINDS)
}

fn policy_of<'j>(json: &'j str, kinds: &[&str]) -> Option<&'j RawValue> {
    let manifest: Manifest<'_> = serde_json::from_str(json).ok()?;
    manifest.spec.filter(|_| manifest.kind.is_some_and(|kind| kinds.contains(&&*kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = "kind: ClusterAdmissionPolicy\nspec:\n  settings: {registry_prefixes: [reg.example]}\n";

    #[test]
    fn reads_settings_and_policies() {
        let namespace = format!("kind: Namespace\n---\n{POLICY}");
        let judge = format!("kind: AdmissionPolicy\nspec: {{settings: {{}}}}\n---\n{POLICY}");
        let cases = [
            ("{\"registry_prefixes\":[\"reg.example\"]}", false),
            ("registry_prefixes: [reg.example]", false),
            (POLICY, true),
            (&namespace, true),
            (&judge, true),
        ];
        for (text, has_selector) in cases {
            let file = SettingsFile::parse(text).expect(text);
            assert_eq!(file.json, r#"{"registry_prefixes":["reg.example"]}"#, "{text}");
            assert_eq!(file.selector.is_some(), has_selector, "{text}");
        }
    }

    #[test]
    fn rejects_a_choice() {
        let two = format!("{POLICY}---\n{POLICY}");
        let cases = [
            (&*two, "has more than one policy: give a file with one"),
            ("kind: List\nitems: []\n", "is a List: give the settings, or the one policy that has them"),
            ("a: 1\n---\nb: 1\n", "has more than one document, and none is a policy: give one with the settings"),
        ];
        for (text, error) in cases {
            assert_eq!(SettingsFile::parse(text).expect_err(text).to_string(), error, "{text}");
        }
    }
}
