//! `byoc_requirements`: what an image from outside must bring, the five points of the decision record as settings.

use std::borrow::Cow;

use super::{prefix_entry::read_prefixes, reader::Setting};
use crate::image::{prefix::Prefix, reference::Reference};

const EXAMPLE: &str = "{pinned_digest: true, registries: [quay.io/team]}";
const BASE_IMAGES_EXAMPLE: &str = "[docker-registry.tools.wmflabs.org/toolforge-bookworm-sssd:latest]";

/// The setting `byoc_requirements`.
#[derive(Clone, Debug, Default)]
pub struct Requirements<'a> {
    /// Whether the image must have a licence that OSI has approved, and a source.
    pub(crate) open_source: bool,
    /// How old the image may be.
    pub(crate) max_age_days: Option<u32>,
    /// Whether the reference must have a digest.
    pub(crate) pinned_digest: bool,
    /// Where the image may come from.
    pub(crate) registries: Option<Vec<Prefix<'a>>>,
    /// What the image may be built on.
    pub(crate) base_images: Vec<Cow<'a, str>>,
}

impl<'a> Requirements<'a> {
    /// Reads the setting.
    pub(crate) fn read(setting: Setting<'a, '_>) -> Option<Self> {
        let mut fields = setting.fields(EXAMPLE)?;
        let mut flag = |key| fields.optional(key, |setting| setting.flag()).unwrap_or_default();
        let (open_source, pinned_digest) = (flag("open_source"), flag("pinned_digest"));
        let max_age_days = fields.optional("max_age_days", |setting| setting.days(1));
        let registries = fields.optional("registries", read_prefixes);
        let base_images = fields.optional("base_images", read_base_images).unwrap_or_default();
        let requirements = Self { open_source, max_age_days, pinned_digest, registries, base_images };
        if requirements.needs_answer() && requirements.registries.is_none() {
            fields.wrong("asks registries about images, so it has to say which: add registries, for example [quay.io/team]; of an image's own registry, only these are asked");
        }
        fields.finish();
        Some(requirements)
    }

    /// Whether the registry of an image is asked about it: where a requirement needs its answer, and only if it is one
    /// of `registries`. The tenant chose the address, and would choose what the policy server waits for.
    pub(crate) fn may_ask(&self, reference: &Reference<'_>, namespace: &str) -> bool {
        let is_listed =
            |prefixes: &Vec<Prefix<'_>>| prefixes.iter().any(|prefix| prefix.approves(reference, Some(namespace)));
        self.needs_answer() && self.registries.as_ref().is_some_and(is_listed)
    }

    /// Whether a requirement needs to know what a registry says about the image.
    #[must_use]
    pub fn needs_answer(&self) -> bool {
        self.open_source || self.max_age_days.is_some() || !self.base_images.is_empty()
    }
}

fn read_base_images<'a>(setting: Setting<'a, '_>) -> Vec<Cow<'a, str>> {
    setting.non_empty_list(BASE_IMAGES_EXAMPLE, |setting| {
        setting.parsed("registry.example/base:tag", |text| match Reference::parse(&text) {
            // Docker Hub is never meant by accident: the base image's registry is asked.
            Ok(reference) if text.starts_with(reference.domain()) => Ok(text),
            Ok(reference) => Err(format!("names no registry: write {reference} if that is meant")),
            Err(error) => Err(format!("is not an image: {error}")),
        })
    })
}
