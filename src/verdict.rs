//! The decision on one image: that it may run, by an exception perhaps, or why it may not.

use std::fmt;

use crate::{
    facts::{ConfigMap, Unavailable},
    image::{
        prefix::Prefix,
        reference::{Reference, ReferenceError},
        tag::TagPattern,
    },
    settings::{key::Key, prefix_entry::PrefixEntry, problem::Problems, sunset::End},
    unmet::Unmet,
};

/// What the policy says about one image, with what it read.
#[derive(Clone, Debug)]
pub struct Verdict<'j> {
    /// The image as it was read, `None` where it is not a reference.
    pub reference: Option<Reference<'j>>,
    /// Where it may run only for some time, by its approval or by a denial: the earlier end.
    pub ending: Option<Ending<'j>>,
    /// What was decided.
    pub decision: Decision<'j>,
}

/// An entry of the settings that lets an image run until a date, before or after that date.
#[derive(Clone, Copy, Debug)]
pub struct Ending<'j> {
    /// Where the entry is written.
    pub source: Source<'j>,
    /// The entry.
    pub entry: &'j PrefixEntry<'j>,
    /// Its end.
    pub end: &'j End<'j>,
    /// The whole days to the end, negative after it; or what a clock says that cannot be right.
    pub days_left: Result<i64, i64>,
}

impl Ending<'_> {
    /// The earlier of two ends.
    pub(crate) fn or_earlier(self, other: Option<Self>) -> Self {
        other.filter(|other| other.end.seconds() < self.end.seconds()).unwrap_or(self)
    }
}

/// Whether an image may run.
#[derive(Clone, Debug)]
pub enum Decision<'j> {
    /// It comes from an approved registry.
    Approved,
    /// An exception lets it in.
    Excepted(Grant<'j>),
    /// It may not run.
    Refused(Reason<'j>),
}

/// What `registry_prefixes` says of an image.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Approval<'j> {
    /// It is approved without an end.
    Always,
    /// It is approved, and the end is to come.
    Until(Ending<'j>),
    /// It was approved until an end, which has passed, or nobody can tell.
    Ended(Ending<'j>),
    /// No entry is about it.
    Never,
}

/// An exception as it applies to an image.
#[derive(Clone, Copy, Debug)]
pub struct Grant<'j> {
    /// Where the exception is written.
    pub source: Source<'j>,
    /// The earlier of its own end and the policy's; `None`: it does not end.
    pub end: Option<&'j End<'j>>,
    /// The whole days to the end, where there is one.
    pub days_left: Option<i64>,
    /// Why there is an exception.
    pub reason: Option<&'j str>,
    /// Whom to tell about it.
    pub owner: Option<&'j str>,
}

/// Where an exception, an approval or a denial is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source<'j> {
    /// The element of `registry_prefixes` with this index.
    RegistryPrefixes(usize),
    /// The element of `denied_images` with this index.
    DeniedImages(usize),
    /// The element of `allowed_namespaces` with this index.
    AllowedNamespaces(usize),
    /// The key with the namespace's name in a ConfigMap.
    ConfigMap(ConfigMap<'j>),
}

impl fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RegistryPrefixes(index) => write!(f, "{}[{index}]", Key::RegistryPrefixes.name()),
            Self::DeniedImages(index) => write!(f, "{}[{index}]", Key::DeniedImages.name()),
            Self::AllowedNamespaces(index) => write!(f, "{}[{index}]", Key::AllowedNamespaces.name()),
            Self::ConfigMap(config_map) => config_map.fmt(f),
        }
    }
}

