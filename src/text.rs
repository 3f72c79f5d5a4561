//! A text of a JSON document, borrowed from it wherever it has no escapes.

use std::{borrow::Cow, ops::Deref};

use serde::Deserialize;

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
