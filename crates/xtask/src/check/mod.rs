//! `check`: compares the files that repeat each other's version, description and rules.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use engine::metadata::{Metadata, annotation};
use serde_json::Value;

use crate::check::artifacthub::Package;
use crate::check::changelog::newest_version;
use crate::check::difference::{Difference, compare_values};
use crate::check::documents::Document;

mod artifacthub;
mod changelog;
mod difference;
mod documents;

const PACKAGE: &str = "artifacthub-pkg.yml";

/// Checks that version, description and rules agree in every file that repeats them
#[derive(clap::Args)]
pub struct Args {
    /// Renew artifacthub-pkg.yml from metadata.yml and questions-ui.yml first
    #[arg(long)]
    write: bool,
    /// Compare this tag with the version too
    #[arg(long, value_name = "vX.Y.Z")]
    tag: Option<String>,
    /// The repository
    #[arg(long, value_name = "PATH", default_value = ".")]
    root: PathBuf,
}

/// Runs the command; all differences are reported at once.
pub fn check(args: &Args) -> anyhow::Result<()> {
    let mut files = Files::read(&args.root)?;
    if args.write && !files.package_differences()?.is_empty() {
        files.package = files.renewed_package(jiff::Timestamp::now().to_string())?;
        std::fs::write(args.root.join(PACKAGE), &files.package).with_context(|| format!("Cannot write {PACKAGE}"))?;
    }
    let differences = files.differences(args.tag.as_deref())?;
    if !differences.is_empty() {
        let lines: Vec<String> = differences.iter().map(Difference::to_string).collect();
        bail!("the repository does not agree with itself:\n{}", lines.join("\n"));
    }
    Ok(())
}

/// The files that are compared.
struct Files {
    cargo: String,
    metadata: String,
    questions: String,
    package: String,
    changelog: String,
    documents: Vec<Document>,
}

impl Files {
    fn read(root: &Path) -> anyhow::Result<Self> {
        let read = |name: &str| std::fs::read_to_string(root.join(name)).with_context(|| format!("Cannot open {name}"));
        Ok(Self {
            cargo: read("Cargo.toml")?,
            metadata: read("metadata.yml")?,
            questions: read("questions-ui.yml")?,
            // `--write` makes it.
            package: read(PACKAGE).unwrap_or_default(),
            changelog: read("CHANGELOG.md")?,
            documents: documents::read(root)?,
        })
    }

    fn metadata(&self) -> anyhow::Result<Metadata> {
        yaml_serde::from_str(&self.metadata).context("Cannot read metadata.yml")
    }

    fn differences(&self, tag: Option<&str>) -> anyhow::Result<Vec<Difference>> {
        let cargo: toml::Value = toml::from_str(&self.cargo).context("Cannot read Cargo.toml")?;
        let stated = |place: &str| {
            let value = place.split('.').try_fold(&cargo, |table, key| table.get(key));
            value.and_then(toml::Value::as_str).with_context(|| format!("Cargo.toml has no {place}"))
        };
        let (version, description) = (stated("workspace.package.version")?, stated("package.description")?);
        let metadata = self.metadata()?;
        let annotated = |name: &str| metadata.annotations.get(name).map_or("nothing", String::as_str);

        let mut differences = Vec::new();
        let mut compare = |file: &str, place: &str, found: &str, expected: &str| {
            if found != expected {
                differences.push(Difference::new(file, place, found, expected));
            }
        };
        if let Some(tag) = tag {
            compare("the tag", "version", tag, &format!("v{version}"));
        }
        compare("metadata.yml", annotation::VERSION, annotated(annotation::VERSION), version);
        compare("metadata.yml", annotation::DESCRIPTION, annotated(annotation::DESCRIPTION), description);
        let newest = newest_version(&self.changelog).unwrap_or("nothing");
        compare("CHANGELOG.md", "newest version", newest, version);
        let image = format!("{}:v{version}", annotated(annotation::OCI_URL));
        for document in &self.documents {
            for found in document.images(annotated(annotation::OCI_URL)) {
                compare(&document.name, "the policy's image", found, &image);
            }
        }
        differences.extend(self.package_differences()?);
        differences.extend(self.rule_differences(&metadata)?);
        Ok(differences)
    }

    fn package_differences(&self) -> anyhow::Result<Vec<Difference>> {
        let found: Value = yaml_serde::from_str(&self.package).with_context(|| format!("Cannot read {PACKAGE}"))?;
        let created_at = found["createdAt"].as_str().unwrap_or_default();
        let expected = self.renewed_package(created_at.to_owned())?;
        let expected: Value = yaml_serde::from_str(&expected)?;

        let mut differences = Vec::new();
        if created_at.parse::<jiff::Timestamp>().is_err() {
            let found = found["createdAt"].to_string();
            differences.push(Difference::new(PACKAGE, "createdAt", &found, "an RFC 3339 time"));
        }
        compare_values("", &found, &expected, &mut |place, found, expected| {
            differences.push(Difference::new(PACKAGE, place, &found, &expected));
        });
        Ok(differences)
    }

    fn renewed_package(&self, created_at: String) -> anyhow::Result<String> {
        Package::new(&self.metadata()?, &self.questions, created_at)?.to_yaml()
    }

