//! Which requirements an image from outside does not meet, and what to do about each.

use std::fmt;

use crate::{
    facts::{CLAIM_LENGTH_MAX, Claim, ImageDescription, LAYERS_MAX, Unavailable},
    image::{license, prefix::Prefix, reference::Reference},
    instant::{self, Day, SECONDS_A_DAY},
    settings::requirement::Requirements,
    shown::{List, Quoted, Shown},
};

/// The label or annotation with the licence (OCI image specification, "Pre-Defined Annotation Keys").
pub const LICENSES: &str = "org.opencontainers.image.licenses";
/// The label or annotation with the source.
pub const SOURCE: &str = "org.opencontainers.image.source";
/// The annotation with the creation time.
pub const CREATED: &str = "org.opencontainers.image.created";

/// The last second of 1980-01-02: builders that want the same bytes each time write a constant up to there instead of
/// the time (0001-01-01, 1970-01-01, 1980-01-01 in any time zone).
const CONSTANT_MAX: i64 = 315_705_599;
/// How many bytes of a message the names of registries or base images take.
const NAMES_BYTES_MAX: usize = 600;

impl Requirements<'_> {
    /// What the reference alone shows to be unmet.
    pub(crate) fn unmet_by_reference<'r>(&'r self, reference: &Reference<'_>, namespace: &'r str) -> Vec<Unmet<'r>> {
        let mut unmet = Vec::new();
        if self.pinned_digest && reference.digest().is_none() {
            unmet.push(Unmet::NoDigest);
        }
        if let Some(registries) = &self.registries
            && !registries.iter().any(|prefix| prefix.approves(reference, Some(namespace)))
        {
            unmet.push(Unmet::OtherRegistry(registries, namespace));
        }
        unmet
    }

    /// What the image's description shows to be unmet. `now` is the clock's time, or what a wrong clock says;
    /// `describe` asks a registry about another image.
    pub(crate) fn unmet_by_description(
        &self,
        reference: &Reference<'_>,
        image: &ImageDescription,
        now: impl FnOnce() -> Result<i64, i64>,
        describe: impl FnMut(&str) -> Result<ImageDescription, Unavailable>,
    ) -> Vec<Unmet<'static>> {
        let mut unmet = Vec::new();
        if self.pinned_digest && names_an_index(reference, image) {
            unmet.push(Unmet::Index);
        }
        if self.open_source {
            unmet.extend(license_problem(&image.licenses));
            unmet.extend(source_problem(&image.source));
        }
        if let Some(days) = self.max_age_days {
            unmet.extend(age_problem(image, days, now));
        }
        if !self.base_images.is_empty() {
            unmet.extend(self.base_problem(image.diff_ids.as_deref(), describe));
        }
        unmet
    }

    /// Asks about each base image in turn until the image is built on one.
    fn base_problem(
        &self,
        diff_ids: Option<&[String]>,
        mut describe: impl FnMut(&str) -> Result<ImageDescription, Unavailable>,
    ) -> Option<Unmet<'static>> {
        let Some(diff_ids) = diff_ids else {
            return Some(Unmet::NoLayers);
        };
        let (mut allowed, mut unreadable) = (alternatives(), List::new("; ", NAMES_BYTES_MAX));
        for base in &self.base_images {
            // Settings that were never validated may name a base that is not a reference: no image is built on it.
            let Ok(reference) = Reference::parse(base) else { continue };
            allowed.add(Shown(base));
            match describe(&reference.to_string()) {
                // A base without layers would be the base of every image.
                Ok(ImageDescription { diff_ids: Some(base), .. })
                    if !base.is_empty() && diff_ids.starts_with(&base) =>
                {
                    return None;
                }
                Ok(_) => {}
                Err(cause) => unreadable.add(format_args!("{} cannot be read: {cause}", Shown(base))),
            }
        }
        Some(Unmet::OtherBase { allowed: allowed.to_string(), unreadable: unreadable.to_string() })
    }
}

