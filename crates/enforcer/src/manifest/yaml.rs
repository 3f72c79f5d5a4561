//! How objects are written: YAML documents, one after the other, that kubectl reads as they were meant.
//!
//! kubectl reads YAML 1.1, in which `yes` is a boolean and a date may be a time: both are quoted.

use serde::{Serialize, Serializer};
use serde_saphyr::{DoubleQuoted, FlowSeq, LitStr, ser_options};
use yaml_serde::Value;

/// How many characters a list takes that is written on one line.
const LINE_LENGTH_MAX: usize = 80;

/// The documents.
pub fn documents(objects: &[Value]) -> anyhow::Result<String> {
    // A folded line would read otherwise than the operator wrote it.
    let options = ser_options! { compact_list_indent: false, folded_wrap_chars: usize::MAX };
    let texts: Result<Vec<String>, _> =
        objects.iter().map(|object| serde_saphyr::to_string_with_options(&Written(object), options)).collect();
    Ok(texts?.join("---\n"))
}

/// A value as it is written.
struct Written<'v>(&'v Value);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::String(text) if text.contains('\n') => LitStr(text).serialize(serializer),
            Value::String(text) if text.starts_with(|first: char| first.is_ascii_digit()) => {
                DoubleQuoted(text.as_str()).serialize(serializer)
            }
            Value::Sequence(elements) if is_short(elements) => {
                FlowSeq(elements.iter().map(Written).collect::<Vec<_>>()).serialize(serializer)
            }
            Value::Sequence(elements) => serializer.collect_seq(elements.iter().map(Written)),
            Value::Mapping(fields) => {
                serializer.collect_map(fields.iter().map(|(key, value)| (Written(key), Written(value))))
            }
            scalar => scalar.serialize(serializer),
        }
    }
}

/// Whether a list has only strings, and fits on a line.
fn is_short(elements: &[Value]) -> bool {
    let lengths: Option<Vec<usize>> =
        elements.iter().map(|element| element.as_str().map(|text| text.len() + 2)).collect();
    lengths.is_some_and(|lengths| lengths.iter().sum::<usize>() <= LINE_LENGTH_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_older_parsers_read_otherwise_in_quotes() {
        const CASES: &[(&str, &str)] = &[
            (r#"{"a": "yes"}"#, "a: \"yes\"\n"),
            (r#"{"a": "2026-12-31"}"#, "a: \"2026-12-31\"\n"),
            (r#"{"a": ["2026-12-31", "b"]}"#, "a: [\"2026-12-31\", b]\n"),
            (r#"{"a": "*"}"#, "a: \"*\"\n"),
            (r#"{"a": {"b": []}}"#, "a:\n  b: []\n"),
            (r#"{"a": [{"b": 1, "c": true}]}"#, "a:\n  - b: 1\n    c: true\n"),
            ("{\"a\": \"x\\ny\"}", "a: |-\n  x\n  y\n"),
        ];
        for &(json, expected) in CASES {
            let value: Value = yaml_serde::from_str(json).expect(json);
            let text = documents(std::slice::from_ref(&value)).expect(json);
            assert_eq!(text, expected, "{json}");
            assert_eq!(yaml_serde::from_str::<Value>(&text).expect(json), value, "{json}");
        }
    }
}
