//! The decision: whether an image may run in a namespace, and why not.

use std::cell::{OnceCell, RefCell};

use crate::{
    end::End,
    exception::Terms,
    facts::{ConfigMap, Facts, ImageDescription},
    prefix::Prefix,
    problem::{Place, Problems},
    reference::{Reference, ReferenceError},
    requirement::Unmet,
    settings::Settings,
    tag::TagPattern,
};

/// 2024-01-01: a clock that says less is not set.
pub const CLOCK_MIN: i64 = 1_704_067_200;

/// What the policy says of one image.
#[derive(Clone, Debug)]
pub enum ImageVerdict<'j> {
    /// It comes from an approved registry.
    Approved,
    /// It is let in by an exception.
    Excepted(Grant<'j>),
    /// It may not run.
    Refused(Reason<'j>),
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
}

/// Where an exception is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source<'j> {
    /// The element of `allowed_namespaces` with this index.
    AllowedNamespaces(usize),
    /// The key with the namespace's name in a ConfigMap.
    ConfigMap(ConfigMap<'j>),
}

/// Why an image may not run.
#[derive(Clone, Debug)]
pub enum Reason<'j> {
    /// A container has no image.
    NoImage,
    /// The text is no reference.
    NotReference(ReferenceError),
    /// An element of `denied_images` is about it.
    DeniedImage(&'j Prefix<'j>),
    /// It has this tag, which an element of `denied_tags` is about.
    DeniedTag(String, &'j TagPattern<'j>),
    /// It comes from elsewhere and no exception lets it in.
    NoException(Lack<'j>),
    /// An exception covers it, but it lacks what an image from outside must bring.
    Unmet(Grant<'j>, Vec<Unmet>),
}

impl<'j> Reason<'j> {
    /// The exception that would have let the image in.
    #[must_use]
    pub fn grant(&self) -> Option<Grant<'j>> {
        match self {
            Self::NoException(Lack::Ended(grant)) | Self::Unmet(grant, _) => Some(*grant),
            _ => None,
        }
    }
}

/// Why no exception lets an image in; where several are true, the last of them in this order is told.
#[derive(Clone, Copy, Debug)]
pub enum Lack<'j> {
    /// The object is in no namespace.
    NoNamespace,
    /// The namespace has no exception.
    None,
    /// The namespace's exceptions are for other registries.
    OtherRegistries,
    /// The exception that covers the image has ended.
    Ended(Grant<'j>),
    /// Every exception has ended, whether or not there was one for this namespace.
    AllEnded(&'j End<'j>),
    /// The exception has an end, and the clock cannot be right.
    Clock(i64),
    /// The ConfigMap cannot be read, for this cause.
    Unreadable(ConfigMap<'j>, &'j str),
    /// The namespace's entry in the ConfigMap is wrong.
    WrongEntry(ConfigMap<'j>, &'j Problems),
}

impl Lack<'_> {
    fn rank(&self) -> u8 {
        match self {
            Self::NoNamespace => 0,
            Self::None => 1,
            Self::OtherRegistries => 2,
            Self::Ended(_) => 3,
            Self::AllEnded(_) => 4,
            Self::Clock(_) => 5,
            Self::Unreadable(..) => 6,
            Self::WrongEntry(..) => 7,
        }
    }
}

/// What the ConfigMap says of the namespace.
type Entry = Result<Option<Terms<'static>>, EntryError>;

#[derive(Debug)]
enum EntryError {
    Unreadable(String),
    Wrong(Problems),
}

/// Judges the images of one namespace, and remembers what it had to ask.
pub struct Judge<'s, 'a, F> {
    settings: &'s Settings<'a>,
    namespace: Option<&'s str>,
    facts: &'s F,
    clock: OnceCell<i64>,
    entry: OnceCell<Entry>,
    images: RefCell<Vec<(String, Result<ImageDescription, String>)>>,
}

impl<'s, 'a, F: Facts> Judge<'s, 'a, F> {
    /// A judge for the images of one namespace; `None` for objects that are in none.
    pub fn new(settings: &'s Settings<'a>, namespace: Option<&'s str>, facts: &'s F) -> Self {
        let (clock, entry, images) = (OnceCell::new(), OnceCell::new(), RefCell::default());
        Self { settings, namespace, facts, clock, entry, images }
    }