/// A requirement that an image does not meet. `Display` says what to do.
#[derive(Clone, Debug)]
pub enum Unmet<'r> {
    /// `pinned_digest`: the reference has no digest.
    NoDigest,
    /// `pinned_digest`: the digest is that of an index, whose variants nobody judged.
    Index,
    /// `registries`: the image comes from elsewhere than these, for a request in this namespace.
    OtherRegistry(&'r [Prefix<'r>], &'r str),
    /// Its registry does not tell what it knows about the image.
    Unavailable(Unavailable),
    /// `open_source`: there is no licence.
    NoLicense,
    /// `open_source`: the licence is not an SPDX expression.
    NotSpdx(String),
    /// `open_source`: the licence is not one that OSI has approved.
    NotOpenSource(String),
    /// `open_source`: there is no source.
    NoSource,
    /// `open_source`: the source is not an https URL.
    NotHttps(String),
    /// A label is too long, or is not a string.
    LongLabel(&'static str),
    /// `max_age_days`: the image does not say when it was created.
    NoCreated,
    /// `max_age_days`: what it says is not a time.
    NotTime(String),
    /// `max_age_days`: what it says is a constant of its builder, or lies in the future.
    Meaningless(Day),
    /// `max_age_days`: when it was created, how many days ago that is, how many are allowed.
    TooOld(Day, i64, u32),
    /// `max_age_days`: the clock cannot be right.
    Clock(i64),
    /// `base_images`: the image's layers cannot be read.
    NoLayers,
    /// `base_images`: the image is built on none of these.
    OtherBase {
        /// The base images that are allowed.
        allowed: String,
        /// Which of them cannot be read, and why.
        unreadable: String,
    },
}

impl fmt::Display for Unmet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDigest => f.write_str("it has no digest: add @sha256: and the digest of what was reviewed"),
            Self::Index => {
                f.write_str("its digest is that of an index, or not the one by which its registry knows it: pin the sha256 digest of one platform's image")
            }
            Self::OtherRegistry(registries, namespace) => {
                write!(f, "it does not come through {}: name it there", any_of(registries, namespace))
            }
            Self::Unavailable(cause) => write!(f, "what its registry says about it cannot be read: {cause}"),
            Self::NoLicense => write!(f, "it has no label {LICENSES}: add its licence, for example Apache-2.0"),
            Self::NotSpdx(text) => write!(f, "its label {LICENSES} is {}, which is not an SPDX expression: write for example GPL-3.0-or-later", Quoted(text)),
            Self::NotOpenSource(text) => write!(f, "its label {LICENSES} is {}, which cannot be met with licences that OSI has approved: use an image that can", Quoted(text)),
            Self::NoSource => write!(f, "it has no label {SOURCE}: add the https:// address of its source"),
            Self::NotHttps(text) => write!(f, "its label {SOURCE} is {}, which is not an https:// address: write that of its source", Quoted(text)),
            Self::LongLabel(label) => write!(f, "its label {label} is not a string of at most {CLAIM_LENGTH_MAX} bytes: write a shorter one"),
            Self::NoCreated => write!(f, "it does not say when it was created: {REBUILD}"),
            Self::NotTime(text) => write!(f, "its creation time is {}, which is not an RFC 3339 time: {REBUILD}", Quoted(text)),
            Self::Meaningless(day) => write!(f, "its creation time, {day}, cannot be true: {REBUILD}"),
            Self::TooOld(day, days, allowed) => write!(f, "it was created on {day}, {days} days ago; at most {allowed} days are allowed: rebuild it"),
            Self::Clock(seconds) => write!(f, "its age is unknown, because the policy server's clock says {}", Day(*seconds)),
            Self::NoLayers => write!(f, "its configuration has no list of up to {LAYERS_MAX} layers: build it as a container image"),
            Self::OtherBase { allowed, unreadable } => {
                write!(f, "it is not built on {allowed}: build it FROM there")?;
                if unreadable.is_empty() { Ok(()) } else { write!(f, " ({unreadable})") }
            }
        }
    }
}

