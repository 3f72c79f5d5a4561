//! The files in `deploy/` that `enforcer manifest` writes from the settings in `test_data/settings/deploy/`: each begins
//! with a comment of its own, which people write, and goes on with what the program prints.
//!
//! `make deploy` renews them.

mod common;

use std::{collections::BTreeSet, fs, path::PathBuf};

use common::{errors, run};
use expect_test::expect_file;
use serde::Deserialize;
use yaml_serde::Value;

const MODULE: &str = concat!("registry://ghcr.io/toolforge/policies/registry-enforcer:v", env!("CARGO_PKG_VERSION"));
const POLICY: &[&str] = &["ClusterAdmissionPolicy"];

/// A file, the settings that it comes from (in `test_data/settings/deploy`), further flags, and the kinds of what is printed that stand in it.
type Generated = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const FILES: &[Generated] = &[
    ("option-1-everybody", "option-1-everybody", &[], POLICY),
    ("option-2-until-a-date", "option-2-until-a-date", &[], POLICY),
    ("option-3-nobody", "option-3-nobody", &[], POLICY),
    ("option-4-allow-list-config-map", "option-4-allow-list-config-map", &[], POLICY),
    ("allow-list-access", "option-4-allow-list-config-map", &[], &["Namespace", "Role", "RoleBinding"]),
    ("allow-list-policy", "option-4-allow-list-config-map", &[], &["AdmissionPolicy"]),
    ("option-4-allow-list-in-settings", "option-4-allow-list-in-settings", &[], POLICY),
    ("toolforge", "../toolforge", &[], POLICY),
    ("trial", "trial", &["--mode", "monitor"], POLICY),
];

fn path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(name)
}

fn settings_path(name: &str) -> String {
    path(&format!("test_data/settings/deploy/{name}.yml")).display().to_string()
}

/// The comment with which a file begins.
fn comment(file: &str) -> String {
    let text = fs::read_to_string(path(&format!("deploy/{file}.yml"))).expect(file);
    text.split_inclusive('\n').take_while(|line| line.starts_with('#')).collect()
}

/// The documents of some kinds that the program prints for settings.
fn printed(settings: &str, flags: &[&str], kinds: &[&str]) -> String {
    let settings = settings_path(settings);
    let arguments = [&["manifest", "--settings", &settings, "--module", MODULE], flags].concat();
    let output = run(&arguments, "");
    assert_eq!((errors(&output), output.status.code()), (String::new(), Some(0)), "{settings}");
    let text = String::from_utf8(output.stdout).expect("text");
    let is_of_kind = |document: &&str| {
        let value: Value = yaml_serde::from_str(document).expect("YAML");
        kinds.contains(&value["kind"].as_str().unwrap_or_default())
    };
    text.split("---\n").filter(is_of_kind).collect::<Vec<_>>().join("---\n")
}

#[test]
fn every_file_is_what_its_settings_give() {
    for (file, settings, flags, kinds) in FILES {
        let expected = comment(file) + &printed(settings, flags, kinds);
        expect_file![path(&format!("deploy/{file}.yml"))].assert_eq(&expected);
    }
}

#[test]
fn every_policy_passes_its_own_check() {
    for (file, ..) in FILES.iter().filter(|(.., kinds)| *kinds == POLICY) {
        let file = path(&format!("deploy/{file}.yml")).display().to_string();
        let output = run(&["manifest", "--check", &file], "");
        assert_eq!((errors(&output), output.status.code()), (String::new(), Some(0)), "{file} {output:?}");
    }
}

#[test]
fn every_settings_file_has_a_manifest() {
    let folder = fs::read_dir(path("test_data/settings/deploy")).expect("a folder");
    let names = folder.map(|entry| entry.expect("an entry").path().file_stem().expect("a name").to_owned());
    let names: BTreeSet<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    let used = FILES.iter().map(|(_, settings, ..)| *settings).filter(|settings| !settings.contains('/'));
    let used: BTreeSet<String> = used.map(str::to_owned).collect();
    assert_eq!(names, used);
}

/// A group has what one policy of it would have, but for the conditions: they would decide about the other members too.
#[test]
fn the_group_with_signatures_has_the_rules_of_a_policy() {
    let of = |name: &str, text: &str| Value::deserialize(yaml_serde::Deserializer::from_str(text)).expect(name);
    let name = "deploy/with-signatures.yml";
    let group = of(name, &fs::read_to_string(path(name)).expect(name));
    let policy = of("policy", &printed("option-3-nobody", &[], POLICY));
    for field in ["rules", "namespaceSelector", "mode", "failurePolicy", "policyServer"] {
        assert_eq!(group["spec"][field], policy["spec"][field], "{field}");
    }
    assert_eq!(group["spec"]["matchConditions"], Value::Null);
}
