//! Files that operators write in YAML or JSON, as JSON.

use std::{fs, path::Path};

use anyhow::Context;
use serde_json::value::RawValue;

/// The document in a file, as JSON.
///
/// JSON stays as it is written, so that the policy's own checks see a key that is written twice; YAML's
/// parser refuses one by itself.
pub fn read(path: &Path) -> anyhow::Result<String> {
    let name = || path.display().to_string();
    let text = fs::read_to_string(path).with_context(name)?;
    if serde_json::from_str::<&RawValue>(&text).is_ok() {
        return Ok(text);
    }
    let document: yaml_serde::Value = yaml_serde::from_str(&text).with_context(name)?;
    serde_json::to_string(&document).with_context(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<String, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("settings.yaml");
        fs::write(&path, text).expect("a file");
        read(&path).map_err(|error| format!("{error:#}").replace(&path.display().to_string(), "settings.yaml"))
    }

    #[test]
    fn reads_json_as_it_is_and_yaml_as_json() {
        const CASES: &[(&str, &str)] = &[
            ("{\"a\":\t1, \"a\": 2}", "{\"a\":\t1, \"a\": 2}"),
            (
                "sunset_date: 2026-12-31\ndenied_tags: [latest]\n",
                r#"{"sunset_date":"2026-12-31","denied_tags":["latest"]}"#,
            ),
            ("{sunset_date: 2026-12-31}", r#"{"sunset_date":"2026-12-31"}"#),
            ("", "null"),
        ];
        for &(text, json) in CASES {
            assert_eq!(read_text(text).as_deref(), Ok(json), "{text}");
        }
    }

    #[test]
    fn rejects_what_is_neither() {
        const CASES: &[(&str, &str)] = &[
            ("a: 1\na: 2\n", "settings.yaml: duplicate entry with key \"a\""),
            (
                "a: [1\n",
                "settings.yaml: did not find expected ',' or ']' at line 2 column 1, while parsing a flow sequence at line 1 column 4",
            ),
        ];
        for &(text, error) in CASES {
            assert_eq!(read_text(text), Err(error.to_owned()), "{text}");
        }
    }
}
