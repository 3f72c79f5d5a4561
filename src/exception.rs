//! Exceptions: which namespaces may run images from elsewhere, from where, until when, and why.

use std::borrow::Cow;

use serde_json_borrow::Value;

use crate::{
    end::End,
    namespace::NamespacePattern,
    prefix::Prefix,
    problem::{Place, Problems},
    reference::Reference,
    setting::{self, Fields},
};

const EXAMPLE: &str = "{name: tool-mix, sunset_date: 2026-12-31}";
const PREFIXES_EXAMPLE: &str = "[quay.io/team]";
/// The fields of an entry that the ConfigMap's entries have too: there, the key is the name.
const TERMS: &[&str] = &["sunset_date", "registry_prefixes", "reason"];

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
    pub(crate) fn read(value: Value<'a>, place: &Place<'_>, problems: &mut Problems) -> Option<Self> {
        if matches!(value, Value::Str(_)) {
            let namespaces = setting::parsed(value, "tool-mix", place, problems, NamespacePattern::parse)?;
            return Some(Self { namespaces, terms: Terms::default() });
        }
        let known = [&["name"], TERMS].concat();
        let mut fields = setting::fields(value, &known, EXAMPLE, place, problems)?;
        let terms = Terms::read(&mut fields, place, problems);
        let Some(name) = fields.take("name") else {
            problems.add(&place.key("name"), "is missing: write the namespace, for example tool-mix");
            return None;
        };
        let namespaces = setting::parsed(name, "tool-mix", &place.key("name"), problems, NamespacePattern::parse)?;
        Some(Self { namespaces, terms })
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
}

impl<'a> Terms<'a> {
    /// Reads the terms out of the fields of an entry.
    fn read(fields: &mut Fields<'a>, place: &Place<'_>, problems: &mut Problems) -> Self {
        let end = fields.take("sunset_date").and_then(|value| read_end(value, &place.key("sunset_date"), problems));
        let registry_prefixes = fields
            .take("registry_prefixes")
            .map(|value| read_prefixes(value, &place.key("registry_prefixes"), problems));
        let reason =
            fields.take("reason").and_then(|value| setting::text(value, "T302863", &place.key("reason"), problems));
        Self { end, registry_prefixes, reason }
    }

    /// Reads an entry of the ConfigMap: nothing, a date, or the terms as a JSON object.
    ///
    /// # Errors
    ///
    /// Every problem of the entry, at `place`.
    pub fn parse(entry: &'a str, place: &Place<'_>) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let entry = entry.trim();
        let terms = if entry.is_empty() {
            Self::default()
        } else if entry.starts_with('{') {
            let value = setting::parse(entry, place)?;
            let fields = setting::fields(value, TERMS, "{\"sunset_date\": \"2026-12-31\"}", place, &mut problems);
            fields.map(|mut fields| Self::read(&mut fields, place, &mut problems)).unwrap_or_default()
        } else {
            Self { end: read_end(Value::Str(entry.into()), place, &mut problems), ..Self::default() }
        };
        if problems.is_empty() { Ok(terms) } else { Err(problems) }
    }

    /// Whether the exception is for the image's registry.
    #[must_use]
    pub fn covers(&self, reference: &Reference<'_>, namespace: &str) -> bool {
        let covers = |prefix: &Prefix<'_>| prefix.approves(reference, Some(namespace));
        self.registry_prefixes.as_ref().is_none_or(|prefixes| prefixes.iter().any(covers))
    }

    /// The same terms, in memory of their own.
    #[must_use]
    pub fn into_owned(self) -> Terms<'static> {
        Terms {
            end: self.end.map(End::into_owned),
            registry_prefixes: self
                .registry_prefixes
                .map(|prefixes| prefixes.into_iter().map(Prefix::into_owned).collect()),
            reason: self.reason.map(|reason| Cow::Owned(reason.into_owned())),
        }
    }
}

/// Reads a `sunset_date`.
pub(crate) fn read_end<'a>(value: Value<'a>, place: &Place<'_>, problems: &mut Problems) -> Option<End<'a>> {
    setting::parsed(value, "2026-12-31", place, problems, End::parse)
}

/// Reads a list of prefixes that must name at least one.
pub(crate) fn read_prefixes<'a>(value: Value<'a>, place: &Place<'_>, problems: &mut Problems) -> Vec<Prefix<'a>> {
    setting::non_empty_list(value, PREFIXES_EXAMPLE, place, problems, |value, place, problems| {
        setting::parsed(value, "quay.io/team", place, problems, Prefix::parse)
    })
}
