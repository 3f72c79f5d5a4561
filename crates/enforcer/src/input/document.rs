//! Files that operators write in YAML or JSON, as JSON.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::input::merge;

/// The name of standard input on the command line.
pub const STANDARD_INPUT: &str = "-";
/// More than etcd takes for an object: settings, lists of exceptions and manifests are all smaller.
const SIZE_MAX: u64 = 16 * 1024 * 1024;

/// U+FEFF in UTF-8, and in both forms of UTF-16.
const MARK: &[u8] = b"\xef\xbb\xbf";
const UTF_16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// The name of a file in a message.
pub fn name(path: &Path) -> String {
    if path == Path::new(STANDARD_INPUT) { "standard input".to_owned() } else { path.display().to_string() }
}

/// The whole text of a file, or of standard input for `-`.
pub fn read_text(path: &Path) -> anyhow::Result<String> {
    let read = |input: &mut dyn Read| {
        let mut bytes = Vec::new();
        input.take(SIZE_MAX + 1).read_to_end(&mut bytes).map(|_| bytes)
    };
    let bytes = if path == Path::new(STANDARD_INPUT) {
        read(&mut io::stdin().lock())
    } else {
        File::open(path).and_then(|mut file| read(&mut file))
    };
    let bytes = bytes.with_context(|| name(path))?;
    if bytes.len() as u64 > SIZE_MAX {
        bail!("{}: is larger than {} MiB: split the file", name(path), SIZE_MAX / 1024 / 1024);
    }
    text(bytes).with_context(|| name(path))
}

fn text(mut bytes: Vec<u8>) -> anyhow::Result<String> {
    bytes.drain(..mark_length(&bytes)?);
    String::from_utf8(bytes).context("is not UTF-8")
}

/// How long the byte order mark is that editors of other systems put before a text, and that nobody sees.
pub fn mark_length(start: &[u8]) -> anyhow::Result<usize> {
    if UTF_16_MARKS.iter().any(|mark| start.starts_with(mark)) {
        bail!("is UTF-16: save it as UTF-8");
    }
    Ok(if start.starts_with(MARK) { MARK.len() } else { 0 })
}

/// Every document of a text in YAML or JSON, as JSON; empty ones are left out.
///
/// JSON stays as it is written, so that the policy's own checks see a key that is written twice; YAML's
/// parser refuses one by itself.
pub fn all_to_json(text: &str) -> anyhow::Result<Vec<String>> {
    if serde_json::from_str::<&RawValue>(text).is_ok() {
        return Ok(vec![text.to_owned()]);
    }
    let documents = yaml_serde::Deserializer::from_str(text).map(yaml_serde::Value::deserialize);
    let filled = documents.filter(|document| !matches!(document, Ok(yaml_serde::Value::Null)));
    filled.map(|document| to_json(document?)).collect()
}

/// A document of YAML as JSON.
pub fn to_json(document: yaml_serde::Value) -> anyhow::Result<String> {
    serde_json::to_string(&merge::merged(document)?).context("has a key that JSON does not have")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_json_as_it_is_and_every_document_of_yaml() {
        const CASES: &[(&str, &[&str])] = &[
            ("{\"a\":\t1, \"a\": 2}", &["{\"a\":\t1, \"a\": 2}"]),
            (
                "sunset_date: 2026-12-31\ndenied_tags: [latest]\n",
                &[r#"{"sunset_date":"2026-12-31","denied_tags":["latest"]}"#],
            ),
            ("<<: {denied_tags: [latest]}\n", &[r#"{"denied_tags":["latest"]}"#]),
            ("{sunset_date: 2026-12-31}", &[r#"{"sunset_date":"2026-12-31"}"#]),
            ("a: 1\n---\n# nothing\n---\nb: 2\n", &[r#"{"a":1}"#, r#"{"b":2}"#]),
            ("", &[]),
        ];
        for &(text, documents) in CASES {
            assert_eq!(all_to_json(text).expect(text), documents, "{text}");
        }
    }

    #[test]
    fn reads_text_as_other_systems_write_it() {
        const CASES: &[(&[u8], &str)] = &[
            (b"\xef\xbb\xbfa: 1", "a: 1"),
            (b"a: \xef\xbb\xbf", "a: \u{feff}"),
            (b"\xff\xfea\0", "is UTF-16: save it as UTF-8"),
            (b"\xfe\xff\0a", "is UTF-16: save it as UTF-8"),
            (b"a: \xff", "is not UTF-8"),
        ];
        for &(bytes, expected) in CASES {
            assert_eq!(text(bytes.to_vec()).unwrap_or_else(|error| error.to_string()), expected, "{bytes:?}");
        }
    }

    #[test]
    fn rejects_what_is_neither() {
        const CASES: &[(&str, &str)] = &[
            ("a: 1\na: 2\n", "duplicate entry with key \"a\""),
            (
                "a: [1\n",
                "did not find expected ',' or ']' at line 2 column 1, while parsing a flow sequence at line 1 column 4",
            ),
        ];
        for &(text, error) in CASES {
            assert_eq!(all_to_json(text).expect_err(text).to_string(), error, "{text}");
        }
    }
}