    /// Judges an image that is to run.
    ///
    /// # Errors
    ///
    /// Every problem of a setting that the decision needs.
    pub fn judge(&self, image: &str) -> Result<ImageVerdict<'_>, &Problems> {
        let reference = match Reference::parse(image) {
            Ok(reference) => reference,
            Err(error) => return Ok(ImageVerdict::Refused(Reason::NotReference(error))),
        };
        if let Some(reason) = self.denial(&reference)? {
            return Ok(ImageVerdict::Refused(reason));
        }
        if self.is_approved(&reference)? {
            return Ok(ImageVerdict::Approved);
        }
        match self.grant(&reference)? {
            Ok(grant) => {
                let unmet = self.unmet(&reference)?;
                Ok(if unmet.is_empty() {
                    ImageVerdict::Excepted(grant)
                } else {
                    ImageVerdict::Refused(Reason::Unmet(grant, unmet))
                })
            }
            Err(lack) => Ok(ImageVerdict::Refused(Reason::NoException(lack))),
        }
    }

    /// Why an image that an update leaves as it is would be refused today, as far as that can be told
    /// without a question to anybody: an update that adds no image makes no host call.
    ///
    /// # Errors
    ///
    /// Every problem of a setting that the decision needs.
    pub fn judge_unchanged(&self, image: &str) -> Result<Option<Reason<'_>>, &Problems> {
        let reference = match Reference::parse(image) {
            Ok(reference) => reference,
            Err(error) => return Ok(Some(Reason::NotReference(error))),
        };
        if let Some(reason) = self.denial(&reference)? {
            return Ok(Some(reason));
        }
        if self.is_approved(&reference)? || self.settings.allow_list_config_map()?.is_some() {
            return Ok(None);
        }
        let lack = match self.namespace {
            Some(namespace) => self.of_settings(&reference, namespace)?.err(),
            None => Some(Lack::NoNamespace),
        };
        Ok(lack.map(Reason::NoException))
    }

    fn denial(&self, reference: &Reference<'_>) -> Result<Option<Reason<'_>>, &Problems> {
        let denied = self.settings.denied_images()?.iter().find(|prefix| prefix.denies(reference, self.namespace));
        if let Some(prefix) = denied {
            return Ok(Some(Reason::DeniedImage(prefix)));
        }
        let Some(tag) = reference.tag() else {
            return Ok(None);
        };
        let denied = self.settings.denied_tags()?.iter().find(|pattern| pattern.matches(tag));
        Ok(denied.map(|pattern| Reason::DeniedTag(tag.to_owned(), pattern)))
    }

    fn is_approved(&self, reference: &Reference<'_>) -> Result<bool, &Problems> {
        Ok(self.settings.registry_prefixes()?.iter().any(|prefix| prefix.approves(reference, self.namespace)))
    }

    /// The exception that lets an image in: of those that cover it, the one that ends last.
    fn grant(&self, reference: &Reference<'_>) -> Result<Result<Grant<'_>, Lack<'_>>, &Problems> {
        let Some(namespace) = self.namespace else {
            return Ok(Err(Lack::NoNamespace));
        };
        let of_settings = self.of_settings(reference, namespace)?;
        let Err(lack) = of_settings else {
            return Ok(of_settings);
        };
        let of_config_map = self.of_config_map(reference, namespace)?;
        Ok(of_config_map.map_err(|other| if later(&other, &lack) { other } else { lack }))
    }

    fn of_settings(
        &self,
        reference: &Reference<'_>,
        namespace: &str,
    ) -> Result<Result<Grant<'_>, Lack<'_>>, &Problems> {
        let exceptions = self.settings.allowed_namespaces()?.iter().enumerate();
        let mut lack = Lack::None;
        let mut best: Option<Grant<'_>> = None;
        for (index, exception) in exceptions.filter(|(_, exception)| exception.namespaces.matches(namespace)) {
            if !exception.terms.covers(reference, namespace) {
                lack = Lack::OtherRegistries;
                continue;
            }
            let grant = self.dated(&exception.terms, Source::AllowedNamespaces(index))?;
            best = Some(best.filter(|best| !ends_later(grant.end, best.end)).unwrap_or(grant));
        }
        Ok(best.map_or(Err(lack), |grant| self.unless_ended(grant)))
    }

    fn of_config_map(
        &self,
        reference: &Reference<'_>,
        namespace: &str,
    ) -> Result<Result<Grant<'_>, Lack<'_>>, &Problems> {
        let Some(config_map) = self.settings.allow_list_config_map()? else {
            return Ok(Err(Lack::None));
        };
        let config_map = config_map.as_fact();
        // Once every exception has ended, there is nothing to ask.
        if let Some(sunset) = self.settings.sunset_date()? {
            match self.now() {
                Err(seconds) => return Ok(Err(Lack::Clock(seconds))),
                Ok(now) if sunset.has_passed(now) => return Ok(Err(Lack::AllEnded(sunset))),
                Ok(_) => {}
            }
        }
        let lack = match self.entry.get_or_init(|| self.ask_for_entry(&config_map, namespace)) {
            Ok(Some(terms)) if terms.covers(reference, namespace) => {
                let grant = self.dated(terms, Source::ConfigMap(config_map))?;
                return Ok(self.unless_ended(grant));
            }
            Ok(Some(_)) => Lack::OtherRegistries,
            Ok(None) => Lack::None,
            Err(EntryError::Unreadable(cause)) => Lack::Unreadable(config_map, cause),
            Err(EntryError::Wrong(problems)) => Lack::WrongEntry(config_map, problems),
        };
        Ok(Err(lack))
    }

    fn ask_for_entry(&self, config_map: &ConfigMap<'_>, namespace: &str) -> Entry {
        let entry = self.facts.allow_list_entry(config_map, namespace).map_err(EntryError::Unreadable)?;
        let place = Place::Top.key(namespace);
        let terms = entry.map(|entry| Terms::parse(&entry, &place).map(Terms::into_owned)).transpose();
        terms.map_err(EntryError::Wrong)
    }

    /// An exception with the earlier of its own end and the policy's.
    fn dated<'j>(&'j self, terms: &'j Terms<'j>, source: Source<'j>) -> Result<Grant<'j>, &'j Problems> {
        let sunset = self.settings.sunset_date()?.as_ref();
        let end = match (terms.end.as_ref(), sunset) {
            (Some(own), Some(sunset)) if own.seconds() > sunset.seconds() => Some(sunset),
            (own, sunset) => own.or(sunset),
        };
        Ok(Grant { source, end, days_left: None, reason: terms.reason.as_deref() })
    }

    /// An exception without an end needs no clock.
    fn unless_ended<'j>(&'j self, grant: Grant<'j>) -> Result<Grant<'j>, Lack<'j>> {
        let Some(end) = grant.end else {
            return Ok(grant);
        };
        let now = self.now().map_err(Lack::Clock)?;
        let grant = Grant { days_left: Some(end.days_left(now)), ..grant };
        if end.has_passed(now) { Err(Lack::Ended(grant)) } else { Ok(grant) }
    }

    fn now(&self) -> Result<i64, i64> {
        let now = *self.clock.get_or_init(|| self.facts.now());
        if now < CLOCK_MIN { Err(now) } else { Ok(now) }
    }

    fn unmet(&self, reference: &Reference<'_>) -> Result<Vec<Unmet>, &Problems> {
        let (Some(requirements), Some(namespace)) = (self.settings.byoc_requirements()?, self.namespace) else {
            return Ok(Vec::new());
        };
        let mut unmet = requirements.unmet_by_reference(reference, namespace);
        // A registry that the requirements do not allow is not asked: the tenant chose its address, and would choose
        // what the policy server waits for.
        let is_elsewhere = unmet.iter().any(|unmet| matches!(unmet, Unmet::OtherRegistry(_)));
        if requirements.need_description() && !is_elsewhere {
            match self.describe(&reference.to_string()) {
                Ok(image) => {
                    unmet.extend(requirements.unmet_by_description(&image, || self.now(), |base| self.describe(base)));
                }
                Err(cause) => unmet.push(Unmet::Unreadable(cause)),
            }
        }
        Ok(unmet)
    }

    /// What a registry says of an image; each is asked for once.
    fn describe(&self, reference: &str) -> Result<ImageDescription, String> {
        if let Some((_, known)) = self.images.borrow().iter().find(|(image, _)| image == reference) {
            return known.clone();
        }
        let description = self.facts.image(reference);
        self.images.borrow_mut().push((reference.to_owned(), description.clone()));
        description
    }
}

/// Whether the first of two ends is the later; no end is later than any.
fn ends_later(end: Option<&End<'_>>, than: Option<&End<'_>>) -> bool {
    match (end, than) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(end), Some(than)) => end.seconds() > than.seconds(),
    }
}

/// Whether the first of two lacks is the one to tell.
fn later(lack: &Lack<'_>, than: &Lack<'_>) -> bool {
    match (lack, than) {
        (Lack::Ended(lack), Lack::Ended(than)) => ends_later(lack.end, than.end),
        _ => lack.rank() > than.rank(),
    }
}
