//! `allow_list_config_map`: the name of the ConfigMap with further exceptions, and what its entries must bring when
//! they are written.

use std::{borrow::Cow, fmt};

use super::{exception::Terms, reader::Setting};
use crate::{facts::ConfigMap, image::grammar::is_label};

const EXAMPLE: &str = "{namespace: registry-enforcer, name: byoc-allow-list}";
/// The longest name of an object, in bytes (RFC 1123 subdomain).
const LENGTH_MAX: usize = 253;

/// Where the allow list is, as the operator writes it, and what its entries must bring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowList<'a> {
    namespace: Cow<'a, str>,
    name: Cow<'a, str>,
    /// How many days from the day of its writing an entry may last; `None`: without a limit.
    pub max_days: Option<u32>,
    /// The fields that an entry must have.
    pub requires: Vec<Field>,
}

impl<'a> AllowList<'a> {
    pub(crate) fn read(setting: Setting<'a, '_>) -> Option<Self> {
        let mut fields = setting.fields(EXAMPLE)?;
        let mut name =
            |key, example| fields.required(key, example, |setting| setting.parsed(example, parse_object_name));
        let (namespace, name) = (name("namespace", "registry-enforcer"), name("name", "byoc-allow-list"));
        let max_days = fields.optional("max_days", |setting| setting.days(1));
        let requires = fields.optional("requires", |setting| {
            setting.list("[sunset_date, reason]", |setting| setting.parsed("reason", |text| Field::parse(&text)))
        });
        fields.finish();
        Some(Self { namespace: namespace?, name: name?, max_days, requires: requires.unwrap_or_default() })
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

/// A field of an entry. `Display` writes it as the operator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `sunset_date`
    SunsetDate,
    /// `registry_prefixes`
    RegistryPrefixes,
    /// `reason`
    Reason,
    /// `owner`
    Owner,
}

impl Field {
    const ALL: &[Self] = &[Self::SunsetDate, Self::RegistryPrefixes, Self::Reason, Self::Owner];

    fn parse(text: &str) -> Result<Self, &'static str> {
        let known = Self::ALL.iter().find(|field| field.name() == text);
        known.copied().ok_or("is not a field of an entry: write sunset_date, registry_prefixes, reason or owner")
    }

    fn name(self) -> &'static str {
        match self {
            Self::SunsetDate => "sunset_date",
            Self::RegistryPrefixes => "registry_prefixes",
            Self::Reason => "reason",
            Self::Owner => "owner",
        }
    }

    /// Whether an entry has it; an empty string says nothing.
    #[must_use]
    pub fn is_in(self, terms: &Terms<'_>) -> bool {
        let says = |text: &Option<Cow<'_, str>>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
        match self {
            Self::SunsetDate => terms.end.is_some(),
            Self::RegistryPrefixes => terms.registry_prefixes.is_some(),
            Self::Reason => says(&terms.reason),
            Self::Owner => says(&terms.owner),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
