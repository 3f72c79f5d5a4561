//! The judge: which rule decides about an image, in order, and what has to be asked for it.

use std::cell::{OnceCell, RefCell};

use crate::{
    facts::{ConfigMap, Facts, ImageDescription, Unavailable},
    image::reference::Reference,
    instant::CLOCK_MIN,
    request::workload::{Image, Written},
    settings::{
        Settings,
        exception::{Exception, Terms},
        problem::{Place, Problems},
        sunset::End,
    },
    unmet::Unmet,
    verdict::{Decision, Grant, Lack, Reason, Source, Stop, Verdict},
};

/// What the ConfigMap says of the namespace.
type Entry = Result<Option<Terms<'static>>, EntryError>;

#[derive(Debug)]
enum EntryError {
    Unavailable(Unavailable),
    Wrong(Problems),
}

/// Judges the images of one namespace, and remembers what it had to ask.
pub struct Judge<'s, 'a, F> {
    settings: &'s Settings<'a>,
    namespace: Option<&'s str>,
    facts: &'s F,
    clock: OnceCell<i64>,
    exceptions: OnceCell<Vec<(usize, &'s Exception<'a>)>>,
    entry: OnceCell<Entry>,
    images: RefCell<Vec<(String, Result<ImageDescription, Unavailable>)>>,
}

impl<'s, 'a, F: Facts> Judge<'s, 'a, F> {
    /// A judge for the images of one namespace; `None` for objects that are in none.
    pub fn new(settings: &'s Settings<'a>, namespace: Option<&'s str>, facts: &'s F) -> Self {
        Self {
            settings,
            namespace,
            facts,
            clock: OnceCell::new(),
            exceptions: OnceCell::new(),
            entry: OnceCell::new(),
            images: RefCell::default(),
        }
    }

