//! A ConfigMap, of which the allow list is one.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::unjudged::Unjudged;
use crate::json::{self, Shape};

/// What stands in a ConfigMap (Kubernetes API, core/v1), its values unparsed.
#[derive(Default)]
pub(crate) struct Data<'r> {
    /// Sorted by their keys.
    pub(crate) entries: Vec<(Cow<'r, str>, &'r RawValue)>,
    pub(crate) has_binary_data: bool,
    pub(crate) is_immutable: bool,
}

impl<'r> Data<'r> {
    pub(crate) fn read(object: &'r RawValue) -> Result<Self, Unjudged> {
        let unreadable = |cause: serde_json::Error| Unjudged::Object(cause.to_string());
        let [data, binary_data, immutable] =
            json::fields(object.get().as_bytes(), ["data", "binaryData", "immutable"]).map_err(unreadable)?;
        let mut written = Self {
            entries: Vec::new(),
            has_binary_data: binary_data.is_some_and(|data| data.get() != "{}"),
            is_immutable: immutable.is_some_and(|immutable| immutable.get() == "true"),
        };
        if let Some(data) = data {
            json::each_field(data.get().as_bytes(), &mut |key, value| {
                if Shape::of(value) != Shape::String {
                    return Err("a value of data is not a string");
                }
                written.entries.push((key, value));
                Ok(())
            })
            .map_err(unreadable)?;
        }
        written.entries.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        Ok(written)
    }

    /// Whether it has the entry, written in the same way.
    pub(crate) fn has(&self, namespace: &str, entry: &RawValue) -> bool {
        let found = self.entries.binary_search_by(|(key, _)| (**key).cmp(namespace));
        found.is_ok_and(|index| self.entries[index].1.get() == entry.get())
    }
}
