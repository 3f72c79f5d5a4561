//! The entries of `registry_prefixes`, `denied_images` and `mirrors`: a prefix, until when its images may run, and
//! what to use instead.

use std::borrow::Cow;

use super::{
    reader::{Fields, Setting},
    sunset::End,
};
use crate::image::{prefix::Prefix, replacement::Replacement};

const EXAMPLE: &str = "{prefix: quay.io/team, sunset_date: 2026-12-31, replaced_by: registry.example/team}";
const MIRROR_EXAMPLE: &str = "{prefix: docker.io, replaced_by: registry.example/dockerhub-cache}";
/// The key of a replacement.
pub(crate) const REPLACED_BY: &str = "replaced_by";

/// Reads a prefix.
pub(super) fn read_prefix<'a>(setting: Setting<'a, '_>) -> Option<Prefix<'a>> {
    setting.parsed("quay.io/team", Prefix::parse)
}

/// Reads a list of prefixes that must name at least one.
pub(super) fn read_prefixes<'a>(setting: Setting<'a, '_>) -> Vec<Prefix<'a>> {
    setting.non_empty_list("[quay.io/team]", read_prefix)
}

/// An entry of `registry_prefixes` or `denied_images`.
#[derive(Clone, Debug)]
pub struct PrefixEntry<'a> {
    /// The images that it is about.
    pub prefix: Prefix<'a>,
    /// What it says besides: most entries are a prefix alone, and there can be thousands.
    retirement: Option<Box<Retirement<'a>>>,
}

/// What an entry says besides its prefix.
#[derive(Clone, Debug, Default)]
struct Retirement<'a> {
    end: Option<End<'a>>,
    replaced_by: Option<Replacement<'a>>,
    reason: Option<Cow<'a, str>>,
}

impl<'a> PrefixEntry<'a> {
    /// Reads an entry of `registry_prefixes`: a prefix, or an object with one.
    pub(crate) fn read_approval(setting: Setting<'a, '_>) -> Option<Self> {
        Self::read(setting, |retirement, mut fields| {
            if retirement.replaced_by.is_some() && retirement.end.is_none() {
                fields.wrong("has replaced_by, but does not end: add sunset_date, for example \"2026-12-31\"");
            }
            fields.finish();
        })
    }

    /// Reads an entry of `denied_images`: a prefix, or an object with one.
    pub(crate) fn read_denial(setting: Setting<'a, '_>) -> Option<Self> {
        Self::read(setting, |_, fields| fields.finish())
    }

    fn read<'s>(setting: Setting<'a, 's>, finish: impl FnOnce(&Retirement<'a>, Fields<'a, 's>)) -> Option<Self> {
        if setting.is_scalar() {
            return read_prefix(setting).map(|prefix| Self { prefix, retirement: None });
        }
        let mut fields = setting.fields(EXAMPLE)?;
        let prefix = fields.required("prefix", "quay.io/team", read_prefix);
        let end = fields.optional("sunset_date", End::read).flatten();
        let replaced_by = fields.optional(REPLACED_BY, |setting| read_replacement(setting, prefix.as_ref())).flatten();
        let reason = fields.optional("reason", |setting| setting.string("T394902")).flatten();
        let retirement = Retirement { end, replaced_by, reason };
        finish(&retirement, fields);
        Some(Self { prefix: prefix?, retirement: Some(Box::new(retirement)) })
    }

    /// The last day or instant on which its images may run. `None`: an approval does not end, a denial has begun.
    #[must_use]
    pub fn end(&self) -> Option<&End<'a>> {
        self.retirement.as_ref()?.end.as_ref()
    }

    /// What to use instead.
    #[must_use]
    pub fn replaced_by(&self) -> Option<&Replacement<'a>> {
        self.retirement.as_ref()?.replaced_by.as_ref()
    }

    /// Why it ends.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.retirement.as_ref()?.reason.as_deref()
    }
}

/// An entry of `mirrors`: what to use instead of images that no approval covers.
#[derive(Clone, Debug)]
pub struct Mirror<'a> {
    /// The images that it is about.
    pub prefix: Prefix<'a>,
    /// What to use instead.
    pub replaced_by: Replacement<'a>,
}

/// Reads an entry of `mirrors`.
pub(super) fn read_mirror<'a>(setting: Setting<'a, '_>) -> Option<Mirror<'a>> {
    let mut fields = setting.fields(MIRROR_EXAMPLE)?;
    let prefix = fields.required("prefix", "docker.io", read_prefix);
    let replaced_by = fields.required(REPLACED_BY, "registry.example/dockerhub-cache", |setting| {
        read_replacement(setting, prefix.as_ref())
    });
    fields.finish();
    Some(Mirror { prefix: prefix?, replaced_by: replaced_by? })
}

fn read_replacement<'a>(setting: Setting<'a, '_>, prefix: Option<&Prefix<'a>>) -> Option<Replacement<'a>> {
    setting.parsed("registry.example/team", |text| {
        let replacement = Replacement::parse(text).map_err(|error| error.to_string())?;
        // The image's own tag or digest would have to stand behind that of the replacement.
        if replacement.names_one_image() && prefix.is_some_and(|prefix| !prefix.names_one_image()) {
            return Err(
                "has a tag or a digest, which the prefix has not: leave it out, since images keep their own".to_owned()
            );
        }
        Ok(replacement)
    })
}