    /// Manifests of this policy have the metadata's rules, unless they audit nodes.
    fn rule_differences(&self, metadata: &Metadata) -> anyhow::Result<Vec<Difference>> {
        let Some(oci_url) = metadata.annotations.get(annotation::OCI_URL) else { return Ok(Vec::new()) };
        let expected = serde_json::to_value(&metadata.rules)?;
        let mut differences = Vec::new();
        for document in &self.documents {
            for rules in document.rules_of(oci_url)? {
                compare_values("spec.rules", &rules, &expected, &mut |place, found, expected| {
                    differences.push(Difference::new(&document.name, place, &found, &expected));
                });
            }
        }
        Ok(differences)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARGO: &str = r#"
[workspace.package]
version = "1.2.3"

[package]
name = "a"
version.workspace = true
description = "A policy"
"#;

    const METADATA: &str = r#"
rules:
- {apiGroups: [""], apiVersions: [v1], resources: [pods], operations: [CREATE]}
mutating: false
annotations:
  io.artifacthub.displayName: A Policy
  io.kubewarden.policy.title: a-policy
  io.kubewarden.policy.version: 1.2.3
  io.kubewarden.policy.description: A policy
  io.kubewarden.policy.ociUrl: reg.example/p
"#;

    const README: &str = "\
Pull reg.example/p:v1.2.3
```yaml
spec:
  module: registry://reg.example/p:v1.2.3
  rules:
  - {apiGroups: [\"\"], apiVersions: [v1], resources: [pods], operations: [CREATE]}
```
";

    /// Files that agree.
    fn files() -> Files {
        let mut files = Files {
            cargo: CARGO.to_owned(),
            metadata: METADATA.to_owned(),
            questions: "questions:\n- a\n- b\n".to_owned(),
            package: String::new(),
            changelog: "# Changes\n\n## Unreleased\n\n## [1.2.3] - 2026-01-02\n\n## 1.2.2\n".to_owned(),
            documents: vec![Document { name: "README.md".to_owned(), text: README.to_owned() }],
        };
        files.package = files.renewed_package("2026-01-02T03:04:05Z".to_owned()).unwrap();
        files
    }

    #[track_caller]
    fn assert_differences(files: &Files, tag: Option<&str>, expected: &[&str]) {
        let differences = files.differences(tag).unwrap();
        let lines: Vec<String> = differences.iter().map(Difference::to_string).collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn accepts_files_that_agree() {
        assert_differences(&files(), None, &[]);
        assert_differences(&files(), Some("v1.2.3"), &[]);
    }

    #[test]
    fn rejects_a_tag_that_is_not_the_version() {
        assert_differences(&files(), Some("1.2.3"), &["the tag: version: found 1.2.3, expected v1.2.3"]);
    }

    #[test]
    fn reports_every_copy_of_an_old_version_and_description() {
        let mut files = files();
        files.cargo = CARGO.replace("1.2.3", "1.3.0").replace("A policy", "The policy");
        assert_differences(
            &files,
            None,
            &[
                "metadata.yml: io.kubewarden.policy.version: found 1.2.3, expected 1.3.0",
                "metadata.yml: io.kubewarden.policy.description: found A policy, expected The policy",
                "CHANGELOG.md: newest version: found 1.2.3, expected 1.3.0",
                "README.md: the policy's image: found reg.example/p:v1.2.3, expected reg.example/p:v1.3.0",
                "README.md: the policy's image: found reg.example/p:v1.2.3, expected reg.example/p:v1.3.0",
            ],
        );
    }

    #[test]
    fn rejects_a_version_that_does_not_stand_for_the_whole_workspace() {
        let mut files = files();
        files.cargo = CARGO.replace("workspace.package", "workspace.metadata");
        let error = files.differences(None).unwrap_err();
        assert_eq!(error.to_string(), "Cargo.toml has no workspace.package.version");
    }

    #[test]
    fn reports_a_package_that_was_not_renewed() {
        let mut files = files();
        files.metadata = METADATA.replace("A Policy", "My Policy").replace("[pods]", "[pods, jobs]");
        files.questions = "questions:\n- a\n- c\n".to_owned();
        files.documents.clear();
        files.package = files.package.replace("2026-01-02T03:04:05Z", "yesterday");
        assert_differences(
            &files,
            None,
            &[
                "artifacthub-pkg.yml: createdAt: found \"yesterday\", expected an RFC 3339 time",
                "artifacthub-pkg.yml: annotations.kubewarden/questions-ui, line 3: found \"- b\", expected \"- c\"",
                "artifacthub-pkg.yml: annotations.kubewarden/rules, line 7: found \"  operations:\", expected \"  - jobs\"",
                "artifacthub-pkg.yml: displayName: found \"A Policy\", expected \"My Policy\"",
            ],
        );
    }

    #[test]
    fn reports_a_package_that_is_missing() {
        let mut files = files();
        files.package.clear();
        let differences = files.differences(None).unwrap();
        assert_eq!(differences[0].to_string(), "artifacthub-pkg.yml: createdAt: found null, expected an RFC 3339 time");
    }

    #[test]
    fn reports_rules_of_a_manifest_that_differ() {
        let mut files = files();
        files.documents[0].text = README.replace("CREATE", "UPDATE");
        assert_differences(
            &files,
            None,
            &["README.md: spec.rules: found \
               [{\"apiGroups\":[\"\"],\"apiVersions\":[\"v1\"],\"operations\":[\"UPDATE\"],\"resources\":[\"pods\"]}], expected \
               [{\"apiGroups\":[\"\"],\"apiVersions\":[\"v1\"],\"operations\":[\"CREATE\"],\"resources\":[\"pods\"]}]"],
        );
    }
}
