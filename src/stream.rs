//! Single strings of a JSON document, read out of the stream in one pass.
//!
//! A tree takes many times the memory of its text, and whoever sends a request chooses its size. So strings are
//! borrowed from the document wherever they have no escapes, and everything nobody asks for is passed over.

use std::{borrow::Cow, fmt};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor},
};

use crate::json::JsonString;

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
