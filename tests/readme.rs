//! Every YAML block of the documentation is loaded: settings are valid, manifests hold valid settings.

use serde_json::Value;

const DOCUMENTS: &[(&str, &str)] = &[("README.md", include_str!("../README.md"))];

#[test]
fn every_yaml_block_holds_valid_settings() {
    for (document, text) in DOCUMENTS {
        let blocks: Vec<&str> = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert!(!blocks.is_empty(), "{document} has no YAML block");
        for block in blocks {
            let yaml: Value =
                yaml_serde::from_str(block).unwrap_or_else(|cause| panic!("{document}: {cause}\n{block}"));
            let settings = yaml.pointer("/spec/settings").unwrap_or(&yaml);
            let problems = registry_enforcer::settings::validate(&settings.to_string());
            assert_eq!(problems.map_err(|problems| problems.to_string()), Ok(()), "{document}:\n{block}");
        }
    }
}

#[test]
fn the_settings_reference_has_every_setting() {
    let (_, text) = DOCUMENTS[0];
    let reference =
        text.split("## Settings").nth(1).and_then(|rest| rest.split("```").nth(1)).expect("a block of settings");
    let keys = reference
        .lines()
        .filter_map(|line| line.split_once(':').map(|(key, _)| key))
        .filter(|key| !key.starts_with(' '));
    let mut documented: Vec<&str> = keys.collect();
    let mut known = registry_enforcer::settings::KEYS.to_vec();
    documented.sort_unstable();
    known.sort_unstable();
    assert_eq!(documented, known);
}

#[test]
fn the_containerfile_has_the_labels_that_open_source_asks_for() {
    let (_, text) = DOCUMENTS[0];
    let containerfile =
        text.split("```Dockerfile\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a Containerfile");
    let labels: Vec<&str> = containerfile.lines().filter_map(|line| line.strip_prefix("LABEL ")).collect();
    assert_eq!(
        labels,
        [
            "org.opencontainers.image.licenses=\"Apache-2.0\"",
            "org.opencontainers.image.source=\"https://gitlab.wikimedia.org/toolforge-repos/mix\"",
        ]
    );
}
