//! `allow_list_config_map`: the name of the ConfigMap with further exceptions.

use std::borrow::Cow;

use super::reader::Setting;
use crate::{facts::ConfigMap, image::grammar::is_label};

/// The longest name of an object, in bytes (RFC 1123 subdomain).
const LENGTH_MAX: usize = 253;

/// The name of a ConfigMap, as the operator writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigMapName<'a> {
    namespace: Cow<'a, str>,
    name: Cow<'a, str>,
}

impl<'a> ConfigMapName<'a> {
    pub(crate) fn read(setting: Setting<'a, '_>) -> Option<Self> {
        let mut fields = setting.fields("{namespace: registry-enforcer, name: byoc-allow-list}")?;
        let mut name =
            |key, example| fields.required(key, example, |setting| setting.parsed(example, parse_object_name));
        let (namespace, name) = (name("namespace", "registry-enforcer"), name("name", "byoc-allow-list"));
        fields.finish();
        Some(Self { namespace: namespace?, name: name? })
    }

    /// The name, for a look into the ConfigMap.
    #[must_use]
    pub fn as_fact(&self) -> ConfigMap<'_> {
        ConfigMap { namespace: &self.namespace, name: &self.name }
    }
}

/// Reads the name of an object (RFC 1123 subdomain).
fn parse_object_name(text: Cow<'_, str>) -> Result<Cow<'_, str>, &'static str> {
    let is_lower_case = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    let is_name = text.len() <= LENGTH_MAX && text.bytes().all(is_lower_case) && text.split('.').all(is_label);
    if is_name { Ok(text) } else { Err("is not a name: use a-z, 0-9, \"-\" and \".\"") }
}
