//! Manifests as people write them: YAML or JSON, many documents, lists, each object with its line.

use std::path::Path;

use anyhow::anyhow;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::input::{
    document,
    stream::{self, Taken},
};

/// An object of a manifest.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// The line on which its document begins.
    pub line: usize,
    /// The object as JSON, or why it cannot be read.
    pub object: Result<FoundObject, String>,
}

/// An object, and what its list says that it is.
#[derive(Debug, PartialEq, Eq)]
pub struct FoundObject {
    pub json: String,
    pub list_kind: Option<stream::Kind>,
}

/// Reads every object of a file. One that cannot be read does not hide the others.
pub fn read(path: &Path) -> anyhow::Result<Vec<Found>> {
    Ok(parse(&document::read_text(path)?))
}

fn parse(text: &str) -> Vec<Found> {
    let documents = if text.trim_start().starts_with('{') { json_documents(text) } else { None };
    documents.unwrap_or_else(|| yaml_documents(text)).into_iter().flat_map(objects).collect()
}

/// A document with the line on which it begins.
struct Document {
    line: usize,
    json: anyhow::Result<String>,
}

/// The documents of a stream of JSON; `None` where it is YAML that begins with a brace.
fn json_documents(text: &str) -> Option<Vec<Document>> {
    let mut documents = Vec::new();
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    loop {
        let start = stream.byte_offset();
        let Some(document) = stream.next() else { return Some(documents) };
        let json = Ok(document.ok()?.get().to_owned());
        let blank = text[start..].len() - text[start..].trim_start().len();
        documents.push(Document { line: line_at(text, start + blank), json });
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

/// The documents of YAML. `---` or `...` at the start of a line ends a document wherever it stands (YAML 1.2, rule
/// `c-forbidden`), so a broken document does not hide those after it.
fn yaml_documents(text: &str) -> Vec<Document> {
    let is_marker = |line: &str, marker: &str| {
        line.strip_prefix(marker).is_some_and(|rest| rest.trim().is_empty() || rest.starts_with([' ', '\t']))
    };
    let mut documents = Vec::new();
    let (mut start, mut body) = (1, String::new());
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let ends = is_marker(line, "...");
        if ends || is_marker(line, "---") {
            documents.extend(yaml_document(start, &body));
            // `---` may have content behind it.
            (start, body) = (index + 1 + usize::from(ends), String::new());
        }
        if !ends {
            body.push_str(line);
        }
    }
    documents.extend(yaml_document(start, &body));
    documents
}

/// A document of YAML, which may be empty; it begins on the first line that is neither a marker nor a comment.
fn yaml_document(start: usize, body: &str) -> Option<Document> {
    let is_content = |line: &str| {
        let line = line.strip_prefix("---").unwrap_or(line).trim_start();
        !(line.is_empty() || line.starts_with(['#', '%']))
    };
    let before = body.lines().position(is_content)?;
    let json = yaml_serde::from_str::<yaml_serde::Value>(body).map_err(|cause| {
        // Once more with as many lines before it as in the file, for the number of the line.
        let padded = format!("{}{body}", "\n".repeat(start - 1));
        let cause = yaml_serde::from_str::<yaml_serde::Value>(&padded).err().unwrap_or(cause);
        anyhow!("is not YAML: {cause}")
    });
    let json = json.and_then(document::to_json);
    Some(Document { line: start + before, json })
}

/// The object that a document is, or those of the list that it is.
fn objects(Document { line, json }: Document) -> Vec<Found> {
    let unreadable = |cause: anyhow::Error| vec![Found { line, object: Err(format!("{cause:#}")) }];
    let json = match json {
        Ok(json) if json == "null" => return Vec::new(),
        Ok(json) => json,
        Err(cause) => return unreadable(cause),
    };
    if !is_list(&json) {
        return vec![Found { line, object: Ok(FoundObject { json, list_kind: None }) }];
    }
    let mut found = Vec::new();
    let mut each = |object: &RawValue, kind: Option<&stream::Kind>| {
        let object = FoundObject { json: object.get().to_owned(), list_kind: kind.cloned() };
        found.push(Found { line, object: Ok(object) });
        Ok(Taken::Yes)
    };
    match stream::read(json.as_bytes(), &mut each) {
        Ok(_) => found,
        Err(cause) => unreadable(cause),
    }
}

/// Whether a document is a list of objects, and no object of its own that has a field `items`.
fn is_list(json: &str) -> bool {
    #[derive(Deserialize)]
    struct Kind {
        kind: String,
    }
    serde_json::from_str(json).is_ok_and(|Kind { kind }| kind.ends_with(stream::LIST))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line for each object.
    fn found(text: &str) -> Vec<String> {
        let line = |found: Found| match found.object {
            Ok(FoundObject { json, list_kind }) => {
                format!("{}: {json}{}", found.line, list_kind.map(|kind| format!(" {}", kind.kind)).unwrap_or_default())
            }
            Err(cause) => format!("{}: {cause}", found.line),
        };
        parse(text).into_iter().map(line).collect()
    }

    #[test]
    fn reads_objects_with_their_lines() {
        const CASES: &[(&str, &[&str])] = &[
            ("", &[]),
            ("# nothing\n---\n", &[]),
            ("a: 1\n", &[r#"1: {"a":1}"#]),
            ("---\n# Source: a.yaml\n\na: 1\n---\nb: |\n  ---\n  x\n", &[r#"4: {"a":1}"#, r#"6: {"b":"---\nx\n"}"#]),
            ("--- # one\na: 1\n--- {b: 2}\n", &[r#"2: {"a":1}"#, r#"3: {"b":2}"#]),
            ("a: 1\n...\n# two\nb: 2\n... # end\n---\nc: 3\n", &[r#"1: {"a":1}"#, r#"4: {"b":2}"#, r#"7: {"c":3}"#]),
            ("{\"a\": 1}\n\n{\"a\":\t2}\n", &["1: {\"a\": 1}", "3: {\"a\":\t2}"]),
            ("{a: 1}\n", &[r#"1: {"a":1}"#]),
            ("kind: List\nitems:\n- a: 1\n- b: 2\n", &[r#"1: {"a":1}"#, r#"1: {"b":2}"#]),
            ("apiVersion: v1\nkind: PodList\nitems: [{a: 1}]\n", &[r#"1: {"a":1} Pod"#]),
            ("kind: Menu\nitems: [1]\n", &[r#"1: {"kind":"Menu","items":[1]}"#]),
        ];
        for &(text, expected) in CASES {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn one_broken_document_hides_no_other() {
        let found = found("a: [1\n---\nb: 2\n---\na: 1\na: 2\n");
        assert_eq!(found[1], r#"3: {"b":2}"#);
        assert!(found[0].starts_with("1: is not YAML: did not find expected"), "{found:?}");
        assert_eq!(found[2], "5: is not YAML: duplicate entry with key \"a\" at line 5 column 1");
    }
}
