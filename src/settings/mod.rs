//! The settings: what each one is called, how it is read, what it is when it is not set.
//!
//! They come with every request, so each is read when a decision first needs it: an approved image
//! never pays for a long `allowed_namespaces`.

pub mod allow_list;
pub mod custom_kind;
pub mod exception;
pub mod key;
pub mod namespace;
pub mod prefix_entry;
pub mod problem;
mod reader;
pub mod requirement;
mod successors;
pub mod sunset;

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{
    image::{grammar::is_component, tag::TagPattern},
    json::JsonString,
};
use allow_list::AllowList;
use custom_kind::CustomKind;
use exception::Exception;
use key::Key;
use namespace::NamespacePattern;
use prefix_entry::{Mirror, PrefixEntry, read_mirror};
use problem::{Place, Problems};
use reader::{Lazy, Setting, UnknownKey, WRITTEN_TWICE};
use requirement::Requirements;
use successors::Rules;
use sunset::End;

const EXEMPT_NAMESPACE: &str = "kube-system";
/// The names under which the pause image is published for one platform or for all, and mirrored.
const SANDBOX_REPOSITORIES: &[&str] = &[
    "pause",
    "pause-amd64",
    "pause-arm",
    "pause-arm64",
    "pause-ppc64le",
    "pause-s390x",
    "mirrored-pause",
    "mirrored-pause-amd64",
    "mirrored-pause-arm64",
];
const WARN_BEFORE_DAYS: u32 = 30;
const NO_REGISTRY: &str = "names no registry: write at least one, for example [docker-registry.tools.wmflabs.org]";
const EXAMPLE: &str = "{registry_prefixes: [docker-registry.tools.wmflabs.org]}";

/// What a setting is, or every problem of it.
pub type Read<'s, T> = Result<&'s T, &'s Problems>;