/// What helps with the builders that leave the creation time out or write a constant.
const REBUILD: &str =
    "rebuild it with its time (pack build --creation-time now, or SOURCE_DATE_EPOCH set to the time of its source)";

/// The prefixes as they are in a namespace, any of which would do.
pub(crate) fn any_of(prefixes: &[Prefix<'_>], namespace: &str) -> List {
    let mut names = alternatives();
    names.extend(prefixes.iter().map(|prefix| Shown(&prefix.within(Some(namespace))).to_string()));
    names
}

/// A list of names, any of which would do.
fn alternatives() -> List {
    List::new(" or ", NAMES_BYTES_MAX)
}

/// Whether a pinned reference names something else than the image that the registry describes: then it is an index,
/// and the description is that of one of its variants.
fn names_an_index(reference: &Reference<'_>, image: &ImageDescription) -> bool {
    reference.digest().is_some_and(|pinned| image.digest.as_deref() != Some(pinned))
}

fn license_problem(license: &Claim) -> Option<Unmet<'static>> {
    let text = match claimed(license, LICENSES, Unmet::NoLicense) {
        Ok(text) => text,
        Err(unmet) => return Some(unmet),
    };
    match license::is_open_source(text) {
        None => Some(Unmet::NotSpdx(text.to_owned())),
        Some(false) => Some(Unmet::NotOpenSource(text.to_owned())),
        Some(true) => None,
    }
}

/// What an image claims under a name, or what is wrong with that.
fn claimed<'c>(claim: &'c Claim, name: &'static str, missing: Unmet<'static>) -> Result<&'c str, Unmet<'static>> {
    match claim {
        Claim::Missing => Err(missing),
        Claim::Unreadable => Err(Unmet::LongLabel(name)),
        Claim::Text(text) => Ok(text),
    }
}

fn source_problem(source: &Claim) -> Option<Unmet<'static>> {
    let text = match claimed(source, SOURCE, Unmet::NoSource) {
        Ok(text) => text,
        Err(unmet) => return Some(unmet),
    };
    let host = text.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    let is_address = !host.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    (!is_address).then(|| Unmet::NotHttps(text.to_owned()))
}

fn age_problem(
    image: &ImageDescription,
    allowed: u32,
    now: impl FnOnce() -> Result<i64, i64>,
) -> Option<Unmet<'static>> {
    let created = match (created(&image.created), created(&image.annotated_created)) {
        (Ok(created), _) | (Err(_), Ok(created)) => created,
        (Err(Unmet::NoCreated), Err(annotated)) => return Some(annotated),
        (Err(unmet), Err(_)) => return Some(unmet),
    };
    let age = match now() {
        Err(seconds) => return Some(Unmet::Clock(seconds)),
        Ok(now) => now.saturating_sub(created),
    };
    if age < -SECONDS_A_DAY {
        return Some(Unmet::Meaningless(Day(created)));
    }
    let days_allowed = i64::from(allowed);
    // A part of a day over what is allowed is told as a whole one.
    let days = (age / SECONDS_A_DAY).max(days_allowed + 1);
    (age > days_allowed * SECONDS_A_DAY).then_some(Unmet::TooOld(Day(created), days, allowed))
}

/// When an image says that it was created.
fn created(claim: &Claim) -> Result<i64, Unmet<'static>> {
    let text = claimed(claim, CREATED, Unmet::NoCreated)?;
    match instant::parse(text) {
        None => Err(Unmet::NotTime(text.to_owned())),
        Some(seconds) if seconds <= CONSTANT_MAX => Err(Unmet::Meaningless(Day(seconds))),
        Some(seconds) => Ok(seconds),
    }
}
