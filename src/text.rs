//! Texts of a JSON document, borrowed from it wherever they have no escapes.

use std::{borrow::Cow, fmt, ops::Deref};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor},
};

/// serde borrows a `Cow` only where it is a field of its own, not in an `Option`, a `Vec` or a key.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Reads a key, and answers what it is to the reader; `None` for one that is passed over.
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

/// Two fields of one name: which of them counts is the reader's guess.
pub(crate) fn written_twice<E: Error>(field: &str) -> E {
    E::custom(format_args!("duplicate field `{field}`"))
}

/// A text of an object that is wanted.
#[derive(Debug)]
pub(crate) struct TextAt<'a> {
    /// The fields that lead to it.
    path: &'static [&'static str],
    /// How many of them were seen.
    seen: usize,
    /// Whether the object that would hold the text is there.
    pub(crate) has_holder: bool,
    /// The text; `None` where it is missing or null.
    pub(crate) text: Option<Cow<'a, str>>,
}

impl TextAt<'_> {
    pub(crate) fn new(path: &'static [&'static str]) -> Self {
        Self { path, seen: 0, has_holder: false, text: None }
    }
}

/// Reads texts of an object, and passes over whatever else it has. What leads to a text may be null; the object
/// itself may not.
pub(crate) struct Texts<'t, 'a> {
    /// What the object is, for an error.
    object: &'static str,
    texts: &'t mut [TextAt<'a>],
    depth: usize,
}

impl<'t, 'a> Texts<'t, 'a> {
    pub(crate) fn of(object: &'static str, texts: &'t mut [TextAt<'a>]) -> Self {
        Self { object, texts, depth: 0 }
    }

    /// Reads them out of the object that the first field of their paths leads to.
    pub(crate) fn below(object: &'static str, texts: &'t mut [TextAt<'a>]) -> Self {
        Self { object, texts, depth: 1 }
    }
}

impl<'de> DeserializeSeed<'de> for Texts<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth == 0 { deserializer.deserialize_map(self) } else { deserializer.deserialize_option(self) }
    }
}

impl<'de> Visitor<'de> for Texts<'_, 'de> {
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
        let Self { object, texts, depth } = self;
        for text in texts.iter_mut() {
            text.has_holder = text.path.len() == depth + 1;
        }
        while let Some(Text(key)) = map.next_key()? {
            let Some(text) = texts.iter_mut().find(|text| text.path.get(depth).is_some_and(|field| *field == key))
            else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if text.seen > depth {
                return Err(written_twice(&key));
            }
            text.seen = depth + 1;
            if text.path.len() == text.seen {
                text.text = map.next_value::<Option<Text<'de>>>()?.map(|text| text.0);
            } else {
                map.next_value_seed(Texts { object, texts: std::slice::from_mut(text), depth: depth + 1 })?;
            }
        }
        Ok(())
    }
}
