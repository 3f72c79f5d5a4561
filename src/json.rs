//! Values of a JSON document that stay unparsed until somebody needs them, without a tree of the whole.

use std::{borrow::Cow, fmt, ops::Deref};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// A string of a JSON document. serde borrows a `Cow` only where it is a field of its own, not in an `Option`, a `Vec` or a key.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub struct JsonString<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl Deref for JsonString<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// What a value that is still unparsed is, by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `null`.
    Null,
    /// A string.
    String,
    /// A list.
    List,
    /// An object.
    Object,
    /// A number, `true` or `false`.
    Other,
}

impl Shape {
    pub(crate) fn of(json: &RawValue) -> Self {
        match json.get().bytes().next() {
            Some(b'n') => Self::Null,
            Some(b'"') => Self::String,
            Some(b'[') => Self::List,
            Some(b'{') => Self::Object,
            _ => Self::Other,
        }
    }
}

/// A value that is a string.
pub(crate) fn string(json: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_slice::<JsonString<'_>>(json.get().as_bytes()).ok().map(|string| string.0)
}

/// Parses a document no further than its outermost value.
pub(crate) fn document(json: &[u8]) -> serde_json::Result<&RawValue> {
    serde_json::from_slice(json)
}

/// Hands every field of an object to `visit`, its value unparsed.
///
/// # Errors
///
/// A value that is not an object, something after it, and what `visit` answers.
pub(crate) fn each_field<'a>(
    object: &'a [u8],
    visit: &mut dyn FnMut(Cow<'a, str>, &'a RawValue) -> Result<(), &'static str>,
) -> serde_json::Result<()> {
    let mut object = serde_json::Deserializer::from_slice(object);
    object.deserialize_map(EachField(visit))?;
    object.end()
}

/// Hands every element of a list to `visit`, unparsed.
///
/// # Errors
///
/// A value that is not a list, and what `visit` answers.
pub(crate) fn each_element<'a>(
    list: &'a RawValue,
    visit: &mut dyn FnMut(&'a RawValue) -> Result<(), &'static str>,
) -> serde_json::Result<()> {
    serde_json::Deserializer::from_slice(list.get().as_bytes()).deserialize_seq(EachElement(visit))
}

/// The values of the named fields of an object, found in one pass; `None` for one that is missing or null.
///
/// # Errors
///
/// A value that is not an object, a named field that is there twice.
pub(crate) fn fields<'a, const N: usize>(
    object: &'a [u8],
    names: [&str; N],
) -> serde_json::Result<[Option<&'a RawValue>; N]> {
    let mut found = [None; N];
    let mut seen = [false; N];
    each_field(object, &mut |key, field| {
        let Some(index) = names.iter().position(|name| *name == key) else { return Ok(()) };
        if std::mem::replace(&mut seen[index], true) {
            return Err("duplicate field");
        }
        found[index] = Some(field).filter(|field| Shape::of(field) != Shape::Null);
        Ok(())
    })?;
    Ok(found)
}

/// The value that a path of fields leads to; `None` where it leads to nothing or to null.
///
/// # Errors
///
/// Something other than an object on the way, a field on the way that is there twice.
pub(crate) fn at<'a>(json: &'a RawValue, path: &[&str]) -> serde_json::Result<Option<&'a RawValue>> {
    let mut value = json;
    for name in path {
        match fields(value.get().as_bytes(), [name])? {
            [Some(field)] => value = field,
            [None] => return Ok(None),
        }
    }
    Ok(Some(value))
}

struct EachField<'v, 'a>(&'v mut dyn FnMut(Cow<'a, str>, &'a RawValue) -> Result<(), &'static str>);

impl<'de> Visitor<'de> for EachField<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(JsonString(key)) = map.next_key()? {
            (self.0)(key, map.next_value()?).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

struct EachElement<'v, 'a>(&'v mut dyn FnMut(&'a RawValue) -> Result<(), &'static str>);

impl<'de> Visitor<'de> for EachElement<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element()? {
            (self.0)(element).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}
