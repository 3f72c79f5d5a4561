//! On which line of a file a setting stands.

use std::str::FromStr;

use yaml_edit::{Mapping, YamlFile, YamlNode};

/// The line of a setting, or of an element of the list that it is. Settings stand alone in a file or in a policy, at
/// `spec.settings`.
pub fn line_of(text: &str, key: &str, index: Option<usize>) -> Option<usize> {
    let file = YamlFile::from_str(text).ok()?;
    file.documents().find_map(|document| {
        let top = document.as_mapping()?;
        let settings = top.get_mapping("spec").and_then(|spec| spec.get_mapping("settings")).unwrap_or(top);
        let start = start_of(&settings, key, index)?;
        Some(text.get(..start)?.matches('\n').count() + 1)
    })
}

fn start_of(settings: &Mapping, key: &str, index: Option<usize>) -> Option<usize> {
    let start = |node: &YamlNode| usize::try_from(node.byte_range().start).ok();
    let Some(index) = index else {
        let entry =
            settings.entries().find(|entry| entry.key_node().is_some_and(|name| name.to_string().trim() == key));
        return start(&entry?.key_node()?);
    };
    start(&settings.get_sequence(key)?.values().nth(index)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: &str = "# head\nregistry_prefixes:\n  - a.org # one\n  - prefix: b.org\nsunset_date: 2026-12-31\n";
    const POLICY: &str = "kind: Namespace\n---\nkind: ClusterAdmissionPolicy\nspec:\n  settings:\n    denied_tags: [latest,\n      old]\n";

    #[test]
    fn finds_settings_and_elements() {
        const CASES: &[(&str, &str, Option<usize>, Option<usize>)] = &[
            (SETTINGS, "registry_prefixes", None, Some(2)),
            (SETTINGS, "registry_prefixes", Some(0), Some(3)),
            (SETTINGS, "registry_prefixes", Some(1), Some(4)),
            (SETTINGS, "registry_prefixes", Some(2), None),
            (SETTINGS, "sunset_date", None, Some(5)),
            (SETTINGS, "denied_tags", None, None),
            (POLICY, "denied_tags", Some(1), Some(7)),
            ("{\n\"denied_tags\": [\"latest\"]}", "denied_tags", Some(0), Some(2)),
        ];
        for &(text, key, index, line) in CASES {
            assert_eq!(line_of(text, key, index), line, "{key} {index:?} {text}");
        }
    }
}
