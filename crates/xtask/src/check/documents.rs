//! The documents that name the policy's image or repeat its rules: README.md, docs/ and deploy/.

use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;

/// What the policy judges beside pods and what makes them: nodes in an audit, and the allow list. Each has rules of its
/// own, which tests/deploy.rs checks.
const OTHER_RESOURCES: &[&str] = &["nodes", "configmaps"];

/// A Markdown document or a file of manifests.
pub struct Document {
    /// Its path in the repository.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Reads the documents that there are.
pub fn read(root: &Path) -> anyhow::Result<Vec<Document>> {
    let mut names = vec!["README.md".to_owned()];
    for folder in ["docs", "deploy"] {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else { continue };
        for entry in entries {
            names.push(format!("{folder}/{}", entry?.file_name().to_string_lossy()));
        }
    }
    names.retain(|name| [".md", ".yml", ".yaml"].iter().any(|end| name.ends_with(end)));
    names.sort();
    names.into_iter().map(|name| Document::read(root, name)).collect()
}

impl Document {
    fn read(root: &Path, name: String) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(root.join(&name)).with_context(|| format!("Cannot open {name}"))?;
        Ok(Self { name, text })
    }

    /// Where the document names the image with a version: `oci_url:v…`.
    pub fn images<'a>(&'a self, oci_url: &str) -> impl Iterator<Item = &'a str> {
        let prefix = format!("{oci_url}:v");
        let starts: Vec<usize> = self.text.match_indices(&prefix).map(|(start, _)| start).collect();
        starts.into_iter().map(|start| {
            let image = &self.text[start..];
            let of_tag = |c: char| c.is_ascii_alphanumeric() || "._-/:".contains(c);
            let end = image.find(|c| !of_tag(c)).unwrap_or(image.len());
            // The full stop of a sentence.
            image[..end].trim_end_matches('.')
        })
    }

    /// The rules of each manifest whose module is this image; not those that judge nodes or the allow list.
    pub fn rules_of(&self, oci_url: &str) -> anyhow::Result<Vec<Value>> {
        let mut all = Vec::new();
        for manifest in self.manifests()? {
            let spec = &manifest["spec"];
            let module = spec["module"].as_str().unwrap_or_default();
            let judges_pods = !OTHER_RESOURCES.iter().any(|other| spec["rules"][0]["resources"][0] == *other);
            if module.contains(oci_url) && spec["rules"].is_array() && judges_pods {
                all.push(spec["rules"].clone());
            }
        }
        Ok(all)
    }

    fn manifests(&self) -> anyhow::Result<Vec<Value>> {
        let blocks = if self.name.ends_with(".md") { yaml_blocks(&self.text) } else { vec![self.text.clone()] };
        let documents = blocks.iter().flat_map(|block| yaml_serde::Deserializer::from_str(block));
        documents
            .map(Value::deserialize)
            .collect::<Result<_, _>>()
            .with_context(|| format!("Cannot read the YAML of {}", self.name))
    }
}

fn yaml_blocks(markdown: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = markdown.lines();
    while lines.any(|line| line.trim_start() == "```yaml") {
        let block: Vec<&str> = lines.by_ref().take_while(|line| line.trim_start() != "```").collect();
        blocks.push(block.join("\n"));
    }
    blocks
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MARKDOWN: &str = "\
Take reg.example/p:v1.0.0, not `reg.example/p:v0.9.0-rc.1` or reg.example/q:v1. Or reg.example/p:v2.
```yaml
spec: {module: 'registry://reg.example/p:v1.0.0', rules: [{resources: [pods]}]}
---
spec: {module: 'reg.example/p', rules: [{resources: [nodes]}]}
---
spec: {module: 'reg.example/p', rules: [{resources: [configmaps]}]}
```
```yaml
spec: {module: 'reg.example/q:v1', rules: [{resources: [jobs]}]}
```
";

    fn document(name: &str, text: &str) -> Document {
        Document { name: name.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn finds_the_images_of_the_policy() {
        let markdown = document("README.md", MARKDOWN);
        let images: Vec<&str> = markdown.images("reg.example/p").collect();
        let expected =
            ["reg.example/p:v1.0.0", "reg.example/p:v0.9.0-rc.1", "reg.example/p:v2", "reg.example/p:v1.0.0"];
        assert_eq!(images, expected);
    }

    #[test]
    fn finds_the_rules_of_the_policy() {
        let rules = |name: &str, text: &str| document(name, text).rules_of("reg.example/p").unwrap();
        assert_eq!(rules("README.md", MARKDOWN), [json!([{"resources": ["pods"]}])]);
        let manifest = "spec: {module: reg.example/p, rules: []}";
        assert_eq!(rules("deploy/a.yml", manifest), [json!([])]);
        assert_eq!(rules("docs/a.md", manifest), [] as [Value; 0]);
    }

    #[test]
    fn rejects_yaml_that_does_not_parse() {
        let error = document("docs/a.md", "```yaml\na: [\n```").rules_of("reg.example/p").unwrap_err();
        assert_eq!(error.to_string(), "Cannot read the YAML of docs/a.md");
    }
}
