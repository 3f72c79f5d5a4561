//! Exceptions: which namespaces may run images from elsewhere, from where, until when, and why.

use std::borrow::Cow;

use serde_json_borrow::Value;

use super::{
    namespace::NamespacePattern,
    prefix_entry::read_prefixes,
    problem::{Place, Problems},
    reader::{self, Fields, Setting},
    sunset::End,
};
use crate::image::{prefix::Prefix, reference::Reference};

const EXAMPLE: &str = "{name: tool-mix, sunset_date: 2026-12-31}";
const ENTRY_EXAMPLE: &str = "{\"sunset_date\": \"2026-12-31\"}";
/// The longest value of the ConfigMap, in bytes.
pub const ENTRY_LENGTH_MAX: usize = 4096;

/// An entry of `allowed_namespaces`.
#[derive(Clone, Debug)]
pub struct Exception<'a> {
    /// The namespaces that have the exception.
    pub namespaces: NamespacePattern<'a>,
    /// What the exception says.
    pub terms: Terms<'a>,
}

impl<'a> Exception<'a> {
    /// Reads a pattern alone, or an object with a pattern and terms.
    pub(crate) fn read(setting: Setting<'a, '_>) -> Option<Self> {
        let read_name = |setting: Setting<'a, '_>| setting.parsed("tool-mix", NamespacePattern::parse);
        if setting.is_scalar() {
            return Some(Self { namespaces: read_name(setting)?, terms: Terms::default() });
        }
        let mut fields = setting.fields(EXAMPLE)?;
        let namespaces = fields.required("name", "tool-mix", read_name);
        let terms = Terms::read(fields);
        Some(Self { namespaces: namespaces?, terms })
    }
}

/// What an exception says, wherever it is written.
#[derive(Clone, Debug, Default)]
pub struct Terms<'a> {
    /// When it ends; `None`: by itself, never.
    pub end: Option<End<'a>>,
    /// The registries it is for; `None`: every registry.
    pub registry_prefixes: Option<Vec<Prefix<'a>>>,
    /// Why there is one.
    pub reason: Option<Cow<'a, str>>,
    /// Whom to tell.
    pub owner: Option<Cow<'a, str>>,
}

impl<'a> Terms<'a> {
    /// Reads the terms, which are the last fields of an entry.
    fn read(mut fields: Fields<'a, '_>) -> Self {
        let end = fields.optional("sunset_date", End::read).flatten();
        let registry_prefixes = fields.optional("registry_prefixes", read_prefixes);
        let reason = fields.optional("reason", |setting| setting.string("T302863")).flatten();
        let owner = fields.optional("owner", |setting| setting.string("the maintainers of mix")).flatten();
        fields.finish();
        Self { end, registry_prefixes, reason, owner }
    }

    /// Reads an entry of the ConfigMap: nothing, a date, or the terms as a JSON object.
    ///
    /// # Errors
    ///
    /// Every problem of the entry, at `place`.
    pub fn parse(entry: &'a str, place: &Place<'_>) -> Result<Self, Problems> {
        if entry.len() > ENTRY_LENGTH_MAX {
            return Err(Problems::one(place, format_args!("is longer than {ENTRY_LENGTH_MAX} bytes: write less")));
        }
        let entry = entry.trim();
        if entry.is_empty() {
            return Ok(Self::default());
        }
        let is_object = entry.starts_with('{');
        let value = if is_object { reader::parse(entry, place)? } else { Value::Str(entry.into()) };
        let mut problems = Problems::default();
        let setting = Setting { value, place: *place, problems: &mut problems };
        let terms = if is_object {
            setting.fields(ENTRY_EXAMPLE).map(Self::read).unwrap_or_default()
        } else if looks_like_yaml(entry) {
            return Err(Problems::one(
                place,
                format_args!("is not a date, and an entry is not YAML: write JSON, for example {ENTRY_EXAMPLE}"),
            ));
        } else {
            Self { end: End::read(setting), ..Self::default() }
        };
        if problems.is_empty() { Ok(terms) } else { Err(problems) }
    }

    /// Whether the exception is for the image.
    #[must_use]
    pub fn covers(&self, reference: &Reference<'_>, namespace: &str) -> bool {
        let covers = |prefix: &Prefix<'_>| prefix.approves(reference, Some(namespace));
        self.registry_prefixes.as_ref().is_none_or(|prefixes| prefixes.iter().any(covers))
    }

    /// Whether the exception is for every image, and without an end of its own.
    pub(crate) fn is_without_limits(&self) -> bool {
        self.end.is_none() && self.registry_prefixes.is_none()
    }

    /// The same terms, in memory of their own.
    #[must_use]
    pub fn into_owned(self) -> Terms<'static> {
        let own = |prefixes: Vec<Prefix<'a>>| prefixes.into_iter().map(Prefix::into_owned).collect();
        Terms {
            end: self.end.map(End::into_owned),
            registry_prefixes: self.registry_prefixes.map(own),
            reason: self.reason.map(|reason| Cow::Owned(reason.into_owned())),
            owner: self.owner.map(|owner| Cow::Owned(owner.into_owned())),
        }
    }
}

/// Whether an entry reads like a line of YAML, `sunset_date: 2026-12-31`.
fn looks_like_yaml(entry: &str) -> bool {
    entry.contains(": ") || entry.contains('\n') || entry.starts_with("- ") || entry.ends_with(':')
}
