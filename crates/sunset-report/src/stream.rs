//! What `kubectl get … -o json` prints: a list of objects, or one object.
//!
//! A list is read one object at a time, so memory does not grow with the number of objects. kubectl
//! writes keys in alphabetic order (`apiVersion`, `items`, `kind`); the API server itself writes a typed
//! list (`PodList`), whose objects leave out their own kind, with the list's kind first.

use std::{
    fmt,
    io::{BufRead, BufReader, Read},
};

use anyhow::{Context, bail};
use serde::{
    Deserialize, Deserializer, Serializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

const BUFFER_SIZE: usize = 256 * 1024;
/// What the kind of a typed list has after the kind of its objects.
const LIST: &str = "List";

/// The API version and kind of objects.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Kind {
    /// `v1` for the core group, else `group/version`.
    pub api_version: String,
    /// The kind.
    pub kind: String,
}

/// What is done with each object, and with the kind that its list gives it.
type Each<'e> = dyn FnMut(&RawValue, Option<&Kind>) -> anyhow::Result<()> + 'e;

/// Hands over each object of a document.
pub fn read(document: impl Read, each: &mut Each<'_>) -> anyhow::Result<()> {
    let mut document = BufReader::with_capacity(BUFFER_SIZE, document);
    if document.fill_buf()?.is_empty() {
        bail!("is empty: give what kubectl get … -o json prints");
    }
    let mut json = serde_json::Deserializer::from_reader(document);
    let mut objects = Objects { each, next: None, failure: None };
    let read = DocumentReader { objects: &mut objects }.deserialize(&mut json);
    let (next, failure) = (objects.next, objects.failure);
    let place =
        || next.map_or_else(|| "is not what kubectl prints as JSON".to_owned(), |index| format!("items[{index}]"));
    if let Some(failure) = failure {
        return Err(failure.context(place()));
    }
    match read.with_context(place)? {
        None => json.end().context("something follows the list"),
        Some(object) => {
            json.end().context("something follows the object")?;
            each(&object, None)
        }
    }
}

/// Where the objects of a list go.
struct Objects<'o, 'e> {
    each: &'o mut Each<'e>,
    /// The index of the object that is being read, inside of a list.
    next: Option<usize>,
    /// Why the last object could not be used: serde's errors carry nothing but text.
    failure: Option<anyhow::Error>,
}

/// Reads a list, or answers the object that the document is.
struct DocumentReader<'o, 'e, 'r> {
    objects: &'r mut Objects<'o, 'e>,
}

impl<'de> DeserializeSeed<'de> for DocumentReader<'_, '_, '_> {
    type Value = Option<Box<RawValue>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for DocumentReader<'_, '_, '_> {
    type Value = Option<Box<RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a List or an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        let mut is_list = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == "items" {
                let kind = kind_of_items(&fields);
                map.next_value_seed(ItemsReader { objects: self.objects, kind })?;
                is_list = true;
            } else {
                fields.push((key, map.next_value::<Box<RawValue>>()?));
            }
        }
        if is_list { Ok(None) } else { object(&fields).map(Some).map_err(Error::custom) }
    }
}

/// The kind of the objects of a typed list.
fn kind_of_items(fields: &[(String, Box<RawValue>)]) -> Option<Kind> {
    let text = |name| {
        let (_, json) = fields.iter().find(|(key, _)| key == name)?;
        serde_json::from_str::<String>(json.get()).ok()
    };
    let kind = text("kind")?.strip_suffix(LIST).filter(|kind| !kind.is_empty())?.to_owned();
    Some(Kind { api_version: text("apiVersion")?, kind })
}

/// The object with these fields.
fn object(fields: &[(String, Box<RawValue>)]) -> serde_json::Result<Box<RawValue>> {
    let mut json = Vec::new();
    serde_json::Serializer::new(&mut json).collect_map(fields.iter().map(|(key, value)| (key, value)))?;
    serde_json::from_slice(&json)
}

