//! What the core is asked: a request, and what it may know.

use registry_enforcer::facts::{ConfigMap, Facts, ImageDescription, Unavailable};
use serde_json::{json, value::RawValue};

/// The creation of an object, as the API server asks about it.
#[derive(Clone, Copy, Debug)]
pub struct Creation<'a> {
    /// The API group, empty for the core group.
    pub group: &'a str,
    /// The kind.
    pub kind: &'a str,
    /// The namespace, `None` for an object that is in none.
    pub namespace: Option<&'a str>,
    /// The name, empty where the API server has yet to make one.
    pub name: &'a str,
}

impl Creation<'_> {
    /// What the policy's host would hand over. The core reads it as in the cluster: a request that was put together
    /// otherwise would lack what `custom_kinds` are read from.
    pub(super) fn payload(&self, object: &RawValue) -> Vec<u8> {
        let Self { group, kind, namespace, name } = self;
        let [group, kind, name] = [group, kind, name].map(|text| json!(text));
        let namespace = json!(namespace);
        format!(
            r#"{{"request":{{"kind":{{"group":{group},"kind":{kind}}},"name":{name},"namespace":{namespace},"operation":"CREATE","object":{object}}}}}"#
        )
        .into_bytes()
    }
}

/// The facts for a decision that asks for none but the time, if that.
pub(super) struct NoFacts {
    pub(super) now: i64,
}

impl Facts for NoFacts {
    fn now(&self) -> i64 {
        self.now
    }

    fn allow_list_entry(&self, _: &ConfigMap<'_>, _: &str) -> Result<Option<String>, Unavailable> {
        Err(Unavailable::NoAnswer)
    }

    fn image(&self, _: &str) -> Result<ImageDescription, Unavailable> {
        Err(Unavailable::NoAnswer)
    }
}
