//! The allow list as YAML in Git, changed without a change of anything else: comments, order and quotes stay.
//!
//! yaml-edit keeps a syntax tree of every byte. What it makes is read again, and used only if it says what was meant.

use std::{collections::BTreeMap, str::FromStr};

use anyhow::{anyhow, bail};
use serde_json::Value;
use yaml_edit::{Document, Mapping, MappingBuilder, ScalarValue, YamlFile};

use crate::input::{allow_list, document};

const DATA: &str = "data";

/// The text with another entry for a key, or without one for `None`.
pub fn edit(text: &str, key: &str, entry: Option<&str>) -> anyhow::Result<String> {
    let mut wanted = data(text)?;
    match entry {
        Some(entry) => drop(wanted.insert(key.to_owned(), entry.to_owned())),
        None => drop(wanted.remove(key)),
    }
    let file = YamlFile::from_str(text).map_err(|cause| anyhow!("is not YAML: {cause}"))?;
    let config_map = file.documents().find_map(config_map).ok_or_else(|| anyhow!("has no ConfigMap"))?;
    if config_map.get_mapping(DATA).is_none() {
        config_map.set(DATA, MappingBuilder::new().build_document().as_mapping());
    }
    if let Some(data) = config_map.get_mapping(DATA) {
        match entry {
            Some(entry) => data.set(key, scalar(entry)),
            None => drop(data.remove(key)),
        }
    }
    let edited = file.to_string();
    if data(&edited).is_ok_and(|found| found == wanted) {
        return Ok(edited);
    }
    bail!("has a form that cannot be edited safely: write data as a block, a key on each line")
}

/// Always with quotes: other parsers take a bare 2026-12-31 for a time.
fn scalar(entry: &str) -> ScalarValue {
    if entry.contains('"') { ScalarValue::single_quoted(entry) } else { ScalarValue::double_quoted(entry) }
}

fn config_map(document: Document) -> Option<Mapping> {
    let mapping = document.as_mapping()?;
    let kind = mapping.get("kind")?.to_string();
    (kind.trim().trim_matches(['"', '\'']) == "ConfigMap").then_some(mapping)
}

/// The data of the ConfigMap, which must be the only one.
pub fn data(text: &str) -> anyhow::Result<BTreeMap<String, String>> {
    #[derive(serde::Deserialize)]
    struct Manifest {
        kind: String,
        #[serde(default)]
        data: Option<BTreeMap<String, Value>>,
    }
    let documents = document::all_to_json(text)?;
    let manifests = documents.iter().filter_map(|json| serde_json::from_str::<Manifest>(json).ok());
    let mut config_maps = manifests.filter(|manifest| manifest.kind == "ConfigMap");
    match (config_maps.next(), config_maps.next()) {
        (Some(manifest), None) => allow_list::strings(manifest.data.unwrap_or_default()),
        (None, _) => bail!("has no ConfigMap: give the allow list"),
        (Some(_), Some(_)) => bail!("has more than one ConfigMap: give a file with the allow list alone"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "# The list.\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: byoc # not the \
                        namespace\ndata:\n  # Asked for by mix.\n  tool-mix: \"2026-11-15\" # T1\n\n  tool-z: ''\n";

    #[test]
    fn changes_one_entry_and_nothing_else() {
        let changed = edit(LIST, "tool-mix", Some("2027-01-31")).expect("a list");
        assert_eq!(changed, LIST.replace("2026-11-15", "2027-01-31"));
        let added = edit(LIST, "tool-new", Some(r#"{"reason":"it's"}"#)).expect("a list");
        assert_eq!(added, format!("{LIST}  tool-new: '{{\"reason\":\"it''s\"}}'\n"));
        let removed = edit(LIST, "tool-mix", None).expect("a list");
        assert_eq!(removed, LIST.replace("  tool-mix: \"2026-11-15\" # T1\n", ""));
    }

    #[test]
    fn finds_the_list_among_other_documents_and_without_data() {
        const CASES: &[(&str, &str)] = &[
            ("kind: ConfigMap\ndata: {}\n# end\n", "kind: ConfigMap\ndata: {a: \"2027-01-31\"}\n# end\n"),
            (
                "kind: Namespace\n---\nkind: ConfigMap\ndata:\n  b: ''\n---\nkind: Role\n",
                "kind: Namespace\n---\nkind: ConfigMap\ndata:\n  b: ''\n  a: \"2027-01-31\"\n---\nkind: Role\n",
            ),
        ];
        for &(text, expected) in CASES {
            assert_eq!(edit(text, "a", Some("2027-01-31")).expect(text), expected, "{text}");
        }
        for text in ["kind: ConfigMap\n", "kind: ConfigMap\ndata:\nmetadata: {}\n"] {
            let edited = edit(text, "a", Some("2027-01-31"));
            let says = edited.map(|text| data(&text).expect("a list")["a"].clone());
            assert_eq!(says.map_err(|error| error.to_string()), Ok("2027-01-31".to_owned()), "{text}");
        }
    }

    #[test]
    fn rejects_what_is_not_the_list() {
        const CASES: &[(&str, &str)] = &[
            ("kind: Secret\n", "has no ConfigMap: give the allow list"),
            ("kind: ConfigMap\ndata: {tool-nul: }\n", "tool-nul: is not a string: write \"\" or a date in quotes"),
            (
                "kind: ConfigMap\n---\nkind: ConfigMap\n",
                "has more than one ConfigMap: give a file with the allow list alone",
            ),
        ];
        for &(text, error) in CASES {
            assert_eq!(edit(text, "a", None).expect_err(text).to_string(), error, "{text}");
        }
    }
}
