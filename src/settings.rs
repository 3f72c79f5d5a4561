//! The settings: what each one is called, how it is read, what it is when it is not set.
//!
//! They come with every request, so each is read when a decision first needs it: an approved image
//! never pays for a long `allowed_namespaces`.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use serde_json_borrow::Value;

use crate::{
    custom_kind::CustomKind,
    end::End,
    exception::{Exception, read_end, read_prefixes},
    facts::ConfigMap,
    namespace::NamespacePattern,
    prefix::Prefix,
    problem::{Place, Problems},
    reference::{is_component, is_label},
    requirement::Requirements,
    setting::{self, Lazy, UnknownKey, WRITTEN_TWICE},
    tag::TagPattern,
    text::Text,
};

/// Every setting, in the order in which problems are reported.
pub const KEYS: &[&str] = &[
    "registry_prefixes",
    "exempt_namespaces",
    "allowed_namespaces",
    "sunset_date",
    "warn_before_days",
    "allow_list_config_map",
    "denied_images",
    "denied_tags",
    "byoc_requirements",
    "custom_kinds",
    "sandbox_repositories",
    "help",
];
const EXEMPT_NAMESPACE: &str = "kube-system";
const SANDBOX_REPOSITORY: &str = "pause";
const WARN_BEFORE_DAYS: u32 = 30;

const EXAMPLE: &str = "{registry_prefixes: [docker-registry.tools.wmflabs.org]}";

/// What a setting is, or every problem of it.
pub type Read<'s, T> = Result<&'s T, &'s Problems>;

/// The settings of one request.
#[derive(Debug, Default)]
pub struct Settings<'a> {
    /// The JSON of each of [`KEYS`], in that order.
    json: [Option<&'a RawValue>; KEYS.len()],
    /// The keys that are none of [`KEYS`], or written twice.
    wrong_keys: Problems,
    registry_prefixes: Lazy<Vec<Prefix<'a>>>,
    exempt_namespaces: Lazy<Vec<NamespacePattern<'a>>>,
    allowed_namespaces: Lazy<Vec<Exception<'a>>>,
    sunset_date: Lazy<Option<End<'a>>>,
    warn_before_days: Lazy<u32>,
    allow_list_config_map: Lazy<Option<ConfigMapName<'a>>>,
    denied_images: Lazy<Vec<Prefix<'a>>>,
    denied_tags: Lazy<Vec<TagPattern<'a>>>,
    byoc_requirements: Lazy<Option<Requirements<'a>>>,
    custom_kinds: Lazy<Vec<CustomKind<'a>>>,
    sandbox_repositories: Lazy<Vec<Cow<'a, str>>>,
    help: Lazy<Option<Cow<'a, str>>>,
}

