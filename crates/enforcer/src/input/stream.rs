//! What `kubectl get -o json` prints: a list of objects, or one object.
//!
//! A list is read one object at a time, so memory does not grow with the number of objects. kubectl
//! writes keys in alphabetic order (`apiVersion`, `items`, `kind`); the API server itself writes a typed
//! list (`PodList`), whose objects leave out their own kind, with the list's kind first. A program may have sorted the
//! keys of a typed list: then its objects are kept until the list's kind follows them.

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

use crate::input::document::mark_length;

const BUFFER_SIZE: usize = 256 * 1024;
/// What the kind of a typed list has after the kind of its objects.
pub const LIST: &str = "List";

/// The API version and kind of objects.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Kind {
    /// `v1` for the core group, else `group/version`.
    pub api_version: String,
    /// The kind.
    pub kind: String,
}

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was used, or noted as one that nobody can use.
    Yes,
    /// Neither it nor its list says what it is. If the list's kind is still to come, the object comes again with it.
    WithoutKind,
}

/// What is done with each object, and with the kind that its list gives it.
type Each<'e> = dyn FnMut(&RawValue, Option<&Kind>) -> anyhow::Result<Taken> + 'e;

/// Hands over each object of a document. The answer is the token with which an API server continues a list that it
/// has not written to its end.
pub fn read(document: impl Read, each: &mut Each<'_>) -> anyhow::Result<Option<String>> {
    let mut document = BufReader::with_capacity(BUFFER_SIZE, document);
    let start = document.fill_buf()?;
    if start.is_empty() {
        bail!("is empty: give what kubectl get -o json prints");
    }
    let mark_length = mark_length(start)?;
    document.consume(mark_length);
    let mut json = serde_json::Deserializer::from_reader(document);
    let mut objects = Objects { each, next: None, failure: None, without_kind: Vec::new(), continues: None };
    let read = DocumentReader { objects: &mut objects }.deserialize(&mut json);
    let (next, failure, continues) = (objects.next, objects.failure, objects.continues);
    let place =
        || next.map_or_else(|| "is not what kubectl prints as JSON".to_owned(), |index| format!("items[{index}]"));
    if let Some(failure) = failure {
        return Err(failure.context(place()));
    }
    match read.with_context(place)? {
        None => json.end().context("something follows the list")?,
        Some(object) => {
            json.end().context("something follows the object")?;
            if each(&object, None)? == Taken::WithoutKind {
                bail!("has no apiVersion or no kind: give what kubectl get -o json prints");
            }
        }
    }
    Ok(continues)
}

/// Where the objects of a list go.
struct Objects<'o, 'e> {
    each: &'o mut Each<'e>,
    /// The index of the object that is being read, inside of a list.
    next: Option<usize>,
    /// Why the last object could not be used: serde's errors carry nothing but text.
    failure: Option<anyhow::Error>,
    /// The objects that wait for the list's kind.
    without_kind: Vec<Box<RawValue>>,
    /// `metadata.continue` of the list.
    continues: Option<String>,
}

impl Objects<'_, '_> {
    fn take<E: Error>(&mut self, object: Box<RawValue>, kind: Option<&Kind>) -> Result<(), E> {
        match (self.each)(&object, kind) {
            Ok(Taken::Yes) => Ok(()),
            Ok(Taken::WithoutKind) => {
                self.without_kind.push(object);
                Ok(())
            }
            Err(failure) => {
                self.failure = Some(failure);
                Err(Error::custom("an object cannot be used"))
            }
        }
    }

    /// What the fields after `items` say of the objects.
    fn end<E: Error>(&mut self, fields: &[(String, Box<RawValue>)]) -> Result<(), E> {
        #[derive(Deserialize)]
        struct ListMeta {
            #[serde(default, rename = "continue")]
            continues: Option<String>,
        }
        let metadata = fields.iter().find(|(key, _)| key == "metadata");
        let metadata = metadata.and_then(|(_, json)| serde_json::from_str::<ListMeta>(json.get()).ok());
        self.continues = metadata.and_then(|metadata| metadata.continues).filter(|token| !token.is_empty());
        // What has no kind even now is handed over with an empty one: one odd object ends no list.
        let kind = kind_of_items(fields).unwrap_or_default();
        std::mem::take(&mut self.without_kind).into_iter().try_for_each(|object| self.take(object, Some(&kind)))
    }
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
        if is_list {
            return self.objects.end(&fields).map(|()| None);
        }
        object(&fields).map(Some).map_err(Error::custom)
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
            self.objects.take(item, self.kind.as_ref())?;
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
                return Err(anyhow!("is empty"));
            }
            if object.get().contains("typed") && kind.is_none() {
                return Ok(Taken::WithoutKind);
            }
            let kind = kind.map(|kind| format!(" {} {}", kind.api_version, kind.kind)).unwrap_or_default();
            objects.push(format!("{}{kind}", object.get()));
            Ok(Taken::Yes)
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
            // A program that sorts keys puts the kind of a typed list after its objects.
            (r#"{"apiVersion":"v1","items":[{"typed":1}],"kind":"PodList"}"#, &[r#"{"typed":1} v1 Pod"#]),
            (r#"{"apiVersion":"v1","items":[{"typed":1}],"kind":"List"}"#, &[r#"{"typed":1}  "#]),
            (r#"{"apiVersion":"v1","items":[],"kind":"List"}"#, &[]),
            // PowerShell writes a byte order mark.
            ("\u{feff}{\"items\":[{\"a\":1}]}", &[r#"{"a":1}"#]),
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
            ("", "is empty: give what kubectl get -o json prints"),
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
            (r#"{"items":[{"a":1},{}]}"#, "items[1]: is empty"),
            (r#"{"typed":1}"#, "has no apiVersion or no kind: give what kubectl get -o json prints"),
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