    /// Judges an image that is to run.
    ///
    /// # Errors
    ///
    /// Every problem of a setting that the decision needs.
    pub fn judge<'j>(&'j self, image: &'j Image<'_>) -> Result<Verdict<'j>, &'j Problems> {
        let mut reference = None;
        match self.decide(image, &mut reference) {
            Ok(decision) => Ok(Verdict { reference, decision }),
            Err(Stop::Refused(reason)) => Ok(Verdict { reference, decision: Decision::Refused(reason) }),
            Err(Stop::Settings(problems)) => Err(problems),
        }
    }

    fn decide<'j>(&'j self, image: &'j Image<'_>, read: &mut Option<Reference<'j>>) -> Result<Decision<'j>, Stop<'j>> {
        let reference = read.insert(reference_of(image)?);
        self.check_denials(reference)?;
        if self.is_approved(reference)? {
            return Ok(Decision::Approved);
        }
        let grant = self.exception(reference)?;
        self.check_requirements(reference, grant)?;
        Ok(Decision::Excepted(grant))
    }

    /// Why an image that an update leaves as it is would be refused in a new pod. The ConfigMap is read only if
    /// `may_ask` answers so, and where it cannot be read, that is not a reason: the image stays in any case.
    ///
    /// # Errors
    ///
    /// Every problem of a setting that the decision needs.
    pub fn judge_unchanged<'j>(
        &'j self,
        image: &'j Image<'_>,
        may_ask: &dyn Fn() -> bool,
    ) -> Result<Option<Verdict<'j>>, &'j Problems> {
        let mut reference = None;
        let reason = match self.decide_unchanged(image, may_ask, &mut reference) {
            Err(Stop::Settings(problems)) => return Err(problems),
            Ok(()) | Err(Stop::Refused(Reason::NoException(Lack::Unreadable(..)))) => return Ok(None),
            Err(Stop::Refused(reason)) => reason,
        };
        Ok(Some(Verdict { reference, decision: Decision::Refused(reason) }))
    }

    fn decide_unchanged<'j>(
        &'j self,
        image: &'j Image<'_>,
        may_ask: &dyn Fn() -> bool,
        read: &mut Option<Reference<'j>>,
    ) -> Result<(), Stop<'j>> {
        let reference = read.insert(reference_of(image)?);
        self.check_denials(reference)?;
        if self.is_approved(reference)? || (self.settings.allow_list_config_map()?.is_some() && !may_ask()) {
            return Ok(());
        }
        self.exception(reference).map(drop)
    }

    fn check_denials<'j>(&'j self, reference: &Reference<'j>) -> Result<(), Stop<'j>> {
        let denied = self.settings.denied_images()?.iter().find(|prefix| prefix.denies(reference, self.namespace));
        if let Some(prefix) = denied {
            return Err(Reason::DeniedImage(prefix).into());
        }
        let Some(tag) = reference.tag() else {
            return Ok(());
        };
        let denied = self.settings.denied_tags()?.iter().find(|pattern| pattern.matches(tag));
        denied.map_or(Ok(()), |pattern| Err(Reason::DeniedTag(tag, pattern).into()))
    }

    fn is_approved(&self, reference: &Reference<'_>) -> Result<bool, &Problems> {
        Ok(self.settings.registry_prefixes()?.iter().any(|prefix| prefix.approves(reference, self.namespace)))
    }

    /// The exception that lets an image in: of those that cover it, the one that ends last.
    fn exception<'j>(&'j self, reference: &Reference<'_>) -> Result<Grant<'j>, Stop<'j>> {
        let namespace = self.namespace.ok_or(Lack::NoNamespace)?;
        let lack = match self.of_settings(reference, namespace) {
            Err(Stop::Refused(Reason::NoException(lack))) => lack,
            granted_or_wrong => return granted_or_wrong,
        };
        self.of_config_map(reference, namespace).map_err(|stop| match stop {
            Stop::Refused(Reason::NoException(other)) if !later(&other, &lack) => lack.into(),
            stop => stop,
        })
    }

    fn of_settings<'j>(&'j self, reference: &Reference<'_>, namespace: &str) -> Result<Grant<'j>, Stop<'j>> {
        let mut lack = Lack::None;
        let mut best: Option<Grant<'_>> = None;
        for (index, exception) in self.exceptions(namespace)? {
            if !exception.terms.covers(reference, namespace) {
                lack = Lack::OtherRegistries;
                continue;
            }
            let grant = self.dated(&exception.terms, Source::AllowedNamespaces(*index))?;
            best = Some(best.filter(|best| !ends_later(grant.end, best.end)).unwrap_or(grant));
        }
        best.map_or(Err(lack.into()), |grant| self.unless_ended(grant))
    }

    /// The exceptions in the settings for the namespace, found once: there can be as many as images.
    fn exceptions(&self, namespace: &str) -> Result<&[(usize, &'s Exception<'a>)], &Problems> {
        let all = self.settings.allowed_namespaces()?;
        Ok(self.exceptions.get_or_init(|| {
            all.iter().enumerate().filter(|(_, exception)| exception.namespaces.matches(namespace)).collect()
        }))
    }

    fn of_config_map<'j>(&'j self, reference: &Reference<'_>, namespace: &str) -> Result<Grant<'j>, Stop<'j>> {
        let config_map = self.settings.allow_list_config_map()?.as_ref().ok_or(Lack::None)?.as_fact();
        // Once every exception has ended, there is nothing to ask.
        if let Some(sunset) = self.settings.sunset_date()?
            && sunset.has_passed(self.now().map_err(Lack::Clock)?)
        {
            return Err(Lack::AllEnded(sunset).into());
        }
        match self.entry.get_or_init(|| self.ask_for_entry(&config_map, namespace)) {
            Ok(Some(terms)) if terms.covers(reference, namespace) => {
                self.unless_ended(self.dated(terms, Source::ConfigMap(config_map))?)
            }
            Ok(Some(_)) => Err(Lack::OtherRegistries.into()),
            Ok(None) => Err(Lack::None.into()),
            Err(EntryError::Unavailable(cause)) => Err(Lack::Unreadable(config_map, cause).into()),
            Err(EntryError::Wrong(problems)) => Err(Lack::WrongEntry(config_map, problems).into()),
        }
    }

    fn ask_for_entry(&self, config_map: &ConfigMap<'_>, namespace: &str) -> Entry {
        let entry = self.facts.allow_list_entry(config_map, namespace).map_err(EntryError::Unavailable)?;
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
    fn unless_ended<'j>(&'j self, grant: Grant<'j>) -> Result<Grant<'j>, Stop<'j>> {
        let Some(end) = grant.end else {
            return Ok(grant);
        };
        let now = self.now().map_err(Lack::Clock)?;
        let grant = Grant { days_left: Some(end.days_left(now)), ..grant };
        if end.has_passed(now) { Err(Lack::Ended(grant).into()) } else { Ok(grant) }
    }

    /// The time, or what a clock says that cannot be right.
    fn now(&self) -> Result<i64, i64> {
        let now = *self.clock.get_or_init(|| self.facts.now());
        if now < CLOCK_MIN { Err(now) } else { Ok(now) }
    }

    fn check_requirements<'j>(&'j self, reference: &Reference<'_>, grant: Grant<'j>) -> Result<(), Stop<'j>> {
        let (Some(requirements), Some(namespace)) = (self.settings.byoc_requirements()?, self.namespace) else {
            return Ok(());
        };
        let mut unmet = requirements.unmet_by_reference(reference, namespace);
        if requirements.may_ask(reference, namespace) {
            match self.describe(&reference.to_string()) {
                Ok(image) => {
                    let describe = |base: &str| self.describe(base);
                    unmet.extend(requirements.unmet_by_description(reference, &image, || self.now(), describe));
                }
                Err(cause) => unmet.push(Unmet::Unavailable(cause)),
            }
        }
        if unmet.is_empty() { Ok(()) } else { Err(Reason::Unmet(grant, unmet).into()) }
    }

    /// What a registry says about an image; it is asked about each image once.
    fn describe(&self, reference: &str) -> Result<ImageDescription, Unavailable> {
        if let Some((_, known)) = self.images.borrow().iter().find(|(image, _)| image == reference) {
            return known.clone();
        }
        let description = self.facts.image(reference);
        self.images.borrow_mut().push((reference.to_owned(), description.clone()));
        description
    }
}

fn reference_of<'j>(image: &'j Image<'_>) -> Result<Reference<'j>, Reason<'j>> {
    match &image.written {
        Written::Image(text) => Reference::parse(text).map_err(Reason::NotReference),
        Written::Nothing => Err(Reason::NoImage),
        Written::Unreadable { cause, .. } => Err(Reason::Unreadable(cause)),
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
