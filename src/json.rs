//! Parts of a JSON document, read without a tree of the whole: single strings out of a stream, and values that stay
//! unparsed until somebody needs them.
//!
//! A tree takes many times the memory of its text, and whoever sends a request chooses its size. So strings are
//! borrowed from the document wherever they have no escapes, and everything nobody asks for is passed over.

use std::{borrow::Cow, fmt, ops::Deref};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
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

/// Reads a key and looks up its number with the function; `None` for a key that the reader passes over.
pub(crate) struct Key<'k>(pub(crate) &'k dyn Fn(&str) -> Option<usize>);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok((self.0)(key))
    }
}

/// Reads what may be null, `None` then, and else by the seed.
pub(crate) struct Optional<S>(pub(crate) S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Optional<S> {
    type Value = Option<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Optional<S> {
    type Value = Option<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.0.deserialize(deserializer).map(Some)
    }
}

/// A duplicate field is refused, because parsers disagree on which one wins.
pub(crate) fn written_twice<E: Error>(field: &str) -> E {
    E::custom(format_args!("duplicate field `{field}`"))
}

/// A string that is wanted of an object, and what was found of it.
#[derive(Debug)]
pub(crate) struct StringAt<'a> {
    /// The fields that lead to it.
    path: &'static [&'static str],
    /// How many of them were seen.
    seen: usize,
    /// Whether the object that would hold the string is there.
    pub(crate) has_holder: bool,
    /// The string; `None` where it is missing or null.
    pub(crate) found: Option<Cow<'a, str>>,
}

impl StringAt<'_> {
    pub(crate) fn new(path: &'static [&'static str]) -> Self {
        Self { path, seen: 0, has_holder: false, found: None }
    }
}

/// Reads the wanted strings of an object in one pass over the stream, and passes over everything else.
///
/// With the paths `["name"]` and `["image", "reference"]`, the volume
/// `{"image": {"pullPolicy": "Always", "reference": "quay.io/x:1"}, "name": "data"}` fills the first with `data` and
/// the second with `quay.io/x:1`; one reader serves every shape of object, where a derived type for each would cost
/// the wasm a deserializer of its own. What leads to a string may be null; the object itself may not.
pub(crate) struct Strings<'t, 'a> {
    /// What the object is, for an error.
    object: &'static str,
    strings: &'t mut [StringAt<'a>],
    depth: usize,
}

impl<'t, 'a> Strings<'t, 'a> {
    pub(crate) fn of(object: &'static str, strings: &'t mut [StringAt<'a>]) -> Self {
        Self { object, strings, depth: 0 }
    }

    /// Reads them out of the object that the first field of their paths leads to; it may be null.
    pub(crate) fn below(object: &'static str, strings: &'t mut [StringAt<'a>]) -> Self {
        Self { object, strings, depth: 1 }
    }
}

impl<'de> DeserializeSeed<'de> for Strings<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth == 0 { deserializer.deserialize_map(self) } else { deserializer.deserialize_option(self) }
    }
}

impl<'de> Visitor<'de> for Strings<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object as {}", self.object)
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { object, strings, depth } = self;
        for string in strings.iter_mut() {
            string.has_holder = string.path.len() == depth + 1;
        }
        while let Some(JsonString(key)) = map.next_key()? {
            let is_wanted = |string: &&mut StringAt<'_>| string.path.get(depth).is_some_and(|field| *field == key);
            let Some(string) = strings.iter_mut().find(is_wanted) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if string.seen > depth {
                return Err(written_twice(&key));
            }
            string.seen = depth + 1;
            if string.path.len() == string.seen {
                string.found = map.next_value::<Option<JsonString<'de>>>()?.map(|string| string.0);
            } else {
                map.next_value_seed(Strings { object, strings: std::slice::from_mut(string), depth: depth + 1 })?;
            }
        }
        Ok(())
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