/// Why an image may not run.
#[derive(Clone, Debug)]
pub enum Reason<'j> {
    /// There is no image.
    NoImage,
    /// Something else than an image stands in its place, for this cause.
    Unreadable(&'j str),
    /// The string is not a reference.
    NotReference(ReferenceError),
    /// An element of `denied_images` is about it.
    DeniedImage(&'j PrefixEntry<'j>),
    /// An element of `denied_images` let it run until a date, which has passed, or nobody can tell.
    DenialBegan(Ending<'j>),
    /// It has this tag, which an element of `denied_tags` is about.
    DeniedTag(&'j str, &'j TagPattern<'j>),
    /// It comes from elsewhere and no exception lets it in.
    NoException(Lack<'j>),
    /// Its approval has ended, or nobody can tell, and no exception lets it in.
    ApprovalEnded(Box<Ending<'j>>, Lack<'j>),
    /// An exception covers it, but it lacks what an image from outside must bring.
    Unmet(Grant<'j>, Vec<Unmet<'j>>),
}

impl<'j> Reason<'j> {
    /// The exception that would have let the image in.
    #[must_use]
    pub fn grant(&self) -> Option<Grant<'j>> {
        match self {
            Self::NoException(Lack::Ended(grant))
            | Self::ApprovalEnded(_, Lack::Ended(grant))
            | Self::Unmet(grant, _) => Some(*grant),
            _ => None,
        }
    }

    /// The approval or denial whose end is the reason.
    #[must_use]
    pub fn ending(&self) -> Option<Ending<'j>> {
        match self {
            Self::DenialBegan(ending) => Some(*ending),
            Self::ApprovalEnded(ending, _) => Some(**ending),
            _ => None,
        }
    }

    /// The entry of the settings that may say what to use instead.
    #[must_use]
    pub fn entry(&self) -> Option<&'j PrefixEntry<'j>> {
        match self {
            Self::DeniedImage(entry) => Some(entry),
            _ => self.ending().map(|ending| ending.entry),
        }
    }
}

/// Why no exception lets an image in; if several reasons hold, the message names the one declared last.
#[derive(Clone, Copy, Debug)]
pub enum Lack<'j> {
    /// The object is in no namespace.
    NoNamespace,
    /// The namespace has no exception.
    None,
    /// The namespace has an exception, but for these images.
    OtherImages(&'j [Prefix<'j>]),
    /// The exception that covers the image has ended.
    Ended(Grant<'j>),
    /// Every exception has ended, whether or not there was one for this namespace.
    AllEnded(&'j End<'j>),
    /// The exception has an end, and the clock cannot be right.
    Clock(i64),
    /// The ConfigMap cannot be read, for this cause.
    Unreadable(ConfigMap<'j>, &'j Unavailable),
    /// The namespace's entry in the ConfigMap is wrong.
    WrongEntry(ConfigMap<'j>, &'j Problems),
}

impl Lack<'_> {
    /// Whether there is or was an exception, or might be one.
    pub(crate) fn is_about_an_exception(&self) -> bool {
        !matches!(self, Self::NoNamespace | Self::None | Self::OtherImages(_))
    }

    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::NoNamespace => 0,
            Self::None => 1,
            Self::OtherImages(_) => 2,
            Self::Ended(_) => 3,
            Self::AllEnded(_) => 4,
            Self::Clock(_) => 5,
            Self::Unreadable(..) => 6,
            Self::WrongEntry(..) => 7,
        }
    }
}

/// Why the judging of an image stops before its end.
#[derive(Debug)]
pub(crate) enum Stop<'j> {
    /// A setting that the decision needs is wrong.
    Settings(&'j Problems),
    /// The image is refused.
    Refused(Reason<'j>),
}

impl<'j> Stop<'j> {
    /// The same, where an approval of the image has ended before.
    pub(crate) fn after(self, ended: Option<Ending<'j>>) -> Self {
        match (self, ended) {
            (Self::Refused(Reason::NoException(lack)), Some(ending)) => {
                Reason::ApprovalEnded(Box::new(ending), lack).into()
            }
            (stop, _) => stop,
        }
    }
}

impl<'j> From<&'j Problems> for Stop<'j> {
    fn from(problems: &'j Problems) -> Self {
        Self::Settings(problems)
    }
}

impl<'j> From<Reason<'j>> for Stop<'j> {
    fn from(reason: Reason<'j>) -> Self {
        Self::Refused(reason)
    }
}

impl<'j> From<Lack<'j>> for Stop<'j> {
    fn from(lack: Lack<'j>) -> Self {
        Self::Refused(Reason::NoException(lack))
    }
}
