//! The ConfigMap of exceptions, out of a file.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    input::document,
    policy::{ConfigMap, Shown},
};

/// What the ConfigMap says of each namespace.
#[derive(Debug)]
pub struct AllowList {
    entries: BTreeMap<String, String>,
}

const CONFIG_MAP: &str = "ConfigMap";

#[derive(Deserialize)]
struct Kind {
    kind: String,
}

/// The parts of a ConfigMap (Kubernetes API, core/v1) that count.
#[derive(Deserialize)]
struct Manifest {
    kind: String,
    #[serde(default)]
    metadata: Metadata,
    data: Option<BTreeMap<String, Value>>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    name: Option<String>,
    namespace: Option<String>,
}

impl AllowList {
    /// Reads the ConfigMap that the settings name, which may stand among other documents.
    pub fn read(path: &Path, wanted: &ConfigMap<'_>) -> anyhow::Result<Self> {
        Self::find(&document::read_text(path)?, wanted).with_context(|| document::name(path))
    }

    /// Finds the ConfigMap in a text.
    pub fn find(text: &str, wanted: &ConfigMap<'_>) -> anyhow::Result<Self> {
        let documents = document::all_to_json(text)?;
        let is_config_map = |json: &&String| serde_json::from_str(json).is_ok_and(|Kind { kind }| kind == CONFIG_MAP);
        let config_map = documents.iter().find(is_config_map).or(documents.first());
        Self::parse(config_map.map_or("null", String::as_str), wanted)
    }

    /// A list of these entries.
    pub fn new(entries: &[(String, String)]) -> Self {
        Self { entries: entries.iter().cloned().collect() }
    }

    /// Each namespace with its entry, in the order of their names.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(namespace, entry)| (namespace.as_str(), entry.as_str()))
    }

    /// Reads the ConfigMap out of its JSON.
    pub fn parse(json: &str, wanted: &ConfigMap<'_>) -> anyhow::Result<Self> {
        let Manifest { kind, metadata, data } = serde_json::from_str(json).context("is not a ConfigMap")?;
        if kind != CONFIG_MAP {
            bail!("is a {kind}: give the ConfigMap that the settings name");
        }
        // A manifest may leave its namespace to the command that applies it.
        let namespace = metadata.namespace.as_deref().unwrap_or(wanted.namespace);
        let found = ConfigMap { namespace, name: metadata.name.as_deref().unwrap_or_default() };
        if found != *wanted {
            bail!("is {found}: the settings name {wanted}");
        }
        Ok(Self { entries: strings(data.unwrap_or_default())? })
    }

    /// What it says of a namespace, if anything.
    pub fn entry(&self, namespace: &str) -> Option<String> {
        self.entries.get(namespace).cloned()
    }
}

/// The values of a ConfigMap, which must be strings: YAML takes `tool-a:` for null and 2026 for a number.
pub fn strings(data: BTreeMap<String, Value>) -> anyhow::Result<BTreeMap<String, String>> {
    let string = |(key, value): (String, Value)| match value {
        Value::String(text) => Ok((key, text)),
        _ => bail!("{}: is not a string: write \"\" or a date in quotes", Shown(&key)),
    };
    data.into_iter().map(string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: ConfigMap<'static> = ConfigMap { namespace: "registry-enforcer", name: "byoc" };

    #[test]
    fn reads_the_entries() {
        let json = r#"{"kind": "ConfigMap", "metadata": {"name": "byoc"}, "data": {"tool-mix": "2026-12-31"}}"#;
        let allow_list = AllowList::parse(json, &WANTED).expect("a ConfigMap");
        assert_eq!(allow_list.entry("tool-mix").as_deref(), Some("2026-12-31"));
        assert_eq!(allow_list.entry("tool-max"), None);
    }

    #[test]
    fn rejects_what_is_another_object() {
        const CASES: &[(&str, &str)] = &[
            (r#"{"kind": "Secret"}"#, "is a Secret: give the ConfigMap that the settings name"),
            (
                r#"{"kind": "ConfigMap", "metadata": {"name": "other", "namespace": "default"}}"#,
                "is ConfigMap default/other: the settings name ConfigMap registry-enforcer/byoc",
            ),
            (
                r#"{"kind": "ConfigMap", "metadata": {"name": "byoc"}, "data": {"tool-mix": {}}}"#,
                "tool-mix: is not a string: write \"\" or a date in quotes",
            ),
            ("null", "is not a ConfigMap: invalid type: null, expected struct Manifest at line 1 column 4"),
        ];
        for &(json, expected) in CASES {
            let error = AllowList::parse(json, &WANTED).expect_err(json);
            assert_eq!(format!("{error:#}"), expected, "{json}");
        }
    }
}
