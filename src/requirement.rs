//! What an image from outside must bring: the five points of the decision record as checks.

use std::{borrow::Cow, fmt};

use serde_json_borrow::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    exception::read_prefixes,
    facts::ImageDescription,
    license,
    message::{Shown, first_line},
    prefix::Prefix,
    problem::{Place, Problems},
    reference::Reference,
    setting::{self, Quoted},
};

const EXAMPLE: &str = "{open_source: true, max_age_days: 180}";
const KEYS: &[&str] = &["open_source", "max_age_days", "pinned_digest", "registries", "base_images"];
/// The label or annotation with the licence.
pub(crate) const LICENSES: &str = "org.opencontainers.image.licenses";
/// The label or annotation with the source.
pub(crate) const SOURCE: &str = "org.opencontainers.image.source";
const SECONDS_A_DAY: i64 = 86_400;

/// The setting `byoc_requirements`.
#[derive(Clone, Debug, Default)]
pub struct Requirements<'a> {
    open_source: bool,
    max_age_days: Option<u32>,
    pinned_digest: bool,
    registries: Option<Vec<Prefix<'a>>>,
    base_images: Vec<Cow<'a, str>>,
}

impl<'a> Requirements<'a> {
    /// Reads the setting.
    pub(crate) fn read(value: Value<'a>, place: &Place<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = setting::fields(value, KEYS, EXAMPLE, place, problems)?;
        let mut flag = |key| fields.take(key).is_some_and(|value| setting::flag(&value, &place.key(key), problems));
        let (open_source, pinned_digest) = (flag("open_source"), flag("pinned_digest"));
        let max_age_days =
            fields.take("max_age_days").map(|value| setting::days(&value, 1, &place.key("max_age_days"), problems));
        let registries =
            fields.take("registries").map(|value| read_prefixes(value, &place.key("registries"), problems));
        let base_images =
            fields.take("base_images").map(|value| read_base_images(value, &place.key("base_images"), problems));
        Some(Self {
            open_source,
            max_age_days,
            pinned_digest,
            registries,
            base_images: base_images.unwrap_or_default(),
        })
    }

    /// What the reference alone shows to be unmet.
    pub(crate) fn unmet_by_reference(&self, reference: &Reference<'_>, namespace: &str) -> Vec<Unmet> {
        let mut unmet = Vec::new();
        if self.pinned_digest && reference.digest().is_none() {
            unmet.push(Unmet::NoDigest);
        }
        if let Some(registries) = &self.registries
            && !registries.iter().any(|prefix| prefix.approves(reference, Some(namespace)))
        {
            unmet.push(Unmet::OtherRegistry(join(
                registries.iter().map(|prefix| Shown(&prefix.within(Some(namespace))).to_string()),
            )));
        }
        unmet
    }

    /// Whether what the registry says of an image is needed.
    pub(crate) fn need_description(&self) -> bool {
        self.open_source || self.max_age_days.is_some() || !self.base_images.is_empty()
    }

    /// What the image's description shows to be unmet. `now` is the clock's time, or what a wrong clock says;
    /// `describe` asks a registry of another image.
    pub(crate) fn unmet_by_description(
        &self,
        image: &ImageDescription,
        now: impl FnOnce() -> Result<i64, i64>,
        describe: impl FnMut(&str) -> Result<ImageDescription, String>,
    ) -> Vec<Unmet> {
        let mut unmet = Vec::new();
        if self.open_source {
            unmet.extend(license_problem(image.licenses.as_deref()));
            unmet.extend(source_problem(image.source.as_deref()));
        }
        if let Some(days) = self.max_age_days {
            unmet.extend(age_problem(image.created.as_deref(), days, now));
        }
        if !self.base_images.is_empty() {
            unmet.extend(self.base_problem(&image.diff_ids, describe));
        }
        unmet
    }

    /// Asks for each base image in turn until the image is built on one.
    fn base_problem(
        &self,
        diff_ids: &[String],
        mut describe: impl FnMut(&str) -> Result<ImageDescription, String>,
    ) -> Option<Unmet> {
        let mut unreadable = Vec::new();
        for base in &self.base_images {
            // Settings that were never validated may name a base that is no reference: no image is built on it.
            let Ok(reference) = Reference::parse(base) else { continue };
            match describe(&reference.to_string()) {
                // A base without layers is no base: every image would be built on it.
                Ok(base) if !base.diff_ids.is_empty() && diff_ids.starts_with(&base.diff_ids) => return None,
                Ok(_) => {}
                Err(cause) => unreadable.push(format!("{base} cannot be read: {}", Shown(first_line(&cause)))),
            }
        }
        Some(Unmet::OtherBase { allowed: join(self.base_images.iter()), unreadable })
    }
}