/// Checks all of the settings.
///
/// # Errors
///
/// Every problem, each with its place and what to write instead.
pub fn validate(json: &str) -> Result<(), Problems> {
    let mut problems = Problems::default();
    match serde_json::from_slice::<Settings<'_>>(json.as_bytes()) {
        Ok(settings) => settings.problems(&mut problems),
        Err(_) => drop(setting::fields(setting::parse(json, &Place::Top)?, KEYS, EXAMPLE, &Place::Top, &mut problems)),
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

impl<'a> Settings<'a> {
    /// The keys that no setting has, or that are written twice: nobody knows what they were to say.
    ///
    /// # Errors
    ///
    /// A problem for each of them.
    pub fn check_keys(&self) -> Result<(), &Problems> {
        if self.wrong_keys.is_empty() { Ok(()) } else { Err(&self.wrong_keys) }
    }

    /// The approved registries.
    pub fn registry_prefixes(&self) -> Read<'_, Vec<Prefix<'a>>> {
        self.read(&self.registry_prefixes, "registry_prefixes", |value, place, problems| match value {
            Some(Value::Array(elements)) if elements.is_empty() => {
                problems.add(
                    place,
                    "is empty: name at least one registry, for example [docker-registry.tools.wmflabs.org]",
                );
                Vec::new()
            }
            Some(value) => read_prefixes(value, place, problems),
            None => {
                problems.add(
                    place,
                    "is missing: name at least one registry, for example [docker-registry.tools.wmflabs.org]",
                );
                Vec::new()
            }
        })
    }

    /// The namespaces that are never judged.
    pub fn exempt_namespaces(&self) -> Read<'_, Vec<NamespacePattern<'a>>> {
        self.read(&self.exempt_namespaces, "exempt_namespaces", |value, place, problems| match value {
            Some(value) => setting::list(value, "[kube-system]", place, problems, |value, place, problems| {
                setting::parsed(value, EXEMPT_NAMESPACE, place, problems, NamespacePattern::parse)
            }),
            None => NamespacePattern::parse(EXEMPT_NAMESPACE.into()).into_iter().collect(),
        })
    }

    /// The exceptions.
    pub fn allowed_namespaces(&self) -> Read<'_, Vec<Exception<'a>>> {
        self.read(&self.allowed_namespaces, "allowed_namespaces", |value, place, problems| {
            value.map(|value| setting::list(value, "[tool-mix]", place, problems, Exception::read)).unwrap_or_default()
        })
    }

    /// The end of every exception.
    pub fn sunset_date(&self) -> Read<'_, Option<End<'a>>> {
        self.read(&self.sunset_date, "sunset_date", |value, place, problems| read_end(value?, place, problems))
    }

    /// How many days before the end of an exception its users are warned; 0 is never.
    pub fn warn_before_days(&self) -> Read<'_, u32> {
        self.read(&self.warn_before_days, "warn_before_days", |value, place, problems| {
            value.map_or(WARN_BEFORE_DAYS, |value| setting::days(&value, 0, place, problems))
        })
    }

    /// The ConfigMap with further exceptions.
    pub fn allow_list_config_map(&self) -> Read<'_, Option<ConfigMapName<'a>>> {
        self.read(&self.allow_list_config_map, "allow_list_config_map", |value, place, problems| {
            ConfigMapName::read(value?, place, problems)
        })
    }

    /// The images that may not run, wherever they come from.
    pub fn denied_images(&self) -> Read<'_, Vec<Prefix<'a>>> {
        self.read(&self.denied_images, "denied_images", |value, place, problems| {
            let read = |value, place: &Place<'_>, problems: &mut Problems| {
                setting::parsed(value, "quay.io/team/image:1.2", place, problems, Prefix::parse)
            };
            value.map(|value| setting::list(value, "[quay.io/team/image]", place, problems, read)).unwrap_or_default()
        })
    }

    /// The tags that no image may have.
    pub fn denied_tags(&self) -> Read<'_, Vec<TagPattern<'a>>> {
        self.read(&self.denied_tags, "denied_tags", |value, place, problems| {
            let read = |value, place: &Place<'_>, problems: &mut Problems| {
                setting::parsed(value, "latest", place, problems, TagPattern::parse)
            };
            value.map(|value| setting::list(value, "[latest]", place, problems, read)).unwrap_or_default()
        })
    }

    /// What an image that an exception lets in must bring.
    pub fn byoc_requirements(&self) -> Read<'_, Option<Requirements<'a>>> {
        self.read(&self.byoc_requirements, "byoc_requirements", |value, place, problems| {
            Requirements::read(value?, place, problems)
        })
    }

    /// The kinds that the operator describes.
    pub fn custom_kinds(&self) -> Read<'_, Vec<CustomKind<'a>>> {
        self.read(&self.custom_kinds, "custom_kinds", |value, place, problems| {
            let example = "[{group: argoproj.io, kind: Rollout, pod_specs: [/spec/template/spec]}]";
            value.map(|value| setting::list(value, example, place, problems, CustomKind::read)).unwrap_or_default()
        })
    }

    /// The last components of the repositories of sandbox (pause) images.
    pub fn sandbox_repositories(&self) -> Read<'_, Vec<Cow<'a, str>>> {
        self.read(&self.sandbox_repositories, "sandbox_repositories", |value, place, problems| match value {
            Some(value) => setting::list(value, "[pause]", place, problems, |value, place, problems| {
                setting::parsed(value, SANDBOX_REPOSITORY, place, problems, |text| {
                    if is_component(&text) {
                        Ok(text)
                    } else {
                        Err("is no last component of a repository: write for example pause")
                    }
                })
            }),
            None => vec![Cow::Borrowed(SANDBOX_REPOSITORY)],
        })
    }

    /// The last line of every refusal.
    pub fn help(&self) -> Read<'_, Option<Cow<'a, str>>> {
        self.read(&self.help, "help", |value, place, problems| {
            setting::text(
                value?,
                "\"Ask for an exception: https://phabricator.wikimedia.org/tag/toolforge/\"",
                place,
                problems,
            )
        })
    }

    fn read<'s, T>(
        &self,
        setting: &'s Lazy<T>,
        key: &str,
        read: impl FnOnce(Option<Value<'a>>, &Place<'_>, &mut Problems) -> T,
    ) -> Read<'s, T> {
        let json = || KEYS.iter().position(|known| *known == key).and_then(|index| self.json[index]);
        setting.get(json, key, read)
    }

    fn problems(&self, problems: &mut Problems) {
        let found = [
            self.check_keys().err(),
            self.registry_prefixes().err(),
            self.exempt_namespaces().err(),
            self.allowed_namespaces().err(),
            self.sunset_date().err(),
            self.warn_before_days().err(),
            self.allow_list_config_map().err(),
            self.denied_images().err(),
            self.denied_tags().err(),
            self.byoc_requirements().err(),
            self.custom_kinds().err(),
            self.sandbox_repositories().err(),
            self.help().err(),
        ];
        found.into_iter().flatten().for_each(|found| problems.extend(found));
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Settings<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Keys).map(|(json, wrong_keys)| Self { json, wrong_keys, ..Self::default() })
    }
}