/// Hands over each element of `items`.
struct ItemsReader<'o, 'e, 'r> {
    objects: &'r mut Objects<'o, 'e>,
    kind: Option<Kind>,
}

impl<'de> DeserializeSeed<'de> for ItemsReader<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ItemsReader<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects as items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        for index in 0.. {
            self.objects.next = Some(index);
            let Some(item) = items.next_element::<Box<RawValue>>()? else { break };
            if let Err(failure) = (self.objects.each)(&item, self.kind.as_ref()) {
                self.objects.failure = Some(failure);
                return Err(Error::custom("an object cannot be used"));
            }
        }
        self.objects.next = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    /// The objects of a document, each with the kind that its list gives it.
    fn objects(document: &str) -> Result<Vec<String>, String> {
        let mut objects = Vec::new();
        let mut each = |object: &RawValue, kind: Option<&Kind>| {
            if object.get() == "{}" {
                return Err(anyhow!("has no kind"));
            }
            let kind = kind.map(|kind| format!(" {} {}", kind.api_version, kind.kind)).unwrap_or_default();
            objects.push(format!("{}{kind}", object.get()));
            Ok(())
        };
        read(document.as_bytes(), &mut each).map_err(|error| format!("{error:#}"))?;
        Ok(objects)
    }

    #[test]
    fn reads_lists_and_an_object() {
        const CASES: &[(&str, &[&str])] = &[
            (r#"{"apiVersion":"v1","items":[{"a":1},{"b":2}],"kind":"List"}"#, &[r#"{"a":1}"#, r#"{"b":2}"#]),
            (r#"{"kind":"List","apiVersion":"v1","items":[{"a":1}]}"#, &[r#"{"a":1}"#]),
            (r#"{"kind":"JobList","apiVersion":"batch/v1","items":[{"a":1}]}"#, &[r#"{"a":1} batch/v1 Job"#]),
            (r#"{"apiVersion":"v1","items":[],"kind":"List"}"#, &[]),
            (r#"{"apiVersion":"v1", "kind": "Pod" }"#, &[r#"{"apiVersion":"v1","kind":"Pod"}"#]),
        ];
        for &(document, expected) in CASES {
            let objects = objects(document).expect(document);
            assert_eq!(objects, expected, "{document}");
        }
    }

    #[test]
    fn says_where_a_document_is_broken() {
        const CASES: &[(&str, &str)] = &[
            ("", "is empty: give what kubectl get … -o json prints"),
            ("NAMESPACE  NAME\n", "is not what kubectl prints as JSON: expected value at line 1 column 1"),
            (
                "[]",
                "is not what kubectl prints as JSON: invalid type: sequence, expected a List or an object at line 1 column 1",
            ),
            (
                r#"{"items":{}}"#,
                "is not what kubectl prints as JSON: invalid type: map, expected a list of objects as items at line 1 column 10",
            ),
            ("{\"items\":[\n{\"a\":1},\n{\"b\":", "items[1]: EOF while parsing a value at line 3 column 5"),
            ("{\"items\":[\n{\"a\":1},\n{\"b\" 2}]}", "items[1]: expected `:` at line 3 column 6"),
            (r#"{"items":[{"a":1},{}]}"#, "items[1]: has no kind"),
            (
                r#"{"items":[{"a":1}]"#,
                "is not what kubectl prints as JSON: EOF while parsing an object at line 1 column 18",
            ),
            (r#"{"items":[]}{"items":[]}"#, "something follows the list: trailing characters at line 1 column 13"),
            (
                "{\"items\":[\"\u{1}\"]}",
                "items[0]: control character (\\u0000-\\u001F) found while parsing a string at line 1 column 12",
            ),
        ];
        for &(document, error) in CASES {
            assert_eq!(objects(document), Err(error.to_owned()), "{document}");
        }
    }
}