/// A requirement that an image does not meet. `Display` says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unmet {
    /// `pinned_digest`: the reference has no digest.
    NoDigest,
    /// `registries`: the image comes from elsewhere than these.
    OtherRegistry(String),
    /// What its registry says of the image cannot be had, for this cause.
    Unreadable(String),
    /// `open_source`: there is no licence.
    NoLicense,
    /// `open_source`: the licence is no SPDX expression.
    NotSpdx(String),
    /// `open_source`: the licence is not one that OSI has approved.
    NotOpenSource(String),
    /// `open_source`: there is no source, or it is no https URL.
    NoSource(Option<String>),
    /// `max_age_days`: the image does not say when it was created, or not in a form that can be read.
    NoCreated(Option<String>),
    /// `max_age_days`: when it was created, how many days ago that is, how many are allowed.
    TooOld(String, i64, u32),
    /// `max_age_days`: the clock cannot be right.
    Clock(i64),
    /// `base_images`: the image is built on none of these.
    OtherBase {
        /// The base images that are allowed.
        allowed: String,
        /// Which of them cannot be read, and why.
        unreadable: Vec<String>,
    },
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDigest => f.write_str("it has no digest: add @sha256: and the digest of what was reviewed"),
            Self::OtherRegistry(allowed) => write!(f, "it does not come through {allowed}: name it there"),
            Self::Unreadable(cause) => write!(f, "its registry cannot be read: {}", Shown(first_line(cause))),
            Self::NoLicense => write!(f, "it has no label {LICENSES}: add its licence, for example Apache-2.0"),
            Self::NotSpdx(text) => {
                write!(
                    f,
                    "its label {LICENSES} is {}, which is no SPDX expression: write for example GPL-3.0-or-later",
                    Quoted(text)
                )
            }
            Self::NotOpenSource(text) => {
                write!(
                    f,
                    "its label {LICENSES} is {}, which cannot be met with licences that OSI has approved: use an image under one",
                    Quoted(text)
                )
            }
            Self::NoSource(None) => write!(f, "it has no label {SOURCE}: add the https:// address of its source"),
            Self::NoSource(Some(text)) => {
                write!(
                    f,
                    "its label {SOURCE} is {}, which is no https:// address: write that of its source",
                    Quoted(text)
                )
            }
            Self::NoCreated(None) => {
                f.write_str("it does not say when it was created: build it with its creation time")
            }
            Self::NoCreated(Some(text)) => {
                write!(f, "it says {} as when it was created, which is no RFC 3339 time: build it again", Quoted(text))
            }
            Self::TooOld(created, days, allowed) => {
                write!(
                    f,
                    "it was created on {created}, {days} days ago, of which {allowed} are allowed: build it again"
                )
            }
            Self::Clock(seconds) => {
                write!(f, "its age is unknown, because the policy server's clock says {}", Clock(*seconds))
            }
            Self::OtherBase { allowed, unreadable } => {
                write!(f, "it is not built on {allowed}: build it FROM there")?;
                unreadable.iter().try_for_each(|problem| write!(f, " ({problem})"))
            }
        }
    }
}

/// A time that a clock says, for a message.
pub(crate) struct Clock(pub(crate) i64);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match OffsetDateTime::from_unix_timestamp(self.0) {
            Ok(time) => write!(f, "{:04}-{:02}-{:02}", time.year(), u8::from(time.month()), time.day()),
            Err(_) => write!(f, "{} seconds after 1970-01-01", self.0),
        }
    }
}

fn license_problem(license: Option<&str>) -> Option<Unmet> {
    let Some(text) = license else {
        return Some(Unmet::NoLicense);
    };
    match license::is_open_source(text) {
        None => Some(Unmet::NotSpdx(text.to_owned())),
        Some(false) => Some(Unmet::NotOpenSource(text.to_owned())),
        Some(true) => None,
    }
}

fn source_problem(source: Option<&str>) -> Option<Unmet> {
    let Some(text) = source else {
        return Some(Unmet::NoSource(None));
    };
    let host = text.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    let well_formed = !host.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    (!well_formed).then(|| Unmet::NoSource(Some(text.to_owned())))
}

fn age_problem(created: Option<&str>, allowed: u32, now: impl FnOnce() -> Result<i64, i64>) -> Option<Unmet> {
    let Some(text) = created else {
        return Some(Unmet::NoCreated(None));
    };
    let Ok(created) = OffsetDateTime::parse(text, &Rfc3339) else {
        return Some(Unmet::NoCreated(Some(text.to_owned())));
    };
    let created = created.unix_timestamp();
    let age = match now() {
        Err(seconds) => return Some(Unmet::Clock(seconds)),
        Ok(now) => now.saturating_sub(created),
    };
    (age > i64::from(allowed) * SECONDS_A_DAY)
        .then(|| Unmet::TooOld(Clock(created).to_string(), age / SECONDS_A_DAY, allowed))
}

fn read_base_images<'a>(value: Value<'a>, place: &Place<'_>, problems: &mut Problems) -> Vec<Cow<'a, str>> {
    let example = "[docker-registry.tools.wmflabs.org/toolforge-bookworm-sssd:latest]";
    setting::non_empty_list(value, example, place, problems, |value, place, problems| {
        setting::parsed(value, "reg.org/base:tag", place, problems, |text| match Reference::parse(&text) {
            Ok(_) => Ok(text),
            Err(error) => Err(format!("is no image: {error}")),
        })
    })
}

fn join(items: impl Iterator<Item = impl AsRef<str>>) -> String {
    items.map(|item| item.as_ref().to_owned()).collect::<Vec<_>>().join(" or ")
}