/// The settings of one request.
#[derive(Debug, Default)]
pub struct Settings<'a> {
    /// The JSON of each key, in the order of [`Key::ALL`].
    json: [Option<&'a RawValue>; Key::ALL.len()],
    /// The keys that nothing knows, or that are written twice.
    wrong_keys: Problems,
    registry_prefixes: Lazy<Vec<PrefixEntry<'a>>>,
    exempt_namespaces: Lazy<Vec<NamespacePattern<'a>>>,
    allowed_namespaces: Lazy<Vec<Exception<'a>>>,
    sunset_date: Lazy<Option<End<'a>>>,
    warn_before_days: Lazy<u32>,
    allow_list_config_map: Lazy<Option<AllowList<'a>>>,
    denied_images: Lazy<Vec<PrefixEntry<'a>>>,
    denied_tags: Lazy<Vec<TagPattern<'a>>>,
    mirrors: Lazy<Vec<Mirror<'a>>>,
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
///
/// ```
/// # use registry_enforcer::settings::validate;
/// assert!(validate(r#"{"registry_prefixes": ["quay.io/team"]}"#).is_ok());
/// let problems = validate(r#"{"registry_prefix": ["quay.io/team"]}"#).unwrap_err().to_string();
/// assert!(problems.starts_with("registry_prefix: is not known here: did you mean registry_prefixes?"));
/// ```
pub fn validate(json: &str) -> Result<(), Problems> {
    let mut problems = Problems::default();
    match serde_json::from_slice::<Settings<'_>>(json.as_bytes()) {
        Ok(settings) => {
            settings.append_problems(&mut problems);
            // Where a setting that decides it is wrong, that problem is noted already.
            if let Ok(rules) = settings.rules() {
                rules.check_successors(&mut problems);
            }
        }
        Err(cause) => {
            let value = reader::parse(json, &Place::Top)?;
            let setting = Setting { value, place: Place::Top, problems: &mut problems };
            if setting.fields(EXAMPLE).is_some() {
                problems.add(&Place::Top, format_args!("is not JSON: {cause}"));
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

impl<'a> Settings<'a> {
    /// Whether the operator wrote a key.
    #[must_use]
    pub fn is_set(&self, key: Key) -> bool {
        self.json[key as usize].is_some()
    }

    /// Whether there are keys that no setting has, or that are written twice: nobody knows what they were to say.
    ///
    /// # Errors
    ///
    /// A problem for each of them.
    pub fn check_keys(&self) -> Result<(), &Problems> {
        if self.wrong_keys.is_empty() { Ok(()) } else { Err(&self.wrong_keys) }
    }

    /// The approved registries.
    pub fn registry_prefixes(&self) -> Read<'_, Vec<PrefixEntry<'a>>> {
        let read = |mut setting: Setting<'a, '_>| {
            if setting.is_empty_list() {
                setting.wrong(NO_REGISTRY);
            }
            setting.list("[quay.io/team]", PrefixEntry::read_approval)
        };
        self.read(&self.registry_prefixes, Key::RegistryPrefixes, read, || Err(NO_REGISTRY))
    }

    /// The namespaces that are never judged.
    pub fn exempt_namespaces(&self) -> Read<'_, Vec<NamespacePattern<'a>>> {
        let read = |setting: Setting<'a, '_>| {
            setting.list("[kube-system]", |setting| setting.parsed(EXEMPT_NAMESPACE, NamespacePattern::parse))
        };
        let default = || Ok(NamespacePattern::parse(EXEMPT_NAMESPACE.into()).into_iter().collect());
        self.read(&self.exempt_namespaces, Key::ExemptNamespaces, read, default)
    }

    /// The exceptions.
    pub fn allowed_namespaces(&self) -> Read<'_, Vec<Exception<'a>>> {
        let read = |setting: Setting<'a, '_>| setting.list("[tool-mix]", Exception::read);
        self.read(&self.allowed_namespaces, Key::AllowedNamespaces, read, || Ok(Vec::new()))
    }

    /// The end of every exception.
    pub fn sunset_date(&self) -> Read<'_, Option<End<'a>>> {
        self.read(&self.sunset_date, Key::SunsetDate, End::read, || Ok(None))
    }

    /// How many days before the end of an exception its users are warned; 0 is never.
    pub fn warn_before_days(&self) -> Read<'_, u32> {
        let read = |setting: Setting<'a, '_>| setting.days(0);
        self.read(&self.warn_before_days, Key::WarnBeforeDays, read, || Ok(WARN_BEFORE_DAYS))
    }

    /// The ConfigMap with further exceptions.
    pub fn allow_list_config_map(&self) -> Read<'_, Option<AllowList<'a>>> {
        self.read(&self.allow_list_config_map, Key::AllowListConfigMap, AllowList::read, || Ok(None))
    }

    /// The images that may not run, wherever they come from.
    pub fn denied_images(&self) -> Read<'_, Vec<PrefixEntry<'a>>> {
        let read = |setting: Setting<'a, '_>| setting.list("[quay.io/team/image:1.2]", PrefixEntry::read_denial);
        self.read(&self.denied_images, Key::DeniedImages, read, || Ok(Vec::new()))
    }

    /// The tags that no image may have.
    pub fn denied_tags(&self) -> Read<'_, Vec<TagPattern<'a>>> {
        let read =
            |setting: Setting<'a, '_>| setting.list("[latest]", |setting| setting.parsed("latest", TagPattern::parse));
        self.read(&self.denied_tags, Key::DeniedTags, read, || Ok(Vec::new()))
    }

    /// What to use instead of images that no approval covers.
    pub fn mirrors(&self) -> Read<'_, Vec<Mirror<'a>>> {
        let read = |setting: Setting<'a, '_>| {
            setting.list("[{prefix: docker.io, replaced_by: registry.example/hub}]", read_mirror)
        };
        self.read(&self.mirrors, Key::Mirrors, read, || Ok(Vec::new()))
    }

    /// What an image that an exception lets in must bring.
    pub fn byoc_requirements(&self) -> Read<'_, Option<Requirements<'a>>> {
        self.read(&self.byoc_requirements, Key::ByocRequirements, Requirements::read, || Ok(None))
    }

    /// The kinds that the operator describes.
    pub fn custom_kinds(&self) -> Read<'_, Vec<CustomKind<'a>>> {
        let example = "[{group: argoproj.io, kind: Rollout, pod_specs: [/spec/template/spec]}]";
        let read = |setting: Setting<'a, '_>| setting.list(example, CustomKind::read);
        self.read(&self.custom_kinds, Key::CustomKinds, read, || Ok(Vec::new()))
    }

    /// The last components of the repositories of sandbox (pause) images.
    pub fn sandbox_repositories(&self) -> Read<'_, Vec<Cow<'a, str>>> {
        let parse = |text: Cow<'a, str>| {
            let problem = "is not the last component of a repository: write for example pause";
            if is_component(&text) { Ok(text) } else { Err(problem) }
        };
        let read = |setting: Setting<'a, '_>| setting.list("[pause]", |setting| setting.parsed("pause", parse));
        let default = || Ok(SANDBOX_REPOSITORIES.iter().map(|name| Cow::Borrowed(*name)).collect());
        self.read(&self.sandbox_repositories, Key::SandboxRepositories, read, default)
    }

    /// The last line of every refusal.
    pub fn help(&self) -> Read<'_, Option<Cow<'a, str>>> {
        let example = "Ask for an exception at https://phabricator.wikimedia.org/tag/toolforge/";
        self.read(&self.help, Key::Help, |setting: Setting<'a, '_>| setting.string(example), || Ok(None))
    }

    fn read<'s, T>(
        &self,
        setting: &'s Lazy<T>,
        key: Key,
        read: impl FnOnce(Setting<'a, '_>) -> T,
        unset: impl FnOnce() -> Result<T, &'static str>,
    ) -> Read<'s, T> {
        setting.get(key.name(), self.json[key as usize], read, unset)
    }

    fn rules(&self) -> Result<Rules<'_, 'a>, &Problems> {
        Ok(Rules {
            approvals: self.registry_prefixes()?,
            denials: self.denied_images()?,
            denied_tags: self.denied_tags()?,
            mirrors: self.mirrors()?,
        })
    }

    fn append_problems(&self, problems: &mut Problems) {
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
            self.mirrors().err(),
            self.byoc_requirements().err(),
            self.custom_kinds().err(),
            self.sandbox_repositories().err(),
            self.help().err(),
        ];
        found.into_iter().flatten().for_each(|found| problems.append(found));
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
    type Value = ([Option<&'de RawValue>; Key::ALL.len()], Problems);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("settings as an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut json = [None; Key::ALL.len()];
        let mut wrong_keys = Problems::default();
        while let Some(JsonString(name)) = map.next_key()? {
            let value: Option<&'de RawValue> = map.next_value()?;
            match Key::of(&name).map(|key| &mut json[key as usize]) {
                Some(json) if json.is_none() => *json = value,
                Some(_) => wrong_keys.add(&Place::Top.key(&name), WRITTEN_TWICE),
                None => wrong_keys.add(&Place::Top.key(&name), UnknownKey { key: &name, known: Key::NAMES }),
            }
        }
        Ok((json, wrong_keys))
    }
}