/// Finds the JSON of each setting, without a look into it.
struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = ([Option<&'de RawValue>; KEYS.len()], Problems);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("settings as an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut json = [None; KEYS.len()];
        let mut wrong_keys = Problems::default();
        while let Some(Text(key)) = map.next_key()? {
            let value: Option<&'de RawValue> = map.next_value()?;
            match KEYS.iter().position(|known| *known == key) {
                Some(index) if json[index].is_none() => json[index] = value,
                Some(_) => wrong_keys.add(&Place::Top.key(&key), WRITTEN_TWICE),
                None => wrong_keys.add(&Place::Top.key(&key), UnknownKey { key: &key, known: KEYS }),
            }
        }
        Ok((json, wrong_keys))
    }
}

/// The name of a ConfigMap, as the operator writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigMapName<'a> {
    namespace: Cow<'a, str>,
    name: Cow<'a, str>,
}

impl<'a> ConfigMapName<'a> {
    fn read(value: Value<'a>, place: &Place<'_>, problems: &mut Problems) -> Option<Self> {
        let example = "{namespace: registry-enforcer, name: byoc-allow-list}";
        let mut fields = setting::fields(value, &["namespace", "name"], example, place, problems)?;
        let mut name = |key, example| match fields.take(key) {
            Some(value) => setting::parsed(value, example, &place.key(key), problems, |text| {
                if is_object_name(&text) { Ok(text) } else { Err("is no name: use a-z, 0-9, \"-\" and \".\"") }
            }),
            None => {
                problems.add(&place.key(key), format_args!("is missing: write for example {example}"));
                None
            }
        };
        let (namespace, name) = (name("namespace", "registry-enforcer"), name("name", "byoc-allow-list"));
        Some(Self { namespace: namespace?, name: name? })
    }

    /// The name, for a look into the ConfigMap.
    #[must_use]
    pub fn as_fact(&self) -> ConfigMap<'_> {
        ConfigMap { namespace: &self.namespace, name: &self.name }
    }
}

/// Whether `text` can be the name of an object (RFC 1123 subdomain).
fn is_object_name(text: &str) -> bool {
    let is_lower_case = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    text.len() <= 253 && text.bytes().all(is_lower_case) && text.split('.').all(is_label)
}
